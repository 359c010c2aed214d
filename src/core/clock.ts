/** Time as an input: whoever decides is told the time, and never asks for it. */

/** A source of time. Only shells hold one. */
export interface Clock {
  /** Milliseconds since 1970, for people and records. It may jump. */
  now(): number;
  /** Milliseconds from an arbitrary start that never jump, for intervals. */
  monotonic(): number;
}

/** The machine's own clock. */
export const systemClock: Clock = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
};
