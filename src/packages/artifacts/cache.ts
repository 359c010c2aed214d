/**
 * Downloads, by the sha256 of their content, in the user's cache folder. A file appears there by
 * rename, whole and verified; several processes may fill it at the same time.
 */
import { createHash, randomBytes } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { copyFile, mkdir, readdir, rename, rm, stat } from 'node:fs/promises';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { systemClock } from '../../core/clock.js';
import { DcosError, messageOf, systemCodeOf } from '../../core/errors.js';
import type { ArtifactFile } from './resolve.js';

/** Where downloads are cached unless told otherwise: `${XDG_CACHE_HOME:-~/.cache}/dcos`. */
export function defaultCacheDir(env: NodeJS.ProcessEnv = process.env): string {
  return join(env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'dcos');
}

/** Files by sha256. */
export interface FileCache {
  /** Where the file of that hash is or would be. */
  path(sha256: string): string;
  /** Whether it is there, with that many bytes if they are known. */
  has(file: Pick<ArtifactFile, 'sha256' | 'bytes'>): Promise<boolean>;
  /**
   * Takes a fetched file over by rename. Throws `refused` if its content is another; it is then
   * removed.
   */
  adopt(fetched: string, file: ArtifactFile): Promise<void>;
  /** Removes a file that turned out to be damaged. */
  drop(sha256: string): Promise<void>;
  /** A fresh folder on the same file system; the caller removes it. */
  workFolder(): Promise<string>;
}

const staleMs = 24 * 60 * 60 * 1000;

/** Opens the cache in `dir`. Nothing is created before something is stored. */
export function openCache(dir: string): FileCache {
  const path = (sha256: string): string => join(dir, 'files', sha256.slice(0, 2), sha256);
  return {
    path,
    has: async (file) => {
      const size = await sizeOf(path(file.sha256));
      return size !== undefined && (file.bytes === 0 || size === file.bytes);
    },
    adopt: async (fetched, file) => {
      const got = await sha256Of(fetched);
      if (got !== file.sha256) {
        await rm(fetched, { force: true });
        throw checksumMismatch(file, got);
      }
      await moveInto(fetched, path(file.sha256));
    },
    drop: (sha256) => rm(path(sha256), { force: true }),
    workFolder: async () => {
      const work = join(dir, 'tmp');
      await sweep(work);
      const folder = join(work, randomBytes(8).toString('hex'));
      await mkdir(folder, { recursive: true, mode: 0o700 }).catch((error: unknown) => {
        throw storing(folder, error);
      });
      return folder;
    },
  };
}

/** The error of a file whose content is not what was pinned. */
export function checksumMismatch(file: ArtifactFile, got: string): DcosError {
  return new DcosError(
    'refused',
    `${file.purl} has the wrong checksum: expected sha256 ${file.sha256}, got ${got}`,
    {
      hint: 'nothing was kept; the repository serves a changed file, or the lock is wrong',
      data: { artifact: file.purl, expected: file.sha256, got },
    },
  );
}

/** The sha256 of a file, hex. */
export async function sha256Of(path: string): Promise<string> {
  const hash = createHash('sha256');
  await pipeline(createReadStream(path), hash);
  return hash.digest('hex');
}

/** The size of a file in bytes; `undefined` if there is none. */
export async function sizeOf(path: string): Promise<number | undefined> {
  try {
    return (await stat(path)).size;
  } catch (error) {
    if (systemCodeOf(error) === 'ENOENT') return undefined;
    throw new DcosError('io', `${path} cannot be read: ${messageOf(error)}`, { cause: error });
  }
}

/**
 * Moves a file, replacing what is there, also from another file system; the target is never
 * half-written.
 */
export async function moveInto(from: string, to: string): Promise<void> {
  try {
    await mkdir(dirname(to), { recursive: true });
    try {
      await rename(from, to);
    } catch (error) {
      if (systemCodeOf(error) !== 'EXDEV') throw error;
      const beside = `${to}.${randomBytes(4).toString('hex')}`;
      await copyFile(from, beside);
      await rename(beside, to);
      await rm(from, { force: true });
    }
  } catch (error) {
    throw storing(to, error);
  }
}

/** The error of a file that could not be written. */
export function storing(path: string, error: unknown): DcosError {
  if (error instanceof DcosError) return error;
  if (systemCodeOf(error) === undefined) {
    return new DcosError('corrupt', `${path} cannot be made: ${messageOf(error)}`, {
      cause: error,
    });
  }
  const full = systemCodeOf(error) === 'ENOSPC';
  return new DcosError(
    'io',
    full ? `the disk of ${path} is full` : `${path} cannot be written: ${messageOf(error)}`,
    {
      hint: full ? 'free some space and try again; what was fetched completely is kept' : undefined,
      cause: error,
    },
  );
}

/** Removes what crashed processes left; no download takes a day. */
async function sweep(work: string): Promise<void> {
  const names = await readdir(work).catch(() => []);
  for (const name of names) {
    const folder = join(work, name);
    const about = await stat(folder).catch(() => undefined);
    if (about && systemClock.now() - about.mtimeMs > staleMs) {
      await rm(folder, { recursive: true, force: true });
    }
  }
}
