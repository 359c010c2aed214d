/** Waiting for something to hold, instead of sleeping. */

/** How long to wait, and what for. */
export interface WaitOptions {
  /** ms; 20 s by default. */
  readonly timeoutMs?: number;
  /** Between two looks, ms; 50 by default. */
  readonly everyMs?: number;
  /** Named when the time is over. */
  readonly what: string;
}

/** A pause of `ms`, only for things whose time is the point (a freeze, a time-out). */
export function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

/**
 * Looks again and again until `look` gives something that is neither `undefined` nor `false`, and
 * returns it. An error of `look` counts as "not yet" and is shown if the time runs out.
 */
export async function until<Found>(
  look: () => Promise<Found | undefined | false> | Found | undefined | false,
  { timeoutMs = 20_000, everyMs = 50, what }: WaitOptions,
): Promise<Found> {
  const end = performance.now() + timeoutMs;
  let last: unknown;
  for (;;) {
    try {
      const found = await look();
      if (found !== undefined && found !== false) return found;
      last = undefined;
    } catch (error) {
      last = error;
    }
    if (performance.now() > end) {
      const reason = last === undefined ? '' : `: ${String(last)}`;
      throw new Error(`waited ${timeoutMs} ms in vain for ${what}${reason}`);
    }
    await pause(everyMs);
  }
}
