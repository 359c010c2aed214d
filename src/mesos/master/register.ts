/**
 * Agents come and go: admission, which is durable before anyone hears of it; registration after a
 * restart of either side, when the master rebuilds what it knew from what the agent tells;
 * removal.
 */
import type { RegisterMessage, RunningTask } from '../../wire/agent-link.js';
import type { TaskState, TaskStatus } from '../../wire/mesos/task.js';
import { poolOf, unallocated } from '../../wire/resources/pool.js';
import { closeStream, count, note, order, persist, publish, type Turn, tell } from './events.js';
import { armFailover, newFramework } from './frameworks.js';
import { putIntoUse, rescindAll, settle, takeOutOfUse } from './holdings.js';
import { executorKey } from './keys.js';
import { killForDrain, sendKill } from './kills.js';
import { machineOf } from './maintenance/schedule.js';
import { settleOperations } from './operations.js';
import { upgraded } from './resources.js';
import { forgetOrders, storeAgent } from './standing.js';
import type { Agent, Framework, TaskRecord } from './state.js';
import {
  applyStatus,
  archive,
  defaultRole,
  isTerminal,
  mastersStatus,
  stateFor,
  taskRecord,
  tellStatus,
} from './tasks.js';
import { agentMessage } from './views/messages.js';

/** Registers the agent at the other end of `stream`, or refuses it if it was marked gone. */
export function registered(turn: Turn, stream: string, message: RegisterMessage): void {
  const { state } = turn;
  const told = message.agent.id?.value;
  if (told !== undefined && state.goneAgents.has(told)) {
    const refusal = { type: 'REFUSED', message: `Agent ${told} has been marked gone` };
    turn.effects.push({ type: 'Send', streams: [stream], message: refusal });
    closeStream(turn, stream);
    return;
  }
  const { agent: info, ip = info.hostname } = message;
  if (machineOf(state, { info, ip })?.mode === 'DOWN') {
    note(turn, 'an agent on a machine that is down is not taken in', { hostname: info.hostname });
    closeStream(turn, stream);
    return;
  }
  if (told === undefined) removeFormerAt(turn, message);
  const id = told ?? freshId(turn);
  const known = state.agents.get(id);
  const returned = state.unreachableAgents.has(id);
  const agent = known ?? newAgent(turn, id, message);
  if (known !== undefined) forgetContents(turn, known);
  connect(turn, agent, stream, message, known !== undefined);
  const strangers = takeIn(turn, agent, message);
  persistAgent(turn, agent);
  order(turn, agent, {
    type: 'REGISTERED',
    agent_id: { value: id },
    ping_interval_ms: state.options.pingIntervalMs,
    max_missed_pings: state.options.maxMissedPings,
    shut_down_frameworks: strangers.map((value) => ({ value })),
  });
  dropUntold(turn, agent, message);
  settle(state, agent);
  settleOperations(turn, agent);
  if (known === undefined) {
    publish(turn, () => ({
      type: 'AGENT_ADDED',
      agent_added: { agent: agentMessage(state, agent) },
    }));
  }
  if (returned) tellReturned(turn, agent);
  killForDrain(turn, agent);
  remind(turn, agent);
}

function freshId(turn: Turn): string {
  const { state } = turn;
  const id = `${state.options.id}-S${state.nextAgent}`;
  state.nextAgent += 1;
  return id;
}

/**
 * An agent that comes without an id has forgotten what it was: whoever was registered at its
 * address is gone.
 */
function removeFormerAt(turn: Turn, { agent, ip }: RegisterMessage): void {
  for (const former of [...turn.state.agents.values()]) {
    const sameHost = former.ip === (ip ?? agent.hostname) && former.info.port === agent.port;
    if (!sameHost) continue;
    const why = 'a new agent registered at the same address';
    removeAgent(
      turn,
      former,
      'registered',
      `Agent ${former.info.hostname} removed: ${why}`,
      'TASK_GONE',
    );
  }
}

function newAgent(turn: Turn, id: string, message: RegisterMessage): Agent {
  const { state, now } = turn;
  const absent = state.unreachableAgents.get(id) ?? state.recoveredAgents.get(id);
  const agent: Agent = {
    id,
    info: message.agent,
    ip: '',
    version: message.version,
    registeredAt: absent?.registeredAt ?? now,
    reregisteredAt: absent === undefined ? undefined : now,
    link: undefined,
    total: new Map(),
    free: new Map(),
    used: new Map(),
    offers: new Set(),
    missedPings: 0,
    awaitsPong: false,
    pings: 0,
    kills: new Map(),
    drainStartedAt: undefined,
  };
  state.agents.set(id, agent);
  state.recoveredAgents.delete(id);
  return agent;
}

function connect(
  turn: Turn,
  agent: Agent,
  stream: string,
  message: RegisterMessage,
  again: boolean,
): void {
  const { state } = turn;
  if (agent.link !== undefined) closeStream(turn, agent.link);
  agent.link = stream;
  state.streams.set(stream, { kind: 'agent', id: agent.id });
  agent.info = { ...message.agent, id: { value: agent.id } };
  agent.ip = message.ip ?? message.agent.hostname;
  agent.version = message.version;
  agent.missedPings = 0;
  agent.awaitsPong = false;
  agent.total = poolOf(unallocated(message.resources.map(upgraded)));
  if (again) agent.reregisteredAt = turn.now;
  count(state, again ? 'master/slave_reregistrations' : 'master/slave_registrations');
  note(turn, again ? 'agent re-registered' : 'agent registered', {
    agent: agent.id,
    hostname: agent.info.hostname,
    tasks: message.tasks.length,
  });
}

function persistAgent(turn: Turn, { id, info, registeredAt }: Agent): void {
  turn.state.recoveredAgents.delete(id);
  turn.state.unreachableAgents.delete(id);
  storeAgent(turn, id, { info, registeredAt, standing: 'admitted' });
}

/** Takes the agent's tasks and executors out of use; what still runs is told anew. */
function forgetContents(turn: Turn, agent: Agent): void {
  const { state } = turn;
  rescindAll(turn, agent.offers, true);
  for (const framework of state.frameworks.values()) {
    for (const task of framework.tasks.values()) {
      if (task.agent_id.value !== agent.id || isTerminal(task.state)) continue;
      takeOutOfUse(state, agent, framework, task.resources);
    }
    for (const [key, executor] of framework.executors) {
      if (executor.agentId !== agent.id) continue;
      takeOutOfUse(state, agent, framework, executor.info.resources ?? []);
      framework.executors.delete(key);
    }
  }
  agent.used = new Map();
}

/**
 * Takes in frameworks, executors and tasks that the agent tells of; returns the frameworks that it
 * must shut down.
 */
function takeIn(turn: Turn, agent: Agent, message: RegisterMessage): string[] {
  const { state } = turn;
  for (const info of message.frameworks) {
    const id = info.id?.value;
    if (id === undefined || state.frameworks.has(id) || state.removedFrameworks.has(id)) continue;
    armFailover(state, newFramework(turn, id, info, true));
  }
  const strangers = new Set<string>();
  for (const { framework_id, executor } of message.executors) {
    const framework = state.frameworks.get(framework_id.value);
    if (framework === undefined) {
      strangers.add(framework_id.value);
      continue;
    }
    putIntoUse(agent, framework, executor.resources ?? []);
    const key = executorKey(agent.id, executor.executor_id.value);
    framework.executors.set(key, { agentId: agent.id, info: executor });
  }
  for (const running of message.tasks) {
    const framework = state.frameworks.get(running.framework_id.value);
    if (framework === undefined) strangers.add(running.framework_id.value);
    else takeInTask(turn, agent, framework, running);
  }
  return [...strangers];
}

function takeInTask(turn: Turn, agent: Agent, framework: Framework, running: RunningTask): void {
  const { task: info, executor_id, statuses } = running;
  const id = info.task_id.value;
  const own = executor_id.value !== id || info.executor !== undefined;
  const task: TaskRecord =
    framework.tasks.get(id) ??
    framework.unreachable.get(id) ??
    taskRecord(
      framework.id,
      { ...info, agent_id: { value: agent.id } },
      own ? executor_id.value : undefined,
      defaultRole(framework.info),
    );
  const latest = statuses.at(-1);
  task.statuses = statuses.map(({ data: _large, ...kept }) => kept);
  task.state = latest?.state ?? 'TASK_STAGING';
  if (latest?.uuid !== undefined) {
    task.status_update_state = latest.state;
    task.status_update_uuid = latest.uuid;
  }
  const fresh = !framework.tasks.has(id);
  framework.unreachable.delete(id);
  framework.tasks.set(id, task);
  if (fresh) publish(turn, () => ({ type: 'TASK_ADDED', task_added: { task: { ...task } } }));
  if (!isTerminal(task.state)) putIntoUse(agent, framework, task.resources);
}

/**
 * Tasks that the master gave to the agent and of which the agent knows nothing: they were lost on
 * the way, or are over.
 */
function dropUntold(turn: Turn, agent: Agent, message: RegisterMessage): void {
  const told = new Set(
    message.tasks.map((one) => `${one.framework_id.value} ${one.task.task_id.value}`),
  );
  for (const framework of turn.state.frameworks.values()) {
    for (const task of [...framework.tasks.values(), ...framework.unreachable.values()]) {
      if (task.agent_id.value !== agent.id) continue;
      if (told.has(`${framework.id} ${task.task_id.value}`)) continue;
      if (isTerminal(task.state)) {
        archive(turn, framework, task, undefined);
        continue;
      }
      const status = mastersStatus(turn, task, stateFor(framework, 'TASK_DROPPED'), {
        message: 'Reconciliation: task unknown to the agent',
        reason: 'REASON_RECONCILIATION',
      });
      noteEnd(turn, framework, task, status);
    }
  }
}

/** Ends a task whose resources are in nobody's use any more. */
function noteEnd(turn: Turn, framework: Framework, task: TaskRecord, status: TaskStatus): void {
  framework.tasks.delete(task.task_id.value);
  framework.unreachable.delete(task.task_id.value);
  applyStatus(turn, framework, task, status);
  archive(turn, framework, task, undefined);
  tellStatus(turn, framework, status);
}

/**
 * An agent that was unreachable is back: partition-aware frameworks hear that their tasks run,
 * others' tasks were given up and are killed.
 */
function tellReturned(turn: Turn, agent: Agent): void {
  for (const framework of turn.state.frameworks.values()) {
    const aware = framework.capabilities.has('PARTITION_AWARE');
    for (const task of [...framework.tasks.values()]) {
      if (task.agent_id.value !== agent.id || isTerminal(task.state)) continue;
      if (!aware) {
        const task_id = task.task_id;
        order(turn, agent, { type: 'KILL_TASK', framework_id: { value: framework.id }, task_id });
        continue;
      }
      const container = task.statuses.at(-1)?.container_status;
      const status = mastersStatus(turn, task, task.state, {
        message: 'Unreachable agent re-reregistered',
        reason: 'REASON_AGENT_REREGISTERED',
        ...(container === undefined ? {} : { container_status: container }),
      });
      tellStatus(turn, framework, status);
    }
  }
}

/** Says again what the agent may not have heard. */
function remind(turn: Turn, agent: Agent): void {
  for (const [key, kill] of agent.kills) {
    const { frameworkId, taskId } = kill;
    const known = turn.state.frameworks.get(frameworkId)?.tasks.has(taskId) === true;
    if (known) sendKill(turn, agent, kill);
    else agent.kills.delete(key);
  }
  for (const framework of turn.state.frameworks.values()) {
    const here = [...framework.tasks.values()].some((task) => task.agent_id.value === agent.id);
    if (here && !framework.recovered) {
      order(turn, agent, { type: 'UPDATE_FRAMEWORK', framework: framework.info });
    }
  }
}

/**
 * The link to the agent broke: nothing more is offered of it; it is lost unless it registers again
 * in time.
 */
export function linkBroken(turn: Turn, agent: Agent): void {
  agent.link = undefined;
  rescindAll(turn, agent.offers, true);
  note(turn, 'agent disconnected', { agent: agent.id, hostname: agent.info.hostname });
}

/** Takes an agent out for good: its tasks end as `taskState`, its operations come to nothing. */
export function removeAgent(
  turn: Turn,
  agent: Agent,
  reason: 'registered' | 'unregistered' | 'gone',
  message: string,
  taskState: TaskState,
): void {
  const { state } = turn;
  forgetOrders(state, agent.id);
  if (reason !== 'gone') persist(turn, `agents/${agent.id}`, null);
  count(state, 'master/slave_removals');
  count(state, `master/slave_removals/reason_${reason}`);
  detach(turn, agent, (framework, task) => {
    const status = mastersStatus(turn, task, stateFor(framework, taskState), {
      message,
      reason: 'REASON_AGENT_REMOVED',
    });
    archive(turn, framework, task, status);
    tellStatus(turn, framework, status);
  });
  for (const [uuid, operation] of state.operations) {
    if (operation.agentId === agent.id) state.operations.delete(uuid);
  }
  publish(turn, () => ({
    type: 'AGENT_REMOVED',
    agent_removed: { agent_id: { value: agent.id } },
  }));
  note(turn, 'agent removed', { agent: agent.id, hostname: agent.info.hostname, why: message });
}

/**
 * Takes an agent out of the registered ones: `end` is called for each of its tasks, offers are
 * rescinded, every framework told.
 */
export function detach(
  turn: Turn,
  agent: Agent,
  end: (framework: Framework, task: TaskRecord) => void,
): void {
  const { state } = turn;
  for (const framework of state.frameworks.values()) {
    for (const task of [...framework.tasks.values()]) {
      if (task.agent_id.value === agent.id) end(framework, task);
    }
    for (const [key, executor] of framework.executors) {
      if (executor.agentId !== agent.id) continue;
      takeOutOfUse(state, agent, framework, executor.info.resources ?? []);
      framework.executors.delete(key);
    }
  }
  rescindAll(turn, agent.offers, true);
  for (const framework of state.frameworks.values()) {
    for (const key of framework.refusals.keys()) {
      if (key.startsWith(`${agent.id} `)) framework.refusals.delete(key);
    }
    tell(turn, framework, { type: 'FAILURE', failure: { agent_id: { value: agent.id } } });
  }
  if (agent.link !== undefined) closeStream(turn, agent.link);
  agent.link = undefined;
  state.agents.delete(agent.id);
  state.dirtyAgents.delete(agent.id);
}
