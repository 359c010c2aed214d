/** A v1 scheduler connection (apache/mesos docs/scheduler-http-api.md): one subscription, calls in order. */
import type { Clock } from '../core/clock.js';
import type { Logger } from '../core/logger.js';
import type { Random } from '../core/random.js';
import type { FrameworkInfo, SchedulerCall, SchedulerEvent } from '../wire/mesos/scheduler.js';

/** A call as its owner writes it: the framework id is filled in on the way. */
export type OutgoingCall = SchedulerCall extends infer Call
  ? Call extends { type: 'SUBSCRIBE' }
    ? never
    : Call extends { type: infer Type }
      ? { type: Type } & Omit<Call, 'framework_id' | 'type'>
      : never
  : never;

/** How to connect. */
export interface ConnectionOptions {
  /** `http://host:port` of a master; another leader is followed by its redirect. */
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
  /** Every event of the master in order, HEARTBEAT apart; SUBSCRIBED first after each subscription. */
  readonly onEvent: (event: SchedulerEvent) => void;
  /** The subscription ended (it is tried again by itself, but after an ERROR event); every offer is void now. */
  readonly onDisconnected: (reason: string) => void;
}

/** A connection that subscribes again by itself, with back-off, until stopped or until the master sent ERROR. */
export interface Connection {
  /** Subscribes, as the framework `frameworkId` or as a new one. Also after an ERROR event, with another id or none. */
  subscribe(frameworkId: string | undefined): void;
  /** Sends after all calls before it. Dropped while there is no subscription (README). */
  send(call: OutgoingCall): void;
  /** Resolves when every call so far has been answered or dropped. */
  flushed(): Promise<void>;
  /** Ends it; the framework stays registered at the master for its failover time-out. */
  stop(): void;
}

/** Makes a connection that has not subscribed yet. */
export declare function createConnection(options: ConnectionOptions): Connection;
