/**
 * Every decision of an agent (DESIGN §3): given its state, an event and the time, what is to be
 * done.
 */
import type { MasterOrder } from '../../wire/agent-link.js';
import type { AgentEffect, AgentEvent, Exit } from './events.js';
import { ofExecutor, taskPrepared } from './executor/ended.js';
import { findExecutor } from './executor/launch.js';
import { executorsDue, shutDownExecutor } from './executor/shutdown.js';
import { executorMessaged, executorSubscribed, executorUpdated } from './executor/subscription.js';
import { collect } from './gc.js';
import { checkCompleted, healthChecked } from './health.js';
import { endTask, killsDue, killTask, resumeKill } from './kill.js';
import { rememberFramework, runGroup, runTask } from './launch.js';
import { applyOperation, volumeRemoved } from './operations.js';
import { recovered } from './recovery.js';
import { refused, registered, shutDownFramework, stopAll } from './registration.js';
import {
  type AgentState,
  findTask,
  isLive,
  launchedWith,
  liveTasks,
  type TaskRun,
} from './state.js';
import { blankCheck, describeExit, statusOf } from './status.js';
import { acknowledge, queueUpdate, resendDue, resendOf } from './updates.js';

/** Changes `state` for `event`; the effects are in the order in which they have to be done. */
export function step(state: AgentState, event: AgentEvent, now: number): AgentEffect[] {
  switch (event.type) {
    case 'OrderReceived':
      return state.stopping ? [] : obey(state, event.order, now);
    case 'LinkLost':
      state.linked = false;
      return state.refused || state.stopping ? [] : [{ type: 'Connect' }];
    case 'StopRequested':
      return stopAll(state, now);
    case 'Recovered':
      return recovered(state, event.found, now);
    case 'Ticked':
      return [...killsDue(state, now), ...executorsDue(state, now), ...resendDue(state, now)];
    case 'DiskMeasured':
      return collect(state, event.freeFraction, now);
    case 'VolumeRemoved':
      return volumeRemoved(state, event.volume);
    case 'ExecutorSubscribed':
    case 'ExecutorLeft':
    case 'ExecutorUpdated':
    case 'ExecutorMessaged':
      return saidByExecutor(state, event, now);
    default:
      return ofTask(state, event, now);
  }
}

function saidByExecutor(
  state: AgentState,
  event: Extract<AgentEvent, { executor: string }>,
  now: number,
): AgentEffect[] {
  const run = state.executors.get(event.executor);
  if (run === undefined) return [];
  switch (event.type) {
    case 'ExecutorSubscribed':
      return executorSubscribed(state, run, event, now);
    case 'ExecutorLeft':
      state.subscribed.delete(run.containerId);
      return [];
    case 'ExecutorUpdated':
      return executorUpdated(state, run, event.status, now);
    case 'ExecutorMessaged':
      return executorMessaged(state, run, event.data);
  }
}

type TaskEvent = Extract<AgentEvent, { containerId: string }>;

function ofTask(state: AgentState, event: TaskEvent, now: number): AgentEffect[] {
  const run = state.executors.get(event.containerId);
  if (run !== undefined) return run.phase === 'ended' ? [] : ofExecutor(state, run, event, now);
  const task = state.tasks.get(event.containerId);
  // Results of what was given up meanwhile.
  if (task === undefined || !isLive(task)) return [];
  if (task.within !== undefined) return taskPrepared(state, task, event, now);
  switch (event.type) {
    case 'Prepared':
      return prepared(task);
    case 'PrepareFailed':
    case 'StartFailed':
      return launchFailed(state, task, event.message, now);
    case 'Started':
      return started(state, task, event.pid, now);
    case 'Exited':
      return exited(state, task, event.exit, now);
    case 'CheckCompleted':
      return checkCompleted(state, task, event.status, now);
    case 'HealthChecked':
      return healthChecked(state, task, event.healthy, now);
  }
}

function obey(state: AgentState, order: MasterOrder, now: number): AgentEffect[] {
  switch (order.type) {
    case 'REGISTERED':
      return registered(state, order.agent_id.value, order.shut_down_frameworks, now);
    case 'REFUSED':
      return [
        { type: 'Warn', message: 'the master refused this agent', about: order.message },
        ...refused(state, now),
      ];
    case 'PING':
      return [{ type: 'Send', message: { type: 'PONG', sequence: order.sequence } }];
    case 'RUN_TASK':
      return runTask(state, order, now);
    case 'RUN_TASK_GROUP':
      return runGroup(state, order, now);
    case 'KILL_TASK':
      return killOrdered(state, order, now);
    case 'ACKNOWLEDGE':
      return acknowledge(state, order.framework_id.value, order.task_id.value, order.uuid, now);
    case 'APPLY_OPERATION':
      return applyOperation(state, order);
    case 'SHUTDOWN_EXECUTOR':
      return shutDownOrdered(state, order.framework_id.value, order.executor_id.value, now);
    case 'SHUTDOWN_FRAMEWORK':
      return shutDownFramework(state, order.framework_id.value, now);
    case 'UPDATE_FRAMEWORK':
      return [
        ...(state.frameworks.has(order.framework.id?.value ?? '')
          ? [rememberFramework(state, order.framework)]
          : []),
        // Whoever has taken the framework over has seen none of what the one before did not take.
        ...resendOf(state, order.framework.id?.value ?? '', now),
      ];
    case 'FRAMEWORK_MESSAGE':
      return passMessage(state, order);
  }
}

function shutDownOrdered(
  state: AgentState,
  frameworkId: string,
  executorId: string,
  now: number,
): AgentEffect[] {
  const run = findExecutor(state, frameworkId, executorId);
  if (run !== undefined) return shutDownExecutor(state, run, now);
  return liveTasks(state)
    .filter((task) => task.frameworkId === frameworkId && task.executorId === executorId)
    .flatMap((task) => killTask(state, task, now, {}));
}

/** Neither built-in executor has anything to do with messages, as Mesos' own have not. */
function passMessage(
  state: AgentState,
  order: Extract<MasterOrder, { type: 'FRAMEWORK_MESSAGE' }>,
): AgentEffect[] {
  const run = findExecutor(state, order.framework_id.value, order.executor_id.value);
  if (run === undefined || !state.subscribed.has(run.containerId)) return [];
  const event = { type: 'MESSAGE', message: { data: order.data } } as const;
  return [{ type: 'Tell', executor: run.containerId, event }];
}

function killOrdered(
  state: AgentState,
  order: Extract<MasterOrder, { type: 'KILL_TASK' }>,
  now: number,
): AgentEffect[] {
  const { framework_id, task_id, kill_policy, reason } = order;
  const task = findTask(state, framework_id.value, task_id.value);
  if (task === undefined) return unknownTask(state, order, now);
  const grace = kill_policy?.grace_period?.nanoseconds;
  const graceMs = grace === undefined ? undefined : grace / 1e6;
  // The default executor kills the whole group on a kill of any task of it.
  const group = task.parentId === undefined ? undefined : state.groups.get(task.parentId);
  const tasks = group === undefined ? [task] : launchedWith(state, group, task);
  return tasks.flatMap((each) => killTask(state, each, now, { graceMs, reason }));
}

/**
 * The master believes in a task that is not here: it hears so, and nothing has to be acknowledged.
 */
function unknownTask(
  state: AgentState,
  order: Extract<MasterOrder, { type: 'KILL_TASK' }>,
  now: number,
): AgentEffect[] {
  const { framework_id, task_id } = order;
  const status = {
    task_id,
    state: 'TASK_GONE',
    message: 'The task is unknown to the agent',
    source: 'SOURCE_AGENT',
    reason: 'REASON_EXECUTOR_TERMINATED',
    ...(state.agentId === undefined ? {} : { agent_id: { value: state.agentId } }),
    timestamp: now / 1000,
  } as const;
  return [{ type: 'Send', message: { type: 'UPDATE', framework_id, status } }];
}

function prepared(task: TaskRun): AgentEffect[] {
  if (task.phase !== 'preparing') return [];
  // Not recorded: whether a task was started is told by its claim alone (shell/supervisor.ts).
  task.phase = 'starting';
  return [{ type: 'Start', task }];
}

function started(state: AgentState, task: TaskRun, pid: number, now: number): AgentEffect[] {
  task.phase = 'running';
  task.pid = pid;
  task.startedAt = now;
  const check = task.info.check && blankCheck(task.info.check);
  task.check = check;
  return [
    ...queueUpdate(state, task, statusOf(state, task, 'TASK_STARTING', now, { check }), now),
    ...queueUpdate(state, task, statusOf(state, task, 'TASK_RUNNING', now, { check }), now),
    ...(task.kill === undefined ? [{ type: 'StartChecks', task } as const] : resumeKill(task)),
  ];
}

function launchFailed(state: AgentState, task: TaskRun, cause: string, now: number): AgentEffect[] {
  const status = statusOf(state, task, task.kill ? 'TASK_KILLED' : 'TASK_FAILED', now, {
    message: `Failed to launch container: ${cause}`,
    reason: 'REASON_CONTAINER_LAUNCH_FAILED',
    source: 'SOURCE_AGENT',
  });
  return endTask(state, task, status, now);
}

/** The process is gone. What was killed is TASK_KILLED however it ended, as recorded. */
function exited(state: AgentState, task: TaskRun, exit: Exit, now: number): AgentEffect[] {
  const { kill } = task;
  const check = task.info.check && blankCheck(task.info.check);
  if (kill !== undefined) {
    const { reason } = kill;
    // The signal may have come before the supervisor was able to outlive it.
    const how: Exit =
      exit.kind === 'lost' ? { kind: 'signal', signal: kill.escalated ? 9 : 15 } : exit;
    const message = kill.message ?? describeExit(how);
    const healthy = kill.unhealthy ? false : undefined;
    const details = { message, reason, healthy, check };
    return endTask(state, task, statusOf(state, task, 'TASK_KILLED', now, details), now);
  }
  const message = describeExit(exit);
  if (exit.kind === 'code' && exit.code === 0) {
    const status = statusOf(state, task, 'TASK_FINISHED', now, { message, check: task.check });
    return endTask(state, task, status, now);
  }
  const lost = exit.kind === 'lost' || exit.kind === 'rebooted';
  const status = statusOf(state, task, 'TASK_FAILED', now, {
    message,
    check: task.check,
    ...(lost ? { reason: 'REASON_EXECUTOR_TERMINATED', source: 'SOURCE_AGENT' } : {}),
  });
  return endTask(state, task, status, now);
}
