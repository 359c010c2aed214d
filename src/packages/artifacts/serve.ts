/**
 * `/artifacts/<signature>/<sha256>/<name>`: archives for agents, whose stock fetcher cannot log in;
 * the signed path is the permission.
 */
import { createReadStream } from 'node:fs';
import { pipeline } from 'node:stream/promises';
import { artifactSignature, equalSecrets } from '../../core/credentials.js';
import { DcosError } from '../../core/errors.js';
import type { Answer, Request, Route } from '../../core/http/server.js';
import type { ArchiveStore } from './archives.js';
import { sizeOf } from './cache.js';
import type { Uploads } from './uploads.js';

/** The route that serves a store: GET, HEAD, one range. */
export function artifactsRoute(
  archives: Pick<ArchiveStore, 'path'>,
  uploads: Pick<Uploads, 'path'>,
  clusterKey: string,
): Route {
  return {
    method: 'GET',
    path: '/artifacts/:signature/:sha256/:name',
    access: 'open',
    handle: (request) => serve([archives, uploads], clusterKey, request),
  };
}

async function serve(
  stores: readonly { path(sha256: string): string }[],
  clusterKey: string,
  request: Request,
): Promise<Answer | undefined> {
  const { signature = '', sha256 = '' } = request.params;
  // A wrong signature and an unknown archive look the same from outside.
  const signed =
    /^[0-9a-f]{64}$/.test(sha256) && equalSecrets(signature, artifactSignature(clusterKey, sha256));
  const [found] = signed ? await filesIn(stores, sha256) : [];
  if (found === undefined) throw new DcosError('not-found', 'there is no such artifact');
  const { path, size } = found;
  const range = rangeOf(request.headers.range, size);
  const headers = {
    'content-type': 'application/gzip',
    'accept-ranges': 'bytes',
    etag: `"${sha256}"`,
    'cache-control': 'max-age=31536000, immutable',
  };
  if (range === 'unsatisfiable') {
    return { status: 416, headers: { 'content-range': `bytes */${size}` }, text: '' };
  }
  const [start, end] = range ?? [0, size - 1];
  request.response.writeHead(range ? 206 : 200, {
    ...headers,
    'content-length': end - start + 1,
    ...(range ? { 'content-range': `bytes ${start}-${end}/${size}` } : {}),
  });
  if (request.method === 'HEAD') request.response.end();
  else await send(path, start, end, request);
  return undefined;
}

async function filesIn(
  stores: readonly { path(sha256: string): string }[],
  sha256: string,
): Promise<{ path: string; size: number }[]> {
  const paths = stores.map((store) => store.path(sha256));
  const sizes = await Promise.all(paths.map(sizeOf));
  return paths.flatMap((path, index) => {
    const size = sizes[index];
    return size === undefined ? [] : [{ path, size }];
  });
}

async function send(path: string, start: number, end: number, request: Request): Promise<void> {
  try {
    await pipeline(createReadStream(path, { start, end }), request.response);
  } catch {
    // The agent hung up; it will come again.
    request.response.destroy();
  }
}

/**
 * The bytes asked for, inclusive; `undefined` for all of them (a header that cannot be understood
 * is ignored, RFC 9110 §14.2).
 */
export function rangeOf(
  header: string | undefined,
  size: number,
): readonly [number, number] | 'unsatisfiable' | undefined {
  const parts = /^bytes=(\d*)-(\d*)$/.exec(header?.trim() ?? '');
  const [, first = '', last = ''] = parts ?? [];
  if (!parts || (first === '' && last === '')) return undefined;
  if (first === '') {
    const length = Math.min(Number(last), size);
    return length === 0 ? 'unsatisfiable' : [size - length, size - 1];
  }
  const start = Number(first);
  if (last !== '' && Number(last) < start) return undefined;
  if (start >= size) return 'unsatisfiable';
  return [start, last === '' ? size - 1 : Math.min(Number(last), size - 1)];
}
