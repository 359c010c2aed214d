/** One timer for the earliest of the moments asked for. */
import { systemClock } from '../../../core/clock.js';

/** ms; bounded, so that a clock that was set back cannot put a kill off for long. */
const longestWaitMs = 60_000;

/** Rings at the moments it was set to. */
export interface Alarm {
  /** ms since 1970. */
  set(at: number): void;
  close(): void;
}

/** Makes an alarm. It may ring too early, never too late. */
export function createAlarm(ring: () => void): Alarm {
  const moments = new Set<number>();
  let timer: NodeJS.Timeout | undefined;
  const arm = (): void => {
    clearTimeout(timer);
    if (moments.size === 0) return;
    const waitMs = Math.min(...moments) - systemClock.now();
    timer = setTimeout(fire, Math.min(Math.max(0, waitMs), longestWaitMs));
  };
  const fire = (): void => {
    const now = systemClock.now();
    for (const moment of moments) if (moment <= now) moments.delete(moment);
    ring();
    arm();
  };
  return {
    set: (at) => {
      moments.add(at);
      arm();
    },
    close: () => {
      moments.clear();
      clearTimeout(timer);
    },
  };
}
