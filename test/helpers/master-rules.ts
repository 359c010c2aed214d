/** The rules that a master's state must keep after every event. */
import type { Agent, MasterState } from '../../src/mesos/master/state.js';
import type { Resource } from '../../src/wire/mesos/common.js';
import { add, exclusive, poolOf, resourcesOf, unallocated } from '../../src/wire/resources/pool.js';

/** What is wrong with a master's state; empty while every rule holds. */
export function violations(state: MasterState): string[] {
  return [
    ...[...state.agents.values()].flatMap((agent) => agentViolations(state, agent)),
    ...frameworkViolations(state),
  ];
}

/** Resources in a form that can be compared. */
export function canonical(resources: readonly Resource[]): string {
  return JSON.stringify(
    resourcesOf(poolOf(unallocated(resources)))
      .map((resource) => JSON.stringify(resource))
      .sort(),
  );
}

function agentViolations(state: MasterState, agent: Agent): string[] {
  const used = usedOn(state, agent);
  const offered = [...agent.offers].flatMap((id) => state.offers.get(id)?.resources ?? []);
  const sum = poolOf([]);
  add(sum, unallocated(exclusive([...used, ...offered])));
  // A shared volume is always free, whoever holds it.
  add(sum, unallocated(resourcesOf(agent.free)));
  const wrong: string[] = [];
  if (canonical(resourcesOf(sum)) !== canonical(resourcesOf(agent.total))) {
    wrong.push(
      `${agent.id}: free, offered and used are ${canonical(resourcesOf(sum))}, ` +
        `not ${canonical(resourcesOf(agent.total))}`,
    );
  }
  if (canonical(used) !== canonical(resourcesOf(agent.used))) {
    wrong.push(
      `${agent.id}: tasks use ${canonical(used)}, it says ${canonical(resourcesOf(agent.used))}`,
    );
  }
  if (agent.link === undefined && agent.offers.size > 0)
    wrong.push(`${agent.id}: offered while away`);
  if (state.deactivated.has(agent.id) && agent.offers.size > 0)
    wrong.push(`${agent.id}: offered while deactivated`);
  return wrong;
}

function usedOn(state: MasterState, agent: Agent): Resource[] {
  const terminal = ['FINISHED', 'FAILED', 'KILLED', 'ERROR', 'LOST', 'DROPPED', 'GONE'];
  return [...state.frameworks.values()].flatMap((framework) => [
    ...[...framework.tasks.values()]
      .filter((task) => task.agent_id.value === agent.id)
      .filter((task) => !terminal.some((end) => task.state.startsWith(`TASK_${end}`)))
      .flatMap((task) => task.resources),
    ...[...framework.executors.values()]
      .filter((executor) => executor.agentId === agent.id)
      .flatMap((executor) => executor.info.resources ?? []),
  ]);
}

function frameworkViolations(state: MasterState): string[] {
  const wrong: string[] = [];
  for (const offer of state.offers.values()) {
    const framework = state.frameworks.get(offer.frameworkId);
    if (framework?.stream === undefined) wrong.push(`${offer.id}: offered to nobody`);
    if (!state.agents.has(offer.agentId)) wrong.push(`${offer.id}: of no agent`);
  }
  for (const framework of state.frameworks.values()) {
    for (const [role, held] of framework.held) {
      const shown = heldIn(state, framework.id, role);
      for (const name of ['cpus', 'mem', 'disk'] as const) {
        if (held[name] !== shown[name]) {
          wrong.push(`${framework.id}: holds ${held[name]} ${name} in ${role}, not ${shown[name]}`);
        }
      }
    }
    for (const task of framework.tasks.values()) {
      if (!state.agents.has(task.agent_id.value)) {
        wrong.push(`${task.task_id.value}: on no agent`);
      }
    }
  }
  for (const operation of state.operations.values()) {
    const { frameworkId } = operation;
    if (frameworkId !== undefined && !state.frameworks.has(frameworkId)) {
      wrong.push(`${operation.uuid}: of no framework`);
    }
  }
  return wrong;
}

function heldIn(state: MasterState, frameworkId: string, role: string) {
  const framework = state.frameworks.get(frameworkId);
  const of = { cpus: 0, mem: 0, disk: 0 };
  const all = [
    ...[...state.offers.values()]
      .filter((offer) => offer.frameworkId === frameworkId)
      .flatMap((offer) => offer.resources),
    ...[...state.agents.values()].flatMap((agent) =>
      usedOn({ ...state, frameworks: new Map(framework ? [[frameworkId, framework]] : []) }, agent),
    ),
  ].filter((resource) => (resource.allocation_info?.role ?? '*') === role);
  for (const { name, scalar: amount } of all) {
    if (name === 'cpus' || name === 'mem' || name === 'disk') {
      of[name] += Math.round((amount?.value ?? 0) * 1000);
    }
  }
  return of;
}
