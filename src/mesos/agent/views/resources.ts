/** Resources as `/state` sums them up (apache/mesos src/common/http.cpp, model(Resources)). */
import type { Resource } from '../../../wire/mesos/common.js';
import { normalize, rangesOf, reservedRoleOf, scalarsOf } from '../../../wire/resources/pool.js';

/** Sums by name. */
export function sumsOf(resources: readonly Resource[]): Record<string, unknown> {
  const { disk, mem, gpus, cpus } = scalarsOf(resources);
  const ports = rangesOf(resources, 'ports')
    .map(([begin, end]) => `${begin}-${end}`)
    .join(', ');
  return {
    disk: disk / 1000,
    mem: mem / 1000,
    gpus: gpus / 1000,
    cpus: cpus / 1000,
    ...(ports === '' ? {} : { ports: `[${ports}]` }),
  };
}

/** What no role has reserved. */
export function unreserved(resources: readonly Resource[]): Resource[] {
  return resources.filter((resource) => reservedRoleOf(resource) === undefined);
}

/** What roles have reserved, by role. */
export function reservedByRole(resources: readonly Resource[]): Map<string, Resource[]> {
  const byRole = new Map<string, Resource[]>();
  for (const resource of resources) {
    const role = reservedRoleOf(resource);
    if (role !== undefined) byRole.set(role, [...(byRole.get(role) ?? []), resource]);
  }
  return byRole;
}

/** A resource in full, in the older form that `/state` shows besides the newer one. */
export function fullOf(resource: Resource): Record<string, unknown> {
  const { allocation_info: _allocated, reservations, ...rest } = normalize(resource);
  const last = reservations?.at(-1);
  if (last === undefined) return { ...rest, role: '*' };
  const { type: _type, role, ...reservation } = last;
  return { ...rest, role, reservation, reservations };
}

/** The same for every value of a map, as an object. */
export function mapRoles<Value>(
  byRole: ReadonlyMap<string, Resource[]>,
  convert: (resources: Resource[]) => Value,
): Record<string, Value> {
  return Object.fromEntries([...byRole].map(([role, list]) => [role, convert(list)]));
}
