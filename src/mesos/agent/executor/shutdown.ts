/**
 * How a custom executor is ended: it is asked to go, and its container is destroyed after the grace
 * (apache/mesos docs/executor-http-api.md, "SHUTDOWN").
 */
import type { AgentEffect } from '../events.js';
import { executorRecord, persist } from '../records.js';
import { type AgentState, type ExecutorRun, liveExecutors, type Shutdown } from '../state.js';

/** ms; Mesos' defaults of --executor_shutdown_grace_period, --executor_registration_timeout. */
export const defaultGraceMs = 5_000;
/** ms that a new executor may take to subscribe. */
export const registrationMs = 60_000;
/** ms after a restart of the agent; the most that Mesos allows, for machines that are busy. */
export const reregistrationMs = 15_000;
const longestGraceMs = 24 * 3600 * 1000;
/** ms between one SIGKILL and the next. */
const killAgainMs = 1_000;

/** ms that the executor may take to end itself. */
export function graceOf({ executor }: ExecutorRun): number {
  const asked = executor.shutdown_grace_period?.nanoseconds;
  return Math.min(Math.max(0, asked === undefined ? defaultGraceMs : asked / 1e6), longestGraceMs);
}

/** Asks the executor to go. What it leaves behind is told with `why`. */
export function shutDownExecutor(
  state: AgentState,
  run: ExecutorRun,
  now: number,
  why: Omit<Shutdown, 'deadline'> = {},
): AgentEffect[] {
  if (run.phase === 'ended' || run.shutdown !== undefined) return [];
  const deadline = now + graceOf(run);
  run.shutdown = { ...why, deadline };
  return [persist(executorRecord(run)), ...askToGo(state, run)];
}

/** The orders that a shutdown under way needs, also after the executor is known again. */
export function askToGo(state: AgentState, run: ExecutorRun): AgentEffect[] {
  const { containerId, shutdown } = run;
  if (shutdown === undefined) return [];
  // Its program has never run: it has ended as soon as this is heard.
  if (run.phase === 'preparing') {
    return [{ type: 'Submit', event: { type: 'Exited', containerId, exit: { kind: 'lost' } } }];
  }
  // Once the pid of its supervisor is known.
  if (run.phase === 'starting') return [];
  return [
    state.subscribed.has(containerId)
      ? { type: 'Tell', executor: containerId, event: { type: 'SHUTDOWN' } }
      : { type: 'Terminate', containerId, force: false },
    { type: 'WakeAt', at: shutdown.deadline },
  ];
}

/** Ends executors that have outlived their grace or have not subscribed in time. */
export function executorsDue(state: AgentState, now: number): AgentEffect[] {
  return liveExecutors(state).flatMap((run): AgentEffect[] => {
    if (run.phase === 'preparing' || run.phase === 'starting') return [];
    if (run.shutdown !== undefined) return run.shutdown.deadline > now ? [] : destroy(run, now);
    if (run.subscribeBy === undefined || run.subscribeBy > now) return [];
    if (state.subscribed.has(run.containerId)) return [];
    run.shutdown = { deadline: now, ...lateness(run) };
    return [persist(executorRecord(run)), ...destroy(run, now)];
  });
}

function destroy(run: ExecutorRun, now: number): AgentEffect[] {
  const { containerId, shutdown } = run;
  if (shutdown === undefined) return [];
  shutdown.deadline = now + killAgainMs;
  return [
    { type: 'Terminate', containerId, force: true },
    { type: 'WakeAt', at: shutdown.deadline },
  ];
}

function lateness(run: ExecutorRun): Omit<Shutdown, 'deadline'> {
  return run.phase === 'registering'
    ? {
        reason: 'REASON_EXECUTOR_REGISTRATION_TIMEOUT',
        message: 'Executor did not register within 1mins',
      }
    : {
        reason: 'REASON_EXECUTOR_REREGISTRATION_TIMEOUT',
        message: 'Executor did not reregister within 15secs',
      };
}
