/**
 * What quota leaves for a role of what is free (apache/mesos src/master/allocator/mesos/
 * hierarchical.cpp, `__generateOffers`): no role gets over its limits, and what other roles were
 * guaranteed and do not have yet is held back of the common resources.
 */
import type { Resource } from '../../../wire/mesos/common.js';
import { resourcesOf, toMilli } from '../../../wire/resources/pool.js';
import type { MasterState } from '../state.js';
import { addScalars, increase, isCommon, type Quantities } from './quantities.js';
import { consumptionOf, type Quota, topOf } from './rules.js';

/** The figures of one allocation, kept up to date while offers are made. */
export interface Ledger {
  readonly quotas: ReadonlyMap<string, Quota>;
  /** By top-level role: reserved for it, used and offered. */
  readonly consumed: Map<string, Map<string, number>>;
  /** Common resources that are free on agents that can be offered. */
  readonly available: Map<string, number>;
  /** What all roles together still miss of their guarantees. */
  readonly required: Map<string, number>;
}

/** What is to be offered, and how much of it counts for quota. */
export interface Portion {
  readonly resources: Resource[];
  /** The part that brings the role nearer to its guarantees. */
  readonly guaranteed: Quantities;
  readonly common: Quantities;
}

/** The figures as they are; `isOfferable` says of which agents resources can be offered. */
export function openLedger(state: MasterState, isOfferable: (agentId: string) => boolean): Ledger {
  const { used, offered } = consumptionOf(state);
  const consumed = new Map<string, Map<string, number>>();
  for (const sums of [used, offered]) {
    for (const [role, amounts] of sums) {
      const sum = consumed.get(role) ?? new Map<string, number>();
      consumed.set(role, sum);
      for (const [name, amount] of amounts) increase(sum, name, amount);
    }
  }
  const available = new Map<string, number>();
  for (const agent of state.agents.values()) {
    if (isOfferable(agent.id)) addScalars(available, resourcesOf(agent.free).filter(isCommon));
  }
  const ledger = { quotas: state.quotas, consumed, available, required: new Map() };
  for (const role of state.quotas.keys()) {
    for (const [name, amount] of missing(ledger, role)) increase(ledger.required, name, amount);
  }
  return ledger;
}

/** What the role still misses of its guarantees; only names of which it misses something. */
export function missing({ quotas, consumed }: Ledger, role: string): Map<string, number> {
  const top = topOf(role);
  const has = consumed.get(top);
  const left = new Map<string, number>();
  for (const [name, amount] of quotas.get(top)?.guarantees ?? []) {
    const short = amount - (has?.get(name) ?? 0);
    if (short > 0) left.set(name, short);
  }
  return left;
}

/**
 * The part of `resources` that the role may be offered. Reservations, ports and what is revocable
 * are not subject to quota. With `asGuaranteed`, what the role was guaranteed is given even where
 * all guarantees together can't be kept; nothing is given where none of it is here.
 */
export function portionFor(
  ledger: Ledger,
  role: string,
  resources: readonly Resource[],
  asGuaranteed: boolean,
): Portion | undefined {
  const owed = asGuaranteed ? missing(ledger, role) : new Map<string, number>();
  const room = roomOf(ledger, role);
  const guaranteed = new Map<string, number>();
  const common = new Map<string, number>();
  const given: Resource[] = [];
  for (const resource of resources) {
    if (!isCommon(resource)) {
      given.push(resource);
      continue;
    }
    const { name } = resource;
    const whole = toMilli(resource.scalar?.value ?? 0);
    const due = Math.min(whole, owed.get(name) ?? 0);
    const spare = Math.max(0, Math.min(room.limit(name) - due, room.surplus(name)));
    const amount = divided(resource, whole, Math.min(whole, due + spare));
    if (amount === 0) continue;
    const counted = Math.min(amount, due);
    increase(owed, name, -counted);
    increase(guaranteed, name, counted);
    increase(common, name, amount);
    room.take(name, amount, amount - counted);
    given.push({ ...resource, scalar: { value: amount / 1000 } });
  }
  const progress = [...guaranteed.values()].some((amount) => amount > 0);
  return asGuaranteed && !progress ? undefined : { resources: given, guaranteed, common };
}

/** A disk that can't be divided is given whole or not at all. */
function divided({ disk }: Resource, whole: number, part: number): number {
  const type = disk?.source?.type;
  return (type === 'MOUNT' || type === 'BLOCK') && part < whole ? 0 : part;
}

/** How much more of a resource the role's limit, and what others are owed, leave. */
function roomOf({ quotas, consumed, available, required }: Ledger, role: string) {
  const top = topOf(role);
  const taken = new Map<string, number>();
  const beyond = new Map<string, number>();
  return {
    limit: (name: string): number => {
      const most = quotas.get(top)?.limits.get(name) ?? Infinity;
      return most - (consumed.get(top)?.get(name) ?? 0) - (taken.get(name) ?? 0);
    },
    surplus: (name: string): number => {
      const owed = required.get(name) ?? 0;
      return owed === 0 ? Infinity : (available.get(name) ?? 0) - owed - (beyond.get(name) ?? 0);
    },
    take: (name: string, amount: number, over: number): void => {
      increase(taken, name, amount);
      increase(beyond, name, over);
    },
  };
}

/** The portion has been offered. */
export function book(ledger: Ledger, role: string, { guaranteed, common }: Portion): void {
  const top = topOf(role);
  const before = missing(ledger, top);
  const sum = ledger.consumed.get(top) ?? new Map<string, number>();
  ledger.consumed.set(top, sum);
  for (const [name, amount] of common) {
    increase(sum, name, amount);
    increase(ledger.available, name, -amount);
  }
  const after = missing(ledger, top);
  for (const name of new Set([...guaranteed.keys(), ...before.keys()])) {
    increase(ledger.required, name, (after.get(name) ?? 0) - (before.get(name) ?? 0));
  }
}
