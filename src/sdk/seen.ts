/** What offers tell of our reservations: what is there, what is gone, what nobody wants. Pure. */
import type { Write } from '../core/store/store.js';
import { type OfferView, viewOf, without } from '../framework/match.js';
import { giveBack, labelsOf, leftoversIn } from '../framework/reservations.js';
import type { Resource } from '../wire/mesos/common.js';
import type { Offer, OfferOperation } from '../wire/mesos/scheduler.js';
import { isShared } from '../wire/resources/pool.js';
import { partInLabels, wantedParts, withSeen } from './parts.js';
import { type AgentPlace, dropLeftover, type Instance, putInstance, type State } from './state.js';

/**
 * For so long (ms) a leftover may be missing from its agent's offers: an old task may still hold
 * it.
 */
export const missingMs = 60_000;

/** An offer that is being answered. */
export interface Answer {
  view: OfferView;
  readonly operations: OfferOperation[];
  /** Something was reserved without a launch: what is left must be offered again at once. */
  reservedOnly: boolean;
  /** Something in it is to be given back once a task elsewhere has let go of the rest. */
  awaited: boolean;
}

/**
 * Opens answers to `offers` and notes what they tell of our reservations. To be done before the
 * plans are looked at: a reservation that is there completes its step, and what waited for it can
 * take these very offers.
 */
export function readOffers(
  state: State,
  offers: readonly Offer[],
  writes: Write[],
  now: number,
): Answer[] {
  return offers.map((offer) => {
    const answer: Answer = {
      view: viewOf(offer),
      operations: [],
      reservedOnly: false,
      awaited: false,
    };
    noteReservations(state, answer, writes, now);
    return answer;
  });
}

/**
 * What an offer tells of our reservations: those that are there are confirmed, those of nobody are
 * given back.
 */
function noteReservations(state: State, answer: Answer, writes: Write[], now: number): void {
  const { offer } = answer.view;
  const owners = new Map(
    [...state.instances.values()].map((instance) => [instance.reservation?.resourceId, instance]),
  );
  const seen = new Set<string>();
  for (const resource of offer.resources) {
    const id = labelsOf(resource)?.resource_id;
    if (id !== undefined) seen.add(id);
  }
  noteSeen(state, offer, owners, writes);
  noteGone(state, offer, seen, writes, now);
  const unwanted = leftoversIn(offer.resources, state.role, (labels) => {
    const owner = owners.get(labels.resource_id ?? '');
    return owner !== undefined && wantedParts(state, owner).has(partInLabels(labels));
  });
  const held = heldElsewhere(state, unwanted);
  answer.awaited = held.size > 0;
  const left = unwanted.filter((one) => !held.has(labelsOf(one)?.resource_id ?? ''));
  if (left.length === 0) return;
  for (const resource of left) {
    const id = labelsOf(resource)?.resource_id;
    if (id !== undefined) state.releasing.set(id, now);
  }
  answer.operations.push(...giveBack(left));
  answer.reservedOnly = true;
  answer.view = without(answer.view, left);
}

/**
 * Leftovers of which a task still holds something, by resource id: a shared volume is offered all
 * the same, and must not be destroyed before the rest of its reservation is offered as well.
 */
function heldElsewhere(state: State, unwanted: readonly Resource[]): Set<string> {
  const held = new Set<string>();
  for (const shared of unwanted.filter(isShared)) {
    const id = labelsOf(shared)?.resource_id ?? '';
    const offered = new Set(
      unwanted
        .map((one) => labelsOf(one))
        .filter((labels) => labels?.resource_id === id)
        .map((labels) => partInLabels(labels ?? {})),
    );
    const parts = state.leftovers.get(id)?.parts ?? [];
    if (parts.some((part) => !offered.has(part))) held.add(id);
  }
  return held;
}

/** What is offered of an instance's reservation is there: it was made, and made here. */
function noteSeen(
  state: State,
  offer: Offer,
  owners: ReadonlyMap<string | undefined, Instance>,
  writes: Write[],
): void {
  const parts = new Map<string, Set<string>>();
  for (const resource of offer.resources) {
    const labels = labelsOf(resource);
    const id = labels?.resource_id;
    if (labels === undefined || id === undefined) continue;
    parts.set(id, (parts.get(id) ?? new Set()).add(partInLabels(labels)));
  }
  for (const [id, seen] of parts) {
    const owner = owners.get(id);
    if (owner?.reservation === undefined) continue;
    // The same disk under a new agent id: an agent that lost its identity but not what it holds.
    const moved = owner.reservation.place.agentId !== offer.agent_id.value;
    const reservation = withSeen(owner.reservation, seen);
    if (owner.reservation.confirmed && !moved && reservation === owner.reservation) continue;
    const here = { ...reservation, place: placeOf(offer), confirmed: true };
    putInstance(state, writes, { ...owner, reservation: here });
  }
}

/**
 * What was given back and is offered no more is gone; so is what never shows up: its ACCEPT came
 * to nothing.
 */
function noteGone(
  state: State,
  offer: Offer,
  seen: ReadonlySet<string>,
  writes: Write[],
  now: number,
): void {
  for (const { resourceId, agentId } of [...state.leftovers.values()]) {
    if (agentId !== offer.agent_id.value) continue;
    if (seen.has(resourceId)) {
      state.missing.delete(resourceId);
      continue;
    }
    const since = state.missing.get(resourceId) ?? now;
    state.missing.set(resourceId, since);
    if (!state.releasing.has(resourceId) && now - since < missingMs) continue;
    state.releasing.delete(resourceId);
    dropLeftover(state, writes, resourceId);
  }
}

/** Where an offer comes from. */
export function placeOf(offer: Offer): AgentPlace {
  const { address } = offer.url ?? {};
  return {
    agentId: offer.agent_id.value,
    hostname: offer.hostname,
    address: address?.ip ?? address?.hostname ?? offer.hostname,
    ...(offer.attributes ? { attributes: offer.attributes } : {}),
    ...(offer.domain ? { domain: offer.domain } : {}),
  };
}
