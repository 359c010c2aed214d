/** Orders to run tasks in a custom executor: one that runs already, or a new one. */
import type { FrameworkInfo } from '../../../wire/mesos/scheduler.js';
import type { ExecutorInfo, TaskInfo, TaskStatus } from '../../../wire/mesos/task.js';
import type { AgentEffect } from '../events.js';
import { executorDir, isPathSafe } from '../layout.js';
import { executorRecord, maxTaskBytes, persist, taskRecord } from '../records.js';
import { type AgentState, type ExecutorRun, liveExecutors, type TaskRun } from '../state.js';

/** What is to be run, as it was ordered. */
export interface ExecutorLaunch {
  readonly framework: FrameworkInfo;
  readonly executor: ExecutorInfo;
  readonly tasks: readonly TaskInfo[];
  /** Given to the executor together, as LAUNCH_GROUP. */
  readonly isGroup: boolean;
  /** False: only to an executor that runs already. */
  readonly mayStart: boolean;
}

/** The custom executor of that id that may still take tasks. */
export function findExecutor(
  state: AgentState,
  frameworkId: string,
  executorId: string,
): ExecutorRun | undefined {
  return liveExecutors(state).find(
    (run) => run.frameworkId === frameworkId && run.executor.executor_id.value === executorId,
  );
}

/** Why these tasks can't be run here. */
export function launchProblem({ executor, tasks }: ExecutorLaunch): string | undefined {
  const executorId = executor.executor_id.value;
  if (!isPathSafe(executorId)) return `Executor ID '${executorId}' is invalid`;
  if (executor.command?.value === undefined) return 'The command of the executor has no value';
  const containers = [executor.container, ...tasks.map((task) => task.container)];
  if (containers.some((each) => each?.type === 'DOCKER' || each?.mesos !== undefined)) {
    return 'Container images are not supported by the agents of a local cluster';
  }
  for (const task of tasks) {
    const taskId = task.task_id.value;
    if (!isPathSafe(taskId)) return `Task ID '${taskId}' is invalid`;
    const bytes = Buffer.byteLength(JSON.stringify(task));
    if (bytes > maxTaskBytes) return `The task is larger than ${maxTaskBytes} bytes`;
  }
  return undefined;
}

/**
 * Queues the tasks for their executor, which is started if it does not run; `undefined` where it is
 * not there and may not be started.
 */
export function launchWithin(
  state: AgentState,
  launch: ExecutorLaunch,
  now: number,
): AgentEffect[] | undefined {
  const frameworkId = launch.framework.id?.value ?? '';
  const known = findExecutor(state, frameworkId, launch.executor.executor_id.value);
  const usable = known !== undefined && known.shutdown === undefined;
  if (!usable && !launch.mayStart) return undefined;
  const run = usable ? known : newRun(state, frameworkId, launch.executor, now);
  const batch = launch.isGroup ? { batch: state.random.uuid() } : {};
  const tasks = launch.tasks.map(
    (info): TaskRun => ({
      frameworkId,
      executorId: run.executor.executor_id.value,
      info,
      containerId: state.random.uuid(),
      within: run.containerId,
      ...batch,
      sandbox: run.sandbox,
      bootId: state.self.bootId,
      phase: 'preparing',
      createdAt: now,
      statuses: [],
      pending: [],
    }),
  );
  for (const task of tasks) state.tasks.set(task.containerId, task);
  return [
    persist(executorRecord(run), ...tasks.map(taskRecord)),
    ...(usable ? [] : [{ type: 'PrepareExecutor', run } as const]),
    // Volumes come into a sandbox that is there.
    ...(run.phase === 'preparing' ? [] : prepareTasks(tasks)),
  ];
}

/** Brings what the tasks need into the sandbox of their executor. */
export function prepareTasks(tasks: readonly TaskRun[]): AgentEffect[] {
  return tasks.map((task): AgentEffect => ({ type: 'PrepareWithin', task }));
}

function newRun(
  state: AgentState,
  frameworkId: string,
  executor: ExecutorInfo,
  now: number,
): ExecutorRun {
  const containerId = state.random.uuid();
  const executorId = executor.executor_id.value;
  const run: ExecutorRun = {
    frameworkId,
    executor: { ...executor, framework_id: { value: frameworkId } },
    containerId,
    sandbox: executorDir(state, frameworkId, executorId, containerId),
    bootId: state.self.bootId,
    phase: 'preparing',
    createdAt: now,
  };
  state.executors.set(containerId, run);
  return run;
}

/** The tasks came for an executor that is gone: nothing of theirs is kept here. */
export function dropped(
  state: AgentState,
  { framework, executor, tasks }: ExecutorLaunch,
  now: number,
): AgentEffect[] {
  const aware = framework.capabilities?.some(({ type }) => type === 'PARTITION_AWARE') === true;
  const framework_id = { value: framework.id?.value ?? '' };
  return tasks.map((task): AgentEffect => {
    const status: TaskStatus = {
      task_id: task.task_id,
      state: aware ? 'TASK_DROPPED' : 'TASK_LOST',
      message: 'No executor is expected to launch and there is none running',
      source: 'SOURCE_AGENT',
      reason: 'REASON_EXECUTOR_TERMINATED',
      agent_id: { value: state.agentId ?? task.agent_id.value },
      executor_id: executor.executor_id,
      timestamp: now / 1000,
    };
    return { type: 'Send', message: { type: 'UPDATE', framework_id, status } };
  });
}
