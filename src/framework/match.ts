/**
 * Requirement × offer: what to put on the task and which operations come before it, or why not
 * (DESIGN §3). Pure.
 */
import type { Resource } from '../wire/mesos/common.js';
import type { Offer, OfferOperation } from '../wire/mesos/scheduler.js';
import { copyPool, type Pool, poolOf, subtract, toMilli } from '../wire/resources/pool.js';
import { constraintText, violation } from './constraints.js';
import type { Place, Requirement } from './requirement.js';
import { Taker } from './take.js';

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
  /** As asked: an amount with its unit, a port, a rule. */
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
  /**
   * UNRESERVE, RESERVE, CREATE to stand before LAUNCH in the same ACCEPT; empty for unreserved
   * launches and for relaunches on an unchanged reservation.
   */
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
export function viewOf(offer: Offer): OfferView {
  return { offer, free: poolOf(offer.resources) };
}

const scalars = ['cpus', 'mem', 'gpus', 'disk'] as const;

/** Holds `requirement` against `view`. Every shortfall is named, not only the first. */
export function match(
  requirement: Requirement,
  view: OfferView,
  context: MatchContext,
): MatchResult {
  // Of a copy: after a no the view must still offer all that it did.
  const taker = new Taker(requirement, copyPool(view.free));
  const shortfalls: Shortfall[] = [
    ...constraintShortfalls(requirement, view.offer, context),
    ...taker.roleShortfalls(),
  ];
  const collect = <Value>(result: Value | Shortfall): Value | undefined => {
    if (!isShortfall(result)) return result;
    shortfalls.push(result);
    return undefined;
  };
  // Volumes first: their reserved disk must not count as a sandbox's.
  const volumeIds = requirement.volumes.map((wish) => collect(taker.takeVolume(wish)));
  const wanted = amountsOf(requirement);
  for (const name of scalars) collect(taker.takeScalar(name, wanted[name]));
  const ports = collect(taker.takePorts(requirement.ports, seedOf(view.offer.id.value)));
  if (shortfalls.length > 0) return { ok: false, shortfalls };
  return {
    ok: true,
    match: {
      resources: taker.used,
      operations: taker.operations(),
      ports: ports ?? [],
      volumeIds: volumeIds.map((id) => id ?? ''),
    },
    left: { offer: view.offer, free: taker.left() },
  };
}

function isShortfall(value: unknown): value is Shortfall {
  return typeof value === 'object' && value !== null && 'kind' in value && 'asked' in value;
}

/** Thousandths by resource name. */
function amountsOf(requirement: Requirement): Record<(typeof scalars)[number], number> {
  return {
    cpus: toMilli(requirement.cpus),
    mem: toMilli(requirement.memMb),
    gpus: toMilli(requirement.gpus),
    disk: toMilli(requirement.diskMb),
  };
}

function constraintShortfalls(
  requirement: Requirement,
  place: Place,
  { others, instances }: MatchContext,
): Shortfall[] {
  return requirement.constraints.flatMap((constraint): Shortfall[] => {
    const text = violation(constraint, place, others, instances);
    return text === undefined
      ? []
      : [{ kind: 'constraint', asked: constraintText(constraint), text }];
  });
}

/**
 * Dynamic ports start at another place in each offer, so that a port just given back is not the
 * next one taken.
 */
function seedOf(offerId: string): number {
  let seed = 0;
  for (const char of offerId) seed = (Math.imul(seed, 31) + char.charCodeAt(0)) >>> 0;
  return seed;
}

/**
 * `view` without `resources`; for owners that take something beside `match` (an executor's
 * share).
 */
export function without(view: OfferView, resources: readonly Resource[]): OfferView {
  const free = copyPool(view.free);
  subtract(free, resources);
  return { offer: view.offer, free };
}
