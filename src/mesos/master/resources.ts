/**
 * Resources as Mesos writes them: in error texts, and in the older format (`role`, `reservation`)
 * that frameworks without RESERVATION_REFINEMENT and the operator API use (apache/mesos
 * src/common/resources_utils.cpp).
 */
import type { Reservation, Resource } from '../../wire/mesos/common.js';

type OldFormat = Resource & { reservation?: Omit<Reservation, 'type' | 'role'> };

/** A resource in either format as one in the newer format. */
export function upgraded(resource: Resource): Resource {
  const { role, reservation, ...rest } = resource as OldFormat;
  if ((rest.reservations?.length ?? 0) > 0 || role === undefined || role === '*') return rest;
  const reservations: Reservation[] =
    reservation === undefined
      ? [{ type: 'STATIC', role }]
      : [{ ...reservation, type: 'DYNAMIC', role }];
  return { ...rest, reservations };
}

/**
 * A resource in the older format; refined reservations, which that format can't say, are left as
 * they are.
 */
export function downgraded(resource: Resource): Resource {
  const { reservations = [], ...rest } = resource;
  const [only, refined] = reservations;
  if (refined !== undefined) return resource;
  if (only === undefined) return { ...rest, role: '*' };
  const { type, role = '*', ...details } = only;
  return type === 'DYNAMIC'
    ? ({ ...rest, role, reservation: details } as Resource)
    : { ...rest, role };
}

/** A resource as Mesos' endpoints show it: in both formats at once. */
export function shown(resource: Resource): Resource {
  const { reservations = [] } = resource;
  return reservations.length === 1
    ? { ...downgraded(resource), reservations }
    : downgraded(resource);
}

/** The resource without the role that it is allocated to. */
export function withoutAllocation(resource: Resource): Resource {
  const { allocation_info: _gone, ...rest } = resource;
  return rest;
}

/** Resources as Mesos prints them: `cpus(allocated: dev):4; ports:[31000-31100]`. */
export function resourcesText(resources: readonly Resource[]): string {
  return resources.length === 0 ? '{}' : resources.map(resourceText).join('; ');
}

function resourceText(resource: Resource): string {
  const allocated = resource.allocation_info?.role;
  const reservations = (resource.reservations ?? []).map(reservationText);
  return [
    resource.name,
    allocated === undefined ? '' : `(allocated: ${allocated})`,
    reservations.length === 0 ? '' : `(reservations: [${reservations.join(',')}])`,
    volumeText(resource),
    ':',
    amountText(resource),
  ].join('');
}

function reservationText({ type = 'STATIC', role = '*', principal, labels }: Reservation): string {
  const pairs = (labels?.labels ?? []).map(({ key, value }) =>
    value === undefined ? key : `${key}: ${value}`,
  );
  const parts = [type, role, principal, pairs.length > 0 ? `{${pairs.join(', ')}}` : undefined];
  return `(${parts.filter((part) => part !== undefined).join(',')})`;
}

function volumeText({ disk }: Resource): string {
  const id = disk?.persistence?.id;
  if (id === undefined) return '';
  const path = disk?.volume?.container_path;
  return path === undefined ? `[${id}]` : `[${id}:${path}]`;
}

function amountText({ scalar, ranges, set }: Resource): string {
  if (scalar !== undefined) return String(Math.round(scalar.value * 1000) / 1000);
  if (ranges !== undefined) {
    return `[${(ranges.range ?? []).map(({ begin, end }) => `${begin}-${end}`).join(', ')}]`;
  }
  return `{${(set?.item ?? []).join(', ')}}`;
}

/**
 * Why an amount is none, in Mesos' words. `least` is the smallest scalar, in thousandths, that is
 * taken: 0 for tasks; 1 for operations, of which an empty one makes Apache Mesos abort.
 */
export function amountProblem(resource: Resource, least: number): string | undefined {
  const { type, scalar, ranges } = resource;
  const problem =
    type === 'SCALAR' && !(Math.round((scalar?.value ?? 0) * 1000) >= least)
      ? 'Invalid scalar resource: value <= 0'
      : (ranges?.range ?? []).some(({ begin, end }) => begin > end)
        ? 'Invalid ranges resource: begin > end'
        : resource.disk !== undefined && resource.name !== 'disk'
          ? `DiskInfo should not be set for ${resource.name} resource`
          : undefined;
  return problem && `Resource '${resourcesText([resource])}' is invalid: ${problem}`;
}
