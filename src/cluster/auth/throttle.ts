/** Slows down who guesses passwords: pure, per name, on a clock that it is given. */

/** Failures in a row that are free. */
export const freeFailures = 5;
const firstBlockMs = 1_000;
const longestBlockMs = 30_000;
/** The most names that are remembered; the ones that failed longest ago are forgotten first. */
const maxNames = 1_000;

/** Failed logins by name. */
export type Throttle = Map<string, { failures: number; blockedUntil: number }>;

/** How long `name` must wait before it may try again, in ms; 0 if it may now. */
export function waitMs(throttle: Throttle, name: string, now: number): number {
  return Math.max(0, (throttle.get(name)?.blockedUntil ?? 0) - now);
}

/** Notes a failed login. */
export function noteFailure(throttle: Throttle, name: string, now: number): void {
  const failures = (throttle.get(name)?.failures ?? 0) + 1;
  const over = failures - freeFailures;
  const blockMs = over < 0 ? 0 : Math.min(firstBlockMs * 2 ** Math.min(over, 10), longestBlockMs);
  throttle.delete(name);
  throttle.set(name, { failures, blockedUntil: now + blockMs });
  for (const oldest of throttle.keys()) {
    if (throttle.size <= maxNames) break;
    throttle.delete(oldest);
  }
}

/** Notes a login that was good: what failed before counts no more. */
export function noteSuccess(throttle: Throttle, name: string): void {
  throttle.delete(name);
}
