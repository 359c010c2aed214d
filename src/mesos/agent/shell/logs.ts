/**
 * Keeps the output of tasks bounded: what is over its size is copied to `<name>.1` and the file,
 * which the task holds open for appending, is cut to nothing. What is written between the two steps
 * is lost.
 */
import { copyFileSync, renameSync, statSync, truncateSync } from 'node:fs';
import { join } from 'node:path';

/** Bytes of `stdout` or `stderr` before it is rotated; one older file of that size is kept. */
const maxLogBytes = 10 * 1024 * 1024;

/** Rotates what has grown too large in `sandbox`. */
export function rotateLogs(sandbox: string): void {
  for (const name of ['stdout', 'stderr']) {
    const file = join(sandbox, name);
    try {
      if (statSync(file).size <= maxLogBytes) continue;
      copyFileSync(file, `${file}.new`);
      truncateSync(file, 0);
      renameSync(`${file}.new`, `${file}.1`);
    } catch {
      // A task may do with its own files what it likes.
    }
  }
}
