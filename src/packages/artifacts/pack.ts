/**
 * Writes archives whose bytes follow from their content alone: names sorted or in the order of a
 * pinned input, one time stamp, no owner. So the same content has the same sha256, and agents fetch
 * it once.
 */
import { createHash } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGzip } from 'node:zlib';
import { Header, Pax } from 'tar';
import { DcosError } from '../../core/errors.js';
import { storing } from './cache.js';

/** One file of an archive. */
export interface PackEntry {
  /** Relative, with `/`. */
  readonly path: string;
  readonly executable: boolean;
  /** In bytes; the stream must have exactly as many. */
  readonly size: number;
  /** The content; opened when its turn comes. */
  readonly open: () => Promise<Readable> | Readable;
}

/** What was written. */
export interface Packed {
  readonly sha256: string;
  /** Of the archive. */
  readonly bytes: number;
}

// 2000-01-01: a date that every tool can show, and no clock is asked.
const mtime = new Date(946_684_800_000);
const block = 512;
// Far above any real set; what an archive claims to unpack to is not to be believed.
const maxContent = 16 * 1024 ** 3;

/**
 * Writes a gzipped tar file. `onBytes` hears of content as it is packed. Throws `io`, `corrupt`.
 */
export async function packTgz(
  entries: AsyncIterable<PackEntry> | Iterable<PackEntry>,
  path: string,
  onBytes: (bytes: number) => void = () => undefined,
): Promise<Packed> {
  const hash = createHash('sha256');
  let bytes = 0;
  // Fast rather than small: jars, the bulk, do not get smaller.
  const gzip = createGzip({ level: 1 });
  try {
    await pipeline(
      Readable.from(tarOf(entries, onBytes), { objectMode: false, highWaterMark: 1 << 18 }),
      gzip,
      async function* (source) {
        for await (const chunk of source as AsyncIterable<Buffer>) {
          hash.update(chunk);
          bytes += chunk.length;
          yield chunk;
        }
      },
      createWriteStream(path, { flags: 'wx', mode: 0o644 }),
    );
  } catch (error) {
    throw storing(path, error);
  }
  return { sha256: hash.digest('hex'), bytes };
}

async function* tarOf(
  entries: AsyncIterable<PackEntry> | Iterable<PackEntry>,
  onBytes: (bytes: number) => void,
): AsyncGenerator<Buffer> {
  let total = 0;
  for await (const entry of entries) {
    total += entry.size;
    if (total > maxContent) {
      throw new DcosError('corrupt', `an archive would hold more than ${maxContent} bytes`);
    }
    yield headerOf(entry);
    let size = 0;
    for await (const chunk of await entry.open()) {
      size += (chunk as Buffer).length;
      onBytes((chunk as Buffer).length);
      yield chunk as Buffer;
    }
    if (size !== entry.size) {
      throw new DcosError('corrupt', `${entry.path} has ${size} bytes instead of ${entry.size}`);
    }
    if (size % block !== 0) yield Buffer.alloc(block - (size % block));
  }
  yield Buffer.alloc(2 * block);
}

function headerOf(entry: PackEntry): Buffer {
  const fields = {
    path: entry.path,
    mode: entry.executable ? 0o755 : 0o644,
    size: entry.size,
    type: 'File' as const,
    mtime,
    uid: 0,
    gid: 0,
  };
  const header = new Header(fields);
  const buffer = Buffer.alloc(block);
  const needsPax = header.encode(buffer);
  if (!needsPax) return buffer;
  return Buffer.concat([new Pax({ path: entry.path, size: entry.size }).encode(), buffer]);
}

/** Whether an entry's name would lead out of the folder that its archive is unpacked in. */
export function leavesFolder(path: string): boolean {
  return path.startsWith('/') || path.includes('\\') || path.split('/').includes('..');
}
