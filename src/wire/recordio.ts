/**
 * RecordIO: `<length in bytes>\n<record>`, the framing of Mesos' streams (apache/mesos
 * docs/scheduler-http-api.md, "RecordIO response format").
 */
import { DcosError } from '../core/errors.js';

/** The largest record that is taken from a peer, in bytes. */
export const maxFrameBytes = 64 * 1024 * 1024;

/** Frames one record. */
export function encodeRecord(record: string | Buffer): Buffer {
  const bytes = typeof record === 'string' ? Buffer.from(record) : record;
  return Buffer.concat([Buffer.from(`${bytes.length}\n`), bytes]);
}

/** Takes a stream apart into records, whatever the sizes of its chunks. */
export class RecordDecoder {
  #chunks: Buffer[] = [];
  #size = 0;
  /** Length of the record being read, once its header is complete. */
  #wanted: number | undefined;
  readonly #maxBytes: number;

  /** Takes records of up to `maxBytes`. */
  constructor(maxBytes = maxFrameBytes) {
    this.#maxBytes = maxBytes;
  }

  /** The records that `chunk` completes. Throws `invalid` for a malformed or too large header. */
  push(chunk: Buffer): Buffer[] {
    this.#chunks.push(chunk);
    this.#size += chunk.length;
    // Joined only when a record can be complete, so that a large record in small chunks costs one
    // copy.
    if (this.#wanted !== undefined && this.#size < this.#wanted) return [];
    let rest = this.#chunks.length === 1 ? chunk : Buffer.concat(this.#chunks);
    const records: Buffer[] = [];
    for (;;) {
      if (this.#wanted === undefined) {
        const newline = rest.indexOf(10);
        if (newline < 0) {
          if (rest.length > 20) throw new DcosError('invalid', 'a RecordIO header is malformed');
          break;
        }
        this.#wanted = parseLength(rest.subarray(0, newline).toString('latin1'), this.#maxBytes);
        rest = rest.subarray(newline + 1);
      }
      if (rest.length < this.#wanted) break;
      records.push(rest.subarray(0, this.#wanted));
      rest = rest.subarray(this.#wanted);
      this.#wanted = undefined;
    }
    this.#chunks = rest.length > 0 ? [rest] : [];
    this.#size = rest.length;
    return records;
  }
}

function parseLength(text: string, maxBytes: number): number {
  const length = /^\d{1,10}$/.test(text) ? Number(text) : Number.NaN;
  if (!(length <= maxBytes)) throw new DcosError('invalid', 'a RecordIO header is malformed');
  return length;
}
