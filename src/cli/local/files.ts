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
  makeFolder(dirname(path));
  try {
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
  // One by one: mkdir's own `recursive` never ends where the system refuses with ENOENT, as /proc
  // does.
  if (isFolder(path)) return;
  const parent = dirname(path);
  if (parent !== path && !existsSync(parent)) makeFolder(parent);
  try {
    mkdirSync(path, { mode: 0o700 });
  } catch (error) {
    // Somebody else may have been quicker.
    if (isFolder(path)) return;
    const code = systemCodeOf(error) ?? '';
    const reason = noFolder[code];
    if (reason === undefined) throw fileError(error, path);
    throw new DcosError('io', `${path}: ${reason}`, { hint: otherFolder, cause: error });
  }
}

const noFolder: Readonly<Record<string, string>> = {
  EEXIST: 'is not a folder',
  ENOENT: 'no folder can be made there',
};

function isFolder(path: string): boolean {
  try {
    return statSync(path).isDirectory();
  } catch {
    return false;
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
  ENOENT: ['no such file or folder'],
  EIO: ['the disk does not work', otherFolder],
  ELOOP: ['a link in the path leads to itself', otherFolder],
  ENAMETOOLONG: ['the path is too long', otherFolder],
};
