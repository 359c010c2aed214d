/** Downloads one URL into a file: bounded in size and silence, verified where the sum is known. */
import { createHash } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import { Transform, type TransformCallback } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { DcosError } from '../../../../core/errors.js';
import { streamHttp } from '../../../../core/http/request.js';

const maxBytes = 8 * 1024 ** 3;
const maxRedirects = 5;
/** ms without a byte, as Mesos' fetcher_stall_timeout. */
const stallMs = 60_000;

/**
 * Fetches `url` into `file`. Throws `failed` for any status but 200, a wrong sum or a silent
 * server; `unreachable` and `timeout` as the call.
 */
export async function download(
  url: string,
  file: string,
  sha256: string | undefined,
): Promise<void> {
  const response = await follow(url, maxRedirects);
  const hash = createHash('sha256');
  let size = 0;
  const meter = new Transform({
    transform: (chunk: Buffer, _encoding, done: TransformCallback) => {
      size += chunk.length;
      hash.update(chunk);
      done(size > maxBytes ? new DcosError('failed', 'it is too large') : null, chunk);
    },
  });
  response.setTimeout(stallMs, () => response.destroy(new Error('the server fell silent')));
  await pipeline(response, meter, createWriteStream(file, { mode: 0o644 }));
  const expected = Number(response.headers['content-length'] ?? size);
  if (size !== expected) {
    throw new DcosError('failed', `it broke off after ${size} of ${expected} bytes`);
  }
  const found = hash.digest('hex');
  if (sha256 !== undefined && found !== sha256) {
    throw new DcosError('failed', `its sha256 is ${found}, not ${sha256}`);
  }
}

async function follow(url: string, left: number): Promise<import('node:http').IncomingMessage> {
  const response = await streamHttp({ method: 'GET', url, timeoutMs: stallMs });
  const status = response.statusCode ?? 0;
  if (status === 200) return response;
  response.destroy();
  const { location } = response.headers;
  if (status < 300 || status >= 400 || location === undefined) {
    throw new DcosError('failed', `the server answered ${status}`);
  }
  const next = new URL(location, url);
  if (left === 0) throw new DcosError('failed', 'it is redirected too often');
  if (next.protocol !== 'http:' && next.protocol !== 'https:') {
    throw new DcosError('failed', `it is redirected to ${next.protocol}`);
  }
  return follow(next.href, left - 1);
}
