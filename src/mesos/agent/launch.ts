/**
 * Orders to run: a task by itself, or a group under an executor. What can't be run here is answered
 * by a status that says why.
 */

import type { MasterOrder } from '../../wire/agent-link.js';
import type { FrameworkInfo } from '../../wire/mesos/scheduler.js';
import type { TaskInfo } from '../../wire/mesos/task.js';
import type { AgentEffect } from './events.js';
import { dropped, type ExecutorLaunch, launchProblem, launchWithin } from './executor/launch.js';
import { endTask } from './kill.js';
import { executorDir, isPathSafe, taskSandbox } from './layout.js';
import { frameworkRecord, groupRecord, maxTaskBytes, persist, taskRecord } from './records.js';
import {
  type AgentState,
  findGroup,
  findTask,
  type GroupRun,
  isLive,
  type TaskRun,
} from './state.js';
import { statusOf } from './status.js';

type Order<Type> = Extract<MasterOrder, { type: Type }>;

/** Runs one task with its own executor, or with the built-in one, whose id is then the task's. */
export function runTask(
  state: AgentState,
  { framework, task: info, launch_executor: mayStart = true }: Order<'RUN_TASK'>,
  now: number,
): AgentEffect[] {
  const frameworkId = framework.id?.value ?? '';
  if (isKnown(state, frameworkId, info)) return [];
  const { executor } = info;
  if (executor !== undefined) {
    const launch = { framework, executor, tasks: [info], isGroup: false, mayStart };
    return runWithin(state, launch, now);
  }
  const executorId = info.task_id.value;
  const containerId = state.random.uuid();
  const task: TaskRun = {
    ...blankRun(state, frameworkId, info, now),
    executorId,
    containerId,
    sandbox: executorDir(state, frameworkId, executorId, containerId),
  };
  const refusal = refusalOf(framework, info);
  if (refusal !== undefined) return refuse(state, framework, task, refusal, now);
  return [...admit(state, framework, [task]), { type: 'Prepare', task, group: undefined }];
}

/** In a custom executor: what can't be run is told. */
function runWithin(state: AgentState, launch: ExecutorLaunch, now: number): AgentEffect[] {
  const { framework, executor, tasks } = launch;
  const refusal = isPathSafe(framework.id?.value ?? '')
    ? launchProblem(launch)
    : 'The framework has no valid ID';
  if (refusal === undefined) {
    const effects = launchWithin(state, launch, now);
    if (effects === undefined) return dropped(state, launch, now);
    return [rememberFramework(state, framework), ...effects];
  }
  return tasks.flatMap((info) => {
    const containerId = state.random.uuid();
    const executorId = executor.executor_id.value;
    const sandbox = executorDir(state, framework.id?.value ?? '', info.task_id.value, containerId);
    const blank = blankRun(state, framework.id?.value ?? '', info, now);
    return refuse(state, framework, { ...blank, executorId, containerId, sandbox }, refusal, now);
  });
}

/**
 * Runs the tasks of a group, all or none, under the built-in default executor, which may run
 * already, or under a custom one.
 */
export function runGroup(
  state: AgentState,
  order: Order<'RUN_TASK_GROUP'>,
  now: number,
): AgentEffect[] {
  const { framework, executor, tasks: infos, launch_executor: mayStart = true } = order;
  const frameworkId = framework.id?.value ?? '';
  if (infos.some((info) => isKnown(state, frameworkId, info))) return [];
  const launch = { framework, executor, tasks: infos, isGroup: true, mayStart };
  if (executor.type !== 'DEFAULT') return runWithin(state, launch, now);
  const executorId = executor.executor_id.value;
  const known = findGroup(state, frameworkId, executorId);
  if (known === undefined && !mayStart) return dropped(state, launch, now);
  const containerId = known?.containerId ?? state.random.uuid();
  const sandbox = known?.sandbox ?? executorDir(state, frameworkId, executorId, containerId);
  const batch = state.random.uuid();
  const tasks = infos.map((info): TaskRun => {
    const own = state.random.uuid();
    return {
      ...blankRun(state, frameworkId, info, now),
      executorId,
      containerId: own,
      parentId: containerId,
      batch,
      sandbox: taskSandbox(sandbox, own),
    };
  });
  const refusal = isPathSafe(executorId)
    ? infos.map((info) => refusalOf(framework, info)).find((text) => text !== undefined)
    : `Executor ID '${executorId}' is invalid`;
  if (refusal !== undefined) {
    return tasks.flatMap(({ parentId: _none, batch: _alone, ...task }) =>
      refuse(state, framework, task, refusal, now),
    );
  }
  const ids = tasks.map((task) => task.containerId);
  const group: GroupRun = known ?? { frameworkId, executor, containerId, sandbox, tasks: [] };
  group.tasks.push(...ids);
  state.groups.set(containerId, group);
  return [
    persist(groupRecord(group)),
    ...admit(state, framework, tasks),
    ...tasks.map((task): AgentEffect => ({ type: 'Prepare', task, group })),
  ];
}

/** The same order twice, after a lost answer, runs one task. */
function isKnown(state: AgentState, frameworkId: string, info: TaskInfo): boolean {
  const known = findTask(state, frameworkId, info.task_id.value);
  return known !== undefined && isLive(known);
}

function blankRun(state: AgentState, frameworkId: string, info: TaskInfo, now: number) {
  return {
    frameworkId,
    info,
    bootId: state.self.bootId,
    phase: 'preparing',
    createdAt: now,
    statuses: [],
    pending: [],
  } satisfies Partial<TaskRun>;
}

function admit(state: AgentState, framework: FrameworkInfo, tasks: TaskRun[]): AgentEffect[] {
  for (const task of tasks) state.tasks.set(task.containerId, task);
  return [rememberFramework(state, framework), persist(...tasks.map(taskRecord))];
}

/** Keeps what is known of a framework, for the next registration and for its capabilities. */
export function rememberFramework(state: AgentState, framework: FrameworkInfo): AgentEffect {
  state.frameworks.set(framework.id?.value ?? '', framework);
  return persist(frameworkRecord(framework));
}

function refuse(
  state: AgentState,
  framework: FrameworkInfo,
  task: Omit<TaskRun, 'parentId'>,
  message: string,
  now: number,
): AgentEffect[] {
  // A task too large for a record is remembered without what makes it large.
  const { name, task_id, agent_id, resources } = task.info;
  const small: TaskRun = {
    ...task,
    info: { name, task_id, agent_id, ...(resources ? { resources } : {}) },
  };
  const status = statusOf(state, small, 'TASK_ERROR', now, {
    message,
    reason: 'REASON_TASK_INVALID',
    source: 'SOURCE_AGENT',
  });
  return [...admit(state, framework, [small]), ...endTask(state, small, status, now)];
}

function refusalOf(framework: FrameworkInfo, info: TaskInfo): string | undefined {
  const taskId = info.task_id.value;
  if (!isPathSafe(taskId)) return `Task ID '${taskId}' is invalid`;
  if (!isPathSafe(framework.id?.value ?? '')) return 'The framework has no valid ID';
  if (info.command === undefined) return 'The task has no command';
  if (info.container?.type === 'DOCKER' || info.container?.mesos !== undefined) {
    return 'Container images are not supported by the agents of a local cluster';
  }
  if (info.command.value === undefined) return 'The command of the task has no value';
  const bytes = Buffer.byteLength(JSON.stringify(info));
  if (bytes > maxTaskBytes) return `The task is larger than ${maxTaskBytes} bytes`;
  return undefined;
}
