/** Which losses belong together: of one agent, of one rack, of one service. Pure. */
import type { Incident } from '../../wire/incidents.js';
import type { TaskStatus } from '../../wire/mesos/task.js';
import {
  addAction,
  addEvidence,
  addLost,
  type Changes,
  openIncident,
  openOnes,
  reopen,
} from './incidents.js';
import {
  type FailuresState,
  type IncidentRecord,
  type KnownAgent,
  type KnownTask,
  serviceKey,
} from './state.js';

/** Agents of one rack that are lost within this time are one incident, in ms. */
const rackWindowMs = 5_000;
/**
 * A service that fails again in the same way so soon after it was whole goes on with its incident,
 * in ms.
 */
const flapWindowMs = 30_000;

/** The incident of an agent's loss: its own, its rack's, or a new one. */
export function agentLost(
  state: FailuresState,
  changes: Changes,
  now: number,
  agent: KnownAgent,
  cause: string | undefined,
): IncidentRecord {
  const known = agent.incidentId === undefined ? undefined : state.incidents.get(agent.incidentId);
  if (known !== undefined) return known;
  const record =
    ofSameRack(state, now, agent) ??
    openIncident(state, changes, now, {
      kind: 'agent',
      summary: '',
      ...(cause === undefined ? {} : { cause }),
      agent: describeAgent(agent),
    });
  agent.state = 'unreachable';
  agent.incidentId = record.incident.id;
  record.agents.push(agent.id);
  summarize(state, record);
  changes.touchAgent(agent);
  changes.touch(record);
  return record;
}

function ofSameRack(
  state: FailuresState,
  now: number,
  agent: KnownAgent,
): IncidentRecord | undefined {
  if (agent.rack === undefined) return undefined;
  return [...state.incidents.values()].find(
    ({ incident, agents }) =>
      (incident.kind === 'agent' || incident.kind === 'rack') &&
      now - incident.startedAt <= rackWindowMs &&
      agents.some((id) => state.agents.get(id)?.rack === agent.rack),
  );
}

function summarize(state: FailuresState, record: IncidentRecord): void {
  const agents = record.agents
    .map((id) => state.agents.get(id))
    .filter((each) => each !== undefined);
  const [first] = agents;
  if (first === undefined) return;
  if (agents.length === 1) {
    const rack = first.rack === undefined ? '' : ` (${first.rack})`;
    record.incident.summary = `agent ${first.hostname}${rack} is unreachable`;
    return;
  }
  record.incident.kind = 'rack';
  const names = agents.map(({ hostname }) => hostname).join(', ');
  const count = `${agents.length} agents are unreachable`;
  record.incident.summary = `rack ${first.rack}: ${count} (${names})`;
}

/** An agent is there again. */
export function agentBack(
  state: FailuresState,
  changes: Changes,
  now: number,
  agent: KnownAgent,
): void {
  const record = agent.incidentId === undefined ? undefined : state.incidents.get(agent.incidentId);
  delete agent.incidentId;
  changes.touchAgent(agent);
  if (record === undefined) return;
  addAction(record, now, `agent ${agent.hostname} is back`);
  changes.touch(record);
}

/** A task that was lost with its agent. `wanted`: how many of its service there were. */
export function taskLostWithAgent(
  state: FailuresState,
  changes: Changes,
  now: number,
  task: KnownTask,
  status: TaskStatus,
  wanted: number,
): void {
  const agent = state.agents.get(task.agentId) ?? unknownAgent(state, task.agentId);
  const record = agentLost(state, changes, now, agent, status.message ?? status.reason);
  if (record.incident.status === 'healed') reopen(record);
  addLost(record, describeTask(task, status.state), wanted);
  changes.touch(record);
}

/** A task that ended by itself and should not have. */
export function taskFailed(
  state: FailuresState,
  changes: Changes,
  now: number,
  task: KnownTask,
  status: TaskStatus,
  wanted: number,
): void {
  const cause = causeOf(status);
  const lost = describeTask(task, status.state);
  const record =
    ofSameService(state, now, lost, cause) ?? openTaskIncident(state, changes, now, task, cause);
  if (record.incident.status === 'healed') reopen(record);
  addLost(record, lost, wanted);
  retell(record.incident);
  addEvidence(record, evidenceOf(task, status));
  changes.touch(record);
  changes.effects.push({
    type: 'GatherEvidence',
    incidentId: record.incident.id,
    agentId: task.agentId,
    frameworkId: task.frameworkId,
    executorId: status.executor_id?.value ?? task.executorId,
    taskId: task.taskId,
  });
}

/** As many names as one line takes. */
const namedTasks = 3;

/** Says of an incident of tasks what has failed since it was opened: which ones, how often. */
function retell(incident: Incident): void {
  const failed = incident.lost.filter(({ state }) => state !== 'TASK_KILLED');
  const [first] = failed;
  if (incident.kind !== 'task' || first === undefined || failed.length < 2) return;
  const names = [...new Set(failed.map(({ taskName }) => taskName))].sort();
  const services = new Set(failed.map(({ service }) => service));
  const whose = services.size === 1 ? ` of ${first.service}` : '';
  const often = failed.length > names.length ? ` ${failed.length} times` : '';
  const [name = ''] = names;
  if (names.length === 1) {
    incident.summary = `task ${name}${whose} failed ${failed.length} times`;
  } else if (names.length <= namedTasks) {
    incident.summary = `tasks ${names.join(', ')}${whose} failed${often}`;
  } else incident.summary = `${names.length} tasks${whose} failed${often}`;
}

function openTaskIncident(
  state: FailuresState,
  changes: Changes,
  now: number,
  task: KnownTask,
  cause: string,
): IncidentRecord {
  const agent = state.agents.get(task.agentId);
  const where = agent === undefined ? '' : ` on ${agent.hostname}`;
  // An app that is a scheduler has the name of the framework that it registers.
  const scheduled = [...state.frameworks.values()].find(
    ({ id, name }) => id !== task.frameworkId && `/${name.replace(/^\//, '')}` === task.service,
  );
  const what = scheduled === undefined ? `task ${task.name}` : `scheduler of ${scheduled.name}`;
  const record = openIncident(state, changes, now, {
    kind: scheduled === undefined ? 'task' : 'scheduler',
    summary: `${what} of ${task.service} failed${where}`,
    cause,
    ...(agent === undefined ? {} : { agent: describeAgent(agent) }),
  });
  if (scheduled !== undefined) {
    record.incident.summary = `${what} failed${where}`;
    record.frameworks.push(scheduled.name);
  }
  return record;
}

/**
 * The incident that this failure goes on with: the service's open one, or one that was over just
 * now, of the same cause.
 */
function ofSameService(
  state: FailuresState,
  now: number,
  { framework, service }: Incident['lost'][number],
  cause: string,
): IncidentRecord | undefined {
  const key = serviceKey(framework, service);
  const candidates = [...state.incidents.values()]
    .reverse()
    .filter(
      (record) =>
        (record.incident.kind === 'task' || record.incident.kind === 'scheduler') &&
        record.wanted[key] !== undefined,
    );
  return candidates.find(
    ({ incident }) =>
      incident.status === 'open' ||
      (incident.cause === cause && now - (incident.endedAt ?? 0) <= flapWindowMs),
  );
}

/** A framework whose scheduler has been away for several looks. */
export function frameworkAbsent(
  state: FailuresState,
  changes: Changes,
  now: number,
  name: string,
): void {
  if (openOnes(state).some(({ frameworks }) => frameworks.includes(name))) return;
  const ofItsTask = openOnes(state).find(({ incident }) =>
    incident.lost.some(({ service }) => service === `/${name.replace(/^\//, '')}`),
  );
  const record =
    ofItsTask ??
    openIncident(state, changes, now, {
      kind: 'scheduler',
      summary: `scheduler of ${name} is disconnected`,
      cause: 'it has no connection with the master; its tasks go on',
    });
  record.frameworks.push(name);
  changes.touch(record);
}

/** How a task is listed. */
export function describeTask(task: KnownTask, taskState: string): Incident['lost'][number] {
  return {
    framework: task.framework,
    service: task.service,
    taskId: task.taskId,
    taskName: task.name,
    state: taskState,
  };
}

function describeAgent({ id, hostname, rack }: KnownAgent): NonNullable<Incident['agent']> {
  return { id, hostname, ...(rack === undefined ? {} : { rack }) };
}

function unknownAgent(state: FailuresState, id: string): KnownAgent {
  const agent: KnownAgent = {
    id,
    hostname: id,
    state: 'unreachable',
    roles: [],
    missing: 0,
    seen: false,
  };
  state.agents.set(id, agent);
  return agent;
}

/**
 * What a status says of why: out of memory and disk by name, else the agent's or executor's own
 * words.
 */
function causeOf(status: TaskStatus): string {
  if (status.reason === 'REASON_CONTAINER_LIMITATION_MEMORY') return 'out of memory';
  if (status.reason === 'REASON_CONTAINER_LIMITATION_DISK') return 'out of disk';
  if (status.state === 'TASK_KILLED' && status.healthy === false) return 'its health check failed';
  return status.message ?? status.reason ?? status.state;
}

function evidenceOf(task: KnownTask, status: TaskStatus): string[] {
  const { message, reason, check_status } = status;
  const exit = check_status?.command?.exit_code;
  return [
    message === undefined ? '' : `${task.name}: ${message}`,
    reason === undefined ? '' : `${task.name}: ${reason}`,
    exit === undefined ? '' : `${task.name}: its check exited with status ${exit}`,
  ];
}
