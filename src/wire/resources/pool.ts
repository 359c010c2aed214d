/**
 * Resource arithmetic as Mesos does it: scalars in thousandths, ranges and sets by element, and
 * amounts only add up when role, reservations, disk and allocation are the same (apache/mesos
 * src/v1/resources.cpp).
 */
import type { Resource } from '../mesos/common.js';

/** An amount of one identity. A persistent volume or mount disk is one indivisible amount. */
interface Entry {
  /** The resource without its amount. */
  readonly kind: Resource;
  /** Thousandths. */
  milli: number;
  /** Sorted, disjoint, not touching; inclusive. */
  ranges: readonly Range[];
  items: ReadonlySet<string>;
}

/** Inclusive. */
export type Range = readonly [begin: number, end: number];

/** Resources by identity; make one with `poolOf`, change it with `add` and `subtract`. */
export type Pool = Map<string, Entry>;

/** Thousandths of a scalar value, rounded as Mesos rounds. */
export function toMilli(value: number): number {
  return Math.round(value * 1000);
}

/** A JSON resource in the form that this project uses: `reservations`, never `role`. */
export function normalize(resource: Resource): Resource {
  const { role, ...rest } = resource;
  if (role === undefined || role === '*' || (resource.reservations?.length ?? 0) > 0) return rest;
  return { ...rest, reservations: [{ type: 'STATIC', role }] };
}

/** The pool that holds exactly `resources`. */
export function poolOf(resources: readonly Resource[] | undefined): Pool {
  const pool: Pool = new Map();
  for (const resource of resources ?? []) add(pool, [resource]);
  return pool;
}

/** A copy that can be changed by itself. */
export function copyPool(pool: Pool): Pool {
  return new Map([...pool].map(([key, entry]) => [key, { ...entry }]));
}

/** Puts `resources` into `pool`. */
export function add(pool: Pool, resources: readonly Resource[]): void {
  for (const given of resources) {
    const entry = entryOf(normalize(given));
    if (isNothing(entry)) continue;
    const key = identityOf(entry.kind);
    const held = pool.get(key);
    if (held === undefined) {
      pool.set(key, entry);
      continue;
    }
    held.milli += entry.milli;
    held.ranges = unionRanges(held.ranges, entry.ranges);
    held.items = new Set([...held.items, ...entry.items]);
  }
}

/** Takes `resources` out of `pool`; what was not there is ignored. */
export function subtract(pool: Pool, resources: readonly Resource[]): void {
  for (const given of resources) {
    const entry = entryOf(normalize(given));
    const key = identityOf(entry.kind);
    const held = pool.get(key);
    if (held === undefined) continue;
    held.milli = Math.max(0, held.milli - entry.milli);
    held.ranges = subtractRanges(held.ranges, entry.ranges);
    held.items = new Set([...held.items].filter((item) => !entry.items.has(item)));
    if (isNothing(held)) pool.delete(key);
  }
}

/** Whether all of `resources` together are in `pool`. */
export function contains(pool: Pool, resources: readonly Resource[]): boolean {
  for (const [key, wanted] of poolOf(resources)) {
    const held = pool.get(key);
    if (held === undefined || held.milli < wanted.milli) return false;
    if (subtractRanges(wanted.ranges, held.ranges).length > 0) return false;
    for (const item of wanted.items) if (!held.items.has(item)) return false;
    // Indivisible amounts are taken whole or not at all.
    if (isIndivisible(held.kind) && held.milli !== wanted.milli) return false;
  }
  return true;
}

/** The pool as JSON resources. */
export function resourcesOf(pool: Pool): Resource[] {
  return [...pool.values()].map(({ kind, milli, ranges, items }) => {
    if (kind.type === 'SCALAR') return { ...kind, scalar: { value: milli / 1000 } };
    if (kind.type === 'RANGES')
      return { ...kind, ranges: { range: ranges.map(([begin, end]) => ({ begin, end })) } };
    return { ...kind, set: { item: [...items].sort() } };
  });
}

/** Sums of scalars over all identities, in thousandths, by name; zero where there is none. */
export function scalarsOf(resources: readonly Resource[] | Pool): {
  cpus: number;
  mem: number;
  disk: number;
  gpus: number;
} {
  const sums = { cpus: 0, mem: 0, disk: 0, gpus: 0 };
  const pool = resources instanceof Map ? resources : poolOf(resources);
  for (const { kind, milli } of pool.values()) {
    if (kind.name in sums) sums[kind.name as keyof typeof sums] += milli;
  }
  return sums;
}

/** The same for people: whole cpus, memory and disk in MiB, with fractions. */
export function amountOf(resources: readonly Resource[] | Pool | undefined): {
  cpus: number;
  memMb: number;
  diskMb: number;
} {
  const { cpus, mem, disk } = scalarsOf(resources ?? []);
  return { cpus: cpus / 1000, memMb: mem / 1000, diskMb: disk / 1000 };
}

/** All ranges of the resource `name`, merged. */
export function rangesOf(resources: readonly Resource[] | Pool, name: string): readonly Range[] {
  const pool = resources instanceof Map ? resources : poolOf(resources);
  let merged: readonly Range[] = [];
  for (const { kind, ranges } of pool.values())
    if (kind.name === name) merged = unionRanges(merged, ranges);
  return merged;
}

/** The role that holds the most refined reservation, or `undefined` for unreserved. */
export function reservedRoleOf(resource: Resource): string | undefined {
  return normalize(resource).reservations?.at(-1)?.role;
}

/** The same resources, allocated to `role`. */
export function allocatedTo(role: string, resources: readonly Resource[]): Resource[] {
  return resources.map((resource) => ({ ...normalize(resource), allocation_info: { role } }));
}

/** The same resources, allocated to nobody. */
export function unallocated(resources: readonly Resource[]): Resource[] {
  return resources.map((resource) => {
    const { allocation_info: _allocated, ...rest } = normalize(resource);
    return rest;
  });
}

/** Whether it is a persistent volume. */
export function isVolume(resource: Resource): boolean {
  return resource.disk?.persistence !== undefined;
}

/**
 * Whether several tasks may hold it at the same time: it is offered although it is in use
 * (apache/mesos docs/shared-resources.md).
 */
export function isShared(resource: Resource): boolean {
  return resource.shared !== undefined;
}

/** Those that only one may hold. */
export function exclusive(resources: readonly Resource[]): Resource[] {
  return resources.filter((resource) => !isShared(resource));
}

function isIndivisible(kind: Resource): boolean {
  const source = kind.disk?.source?.type;
  return isVolume(kind) || source === 'MOUNT' || source === 'BLOCK';
}

function isNothing(entry: Entry): boolean {
  return entry.milli === 0 && entry.ranges.length === 0 && entry.items.size === 0;
}

function entryOf(resource: Resource): Entry {
  const { scalar, ranges, set, ...kind } = resource;
  return {
    kind,
    milli: toMilli(scalar?.value ?? 0),
    ranges: unionRanges(
      (ranges?.range ?? []).map(({ begin, end }): Range => [begin, end]),
      [],
    ),
    items: new Set(set?.item ?? []),
  };
}

/** What must be equal for two amounts to add up; labels count as an unordered set. */
function identityOf(kind: Resource): string {
  const reservations = (kind.reservations ?? []).map((r) => [
    r.type,
    r.role,
    r.principal,
    (r.labels?.labels ?? []).map((l) => `${l.key}=${l.value ?? ''}`).sort(),
  ]);
  const disk = kind.disk && [
    kind.disk.persistence?.id,
    kind.disk.volume?.container_path,
    stable(kind.disk.source),
  ];
  return JSON.stringify([
    kind.name,
    kind.allocation_info?.role,
    reservations,
    disk,
    kind.revocable !== undefined,
    kind.shared !== undefined,
    kind.provider_id?.value,
  ]);
}

function stable(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value;
  return Object.entries(value)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([k, v]) => [k, stable(v)]);
}

/** The union, sorted and merged; inverted ranges are dropped. */
export function unionRanges(a: readonly Range[], b: readonly Range[]): readonly Range[] {
  const all = [...a, ...b].filter(([begin, end]) => begin <= end).sort((x, y) => x[0] - y[0]);
  const merged: [number, number][] = [];
  for (const [begin, end] of all) {
    const last = merged.at(-1);
    if (last !== undefined && begin <= last[1] + 1) last[1] = Math.max(last[1], end);
    else merged.push([begin, end]);
  }
  return merged;
}

/** What of `a` is not in `b`. */
export function subtractRanges(a: readonly Range[], b: readonly Range[]): readonly Range[] {
  let left = [...a];
  for (const [begin, end] of b) {
    left = left.flatMap(([from, to]): Range[] => {
      if (end < from || begin > to) return [[from, to]];
      const parts: Range[] = [];
      if (from < begin) parts.push([from, begin - 1]);
      if (to > end) parts.push([end + 1, to]);
      return parts;
    });
  }
  return left;
}
