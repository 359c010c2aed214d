/**
 * What an offer operation turns into what: used by master and agent to do it, by frameworks to know
 * what they will hold.
 */

import type { Resource } from '../mesos/common.js';
import type { OfferOperation } from '../mesos/scheduler.js';
import { add, contains, normalize, type Pool, subtract } from './pool.js';

/** Resources that vanish and those that take their place. */
export interface Conversion {
  readonly consumed: readonly Resource[];
  readonly produced: readonly Resource[];
}

/** The conversion that `operation` makes; `undefined` for launches, which convert nothing. */
export function conversionOf(operation: OfferOperation): Conversion | undefined {
  switch (operation.type) {
    case 'RESERVE': {
      const produced = operation.reserve.resources.map(normalize);
      return { consumed: produced.map(withoutLastReservation), produced };
    }
    case 'UNRESERVE': {
      const consumed = operation.unreserve.resources.map(normalize);
      return { consumed, produced: consumed.map(withoutLastReservation) };
    }
    case 'CREATE': {
      const produced = operation.create.volumes.map(normalize);
      return { consumed: produced.map(withoutVolume), produced };
    }
    case 'DESTROY': {
      const consumed = operation.destroy.volumes.map(normalize);
      return { consumed, produced: consumed.map(withoutVolume) };
    }
    case 'GROW_VOLUME': {
      const volume = normalize(operation.grow_volume.volume);
      const addition = normalize(operation.grow_volume.addition);
      const produced = resized(volume, sizeOf(volume) + sizeOf(addition));
      return { consumed: [volume, addition], produced: [produced] };
    }
    case 'SHRINK_VOLUME': {
      const volume = normalize(operation.shrink_volume.volume);
      const less = Math.round(operation.shrink_volume.subtract.value * 1000);
      const freed = resized(withoutVolume(volume), less);
      return { consumed: [volume], produced: [resized(volume, sizeOf(volume) - less), freed] };
    }
    default:
      return undefined;
  }
}

/** Thousandths. */
function sizeOf({ scalar }: Resource): number {
  return Math.round((scalar?.value ?? 0) * 1000);
}

function resized(resource: Resource, milli: number): Resource {
  return { ...resource, scalar: { value: milli / 1000 } };
}

/**
 * Applies the conversion to `pool`; `false`, with `pool` unchanged, if what it consumes is not
 * there.
 */
export function convert(pool: Pool, conversion: Conversion): boolean {
  if (!contains(pool, conversion.consumed)) return false;
  subtract(pool, conversion.consumed);
  add(pool, conversion.produced);
  return true;
}

function withoutLastReservation(resource: Resource): Resource {
  const { reservations = [], ...rest } = resource;
  const left = reservations.slice(0, -1);
  return left.length > 0 ? { ...rest, reservations: left } : rest;
}

/**
 * What a volume was made of: on a disk with a source (path, mount) that source is left, on the root
 * disk nothing.
 */
export function withoutVolume(resource: Resource): Resource {
  const { disk, shared: _shared, ...rest } = resource;
  return disk?.source ? { ...rest, disk: { source: disk.source } } : rest;
}
