/**
 * LAUNCH and LAUNCH_GROUP: tasks are checked against what is left of the offers, recorded, and
 * sent to their agent.
 */

import type { Resource } from '../../wire/mesos/common.js';
import type { OfferOperation } from '../../wire/mesos/scheduler.js';
import type { ExecutorInfo, TaskInfo, TaskStatus } from '../../wire/mesos/task.js';
import {
  allocatedTo,
  contains,
  exclusive,
  normalize,
  poolOf,
  resourcesOf,
  subtract,
  unallocated,
} from '../../wire/resources/pool.js';
import type { Acceptance } from './accept.js';
import { count, order, publish, type Turn } from './events.js';
import { bareExecutor, isSameExecutor } from './executors.js';
import { putIntoUse } from './holdings.js';
import { executorKey } from './keys.js';
import { amountProblem, resourcesText, upgraded } from './resources.js';
import type { TaskRecord } from './state.js';
import { idProblem, wishProblem } from './task-problems.js';
import { mastersStatus, taskRecord, tellStatus } from './tasks.js';

type Group = Extract<OfferOperation, { type: 'LAUNCH_GROUP' }>['launch_group'];

/** Launches one task, or tells the framework with TASK_ERROR why not. */
export function launchTask(turn: Turn, acceptance: Acceptance, given: TaskInfo): void {
  const { framework, agent, role } = acceptance;
  const info: TaskInfo = { ...typed(given), resources: inRole(role, given.resources) };
  if (given.executor !== undefined) info.executor = completed(acceptance, given.executor);
  const newExecutor = executorToStart(acceptance, info.executor);
  const problem =
    taskProblem(acceptance, info) ??
    commandProblem(info) ??
    (info.executor && executorProblem(acceptance, info.executor));
  const needed = [...(info.resources ?? []), ...(newExecutor?.resources ?? [])];
  const refusal = problem ?? shortage(acceptance, needed, 'task and its executor is');
  if (refusal !== undefined) {
    refuseTask(turn, acceptance, info, 'REASON_TASK_INVALID', refusal);
    return;
  }
  if (newExecutor !== undefined) startExecutor(acceptance, newExecutor);
  admitTask(turn, acceptance, info, info.executor?.executor_id.value);
  const launch_executor = info.executor === undefined || newExecutor !== undefined;
  order(turn, agent, { type: 'RUN_TASK', framework: framework.info, task: info, launch_executor });
}

/** Launches all tasks of the group, or none. */
export function launchGroup(turn: Turn, acceptance: Acceptance, group: Group): void {
  const { framework, agent, role } = acceptance;
  const executor = completed(acceptance, group.executor);
  const tasks = group.task_group.tasks.map((task) => ({
    ...typed(task),
    resources: inRole(role, task.resources),
  }));
  const newExecutor = executorToStart(acceptance, executor);
  const needed = [...tasks.flatMap((task) => task.resources), ...(newExecutor?.resources ?? [])];
  const problem =
    groupProblem(acceptance, executor, tasks) ??
    shortage(acceptance, needed, 'task group and its executor are');
  if (problem !== undefined) {
    for (const task of tasks) {
      refuseTask(turn, acceptance, task, 'REASON_TASK_GROUP_INVALID', problem);
    }
    return;
  }
  if (newExecutor !== undefined) startExecutor(acceptance, newExecutor);
  for (const task of tasks) admitTask(turn, acceptance, task, executor.executor_id.value);
  const launch_executor = newExecutor !== undefined;
  const run = { framework: framework.info, executor, tasks, launch_executor };
  order(turn, agent, { type: 'RUN_TASK_GROUP', ...run });
}

function groupProblem(
  acceptance: Acceptance,
  executor: ExecutorInfo,
  tasks: readonly TaskInfo[],
): string | undefined {
  if (tasks.length === 0) return 'Task group cannot be empty';
  const ids = new Set(tasks.map((task) => task.task_id.value));
  if (ids.size < tasks.length) return 'Task group contains duplicate task IDs';
  const problem = executorProblem(acceptance, executor);
  if (problem !== undefined) return problem;
  for (const task of tasks) {
    const own = taskProblem(acceptance, task);
    if (own !== undefined) return `Task '${task.task_id.value}' is invalid: ${own}`;
    if (task.executor !== undefined) {
      return `Task '${task.task_id.value}' is invalid: 'TaskInfo.executor' must not be set`;
    }
  }
  return undefined;
}

/** In Mesos' words and order (apache/mesos src/master/validation.cpp, namespace task). */
function taskProblem({ framework, agent }: Acceptance, info: TaskInfo): string | undefined {
  const id = info.task_id.value;
  const named = idProblem(id);
  if (named !== undefined) return named;
  if (framework.tasks.has(id)) return `Task has duplicate ID: ${id}`;
  if (framework.unreachable.has(id)) return `Task reuses the ID of an unreachable task: ${id}`;
  if (info.agent_id.value !== agent.id) {
    return `Task uses invalid agent ${info.agent_id.value} while agent ${agent.id} is expected`;
  }
  const wish = wishProblem(info);
  if (wish !== undefined) return wish;
  const resources = info.resources ?? [];
  if (resources.length === 0) return 'Task uses no resources';
  const bare = unallocated(resources);
  return bare.map((one) => amountProblem(one, 0)).find((problem) => problem !== undefined);
}

function commandProblem(info: TaskInfo): string | undefined {
  return (info.executor === undefined) === (info.command === undefined)
    ? 'Task should have at least one (but not both) of CommandInfo or ExecutorInfo present'
    : undefined;
}

/** In Mesos' words (src/master/validation.cpp, namespace executor). */
function executorProblem(
  { framework, agent }: Acceptance,
  executor: ExecutorInfo,
): string | undefined {
  const id = executor.executor_id.value;
  const named = idProblem(id);
  if (named !== undefined) return named;
  if (executor.type === 'DEFAULT') {
    if (executor.command !== undefined) {
      return "'ExecutorInfo.command' must not be set for 'DEFAULT' executor";
    }
  } else if (executor.command === undefined) {
    return "'ExecutorInfo.command' must be set for 'CUSTOM' executor";
  }
  if (executor.framework_id?.value !== framework.id) {
    const ids = `(Actual: ${executor.framework_id?.value ?? ''} vs Expected: ${framework.id})`;
    return `ExecutorInfo has an invalid FrameworkID ${ids}`;
  }
  if ((executor.shutdown_grace_period?.nanoseconds ?? 0) < 0) {
    return "ExecutorInfo's 'shutdown_grace_period' must be non-negative";
  }
  const running = framework.executors.get(executorKey(agent.id, id));
  if (running === undefined || isSameExecutor(running.info, executor)) return undefined;
  const line = '-'.repeat(60);
  return [
    'ExecutorInfo is not compatible with existing ExecutorInfo with same ExecutorID.',
    line,
    `Existing ExecutorInfo:\n${JSON.stringify(running.info)}`,
    line,
    `ExecutorInfo:\n${JSON.stringify(bareExecutor(executor))}`,
    `${line}\n`,
  ].join('\n');
}

function shortage(
  { left }: Acceptance,
  needed: readonly Resource[],
  whose: string,
): string | undefined {
  if (contains(left, needed)) return undefined;
  const available = resourcesText(resourcesOf(left));
  const required = resourcesText(resourcesOf(poolOf(needed)));
  return `Total resources ${required} required by ${whose} more than available ${available}`;
}

/** A health check that names no type is one by what it has. */
function typed(info: TaskInfo): TaskInfo {
  const check = info.health_check;
  if (check === undefined || check.type !== undefined) return info;
  const byCommand = check.command !== undefined;
  if (byCommand === (check.http !== undefined)) return info;
  return { ...info, health_check: { ...check, type: byCommand ? 'COMMAND' : 'HTTP' } };
}

function inRole(role: string, resources: readonly Resource[] | undefined): Resource[] {
  return (resources ?? []).map((given) => {
    const resource = normalize(upgraded(given));
    if (resource.allocation_info?.role !== undefined) return resource;
    return allocatedTo(role, [resource])[0] ?? resource;
  });
}

function completed({ framework, role }: Acceptance, executor: ExecutorInfo): ExecutorInfo {
  return {
    ...executor,
    framework_id: executor.framework_id ?? { value: framework.id },
    resources: inRole(role, executor.resources),
  };
}

/** The executor, if it does not run on this agent yet. */
function executorToStart(
  { framework, agent }: Acceptance,
  executor: ExecutorInfo | undefined,
): ExecutorInfo | undefined {
  if (executor === undefined) return undefined;
  const running = framework.executors.has(executorKey(agent.id, executor.executor_id.value));
  return running ? undefined : executor;
}

function startExecutor({ framework, agent, left }: Acceptance, info: ExecutorInfo): void {
  const resources = info.resources ?? [];
  subtract(left, exclusive(resources));
  putIntoUse(agent, framework, resources);
  const key = executorKey(agent.id, info.executor_id.value);
  framework.executors.set(key, { agentId: agent.id, info: bareExecutor(info) });
}

function admitTask(
  turn: Turn,
  { framework, agent, role, left }: Acceptance,
  info: TaskInfo,
  executorId: string | undefined,
): void {
  const task: TaskRecord = taskRecord(framework.id, info, executorId, role);
  subtract(left, exclusive(task.resources));
  putIntoUse(agent, framework, task.resources);
  framework.tasks.set(task.task_id.value, task);
  count(turn.state, 'master/messages_launch_tasks');
  publish(turn, () => ({ type: 'TASK_ADDED', task_added: { task: { ...task } } }));
}

function refuseTask(
  turn: Turn,
  { framework }: Acceptance,
  info: TaskInfo,
  reason: string,
  message: string,
): void {
  const status: TaskStatus = mastersStatus(turn, info, 'TASK_ERROR', { message, reason });
  count(turn.state, 'master/tasks_error');
  tellStatus(turn, framework, status);
}
