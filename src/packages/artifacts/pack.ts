/**
 * Writes archives whose bytes follow from their content alone: names sorted or in the order of a
 * pinned input, one time stamp, no owner. So the same content has the same sha256, and agents fetch
 * it once.
 */
import { createHash } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { Header, Pax } from 'tar';
import { DcosError } from '../../core/errors.js';
import { storing } from './cache.js';
import { type GzipPiece, gzipped } from './gzip.js';

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

// What is compressed by itself: the jars that most services are made of would take twenty times as
// long to get no smaller.
const compressed = /\.(?:jar|war|whl|zip|gz|tgz|bz2|xz|zst)$/;

/** Writes a gzipped tar file. Throws `io`, `corrupt`. */
export async function packTgz(
  entries: AsyncIterable<PackEntry> | Iterable<PackEntry>,
  path: string,
): Promise<Packed> {
  const hash = createHash('sha256');
  let bytes = 0;
  try {
    await pipeline(
      Readable.from(gzipped(tarOf(entries)), { objectMode: false, highWaterMark: 1 << 18 }),
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
): AsyncGenerator<GzipPiece> {
  let total = 0;
  for await (const entry of entries) {
    total += entry.size;
    if (total > maxContent) {
      throw new DcosError('corrupt', `an archive would hold more than ${maxContent} bytes`);
    }
    const level = compressed.test(entry.path) ? 0 : 1;
    yield { bytes: headerOf(entry), level };
    let size = 0;
    for await (const chunk of await entry.open()) {
      const bytes = chunk as Buffer;
      size += bytes.length;
      yield { bytes, level };
    }
    if (size !== entry.size) {
      throw new DcosError('corrupt', `${entry.path} has ${size} bytes instead of ${entry.size}`);
    }
    if (size % block !== 0) yield { bytes: Buffer.alloc(block - (size % block)), level };
  }
  yield { bytes: Buffer.alloc(2 * block), level: 1 };
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
