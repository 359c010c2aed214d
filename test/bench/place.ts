/** Where a measurement is made: a folder and a cluster of its own. */
import { mkdtempSync, realpathSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Live } from '../live/live.js';

/** The program that is measured. */
export const bin = process.env.DCOS_BIN ?? join(process.cwd(), 'bin', 'dcos.js');

/** Gives `measure` a folder and a cluster of their own, and removes both; on a signal too. */
export async function withLive<Result>(measure: (live: Live) => Promise<Result>): Promise<Result> {
  const dir = realpathSync(mkdtempSync(join(tmpdir(), 'dcos-bench-')));
  const live = new Live(dir, bin);
  const remove = (): void => {
    live.kill();
    rmSync(dir, { recursive: true, force: true });
  };
  const stop = (): void => {
    remove();
    process.exit(1);
  };
  process.once('SIGTERM', stop).once('SIGINT', stop);
  try {
    return await measure(live);
  } finally {
    await live.tidy();
    process.off('SIGTERM', stop).off('SIGINT', stop);
    remove();
  }
}

/** How long `work` takes, in ms. */
export async function timed(work: () => Promise<unknown>): Promise<number> {
  const begun = performance.now();
  await work();
  return performance.now() - begun;
}
