/**
 * Brings the URIs of a command into its sandbox (apache/mesos docs/fetcher.md). What may be cached
 * is kept once per URI, unpacked, and hard-linked into each sandbox: a warm start copies nothing,
 * and a program that resolves its own path finds its neighbours.
 * The copies are read-only; a task that writes into one regardless of that changes it for others.
 */
import { createHash, randomUUID } from 'node:crypto';
import { chmod, copyFile, mkdir, rename, rm, utimes, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { z } from 'zod';
import { systemClock } from '../../../../core/clock.js';
import { DcosError, messageOf } from '../../../../core/errors.js';
import type { uriSchema } from '../../../../wire/mesos/task.js';
import { isInside } from '../../layout.js';
import { archiveKindOf, unpack } from './archive.js';
import { collectCache } from './collect.js';
import { download } from './download.js';
import { linkTree } from './link-tree.js';

type Uri = z.infer<typeof uriSchema>;

/** Fetches for all tasks of one agent. */
export interface Fetcher {
  /** All of `uris`, in order. Throws `failed`: "Failed to fetch '<uri>': <reason>". */
  fetch(uris: readonly Uri[], sandbox: string): Promise<void>;
  /** Removes copies that were not used for long; sooner when the disk fills. */
  collect(freeFraction: number): Promise<void>;
}

/** Our own artifacts say by their path what they are: they never change, and can be verified. */
const artifactPath = /\/artifacts\/[0-9a-f]{40}\/([0-9a-f]{64})\/[^/]+$/;

/** Makes a fetcher that keeps its copies in `folder`. */
export function createFetcher(folder: string): Fetcher {
  const underWay = new Map<string, Promise<void>>();

  /** The folder that holds the copy of `uri`, made by one and shared by all who ask meanwhile. */
  const cached = async (uri: Uri): Promise<string> => {
    const key = createHash('sha256')
      .update(`${uri.value}\n${wantsUnpacking(uri)}`)
      .digest('hex');
    const copy = join(folder, key);
    let making = underWay.get(key);
    if (making === undefined) {
      making = ensureCopy(uri, copy).finally(() => underWay.delete(key));
      underWay.set(key, making);
    }
    await making;
    return copy;
  };

  const fetchOne = async (uri: Uri, sandbox: string): Promise<void> => {
    if (uri.cache === true || artifactPath.test(pathOf(uri.value))) {
      await place(uri, await cached(uri), sandbox);
      return;
    }
    const copy = join(folder, randomUUID());
    try {
      await makeCopy(uri, copy);
      await place(uri, copy, sandbox);
    } finally {
      await rm(copy, { recursive: true, force: true });
    }
  };

  return {
    fetch: async (uris, sandbox) => {
      for (const uri of uris) {
        try {
          await fetchOne(uri, sandbox);
        } catch (error) {
          const message = `Failed to fetch '${withoutQuery(uri.value)}': ${messageOf(error)}`;
          throw new DcosError('failed', message, { cause: error });
        }
      }
    },
    collect: (freeFraction) => collectCache(folder, freeFraction, new Set(underWay.keys())),
  };
}

async function ensureCopy(uri: Uri, copy: string): Promise<void> {
  const now = new Date(systemClock.now());
  const known = await utimes(join(copy, 'complete'), now, now).then(
    () => true,
    () => false,
  );
  if (known) return;
  await rm(copy, { recursive: true, force: true });
  await makeCopy(uri, copy);
}

/** Made beside and moved whole, so that a crash leaves no half copy to be taken for one. */
async function makeCopy(uri: Uri, copy: string): Promise<void> {
  const fresh = `${copy}.${randomUUID()}.part`;
  const tree = join(fresh, 'tree');
  const name = nameOf(uri.value);
  try {
    await mkdir(tree, { recursive: true, mode: 0o755 });
    const kind = wantsUnpacking(uri) ? archiveKindOf(name) : undefined;
    const file = kind === undefined ? join(tree, name) : join(fresh, 'archive');
    await bring(uri.value, file);
    if (kind !== undefined) {
      await unpack(kind, file, tree, name);
      await rm(file);
    }
    await writeFile(join(fresh, 'complete'), '');
    await rename(fresh, copy);
  } catch (error) {
    await rm(fresh, { recursive: true, force: true });
    throw error;
  }
}

async function place(uri: Uri, copy: string, sandbox: string): Promise<void> {
  const only = wantsUnpacking(uri) ? undefined : targetOf(uri);
  await linkTree(join(copy, 'tree'), sandbox, only);
  if (uri.executable === true) await chmod(join(sandbox, targetOf(uri)), 0o755);
}

async function bring(value: string, file: string): Promise<void> {
  if (/^https?:\/\//i.test(value)) {
    const sha256 = artifactPath.exec(pathOf(value))?.[1];
    await download(value, file, sha256);
    return;
  }
  const path = value.startsWith('file://') ? fileURLToPath(value) : value;
  if (!path.startsWith('/')) {
    throw new DcosError('failed', 'only http, https, file and absolute paths can be fetched');
  }
  await copyFile(path, file);
}

function wantsUnpacking(uri: Uri): boolean {
  const wanted = (uri.extract ?? true) && uri.executable !== true;
  return wanted && archiveKindOf(nameOf(uri.value)) !== undefined;
}

function targetOf(uri: Uri): string {
  const target = uri.output_file ?? nameOf(uri.value);
  if (!isInside(target)) throw new DcosError('failed', `'${target}' is not inside the sandbox`);
  return target;
}

function pathOf(value: string): string {
  return withoutQuery(value).replace(/^[a-z]+:\/\/[^/]*/i, '');
}

function withoutQuery(value: string): string {
  return value.replace(/[?#].*$/, '');
}

function nameOf(value: string): string {
  const name = basename(pathOf(value));
  if (!isInside(name)) throw new DcosError('failed', 'the URI names no file');
  return name;
}
