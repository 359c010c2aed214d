/** Output of a container to all who look, at the speed of the slowest: nothing is heaped up. */
import type { Readable, Writable } from 'node:stream';
import { dataMessage, heartbeatMessage, type ProcessIo } from '../../../wire/mesos/process-io.js';
import { type Encoding, written } from '../../../wire/protobuf/media.js';
import { encodeRecord } from '../../../wire/recordio.js';

/** ms between two signs of life. */
const heartbeatMs = 30_000;
/** ms after which somebody who only looks on and reads nothing is cut off. */
const stalledMs = 10_000;

/** Takes `stdout` and `stderr` to viewers as records of ProcessIO. */
export class Fanout {
  readonly #sources: readonly [Readable, Readable];
  readonly #tee: ((chunk: Buffer) => void) | undefined;
  readonly #viewers = new Map<Writable, NodeJS.Timeout>();
  readonly #encodings = new WeakMap<Writable, Encoding>();
  readonly #blocked = new Map<Writable, NodeJS.Timeout | undefined>();
  #begun = false;

  /** Nothing is read before the first viewer, or `begin`; `tee` gets all that is read. */
  constructor(sources: readonly [Readable, Readable], tee?: (chunk: Buffer) => void) {
    this.#sources = sources;
    this.#tee = tee;
  }

  /** Whether somebody has to read before more can be taken. */
  get isBlocked(): boolean {
    return this.#blocked.size > 0;
  }

  /** Starts to read. */
  begin(): void {
    if (this.#begun) return;
    this.#begun = true;
    for (const [index, source] of this.#sources.entries()) {
      source.on('error', () => {});
      source.on('data', (chunk: Buffer) => {
        this.#tee?.(chunk);
        this.#send(dataMessage(index === 0 ? 'STDOUT' : 'STDERR', chunk));
      });
    }
  }

  /** Adds one who looks; `isPatient` keeps one who reads nothing, and lets the container wait. */
  add(viewer: Writable, isPatient: boolean, encoding: Encoding = 'json'): void {
    this.#encodings.set(viewer, encoding);
    const beat = setInterval(
      () => this.#sendTo(viewer, heartbeatMessage(heartbeatMs)),
      heartbeatMs,
    );
    beat.unref();
    this.#viewers.set(viewer, beat);
    viewer.on('drain', () => this.#unblock(viewer));
    viewer.on('close', () => {
      clearInterval(beat);
      this.#viewers.delete(viewer);
      this.#unblock(viewer);
    });
    if (!isPatient) {
      viewer.on('stalled', () => viewer.destroy());
    }
    this.begin();
  }

  /** There is no more: every viewer's stream ends. */
  end(): void {
    for (const [viewer, beat] of this.#viewers) {
      clearInterval(beat);
      viewer.end();
    }
    this.#viewers.clear();
  }

  #send(message: ProcessIo): void {
    for (const viewer of this.#viewers.keys()) this.#sendTo(viewer, message);
  }

  #sendTo(viewer: Writable, message: ProcessIo): void {
    if (viewer.writableEnded || viewer.destroyed) return;
    const encoding = this.#encodings.get(viewer) ?? 'json';
    const record = encodeRecord(written(encoding, 'agent.ProcessIO', message));
    if (viewer.write(record) || this.#blocked.has(viewer)) return;
    const timer = setTimeout(() => viewer.emit('stalled'), stalledMs);
    timer.unref();
    this.#blocked.set(viewer, timer);
    for (const source of this.#sources) source.pause();
  }

  #unblock(viewer: Writable): void {
    clearTimeout(this.#blocked.get(viewer));
    if (!this.#blocked.delete(viewer) || this.isBlocked) return;
    for (const source of this.#sources) source.resume();
  }
}
