/**
 * When to ask the master how tasks are, and when to believe that it knows nothing of one
 * (apache/mesos docs/reconciliation.md). Pure.
 */
import type { TaskStatus } from '../wire/mesos/task.js';

const firstPauseMs = 5_000;
const longestPauseMs = 300_000;
const regularMs = 600_000;

/** Which tasks have not been heard of since a reconciliation began. */
export interface Reconciliation {
  readonly waiting: ReadonlySet<string>;
  readonly pauseMs: number;
  /** ms since 1970 */
  readonly nextAt: number;
}

/**
 * Begins one over all `taskIds`: ask at once, then again with growing pauses for those that stay
 * silent.
 */
export function beginReconciliation(taskIds: Iterable<string>, now: number): Reconciliation {
  return { waiting: new Set(taskIds), pauseMs: firstPauseMs, nextAt: now };
}

/** A status of `taskId` arrived. */
export function heardOf(state: Reconciliation, taskId: string): Reconciliation {
  if (!state.waiting.has(taskId)) return state;
  const waiting = new Set(state.waiting);
  waiting.delete(taskId);
  return { ...state, waiting };
}

/**
 * Which tasks to ask for at `now` (explicitly), if it is time. When all have answered, a whole
 * round begins anew every ten minutes: `taskIds` are those of that moment.
 */
export function dueReconciliation(
  state: Reconciliation,
  taskIds: () => Iterable<string>,
  now: number,
): { readonly state: Reconciliation; readonly ask: readonly string[] } {
  // A clock that was set back must not put it off for ever.
  if (now < state.nextAt && state.nextAt - now <= regularMs) return { state, ask: [] };
  const waiting = state.waiting.size > 0 ? state.waiting : new Set(taskIds());
  const fresh = state.waiting.size === 0;
  const pauseMs = fresh ? firstPauseMs : Math.min(state.pauseMs * 2, longestPauseMs);
  const known = new Set(taskIds());
  const ask = [...waiting].filter((id) => known.has(id));
  const nextAt = now + (ask.length === 0 ? regularMs : pauseMs);
  return { state: { waiting: new Set(ask), pauseMs, nextAt }, ask };
}

/** For so long (ms) a task that was seen running is asked for again before UNKNOWN is believed. */
const unknownGraceMs = 60_000;

/**
 * Whether TASK_UNKNOWN of a task that was seen running may be too early an answer: a master that
 * has just lost its memory gives it for every task until the agents have come back. `unknown` keeps
 * since when each was unknown (ms since 1970); forget a task there at any other status of it.
 */
export function mayComeBack(
  unknown: Map<string, number>,
  status: TaskStatus,
  now: number,
): boolean {
  if (status.state !== 'TASK_UNKNOWN') return false;
  const taskId = status.task_id.value;
  const since = unknown.get(taskId) ?? now;
  unknown.set(taskId, since);
  return now - since < unknownGraceMs;
}

/** When to ask next for all tasks that the master knows (implicit reconciliation). */
export interface Sweep {
  readonly pauseMs: number;
  /** ms since 1970 */
  readonly nextAt: number;
}

const firstSweepMs = 15_000;

/** At the start of a subscription, where the first sweep is due at once. */
export function beginSweeps(now: number): Sweep {
  return { pauseMs: firstSweepMs, nextAt: now };
}

/**
 * Whether a sweep is due. They come often at first, since agents return one by one to a master
 * that was started anew, and with them tasks that were given up meanwhile.
 */
export function dueSweep(
  sweep: Sweep,
  now: number,
): { readonly sweep: Sweep; readonly due: boolean } {
  if (now < sweep.nextAt && sweep.nextAt - now <= regularMs) return { sweep, due: false };
  const pauseMs = Math.min(sweep.pauseMs * 2, regularMs);
  return { sweep: { pauseMs, nextAt: now + sweep.pauseMs }, due: true };
}
