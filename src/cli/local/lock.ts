/**
 * One `up` or `down` at a time: a lock file that names its owner, so that a dead owner's lock is
 * nobody's.
 */
import { linkSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { DcosError, systemCodeOf } from '../../core/errors.js';
import { fileError, makeFolder } from './files.js';
import { liveProcessOf, ownProcess } from './processes.js';

/** How long a second caller waits for the first, in ms. */
const patienceMs = 90_000;

/**
 * Runs `work` while this process holds the lock of `dcosDir`; waits for another holder (`onWait` is
 * told its pid once). Throws `timeout` where the holder does not end, `io` where the folder can't
 * be written.
 */
export async function withLock<T>(
  dcosDir: string,
  onWait: (pid: number) => void,
  work: () => Promise<T>,
): Promise<T> {
  makeFolder(dcosDir);
  const path = join(dcosDir, 'local.lock');
  await take(path, onWait);
  const release = (): void => rmSync(path, { force: true });
  process.once('exit', release);
  try {
    return await work();
  } finally {
    process.removeListener('exit', release);
    release();
  }
}

async function take(path: string, onWait: (pid: number) => void): Promise<void> {
  const end = performance.now() + patienceMs;
  let told = false;
  while (!tryTake(path)) {
    const holder = liveProcessOf(path);
    if (holder === undefined) {
      dropStale(path);
      continue;
    }
    if (!told) onWait(holder.pid);
    told = true;
    if (performance.now() > end) {
      throw new DcosError(
        'timeout',
        `another dcos command (pid ${holder.pid}) has held ${path} for too long`,
        {
          hint: 'Wait for it to end, or end it, then try again.',
        },
      );
    }
    await sleep(50);
  }
}

// The link puts the lock there with its owner's name already in it, or not at all.
function tryTake(path: string): boolean {
  const { pid, startTime } = ownProcess();
  const own = `${path}.${pid}`;
  try {
    writeFileSync(own, `${pid} ${startTime}\n`, { mode: 0o600 });
    linkSync(own, path);
    return true;
  } catch (error) {
    const code = systemCodeOf(error);
    if (code === 'EEXIST') return false;
    if (code === 'ENOENT') {
      throw new DcosError('io', `${path}: no file can be made there`, {
        hint: 'Choose another folder: export DCOS_DIR=/path/to/a/folder',
        cause: error,
      });
    }
    throw fileError(error, path);
  } finally {
    tryRemove(own);
  }
}

// Where nothing can be written, nothing can be removed; the first error is the one that counts.
function tryRemove(path: string): void {
  try {
    rmSync(path, { force: true });
  } catch {
    // Said above.
  }
}

// Moved aside first: between looking and removing, another process may have taken the lock anew.
function dropStale(path: string): void {
  const aside = `${path}.stale.${process.pid}`;
  try {
    renameSync(path, aside);
    if (liveProcessOf(aside) !== undefined) linkSync(aside, path);
  } catch {
    // Somebody else was quicker.
  }
  rmSync(aside, { force: true });
}
