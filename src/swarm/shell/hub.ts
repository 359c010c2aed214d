/** `docker events` of all nodes: what came lately is kept, and given to who listens. */
import type { EngineEvent } from '../../wire/docker.js';

/** How many events are kept for `since`. */
const maxKept = 1_024;

/** A listener; `false` ends it. */
export type Listener = (event: EngineEvent) => void;

/** The events of the cluster. */
export class EventHub {
  readonly #listeners = new Set<Listener>();
  readonly #kept: EngineEvent[] = [];

  /** Tells all listeners. */
  publish(event: EngineEvent): void {
    this.#kept.push(event);
    if (this.#kept.length > maxKept) this.#kept.shift();
    for (const listener of this.#listeners) listener(event);
  }

  /** Kept events since `seconds` (since 1970), oldest first. */
  since(seconds: number): EngineEvent[] {
    return this.#kept
      .filter((event) => nanoOf(event) / 1e9 >= seconds)
      .sort((a, b) => nanoOf(a) - nanoOf(b));
  }

  /** Listens until what it returns is called. */
  listen(listener: Listener): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }
}

const nanoOf = ({ timeNano, time }: EngineEvent): number => timeNano ?? (time ?? 0) * 1e9;
