/** Recorded messages to compare with, and a master that is ready for the cases about them. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { aFramework, lastOffer, MasterWorld } from './master-world.js';
import { root } from './paths.js';

/** Recorded messages by name. */
export const shapes = JSON.parse(
  readFileSync(join(root, 'test/mesos/master/fixtures/shapes.json'), 'utf8'),
);

/** Keys of `recorded`, at any depth, that `ours` lacks or has with another type. */
export function missing(recorded: unknown, ours: unknown, path = ''): string[] {
  if (Array.isArray(recorded)) {
    if (!Array.isArray(ours)) return [`${path} is no list`];
    const [first] = recorded;
    return first === undefined || ours.length === 0 ? [] : missing(first, ours[0], `${path}[0]`);
  }
  if (typeof recorded === 'object' && recorded !== null) {
    if (typeof ours !== 'object' || ours === null) return [`${path} is no object`];
    return Object.entries(recorded).flatMap(([key, value]) =>
      // The first resource is ports there and cpus here.
      key === 'ranges' || key in ours
        ? key === 'ranges'
          ? []
          : missing(value, (ours as Record<string, unknown>)[key], `${path}.${key}`)
        : [`${path}.${key}`],
    );
  }
  return typeof recorded === typeof ours ? [] : [`${path} is ${typeof ours}`];
}

/** The value with what differs from run to run made equal. */
export function without(value: unknown, names: readonly string[]): unknown {
  const text = JSON.stringify(value, (key, inner) => (names.includes(key) ? '*' : inner));
  return JSON.parse(text);
}

/** A master with one agent and one framework in the role `rec` that has its first offer. */
export function started() {
  const world = new MasterWorld();
  const agent = world.register();
  const scheduler = world.subscribe(aFramework('rec', { roles: ['rec'] }));
  return { world, agent, scheduler, offer: lastOffer(scheduler) };
}
