/** Times and sizes of real programs, and a table of them. */
import { spawnSync } from 'node:child_process';

/** The middle one; of an even number the mean of the middle two. */
export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  const upper = sorted[middle] ?? Number.NaN;
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? upper) + upper) / 2;
}

/** Milliseconds that a program takes to its end. Throws where it does not succeed. */
export function timeOf(args: readonly string[], env: NodeJS.ProcessEnv): number {
  const begun = performance.now();
  const ran = spawnSync(process.execPath, args, {
    env,
    stdio: ['ignore', 'pipe', 'pipe'],
    timeout: 300_000,
  });
  const took = performance.now() - begun;
  if (ran.status !== 0) {
    throw new Error(`node ${args.join(' ')} ended with ${ran.status}:\n${ran.stderr}`);
  }
  return took;
}

/** Medians of several programs, run by turns so that noise of the machine hits all alike. */
export function timeByTurns(
  programs: Readonly<Record<string, readonly string[]>>,
  env: NodeJS.ProcessEnv,
  rounds: number,
): Record<string, number> {
  const times: Record<string, number[]> = {};
  for (let round = 0; round < rounds; round += 1) {
    for (const [name, args] of Object.entries(programs)) {
      times[name] = [...(times[name] ?? []), timeOf(args, env)];
    }
  }
  return Object.fromEntries(Object.entries(times).map(([name, all]) => [name, median(all)]));
}

/** One line of the report. */
export interface Figure {
  readonly what: string;
  readonly value: number;
  readonly unit: 'ms' | 'MB';
  /** The most that it may be, in the same unit; absent where it is only told. */
  readonly limit?: number;
  /** What else there is to say: a ratio. */
  readonly note?: string;
}

const shown = (value: number, unit: string): string =>
  unit === 'ms' && value >= 1000
    ? `${(value / 1000).toFixed(2)} s`
    : `${Math.round(value)} ${unit}`;

/** The report as a table of plain text. */
export function tableOf(figures: readonly Figure[]): string {
  const rows = figures.map(({ what, value, unit, limit, note }) => [
    what,
    shown(value, unit),
    limit === undefined ? '' : shown(limit, unit),
    limit === undefined ? '' : value <= limit ? 'ok' : 'OVER',
    note ?? '',
  ]);
  const all = [['WHAT', 'MEDIAN', 'LIMIT', '', ''], ...rows];
  const widths = [0, 1, 2, 3].map((at) => Math.max(...all.map((row) => (row[at] ?? '').length)));
  return all
    .map((row) => {
      const cells = row.map((cell, at) => {
        const width = widths[at] ?? 0;
        return at === 1 || at === 2 ? cell.padStart(width) : cell.padEnd(width);
      });
      return cells.join('  ').trimEnd();
    })
    .join('\n');
}
