/**
 * RECONCILE: the latest state of the tasks asked for, or of all (apache/mesos
 * docs/reconciliation.md).
 */
import type { TaskState, TaskStatus } from '../../wire/mesos/task.js';
import { count, type Turn } from './events.js';
import type { Framework, MasterState, TaskRecord } from './state.js';
import { isTerminal, mastersStatus, stateFor, tellStatus } from './tasks.js';

/** A task that is asked for; its agent, if the framework says it. */
export interface AskedTask {
  readonly task_id: { readonly value: string };
  readonly agent_id?: { readonly value: string } | undefined;
}

/**
 * Answers with one status for each task asked for; with none asked for, for each task that is
 * known.
 */
export function reconciled(turn: Turn, framework: Framework, asked: readonly AskedTask[]): void {
  count(turn.state, 'master/messages_reconcile_tasks');
  if (asked.length === 0) {
    for (const task of framework.tasks.values()) tellLatest(turn, framework, task);
    return;
  }
  for (const one of asked) reconcileOne(turn, framework, one);
}

/**
 * Tells the framework what is known of one task; silent where its agent may still come back with
 * it.
 */
export function reconcileOne(turn: Turn, framework: Framework, asked: AskedTask): void {
  const { state } = turn;
  const known = framework.tasks.get(asked.task_id.value);
  if (known !== undefined) {
    tellLatest(turn, framework, known);
    return;
  }
  const agentId = asked.agent_id?.value;
  if (mayComeBack(state, agentId)) return;
  const [found, text] = fate(state, agentId);
  const since = state.unreachableAgents.get(agentId ?? '')?.unreachableAt;
  const status: TaskStatus = {
    task_id: asked.task_id,
    state: stateFor(framework, found),
    message: `Reconciliation: Task is ${text}`,
    source: 'SOURCE_MASTER',
    reason: 'REASON_RECONCILIATION',
    ...(agentId === undefined ? {} : { agent_id: { value: agentId } }),
    timestamp: turn.now / 1000,
    ...(since === undefined ? {} : { unreachable_time: { nanoseconds: since * 1_000_000 } }),
  };
  tellStatus(turn, framework, status);
}

/** After a restart of the master, a task may be on an agent that has not registered again yet. */
function mayComeBack(state: MasterState, agentId: string | undefined): boolean {
  return agentId === undefined
    ? state.recoveredAgents.size > 0
    : state.recoveredAgents.has(agentId);
}

function fate(state: MasterState, agentId: string | undefined): [TaskState, string] {
  if (agentId === undefined) return ['TASK_UNKNOWN', 'unknown'];
  if (state.agents.has(agentId)) return ['TASK_GONE', 'unknown to the agent'];
  if (state.unreachableAgents.has(agentId)) return ['TASK_UNREACHABLE', 'unreachable'];
  if (state.goneAgents.has(agentId)) return ['TASK_GONE_BY_OPERATOR', 'gone'];
  return ['TASK_UNKNOWN', 'unknown'];
}

function tellLatest(turn: Turn, framework: Framework, task: TaskRecord): void {
  // What the framework has not acknowledged the agent sends again by itself; told here it could be
  // seen too early.
  const shown = isTerminal(task.state) ? (task.status_update_state ?? task.state) : task.state;
  const latest = task.statuses.at(-1);
  tellStatus(turn, framework, {
    ...mastersStatus(turn, task, shown, {
      message: 'Reconciliation: Latest task state',
      reason: 'REASON_RECONCILIATION',
    }),
    ...(task.executor_id === undefined ? {} : { executor_id: task.executor_id }),
    ...(latest?.healthy === undefined ? {} : { healthy: latest.healthy }),
    ...(latest?.check_status === undefined ? {} : { check_status: latest.check_status }),
    ...(latest?.container_status === undefined
      ? {}
      : { container_status: latest.container_status }),
  });
}
