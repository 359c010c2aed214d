/** Files of the command line, written whole or not at all, with errors that say what to do. */
import {
  closeSync,
  existsSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeSync,
} from 'node:fs';
import { dirname } from 'node:path';
import { DcosError, messageOf, systemCodeOf } from '../../core/errors.js';

/**
 * Writes `text` to `path` with mode 0600 by a rename, folders 0700 made on the way. Throws `io`.
 */
export function writeWhole(path: string, text: string): void {
  const temporary = `${path}.${process.pid}.tmp`;
  try {
    makeWithParents(dirname(path));
    const file = openSync(temporary, 'w', 0o600);
    try {
      writeSync(file, text);
      fsyncSync(file);
    } finally {
      closeSync(file);
    }
    renameSync(temporary, path);
  } catch (error) {
    try {
      rmSync(temporary, { force: true });
    } catch {
      // A folder that can't be written can't be tidied either; the first error is the one that
      // counts.
    }
    throw fileError(error, path);
  }
}

/** Makes a folder (0700) and its parents. Throws `io`. */
export function makeFolder(path: string): void {
  try {
    makeWithParents(path);
  } catch (error) {
    throw fileError(error, path);
  }
}

// Not mkdir's own `recursive`: Node 20 never returns from it below /proc and /sys.
function makeWithParents(path: string): void {
  try {
    mkdirSync(path, { mode: 0o700 });
  } catch (error) {
    const code = systemCodeOf(error);
    if (code === 'EEXIST' && statSync(path).isDirectory()) return;
    if (code !== 'ENOENT' || dirname(path) === path || existsSync(dirname(path))) throw error;
    makeWithParents(dirname(path));
    mkdirSync(path, { mode: 0o700 });
  }
}

/** The text of a file, or `undefined` if there is none. Throws `io`. */
export function readIfThere(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    const code = systemCodeOf(error);
    if (code === 'ENOENT' || code === 'ENOTDIR') return undefined;
    throw fileError(error, path);
  }
}

/** An error of the file system in a user's words. */
export function fileError(error: unknown, path: string): DcosError {
  if (error instanceof DcosError) return error;
  const code = systemCodeOf(error);
  const [reason, hint] = fileReasons[code ?? ''] ?? [messageOf(error), undefined];
  return new DcosError('io', `${path}: ${reason}`, { hint, cause: error });
}

const otherFolder = 'Choose another folder: export DCOS_DIR=/path/to/a/folder';
const fileReasons: Readonly<Record<string, readonly [string, string?]>> = {
  EACCES: ['permission denied', otherFolder],
  EPERM: ['permission denied', otherFolder],
  EROFS: ['the file system is read-only', otherFolder],
  ENOSPC: ['the disk is full', 'Make room, then run the command again.'],
  EDQUOT: ['the disk quota is used up', 'Make room, then run the command again.'],
  ENOTDIR: ['a part of the path is a file, not a folder', otherFolder],
  EISDIR: ['is a folder, not a file'],
  EEXIST: ['is a file, not a folder', otherFolder],
  ENOENT: ['no such file or folder'],
};
