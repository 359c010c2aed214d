/**
 * The decisions of `failures`: what the master tells becomes incidents, by what belongs together.
 * Pure.
 */
import type {
  GetAgents,
  GetFrameworks,
  OperatorAgent,
  OperatorFramework,
} from '../../wire/mesos/operator.js';
import { isVolume, reservedRoleOf } from '../../wire/resources/pool.js';
import type { FailuresEffect, FailuresEvent } from './events.js';
import { addAction, addEvidence, Changes, openIncident, openOnes, reassess } from './incidents.js';
import { agentBack, agentLost, frameworkAbsent } from './losses.js';
import { type FailuresState, type KnownAgent, limits, serviceKey } from './state.js';
import { addTask, forgetTasks, takeSnapshot, updateTask } from './tasks.js';

/**
 * Looks in a row that must miss an agent which this connection has not seen yet: a new master needs
 * time to hear of all.
 */
export const patienceForUnseen = 10;
/** Looks in a row that must find a framework disconnected: a restart takes some. */
export const patienceForFrameworks = 5;

/** Changes `state` for `event` at `now` (ms since 1970); see `drive`. */
export function stepFailures(
  state: FailuresState,
  event: FailuresEvent,
  now: number,
): FailuresEffect[] {
  const changes = new Changes();
  take(state, event, now, changes);
  reassess(state, changes, now);
  return changes.toEffects(state);
}

function take(state: FailuresState, event: FailuresEvent, now: number, changes: Changes): void {
  switch (event.type) {
    case 'Connected':
      connect(state, event, now, changes);
      break;
    case 'Disconnected':
      state.connected = false;
      break;
    case 'MasterUnreachable':
      masterUnreachable(state, event.url, event.reason, now, changes);
      break;
    case 'TaskAdded':
      addTask(state, event.task);
      break;
    case 'TaskUpdated':
      updateTask(state, changes, now, event);
      break;
    case 'AgentRemoved': {
      const agent = state.agents.get(event.agentId);
      if (agent !== undefined) lose(state, changes, now, agent);
      break;
    }
    case 'FrameworkChanged':
      learnFramework(state, event.framework);
      break;
    case 'FrameworkRemoved':
      removeFramework(state, changes, event.frameworkId);
      break;
    case 'Looked':
      look(state, event.agents, event.frameworks, now, changes);
      break;
    case 'WantedObserved':
      observeWanted(state, changes, event.framework, event.wanted);
      break;
    case 'EvidenceFound': {
      const record = state.incidents.get(event.incidentId);
      if (record === undefined) break;
      addEvidence(record, event.lines);
      changes.touch(record);
    }
  }
}

function connect(
  state: FailuresState,
  { state: known }: Extract<FailuresEvent, { type: 'Connected' }>,
  now: number,
  changes: Changes,
): void {
  state.connected = true;
  state.everConnected = true;
  state.looks = 0;
  for (const record of openOnes(state)) {
    if (record.incident.kind !== 'master') continue;
    addAction(record, now, 'the master answers again');
    changes.touch(record);
  }
  state.frameworks.clear();
  for (const framework of known.get_frameworks?.frameworks ?? []) learnFramework(state, framework);
  for (const agent of state.agents.values()) agent.seen = false;
  learnAgents(state, known.get_agents ?? {}, now, changes);
  takeSnapshot(state, changes, now, known.get_tasks ?? {});
}

/**
 * Only a master that this control plane has heard before can be lost; one that is still starting is
 * not.
 */
function masterUnreachable(
  state: FailuresState,
  url: string,
  reason: string,
  now: number,
  changes: Changes,
): void {
  state.connected = false;
  if (!state.everConnected) return;
  if (openOnes(state).some(({ incident }) => incident.kind === 'master')) return;
  const cause = `${reason}; tasks go on, nothing new can start`;
  openIncident(state, changes, now, {
    kind: 'master',
    summary: `the master at ${url} is unreachable`,
    cause,
  });
}

function look(
  state: FailuresState,
  agents: GetAgents,
  frameworks: GetFrameworks,
  now: number,
  changes: Changes,
): void {
  if (!state.connected) return;
  state.looks += 1;
  const listed = learnAgents(state, agents, now, changes);
  for (const agent of state.agents.values()) {
    if (listed.has(agent.id)) continue;
    agent.missing += 1;
    if (agent.seen || agent.missing >= patienceForUnseen) lose(state, changes, now, agent);
  }
  for (const framework of frameworks.frameworks ?? []) {
    const known = learnFramework(state, framework);
    known.absent = known.connected ? 0 : known.absent + 1;
    if (known.absent === patienceForFrameworks) frameworkAbsent(state, changes, now, known.name);
  }
}

/** Takes the agents that the master lists or still expects; returns their ids. */
function learnAgents(
  state: FailuresState,
  { agents = [], recovered_agents = [] }: GetAgents,
  now: number,
  changes: Changes,
): Set<string> {
  const listed = new Set<string>();
  for (const listing of agents) {
    const id = listing.agent_info.id?.value;
    if (id === undefined) continue;
    listed.add(id);
    const agent = learnAgent(state, id, listing, changes);
    if (agent === undefined) continue;
    const wasLost = agent.state === 'unreachable';
    agent.state = listing.active === false ? 'inactive' : 'active';
    agent.missing = 0;
    agent.seen = true;
    if (wasLost) agentBack(state, changes, now, agent);
  }
  for (const info of recovered_agents) {
    const id = info.id?.value;
    if (id === undefined) continue;
    listed.add(id);
    const agent = state.agents.get(id);
    if (agent !== undefined && agent.state !== 'unreachable') agent.state = 'recovering';
  }
  return listed;
}

function learnAgent(
  state: FailuresState,
  id: string,
  { agent_info: info, total_resources = [] }: OperatorAgent,
  changes: Changes,
): KnownAgent | undefined {
  const rackAttribute = info.attributes?.find(({ name }) => name === 'rack')?.text?.value;
  const rack = info.domain?.fault_domain?.zone.name ?? rackAttribute;
  const roles = new Set<string>();
  for (const resource of total_resources) {
    const held = resource.reservations?.at(-1)?.type === 'DYNAMIC' || isVolume(resource);
    const role = held ? reservedRoleOf(resource) : undefined;
    if (role !== undefined) roles.add(role);
  }
  let agent = state.agents.get(id);
  if (agent === undefined) {
    if (state.agents.size >= limits.agents) return undefined;
    agent = { id, hostname: info.hostname, state: 'active', roles: [], missing: 0, seen: true };
    state.agents.set(id, agent);
    changes.touchAgent(agent);
  }
  const sorted = [...roles].sort();
  if (
    agent.hostname !== info.hostname ||
    agent.rack !== rack ||
    agent.roles.join() !== sorted.join()
  ) {
    changes.touchAgent(agent);
  }
  agent.hostname = info.hostname;
  agent.roles = sorted;
  if (rack === undefined) delete agent.rack;
  else agent.rack = rack;
  return agent;
}

/**
 * An agent is not there any more. One without reservations that was lost long ago is of no interest
 * to anybody.
 */
function lose(state: FailuresState, changes: Changes, now: number, agent: KnownAgent): void {
  if (agent.state === 'unreachable') return;
  agentLost(state, changes, now, agent, undefined);
}

function learnFramework(
  state: FailuresState,
  { framework_info: info, active, connected }: OperatorFramework,
) {
  const id = info.id?.value ?? info.name;
  const isConnected = connected ?? active ?? true;
  const known = state.frameworks.get(id);
  if (known === undefined) {
    const fresh = { id, name: info.name, connected: isConnected, absent: 0 };
    state.frameworks.set(id, fresh);
    return fresh;
  }
  known.connected = isConnected;
  return known;
}

/** A framework that was torn down misses nothing any more. */
function removeFramework(state: FailuresState, changes: Changes, frameworkId: string): void {
  const name = state.frameworks.get(frameworkId)?.name;
  forgetTasks(state, (task) => task.frameworkId === frameworkId);
  state.frameworks.delete(frameworkId);
  if (name === undefined) return;
  for (const record of openOnes(state)) {
    for (const { framework, service } of record.incident.services) {
      if (framework !== name) continue;
      record.wanted[serviceKey(framework, service)] = 0;
      changes.touch(record);
    }
  }
}

/** What users want less of by now is not missing any more; what they removed least of all. */
function observeWanted(
  state: FailuresState,
  changes: Changes,
  framework: string,
  wanted: ReadonlyMap<string, number>,
): void {
  for (const record of openOnes(state)) {
    for (const service of record.incident.services) {
      if (service.framework !== framework) continue;
      const key = serviceKey(framework, service.service);
      const now = wanted.get(key) ?? 0;
      if (now >= (record.wanted[key] ?? 0)) continue;
      record.wanted[key] = now;
      changes.touch(record);
    }
  }
}
