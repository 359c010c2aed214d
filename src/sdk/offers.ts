/** Offers: place what waits, give back what nobody wants, answer the rest. Pure. */
import { DcosError } from '../core/errors.js';
import type { Write } from '../core/store/store.js';
import { refusalSeconds } from '../framework/manners.js';
import {
  type Match,
  type MatchContext,
  match,
  type OfferView,
  type Shortfall,
} from '../framework/match.js';
import type { Offer } from '../wire/mesos/scheduler.js';
import type { TaskInfo } from '../wire/mesos/task.js';
import type { PodSpec } from '../wire/service-spec.js';
import type { Effect } from './events.js';
import { withoutRenewal } from './instances.js';
import { keysFor } from './keys.js';
import { type Launch, taskInfoOf } from './launch.js';
import { partOf, partsOf, podPart, requirementOf, reservationOf } from './parts.js';
import { missingPeers, peersHashOf } from './peers.js';
import { type Answer, placeOf } from './seen.js';
import {
  type AgentPlace,
  type Instance,
  putInstance,
  type Refusals,
  type ServiceConfig,
  type State,
  type TaskRecord,
} from './state.js';

/** Something that waits for an offer. */
export interface Placement {
  readonly kind: 'reserve' | 'launch';
  readonly instance: string;
  readonly config: ServiceConfig;
  readonly pod: PodSpec;
  /** Tasks to launch together; none of a reservation. */
  readonly launches: readonly Launch[];
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
  const declined = new Map<number, Offer[]>();
  for (const { view, operations, reservedOnly, awaited } of answers) {
    const unused = refusalSeconds(waitingFor + (awaited ? 1 : 0));
    if (operations.length === 0) {
      declined.set(unused, [...(declined.get(unused) ?? []), view.offer]);
      continue;
    }
    const seconds = reservedOnly ? 0 : unused;
    const accept = {
      offer_ids: [view.offer.id],
      operations,
      filters: { refuse_seconds: seconds },
    };
    effects.push({ type: 'Send', call: { type: 'ACCEPT', accept } });
  }
  for (const [refuse_seconds, offers] of declined) {
    const decline = { offer_ids: offers.map(({ id }) => id), filters: { refuse_seconds } };
    effects.push({ type: 'Send', call: { type: 'DECLINE', decline } });
  }
  return { effects, waiting };
}

function place(
  state: State,
  answers: readonly Answer[],
  placement: Placement,
  writes: Write[],
  now: number,
): boolean {
  const { pod } = placement;
  const instance = state.instances.get(placement.instance) ?? newInstance(placement);
  const missing = missingPeers(state, placement.config, pod).filter(
    (name) => name !== instance.name,
  );
  // Its peers have no address yet: it takes its own, so that they can start with it.
  const early = placement.kind === 'launch' && missing.length > 0;
  if (early && instance.reservation !== undefined) return false;
  const kind = early ? 'reserve' : placement.kind;
  const resourceId = instance.reservation?.resourceId ?? state.random.uuid();
  const others = [...state.instances.values()].filter(
    ({ name, pod: type }) => type === pod.type && name !== instance.name,
  );
  const context = {
    others: others.flatMap(({ reservation }) => (reservation ? [reservation.place] : [])),
    instances: pod.count,
  };
  const site = { state, instance, resourceId, context, now };
  for (const answer of bySpread(answers, instance, context.others)) {
    const found = isHeldByOld(state, instance, answer.view.offer)
      ? { ok: false as const, shortfalls: [givenBack] }
      : matchParts(site, { ...placement, kind }, answer.view);
    if (!found.ok) {
      noteRefusal(state, instance.name, answer.view.offer, found.shortfalls, now);
      continue;
    }
    const { matches, left } = found;
    const used = { placement: { ...placement, kind }, before: instance, matches, resourceId };
    if (!use(state, answer, used, writes, now)) continue;
    answer.view = left;
    return !early;
  }
  return false;
}

const givenBack: Shortfall = {
  kind: 'reservation',
  asked: 'its ports',
  text: 'what the instance that it replaces has there is given back first',
};

/** Whether an agent still has what a replaced instance left there, its ports among it. */
function isHeldByOld({ leftovers }: State, { name, replacing }: Instance, offer: Offer): boolean {
  if (replacing === undefined) return false;
  const agentId = offer.agent_id.value;
  return [...leftovers.values()].some((one) => one.instance === name && one.agentId === agentId);
}

interface Site {
  readonly state: State;
  readonly instance: Instance;
  readonly resourceId: string;
  readonly context: MatchContext;
  readonly now: number;
}

/**
 * Matches what a placement needs, one part after the other on what the parts before have left: all
 * parts of the pod where nothing is reserved yet, else those of the tasks to launch.
 */
function matchParts(
  { state, instance, resourceId, context, now }: Site,
  { pod, launches }: Placement,
  view: OfferView,
):
  | { readonly ok: true; readonly matches: Map<string, Match>; readonly left: OfferView }
  | { readonly ok: false; readonly shortfalls: readonly Shortfall[] } {
  const wanted = new Map<string, PodSpec>();
  if (instance.reservation === undefined) for (const part of partsOf(pod)) wanted.set(part, pod);
  for (const launch of launches) {
    wanted.set(partOf(launch.pod, launch.task.resourceSet), launch.pod);
    if (launch.pod.volumes.length > 0) wanted.set(podPart, launch.pod);
  }
  const matches = new Map<string, Match>();
  const shortfalls: Shortfall[] = [];
  let left = view;
  for (const [part, source] of wanted) {
    const { address } = placeOf(view.offer);
    const wish = { resourceId, first: matches.size === 0, now, address };
    const requirement = requirementOf(state, instance, source, part, wish);
    const result = match(requirement, left, context);
    if (result.ok) {
      matches.set(part, result.match);
      left = result.left;
    } else shortfalls.push(...result.shortfalls);
  }
  return shortfalls.length > 0 ? { ok: false, shortfalls } : { ok: true, matches, left };
}

function newInstance({ instance, pod }: Placement): Instance {
  const index = Number(instance.slice(pod.type.length + 1));
  return { name: instance, pod: pod.type, index, permanentlyFailed: false, tasks: {} };
}

/**
 * Its own agent alone where it has a reservation; else those first that have the fewest of its
 * kind, and among them those whose zone has: three of four agents are three racks where they can.
 */
export function bySpread(
  answers: readonly Answer[],
  instance: Instance,
  others: readonly AgentPlace[],
): Answer[] {
  const own = instance.reservation?.place.agentId;
  if (own !== undefined) return answers.filter(({ view }) => view.offer.agent_id.value === own);
  const count = ({ view }: Answer): number =>
    others.filter(({ agentId }) => agentId === view.offer.agent_id.value).length;
  const inZone = ({ view }: Answer): number => {
    const zone = zoneOf(view.offer.domain);
    return zone === undefined ? 0 : others.filter(({ domain }) => zoneOf(domain) === zone).length;
  };
  return [...answers].sort((a, b) => count(a) - count(b) || inZone(a) - inZone(b));
}

const zoneOf = (domain: Offer['domain']): string | undefined => domain?.fault_domain?.zone.name;

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

/** Matches on their way to become operations. */
interface Found {
  readonly placement: Placement;
  readonly before: Instance;
  readonly matches: ReadonlyMap<string, Match>;
  readonly resourceId: string;
}

function use(state: State, answer: Answer, used: Found, writes: Write[], now: number): boolean {
  const { placement, before, matches, resourceId } = used;
  const { kind, pod } = placement;
  const { offer } = answer.view;
  const reservation = reservationOf(before, pod, matches, {
    place: placeOf(offer),
    resourceId,
    now,
  });
  const reserved: Instance = { ...before, permanentlyFailed: false, reservation };
  const operations = [...matches.values()].flatMap((found) => found.operations);
  if (kind === 'reserve') {
    putInstance(state, writes, reserved);
    answer.reservedOnly = true;
    answer.operations.push(...operations);
    state.refusals.delete(before.name);
    return true;
  }
  const launched = launchOf(state, placement, reserved, matches, now);
  if (launched instanceof DcosError) {
    const text = `its configuration cannot be made: ${launched.message}`;
    noteRefusal(state, before.name, offer, [{ kind: 'constraint', asked: '', text }], now);
    return false;
  }
  const names = placement.launches.map(({ task }) => task.name);
  const tasks = { ...reserved.tasks, ...launched.tasks };
  putInstance(state, writes, withoutRenewal({ ...reserved, tasks }, names));
  const launch = { task_infos: launched.infos };
  answer.operations.push(...operations, { type: 'LAUNCH', launch });
  state.refusals.delete(before.name);
  return true;
}

function launchOf(
  state: State,
  { launches }: Placement,
  instance: Instance,
  matches: ReadonlyMap<string, Match>,
  now: number,
): { readonly infos: TaskInfo[]; readonly tasks: Record<string, TaskRecord> } | DcosError {
  const peers = { ...state, instances: new Map(state.instances).set(instance.name, instance) };
  const infos: TaskInfo[] = [];
  const tasks: Record<string, TaskRecord> = {};
  try {
    for (const launch of launches) {
      const { config, pod, task } = launch;
      const id = `${instance.name}-${task.name}__${state.random.uuid()}`;
      const own = matches.get(partOf(pod, task.resourceSet))?.resources ?? [];
      const shared = matches.get(podPart)?.resources ?? [];
      const keys = keysFor(state, instance, task, now);
      const resources = [...own, ...shared];
      infos.push(taskInfoOf(peers, launch, instance, { resources, id, keys }));
      tasks[task.name] = {
        id,
        configId: config.id,
        peersHash: peersHashOf(peers, config, task),
        state: 'TASK_STAGING',
        message: '',
        ready: false,
        ...(instance.paused?.includes(task.name) ? { paused: true } : {}),
        updatedAt: now,
      };
    }
    return { infos, tasks };
  } catch (error) {
    if (error instanceof DcosError) return error;
    throw error;
  }
}
