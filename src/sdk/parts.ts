/**
 * The parts of what an instance reserves: one for each resource set of its pod, and one for the
 * volumes that all of its tasks share. All have one resource id; a label tells them apart. Pure.
 */
import type { Constraint } from '../framework/constraints.js';
import { parseConstraints } from '../framework/constraints.js';
import type { Match } from '../framework/match.js';
import { nothing, type Requirement, type VolumeWish } from '../framework/requirement.js';
import type { PodSpec, ResourceSetSpec, VolumeSpec } from '../wire/service-spec.js';
import { isLive } from './instances.js';
import { type AgentPlace, type Instance, type Reservation, type State, targetOf } from './state.js';

/** An ACCEPT that shows no effect for so long (ms) came to nothing. */
export const unconfirmedMs = 10_000;

/** The part that holds the volumes of the pod itself; no set can have this name. */
export const podPart = 'pod/volumes';

/** The label that tells a part: none for the first set of a pod, else the set's name. */
export function partOf(pod: PodSpec, set: string): string {
  return pod.sets[0]?.name === set ? '' : set;
}

/** All parts of a pod. */
export function partsOf(pod: PodSpec): string[] {
  const sets = pod.sets.map(({ name }) => partOf(pod, name));
  return pod.volumes.length > 0 ? [...sets, podPart] : sets;
}

/** The part that a reservation's labels name. */
export function partInLabels(labels: Readonly<Record<string, string>>): string {
  return labels.set ?? '';
}

/** The parts that an instance needs: by the target, and for what it still runs. */
export function wantedParts(state: State, instance: Instance): Set<string> {
  const configs = Object.values(instance.tasks)
    .filter(isLive)
    .map(({ configId }) => state.configs.get(configId));
  const pods = [targetOf(state), ...configs].map((config) =>
    config?.spec.pods.find(({ type }) => type === instance.pod),
  );
  const known = pods.filter((pod) => pod !== undefined);
  // Without any configuration of it nothing is known to be of no use.
  const kept = known.length === 0 ? (instance.reservation?.sets ?? []) : [];
  return new Set([...known.flatMap(partsOf), ...kept]);
}

/**
 * What one part needs. `resourceId` is that of the reservation, new or old; `first`: the placement
 * rules are asked.
 */
export function requirementOf(
  state: State,
  instance: Instance,
  pod: PodSpec,
  part: string,
  wish: {
    readonly resourceId: string;
    readonly first: boolean;
    readonly now: number;
    /** Where it is about to be placed. */
    readonly address: string;
  },
): Requirement {
  const { reservation, replacing } = instance;
  // On the address of the one that it replaces it is the same to its peers with the same ports.
  const before = replacing?.address === wish.address ? (replacing.ports ?? {}) : {};
  const set = pod.sets.find(({ name }) => partOf(pod, name) === part);
  return {
    ...nothing,
    ...amountsOf(set, reservation, before),
    volumes: (part === podPart ? pod.volumes : (set?.volumes ?? [])).map((volume) => ({
      ...wishFor(volume),
      id: state.random.uuid(),
      ...(part === podPart ? { shared: true } : {}),
    })),
    // Where it has its reservation it stays, whatever the rules say by now.
    constraints: wish.first && reservation === undefined ? placementOf(pod) : [],
    reservation: {
      role: state.role,
      principal: state.principal,
      labels: {
        resource_id: wish.resourceId,
        instance: instance.name,
        ...(part === '' ? {} : { set: part }),
      },
      existing: reservation !== undefined && isThere(reservation, part, wish.now),
    },
  };
}

function amountsOf(
  set: ResourceSetSpec | undefined,
  reservation: Reservation | undefined,
  before: Readonly<Record<string, number>>,
) {
  if (set === undefined) return {};
  const ports = set.ports.map(({ name, port, ranges }) => ({
    name,
    port: reservation?.ports[name] ?? port,
    ...(ranges === undefined ? {} : { ranges }),
    ...(before[name] === undefined ? {} : { preferred: before[name] }),
  }));
  return { cpus: set.cpus, memMb: set.memMb, ports };
}

function wishFor({ path, sizeMb, type, profiles }: VolumeSpec): Omit<VolumeWish, 'id'> {
  const kind = { containerPath: path, sizeMb, type: type ?? 'ROOT' } as const;
  return { ...kind, ...(profiles === undefined ? {} : { profiles }) };
}

/** Whether a part must be among the offers; one that was added lately may have come to nothing. */
function isThere(reservation: Reservation, part: string, now: number): boolean {
  if (!reservation.confirmed || reservation.sets.includes(part)) return true;
  const madeAt = reservation.adding?.[part];
  return madeAt !== undefined && now < madeAt + unconfirmedMs;
}

function placementOf(pod: PodSpec): Constraint[] {
  return pod.placement === '' ? [] : parseConstraints(pod.placement);
}

/** The instance's reservation with what was matched for some of its parts. */
export function reservationOf(
  instance: Instance,
  pod: PodSpec,
  matches: ReadonlyMap<string, Match>,
  made: { readonly place: AgentPlace; readonly resourceId: string; readonly now: number },
): Reservation {
  const { reservation } = instance;
  const ports: Record<string, number> = { ...reservation?.ports };
  for (const set of pod.sets) {
    const match = matches.get(partOf(pod, set.name));
    for (const [position, { name }] of set.ports.entries()) {
      const port = match?.ports[position];
      if (port !== undefined) ports[name] = port;
    }
  }
  const ids = [...matches.values()].flatMap(({ volumeIds }) => volumeIds);
  const parts = [...matches.keys()];
  if (reservation === undefined) {
    const { place, resourceId, now } = made;
    const facts = { resourceId, place, ports, volumeIds: ids, sets: parts };
    return { ...facts, confirmed: false, madeAt: now };
  }
  const added = parts.filter((part) => !reservation.sets.includes(part));
  const adding = Object.fromEntries(added.map((part) => [part, made.now]));
  return {
    ...reservation,
    place: made.place,
    ports,
    volumeIds: [...new Set([...reservation.volumeIds, ...ids])],
    ...(added.length > 0 ? { adding: { ...reservation.adding, ...adding } } : {}),
  };
}

/** The reservation once these parts were seen. */
export function withSeen(reservation: Reservation, parts: Iterable<string>): Reservation {
  const fresh = [...parts].filter((part) => reservation.adding?.[part] !== undefined);
  if (fresh.length === 0) return reservation;
  const { adding = {}, ...rest } = reservation;
  const left = Object.entries(adding).filter(([part]) => !fresh.includes(part));
  return {
    ...rest,
    sets: [...rest.sets, ...fresh],
    ...(left.length === 0 ? {} : { adding: Object.fromEntries(left) }),
  };
}
