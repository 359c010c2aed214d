/** Offers: place what waits, give back what nobody wants, answer the rest. Pure. */
import { DcosError } from '../core/errors.js';
import type { Write } from '../core/store/store.js';
import { refusalSeconds } from '../framework/manners.js';
import {
  type Match,
  match,
  type OfferView,
  type Shortfall,
  viewOf,
  without,
} from '../framework/match.js';
import { giveBack, labelsOf, leftoversIn } from '../framework/reservations.js';
import type { Offer, OfferOperation } from '../wire/mesos/scheduler.js';
import type { TaskInfo } from '../wire/mesos/task.js';
import type { PodSpec } from '../wire/service-spec.js';
import { specHashOf } from './config.js';
import type { Effect } from './events.js';
import { missingPeers, peersHashOf, requirementOf, reservationOf, taskInfoOf } from './launch.js';
import {
  type AgentPlace,
  dropLeftover,
  type Instance,
  putInstance,
  type Refusals,
  type ServiceConfig,
  type State,
  type TaskRecord,
} from './state.js';

/**
 * For so long (ms) a leftover may be missing from its agent's offers: an old task may still hold
 * it.
 */
export const missingMs = 60_000;

/** Something that waits for an offer. */
export interface Placement {
  readonly kind: 'reserve' | 'launch';
  readonly instance: string;
  readonly config: ServiceConfig;
  readonly pod: PodSpec;
}

/** An offer that is being answered. */
export interface Answer {
  view: OfferView;
  readonly operations: OfferOperation[];
  /** Something was reserved without a launch: what is left must be offered again at once. */
  reservedOnly: boolean;
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
    const answer: Answer = { view: viewOf(offer), operations: [], reservedOnly: false };
    noteReservations(state, answer, writes, now);
    return answer;
  });
}

/**
 * Completes all `answers`: what is placed, what is given back, the rest declined. Returns the
 * placements that are still without a place; `state.refusals` says why.
 */
export function answerOffers(
  state: State,
  answers: readonly Answer[],
  placements: readonly Placement[],
  writes: Write[],
  now: number,
): { readonly effects: Effect[]; readonly waiting: Placement[] } {
  const waiting = placements.filter((placement) => !place(state, answers, placement, writes, now));
  const waitingFor = waiting.length + (state.uninstalling ? state.leftovers.size : 0);
  const effects: Effect[] = [];
  const declined: Offer[] = [];
  for (const { view, operations, reservedOnly } of answers) {
    if (operations.length === 0) {
      declined.push(view.offer);
      continue;
    }
    const seconds = reservedOnly ? 0 : refusalSeconds(waitingFor);
    const accept = {
      offer_ids: [view.offer.id],
      operations,
      filters: { refuse_seconds: seconds },
    };
    effects.push({ type: 'Send', call: { type: 'ACCEPT', accept } });
  }
  if (declined.length > 0) {
    const filters = { refuse_seconds: refusalSeconds(waitingFor) };
    const decline = { offer_ids: declined.map(({ id }) => id), filters };
    effects.push({ type: 'Send', call: { type: 'DECLINE', decline } });
  }
  return { effects, waiting };
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
  for (const id of seen) {
    const owner = owners.get(id);
    // The same disk under a new agent id: an agent that lost its identity but not what it holds.
    const moved = owner?.reservation?.place.agentId !== offer.agent_id.value;
    if (owner?.reservation === undefined || (owner.reservation.confirmed && !moved)) continue;
    const reservation = { ...owner.reservation, place: placeOf(offer), confirmed: true };
    putInstance(state, writes, { ...owner, reservation });
  }
  noteGone(state, offer, seen, writes, now);
  const left = leftoversIn(offer.resources, state.role, (labels) =>
    owners.has(labels.resource_id ?? ''),
  );
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

function place(
  state: State,
  answers: readonly Answer[],
  placement: Placement,
  writes: Write[],
  now: number,
): boolean {
  const { pod, config } = placement;
  const instance = state.instances.get(placement.instance) ?? newInstance(placement);
  const missing = missingPeers(state, config, pod).filter((name) => name !== instance.name);
  // Its peers have no address yet: it takes its own, so that they can start with it.
  const early = placement.kind === 'launch' && missing.length > 0;
  if (early && instance.reservation !== undefined) return false;
  const kind = early ? 'reserve' : placement.kind;
  const resourceId = instance.reservation?.resourceId ?? state.random.uuid();
  const requirement = requirementOf(state, instance, pod, resourceId);
  const others = [...state.instances.values()].filter(
    ({ name, pod: type }) => type === pod.type && name !== instance.name,
  );
  const context = {
    others: others.flatMap(({ reservation }) => (reservation ? [reservation.place] : [])),
    instances: pod.count,
  };
  for (const answer of bySpread(answers, instance, context.others)) {
    const { offer } = answer.view;
    const result = match(requirement, answer.view, context);
    if (!result.ok) {
      noteRefusal(state, instance.name, offer, result.shortfalls, now);
      continue;
    }
    const used = {
      placement: { ...placement, kind },
      before: instance,
      found: result.match,
      resourceId,
    };
    if (!use(state, answer, used, writes, now)) continue;
    answer.view = result.left;
    return !early;
  }
  return false;
}

function newInstance({ instance, pod }: Placement): Instance {
  const index = Number(instance.slice(pod.type.length + 1));
  return { name: instance, pod: pod.type, index, permanentlyFailed: false };
}

/**
 * Its own agent alone where it has a reservation; else those first that have the fewest of its
 * kind.
 */
function bySpread(
  answers: readonly Answer[],
  instance: Instance,
  others: readonly AgentPlace[],
): Answer[] {
  const own = instance.reservation?.place.agentId;
  if (own !== undefined) return answers.filter(({ view }) => view.offer.agent_id.value === own);
  const count = ({ view }: Answer): number =>
    others.filter(({ agentId }) => agentId === view.offer.agent_id.value).length;
  return [...answers].sort((a, b) => count(a) - count(b));
}

function noteRefusal(
  state: State,
  name: string,
  { hostname, agent_id }: Offer,
  shortfalls: readonly Shortfall[],
  at: number,
): void {
  const refusals: Refusals = state.refusals.get(name) ?? new Map();
  refusals.set(agent_id.value, { hostname, shortfalls, at });
  state.refusals.set(name, refusals);
}

/** A match on its way to become operations. */
interface Found {
  readonly placement: Placement;
  readonly before: Instance;
  readonly found: Match;
  readonly resourceId: string;
}

function use(state: State, answer: Answer, used: Found, writes: Write[], now: number): boolean {
  const { placement, before, found, resourceId } = used;
  const { kind, pod } = placement;
  const { offer } = answer.view;
  const made = reservationOf(pod, found, placeOf(offer), resourceId, now);
  const confirmed = before.reservation?.confirmed ?? false;
  const reserved: Instance = {
    ...before,
    permanentlyFailed: false,
    reservation: { ...made, confirmed },
  };
  if (kind === 'reserve') {
    putInstance(state, writes, reserved);
    answer.reservedOnly = true;
    answer.operations.push(...found.operations);
    state.refusals.delete(before.name);
    return true;
  }
  const launched = launchOf(state, placement, reserved, found, now);
  if (launched instanceof DcosError) {
    const text = `its configuration cannot be made: ${launched.message}`;
    noteRefusal(state, before.name, offer, [{ kind: 'constraint', asked: '', text }], now);
    return false;
  }
  putInstance(state, writes, { ...reserved, task: launched.task });
  const launch = { task_infos: [launched.info] };
  answer.operations.push(...found.operations, { type: 'LAUNCH', launch });
  state.refusals.delete(before.name);
  return true;
}

function launchOf(
  state: State,
  { config, pod }: Placement,
  instance: Instance,
  found: Match,
  now: number,
): { readonly info: TaskInfo; readonly task: TaskRecord } | DcosError {
  const id = `${instance.name}-${pod.task.name}__${state.random.uuid()}`;
  const peers = { ...state, instances: new Map(state.instances).set(instance.name, instance) };
  const task: TaskRecord = {
    id,
    configId: config.id,
    specHash: specHashOf(config, pod),
    peersHash: peersHashOf(peers, config, pod),
    state: 'TASK_STAGING',
    message: '',
    ready: false,
    ...(instance.paused ? { paused: true } : {}),
    updatedAt: now,
  };
  try {
    return { info: taskInfoOf(peers, config, pod, instance, found, id), task };
  } catch (error) {
    if (error instanceof DcosError) return error;
    throw error;
  }
}

/** Where an offer comes from. */
function placeOf(offer: Offer): AgentPlace {
  const { address } = offer.url ?? {};
  return {
    agentId: offer.agent_id.value,
    hostname: offer.hostname,
    address: address?.ip ?? address?.hostname ?? offer.hostname,
    ...(offer.attributes ? { attributes: offer.attributes } : {}),
    ...(offer.domain ? { domain: offer.domain } : {}),
  };
}
