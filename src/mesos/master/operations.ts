/**
 * RESERVE, UNRESERVE, CREATE, DESTROY, GROW_VOLUME and SHRINK_VOLUME: applied in the master's
 * memory at once, so that what follows in the same ACCEPT sees them, and sent to the agent, which
 * makes them last. Operations with an id are told of until acknowledged.
 */

import type { Resource } from '../../wire/mesos/common.js';
import type { OfferOperation } from '../../wire/mesos/scheduler.js';
import { type Conversion, conversionOf, convert } from '../../wire/resources/convert.js';
import {
  allocatedTo,
  contains,
  isShared,
  type Pool,
  poolOf,
  resourcesOf,
  unallocated,
} from '../../wire/resources/pool.js';
import type { Acceptance } from './accept.js';
import { count, freshUuid, note, order, type Turn, tell } from './events.js';
import { isInUse, rescindAll, settle } from './holdings.js';
import {
  operationProblem,
  persistenceProblem,
  resourcesIn,
  roleMismatch,
  sharingProblem,
  withResources,
} from './operation-problems.js';
import { amountProblem, resourcesText, upgraded } from './resources.js';
import type { Agent, Framework, OperationRecord } from './state.js';

/** Does an operation of an ACCEPT, or tells the framework why not if the operation has an id. */
export function operate(turn: Turn, acceptance: Acceptance, given: OfferOperation): void {
  const { framework, agent, role, left } = acceptance;
  const operation = withResources(given, (resource) => {
    const known = upgraded(resource);
    return known.allocation_info?.role ? known : (allocatedTo(role, [known])[0] ?? known);
  });
  const resizes = given.type === 'GROW_VOLUME' || given.type === 'SHRINK_VOLUME';
  const named = resizes ? [] : resourcesIn(given);
  const wrong = named
    .map((one) => amountProblem(upgraded(one), 1))
    .find((problem) => problem !== undefined);
  if (wrong !== undefined) {
    const message = `Operation attempted with invalid resources: ${wrong}`;
    refuseOperation(turn, framework, operation, message);
    return;
  }
  const invalid =
    operationProblem(operation, framework.info.principal) ??
    roleMismatch(operation, role) ??
    sharingProblem(operation, framework) ??
    persistenceProblem(operation, agent);
  if (invalid !== undefined) {
    refuseOperation(turn, framework, operation, `${invalid}; on agent ${agentText(agent)}`);
    return;
  }
  const conversion = conversionOf(operation);
  if (conversion === undefined) return;
  if (isInUse(agent, conversion.consumed)) {
    refuseOperation(turn, framework, operation, 'Persistent volumes in use');
    return;
  }
  if (!contains(left, conversion.consumed)) {
    refuseOperation(turn, framework, operation, shortageText(left, conversion.consumed));
    return;
  }
  convert(left, conversion);
  rescindShared(turn, agent, conversion.consumed);
  send(turn, framework, agent, operation, conversion);
}

/** A shared volume that goes may be in other offers of its agent. */
function rescindShared(turn: Turn, agent: Agent, volumes: readonly Resource[]): void {
  const gone = volumes.filter(isShared);
  if (gone.length === 0) return;
  const others = [...agent.offers].filter((id) =>
    contains(poolOf(turn.state.offers.get(id)?.resources), gone),
  );
  rescindAll(turn, others, true);
}

/** An agent as Mesos' texts name it. */
export function agentText({ id, ip, info }: Agent): string {
  return `${id} at slave(1)@${ip}:${info.port ?? 5051} (${info.hostname})`;
}

/** Mesos' words for a conversion that takes more than there is. */
export function shortageText(available: Pool, wanted: readonly Resource[]): string {
  const text = resourcesText(resourcesOf(available));
  return `${text} does not contain ${resourcesText(wanted)}`;
}

/** Applies an operation to what the agent has in all, and sends it there. */
export function send(
  turn: Turn,
  framework: Framework | undefined,
  agent: Agent,
  operation: OfferOperation,
  conversion: Conversion,
): void {
  const { state } = turn;
  convert(agent.total, {
    consumed: unallocated(conversion.consumed),
    produced: unallocated(conversion.produced),
  });
  const uuid = state.random.uuid();
  const record: OperationRecord = {
    uuid,
    frameworkId: framework?.id,
    agentId: agent.id,
    operation,
    state: 'OPERATION_PENDING',
    message: undefined,
    statusUuid: undefined,
    resendAt: 0,
    resendMs: state.options.resendMs,
  };
  state.operations.set(uuid, record);
  count(state, 'master/operations/total');
  order(turn, agent, {
    type: 'APPLY_OPERATION',
    ...(framework === undefined ? {} : { framework_id: { value: framework.id } }),
    operation_uuid: uuid,
    operation,
  });
}

/** Tells a framework that its operation can't be done; silent where it has no id. */
export function refuseOperation(
  turn: Turn,
  framework: Framework,
  operation: OfferOperation,
  message: string,
): void {
  count(turn.state, 'master/operations/error');
  note(turn, 'operation refused', { framework: framework.id, type: operation.type, message });
  if (operation.id === undefined) return;
  tell(turn, framework, {
    type: 'UPDATE_OPERATION_STATUS',
    update_operation_status: {
      status: { operation_id: operation.id, state: 'OPERATION_ERROR', message },
    },
  });
}

/**
 * An operation has an outcome: its framework is told, until it acknowledges, if the operation has
 * an id.
 */
export function operationEnded(
  turn: Turn,
  record: OperationRecord,
  outcome: string,
  message: string | undefined,
): void {
  const { state } = turn;
  if (record.statusUuid !== undefined) return;
  count(state, `master/operations/${outcome.slice(10).toLowerCase()}`);
  if (outcome !== 'OPERATION_FINISHED') undo(turn, record);
  if (record.operation.id === undefined || record.frameworkId === undefined) {
    state.operations.delete(record.uuid);
    return;
  }
  record.state = outcome;
  record.message = message;
  record.statusUuid = freshUuid(state);
  tellOutcome(turn, record);
}

/** Sends the outcome (again), and plans when to send it the next time. */
export function tellOutcome(turn: Turn, record: OperationRecord): void {
  const { state } = turn;
  const framework = state.frameworks.get(record.frameworkId ?? '');
  if (framework === undefined) {
    state.operations.delete(record.uuid);
    return;
  }
  const { id } = record.operation;
  tell(turn, framework, {
    type: 'UPDATE_OPERATION_STATUS',
    update_operation_status: {
      status: {
        ...(id === undefined ? {} : { operation_id: id }),
        state: record.state,
        ...(record.message === undefined ? {} : { message: record.message }),
        ...(record.statusUuid === undefined ? {} : { uuid: { value: record.statusUuid } }),
        agent_id: { value: record.agentId },
      },
    },
  });
  record.resendAt = state.awakeMs + record.resendMs;
  record.resendMs = Math.min(record.resendMs * 2, state.options.maxResendMs);
}

/**
 * The agent could not do what was applied in memory: take it back where the resources still are as
 * it left them.
 */
function undo(turn: Turn, record: OperationRecord): void {
  const agent = turn.state.agents.get(record.agentId);
  const conversion = conversionOf(record.operation);
  if (agent === undefined || conversion === undefined) return;
  convert(agent.total, {
    consumed: unallocated(conversion.produced),
    produced: unallocated(conversion.consumed),
  });
  settle(turn.state, agent);
}

/**
 * After a registration: whether the agent did what was on its way when the link broke follows from
 * what it has now (it tells its resources after all operations that it has applied).
 */
export function settleOperations(turn: Turn, agent: Agent): void {
  for (const record of [...turn.state.operations.values()]) {
    if (record.agentId !== agent.id || record.statusUuid !== undefined) continue;
    const produced = unallocated(conversionOf(record.operation)?.produced ?? []);
    if (contains(agent.total, produced))
      operationEnded(turn, record, 'OPERATION_FINISHED', undefined);
    else {
      record.state = 'OPERATION_DROPPED';
      dropped(turn, record);
    }
  }
}

function dropped(turn: Turn, record: OperationRecord): void {
  if (record.operation.id === undefined || record.frameworkId === undefined) {
    turn.state.operations.delete(record.uuid);
    return;
  }
  record.message = 'Operation was lost on its way to the agent';
  record.statusUuid = freshUuid(turn.state);
  tellOutcome(turn, record);
}

/** ACKNOWLEDGE_OPERATION_STATUS. */
export function operationAcknowledged(
  turn: Turn,
  framework: Framework,
  operationId: string,
  uuid: string,
): void {
  for (const [key, { frameworkId, operation, statusUuid }] of turn.state.operations) {
    const same = frameworkId === framework.id && operation.id?.value === operationId;
    if (same && statusUuid === uuid) turn.state.operations.delete(key);
  }
}
