/**
 * Wanted × there → named buckets, and when to ask the master how tasks are (apache/mesos
 * docs/reconciliation.md). Pure.
 */
import type { TaskStatus } from '../wire/mesos/task.js';

/** Something of ours that exists, as far as this framework knows. */
export interface Actual {
  readonly id: string;
  /** Says whether it is what is wanted: a version, a hash. */
  readonly version: string;
  /**
   * running: live or on its way; unreachable: its agent is cut off; stopping: a kill is under
   * way.
   */
  readonly phase: 'running' | 'unreachable' | 'stopping';
}

/** What is to be done about a set of instances. */
export interface Buckets<Item extends Actual> {
  /** How many more to start. */
  readonly place: number;
  /** As wanted. */
  readonly keep: readonly Item[];
  /** Live, but of another version. */
  readonly outdated: readonly Item[];
  /** On cut-off agents: neither counted nor stopped until they are back. */
  readonly lost: readonly Item[];
  /** Being stopped already. */
  readonly stopping: readonly Item[];
  /** Beyond what is wanted, the first to go first. */
  readonly surplus: readonly Item[];
}

/**
 * Sorts `items` into buckets for `count` instances of `version`. `order` puts first what should
 * go first;
 * outdated ones go before any of the right version.
 */
export function bucketsOf<Item extends Actual>(
  items: readonly Item[],
  count: number,
  version: string,
  order: (a: Item, b: Item) => number,
): Buckets<Item> {
  const running = items.filter(({ phase }) => phase === 'running');
  const current = running.filter((item) => item.version === version);
  const outdated = running.filter((item) => item.version !== version).sort(order);
  const excess = Math.max(0, running.length - count);
  const surplus = [...outdated, ...current.toSorted(order)].slice(0, excess);
  const gone = new Set(surplus);
  return {
    place: Math.max(0, count - running.length),
    keep: current.filter((item) => !gone.has(item)),
    outdated: outdated.filter((item) => !gone.has(item)),
    lost: items.filter(({ phase }) => phase === 'unreachable'),
    stopping: items.filter(({ phase }) => phase === 'stopping'),
    surplus,
  };
}

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
 * round begins anew every ten
 * minutes: `taskIds` are those of that moment.
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
 * that was
 * started anew, and with them tasks that were given up meanwhile.
 */
export function dueSweep(
  sweep: Sweep,
  now: number,
): { readonly sweep: Sweep; readonly due: boolean } {
  if (now < sweep.nextAt && sweep.nextAt - now <= regularMs) return { sweep, due: false };
  const pauseMs = Math.min(sweep.pauseMs * 2, regularMs);
  return { sweep: { pauseMs, nextAt: now + sweep.pauseMs }, due: true };
}
