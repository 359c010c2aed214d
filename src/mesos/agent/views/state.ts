/**
 * `/state`, `/flags`, `/version` and `/metrics/snapshot` (recordings: agent/a1_state, a2_flags,
 * a1_metrics_snapshot).
 */
import type { TaskStatus } from '../../../wire/mesos/task.js';
import { agentCapabilities, mesosVersion } from '../../../wire/mesos/version.js';
import { resourcesOf, scalarsOf } from '../../../wire/resources/pool.js';
import type { SystemMetrics } from '../../shell/system.js';
import { type AgentState, isCommandTask, isLive, type TaskRun, usedResources } from '../state.js';
import { type ExecutorView, executorsOf, roleOf } from './executors.js';
import { fullOf, mapRoles, reservedByRole, sumsOf, unreserved } from './resources.js';

/** What the program says of its build; Mesos' field names. */
export function versionView(state: AgentState): Record<string, unknown> {
  return {
    version: mesosVersion,
    git_sha: `dcos-${state.self.version}`,
    git_branch: 'dcos',
    build_date: new Date(0).toISOString().slice(0, 19).replace('T', ' '),
    build_time: 0,
    build_user: '',
  };
}

/** The settings that clients look at, as Mesos' flags. */
export function flagsView({ self }: AgentState): Record<string, string> {
  const { rack, host, port, workDir, nodeVersion } = self;
  return {
    attributes: `rack:${rack};node:${nodeVersion};os:linux`,
    authenticate_http_readonly: 'true',
    authenticate_http_readwrite: 'true',
    containerizers: 'mesos',
    domain: JSON.stringify({ fault_domain: { region: { name: 'local' }, zone: { name: rack } } }),
    hostname: host,
    ip: host,
    isolation: 'posix/cpu,posix/mem,filesystem/posix',
    launcher: 'posix',
    port: String(port),
    switch_user: 'false',
    work_dir: workDir,
  };
}

/** All of the agent. */
export function stateView(state: AgentState): Record<string, unknown> {
  const { self } = state;
  const total = resourcesOf(state.resources);
  const used = usedResources(state);
  const reserved = reservedByRole(total);
  const frameworks = frameworksView(state);
  return {
    ...versionView(state),
    start_time: self.startTime,
    id: state.agentId ?? '',
    pid: `slave(1)@${self.host}:${self.port}`,
    hostname: self.host,
    capabilities: agentCapabilities,
    domain: { fault_domain: { region: { name: 'local' }, zone: { name: self.rack } } },
    resources: sumsOf(total),
    reserved_resources: mapRoles(reserved, sumsOf),
    unreserved_resources: sumsOf(unreserved(total)),
    reserved_resources_full: mapRoles(reserved, (list) => list.map(fullOf)),
    unreserved_resources_full: unreserved(total).map(fullOf),
    reserved_resources_allocated: mapRoles(reservedByRole(used), sumsOf),
    unreserved_resources_allocated: sumsOf(unreserved(used)),
    resource_providers: [],
    attributes: { rack: self.rack, node: self.nodeVersion, os: 'linux' },
    master_hostname: self.masterHost,
    flags: flagsView(state),
    ...frameworks,
  };
}

function frameworksView(state: AgentState): Record<string, unknown> {
  const executors = executorsOf(state);
  const live: unknown[] = [];
  const completed: unknown[] = [];
  for (const [id, framework] of state.frameworks) {
    const own = executors.filter((executor) => executor.frameworkId === id);
    const running = own.filter((executor) => executor.live);
    (running.length > 0 ? live : completed).push({
      id,
      name: framework.name,
      user: framework.user,
      ...(framework.principal === undefined ? {} : { principal: framework.principal }),
      failover_timeout: framework.failover_timeout ?? 0,
      checkpoint: framework.checkpoint ?? false,
      hostname: framework.hostname ?? '',
      ...(framework.roles ? { roles: framework.roles } : { role: framework.role ?? '*' }),
      executors: running.map((executor) => executorView(state, executor)),
      completed_executors: own
        .filter((executor) => !executor.live)
        .map((executor) => executorView(state, executor)),
    });
  }
  return { frameworks: live, completed_frameworks: completed };
}

function executorView(state: AgentState, executor: ExecutorView): Record<string, unknown> {
  const tasks = executor.tasks.map((task) => ({ task, view: taskView(state, task) }));
  const inPhase = (holds: (task: TaskRun) => boolean): unknown[] =>
    tasks.filter(({ task }) => holds(task)).map(({ view }) => view);
  const isQueued = (task: TaskRun): boolean => isLive(task) && task.statuses.length === 0;
  return {
    id: executor.executorId,
    name: executor.name,
    source: executor.source,
    container: executor.containerId,
    directory: executor.sandbox,
    resources: sumsOf(executor.resources),
    role: roleOf(executor.resources),
    ...(executor.type === undefined ? {} : { type: executor.type }),
    tasks: inPhase((task) => isLive(task) && !isQueued(task)),
    queued_tasks: inPhase(isQueued),
    completed_tasks: inPhase((task) => !isLive(task)),
  };
}

function taskView(state: AgentState, task: TaskRun): Record<string, unknown> {
  const { info } = task;
  const labels = info.labels?.labels;
  return {
    id: info.task_id.value,
    name: info.name,
    framework_id: task.frameworkId,
    // Mesos leaves it empty for its command executor.
    executor_id: isCommandTask(task) ? '' : task.executorId,
    slave_id: state.agentId ?? info.agent_id.value,
    state: task.statuses.at(-1)?.state ?? 'TASK_STAGING',
    resources: sumsOf(info.resources ?? []),
    role: roleOf(info.resources ?? []),
    statuses: task.statuses.map(statusView),
    ...(labels ? { labels } : {}),
    ...(info.discovery ? { discovery: info.discovery } : {}),
  };
}

function statusView(status: TaskStatus): Record<string, unknown> {
  const { state, timestamp, healthy, container_status } = status;
  const { executor_pid: _pid, ...container } = container_status ?? {};
  return {
    state,
    timestamp,
    ...(healthy === undefined ? {} : { healthy }),
    ...(container_status ? { container_status: container } : {}),
  };
}

/** Gauges and counters by name. Counters cover the runs that are remembered. */
export function metricsView(
  state: AgentState,
  system: SystemMetrics,
  now: number,
): Record<string, number> {
  const executors = executorsOf(state);
  const last = [...state.tasks.values()].map((task) => task.statuses.at(-1)?.state);
  const count = (name: string | undefined): number => last.filter((each) => each === name).length;
  const metrics: Record<string, number> = {
    'slave/registered': state.linked ? 1 : 0,
    'slave/uptime_secs': now / 1000 - state.self.startTime,
    'slave/frameworks_active': new Set(
      executors.filter(({ live }) => live).map(({ frameworkId }) => frameworkId),
    ).size,
    'slave/executors_running': executors.filter(({ live }) => live).length,
    'slave/executors_terminated': executors.filter(({ live }) => !live).length,
    'slave/tasks_staging': count(undefined),
    'system/cpus_total': system.cpus,
    'system/load_1min': system.load[0],
    'system/load_5min': system.load[1],
    'system/load_15min': system.load[2],
    'system/mem_free_bytes': system.freeBytes,
    'system/mem_total_bytes': system.totalBytes,
  };
  for (const name of ['starting', 'running', 'killing', 'finished', 'failed', 'killed', 'lost']) {
    metrics[`slave/tasks_${name}`] = count(`TASK_${name.toUpperCase()}`);
  }
  const total = scalarsOf(state.resources);
  const used = scalarsOf(usedResources(state));
  for (const name of ['cpus', 'mem', 'disk', 'gpus'] as const) {
    metrics[`slave/${name}_total`] = total[name] / 1000;
    metrics[`slave/${name}_used`] = used[name] / 1000;
    metrics[`slave/${name}_percent`] = total[name] === 0 ? 0 : used[name] / total[name];
  }
  return metrics;
}
