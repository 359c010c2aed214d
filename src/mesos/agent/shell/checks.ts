/**
 * Runs the check and the health check of each running task at their times, and tells the results.
 */
import { systemClock } from '../../../core/clock.js';
import type { CheckInfo, CheckStatus, HealthCheck } from '../../../wire/mesos/task.js';
import { environmentOf } from '../environment.js';
import type { AgentEvent } from '../events.js';
import type { AgentState, TaskRun } from '../state.js';
import { type Probe, probeCommand, probeHttp, probeTcp } from './probe.js';

/** Seconds, of Mesos' CheckInfo and HealthCheck. */
const defaults = { delay: 15, interval: 10, timeout: 20 };
/**
 * ms by which a probe may overrun its time-out before this process itself must have been frozen.
 */
const frozenMs = 2_000;
const shortestIntervalMs = 50;

/** The checks of all tasks. */
export interface Checks {
  start(task: TaskRun): void;
  stop(containerId: string): void;
  close(): void;
}

/** Where checks tell their results. */
export interface ChecksOptions {
  readonly state: AgentState;
  readonly nodePath: string;
  readonly submit: (event: AgentEvent) => void;
}

type Result = number | boolean | undefined;

/** Makes the checks. */
export function createChecks(options: ChecksOptions): Checks {
  const { state, submit } = options;
  const running = new Map<string, AbortController>();

  const start = (task: TaskRun): void => {
    const { containerId, info } = task;
    running.get(containerId)?.abort();
    const stop = new AbortController();
    running.set(containerId, stop);
    const { check, health_check: health } = info;
    if (check !== undefined) {
      const probe = checkProbe(options, task, check);
      void repeat(state.self.host, check, probe, stop.signal, (result) => {
        submit({ type: 'CheckCompleted', containerId, status: checkStatusOf(check, result) });
      });
    }
    if (health !== undefined) {
      const probe = healthProbe(options, task, health);
      void repeat(state.self.host, health, probe, stop.signal, (result) => {
        submit({ type: 'HealthChecked', containerId, healthy: isHealthy(health, result) });
      });
    }
  };
  const stop = (containerId: string): void => {
    running.get(containerId)?.abort();
    running.delete(containerId);
  };
  return {
    start,
    stop,
    close: () => {
      for (const containerId of [...running.keys()]) stop(containerId);
    },
  };
}

interface Times {
  readonly delay_seconds?: number | undefined;
  readonly interval_seconds?: number | undefined;
  readonly timeout_seconds?: number | undefined;
}

async function repeat(
  host: string,
  times: Times,
  probe: Probe | undefined,
  stop: AbortSignal,
  tell: (result: Result) => void,
): Promise<void> {
  if (probe === undefined) return;
  const hosts = host === '127.0.0.1' ? [host] : [host, '127.0.0.1'];
  const timeoutMs = (times.timeout_seconds ?? defaults.timeout) * 1000;
  const intervalMs = (times.interval_seconds ?? defaults.interval) * 1000;
  await pause((times.delay_seconds ?? defaults.delay) * 1000, stop);
  while (!stop.aborted) {
    const began = systemClock.monotonic();
    const result = await probeOnce(probe, hosts, timeoutMs, stop);
    if (stop.aborted) return;
    const tookMs = systemClock.monotonic() - began;
    // A probe that overran its time-out by far says that this process slept, nothing of the task.
    const slept = timeoutMs > 0 && tookMs > timeoutMs + frozenMs;
    if (!slept) tell(result);
    await pause(slept ? shortestIntervalMs : Math.max(intervalMs, shortestIntervalMs), stop);
  }
}

async function probeOnce(
  probe: Probe,
  hosts: readonly string[],
  timeoutMs: number,
  stop: AbortSignal,
): Promise<Result> {
  const limit = new AbortController();
  const end = (): void => limit.abort();
  // A time-out of 0 is none (mesos.proto, CheckInfo).
  const timer = timeoutMs > 0 ? setTimeout(end, timeoutMs) : undefined;
  stop.addEventListener('abort', end, { once: true });
  try {
    if (probe.type === 'COMMAND') return await probeCommand(probe, limit.signal);
    if (probe.type === 'HTTP') return await probeHttp(probe, hosts, limit.signal);
    return await probeTcp(probe.port, hosts, limit.signal);
  } finally {
    clearTimeout(timer);
    stop.removeEventListener('abort', end);
  }
}

function pause(ms: number, stop: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      clearTimeout(timer);
      stop.removeEventListener('abort', done);
      resolve();
    };
    const timer = setTimeout(done, ms);
    timer.unref();
    stop.addEventListener('abort', done, { once: true });
  });
}

function checkProbe(
  { state, nodePath }: ChecksOptions,
  task: TaskRun,
  check: CheckInfo,
): Probe | undefined {
  const { command, http, tcp } = check;
  if (check.type === 'COMMAND' && command !== undefined) {
    const environment = environmentOf(state, task, nodePath, command.command);
    return { type: 'COMMAND', command: command.command, environment, sandbox: task.sandbox };
  }
  if (check.type === 'HTTP' && http !== undefined) {
    return { type: 'HTTP', scheme: 'http', port: http.port, path: http.path ?? '/' };
  }
  return check.type === 'TCP' && tcp !== undefined ? { type: 'TCP', port: tcp.port } : undefined;
}

function healthProbe(
  { state, nodePath }: ChecksOptions,
  task: TaskRun,
  health: HealthCheck,
): Probe | undefined {
  const { command, http, tcp } = health;
  // Old frameworks leave the type out.
  const type = health.type ?? (command ? 'COMMAND' : http ? 'HTTP' : 'TCP');
  if (type === 'COMMAND' && command !== undefined) {
    const environment = environmentOf(state, task, nodePath, command);
    return { type, command, environment, sandbox: task.sandbox };
  }
  if (type === 'HTTP' && http !== undefined) {
    const scheme = http.scheme === 'https' ? 'https' : 'http';
    return { type, scheme, port: http.port, path: http.path ?? '/' };
  }
  return type === 'TCP' && tcp !== undefined ? { type, port: tcp.port } : undefined;
}

function checkStatusOf(check: CheckInfo, result: Result): CheckStatus {
  const { type } = check;
  if (type === 'COMMAND') {
    return { type, command: typeof result === 'number' ? { exit_code: result } : {} };
  }
  if (type === 'HTTP') {
    return { type, http: typeof result === 'number' ? { status_code: result } : {} };
  }
  return { type, tcp: typeof result === 'boolean' ? { succeeded: result } : {} };
}

function isHealthy(health: HealthCheck, result: Result): boolean {
  if (typeof result === 'boolean') return result;
  if (result === undefined) return false;
  if (health.http === undefined) return result === 0;
  const wanted = health.http.statuses ?? [];
  return wanted.length > 0 ? wanted.includes(result) : result >= 200 && result < 400;
}
