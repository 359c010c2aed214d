/**
 * One gzip member of which some pieces are compressed and some stored: Node's own stream for gzip
 * cannot change its level on the way, the one for raw deflate can (RFC 1951, RFC 1952).
 */
import { constants, crc32, createDeflateRaw, type DeflateRaw } from 'node:zlib';

/** Bytes, and how hard they are worth compressing: 0 for what is compressed by itself. */
export interface GzipPiece {
  readonly bytes: Buffer;
  readonly level: 0 | 1;
}

// RFC 1952 §2.3: deflate, no flags, no time, the fastest level, an unknown file system.
const head = Buffer.from([0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 4, 255]);

/** The gzip file of all pieces, as it grows. Throws what `pieces` throws. */
export async function* gzipped(pieces: AsyncIterable<GzipPiece>): AsyncGenerator<Buffer> {
  let sum = 0;
  let size = 0;
  let level: GzipPiece['level'] = 1;
  let ready: Buffer[] = [head];
  const deflate = createDeflateRaw({ level });
  deflate.on('data', (chunk: Buffer) => ready.push(chunk));
  try {
    for await (const piece of pieces) {
      if (piece.level !== level) await levelled(deflate, piece.level);
      level = piece.level;
      sum = crc32(piece.bytes, sum);
      size += piece.bytes.length;
      await written(deflate, piece.bytes);
      yield* ready;
      ready = [];
    }
    await ended(deflate);
    const tail = Buffer.alloc(8);
    tail.writeUInt32LE(sum);
    tail.writeUInt32LE(size % 2 ** 32, 4);
    yield* [...ready, tail];
  } finally {
    deflate.destroy();
  }
}

function levelled(deflate: DeflateRaw, level: number): Promise<void> {
  return new Promise((resolve) => deflate.params(level, constants.Z_DEFAULT_STRATEGY, resolve));
}

function written(deflate: DeflateRaw, bytes: Buffer): Promise<void> {
  return new Promise((resolve, reject) =>
    deflate.write(bytes, (error) => (error ? reject(error) : resolve())),
  );
}

function ended(deflate: DeflateRaw): Promise<void> {
  return new Promise((resolve, reject) => {
    deflate.once('end', resolve).once('error', reject).end();
  });
}
