/**
 * The executor's decisions: a task is the place of one container on this agent, from the moment
 * that it may be made until it is removed (apache/mesos docs/executor-http-api.md). Pure.
 */
import type { Random } from '../../core/random.js';
import type { TaskInfo, TaskStatus } from '../../wire/mesos/task.js';

/** One task. */
export interface PlaceTask {
  readonly info: TaskInfo;
  readonly taskId: string;
  /** Absent: the task that only keeps this executor here. */
  readonly swarmId: string | undefined;
  /** The container that must be there already. */
  readonly expected: string | undefined;
  containerId: string | undefined;
  /** Told RUNNING. */
  isRunning: boolean;
  /** Ordered to end; its container is being removed. */
  isEnding: boolean;
}

/** What an executor knows. */
export interface ExecutorState {
  readonly executorId: string;
  readonly random: Random;
  /** Live tasks, and those whose first update is not acknowledged. */
  readonly tasks: Map<string, PlaceTask>;
  /** Updates that the agent has not acknowledged, oldest first, by uuid. */
  readonly updates: Map<string, TaskStatus>;
  /** Tasks of which an update was acknowledged. */
  readonly acknowledged: Set<string>;
  hadTasks: boolean;
}

/** A container of ours on the engine. */
export interface OwnContainer {
  readonly swarmId: string;
  readonly containerId: string;
  /** Under which it was made; `undefined` for those of older versions. */
  readonly taskId: string | undefined;
}

/** What happened. */
export type ExecutorInput =
  | { readonly type: 'Launched'; readonly task: TaskInfo }
  | { readonly type: 'KillAsked'; readonly taskId: string }
  | { readonly type: 'Acknowledged'; readonly taskId: string; readonly uuid: string }
  | { readonly type: 'ContainerCreated'; readonly container: OwnContainer }
  | { readonly type: 'ContainerDestroyed'; readonly containerId: string }
  /** All of ours that the engine has, now that it can be asked (again). */
  | { readonly type: 'EngineListed'; readonly containers: readonly OwnContainer[] }
  | { readonly type: 'Removed'; readonly taskId: string };

/** What is to be done. */
export type ExecutorEffect =
  | { readonly type: 'Update'; readonly status: TaskStatus }
  /** List the engine's containers of ours. */
  | { readonly type: 'List' }
  /** Remove every container that the task holds, but no volume; then `Removed`. */
  | { readonly type: 'Remove'; readonly task: PlaceTask }
  /** Nothing is left to be done. */
  | { readonly type: 'Leave' };

/** An executor without tasks. */
export function emptyExecutor(executorId: string, random: Random): ExecutorState {
  const maps = { tasks: new Map(), updates: new Map(), acknowledged: new Set<string>() };
  return { executorId, random, ...maps, hadTasks: false };
}

/** Folds one event. */
export function stepExecutor(
  state: ExecutorState,
  event: ExecutorInput,
  now: number,
): ExecutorEffect[] {
  switch (event.type) {
    case 'Launched':
      return launched(state, event.task, now);
    case 'KillAsked':
      return killed(state, event.taskId, now);
    case 'Acknowledged':
      return acknowledged(state, event.taskId, event.uuid);
    case 'ContainerCreated': {
      const { container } = event;
      const task = [...state.tasks.values()].find((one) => !one.isEnding && holds(one, container));
      return task === undefined ? [] : foundContainer(state, task, container.containerId, now);
    }
    case 'ContainerDestroyed': {
      const { containerId } = event;
      // Two, where an older task of it came back.
      return [...state.tasks.values()]
        .filter((one) => one.containerId === containerId && !one.isEnding)
        .flatMap((task) => ended(state, task, 'TASK_FINISHED', 'the container was removed', now));
    }
    case 'EngineListed':
      return listed(state, event.containers, now);
    case 'Removed': {
      const task = state.tasks.get(event.taskId);
      if (task === undefined) return [];
      return ended(state, task, 'TASK_KILLED', 'the container was removed', now);
    }
  }
}

/**
 * Whether a container is a task's: the one that it took up, or the one that was made under it. One
 * that moved away and back has tasks of the same swarm id side by side, each with its own.
 */
export function holds(
  { taskId, swarmId, expected }: Pick<PlaceTask, 'taskId' | 'swarmId' | 'expected'>,
  container: OwnContainer,
): boolean {
  if (expected !== undefined) return container.containerId === expected;
  const madeUnder = container.taskId ?? taskId;
  return container.swarmId === swarmId && madeUnder === taskId;
}

function launched(state: ExecutorState, info: TaskInfo, now: number): ExecutorEffect[] {
  const label = (name: string): string | undefined =>
    info.labels?.labels?.find(({ key }) => key === name)?.value;
  const taskId = info.task_id.value;
  if (state.tasks.has(taskId)) return [];
  const task: PlaceTask = {
    info,
    taskId,
    swarmId: label('DCOS_SWARM_ID'),
    expected: label('SWARM_CONTAINER_ID'),
    containerId: undefined,
    isRunning: false,
    isEnding: false,
  };
  state.tasks.set(taskId, task);
  state.hadTasks = true;
  if (task.swarmId === undefined) {
    task.isRunning = true;
    return [update(state, task, { state: 'TASK_RUNNING' }, now)];
  }
  const starting = update(state, task, { state: 'TASK_STARTING' }, now);
  return task.expected === undefined ? [starting] : [starting, { type: 'List' }];
}

function killed(state: ExecutorState, taskId: string, now: number): ExecutorEffect[] {
  const task = state.tasks.get(taskId);
  if (task === undefined || task.isEnding) return [];
  if (task.swarmId === undefined) return ended(state, task, 'TASK_KILLED', 'as asked', now);
  task.isEnding = true;
  return [{ type: 'Remove', task }];
}

function acknowledged(state: ExecutorState, taskId: string, uuid: string): ExecutorEffect[] {
  state.updates.delete(uuid);
  if (state.tasks.has(taskId)) state.acknowledged.add(taskId);
  return leaveIfDone(state);
}

/** With its last task told, nobody needs it: a new one comes with the next task. */
function leaveIfDone(state: ExecutorState): ExecutorEffect[] {
  const isDone = state.hadTasks && state.tasks.size === 0 && state.updates.size === 0;
  return isDone ? [{ type: 'Leave' }] : [];
}

function foundContainer(
  state: ExecutorState,
  task: PlaceTask,
  containerId: string,
  now: number,
): ExecutorEffect[] {
  task.containerId = containerId;
  if (task.isRunning) return [];
  task.isRunning = true;
  const data = Buffer.from(JSON.stringify({ containerId })).toString('base64');
  return [update(state, task, { state: 'TASK_RUNNING', data }, now)];
}

function listed(
  state: ExecutorState,
  containers: readonly OwnContainer[],
  now: number,
): ExecutorEffect[] {
  const effects: ExecutorEffect[] = [];
  for (const task of [...state.tasks.values()]) {
    if (task.swarmId === undefined || task.isEnding) continue;
    const wanted = task.containerId ?? task.expected;
    const here = containers.find((one) =>
      wanted === undefined ? holds(task, one) : one.containerId === wanted,
    );
    if (here !== undefined) effects.push(...foundContainer(state, task, here.containerId, now));
    else if (wanted !== undefined) {
      effects.push(
        ...ended(state, task, 'TASK_FINISHED', 'the container is not there any more', now),
      );
    }
  }
  return effects;
}

function ended(
  state: ExecutorState,
  task: PlaceTask,
  word: 'TASK_FINISHED' | 'TASK_KILLED',
  message: string,
  now: number,
): ExecutorEffect[] {
  state.tasks.delete(task.taskId);
  state.acknowledged.delete(task.taskId);
  return [update(state, task, { state: word, message }, now)];
}

function update(
  state: ExecutorState,
  { info }: PlaceTask,
  what: Pick<TaskStatus, 'state' | 'message' | 'data'>,
  now: number,
): ExecutorEffect {
  const uuid = Buffer.from(state.random.uuid().replaceAll('-', ''), 'hex').toString('base64');
  const status: TaskStatus = {
    task_id: info.task_id,
    executor_id: { value: state.executorId },
    source: 'SOURCE_EXECUTOR',
    timestamp: now / 1000,
    uuid,
    ...what,
  };
  state.updates.set(uuid, status);
  return { type: 'Update', status };
}

/** What a new subscription tells the agent. */
export function subscriptionOf(state: ExecutorState): {
  readonly unacknowledged_tasks: TaskInfo[];
  readonly unacknowledged_updates: { readonly status: TaskStatus }[];
} {
  const tasks = [...state.tasks.values()].filter(({ taskId }) => !state.acknowledged.has(taskId));
  return {
    unacknowledged_tasks: tasks.map(({ info }) => info),
    unacknowledged_updates: [...state.updates.values()].map((status) => ({ status })),
  };
}
