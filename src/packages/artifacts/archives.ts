/**
 * The archives that agents fetch: packed once, kept by their own sha256 under
 * `local/control/artifacts`, and remembered by what they were made of, so that the next install
 * packs nothing.
 */
import { createHash, randomBytes } from 'node:crypto';
import { mkdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { artifactSignature } from '../../core/credentials.js';
import { moveInto, storing } from './cache.js';
import { type PackEntry, packTgz } from './pack.js';

/** A packed archive. */
export interface StoredArchive {
  readonly sha256: string;
  /** `<asset>.tgz`. */
  readonly name: string;
}

/** Packed archives of one cluster. */
export interface ArchiveStore {
  /** The archive that was made under `key`, if it is still there. */
  find(key: string, asset: string): Promise<StoredArchive | undefined>;
  /** Packs and keeps; joined by a second caller with the same key. Throws `io`, `corrupt`. */
  make(
    key: string,
    asset: string,
    entries: () => AsyncIterable<PackEntry> | Iterable<PackEntry>,
  ): Promise<StoredArchive>;
  /** Where agents fetch it: the signature takes the place of a login (DESIGN §11.3). */
  url(archive: StoredArchive): string;
  /** The file of an archive. */
  path(sha256: string): string;
}

// Part of every key: another way of packing must not find old archives.
const packing = 'tgz-2';

/** The key of something to pack: a hash of what it is made of. */
export function archiveKey(parts: unknown): string {
  return createHash('sha256').update(packing).update(JSON.stringify(parts)).digest('hex');
}

/** Opens the store in `dir`; `advertiseUrl` is how agents reach us. */
export function openArchives(dir: string, clusterKey: string, advertiseUrl: string): ArchiveStore {
  const path = (sha256: string): string => join(dir, `${sha256}.tgz`);
  const running = new Map<string, Promise<StoredArchive>>();
  const find: ArchiveStore['find'] = async (key, asset) => {
    const sha256 = await readFile(join(dir, 'made', key), 'utf8').catch(() => undefined);
    if (sha256 === undefined || !/^[0-9a-f]{64}$/.test(sha256)) return undefined;
    const there = await stat(path(sha256)).catch(() => undefined);
    return there ? { sha256, name: `${asset}.tgz` } : undefined;
  };
  const make: ArchiveStore['make'] = async (key, asset, entries) => {
    const found = await find(key, asset);
    if (found !== undefined) return found;
    const work = join(dir, 'tmp', randomBytes(8).toString('hex'));
    try {
      await mkdir(join(dir, 'tmp'), { recursive: true });
      const { sha256 } = await packTgz(entries(), work);
      await moveInto(work, path(sha256));
      // Only now, so that a key never leads to an archive that is not whole.
      await writeFile(work, sha256);
      await moveInto(work, join(dir, 'made', key));
      return { sha256, name: `${asset}.tgz` };
    } catch (error) {
      throw storing(dir, error);
    } finally {
      await rm(work, { force: true });
    }
  };
  return {
    find,
    make: (key, asset, entries) => {
      const joined = running.get(key) ?? make(key, asset, entries);
      running.set(key, joined);
      return joined.finally(() => running.delete(key));
    },
    url: ({ sha256, name }) => {
      const signature = artifactSignature(clusterKey, sha256);
      return `${advertiseUrl.replace(/\/+$/, '')}/artifacts/${signature}/${sha256}/${name}`;
    },
    path,
  };
}
