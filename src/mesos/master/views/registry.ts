/**
 * `/registrar(1)/registry`: what is durable, as Mesos' registrar shows it (apache/mesos
 * src/master/registry.proto; recorded: master/get_registrar1_registry).
 */

import type { AgentInfo } from '../../../wire/mesos/task.js';
import { shown } from '../resources.js';
import { drainInfo } from '../standing.js';
import type { MasterState } from '../state.js';
import { masterInfo, timeInfo, unlessEmpty } from './messages.js';
import { weightInfos } from './quota.js';

/** The registry. */
export function registryView(state: MasterState): Record<string, unknown> {
  const admitted = [...state.agents.values(), ...state.recoveredAgents.entries()].map((one) =>
    Array.isArray(one) ? { id: one[0], info: one[1].info } : { id: one.id, info: one.info },
  );
  const slaves = admitted.map(({ id, info }) => admittedView(state, id, info));
  const unreachable = [...state.unreachableAgents].map(([id, { unreachableAt }]) => ({
    id: { value: id },
    timestamp: timeInfo(unreachableAt ?? 0),
  }));
  const gone = [...state.goneAgents].map((id) => ({ id: { value: id } }));
  const { windows, machines } = state.maintenance;
  const byMachine = [...machines.values()].map(({ id, mode, unavailability }) => ({
    info: { id, mode, unavailability },
  }));
  const weights = weightInfos(state).map(({ role, weight }) => ({ info: { role, weight } }));
  return {
    master: { info: masterInfo(state.options) },
    ...(slaves.length === 0 ? {} : { slaves: { slaves } }),
    ...(unreachable.length === 0 ? {} : { unreachable: { slaves: unreachable } }),
    ...(gone.length === 0 ? {} : { gone: { slaves: gone } }),
    ...(machines.size === 0 ? {} : { machines: { machines: byMachine }, schedules: [{ windows }] }),
    ...unlessEmpty('weights', weights),
  };
}

function admittedView(state: MasterState, id: string, info: AgentInfo): Record<string, unknown> {
  const drain = state.drains.get(id);
  const { resources, ...rest } = info;
  return {
    deactivated: state.deactivated.has(id),
    info: {
      ...rest,
      id: { value: id },
      ...(resources === undefined ? {} : { resources: resources.map(shown) }),
    },
    ...(drain === undefined ? {} : { drain_info: drainInfo(drain) }),
  };
}
