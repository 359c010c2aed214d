/**
 * The loop that every stateful server and the simulator share (DESIGN §3): events in, one durable
 * batch, effects out. A `step` decides; this file is the only place that orders persistence before
 * what the world can see.
 */
import type { Clock } from './clock.js';
import { DcosError } from './errors.js';
import type { Store, Write } from './store/store.js';

/** Writes records; done, durably, before any other effect of the same batch. */
export interface Persist {
  readonly type: 'Persist';
  readonly writes: readonly Write[];
}

/** Answers the caller of `Driver.ask` that gave `requestId`; comes after the batch is durable. */
export interface Reply {
  readonly type: 'Reply';
  readonly requestId: string;
  readonly result: unknown;
}

/**
 * An order that `step` returns. `Persist` and `Reply` are carried out here, all others by the
 * shell.
 */
export type Effect = { readonly type: string };

/**
 * Changes `state` for `event` at time `now` (ms since 1970) and returns what is to be done. No I/O,
 * no clock, no chance.
 */
export type Step<State, Event, AnyEffect extends Effect> = (
  state: State,
  event: Event,
  now: number,
) => AnyEffect[];

/**
 * One handler for each effect but `Persist` and `Reply`: an effect without a handler does not
 * compile. Handlers don't block; what they learn comes back as events.
 */
export type Performers<AnyEffect extends Effect> = {
  readonly [Type in Exclude<AnyEffect['type'], 'Persist' | 'Reply'>]: (
    effect: Extract<AnyEffect, { type: Type }>,
  ) => void;
};

/** What a driver is made of. */
export interface DriverOptions<State, Event, AnyEffect extends Effect> {
  readonly state: State;
  readonly step: Step<State, Event, AnyEffect>;
  readonly perform: Performers<AnyEffect>;
  readonly store: Pick<Store, 'commit'>;
  readonly clock: Pick<Clock, 'now'>;
  /** Called once when the store refused or `step` threw: the process must exit and load again. */
  readonly onFatal: (error: unknown) => void;
  /** The most events that may wait; one more is refused with `refused`. */
  readonly maxQueue?: number;
}

/** A running loop. */
export interface Driver<Event> {
  /** Adds an event. Throws `refused` when the queue is full, `failed` after a fatal error. */
  submit(event: Event): void;
  /**
   * Adds the event that `make` gives for a fresh request id; resolves with the `Reply` to it.
   * Rejects if the loop dies first.
   */
  ask<Result>(make: (requestId: string) => Event): Promise<Result>;
  /** Resolves when no event waits and no batch is under way. */
  idle(): Promise<void>;
  /** Ends the loop: waiting events are dropped, callers of `ask` are rejected. */
  stop(): void;
}

/** The most events that one durable batch takes together. */
const maxBatch = 512;

/** The events that may wait where `DriverOptions.maxQueue` is absent. */
const defaultMaxQueue = 100_000;

/** Starts a loop over `options.state`. */
export function drive<State, Event, AnyEffect extends Effect>(
  options: DriverOptions<State, Event, AnyEffect>,
): Driver<Event> {
  return new Loop(options);
}

interface Waiting {
  resolve(value: unknown): void;
  reject(error: unknown): void;
}

class Loop<State, Event, AnyEffect extends Effect> implements Driver<Event> {
  readonly #options: DriverOptions<State, Event, AnyEffect>;
  readonly #handlers: Record<string, (effect: AnyEffect) => void>;
  readonly #queue: Event[] = [];
  readonly #callers = new Map<string, Waiting>();
  #idleWaiters: (() => void)[] = [];
  #running = false;
  #dead: unknown;
  #asked = 0;

  constructor(options: DriverOptions<State, Event, AnyEffect>) {
    this.#options = options;
    this.#handlers = options.perform as unknown as Record<string, (effect: AnyEffect) => void>;
  }

  submit(event: Event): void {
    if (this.#dead !== undefined) throw stopping(this.#dead);
    if (this.#queue.length >= (this.#options.maxQueue ?? defaultMaxQueue)) {
      throw new DcosError('refused', 'this server has too much to do at the moment', {
        status: 503,
      });
    }
    this.#queue.push(event);
    // Deferred, so that events submitted together share one durable batch.
    if (!this.#running) queueMicrotask(() => void this.#run());
  }

  ask<Result>(make: (requestId: string) => Event): Promise<Result> {
    return new Promise<Result>((resolve, reject) => {
      this.#asked += 1;
      const requestId = `r${this.#asked}`;
      this.#callers.set(requestId, { resolve: (value) => resolve(value as Result), reject });
      try {
        this.submit(make(requestId));
      } catch (error) {
        this.#callers.delete(requestId);
        reject(error);
      }
    });
  }

  idle(): Promise<void> {
    if (!this.#running && this.#queue.length === 0) return Promise.resolve();
    return new Promise<void>((resolve) => this.#idleWaiters.push(resolve));
  }

  stop(): void {
    this.#die(stopping(undefined), false);
  }

  async #run(): Promise<void> {
    if (this.#running) return;
    this.#running = true;
    try {
      while (this.#queue.length > 0 && this.#dead === undefined) await this.#runBatch();
    } catch (error) {
      // The steps of this batch have changed the state already, and what they wrote is not durable:
      // only a fresh start from the store gives a state that is true again.
      this.#die(error, true);
    }
    this.#running = false;
    this.#wakeIdle();
  }

  async #runBatch(): Promise<void> {
    const { state, step, store, clock } = this.#options;
    const now = clock.now();
    const effects: AnyEffect[] = [];
    // The last write of a key wins: between the events of one batch the world sees nothing.
    const writes = new Map<string, Write>();
    for (const event of this.#queue.splice(0, maxBatch)) {
      for (const effect of step(state, event, now)) {
        effects.push(effect);
        if (effect.type !== 'Persist') continue;
        for (const write of (effect as unknown as Persist).writes) writes.set(write.key, write);
      }
    }
    if (writes.size > 0) await store.commit([...writes.values()]);
    for (const effect of effects) {
      // Stopped meanwhile, perhaps by the effect before: the world sees no more of this loop.
      if (this.#dead !== undefined) return;
      this.#carryOut(effect);
    }
  }

  #carryOut(effect: AnyEffect): void {
    if (effect.type === 'Persist') return;
    if (effect.type === 'Reply') {
      const { requestId, result } = effect as unknown as Reply;
      this.#callers.get(requestId)?.resolve(result);
      this.#callers.delete(requestId);
      return;
    }
    this.#handlers[effect.type]?.(effect);
  }

  #die(error: unknown, fatal: boolean): void {
    if (this.#dead !== undefined) return;
    this.#dead = error;
    this.#queue.length = 0;
    for (const caller of this.#callers.values()) caller.reject(error);
    this.#callers.clear();
    this.#wakeIdle();
    if (fatal) this.#options.onFatal(error);
  }

  #wakeIdle(): void {
    const waiters = this.#idleWaiters;
    this.#idleWaiters = [];
    for (const wake of waiters) wake();
  }
}

function stopping(cause: unknown): DcosError {
  return new DcosError('failed', 'this server is stopping', { status: 503, cause });
}
