/**
 * Orders to run: a task by itself, or a group under an executor. What can't be run here is answered
 * by a status that says why.
 */

import type { FrameworkInfo } from '../../wire/mesos/scheduler.js';
import type { ExecutorInfo, TaskInfo } from '../../wire/mesos/task.js';
import type { AgentEffect } from './events.js';
import { endTask } from './kill.js';
import { executorDir, isPathSafe, taskSandbox } from './layout.js';
import { frameworkRecord, groupRecord, maxTaskBytes, persist, taskRecord } from './records.js';
import { type AgentState, findTask, type GroupRun, isLive, type TaskRun } from './state.js';
import { statusOf } from './status.js';

/** Runs one task with the built-in command executor, whose id is the task's. */
export function runTask(
  state: AgentState,
  framework: FrameworkInfo,
  info: TaskInfo,
  now: number,
): AgentEffect[] {
  const frameworkId = framework.id?.value ?? '';
  if (isKnown(state, frameworkId, info)) return [];
  const executorId = info.task_id.value;
  const containerId = state.random.uuid();
  const task: TaskRun = {
    ...blankRun(state, frameworkId, info, now),
    executorId,
    containerId,
    sandbox: executorDir(state, frameworkId, executorId, containerId),
  };
  const refusal = refusalOf(framework, info, true);
  if (refusal !== undefined) return refuse(state, framework, task, refusal, now);
  return [...admit(state, framework, [task]), { type: 'Prepare', task, group: undefined }];
}

/** Runs the tasks of a group, all or none, under the built-in default executor. */
export function runGroup(
  state: AgentState,
  framework: FrameworkInfo,
  executor: ExecutorInfo,
  infos: readonly TaskInfo[],
  now: number,
): AgentEffect[] {
  const frameworkId = framework.id?.value ?? '';
  if (infos.some((info) => isKnown(state, frameworkId, info))) return [];
  const executorId = executor.executor_id.value;
  const containerId = state.random.uuid();
  const sandbox = executorDir(state, frameworkId, executorId, containerId);
  const tasks = infos.map((info): TaskRun => {
    const own = state.random.uuid();
    return {
      ...blankRun(state, frameworkId, info, now),
      executorId,
      containerId: own,
      parentId: containerId,
      sandbox: taskSandbox(sandbox, own),
    };
  });
  const refusal = isPathSafe(executorId)
    ? infos.map((info) => refusalOf(framework, info, false)).find((text) => text !== undefined)
    : `Executor ID '${executorId}' is invalid`;
  if (refusal !== undefined) {
    return tasks.flatMap(({ parentId: _none, ...task }) =>
      refuse(state, framework, task, refusal, now),
    );
  }
  const ids = tasks.map((task) => task.containerId);
  const group: GroupRun = { frameworkId, executor, containerId, sandbox, tasks: ids };
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

function refusalOf(framework: FrameworkInfo, info: TaskInfo, alone: boolean): string | undefined {
  const taskId = info.task_id.value;
  if (!isPathSafe(taskId)) return `Task ID '${taskId}' is invalid`;
  if (!isPathSafe(framework.id?.value ?? '')) return 'The framework has no valid ID';
  if (alone && info.executor !== undefined) {
    return 'Custom executors are not supported by the agents of a local cluster';
  }
  if (info.command === undefined) return 'The task has no command';
  if (info.container?.type === 'DOCKER' || info.container?.mesos !== undefined) {
    return 'Container images are not supported by the agents of a local cluster';
  }
  if (info.command.value === undefined) return 'The command of the task has no value';
  const bytes = Buffer.byteLength(JSON.stringify(info));
  if (bytes > maxTaskBytes) return `The task is larger than ${maxTaskBytes} bytes`;
  return undefined;
}
