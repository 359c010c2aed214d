/** Where a measurement is made: a folder and a cluster of its own. */
import { mkdtempSync, realpathSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Live } from '../live/live.js';

/** The program that is measured. */
export const bin = process.env.DCOS_BIN ?? join(process.cwd(), 'bin', 'dcos.js');

/** Gives `measure` a folder and a cluster of their own, and removes both. */
export async function withLive<Result>(measure: (live: Live) => Promise<Result>): Promise<Result> {
  const dir = realpathSync(mkdtempSync(join(tmpdir(), 'dcos-bench-')));
  const live = new Live(dir, bin);
  try {
    return await measure(live);
  } finally {
    await live.tidy();
    live.kill();
    rmSync(dir, { recursive: true, force: true });
  }
}

/** How long `work` takes, in ms. */
export async function timed(work: () => Promise<unknown>): Promise<number> {
  const begun = performance.now();
  await work();
  return performance.now() - begun;
}
