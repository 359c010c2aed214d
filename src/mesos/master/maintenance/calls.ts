/**
 * UPDATE_MAINTENANCE_SCHEDULE, START_MAINTENANCE and STOP_MAINTENANCE (apache/mesos src/master/
 * http.cpp): durable before they are answered.
 */
import { order, persist, reply, type Turn } from '../events.js';
import { rescindAll } from '../holdings.js';
import { removeAgent } from '../register.js';
import type { Agent, MasterState } from '../state.js';
import { isTerminal } from '../tasks.js';
import { rescindInverseOffers } from './inverse-offers.js';
import {
  type Machine,
  type MachineId,
  type Maintenance,
  machineKey,
  machineOf,
  machinesProblem,
  machineText,
  scheduleProblem,
  type Window,
} from './schedule.js';

/** UPDATE_MAINTENANCE_SCHEDULE: machines that are new to it are DRAINING from now on. */
export function scheduleUpdated(turn: Turn, requestId: string, windows: readonly Window[]): void {
  const { state } = turn;
  const problem = scheduleProblem(state.maintenance, windows);
  if (problem !== undefined) {
    reply(turn, requestId, 400, problem);
    return;
  }
  const before = state.maintenance.machines;
  const machines = new Map<string, Machine>();
  for (const { machine_ids = [], unavailability } of windows) {
    for (const id of machine_ids) {
      const mode = before.get(machineKey(id))?.mode ?? 'DRAINING';
      machines.set(machineKey(id), { id, mode, unavailability });
    }
  }
  const touched = new Set([...before.keys(), ...machines.keys()]);
  keep(turn, { windows, machines });
  for (const agent of [...state.agents.values()]) {
    if (!touched.has(machineKey({ hostname: agent.info.hostname, ip: agent.ip }))) continue;
    rescindAll(turn, agent.offers, true);
    rescindInverseOffers(turn, agent.id);
  }
  reply(turn, requestId, 200);
}

function keep(turn: Turn, maintenance: Maintenance): void {
  turn.state.maintenance = maintenance;
  for (const key of maintenance.machines.keys()) turn.state.scheduledMachines.add(key);
  const { windows, machines } = maintenance;
  const record = { windows, machines: [...machines.values()] };
  persist(turn, 'maintenance', machines.size === 0 ? null : record);
}

/** START_MAINTENANCE: the machines' agents are removed and not taken in again. */
export function maintenanceStarted(turn: Turn, requestId: string, ids: readonly MachineId[]): void {
  const { state } = turn;
  const problem = modeProblem(state, ids, 'DRAINING', 'down');
  if (problem !== undefined) {
    reply(turn, requestId, 400, problem);
    return;
  }
  const down = new Set(ids.map(machineKey));
  const machines = new Map(
    [...state.maintenance.machines].map(([key, machine]): [string, Machine] => [
      key,
      down.has(key) ? { ...machine, mode: 'DOWN' } : machine,
    ]),
  );
  keep(turn, { ...state.maintenance, machines });
  for (const agent of [...state.agents.values()]) {
    if (machineOf(state, agent)?.mode === 'DOWN') takeDown(turn, agent);
  }
  reply(turn, requestId, 200);
}

function takeDown(turn: Turn, agent: Agent): void {
  for (const framework of turn.state.frameworks.values()) {
    const runs = [...framework.tasks.values()].some(
      (task) => task.agent_id.value === agent.id && !isTerminal(task.state),
    );
    const framework_id = { value: framework.id };
    if (runs) order(turn, agent, { type: 'SHUTDOWN_FRAMEWORK', framework_id });
  }
  rescindInverseOffers(turn, agent.id);
  const why = "Operator initiated 'Machine DOWN'";
  removeAgent(turn, agent, 'unregistered', why, 'TASK_GONE');
}

/** STOP_MAINTENANCE: the machines are out of the schedule. */
export function maintenanceStopped(turn: Turn, requestId: string, ids: readonly MachineId[]): void {
  const { maintenance } = turn.state;
  const problem = modeProblem(turn.state, ids, 'DOWN', 'up');
  if (problem !== undefined) {
    reply(turn, requestId, 400, problem);
    return;
  }
  const up = new Set(ids.map(machineKey));
  const windows = maintenance.windows
    .map((window) => ({
      ...window,
      machine_ids: (window.machine_ids ?? []).filter((id) => !up.has(machineKey(id))),
    }))
    .filter(({ machine_ids }) => machine_ids.length > 0);
  const machines = new Map([...maintenance.machines].filter(([key]) => !up.has(key)));
  keep(turn, { windows, machines });
  reply(turn, requestId, 200);
}

function modeProblem(
  { maintenance, scheduledMachines }: MasterState,
  ids: readonly MachineId[],
  mode: Machine['mode'],
  brought: 'up' | 'down',
): string | undefined {
  if (ids.length === 0) return 'List of machines is empty';
  const invalid = machinesProblem(ids);
  if (invalid !== undefined) return invalid;
  for (const id of ids) {
    const machine = maintenance.machines.get(machineKey(id));
    if (machine === undefined && !scheduledMachines.has(machineKey(id))) {
      return `${machineText(id)} is not part of a maintenance schedule`;
    }
    if (machine?.mode !== mode) {
      return `${machineText(id)} is not in ${mode} mode and cannot be brought ${brought}`;
    }
  }
  return undefined;
}
