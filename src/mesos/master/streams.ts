/** Open answers that records are sent over, by id; a reader that does not keep up is cut off. */
import type { ServerResponse } from 'node:http';
import { encodeRecord } from '../../wire/recordio.js';

/** The most bytes that may wait for a slow reader. */
const maxWaitingBytes = 16 * 1024 * 1024;

/** All open streams of a master. */
export class Streams {
  readonly #open = new Map<string, ServerResponse>();
  readonly #onClosed: (stream: string) => void;

  /** `onClosed` is told of every stream that the other end, or a write that failed, has ended. */
  constructor(onClosed: (stream: string) => void) {
    this.#onClosed = onClosed;
  }

  /** Takes an answer over as the stream `id`; its headers go out at once. */
  open(id: string, response: ServerResponse, headers: Record<string, string>): void {
    response.writeHead(200, { 'content-type': 'application/json', ...headers });
    response.flushHeaders();
    response.socket?.setNoDelay(true);
    this.#open.set(id, response);
    response.on('error', () => {});
    response.on('close', () => {
      if (this.#open.delete(id)) this.#onClosed(id);
    });
  }

  /** Sends one record to each of `ids`; those that are closed are passed over. */
  send(ids: readonly string[], message: unknown): void {
    const record = encodeRecord(JSON.stringify(message));
    for (const id of ids) {
      const response = this.#open.get(id);
      if (response === undefined) continue;
      if (response.writableLength > maxWaitingBytes) response.destroy();
      else response.write(record);
    }
  }

  /** Ends a stream after what was sent; `onClosed` is not told. */
  close(id: string): void {
    const response = this.#open.get(id);
    this.#open.delete(id);
    response?.end();
  }
}
