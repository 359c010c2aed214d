/**
 * Files that users hand in for their jobs (`POST /artifacts/uploads/<name>`): kept by their sha256,
 * fetched by agents as archives are. Bounded in size and number; unused ones go after a while.
 */
import { createHash, randomBytes } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import { mkdir, readdir, rm, stat, utimes } from 'node:fs/promises';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { systemClock } from '../../core/clock.js';
import { artifactSignature } from '../../core/credentials.js';
import { DcosError } from '../../core/errors.js';
import type { Answer, Request, Route } from '../../core/http/server.js';
import { moveInto, storing } from './cache.js';

/** The largest file that is taken, in bytes. */
export const maxUploadBytes = 512 * 1024 * 1024;
/** All of them together, in bytes: beyond it the ones unused longest go. */
const maxTotalBytes = 4 * 1024 ** 3;
/** One that was neither handed in again nor fetched for so long goes. */
const unusedMs = 30 * 24 * 3_600_000;
/** One that was just handed in never goes, however full it is: its job is about to fetch it. */
const freshMs = 3_600_000;

/** Uploaded files of one cluster. */
export interface Uploads {
  /** The file of that hash, if it is one of these. */
  path(sha256: string): string;
  readonly route: Route;
}

/** Opens them in `dir`; `advertiseUrl` is how agents reach us. */
export function openUploads(dir: string, clusterKey: string, advertiseUrl: string): Uploads {
  const path = (sha256: string): string => join(dir, sha256);
  const take = async (request: Request): Promise<Answer> => {
    const name = request.params.name ?? '';
    if (!/^[A-Za-z0-9_][\w.+=@-]{0,199}$/.test(name)) {
      throw new DcosError('invalid', `'${name}' is no name for an upload`, { status: 400 });
    }
    const { sha256, size } = await receive(request, dir, path);
    await sweep(dir);
    const signature = artifactSignature(clusterKey, sha256);
    const url = `${advertiseUrl.replace(/\/+$/, '')}/artifacts/${signature}/${sha256}/${name}`;
    return { status: 200, json: { url, sha256, size } };
  };
  return {
    path,
    route: { method: 'POST', path: '/artifacts/uploads/:name', access: 'token', handle: take },
  };
}

async function receive(
  { raw, headers }: Request,
  dir: string,
  path: (sha256: string) => string,
): Promise<{ sha256: string; size: number }> {
  if (Number(headers['content-length'] ?? 0) > maxUploadBytes) throw tooLarge();
  const work = join(dir, `.${randomBytes(8).toString('hex')}`);
  const hash = createHash('sha256');
  let size = 0;
  try {
    await mkdir(dir, { recursive: true });
    await pipeline(
      raw,
      async function* (source: AsyncIterable<Buffer>) {
        for await (const chunk of source) {
          size += chunk.length;
          if (size > maxUploadBytes) throw tooLarge();
          hash.update(chunk);
          yield chunk;
        }
      },
      createWriteStream(work, { flags: 'wx', mode: 0o600 }),
    );
    const sha256 = hash.digest('hex');
    await moveInto(work, path(sha256));
    const now = systemClock.now() / 1_000;
    await utimes(path(sha256), now, now);
    return { sha256, size };
  } catch (error) {
    throw error instanceof DcosError ? error : storing(dir, error);
  } finally {
    await rm(work, { force: true });
  }
}

function tooLarge(): DcosError {
  return new DcosError('invalid', `a file of a job may have ${maxUploadBytes >> 20} MiB at most`, {
    status: 413,
    hint: 'Put larger files on HDFS or a web server and name them by URI.',
  });
}

/** Removes what was not used for long, and the oldest while there is too much. */
async function sweep(dir: string): Promise<void> {
  const names = await readdir(dir).catch(() => []);
  const files = await Promise.all(
    names.map(async (name) => ({
      name,
      about: await stat(join(dir, name)).catch(() => undefined),
    })),
  );
  const now = systemClock.now();
  let total = 0;
  for (const { name, about } of files.sort(
    (a, b) => (b.about?.mtimeMs ?? 0) - (a.about?.mtimeMs ?? 0),
  )) {
    if (about === undefined) continue;
    total += about.size;
    const age = now - Math.max(about.mtimeMs, about.atimeMs);
    if (age < freshMs) continue;
    if (total > maxTotalBytes || age > unusedMs) await rm(join(dir, name), { force: true });
  }
}
