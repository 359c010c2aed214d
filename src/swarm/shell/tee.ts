/** One stream to several readers, as fast as the slowest of them. */
import { PassThrough, type Readable } from 'node:stream';

/** Copies of `source`; a reader that goes away holds nobody up. */
export function tee(source: Readable, count: number): PassThrough[] {
  const copies = Array.from({ length: count }, () => new PassThrough());
  void (async () => {
    try {
      for await (const chunk of source as AsyncIterable<Buffer>) {
        await Promise.all(copies.map((copy) => written(copy, chunk)));
      }
      for (const copy of copies) copy.end();
    } catch (error) {
      for (const copy of copies) copy.destroy(error as Error);
    }
  })();
  for (const copy of copies) copy.on('error', () => {});
  return copies;
}

function written(copy: PassThrough, chunk: Buffer): Promise<void> {
  if (copy.destroyed) return Promise.resolve();
  return new Promise((resolve) => {
    if (copy.write(chunk)) {
      resolve();
      return;
    }
    const done = (): void => {
      copy.off('drain', done);
      copy.off('close', done);
      resolve();
    };
    copy.on('drain', done);
    copy.on('close', done);
  });
}
