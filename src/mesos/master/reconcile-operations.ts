/**
 * RECONCILE_OPERATIONS: the latest state of the operations asked for, or of all (apache/mesos
 * src/master/master.cpp, `reconcileOperations`; docs/reconciliation.md).
 */
import type { SchedulerEvent } from '../../wire/mesos/scheduler.js';
import { count, type Turn, tell } from './events.js';
import type { Framework, MasterState } from './state.js';

/** An operation that is asked for; its agent, if the framework says it. */
export interface AskedOperation {
  readonly operation_id: { readonly value: string };
  readonly agent_id?: { readonly value: string } | undefined;
}

type OperationStatus = Extract<
  SchedulerEvent,
  { type: 'UPDATE_OPERATION_STATUS' }
>['update_operation_status']['status'];

/**
 * Answers with one status for each operation asked for; with none asked for, for each that is
 * known. They carry no uuid and need no acknowledgement.
 */
export function operationsReconciled(
  turn: Turn,
  framework: Framework,
  asked: readonly AskedOperation[],
): void {
  const { state } = turn;
  count(state, 'master/messages_reconcile_operations');
  const known = knownOf(state, framework);
  const statuses =
    asked.length === 0
      ? [...known.values()]
      : asked.map((one) => known.get(one.operation_id.value) ?? unknownStatus(state, one));
  for (const status of statuses) {
    const update_operation_status = { status };
    tell(turn, framework, { type: 'UPDATE_OPERATION_STATUS', update_operation_status });
  }
}

function knownOf(state: MasterState, framework: Framework): Map<string, OperationStatus> {
  const known = new Map<string, OperationStatus>();
  for (const record of state.operations.values()) {
    const { id } = record.operation;
    if (record.frameworkId !== framework.id || id === undefined) continue;
    known.set(id.value, {
      operation_id: id,
      state: record.state,
      ...(record.message === undefined ? {} : { message: record.message }),
      agent_id: { value: record.agentId },
    });
  }
  return known;
}

function unknownStatus(
  state: MasterState,
  { operation_id, agent_id }: AskedOperation,
): OperationStatus {
  const [found, text] = fate(state, agent_id?.value);
  const whose = agent_id === undefined ? {} : { agent_id };
  return { operation_id, state: found, message: `Reconciliation: ${text}`, ...whose };
}

function fate(state: MasterState, agentId: string | undefined): [string, string] {
  if (agentId === undefined) {
    return ['OPERATION_UNKNOWN', "Operation is unknown and no 'agent_id' was provided"];
  }
  if (state.recoveredAgents.has(agentId)) {
    return ['OPERATION_RECOVERING', 'Agent is recovered but has not re-registered'];
  }
  if (state.agents.has(agentId)) return ['OPERATION_UNKNOWN', 'Operation is unknown'];
  if (state.unreachableAgents.has(agentId)) {
    return ['OPERATION_UNREACHABLE', 'Agent is unreachable'];
  }
  return state.goneAgents.has(agentId)
    ? ['OPERATION_GONE_BY_OPERATOR', 'Agent marked gone by operator']
    : ['OPERATION_UNKNOWN', 'Both operation and agent are unknown'];
}
