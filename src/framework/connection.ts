/**
 * A v1 scheduler connection (apache/mesos docs/scheduler-http-api.md): one subscription that is
 * made again when it ends, events in order, calls in order on one kept-alive connection.
 */
import * as http from 'node:http';
import * as https from 'node:https';
import type { Clock } from '../core/clock.js';
import { basicAuthorization } from '../core/credentials.js';
import { messageOf } from '../core/errors.js';
import { callHttp } from '../core/http/request.js';
import { tryParseJson } from '../core/json.js';
import type { Logger } from '../core/logger.js';
import type { Random } from '../core/random.js';
import {
  type FrameworkInfo,
  type SchedulerCall,
  type SchedulerEvent,
  schedulerEventSchema,
} from '../wire/mesos/scheduler.js';
import { RecordDecoder } from '../wire/recordio.js';
import { openAtLeader } from './leader.js';

/** A call as its owner writes it: the framework id is filled in on the way. */
export type OutgoingCall = SchedulerCall extends infer Call
  ? Call extends { type: 'SUBSCRIBE' }
    ? never
    : Call extends { type: infer Type }
      ? { type: Type } & Body<Call>
      : never
  : never;
type Body<Call> = {
  [Key in keyof Call as string extends Key
    ? never
    : Key extends 'framework_id' | 'type'
      ? never
      : Key]: Call[Key];
};

/** How to connect. */
export interface ConnectionOptions {
  /**
   * `http://host:port` of a master, several, or where ZooKeeper knows them
   * (`core/leader/address.ts`); another leader is followed by a master's redirect.
   */
  readonly mesosUrl: string;
  /** Without id. */
  readonly framework: FrameworkInfo;
  /** HTTP Basic, when both are given. */
  readonly principal?: string | undefined;
  readonly secret?: string | undefined;
  readonly clock: Pick<Clock, 'monotonic'>;
  readonly random: Pick<Random, 'next'>;
  readonly log: Logger;
  /** Roles to be suppressed from the start of a subscription; asked at each one. */
  readonly suppressedRoles?: () => readonly string[];
  /**
   * Every event of the master in order, HEARTBEAT apart; SUBSCRIBED first after each subscription.
   */
  readonly onEvent: (event: SchedulerEvent) => void;
  /**
   * The subscription ended (it is tried again by itself, but after an ERROR event); every offer
   * is void now.
   */
  readonly onDisconnected: (reason: string) => void;
}

/**
 * A connection that subscribes again by itself, with back-off, until stopped or until the master
 * sent ERROR.
 */
export interface Connection {
  /**
   * Subscribes, as the framework `frameworkId` or as a new one. Also after an ERROR event, with
   * another id or none.
   */
  subscribe(frameworkId: string | undefined): void;
  /** Sends after all calls before it. Dropped while there is no subscription (README). */
  send(call: OutgoingCall): void;
  /** Resolves when every call so far has been answered or dropped. */
  flushed(): Promise<void>;
  /** Ends it; the framework stays registered at the master for its failover time-out. */
  stop(): void;
}

const firstPauseMs = 100;
const longestPauseMs = 5_000;
/** Mesos' default; a master says its own in SUBSCRIBED. */
const defaultHeartbeatMs = 15_000;
/** A subscription with none of so many heartbeats is dead. */
const missedHeartbeats = 3;
const maxQueuedCalls = 10_000;

/** Makes a connection that has not subscribed yet. */
export function createConnection(options: ConnectionOptions): Connection {
  return new SchedulerConnection(options);
}

/** One subscription: what calls of its time need. */
interface Subscription {
  readonly url: string;
  readonly streamId: string;
  readonly response: http.IncomingMessage;
  /** Known from SUBSCRIBED on; until then nothing can be called. */
  frameworkId: string | undefined;
  heartbeatMs: number;
  lastHeard: number;
  /** Why we end it ourselves. */
  cutReason: string | undefined;
}

class SchedulerConnection implements Connection {
  readonly #options: ConnectionOptions;
  readonly #callAgent: http.Agent;
  #frameworkId: string | undefined;
  /** Grows with every `subscribe` and `stop`: older loops end. */
  #generation = 0;
  #abort = new AbortController();
  #subscription: Subscription | undefined;
  #queue: OutgoingCall[] = [];
  #sending = false;
  #flushWaiters: (() => void)[] = [];

  constructor(options: ConnectionOptions) {
    this.#options = options;
    const kept = { keepAlive: true, maxSockets: 1 };
    const tls = options.mesosUrl.startsWith('https:');
    this.#callAgent = tls ? new https.Agent(kept) : new http.Agent(kept);
  }

  subscribe(frameworkId: string | undefined): void {
    this.#end();
    this.#frameworkId = frameworkId;
    this.#abort = new AbortController();
    void this.#keepSubscribed(this.#generation);
  }

  send(call: OutgoingCall): void {
    const { log } = this.#options;
    if (this.#subscription?.frameworkId === undefined) {
      log.debug('a call was dropped: not subscribed', { call: call.type });
      return;
    }
    if (this.#queue.length >= maxQueuedCalls) {
      this.#cut(this.#subscription, `the master is ${maxQueuedCalls} calls behind`);
      return;
    }
    this.#queue.push(call);
    if (!this.#sending) void this.#sendAll();
  }

  flushed(): Promise<void> {
    if (!this.#sending) return Promise.resolve();
    return new Promise((resolve) => this.#flushWaiters.push(resolve));
  }

  stop(): void {
    this.#end();
    this.#callAgent.destroy();
  }

  #end(): void {
    this.#generation += 1;
    this.#abort.abort();
    this.#queue.length = 0;
    if (this.#subscription !== undefined) this.#subscription.response.destroy();
    this.#subscription = undefined;
  }

  async #keepSubscribed(generation: number): Promise<void> {
    const { random, log, onDisconnected } = this.#options;
    let pauseMs = firstPauseMs;
    let told: string | undefined;
    while (generation === this.#generation) {
      let reason: string;
      try {
        const subscription = await this.#open();
        if (generation !== this.#generation) {
          subscription.response.destroy();
          return;
        }
        this.#subscription = subscription;
        const ended = await this.#listen(subscription, generation);
        if (generation !== this.#generation) return;
        if (subscription.frameworkId !== undefined) [pauseMs, told] = [firstPauseMs, undefined];
        this.#subscription = undefined;
        this.#queue.length = 0;
        reason = ended.reason;
        onDisconnected(reason);
        if (ended.final) return;
      } catch (error) {
        if (generation !== this.#generation) return;
        reason = messageOf(error);
      }
      // Once for each reason: a master may be away for days.
      if (reason !== told) log.warn('not subscribed to the Mesos master; trying again', { reason });
      told = reason;
      await pause(pauseMs * (0.5 + random.next() / 2), this.#abort.signal);
      pauseMs = Math.min(pauseMs * 2, longestPauseMs);
    }
  }

  /** The subscription's stream, from whichever master leads. */
  async #open(): Promise<Subscription> {
    const { framework, suppressedRoles, mesosUrl, clock } = this.#options;
    const id = this.#frameworkId === undefined ? undefined : { value: this.#frameworkId };
    const call: SchedulerCall = {
      type: 'SUBSCRIBE',
      ...(id ? { framework_id: id } : {}),
      subscribe: {
        framework_info: { ...framework, ...(id ? { id } : {}) },
        suppressed_roles: [...(suppressedRoles?.() ?? [])],
      },
    };
    const { url, response } = await openAtLeader({
      mesosUrl,
      headers: this.#headers(),
      body: JSON.stringify(call),
      signal: this.#abort.signal,
    });
    const streamId = String(response.headers['mesos-stream-id'] ?? '');
    const heard = { heartbeatMs: defaultHeartbeatMs, lastHeard: clock.monotonic() };
    return { url, streamId, response, frameworkId: undefined, cutReason: undefined, ...heard };
  }

  #headers(): Record<string, string> {
    const { principal, secret } = this.#options;
    const login =
      principal !== undefined && secret !== undefined
        ? { authorization: basicAuthorization(principal, secret) }
        : {};
    return { 'content-type': 'application/json', accept: 'application/json', ...login };
  }

  /**
   * Hands on events until the stream ends; `final` after ERROR, which a new attempt would only
   * get again.
   */
  #listen(
    subscription: Subscription,
    generation: number,
  ): Promise<{ readonly reason: string; readonly final: boolean }> {
    const { response } = subscription;
    const decoder = new RecordDecoder();
    const stopWatch = this.#watchHeartbeats(subscription);
    let error: string | undefined;
    return new Promise((resolve) => {
      response.on('data', (chunk: Buffer) => {
        subscription.lastHeard = this.#options.clock.monotonic();
        try {
          for (const record of decoder.push(chunk)) {
            if (generation !== this.#generation || error !== undefined) return;
            error = this.#receive(subscription, record);
          }
          if (error !== undefined) response.destroy();
        } catch (thrown) {
          this.#cut(subscription, `the master's stream is not readable: ${messageOf(thrown)}`);
        }
      });
      response.on('error', () => {});
      response.on('close', () => {
        stopWatch();
        const reason = error ?? subscription.cutReason ?? 'the master closed the connection';
        resolve({ reason, final: error !== undefined });
      });
    });
  }

  /** Hands on one event; the text of an ERROR. */
  #receive(subscription: Subscription, record: Buffer): string | undefined {
    const { log, onEvent } = this.#options;
    const json = tryParseJson(record.toString('utf8'));
    const parsed = schedulerEventSchema.safeParse(json);
    if (!parsed.success) {
      // A newer master may know more events.
      const issue = parsed.error.issues[0];
      log.warn('an event of the master was not understood', {
        at: issue?.path.join('.'),
        problem: issue?.message,
        event: String(record).slice(0, 300),
      });
      return undefined;
    }
    const event = parsed.data;
    if (event.type === 'HEARTBEAT') return undefined;
    if (event.type === 'SUBSCRIBED') {
      const { framework_id, heartbeat_interval_seconds } = event.subscribed;
      subscription.frameworkId = framework_id.value;
      this.#frameworkId = framework_id.value;
      if (heartbeat_interval_seconds !== undefined && heartbeat_interval_seconds > 0) {
        subscription.heartbeatMs = heartbeat_interval_seconds * 1000;
      }
    }
    onEvent(event);
    return event.type === 'ERROR' ? event.error.message : undefined;
  }

  /**
   * Cuts a silent stream. If this process itself stood still, the silence was its own and is
   * forgiven.
   */
  #watchHeartbeats(subscription: Subscription): () => void {
    const { clock } = this.#options;
    const periodMs = 1_000;
    let lastTick = clock.monotonic();
    const timer = setInterval(() => {
      const now = clock.monotonic();
      if (now - lastTick > 3 * periodMs) subscription.lastHeard = now;
      lastTick = now;
      const limitMs = missedHeartbeats * subscription.heartbeatMs;
      if (now - subscription.lastHeard > limitMs) {
        this.#cut(subscription, `no heartbeat of the master for ${Math.round(limitMs / 1000)} s`);
      }
    }, periodMs);
    timer.unref();
    return () => clearInterval(timer);
  }

  #cut(subscription: Subscription, reason: string): void {
    subscription.cutReason ??= reason;
    subscription.response.destroy();
  }

  async #sendAll(): Promise<void> {
    this.#sending = true;
    for (let call = this.#queue.shift(); call !== undefined; call = this.#queue.shift()) {
      const subscription = this.#subscription;
      if (subscription?.frameworkId !== undefined) await this.#sendOne(call, subscription);
    }
    this.#sending = false;
    for (const wake of this.#flushWaiters.splice(0)) wake();
  }

  async #sendOne(call: OutgoingCall, subscription: Subscription): Promise<void> {
    const { log } = this.#options;
    const id = { value: subscription.frameworkId ?? '' };
    try {
      const answer = await callHttp({
        method: 'POST',
        url: subscription.url,
        headers: { ...this.#headers(), 'mesos-stream-id': subscription.streamId },
        body: JSON.stringify({ ...call, framework_id: id }),
        agent: this.#callAgent,
      });
      if (answer.status < 300) return;
      const text = answer.body.toString('utf8').slice(0, 500);
      log.error('the master refused a call', { call: call.type, status: answer.status, text });
      // Not the leader any more, or it does not know this subscription: only a new one helps.
      const lost = answer.status === 307 || answer.status === 503 || /not subscribed/i.test(text);
      if (lost) this.#cut(subscription, `the master refused ${call.type}: ${text}`);
    } catch (error) {
      // Never sent twice (a second ACCEPT would drop the tasks of the first): a new subscription
      // and reconciliation tell what came of it.
      this.#cut(subscription, `${call.type} failed: ${messageOf(error)}`);
    }
  }
}

function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) return resolve();
    const end = (): void => {
      clearTimeout(timer);
      signal.removeEventListener('abort', end);
      resolve();
    };
    const timer = setTimeout(end, ms);
    signal.addEventListener('abort', end);
  });
}
