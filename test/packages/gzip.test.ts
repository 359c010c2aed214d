/** A gzip member of compressed and stored pieces, read back by zlib. */
import { randomBytes } from 'node:crypto';
import { gunzipSync } from 'node:zlib';
import fc from 'fast-check';
import t from 'tap';
import { type GzipPiece, gzipped } from '../../src/packages/artifacts/gzip.js';

async function* given(pieces: readonly GzipPiece[]): AsyncGenerator<GzipPiece> {
  yield* pieces;
}

async function gzipOf(pieces: AsyncIterable<GzipPiece>): Promise<Buffer> {
  const parts: Buffer[] = [];
  for await (const part of gzipped(pieces)) parts.push(part);
  return Buffer.concat(parts);
}

const piece = fc.record({
  bytes: fc.uint8Array({ maxLength: 5_000 }).map((bytes) => Buffer.from(bytes)),
  level: fc.constantFrom(0 as const, 1 as const),
});

t.test('gzip › what comes out is what went in, whatever is compressed of it', () =>
  fc.assert(
    fc.asyncProperty(fc.array(piece, { maxLength: 20 }), async (pieces) => {
      const back = gunzipSync(await gzipOf(given(pieces)));
      return back.equals(Buffer.concat(pieces.map(({ bytes }) => bytes)));
    }),
  ),
);

t.test('gzip › pieces are compressed or stored, each as it says', async (t) => {
  const text = Buffer.alloc(1_000_000, 'the same again ');
  const sizes = await Promise.all(
    ([1, 0] as const).map(async (level) => {
      const random = { bytes: randomBytes(1_000), level: 0 as const };
      return (await gzipOf(given([random, { bytes: text, level }, random]))).length;
    }),
  );
  t.ok((sizes[0] ?? 0) < 20_000, 'compressed');
  t.ok((sizes[1] ?? 0) > 1_000_000, 'stored');
});

t.test('gzip › a reader that stops, and a source that fails, end both', async (t) => {
  let ended = 0;
  async function* endless(): AsyncGenerator<GzipPiece> {
    try {
      while (true) yield { bytes: randomBytes(70_000), level: 1 };
    } finally {
      ended += 1;
    }
  }
  for await (const part of gzipped(endless())) if (part.length > 0) break;
  t.equal(ended, 1);
  async function* failing(): AsyncGenerator<GzipPiece> {
    yield { bytes: Buffer.alloc(9), level: 0 };
    throw new Error('unreadable');
  }
  await t.rejects(gzipOf(failing()), { message: 'unreadable' });
});
