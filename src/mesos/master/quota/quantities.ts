/**
 * Amounts without identity: how much of each scalar resource, in thousandths (apache/mesos
 * src/common/resource_quantities.hpp).
 */
import type { Resource } from '../../../wire/mesos/common.js';
import { reservedRoleOf, toMilli } from '../../../wire/resources/pool.js';

/** Name of a resource → thousandths. What is not named is nothing (of limits: not limited). */
export type Quantities = ReadonlyMap<string, number>;

/** Adds `by`, in thousandths; amounts never become negative. */
export function increase(sums: Map<string, number>, name: string, by: number): void {
  sums.set(name, Math.max(0, (sums.get(name) ?? 0) + by));
}

/** Adds every scalar of `resources`. */
export function addScalars(sums: Map<string, number>, resources: readonly Resource[]): void {
  for (const { name, type, scalar } of resources) {
    if (type === 'SCALAR') increase(sums, name, toMilli(scalar?.value ?? 0));
  }
}

/** All scalars of `resources`, whatever they are reserved for. */
export function quantitiesOf(resources: readonly Resource[]): Map<string, number> {
  const sums = new Map<string, number>();
  addScalars(sums, resources);
  return sums;
}

/** Whether it is taken from what anybody may have, and so counts for quota when it is given out. */
export function isCommon(resource: Resource): boolean {
  const revocable = resource.revocable !== undefined;
  return resource.type === 'SCALAR' && !revocable && reservedRoleOf(resource) === undefined;
}

/** Whether `whole` has at least all that `part` has. */
export function covers(whole: Quantities, part: Quantities): boolean {
  return [...part].every(([name, amount]) => amount <= (whole.get(name) ?? 0));
}

/** Whether no amount is over its limit. */
export function isWithin(limits: Quantities, amounts: Quantities): boolean {
  return [...amounts].every(([name, amount]) => amount <= (limits.get(name) ?? Infinity));
}

/** As Mesos prints quantities: `cpus:4; disk:10240; mem:4096`. */
export function quantitiesText(amounts: Quantities): string {
  const parts = sorted(amounts).map(([name, milli]) => `${name}:${milli / 1000}`);
  return parts.length === 0 ? '{}' : parts.join('; ');
}

/** As Mesos prints a map of them: `{ cpus: 5, mem: 32 }`. */
export function mapText(amounts: Quantities): string {
  const parts = [...amounts].map(([name, milli]) => `${name}: ${milli / 1000}`);
  return parts.length === 0 ? '{}' : `{ ${parts.join(', ')} }`;
}

/** In the order of their names. */
export function sorted(amounts: Quantities): [string, number][] {
  return [...amounts].sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0));
}
