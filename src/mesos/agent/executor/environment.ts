/**
 * The environment of a custom executor (apache/mesos docs/executor-http-api.md, "Environment
 * Variables"; src/slave/slave.cpp, `executorEnvironment`).
 */
import { systemPathOf, variablesOf } from '../environment.js';
import type { AgentState, ExecutorRun } from '../state.js';
import { graceOf } from './shutdown.js';

/** Variables by name. `token` proves to the agent who the executor is. */
export function executorEnvironment(
  state: AgentState,
  run: ExecutorRun,
  nodePath: string,
  token: string,
): Record<string, string> {
  const { host, port } = state.self;
  const agentId = state.agentId ?? '';
  const checkpoint = state.frameworks.get(run.frameworkId)?.checkpoint === true;
  const role = run.executor.resources?.find((each) => each.allocation_info)?.allocation_info?.role;
  return {
    PATH: systemPathOf(nodePath),
    HOME: run.sandbox,
    LANG: 'C.UTF-8',
    LIBPROCESS_IP: host,
    LIBPROCESS_PORT: '0',
    MESOS_FRAMEWORK_ID: run.frameworkId,
    MESOS_EXECUTOR_ID: run.executor.executor_id.value,
    MESOS_DIRECTORY: run.sandbox,
    MESOS_SANDBOX: run.sandbox,
    MESOS_AGENT_ID: agentId,
    MESOS_SLAVE_ID: agentId,
    MESOS_SLAVE_PID: `slave(1)@${host}:${port}`,
    MESOS_AGENT_ENDPOINT: `${host}:${port}`,
    MESOS_CONTAINER_ID: run.containerId,
    MESOS_CONTAINER_IP: host,
    MESOS_HTTP_COMMAND_EXECUTOR: '0',
    MESOS_CHECKPOINT: checkpoint ? '1' : '0',
    ...(checkpoint
      ? { MESOS_RECOVERY_TIMEOUT: '15mins', MESOS_SUBSCRIPTION_BACKOFF_MAX: '2secs' }
      : {}),
    MESOS_EXECUTOR_SHUTDOWN_GRACE_PERIOD: durationText(graceOf(run)),
    MESOS_EXECUTOR_AUTHENTICATION_TOKEN: token,
    ...(role === undefined ? {} : { MESOS_ALLOCATION_ROLE: role }),
    ...variablesOf(run.executor.command),
  };
}

const units: readonly (readonly [name: string, ms: number])[] = [
  ['weeks', 7 * 24 * 3600 * 1000],
  ['days', 24 * 3600 * 1000],
  ['hrs', 3600 * 1000],
  ['mins', 60 * 1000],
  ['secs', 1000],
];

/** As Mesos prints it: in the largest unit that it is a whole number of. */
function durationText(ms: number): string {
  const unit = ms === 0 ? undefined : units.find(([, size]) => ms % size === 0);
  if (unit !== undefined) return `${ms / unit[1]}${unit[0]}`;
  return Number.isInteger(ms) ? `${ms}ms` : `${Math.round(ms * 1e6)}ns`;
}
