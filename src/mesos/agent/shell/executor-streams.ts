/** The event streams of subscribed executors, one each: RecordIO of JSON or protobuf. */
import type { ServerResponse } from 'node:http';
import type { ExecutorEvent } from '../../../wire/mesos/executor.js';
import { type Encoding, mediaTypes, written } from '../../../wire/protobuf/media.js';
import { encodeRecord } from '../../../wire/recordio.js';

/** ms between two HEARTBEAT events; Mesos' own default. */
const heartbeatMs = 30 * 60 * 1000;
/** Bytes that an executor may leave unread. */
const maxUnread = 64 * 1024 * 1024;

/** Keeps the streams. */
export class ExecutorStreams {
  /** By container id. */
  readonly #streams = new Map<string, ServerResponse>();
  readonly #encodings = new WeakMap<ServerResponse, Encoding>();
  readonly #timer = setInterval(() => {
    for (const executor of this.#streams.keys()) this.tell(executor, { type: 'HEARTBEAT' });
  }, heartbeatMs);

  constructor() {
    this.#timer.unref();
  }

  /**
   * Answers a SUBSCRIBE with a stream; an older one of the same executor ends. `onClosed` is called
   * once, unless another stream has taken its place by then.
   */
  open(executor: string, response: ServerResponse, encoding: Encoding, onClosed: () => void): void {
    this.#encodings.set(response, encoding);
    this.#streams.get(executor)?.end();
    this.#streams.set(executor, response);
    response.on('close', () => {
      if (this.#streams.get(executor) !== response) return;
      this.#streams.delete(executor);
      onClosed();
    });
    response.writeHead(200, { 'content-type': mediaTypes[encoding] });
    response.flushHeaders();
    response.socket?.setNoDelay(true);
  }

  /** Sends an event, if there is a stream. */
  tell(executor: string, event: ExecutorEvent): void {
    const response = this.#streams.get(executor);
    if (response === undefined) return;
    const encoding = this.#encodings.get(response) ?? 'json';
    response.write(encodeRecord(written(encoding, 'executor.Event', event)));
    if (response.writableLength > maxUnread) response.destroy();
  }

  /** Ends the stream of an executor. */
  end(executor: string): void {
    this.#streams.get(executor)?.end();
    this.#streams.delete(executor);
  }

  /** Breaks all streams, as a restart does. */
  close(): void {
    clearInterval(this.#timer);
    for (const response of this.#streams.values()) response.destroy();
    this.#streams.clear();
  }
}
