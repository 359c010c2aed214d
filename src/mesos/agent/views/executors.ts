/**
 * Executors as Mesos has them: custom ones, one per command task, one for all groups of a default
 * executor, though only the first are processes.
 */
import type { Resource } from '../../../wire/mesos/common.js';
import type { ExecutorInfo } from '../../../wire/mesos/task.js';
import {
  type AgentState,
  type ExecutorRun,
  isCommandTask,
  isLive,
  type TaskRun,
  tasksWithin,
} from '../state.js';

/** One run of an executor. */
export interface ExecutorView {
  readonly frameworkId: string;
  readonly executorId: string;
  readonly name: string;
  /** Absent for the one of a command task. */
  readonly type?: 'DEFAULT' | 'CUSTOM';
  /** Of a command task alone. */
  readonly source: string;
  readonly containerId: string;
  readonly sandbox: string;
  readonly live: boolean;
  readonly tasks: readonly TaskRun[];
  /** Of the executor and its live tasks. */
  readonly resources: readonly Resource[];
  readonly info: ExecutorInfo;
  /** Supervisors: its own, or those of its live tasks. */
  readonly pids: readonly number[];
}

/** All runs whose sandbox is still there, newest first. */
export function executorsOf(state: AgentState): ExecutorView[] {
  const views: ExecutorView[] = [];
  for (const group of state.groups.values()) {
    const tasks = group.tasks.flatMap((id) => state.tasks.get(id) ?? []);
    const own = group.executor.resources ?? [];
    views.push({
      frameworkId: group.frameworkId,
      executorId: group.executor.executor_id.value,
      name: group.executor.name ?? '',
      type: 'DEFAULT',
      source: '',
      containerId: group.containerId,
      sandbox: group.sandbox,
      live: group.endedAt === undefined,
      tasks,
      resources: [...own, ...resourcesOf(tasks)],
      info: { ...group.executor, framework_id: { value: group.frameworkId } },
      pids: pidsOf(tasks),
    });
  }
  for (const run of state.executors.values()) views.push(customExecutor(state, run));
  for (const task of state.tasks.values()) {
    if (isCommandTask(task)) views.push(commandExecutor(task));
  }
  return views.reverse();
}

function customExecutor(state: AgentState, run: ExecutorRun): ExecutorView {
  const { executor, pid } = run;
  const tasks = tasksWithin(state, run);
  const live = run.phase !== 'ended';
  return {
    frameworkId: run.frameworkId,
    executorId: executor.executor_id.value,
    name: executor.name ?? '',
    type: 'CUSTOM',
    source: String(executor.source ?? ''),
    containerId: run.containerId,
    sandbox: run.sandbox,
    live,
    tasks,
    resources: [...(executor.resources ?? []), ...resourcesOf(tasks)],
    info: withoutEnvironment(executor),
    pids: live && pid !== undefined ? [pid] : [],
  };
}

/** What is shown to everybody holds no secrets. */
function withoutEnvironment(executor: ExecutorInfo): ExecutorInfo {
  if (executor.command === undefined) return executor;
  const { environment: _environment, ...command } = executor.command;
  return { ...executor, command };
}

function commandExecutor(task: TaskRun): ExecutorView {
  const name = `Command Executor (Task: ${task.executorId}) (Command: ${commandText(task)})`;
  const resources = task.info.resources ?? [];
  return {
    frameworkId: task.frameworkId,
    executorId: task.executorId,
    name,
    source: task.executorId,
    containerId: task.containerId,
    sandbox: task.sandbox,
    live: isLive(task),
    tasks: [task],
    resources,
    info: {
      executor_id: { value: task.executorId },
      framework_id: { value: task.frameworkId },
      resources: [...resources],
      name,
      source: task.executorId,
    },
    pids: pidsOf([task]),
  };
}

/** As Mesos shortens it: 15 characters at most. */
function commandText(task: TaskRun): string {
  const { value = '', shell = true, arguments: words = [] } = task.info.command ?? {};
  const short = value.length > 15 ? `${value.slice(0, 12)}...` : value;
  return shell ? `sh -c '${short}'` : `[${[short, ...words.slice(1)].join(', ')}]`.slice(0, 80);
}

function resourcesOf(tasks: readonly TaskRun[]): Resource[] {
  return tasks.filter(isLive).flatMap((task) => task.info.resources ?? []);
}

function pidsOf(tasks: readonly TaskRun[]): number[] {
  return tasks.flatMap((task) => (isLive(task) && task.pid !== undefined ? [task.pid] : []));
}

/** The role that the executor's resources are allocated to. */
export function roleOf(resources: readonly Resource[]): string {
  return resources.find((each) => each.allocation_info?.role)?.allocation_info?.role ?? '*';
}
