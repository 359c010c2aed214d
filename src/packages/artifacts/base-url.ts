/**
 * Fetches from a configured repository base URL without the tool: the layouts of Maven
 * repositories, of Python's simple index and of npm registries, over HTTP.
 */
import { createWriteStream } from 'node:fs';
import { join } from 'node:path';
import { Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { DcosError } from '../../core/errors.js';
import { callHttp, streamHttp } from '../../core/http/request.js';
import { storing } from './cache.js';
import { layoutPath } from './maven.js';
import { npmName } from './npm.js';
import type { ArtifactFile } from './resolve.js';

const maxRedirects = 5;
const maxFileBytes = 4 * 1024 ** 3;
const headersTimeoutMs = 30_000;
const idleTimeoutMs = 60_000;

/**
 * Where `file` is, below the base URL of a repository of its kind. Throws `unreachable`, `failed`.
 */
async function urlOf(file: ArtifactFile, base: string, signal: AbortSignal): Promise<string> {
  const root = base.replace(/\/+$/, '');
  if (file.source === 'maven') return `${root}/${layoutPath(file)}`;
  if (file.source === 'npm') return `${root}/${npmName(file)}/-/${file.fileName}`;
  return indexedUrl(file, root, signal);
}

/**
 * Python's simple index links to files with their hashes (PEP 503); the one with our hash is it,
 * else the one with our name.
 */
async function indexedUrl(file: ArtifactFile, root: string, signal: AbortSignal): Promise<string> {
  const page = `${root}/${file.name.toLowerCase().replace(/[-_.]+/g, '-')}/`;
  const answer = await callHttp({ method: 'GET', url: page, signal, timeoutMs: headersTimeoutMs });
  if (answer.status !== 200) throw refused(page, answer.status);
  const html = answer.body.toString('utf8');
  const links = [...html.matchAll(/href\s*=\s*["']([^"']+)["']/gi)].map((found) =>
    (found[1] ?? '').replaceAll('&amp;', '&'),
  );
  const link =
    links.find((href) => href.endsWith(`#sha256=${file.sha256}`)) ??
    links.find((href) => href.replace(/[?#].*$/, '').endsWith(`/${file.fileName}`));
  if (link !== undefined) return new URL(link.replace(/#.*$/, ''), page).href;
  throw new DcosError('failed', `${page} has no file with the sha256 ${file.sha256}`);
}

/** Fetches one file into `folder`; its path. Throws `unreachable`, `timeout`, `failed`, `io`. */
export async function fetchFromBase(
  file: ArtifactFile,
  base: string,
  folder: string,
  signal: AbortSignal,
): Promise<string> {
  const path = join(folder, file.sha256);
  await download(await urlOf(file, base, signal), path, signal);
  return path;
}

async function download(url: string, path: string, signal: AbortSignal): Promise<void> {
  let at = url;
  for (let redirects = 0; redirects <= maxRedirects; redirects += 1) {
    const answer = await streamHttp({
      method: 'GET',
      url: at,
      signal,
      timeoutMs: headersTimeoutMs,
    });
    const status = answer.statusCode ?? 0;
    const location = answer.headers.location;
    if (status >= 300 && status < 400 && location !== undefined) {
      answer.destroy();
      at = redirected(at, location);
      continue;
    }
    if (status !== 200) {
      answer.destroy();
      throw refused(at, status);
    }
    // A server that stops sending without closing must not hold an install for ever.
    answer.setTimeout(idleTimeoutMs, () =>
      answer.destroy(new DcosError('timeout', `${at} sent nothing for ${idleTimeoutMs / 1000} s`)),
    );
    try {
      await pipeline(answer, limited(at), createWriteStream(path), { signal });
      return;
    } catch (error) {
      throw signal.aborted
        ? new DcosError('interrupted', 'the download was stopped')
        : broken(at, path, error);
    }
  }
  throw new DcosError('failed', `${url} redirects more than ${maxRedirects} times`);
}

/** A redirect may not lead to a less safe scheme, nor to anything but HTTP. */
function redirected(from: string, location: string): string {
  const to = new URL(location, from);
  const allowed = from.startsWith('https:') ? ['https:'] : ['http:', 'https:'];
  if (allowed.includes(to.protocol)) return to.href;
  throw new DcosError('refused', `${from} redirects to ${to.protocol}, which is not followed`);
}

function limited(url: string): Transform {
  let size = 0;
  return new Transform({
    transform(chunk: Buffer, _encoding, done) {
      size += chunk.length;
      if (size <= maxFileBytes) done(null, chunk);
      else done(new DcosError('failed', `${url} is larger than ${maxFileBytes} bytes`));
    },
  });
}

function refused(url: string, status: number): DcosError {
  return new DcosError('failed', `${url} answered ${status}`, {
    hint: 'check the configured repository base URL: dcos config show repositories',
  });
}

function broken(url: string, path: string, error: unknown): DcosError {
  if (error instanceof DcosError) return error;
  const code = (error as NodeJS.ErrnoException).code ?? '';
  if (['ENOSPC', 'EACCES', 'EROFS', 'EIO'].includes(code)) return storing(path, error);
  return new DcosError('unreachable', `the download of ${url} broke off`, { cause: error });
}
