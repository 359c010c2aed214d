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

/** Starts a loop over `options.state`. */
export function drive<State, Event, AnyEffect extends Effect>(
  options: DriverOptions<State, Event, AnyEffect>,
): Driver<Event> {
  const { state, step, perform, store, clock, onFatal } = options;
  const maxQueue = options.maxQueue ?? 100_000;
  const queue: Event[] = [];
  const waiting = new Map<
    string,
    { resolve(value: unknown): void; reject(error: unknown): void }
  >();
  let idleWaiters: (() => void)[] = [];
  let running = false;
  let dead: unknown;
  let asked = 0;

  const die = (error: unknown, fatal: boolean): void => {
    if (dead !== undefined) return;
    dead = error;
    queue.length = 0;
    for (const caller of waiting.values()) caller.reject(error);
    waiting.clear();
    for (const wake of idleWaiters) wake();
    idleWaiters = [];
    if (fatal) onFatal(error);
  };

  const handlers = perform as unknown as Record<string, (effect: AnyEffect) => void>;
  const carryOut = (effect: AnyEffect): void => {
    if (effect.type === 'Persist') return;
    if (effect.type === 'Reply') {
      const { requestId, result } = effect as unknown as Reply;
      waiting.get(requestId)?.resolve(result);
      waiting.delete(requestId);
      return;
    }
    handlers[effect.type]?.(effect);
  };

  const runBatch = async (): Promise<void> => {
    const now = clock.now();
    const effects: AnyEffect[] = [];
    const writes = new Map<string, Write>();
    for (const event of queue.splice(0, maxBatch)) {
      for (const effect of step(state, event, now)) {
        effects.push(effect);
        if (effect.type !== 'Persist') continue;
        for (const write of (effect as unknown as Persist).writes) writes.set(write.key, write);
      }
    }
    if (writes.size > 0) await store.commit([...writes.values()]);
    if (dead !== undefined) return;
    for (const effect of effects) carryOut(effect);
  };

  const run = async (): Promise<void> => {
    if (running) return;
    running = true;
    try {
      while (queue.length > 0 && dead === undefined) await runBatch();
    } catch (error) {
      die(error, true);
    }
    running = false;
    for (const wake of idleWaiters) wake();
    idleWaiters = [];
  };

  const submit = (event: Event): void => {
    if (dead !== undefined)
      throw new DcosError('failed', 'this server is stopping', { status: 503, cause: dead });
    if (queue.length >= maxQueue) {
      throw new DcosError('refused', 'this server has too much to do at the moment', {
        status: 503,
      });
    }
    queue.push(event);
    // Deferred, so that events submitted together share one durable batch.
    if (!running) queueMicrotask(() => void run());
  };

  return {
    submit,
    ask: <Result>(make: (requestId: string) => Event) =>
      new Promise<Result>((resolve, reject) => {
        asked += 1;
        const requestId = `r${asked}`;
        waiting.set(requestId, { resolve: (value) => resolve(value as Result), reject });
        try {
          submit(make(requestId));
        } catch (error) {
          waiting.delete(requestId);
          reject(error);
        }
      }),
    idle: () =>
      running || queue.length > 0
        ? new Promise<void>((resolve) => idleWaiters.push(resolve))
        : Promise.resolve(),
    stop: () => die(new DcosError('failed', 'this server is stopping', { status: 503 }), false),
  };
}
