/** Packages with everything that they download, for a place without a network. */
import { createReadStream } from 'node:fs';
import { readdir, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { DcosError, messageOf } from '../../core/errors.js';
import { downloadsOf } from '../artifacts/artifacts.js';
import { defaultCacheDir, type FileCache, openCache } from '../artifacts/cache.js';
import { type BaseUrls, fetchFiles } from '../artifacts/fetch.js';
import { type PackEntry, packTgz } from '../artifacts/pack.js';
import type { ArtifactFile } from '../artifacts/resolve.js';
import type { PackageRelease, Packages } from '../packages.js';

/** What was written. */
export interface BundleReport {
  readonly file: string;
  readonly packages: readonly string[];
  /** Files that were downloaded. */
  readonly files: number;
  readonly bytes: number;
}

/**
 * Fetches all that the packages need and writes one archive: `packages/<name>/<version>/…` and
 * `files/<first two>/<sha256>`, as the folders of packages and of downloads have them. Throws
 * `failed` naming every artifact that could not be had; nothing is written then.
 */
export async function bundlePackages(
  packages: Packages,
  names: readonly string[],
  into: string,
  baseUrls: BaseUrls,
  tell: (line: string) => void,
): Promise<BundleReport> {
  const releases = await Promise.all(
    names.map((name) => {
      const [plain = '', version] = name.split('@');
      return packages.find(plain, version);
    }),
  );
  const files = new Map<string, ArtifactFile>();
  for (const release of releases) {
    for (const file of await downloadsOf(release)) files.set(file.sha256, file);
  }
  tell(`${files.size} files of ${releases.length} packages`);
  const cache = openCache(defaultCacheDir());
  const missing = await fetchEach([...files.values()], cache, baseUrls);
  if (missing.length > 0) {
    throw new DcosError('failed', `these could not be had:\n  ${missing.join('\n  ')}`, {
      hint: 'Nothing was written; what came is kept, so trying again goes on from there',
    });
  }
  const entries = [
    ...(await Promise.all(releases.map(packageEntries))).flat(),
    ...(await Promise.all(
      [...files.keys()].sort().map((sha256) => fileEntry(cache.path(sha256), sha256)),
    )),
  ];
  await rm(into, { force: true });
  const { bytes } = await packTgz(entries, into);
  return {
    file: into,
    packages: releases.map(({ definition }) => `${definition.name} ${definition.version}`),
    files: files.size,
    bytes,
  };
}

/** Fetches all at once; where that fails, each that is missing by itself. Names what stays so. */
async function fetchEach(
  files: readonly ArtifactFile[],
  cache: FileCache,
  baseUrls: BaseUrls,
): Promise<string[]> {
  const { signal } = new AbortController();
  const fetch = (some: readonly ArtifactFile[]): Promise<void> =>
    fetchFiles(some, { cache, baseUrls, signal, onBytes: () => {} });
  try {
    await fetch(files);
    return [];
  } catch {
    const missing: string[] = [];
    for (const file of files) {
      if (await cache.has(file)) continue;
      await fetch([file]).catch((error: unknown) => {
        missing.push(`${file.purl}: ${messageOf(error).split('\n')[0]}`);
      });
    }
    return missing;
  }
}

async function packageEntries({ definition, folder }: PackageRelease): Promise<PackEntry[]> {
  if (folder === undefined) {
    throw new DcosError('invalid', `${definition.name} is in no folder and can't be bundled`);
  }
  return folderEntries(folder, `packages/${definition.name}/${definition.version}`);
}

/** The files of a folder, below `prefix`, in the order of their names. */
export async function folderEntries(folder: string, prefix: string): Promise<PackEntry[]> {
  const found = await readdir(folder, { recursive: true, withFileTypes: true });
  const paths = found
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .sort();
  return Promise.all(
    paths.map(async (path) => {
      const inside = path.slice(folder.length + 1);
      return entryOf(path, prefix === '' ? inside : `${prefix}/${inside}`);
    }),
  );
}

const fileEntry = (path: string, sha256: string): Promise<PackEntry> =>
  entryOf(path, `files/${sha256.slice(0, 2)}/${sha256}`);

async function entryOf(path: string, name: string): Promise<PackEntry> {
  const { size } = await stat(path);
  return { path: name, executable: false, size, open: () => createReadStream(path) };
}
