/**
 * `/containers`, `/monitor/statistics` and their v1 forms (recordings: agent/a1_containers,
 * GET_CONTAINERS_nested).
 */
import type { ContainerId } from '../../../wire/mesos/process-io.js';
import { scalarsOf } from '../../../wire/resources/pool.js';
import { type AgentState, isLive, type TaskRun } from '../state.js';
import { type ExecutorView, executorsOf } from './executors.js';

/** What the processes of one container have used, as the process table tells. */
export interface Usage {
  readonly userSeconds: number;
  readonly systemSeconds: number;
  readonly residentBytes: number;
  readonly processes: number;
}

/** Measures the sessions that these supervisors lead. */
export type Measure = (supervisors: readonly number[]) => Usage;

/** A container without an executor: a nested or a standalone one. */
export interface InnerContainer {
  readonly id: ContainerId;
  readonly pid: number | undefined;
}

function statistics(executor: ExecutorView, measure: Measure, now: number): Record<string, number> {
  const { cpus, mem } = scalarsOf(executor.resources);
  const usage = measure(executor.pids);
  const limitBytes = (mem / 1000) * 1024 * 1024;
  return {
    timestamp: now / 1000,
    processes: usage.processes,
    cpus_user_time_secs: usage.userSeconds,
    cpus_system_time_secs: usage.systemSeconds,
    cpus_soft_limit: cpus / 1000,
    mem_limit_bytes: limitBytes,
    mem_soft_limit_bytes: limitBytes,
    mem_rss_bytes: usage.residentBytes,
  };
}

function liveExecutors(state: AgentState): ExecutorView[] {
  return executorsOf(state).filter(({ live }) => live);
}

/** `/monitor/statistics`. */
export function statisticsView(state: AgentState, measure: Measure, now: number): unknown[] {
  return liveExecutors(state).map((executor) => ({
    executor_id: executor.executorId,
    executor_name: executor.name,
    framework_id: executor.frameworkId,
    source: executor.source,
    statistics: statistics(executor, measure, now),
  }));
}

/** `/containers`. */
export function containersView(state: AgentState, measure: Measure, now: number): unknown[] {
  return liveExecutors(state).map((executor) => ({
    container_id: executor.containerId,
    executor_id: executor.executorId,
    executor_name: executor.name,
    framework_id: executor.frameworkId,
    source: executor.source,
    statistics: statistics(executor, measure, now),
    status: containerStatus(executor),
  }));
}

/** GET_CONTAINERS; `undefined` where there are none, which Mesos then does not say either. */
export function containersV1(
  state: AgentState,
  measure: Measure,
  now: number,
  inside: readonly InnerContainer[],
  showNested: boolean,
): Record<string, unknown> | undefined {
  const containers: unknown[] = liveExecutors(state).flatMap((executor): unknown[] => [
    {
      framework_id: { value: executor.frameworkId },
      executor_id: { value: executor.executorId },
      executor_name: executor.name,
      container_id: { value: executor.containerId },
      container_status: containerStatus(executor),
      resource_statistics: statistics(executor, measure, now),
    },
    ...(showNested ? executor.tasks.filter(isNested).map((task) => taskView(task, now)) : []),
  ]);
  for (const container of inside) containers.push(innerView(container, now));
  return containers.length > 0 ? { containers } : undefined;
}

function containerStatus(executor: ExecutorView): Record<string, unknown> {
  const [pid] = executor.pids;
  return {
    container_id: { value: executor.containerId },
    ...(pid === undefined ? {} : { executor_pid: pid }),
  };
}

function isNested(task: TaskRun): boolean {
  return task.parentId !== undefined && isLive(task);
}

function taskView(task: TaskRun, now: number): Record<string, unknown> {
  const { containerId, parentId = '', pid } = task;
  return innerView({ id: { value: containerId, parent: { value: parentId } }, pid }, now);
}

/** Mesos names the whole container only in its status (recordings: agent/GET_CONTAINERS_nested). */
function innerView({ id, pid }: InnerContainer, now: number): Record<string, unknown> {
  return {
    container_id: { value: id.value },
    container_status: { container_id: id, ...(pid === undefined ? {} : { executor_pid: pid }) },
    resource_statistics: { timestamp: now / 1000 },
  };
}
