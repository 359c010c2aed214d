/**
 * RESERVE, UNRESERVE, CREATE, DESTROY, GROW_VOLUME, SHRINK_VOLUME: durable before they are
 * answered, and the same answer to the same order.
 */
import type { OfferOperation } from '../../wire/mesos/scheduler.js';
import { type Conversion, conversionOf, convert } from '../../wire/resources/convert.js';
import { contains, copyPool, isVolume, subtract, unallocated } from '../../wire/resources/pool.js';
import type { AgentEffect } from './events.js';
import { volumeName } from './layout.js';
import { persist, selfRecord } from './records.js';
import { type AgentState, type AppliedOperation, usedResources } from './state.js';

/** Answers kept for repeated orders. */
const maxRemembered = 128;

/** Applies `operation`, once, and answers. */
export function applyOperation(
  state: AgentState,
  order: {
    readonly operation_uuid: string;
    readonly framework_id?: { readonly value: string } | undefined;
    readonly operation: OfferOperation;
  },
): AgentEffect[] {
  const known = state.operations.find(({ uuid }) => uuid === order.operation_uuid);
  if (known !== undefined) return answer(state, known);
  const conversion = conversionOf(order.operation);
  const refusal =
    conversion === undefined ? notHere(order.operation) : refusalOf(state, conversion);
  const result: AppliedOperation = {
    uuid: order.operation_uuid,
    ...(order.framework_id ? { frameworkId: order.framework_id.value } : {}),
    ...(refusal === undefined
      ? { state: 'OPERATION_FINISHED' }
      : { state: 'OPERATION_ERROR', message: refusal }),
  };
  state.operations = [...state.operations, result].slice(-maxRemembered);
  const effects =
    refusal === undefined && conversion !== undefined
      ? apply(state, order.operation, conversion)
      : [];
  return [persist(selfRecord(state)), ...effects, ...answer(state, result)];
}

function apply(
  state: AgentState,
  operation: OfferOperation,
  conversion: Conversion,
): AgentEffect[] {
  convert(state.resources, bare(conversion));
  if (operation.type === 'CREATE') {
    return operation.create.volumes.filter(isVolume).map((resource): AgentEffect => {
      const volume = volumeName(resource);
      return { type: 'MakeVolume', volume };
    });
  }
  if (operation.type !== 'DESTROY') return [];
  return operation.destroy.volumes.filter(isVolume).map((resource): AgentEffect => {
    const volume = volumeName(resource);
    // Named in the record until it is gone, so that a crash in between leaves no data of nobody.
    state.dyingVolumes.add(volume);
    return { type: 'RemoveVolume', volume };
  });
}

/** The data of a destroyed volume is gone. */
export function volumeRemoved(state: AgentState, volume: string): AgentEffect[] {
  if (!state.dyingVolumes.delete(volume)) return [];
  return [persist(selfRecord(state))];
}

/** What a crash has interrupted. */
export function resumeRemovals(state: AgentState): AgentEffect[] {
  return [...state.dyingVolumes].map((volume) => ({ type: 'RemoveVolume', volume }));
}

function refusalOf(state: AgentState, conversion: Conversion): string | undefined {
  const { consumed } = bare(conversion);
  if (!contains(state.resources, consumed)) {
    return `The agent does not have ${textOf(consumed)}`;
  }
  const free = copyPool(state.resources);
  subtract(free, unallocated(usedResources(state)));
  return contains(free, consumed) ? undefined : `A running task uses ${textOf(consumed)}`;
}

/** The agent's own resources are allocated to nobody. */
function bare(conversion: Conversion): Conversion {
  return {
    consumed: unallocated(conversion.consumed),
    produced: unallocated(conversion.produced),
  };
}

function notHere(operation: OfferOperation): string {
  return `Operation ${operation.type} is not for an agent to apply`;
}

function textOf(resources: readonly import('../../wire/mesos/common.js').Resource[]): string {
  return resources
    .map((resource) => {
      const volume = resource.disk?.persistence?.id;
      const amount =
        resource.scalar?.value ?? JSON.stringify(resource.ranges ?? resource.set ?? {});
      return volume === undefined ? `${resource.name}:${amount}` : `the volume ${volume}`;
    })
    .join('; ');
}

function answer(state: AgentState, result: AppliedOperation): AgentEffect[] {
  if (!state.linked) return [];
  const { uuid, frameworkId, message } = result;
  return [
    {
      type: 'Send',
      message: {
        type: 'OPERATION_UPDATE',
        ...(frameworkId === undefined ? {} : { framework_id: { value: frameworkId } }),
        operation_uuid: uuid,
        state: result.state,
        ...(message === undefined ? {} : { message }),
      },
    },
  ];
}
