/**
 * Resources as the older endpoints show them: `{"cpus": 4, "mem": 4096, "ports":
 * "[31000-31100]"}`.
 */
import type { Resource } from '../../../wire/mesos/common.js';
import { poolOf, rangesOf, scalarsOf } from '../../../wire/resources/pool.js';

/** Sums over all roles and reservations; the four known scalars are always there. */
export function amountsOf(resources: readonly Resource[]): Record<string, number | string> {
  const pool = poolOf(resources);
  const { cpus, mem, disk, gpus } = scalarsOf(pool);
  const amounts: Record<string, number | string> = {
    disk: disk / 1000,
    mem: mem / 1000,
    gpus: gpus / 1000,
    cpus: cpus / 1000,
  };
  for (const { name, type } of resources) {
    if (type !== 'RANGES' || name in amounts) continue;
    const ranges = rangesOf(pool, name).map(([begin, end]) => `${begin}-${end}`);
    amounts[name] = `[${ranges.join(', ')}]`;
  }
  return amounts;
}

/** Only what is there, ranges counted: the form of `/roles`. */
export function quantitiesOf(resources: readonly Resource[]): Record<string, number> {
  const quantities: Record<string, number> = {};
  for (const { name, scalar, ranges } of resources) {
    const amount =
      scalar === undefined
        ? (ranges?.range ?? []).reduce((sum, { begin, end }) => sum + end - begin + 1, 0)
        : Math.round(scalar.value * 1000);
    const unit = scalar === undefined ? 1 : 1000;
    quantities[name] = (Math.round((quantities[name] ?? 0) * unit) + amount) / unit;
  }
  return Object.fromEntries(Object.entries(quantities).filter(([, amount]) => amount !== 0));
}
