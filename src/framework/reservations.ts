/**
 * Whose a reserved resource is, by the labels of its reservation, and how to give back what
 * nobody wants. Pure.
 */
import type { Resource } from '../wire/mesos/common.js';
import type { OfferOperation } from '../wire/mesos/scheduler.js';
import { isVolume, normalize } from '../wire/resources/pool.js';

/** The labels of a resource's innermost dynamic reservation; `undefined` where it has none. */
export function labelsOf(resource: Resource): Record<string, string> | undefined {
  const reservation = normalize(resource).reservations?.at(-1);
  if (reservation?.type !== 'DYNAMIC') return undefined;
  return Object.fromEntries((reservation.labels?.labels ?? []).map((l) => [l.key, l.value ?? '']));
}

/** Labels as Mesos writes them, sorted by key. */
export function toLabels(labels: Readonly<Record<string, string>>): {
  labels: { key: string; value: string }[];
} {
  const entries = Object.entries(labels).sort(([a], [b]) => (a < b ? -1 : 1));
  return { labels: entries.map(([key, value]) => ({ key, value })) };
}

/** Whether two sets of labels are the same. */
export function sameLabels(
  a: Readonly<Record<string, string>>,
  b: Readonly<Record<string, string>>,
): boolean {
  const keys = Object.keys(a);
  return keys.length === Object.keys(b).length && keys.every((key) => a[key] === b[key]);
}

/** The reserved resources of `role` that no instance wants any more. */
export function leftoversIn(
  resources: readonly Resource[],
  role: string,
  isWanted: (labels: Readonly<Record<string, string>>, resource: Resource) => boolean,
): Resource[] {
  return resources.filter((resource) => {
    const labels = labelsOf(resource);
    const holder = normalize(resource).reservations?.at(-1)?.role;
    return labels !== undefined && holder === role && !isWanted(labels, resource);
  });
}

/**
 * The operations that give `leftovers` back: DESTROY the volumes, then UNRESERVE all. Empty for
 * none.
 */
export function giveBack(leftovers: readonly Resource[]): OfferOperation[] {
  if (leftovers.length === 0) return [];
  const volumes = leftovers.filter(isVolume);
  const bare = leftovers.map((resource) =>
    isVolume(resource) ? withoutVolume(resource) : resource,
  );
  return [
    ...(volumes.length > 0 ? [{ type: 'DESTROY' as const, destroy: { volumes } }] : []),
    { type: 'UNRESERVE' as const, unreserve: { resources: bare } },
  ];
}

function withoutVolume(resource: Resource): Resource {
  const { disk, shared: _shared, ...rest } = resource;
  return disk?.source ? { ...rest, disk: { source: disk.source } } : rest;
}
