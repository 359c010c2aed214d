/** The life of a task as the master sees it: its record, its statuses, its end. */
import type { FrameworkInfo } from '../../wire/mesos/scheduler.js';
import {
  type TaskInfo,
  type TaskState,
  type TaskStatus,
  terminalTaskStates,
} from '../../wire/mesos/task.js';
import { allocatedTo } from '../../wire/resources/pool.js';
import { count, publish, type Turn, tell } from './events.js';
import { takeOutOfUse } from './holdings.js';
import { upgraded } from './resources.js';
import type { Framework, TaskRecord } from './state.js';

/** Whether no other state follows. */
export function isTerminal(state: TaskState): boolean {
  return terminalTaskStates.has(state);
}

/** Appends to a list of bounded length; the oldest goes. */
export function keep<Item>(list: Item[], item: Item, most: number): void {
  list.push(item);
  if (list.length > most) list.splice(0, list.length - most);
}

/** The master's record of a task that is launched, or that an agent has told of. */
export function taskRecord(
  frameworkId: string,
  info: TaskInfo,
  executorId: string | undefined,
  role: string,
): TaskRecord {
  const user = info.command?.user ?? info.executor?.command?.user;
  return {
    name: info.name,
    task_id: info.task_id,
    framework_id: { value: frameworkId },
    ...(executorId === undefined ? {} : { executor_id: { value: executorId } }),
    agent_id: info.agent_id,
    state: 'TASK_STAGING',
    resources: withRole(info, role),
    statuses: [],
    ...(info.labels ? { labels: info.labels } : {}),
    ...(info.discovery ? { discovery: info.discovery } : {}),
    ...(info.container ? { container: info.container } : {}),
    ...(info.health_check ? { health_check: info.health_check } : {}),
    ...(info.kill_policy ? { kill_policy: info.kill_policy } : {}),
    ...(user === undefined ? {} : { user }),
  };
}

function withRole(info: TaskInfo, role: string): TaskRecord['resources'] {
  return (info.resources ?? []).map((resource) => {
    const known = upgraded(resource);
    return known.allocation_info?.role === undefined
      ? (allocatedTo(role, [known])[0] ?? known)
      : known;
  });
}

/** The role of a framework's task that names none. */
export function defaultRole(info: FrameworkInfo): string {
  return info.role ?? info.roles?.[0] ?? '*';
}

/** A status that the master itself gives; it carries no uuid and needs no acknowledgement. */
export function mastersStatus(
  turn: Turn,
  task: Pick<TaskRecord, 'task_id' | 'agent_id'>,
  state: TaskState,
  more: Partial<TaskStatus>,
): TaskStatus {
  return {
    task_id: task.task_id,
    state,
    source: 'SOURCE_MASTER',
    agent_id: task.agent_id,
    timestamp: turn.now / 1000,
    ...more,
  };
}

/**
 * Notes a status in the task's record and tells operators; a task that has just ended gives its
 * resources back.
 */
export function applyStatus(
  turn: Turn,
  framework: Framework,
  task: TaskRecord,
  status: TaskStatus,
): void {
  const ended = isTerminal(task.state);
  // `data` may be large and is the framework's alone.
  const { data: _large, ...kept } = status;
  const known = status.uuid !== undefined && task.statuses.some(({ uuid }) => uuid === status.uuid);
  // An agent that came back tells all statuses, and sends those that wait for an acknowledgement
  // again.
  if (!known) {
    if (task.statuses.at(-1)?.state === status.state) task.statuses.pop();
    task.statuses.push(kept);
  }
  if (task.statuses.length > 16) task.statuses.splice(0, task.statuses.length - 16);
  if (!ended) task.state = status.state;
  if (status.uuid !== undefined) {
    task.status_update_state = status.state;
    task.status_update_uuid = status.uuid;
  }
  publishStatus(turn, framework, status, task.state);
  if (ended || !isTerminal(status.state)) return;
  count(turn.state, `master/tasks_${status.state.slice(5).toLowerCase()}`);
  const agent = turn.state.agents.get(task.agent_id.value);
  if (agent !== undefined && framework.tasks.has(task.task_id.value)) {
    takeOutOfUse(turn.state, agent, framework, task.resources);
  }
}

/** Tells operators of a status. */
export function publishStatus(
  turn: Turn,
  framework: Framework,
  status: TaskStatus,
  state: TaskState,
): void {
  publish(turn, () => ({
    type: 'TASK_UPDATED',
    task_updated: { framework_id: { value: framework.id }, status, state },
  }));
}

/**
 * Ends a task with a status of the master's own (unless it has ended already) and moves it to the
 * completed ones.
 */
export function archive(
  turn: Turn,
  framework: Framework,
  task: TaskRecord,
  status: TaskStatus | undefined,
): void {
  if (status !== undefined && !isTerminal(task.state)) applyStatus(turn, framework, task, status);
  framework.tasks.delete(task.task_id.value);
  framework.unreachable.delete(task.task_id.value);
  keep(framework.completed, task, turn.state.options.maxCompletedTasks);
}

/** Sends a status to the framework. */
export function tellStatus(turn: Turn, framework: Framework, status: TaskStatus): void {
  tell(turn, framework, { type: 'UPDATE', update: { status } });
}

/** The state that a framework which does not know partitions is given instead of `state`. */
export function stateFor(framework: Framework, state: TaskState): TaskState {
  if (framework.capabilities.has('PARTITION_AWARE')) return state;
  return state === 'TASK_UNREACHABLE' ||
    state === 'TASK_DROPPED' ||
    state === 'TASK_GONE' ||
    state === 'TASK_GONE_BY_OPERATOR' ||
    state === 'TASK_UNKNOWN'
    ? 'TASK_LOST'
    : state;
}
