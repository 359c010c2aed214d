/**
 * The files API: what is attached, and nothing else of the machine (apache/mesos
 * docs/sandbox.md, src/files/files.cpp;
 * recordings: agent/files_*).
 */
import type { Stats } from 'node:fs';
import { type FileHandle, lstat, open, readdir, readFile, realpath, stat } from 'node:fs/promises';
import { join, normalize, sep } from 'node:path';
import { DcosError } from '../../core/errors.js';

/** Bytes that one read gives at most: 16 pages, as in Mesos. */
const pageBytes = 4096;
const maxReadBytes = 16 * pageBytes;
const maxEntries = 10_000;

/** One file of a folder. */
export interface FileEntry {
  readonly path: string;
  readonly size: number;
  readonly nlink: number;
  /** As stat(2). */
  readonly mode: number;
  /** Seconds since 1970. */
  readonly mtime: number;
  readonly uid: string;
  readonly gid: string;
}

/** Files. All throw `not-found` for what does not exist or must not be seen. */
export interface Files {
  browse(path: string): Promise<FileEntry[]>;
  /** At most `length` bytes of the file from `offset`, 64 KiB in one go, and its size. */
  read(path: string, offset: number, length: number): Promise<{ data: Buffer; size: number }>;
  open(path: string): Promise<{ file: FileHandle; size: number }>;
}

/** What may be seen. */
export interface FilesOptions {
  /** Folders, or single files, with all that is below them. */
  readonly roots: readonly string[];
  /** The path on the machine behind one that was asked for. */
  readonly real: (path: string) => string;
}

/** Makes the door to files. */
export function createFiles({ roots, real: realPath }: FilesOptions): Files {
  const isOwn = (path: string, allowed: readonly string[]): boolean =>
    allowed.some((root) => path === root || path.startsWith(root + sep));

  /**
   * The real file behind `path`. Links may lead to volumes and other sandboxes, never elsewhere.
   */
  const resolve = async (path: string): Promise<string> => {
    const asked = normalize(realPath(path));
    if (!isOwn(asked, roots)) throw missing();
    const real = await realpath(asked).catch(() => undefined);
    const realRoots = await Promise.all(roots.map((root) => realpath(root).catch(() => root)));
    if (real === undefined || !isOwn(real, realRoots)) throw missing();
    return real;
  };

  const openFile = async (
    path: string,
    verb: 'read' | 'download',
  ): Promise<{ file: FileHandle; size: number }> => {
    const file = await open(await resolve(path), 'r').catch(() => undefined);
    if (file === undefined) throw missing();
    const { size, mode } = await file.stat();
    if ((mode & 0o170000) !== 0o100000) {
      await file.close();
      throw new DcosError('invalid', `Cannot ${verb} a directory.\n`, { status: 400 });
    }
    return { file, size };
  };

  return {
    open: (path) => openFile(path, 'download'),
    browse: async (path) => {
      const folder = await resolve(path);
      // There is nothing in a file; what can't be looked at is not there.
      const isFolder = await stat(folder).then((found) => found.isDirectory(), missingNow);
      const names = isFolder ? await readdir(folder).catch(missingNow) : [];
      const users = await namesById('/etc/passwd');
      const groups = await namesById('/etc/group');
      const shown = names.sort().slice(0, maxEntries);
      const entries = await Promise.all(
        shown.map(async (name) => {
          const file = join(folder, name);
          const found = await stat(file).catch(() => lstat(file).catch(() => undefined));
          return found === undefined ? [] : [entryOf(join(path, name), found, users, groups)];
        }),
      );
      return entries.flat();
    },
    read: async (path, offset, length) => {
      const { file, size } = await openFile(path, 'read');
      try {
        const wanted = Math.min(length, maxReadBytes, Math.max(0, size - offset));
        const { bytesRead, buffer } = await file.read(Buffer.alloc(wanted), 0, wanted, offset);
        return { data: buffer.subarray(0, bytesRead), size };
      } finally {
        await file.close();
      }
    },
  };
}

type Names = ReadonlyMap<number, string>;

function entryOf(path: string, found: Stats, users: Names, groups: Names): FileEntry {
  const { size, nlink, mode, mtimeMs, uid, gid } = found;
  return {
    path,
    size,
    nlink,
    mode,
    mtime: Math.floor(mtimeMs / 1000),
    uid: users.get(uid) ?? String(uid),
    gid: groups.get(gid) ?? String(gid),
  };
}

/** LIST_FILES (mesos.proto, message FileInfo). Throws `invalid` as Mesos words it. */
export async function listFiles(files: Files, path: string): Promise<Record<string, unknown>> {
  const found = (await files.browse(path)).map(fileInfo);
  // An empty list is no field.
  return found.length === 0 ? {} : { file_infos: found };
}

/** READ_FILE. */
export async function readFileCall(
  files: Files,
  path: string,
  offset: number,
  length: number | undefined,
): Promise<Record<string, unknown>> {
  const wanted = length ?? Number.MAX_SAFE_INTEGER;
  const { data, size } = await files.read(path, offset, wanted);
  return { size, data: data.toString('base64') };
}

function fileInfo({ path, nlink, size, mtime, mode, uid, gid }: FileEntry): unknown {
  return { path, nlink, size, mtime: { nanoseconds: mtime * 1e9 }, mode, uid, gid };
}

function missing(): DcosError {
  return new DcosError('not-found', '');
}

function missingNow(): never {
  throw missing();
}

/** Names by number, from a file of the form of /etc/passwd. */
async function namesById(file: string): Promise<Names> {
  const lines = (await readFile(file, 'utf8').catch(() => '')).split('\n');
  return new Map(
    lines.map((line) => {
      const [name = '', , id] = line.split(':');
      return [Number(id), name];
    }),
  );
}
