/**
 * What a subscribed custom executor is given and what it says: tasks and kills one way, status
 * updates and messages the other (apache/mesos docs/executor-http-api.md).
 */
import type { ExecutorEvent } from '../../../wire/mesos/executor.js';
import { type TaskStatus, terminalTaskStates } from '../../../wire/mesos/task.js';
import type { AgentEffect } from '../events.js';
import { endTask } from '../kill.js';
import { executorRecord, persist, taskRecord } from '../records.js';
import { agentInfoOf } from '../registration.js';
import { type AgentState, type ExecutorRun, isLive, type TaskRun, tasksWithin } from '../state.js';
import { statusOf } from '../status.js';
import { queueUpdate } from '../updates.js';
import { askToGo } from './shutdown.js';

/** UUIDs of updates kept of each task, against those that are sent twice. */
const maxSeen = 16;

const tell = (run: ExecutorRun, event: ExecutorEvent): AgentEffect => ({
  type: 'Tell',
  executor: run.containerId,
  event,
});

/** The executor has a stream: it hears who it is, then all that waits for it. */
export function executorSubscribed(
  state: AgentState,
  run: ExecutorRun,
  told: { readonly tasks: readonly string[]; readonly updates: readonly TaskStatus[] },
  now: number,
): AgentEffect[] {
  if (run.phase === 'ended') return [{ type: 'CloseStream', executor: run.containerId }];
  state.subscribed.add(run.containerId);
  if (run.shutdown !== undefined) return askToGo(state, run);
  const framework_info = state.frameworks.get(run.frameworkId);
  // A program may be quicker than the word that it was started.
  run.phase = 'running';
  run.subscribeBy = undefined;
  const subscribed: ExecutorEvent = {
    type: 'SUBSCRIBED',
    subscribed: {
      executor_info: run.executor,
      framework_info: framework_info ?? { id: { value: run.frameworkId }, name: '', user: '' },
      agent_info: agentInfoOf(state),
      container_id: { value: run.containerId },
    },
  };
  const updates = told.updates.flatMap((status) => executorUpdated(state, run, status, now));
  return [
    persist(executorRecord(run)),
    tell(run, subscribed),
    ...updates,
    ...tasksWithin(state, run).flatMap((task) => missed(state, run, task, told.tasks, now)),
    ...deliver(state, run, now),
  ];
}

/** What the executor can't have heard while it had no stream. */
function missed(
  state: AgentState,
  run: ExecutorRun,
  task: TaskRun,
  known: readonly string[],
  now: number,
): AgentEffect[] {
  if (!isLive(task) || task.phase !== 'running') return [];
  if (task.statuses.length === 0 && !known.includes(task.info.task_id.value)) {
    const lost = statusOf(state, task, lostState(state, task), now, {
      message: 'Task launched during agent restart',
      reason: 'REASON_SLAVE_RESTARTED',
      source: 'SOURCE_AGENT',
    });
    return endTask(state, task, lost, now);
  }
  if (task.killWanted === undefined) return [];
  const { kill_policy } = task.killWanted;
  task.killWanted = undefined;
  return [persist(taskRecord(task)), tell(run, killOf(task, kill_policy))];
}

function lostState(state: AgentState, task: TaskRun): 'TASK_DROPPED' | 'TASK_LOST' {
  const capabilities = state.frameworks.get(task.frameworkId)?.capabilities ?? [];
  return capabilities.some(({ type }) => type === 'PARTITION_AWARE') ? 'TASK_DROPPED' : 'TASK_LOST';
}

type Policy = NonNullable<TaskRun['killWanted']>['kill_policy'];

/** The event that orders a kill. */
export function killOf(task: TaskRun, kill_policy: Policy): ExecutorEvent {
  const policy = kill_policy === undefined ? {} : { kill_policy };
  return { type: 'KILL', kill: { task_id: task.info.task_id, ...policy } };
}

/** Gives the executor what is ready for it: tasks one by one, groups whole. */
export function deliver(state: AgentState, run: ExecutorRun, now: number): AgentEffect[] {
  if (!state.subscribed.has(run.containerId) || run.shutdown !== undefined) return [];
  const waiting = tasksWithin(state, run).filter(isWaiting);
  const batches = new Set(waiting.map(({ batch, containerId }) => batch ?? containerId));
  const effects: AgentEffect[] = [];
  for (const batch of batches) {
    const tasks = waiting.filter((task) => (task.batch ?? task.containerId) === batch);
    if (tasks.some(({ phase }) => phase !== 'starting')) continue;
    run.used = true;
    for (const task of tasks) {
      task.phase = 'running';
      task.startedAt = now;
    }
    effects.push(persist(executorRecord(run), ...tasks.map(taskRecord)), tell(run, launch(tasks)));
  }
  return effects;
}

/** Whether the executor has not been given the task yet. */
export function isWaiting({ phase }: TaskRun): boolean {
  return phase === 'preparing' || phase === 'starting';
}

function launch(tasks: readonly TaskRun[]): ExecutorEvent {
  const [first] = tasks;
  if (first !== undefined && first.batch === undefined) {
    return { type: 'LAUNCH', launch: { task: first.info } };
  }
  const infos = tasks.map(({ info }) => info);
  return { type: 'LAUNCH_GROUP', launch_group: { task_group: { tasks: infos } } };
}

/** The executor says how a task fares; it hears that this is stored. */
export function executorUpdated(
  state: AgentState,
  run: ExecutorRun,
  given: TaskStatus,
  now: number,
): AgentEffect[] {
  if (run.phase === 'ended') return [];
  // A peer may write the same bytes in another way.
  const uuid = Buffer.from(given.uuid ?? '', 'base64').toString('base64');
  const { task_id } = given;
  const acknowledged = tell(run, { type: 'ACKNOWLEDGED', acknowledged: { task_id, uuid } });
  const task = tasksWithin(state, run)
    .reverse()
    .find(({ info }) => info.task_id.value === task_id.value);
  if (task === undefined || !isLive(task)) {
    if (task?.seen?.includes(uuid) === true) return [acknowledged];
    const about = `${task_id.value} of executor ${run.executor.executor_id.value}`;
    return [
      { type: 'Warn', message: 'a status of a task that does not run was ignored', about },
      acknowledged,
    ];
  }
  if (task.seen?.includes(uuid) === true) return [acknowledged];
  task.seen = [...(task.seen ?? []), uuid].slice(-maxSeen);
  const status = completed(state, run, task, { ...given, uuid }, now);
  const effects = terminalTaskStates.has(status.state)
    ? endTask(state, task, status, now)
    : queueUpdate(state, task, status, now);
  return [...effects, acknowledged];
}

function completed(
  state: AgentState,
  run: ExecutorRun,
  task: TaskRun,
  status: TaskStatus,
  now: number,
): TaskStatus {
  const { container_status } = status;
  const asked = status.state === 'TASK_KILLING' || status.state === 'TASK_KILLED';
  const reason = asked ? (task.kill?.reason ?? status.reason) : status.reason;
  const own = [{ ip_addresses: [{ protocol: 'IPv4', ip_address: state.self.host }] }];
  return {
    ...status,
    source: 'SOURCE_EXECUTOR',
    ...(reason === undefined ? {} : { reason }),
    agent_id: { value: state.agentId ?? task.info.agent_id.value },
    executor_id: run.executor.executor_id,
    timestamp: status.timestamp ?? now / 1000,
    container_status: {
      ...container_status,
      container_id: container_status?.container_id ?? { value: run.containerId },
      network_infos: container_status?.network_infos ?? own,
      ...(run.pid === undefined ? {} : { executor_pid: run.pid }),
    },
  };
}

/** The executor has something to say to its scheduler; lost where the master can't be reached. */
export function executorMessaged(state: AgentState, run: ExecutorRun, data: string): AgentEffect[] {
  if (!state.linked || run.phase === 'ended') return [];
  const framework_id = { value: run.frameworkId };
  const { executor_id } = run.executor;
  const message = { type: 'FRAMEWORK_MESSAGE', framework_id, executor_id, data } as const;
  return [{ type: 'Send', message }];
}
