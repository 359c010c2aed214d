/** How loaded the machine is, as libprocess tells (`/system/stats.json`). */
import { cpus, freemem, loadavg, totalmem } from 'node:os';

/** Load and memory of the machine. */
export interface SystemMetrics {
  readonly cpus: number;
  /** Averages over 1, 5 and 15 minutes. */
  readonly load: readonly [number, number, number];
  readonly freeBytes: number;
  readonly totalBytes: number;
}

/** Load and memory now. */
export function measureSystem(): SystemMetrics {
  const [one = 0, five = 0, fifteen = 0] = loadavg();
  return {
    cpus: cpus().length,
    load: [one, five, fifteen],
    freeBytes: freemem(),
    totalBytes: totalmem(),
  };
}

/** `/system/stats.json`. */
export function systemStats(): Record<string, number> {
  const { cpus: count, load, freeBytes, totalBytes } = measureSystem();
  const [avg_load_1min, avg_load_5min, avg_load_15min] = load;
  return {
    avg_load_1min,
    avg_load_5min,
    avg_load_15min,
    cpus_total: count,
    mem_total_bytes: totalBytes,
    mem_free_bytes: freeBytes,
  };
}
