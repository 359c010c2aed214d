/** Launch back-off (marathon docs/configure-task-handling.md, with a first failure free). Pure. */

/** How it grows. */
export interface BackoffPolicy {
  readonly initialMs: number;
  readonly factor: number;
  readonly maxMs: number;
}

/** A run at least this long, and twice the delay before it, ends a crash loop. */
const goodRunMs = 5_000;

/** Where a launch stands; JSON, may be stored. Absent: no delay. */
export interface Backoff {
  readonly delayMs: number;
  /** ms since 1970: no launch before. */
  readonly until: number;
}

/**
 * After a failure of a task that ran for `ranForMs` (0: never got to run). `undefined`: no delay,
 * because the run was good.
 * Losses of agents and stops on demand are no failures: don't call it for them.
 */
export function afterFailure(
  policy: BackoffPolicy,
  before: Backoff | undefined,
  ranForMs: number,
  now: number,
): Backoff | undefined {
  if (ranForMs >= Math.max(goodRunMs, 2 * (before?.delayMs ?? 0))) return undefined;
  const delayMs =
    before === undefined
      ? policy.initialMs
      : Math.min(before.delayMs * policy.factor, policy.maxMs);
  const bounded = Math.min(delayMs, policy.maxMs);
  return { delayMs: bounded, until: now + bounded };
}

/**
 * Milliseconds still to wait; 0 when it may go. A clock set back never makes it longer than the
 * delay itself.
 */
export function remainingMs(backoff: Backoff | undefined, now: number): number {
  if (backoff === undefined) return 0;
  return Math.min(Math.max(0, backoff.until - now), backoff.delayMs);
}
