/**
 * How a task is killed: SIGTERM to its process group, SIGKILL to all of its session after the grace
 * (apache/mesos docs/running-workloads.md, KillPolicy).
 */
import type { TaskStatus } from '../../wire/mesos/task.js';
import { poolOf } from '../../wire/resources/pool.js';
import type { AgentEffect } from './events.js';
import { gone, groupRecord, persist, selfRecord, taskRecord } from './records.js';
import { type AgentState, type GroupRun, isLive, liveTasks, type TaskRun } from './state.js';
import { blankCheck, statusOf } from './status.js';
import { queueUpdate } from './updates.js';

/** ms; of the command executor, where no policy says otherwise. */
const defaultGraceMs = 3_000;
const longestGraceMs = 24 * 3600 * 1000;
/** ms between one SIGKILL and the next: a process may fork while it is being killed. */
const killAgainMs = 1_000;

/** Why a task is killed, and how long it may take. */
export interface KillOrder {
  readonly graceMs?: number | undefined;
  readonly reason?: string | undefined;
  readonly message?: string | undefined;
  readonly unhealthy?: boolean;
  /** No TASK_KILLING is told. */
  readonly quiet?: boolean;
}

/**
 * Starts killing `task`; a second order can only shorten the grace. A task that has not started yet
 * ends at once.
 */
export function killTask(
  state: AgentState,
  task: TaskRun,
  now: number,
  order: KillOrder,
): AgentEffect[] {
  if (task.phase === 'ended') return [];
  if (task.phase === 'preparing') return killBeforeStart(state, task, now, order);
  const deadline = now + graceOf(task, order.graceMs);
  if (task.kill !== undefined) {
    if (deadline >= task.kill.deadline) return [];
    task.kill.deadline = deadline;
    return [persist(taskRecord(task)), { type: 'WakeAt', at: deadline }];
  }
  const { reason, message, unhealthy = false, quiet = false } = order;
  task.kill = { deadline, escalated: false, reason, message, unhealthy };
  const effects: AgentEffect[] = [persist(taskRecord(task))];
  if (!quiet && wantsKilling(state, task)) {
    const check = task.info.check && blankCheck(task.info.check);
    const status = statusOf(state, task, 'TASK_KILLING', now, { reason, message, check });
    effects.push(...queueUpdate(state, task, status, now));
  }
  // A supervisor that was only just ordered is signalled once its pid is known.
  if (task.phase === 'running') effects.push(...terminate(task, false));
  return [...effects, { type: 'WakeAt', at: deadline }];
}

/** Forces what has outlived its grace. */
export function killsDue(state: AgentState, now: number): AgentEffect[] {
  return liveTasks(state).flatMap((task): AgentEffect[] => {
    const { kill } = task;
    if (kill === undefined || task.phase !== 'running' || kill.deadline > now) return [];
    kill.escalated = true;
    kill.deadline = now + killAgainMs;
    return [...terminate(task, true), { type: 'WakeAt', at: kill.deadline }];
  });
}

/** The orders that a kill under way needs after the supervisor is known, or known again. */
export function resumeKill(task: TaskRun): AgentEffect[] {
  if (task.kill === undefined) return [];
  return [...terminate(task, task.kill.escalated), { type: 'WakeAt', at: task.kill.deadline }];
}

function terminate(task: TaskRun, force: boolean): AgentEffect[] {
  const { containerId } = task;
  return [
    { type: 'StopChecks', containerId },
    { type: 'Terminate', containerId, force },
  ];
}

function killBeforeStart(
  state: AgentState,
  task: TaskRun,
  now: number,
  order: KillOrder,
): AgentEffect[] {
  const status = statusOf(state, task, 'TASK_KILLED', now, {
    message: order.message ?? 'Killed before it was started',
    reason: order.reason ?? 'REASON_TASK_KILLED_DURING_LAUNCH',
    source: 'SOURCE_AGENT',
  });
  return endTask(state, task, status, now);
}

/**
 * The task is over and `status` says how. A failed task of a group takes the others with it, and
 * the executor goes with the last one (apache/mesos docs/nested-container-and-task-group.md).
 */
export function endTask(
  state: AgentState,
  task: TaskRun,
  status: TaskStatus,
  now: number,
): AgentEffect[] {
  task.phase = 'ended';
  task.endedAt = now;
  const { containerId } = task;
  const effects: AgentEffect[] = [
    { type: 'StopChecks', containerId },
    ...queueUpdate(state, task, status, now),
  ];
  const group = task.parentId === undefined ? undefined : state.groups.get(task.parentId);
  if (group !== undefined) effects.push(...followInGroup(state, group, status, now));
  return [...effects, ...leaveIfDone(state)];
}

function followInGroup(
  state: AgentState,
  group: GroupRun,
  status: TaskStatus,
  now: number,
): AgentEffect[] {
  const others = group.tasks.flatMap((id) => state.tasks.get(id) ?? []).filter(isLive);
  if (others.length > 0) {
    if (status.state === 'TASK_FINISHED') return [];
    return others.flatMap((other) => (other.kill ? [] : killTask(state, other, now, {})));
  }
  if (group.endedAt !== undefined) return [];
  group.endedAt = now;
  const exited = {
    type: 'EXECUTOR_EXITED',
    framework_id: { value: group.frameworkId },
    executor_id: group.executor.executor_id,
    status: 0,
  } as const;
  return [
    persist(groupRecord(group)),
    ...(state.linked ? [{ type: 'Send', message: exited } as const] : []),
  ];
}

/** What was waiting for the last task: an agent that goes, or one that must forget who it was. */
export function leaveIfDone(state: AgentState): AgentEffect[] {
  if (!state.stopping && !state.refused) return [];
  if (liveTasks(state).length > 0) return [];
  if (state.stopping) return [{ type: 'Leave' }];
  return forget(state);
}

function forget(state: AgentState): AgentEffect[] {
  const { agentId } = state;
  const writes = [
    ...[...state.tasks.keys()].map((id) => gone('task', id)),
    ...[...state.groups.keys()].map((id) => gone('group', id)),
    ...[...state.frameworks.keys()].map((id) => gone('framework', id)),
  ];
  state.tasks.clear();
  state.groups.clear();
  state.frameworks.clear();
  state.resends.clear();
  state.dyingVolumes.clear();
  state.operations = [];
  state.agentId = undefined;
  state.refused = false;
  state.resources = poolOf(state.self.resources);
  return [
    persist(...writes, selfRecord(state)),
    ...(agentId === undefined ? [] : [{ type: 'SetAside', agentId } as const]),
    { type: 'Connect' },
  ];
}

function graceOf(task: TaskRun, orderedMs: number | undefined): number {
  const policy = task.info.kill_policy?.grace_period?.nanoseconds;
  const graceMs = orderedMs ?? (policy === undefined ? defaultGraceMs : policy / 1e6);
  return Math.min(Math.max(0, graceMs), longestGraceMs);
}

function wantsKilling(state: AgentState, task: TaskRun): boolean {
  const capabilities = state.frameworks.get(task.frameworkId)?.capabilities ?? [];
  return capabilities.some(({ type }) => type === 'TASK_KILLING_STATE');
}
