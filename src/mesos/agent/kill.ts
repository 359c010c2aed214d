/**
 * How a task is killed: SIGTERM to its process group, SIGKILL to all of its session after the grace
 * (apache/mesos docs/running-workloads.md, KillPolicy).
 */
import type { TaskStatus } from '../../wire/mesos/task.js';
import { poolOf } from '../../wire/resources/pool.js';
import type { AgentEffect } from './events.js';
import { shutDownExecutor } from './executor/shutdown.js';
import { gone, groupRecord, persist, selfRecord, taskRecord } from './records.js';
import {
  type AgentState,
  type GroupRun,
  isLive,
  launchedWith,
  liveExecutors,
  liveTasks,
  type TaskRun,
  tasksWithin,
} from './state.js';
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
  if (task.within !== undefined) return killWithin(state, task, now, order);
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

/** A custom executor is told to kill; what it was not given yet ends here, a group as a whole. */
function killWithin(
  state: AgentState,
  task: TaskRun,
  now: number,
  { graceMs, reason, message }: KillOrder,
): AgentEffect[] {
  const run = state.executors.get(task.within ?? '');
  if (run === undefined) return [];
  const { batch } = task;
  if (task.phase !== 'running') {
    const alone = message ?? 'Killed before delivery to the executor';
    const inGroup = 'A task within the task group was killed before delivery to the executor';
    const order = { message: batch === undefined ? alone : inGroup, reason };
    const killed = tasksWithin(state, run).filter(
      (each) => isLive(each) && (each === task || (batch !== undefined && each.batch === batch)),
    );
    const effects = killed.flatMap((each) => killBeforeStart(state, each, now, order));
    const idle = run.used !== true && !tasksWithin(state, run).some(isLive);
    // Nobody waits for an executor that has nothing to do and never had.
    return idle ? [...effects, ...shutDownExecutor(state, run, now)] : effects;
  }
  task.kill = { deadline: now, escalated: false, reason, message, unhealthy: false };
  const policy =
    graceMs === undefined ? {} : { kill_policy: { grace_period: { nanoseconds: graceMs * 1e6 } } };
  if (!state.subscribed.has(run.containerId)) {
    task.killWanted = policy;
    return [persist(taskRecord(task))];
  }
  const kill = { task_id: task.info.task_id, ...policy };
  return [
    persist(taskRecord(task)),
    { type: 'Tell', executor: run.containerId, event: { type: 'KILL', kill } },
  ];
}

/** Forces what has outlived its grace. */
export function killsDue(state: AgentState, now: number): AgentEffect[] {
  return liveTasks(state).flatMap((task): AgentEffect[] => {
    const { kill } = task;
    if (task.within !== undefined || task.phase !== 'running') return [];
    if (kill === undefined || kill.deadline > now) return [];
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
 * The task is over and `status` says how. A failed task of a group takes the others of that group
 * with it, and the executor goes with the last task of all its groups (apache/mesos
 * docs/nested-container-and-task-group.md).
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
  if (group !== undefined) effects.push(...followInGroup(state, group, task, status, now));
  return [...effects, ...leaveIfDone(state)];
}

function followInGroup(
  state: AgentState,
  group: GroupRun,
  task: TaskRun,
  status: TaskStatus,
  now: number,
): AgentEffect[] {
  const others = launchedWith(state, group, task).filter(isLive);
  if (group.tasks.some((id) => isLiveTask(state, id))) {
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

function isLiveTask(state: AgentState, containerId: string): boolean {
  const task = state.tasks.get(containerId);
  return task !== undefined && isLive(task);
}

/** What was waiting for the last task: an agent that goes, or one that must forget who it was. */
export function leaveIfDone(state: AgentState): AgentEffect[] {
  if (!state.stopping && !state.refused) return [];
  if (liveTasks(state).length > 0 || liveExecutors(state).length > 0) return [];
  if (state.stopping) return [{ type: 'Leave' }];
  return forget(state);
}

function forget(state: AgentState): AgentEffect[] {
  const { agentId } = state;
  const writes = [
    ...[...state.tasks.keys()].map((id) => gone('task', id)),
    ...[...state.groups.keys()].map((id) => gone('group', id)),
    ...[...state.executors.keys()].map((id) => gone('executor', id)),
    ...[...state.frameworks.keys()].map((id) => gone('framework', id)),
  ];
  state.tasks.clear();
  state.groups.clear();
  state.executors.clear();
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
