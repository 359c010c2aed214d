/**
 * Taking a requirement out of an offer's pool, piece by piece: first what is reserved for it,
 * then what is free. Pure.
 */
import type { Resource } from '../wire/mesos/common.js';
import type { OfferOperation } from '../wire/mesos/scheduler.js';
import {
  isShared,
  isVolume,
  type Pool,
  type Range,
  subtract,
  subtractRanges,
} from '../wire/resources/pool.js';
import type { Shortfall, ShortfallKind } from './match.js';
import type { PortWish, Requirement, VolumeWish } from './requirement.js';
import { labelsOf, sameLabels, toLabels } from './reservations.js';

type Entry = Pool extends Map<string, infer Value> ? Value : never;
type ScalarName = 'cpus' | 'mem' | 'gpus' | 'disk';

/** How users read an amount. */
const units: Readonly<Record<ScalarName, string>> = {
  cpus: 'cpus',
  mem: 'MiB of memory',
  gpus: 'gpus',
  disk: 'MiB of disk',
};

/** Works on a pool of its own; one use for one requirement. */
export class Taker {
  /** Becomes the task's resources. */
  readonly used: Resource[] = [];
  readonly #requirement: Requirement;
  readonly #pool: Pool;
  /** To be reserved, in their reserved form. */
  readonly #toReserve: Resource[] = [];
  /** To be created, in their final form. */
  readonly #toCreate: Resource[] = [];

  constructor(requirement: Requirement, pool: Pool) {
    this.#requirement = requirement;
    this.#pool = pool;
  }

  /** Whether the offer has the reservation, and anything of an accepted role, at all. */
  roleShortfalls(): Shortfall[] {
    const { reservation, acceptedRoles } = this.#requirement;
    if (reservation?.existing && this.#held().length === 0) {
      const text = 'its reservation is not in this offer';
      return [{ kind: 'reservation', asked: 'its own reservation', text }];
    }
    if (reservation?.existing || this.#pool.size === 0 || this.#sources().length > 0) return [];
    const asked = acceptedRoles?.join(', ') ?? '*';
    return [{ kind: 'role', asked, text: `resources of role ${asked} asked, none free` }];
  }

  /** Takes `milli` thousandths of a scalar. */
  takeScalar(name: ScalarName, milli: number): undefined | Shortfall {
    const held = this.#held().filter((entry) => isPlain(entry, name));
    const sources = this.#sources().filter((entry) => isPlain(entry, name));
    const free = sum(held) + sum(sources);
    if (free < milli) return amountShortfall(name, name, milli, free);
    let wanted = milli;
    for (const entry of [...held, ...sources]) {
      const part = Math.min(wanted, entry.milli);
      if (part > 0)
        this.#take({ ...entry.kind, scalar: { value: part / 1000 } }, held.includes(entry));
      wanted -= part;
    }
    return undefined;
  }

  /**
   * Takes the ports, those of an existing reservation and preferred ones first; `seed` says where
   * to begin among free ones.
   */
  takePorts(wishes: readonly PortWish[], seed: number): number[] | Shortfall {
    const fixed = wishes.filter(({ port }) => port !== 0).map(({ port }) => port);
    for (const port of fixed) {
      if (!this.#takePort(port)) {
        return { kind: 'ports', asked: `port ${port}`, text: `port ${port} asked, not free` };
      }
    }
    const free = fixed.length === wishes.length ? 0 : this.#countPorts();
    const wanted = wishes.length - fixed.length;
    if (free < wanted) {
      const asked = `${wanted} ports`;
      return { kind: 'ports', asked, free, text: `${asked} asked, ${free} free` };
    }
    const liked = wishes.map((wish) => (wish.port === 0 ? this.#takePreferred(wish) : wish.port));
    const taken: number[] = [];
    for (const [at, wish] of wishes.entries()) {
      const port = liked[at] ?? this.#takeAnyPort(seed, wish.ranges);
      if (port === undefined) {
        const within = (wish.ranges ?? []).map(([begin, end]) => `${begin}-${end}`).join(', ');
        return { kind: 'ports', asked: `port in ${within}`, text: `a port in ${within} asked` };
      }
      taken.push(port);
    }
    return taken;
  }

  /** Takes an existing volume or prepares a new one; its persistence id. */
  takeVolume(wish: VolumeWish): string | Shortfall {
    const existing = this.#held().find(
      ({ kind }) => isVolume(kind) && kind.disk?.volume?.container_path === wish.containerPath,
    );
    if (existing !== undefined) {
      this.#take({ ...existing.kind, scalar: { value: existing.milli / 1000 } }, true);
      return existing.kind.disk?.persistence?.id ?? wish.id;
    }
    if (wish.type === 'ROOT') return this.#newVolume(wish, isRoot);
    const { profiles } = wish;
    const fits = (kind: Resource): boolean =>
      isMount(kind) && (profiles?.includes(String(kind.disk?.source?.profile)) ?? true);
    return this.#newVolume(wish, fits);
  }

  /** UNRESERVE what the reservation has too much of, RESERVE what it lacks, CREATE its volumes. */
  operations(): OfferOperation[] {
    const excess = this.#held().filter(({ kind }) => !isVolume(kind));
    const operations: OfferOperation[] = [];
    if (excess.length > 0) {
      const resources = excess.map(wholeOf);
      operations.push({ type: 'UNRESERVE', unreserve: { resources } });
      subtract(this.#pool, resources);
    }
    if (this.#toReserve.length > 0) {
      operations.push({ type: 'RESERVE', reserve: { resources: this.#toReserve } });
    }
    if (this.#toCreate.length > 0)
      operations.push({ type: 'CREATE', create: { volumes: this.#toCreate } });
    return operations;
  }

  /** What later launches may take. */
  left(): Pool {
    return this.#pool;
  }

  /** What this requirement's reservation still has. */
  #held(): Entry[] {
    const { reservation } = this.#requirement;
    if (reservation === undefined) return [];
    return [...this.#pool.values()].filter(({ kind }) => {
      const labels = labelsOf(kind);
      return (
        labels !== undefined &&
        kind.reservations?.at(-1)?.role === reservation.role &&
        sameLabels(labels, reservation.labels)
      );
    });
  }

  /**
   * What may be used freely: for reservations the unreserved only; a role's own first, since
   * nobody else can use it.
   */
  #sources(): Entry[] {
    const { reservation, acceptedRoles } = this.#requirement;
    const usable = [...this.#pool.values()].filter(({ kind }) => {
      const role = kind.reservations?.at(-1)?.role ?? '*';
      if (acceptedRoles !== undefined && !acceptedRoles.includes(role)) return false;
      if (reservation !== undefined && role !== '*') return false;
      return !isSomeInstances(kind) && kind.revocable === undefined && kind.shared === undefined;
    });
    return usable.sort(
      (a, b) => (b.kind.reservations?.length ?? 0) - (a.kind.reservations?.length ?? 0),
    );
  }

  /** Moves `resource` from the pool to the task, reserving it on the way if it has to be. */
  #take(resource: Resource, held: boolean): Resource {
    // Who comes after may hold a shared volume as well.
    if (!isShared(resource)) subtract(this.#pool, [resource]);
    const final = held ? resource : this.#reserved(resource);
    if (final !== resource) this.#toReserve.push(final);
    this.used.push(final);
    return final;
  }

  #reserved(resource: Resource): Resource {
    const { reservation } = this.#requirement;
    if (reservation === undefined) return resource;
    const added = {
      type: 'DYNAMIC' as const,
      role: reservation.role,
      ...(reservation.principal === undefined ? {} : { principal: reservation.principal }),
      labels: toLabels(reservation.labels),
    };
    return { ...resource, reservations: [...(resource.reservations ?? []), added] };
  }

  #takePort(port: number): boolean {
    const hasPort = ({ kind, ranges }: Entry): boolean =>
      kind.name === 'ports' && ranges.some(([begin, end]) => begin <= port && port <= end);
    const held = this.#held().find(hasPort);
    const entry = held ?? this.#sources().find(hasPort);
    if (entry === undefined) return false;
    this.#take({ ...entry.kind, ranges: { range: [{ begin: port, end: port }] } }, entry === held);
    return true;
  }

  /** `undefined` where nothing is preferred, or it is not free. */
  #takePreferred({ preferred: port, ranges }: PortWish): number | undefined {
    if (port === undefined) return undefined;
    const fits = ranges?.some(([begin, end]) => begin <= port && port <= end) ?? true;
    return fits && this.#takePort(port) ? port : undefined;
  }

  /** `undefined` where none lies in `within`. */
  #takeAnyPort(seed: number, within: PortWish['ranges']): number | undefined {
    const usable = ({ kind, ranges }: Entry): readonly Range[] =>
      kind.name !== 'ports' ? [] : within === undefined ? ranges : bothRanges(ranges, within);
    const held = this.#held().find((entry) => usable(entry).length > 0);
    const entry = held ?? this.#sources().find((other) => usable(other).length > 0);
    if (entry === undefined) return undefined;
    const port = nthPort(usable(entry), held === undefined ? seed : 0);
    this.#takePort(port);
    return port;
  }

  #countPorts(): number {
    const entries = [...this.#held(), ...this.#sources()].filter(
      ({ kind }) => kind.name === 'ports',
    );
    return entries.reduce((total, { ranges }) => total + countOf(ranges), 0);
  }

  #newVolume(wish: VolumeWish, fits: (kind: Resource) => boolean): string | Shortfall {
    const { reservation } = this.#requirement;
    const milli = wish.sizeMb * 1000;
    // An existing instance's volume is never made anew from free disk: its data would be lost in
    // silence. Disk that is reserved for it without a volume means that the CREATE never happened.
    const held = this.#held();
    const candidates = reservation?.existing ? held : [...held, ...this.#sources()];
    const disks = candidates.filter(
      ({ kind }) => kind.name === 'disk' && !isVolume(kind) && fits(kind),
    );
    const fitting = disks.filter((entry) => entry.milli >= milli).sort((a, b) => a.milli - b.milli);
    const disk = fitting.find((entry) => held.includes(entry)) ?? fitting[0];
    if (disk === undefined || reservation === undefined) {
      if (reservation?.existing) {
        const text = `its volume ${wish.containerPath} is not in this offer`;
        return { kind: 'volume', asked: `volume ${wish.containerPath}`, text };
      }
      const free = Math.max(0, ...disks.map((entry) => entry.milli));
      return amountShortfall(wish.type === 'MOUNT' ? 'volume' : 'disk', 'disk', milli, free);
    }
    const amount = wish.type === 'MOUNT' ? disk.milli : milli;
    const final = this.#take(
      { ...disk.kind, scalar: { value: amount / 1000 } },
      held.includes(disk),
    );
    const volume = asVolume(final, wish, reservation.principal);
    this.used.splice(this.used.indexOf(final), 1, volume);
    this.#toCreate.push(volume);
    return wish.id;
  }
}

function asVolume(disk: Resource, wish: VolumeWish, principal: string | undefined): Resource {
  return {
    ...disk,
    disk: {
      ...disk.disk,
      persistence: { id: wish.id, ...(principal === undefined ? {} : { principal }) },
      volume: { container_path: wish.containerPath, mode: 'RW' },
    },
    ...(wish.shared ? { shared: {} } : {}),
  };
}

/** Reserved with labels: it belongs to some instance, and is nobody else's to use. */
function isSomeInstances(kind: Resource): boolean {
  const labels = labelsOf(kind);
  return isVolume(kind) || (labels !== undefined && Object.keys(labels).length > 0);
}

function isPlain({ kind }: Entry, name: ScalarName): boolean {
  return kind.name === name && kind.type === 'SCALAR' && kind.disk === undefined;
}

const isMount = (kind: Resource): boolean => kind.disk?.source?.type === 'MOUNT';
const isRoot = (kind: Resource): boolean => kind.disk === undefined;

function sum(entries: readonly Entry[]): number {
  return entries.reduce((total, { milli }) => total + milli, 0);
}

function wholeOf({ kind, milli, ranges }: Entry): Resource {
  if (kind.type === 'SCALAR') return { ...kind, scalar: { value: milli / 1000 } };
  return { ...kind, ranges: { range: ranges.map(([begin, end]) => ({ begin, end })) } };
}

function amountShortfall(
  kind: ShortfallKind,
  name: ScalarName,
  milli: number,
  free: number,
): Shortfall {
  const asked = `${milli / 1000} ${units[name]}`;
  return { kind, asked, free: free / 1000, text: `${asked} asked, ${free / 1000} free` };
}

function countOf(ranges: readonly Range[]): number {
  return ranges.reduce((total, [begin, end]) => total + end - begin + 1, 0);
}

/** What is in both. */
function bothRanges(a: readonly Range[], b: readonly Range[]): readonly Range[] {
  return subtractRanges(a, subtractRanges(a, b));
}

function nthPort(ranges: readonly Range[], seed: number): number {
  let index = seed % Math.max(1, countOf(subtractRanges(ranges, [])));
  for (const [begin, end] of ranges) {
    if (index <= end - begin) return begin + index;
    index -= end - begin + 1;
  }
  return 0;
}
