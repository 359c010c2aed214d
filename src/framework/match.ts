/** Requirement × offer: what to put on the task and which operations come before it, or why not (DESIGN §3). Pure. */
import type { Resource } from '../wire/mesos/common.js';
import type { Offer, OfferOperation } from '../wire/mesos/scheduler.js';
import type { Pool } from '../wire/resources/pool.js';
import type { Place, Requirement } from './requirement.js';

/** An offer minus what earlier launches took of it. Never changed: `match` gives a new one. */
export interface OfferView {
  readonly offer: Offer;
  /** What is left, with the offer's allocation role. */
  readonly free: Pool;
}

/** Which part of a requirement an offer fails. */
export type ShortfallKind =
  | 'cpus'
  | 'mem'
  | 'disk'
  | 'gpus'
  | 'ports'
  | 'volume'
  | 'constraint'
  | 'role'
  | 'reservation';

/** One no. */
export interface Shortfall {
  readonly kind: ShortfallKind;
  /** As asked: an amount, a port, a rule. */
  readonly asked: string;
  /** What this offer has of it; absent where it is no amount. */
  readonly free?: number;
  /** Fit for a user, without the agent's name: `2.5 cpus asked, 1 free`. */
  readonly text: string;
}

/** A yes. */
export interface Match {
  /** Exactly what the task holds, allocation role included. */
  readonly resources: readonly Resource[];
  /** RESERVE, CREATE, UNRESERVE to stand before LAUNCH in the same ACCEPT; empty for unreserved launches and relaunches. */
  readonly operations: readonly OfferOperation[];
  /** In the order of `requirement.ports`. */
  readonly ports: readonly number[];
  /** In the order of `requirement.volumes`; an existing volume's own id. */
  readonly volumeIds: readonly string[];
}

/** The answer to one question. */
export type MatchResult =
  | { readonly ok: true; readonly match: Match; readonly left: OfferView }
  | { readonly ok: false; readonly shortfalls: readonly Shortfall[] };

/** What constraints count. */
export interface MatchContext {
  /** Where the other instances run now (those of the same app or pod type). */
  readonly others: readonly Place[];
  /** How many instances there shall be (GROUP_BY). */
  readonly instances: number;
}

/** The whole offer. */
export declare function viewOf(offer: Offer): OfferView;

/** Holds `requirement` against `view`. Every shortfall is named, not only the first. */
export declare function match(
  requirement: Requirement,
  view: OfferView,
  context: MatchContext,
): MatchResult;
