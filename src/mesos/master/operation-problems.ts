/**
 * Why an operation can't be done, in Mesos' words (apache/mesos src/master/validation.cpp,
 * namespace operation).
 */
import type { Resource } from '../../wire/mesos/common.js';
import type { OfferOperation } from '../../wire/mesos/scheduler.js';
import { withoutVolume } from '../../wire/resources/convert.js';
import {
  contains,
  isShared,
  isVolume,
  poolOf,
  reservedRoleOf,
  resourcesOf,
  unallocated,
} from '../../wire/resources/pool.js';
import { amountProblem, resourcesText } from './resources.js';
import type { Agent, Framework } from './state.js';
import { roleProblem } from './subscribe.js';

/** Mesos' words for an operation on nothing: it has looked for the one provider of it. */
export const nothingNamed = 'Invalid resources: The resources have multiple resource providers: ';

/**
 * Why an operation is wrong in itself (apache/mesos src/master/validation.cpp, namespace
 * operation).
 */
export function operationProblem(
  operation: OfferOperation,
  principal: string | undefined,
): string | undefined {
  if (operation.type === 'GROW_VOLUME') return growProblem(operation.grow_volume);
  if (operation.type === 'SHRINK_VOLUME') return shrinkProblem(operation.shrink_volume);
  if (operation.type === 'CREATE_DISK' || operation.type === 'DESTROY_DISK') {
    return diskProblem(operation);
  }
  const creates = operation.type === 'CREATE' || operation.type === 'DESTROY';
  if (resourcesIn(operation).length === 0) return nothingNamed;
  for (const resource of resourcesIn(operation)) {
    const problem =
      amountProblem(resource, 1) ??
      (creates ? volumeProblem(resource) : reservationProblem(resource));
    if (problem === unreserved) return `Invalid resources: Invalid DiskInfo: ${problem}`;
    if (problem !== undefined) return problem;
    if (operation.type !== 'RESERVE') continue;
    const reservation = resource.reservations?.at(-1);
    const refusal =
      roleProblem(reservation?.role ?? '*') ?? principalProblem(reservation?.principal, principal);
    if (refusal !== undefined) return refusal;
  }
  return undefined;
}

type Grow = Extract<OfferOperation, { type: 'GROW_VOLUME' }>['grow_volume'];
type Shrink = Extract<OfferOperation, { type: 'SHRINK_VOLUME' }>['shrink_volume'];

function growProblem({ volume, addition }: Grow): string | undefined {
  const wrong = amountProblem(volume, 1);
  if (wrong !== undefined) return `Invalid resource in the 'GrowVolume.volume' field: ${wrong}`;
  const more = amountProblem(addition, 0);
  if (more !== undefined) return `Invalid resource in the 'GrowVolume.addition' field: ${more}`;
  if (!(Math.round((addition.scalar?.value ?? 0) * 1000) > 0)) {
    return "The size of 'GrowVolume.addition' field must be greater than zero";
  }
  if (volume.provider_id !== undefined) {
    return 'Growing a volume from a resource provider is not supported';
  }
  const none = volumeProblem(volume);
  if (none !== undefined) {
    return `Invalid persistent volume in the 'GrowVolume.volume' field: ${none}`;
  }
  if (isShared(volume)) return 'Growing a shared persistent volume is not supported';
  const base = withoutVolume(volume);
  return poolOf([base, addition]).size === 1
    ? undefined
    : "Incompatible resources in the 'GrowVolume.volume' and 'GrowVolume.addition' fields";
}

function shrinkProblem({ volume, subtract }: Shrink): string | undefined {
  const wrong = amountProblem(volume, 1);
  if (wrong !== undefined) return `Invalid resource in the 'ShrinkVolume.volume' field: ${wrong}`;
  const less = Math.round(subtract.value * 1000);
  if (!(less > 0)) return "Value of 'ShrinkVolume.subtract' must be greater than zero";
  if (less >= Math.round((volume.scalar?.value ?? 0) * 1000)) {
    const than = "the size of 'ShrinkVolume.volume'";
    return `Value of 'ShrinkVolume.subtract' must be smaller than ${than}`;
  }
  if (volume.provider_id !== undefined) {
    return 'Shrinking a volume from a resource provider is not supported';
  }
  if (volume.disk?.source?.type === 'MOUNT') {
    return 'Shrinking a volume on a MOUNT disk is not supported';
  }
  const none = volumeProblem(volume);
  if (none !== undefined) {
    return `Invalid persistent volume in the 'ShrinkVolume.volume' field: ${none}`;
  }
  return isShared(volume) ? 'Shrinking a shared persistent volume is not supported' : undefined;
}

/** Disks are made by resource providers (CSI), of which a local cluster has none. */
function diskProblem(
  operation: Extract<OfferOperation, { type: 'CREATE_DISK' | 'DESTROY_DISK' }>,
): string {
  const creates = operation.type === 'CREATE_DISK';
  const { source } = creates ? operation.create_disk : operation.destroy_disk;
  if (source.provider_id === undefined) return "'source' is not managed by a resource provider";
  return creates
    ? "'source' is not a RAW disk resource"
    : "'source' is neither a MOUNT, BLOCK or RAW disk resource";
}

const unreserved = 'Persistent volumes cannot be created from unreserved resources';

function volumeProblem(resource: Resource): string | undefined {
  const text = resourcesText([resource]);
  if (resource.disk === undefined) {
    return `Not a persistent volume: Resource ${text} does not have DiskInfo`;
  }
  if (!isVolume(resource)) return `Not a persistent volume: Resource ${text} is not persistent`;
  return reservedRoleOf(resource) === undefined ? unreserved : undefined;
}

/** An id of a volume is taken once on an agent, and only what is there can be destroyed. */
export function persistenceProblem(
  operation: OfferOperation,
  { total }: Pick<Agent, 'total'>,
): string | undefined {
  if (operation.type === 'DESTROY') {
    const there = contains(total, unallocated(operation.destroy.volumes));
    return there ? undefined : 'Persistent volumes not found';
  }
  if (operation.type !== 'CREATE') return undefined;
  const taken = new Set(resourcesOf(total).filter(isVolume).map(volumeKey));
  for (const volume of operation.create.volumes) {
    const key = volumeKey(volume);
    if (taken.has(key)) return `Persistence ID '${volume.disk?.persistence?.id}' is not unique`;
    taken.add(key);
  }
  return undefined;
}

/** Ids are unique in their role. */
function volumeKey(volume: Resource): string {
  return JSON.stringify([reservedRoleOf(volume), volume.disk?.persistence?.id]);
}

/** Only who knows shared resources may make some. */
export function sharingProblem(
  operation: OfferOperation,
  { capabilities, info }: Framework,
): string | undefined {
  const shared = operation.type === 'CREATE' && operation.create.volumes.some(isShared);
  if (!shared || capabilities.has('SHARED_RESOURCES')) return undefined;
  const who = `framework '${info.name}' with no SHARED_RESOURCES capability`;
  return `Create volume operation has been attempted by ${who}`;
}

function reservationProblem(resource: Resource): string | undefined {
  const text = resourcesText([resource]);
  if (resource.reservations?.at(-1)?.type !== 'DYNAMIC') {
    return `Resource ${text} is not dynamically reserved`;
  }
  return isVolume(resource) ? `A persistent volume ${text} cannot be unreserved` : undefined;
}

function principalProblem(
  reserved: string | undefined,
  principal: string | undefined,
): string | undefined {
  if (principal === undefined || reserved === principal) return undefined;
  return reserved === undefined
    ? `A reserve operation was attempted by principal '${principal}', but there is a reserved ` +
        'resource in the request with no principal set'
    : `A reserve operation was attempted by authenticated principal '${principal}', which does ` +
        `not match a reserved resource in the request with principal '${reserved}'`;
}

/** Whether the operation is on what belongs to another role than its offers. */
export function roleMismatch(operation: OfferOperation, role: string): string | undefined {
  for (const resource of resourcesIn(operation)) {
    const reserved = reservedRoleOf(resource);
    if (reserved !== undefined && reserved !== role && !role.startsWith(`${reserved}/`)) {
      return (
        `A ${operation.type.toLowerCase()} operation was attempted for a resource with role ` +
        `'${reserved}', but the resource was allocated to role '${role}'`
      );
    }
  }
  return undefined;
}

/** The resources that an operation names. */
export function resourcesIn(operation: OfferOperation): readonly Resource[] {
  switch (operation.type) {
    case 'RESERVE':
      return operation.reserve.resources;
    case 'UNRESERVE':
      return operation.unreserve.resources;
    case 'CREATE':
      return operation.create.volumes;
    case 'DESTROY':
      return operation.destroy.volumes;
    case 'GROW_VOLUME':
      return [operation.grow_volume.volume, operation.grow_volume.addition];
    case 'SHRINK_VOLUME':
      return [operation.shrink_volume.volume];
    default:
      return [];
  }
}

/** The operation with each resource changed. */
export function withResources(
  operation: OfferOperation,
  change: (resource: Resource) => Resource,
): OfferOperation {
  const { type } = operation;
  if (type === 'GROW_VOLUME') {
    const { volume, addition } = operation.grow_volume;
    const grow_volume = { volume: change(volume), addition: change(addition) };
    return { ...operation, grow_volume };
  }
  if (type === 'SHRINK_VOLUME') {
    const { volume, subtract } = operation.shrink_volume;
    return { ...operation, shrink_volume: { volume: change(volume), subtract } };
  }
  const resources = resourcesIn(operation).map(change);
  const id = operation.id === undefined ? {} : { id: operation.id };
  if (type === 'RESERVE') return { type, ...id, reserve: { resources } };
  if (type === 'UNRESERVE') return { type, ...id, unreserve: { resources } };
  if (type === 'CREATE') return { type, ...id, create: { volumes: resources } };
  if (type === 'DESTROY') return { type, ...id, destroy: { volumes: resources } };
  return operation;
}
