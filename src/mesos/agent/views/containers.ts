/**
 * `/containers`, `/monitor/statistics` and their v1 forms (recordings: agent/a1_containers,
 * GET_CONTAINERS_nested).
 */
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

/** GET_CONTAINERS. */
export function containersV1(
  state: AgentState,
  measure: Measure,
  now: number,
  nested: boolean,
): Record<string, unknown> {
  const containers = liveExecutors(state).flatMap((executor) => [
    {
      framework_id: { value: executor.frameworkId },
      executor_id: { value: executor.executorId },
      executor_name: executor.name,
      container_id: { value: executor.containerId },
      container_status: containerStatus(executor),
      resource_statistics: statistics(executor, measure, now),
    },
    ...(nested ? executor.tasks.filter(isNested).map(nestedView) : []),
  ]);
  return containers.length > 0 ? { containers } : {};
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

function nestedView(task: TaskRun): Record<string, unknown> {
  const container_id = { value: task.containerId, parent: { value: task.parentId } };
  const pid = task.pid === undefined ? {} : { executor_pid: task.pid };
  return { container_id, container_status: { container_id, ...pid } };
}
