/**
 * Brings the files of archives into the cache: one call per tool for all that is missing, each file
 * kept as soon as it is verified.
 */
import { readdir, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { DcosError } from '../../core/errors.js';
import { fetchFromBase } from './base-url.js';
import type { FileCache } from './cache.js';
import { fetchWithMaven } from './maven.js';
import { fetchWithNpm } from './npm.js';
import { fetchWithPip } from './pypi.js';
import type { ArtifactFile, ArtifactSource } from './resolve.js';

/** Base URLs that take the place of the tools. */
export type BaseUrls = Readonly<Partial<Record<ArtifactSource, string | undefined>>>;

/** How files are fetched. */
export interface FetchOptions {
  readonly cache: FileCache;
  readonly baseUrls: BaseUrls;
  readonly signal: AbortSignal;
  /** Bytes of these files that are there by now, the cached ones included. */
  readonly onBytes: (done: number) => void;
}

const parallel = 6;
const pollMs = 200;

/** Files that are under way now, by cache path: two archives may be made of one file. */
const underWay = new Map<string, Promise<void>>();

/** Fetches what is missing of `files`. Throws as the tools do; what came before is kept. */
export async function fetchFiles(
  files: readonly ArtifactFile[],
  options: FetchOptions,
): Promise<void> {
  const paths = files.map(({ sha256 }) => options.cache.path(sha256));
  for (const path of paths) await underWay.get(path)?.catch(() => undefined);
  const work = fetchMissing(files, options);
  for (const path of paths) underWay.set(path, work);
  try {
    await work;
  } finally {
    for (const path of paths) if (underWay.get(path) === work) underWay.delete(path);
  }
}

async function fetchMissing(files: readonly ArtifactFile[], options: FetchOptions): Promise<void> {
  const distinct = [...new Map(files.map((file) => [file.sha256, file])).values()];
  const missing: ArtifactFile[] = [];
  let done = 0;
  for (const file of distinct) {
    if (await options.cache.has(file)) done += file.bytes;
    else missing.push(file);
  }
  options.onBytes(done);
  for (const source of ['maven', 'pypi', 'npm'] as const) {
    const wanted = missing.filter((file) => file.source === source);
    if (wanted.length === 0) continue;
    const before = done;
    await fetchFrom(source, wanted, {
      ...options,
      onBytes: (bytes) => options.onBytes(before + bytes),
    });
    done += wanted.reduce((sum, file) => sum + file.bytes, 0);
    options.onBytes(done);
  }
}

async function fetchFrom(
  source: 'maven' | 'pypi' | 'npm',
  files: readonly ArtifactFile[],
  options: FetchOptions,
): Promise<void> {
  const folder = await options.cache.workFolder();
  const total = files.reduce((sum, file) => sum + file.bytes, 0);
  const base = options.baseUrls[source];
  const told = new Set<ArtifactFile>();
  const tell = async (): Promise<void> => {
    const sum = [...told].reduce((bytes, file) => bytes + file.bytes, 0);
    options.onBytes(Math.min(total, Math.max(sum, await sizeBelow(folder))));
  };
  const timer = setInterval(() => void tell().catch(() => undefined), pollMs);
  const onFetched = (file: ArtifactFile): void => void told.add(file);
  try {
    if (base !== undefined) await fetchAllFromBase(files, base, folder, options);
    else
      await adoptAll(
        files,
        await withTool(source, files, folder, options.signal, onFetched),
        options.cache,
      );
  } finally {
    clearInterval(timer);
    await rm(folder, { recursive: true, force: true });
  }
}

function withTool(
  source: 'maven' | 'pypi' | 'npm',
  files: readonly ArtifactFile[],
  folder: string,
  signal: AbortSignal,
  onFetched: (file: ArtifactFile) => void,
): Promise<string[]> {
  if (source === 'maven') return fetchWithMaven(files, folder, signal, onFetched);
  return source === 'pypi'
    ? fetchWithPip(files, folder, signal)
    : fetchWithNpm(files, folder, signal);
}

/** Keeps every good file, then reports the first bad one: the next attempt has less to do. */
async function adoptAll(
  files: readonly ArtifactFile[],
  paths: readonly string[],
  cache: FileCache,
): Promise<void> {
  let failure: unknown;
  for (const [index, file] of files.entries()) {
    try {
      await cache.adopt(paths[index] ?? '', file);
    } catch (error) {
      failure ??= error;
    }
  }
  if (failure !== undefined) throw failure;
}

async function fetchAllFromBase(
  files: readonly ArtifactFile[],
  base: string,
  folder: string,
  { cache, signal }: FetchOptions,
): Promise<void> {
  const queue = [...files];
  let failure: unknown;
  const work = async (): Promise<void> => {
    for (let file = queue.shift(); file && failure === undefined; file = queue.shift()) {
      try {
        await cache.adopt(await fetchFromBase(file, base, folder, signal), file);
      } catch (error) {
        failure ??= error;
      }
    }
  };
  await Promise.all(Array.from({ length: parallel }, work));
  if (failure !== undefined) throw failure;
  if (signal.aborted) throw new DcosError('interrupted', 'the download was stopped');
}

/** Bytes of all files in a folder that a tool is writing to. */
async function sizeBelow(folder: string): Promise<number> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true }).catch(() => []);
  const sizes = entries
    .filter((entry) => entry.isFile())
    .map((entry) =>
      stat(join(entry.parentPath, entry.name)).then(
        ({ size }) => size,
        () => 0,
      ),
    );
  return (await Promise.all(sizes)).reduce((sum, size) => sum + size, 0);
}
