/** Open answers that records are sent over, by id; a reader that does not keep up is cut off. */
import type { ServerResponse } from 'node:http';
import type { MessageName } from '../../wire/protobuf/codec.js';
import { type Encoding, mediaTypes, written } from '../../wire/protobuf/media.js';
import { encodeRecord } from '../../wire/recordio.js';

/** The most bytes that may wait for a slow reader. */
const maxWaitingBytes = 16 * 1024 * 1024;

/** What the records of a stream are, and how they are written. */
export interface RecordKind {
  readonly encoding: Encoding;
  readonly name: MessageName;
}

/** Records of JSON, whose kind nobody asks for. */
const plain: RecordKind = { encoding: 'json', name: 'scheduler.Event' };

interface Open {
  readonly response: ServerResponse;
  readonly kind: RecordKind;
}

/** All open streams of a master. */
export class Streams {
  readonly #open = new Map<string, Open>();
  readonly #onClosed: (stream: string) => void;

  /** `onClosed` is told of every stream that the other end, or a write that failed, has ended. */
  constructor(onClosed: (stream: string) => void) {
    this.#onClosed = onClosed;
  }

  /** Takes an answer over as the stream `id`; its headers go out at once. */
  open(
    id: string,
    response: ServerResponse,
    headers: Record<string, string>,
    kind: RecordKind = plain,
  ): void {
    response.writeHead(200, { 'content-type': mediaTypes[kind.encoding], ...headers });
    response.flushHeaders();
    response.socket?.setNoDelay(true);
    this.#open.set(id, { response, kind });
    response.on('error', () => {});
    response.on('close', () => {
      if (this.#open.delete(id)) this.#onClosed(id);
    });
  }

  /** Sends one record to each of `ids`; those that are closed are passed over. */
  send(ids: readonly string[], message: unknown): void {
    const records = new Map<string, Buffer>();
    const recordOf = ({ encoding, name }: RecordKind): Buffer => {
      const key = `${encoding} ${name}`;
      const record = records.get(key) ?? encodeRecord(written(encoding, name, message));
      records.set(key, record);
      return record;
    };
    for (const id of ids) {
      const open = this.#open.get(id);
      if (open === undefined) continue;
      const { response, kind } = open;
      if (response.writableLength > maxWaitingBytes) response.destroy();
      else response.write(recordOf(kind));
    }
  }

  /** Ends a stream after what was sent; `onClosed` is not told. */
  close(id: string): void {
    const open = this.#open.get(id);
    this.#open.delete(id);
    open?.response.end();
  }
}
