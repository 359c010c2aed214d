/**
 * The process of a custom executor: that it was prepared, started, ended, found again. What it
 * leaves unfinished ends with it.
 */
import type { TaskState } from '../../../wire/mesos/task.js';
import type { AgentEffect, AgentEvent, Exit, Found } from '../events.js';
import { endTask, leaveIfDone } from '../kill.js';
import { executorRecord, persist } from '../records.js';
import { type AgentState, type ExecutorRun, isLive, type TaskRun, tasksWithin } from '../state.js';
import { statusOf } from '../status.js';
import { prepareTasks } from './launch.js';
import { askToGo, registrationMs, reregistrationMs } from './shutdown.js';
import { deliver } from './subscription.js';

type ProcessEvent = Extract<AgentEvent, { containerId: string }>;

/** Something happened to the process of an executor that has not ended yet. */
export function ofExecutor(
  state: AgentState,
  run: ExecutorRun,
  event: ProcessEvent,
  now: number,
): AgentEffect[] {
  switch (event.type) {
    case 'Prepared':
      return executorPrepared(state, run);
    case 'Started':
      return executorStarted(state, run, event.pid, now);
    case 'PrepareFailed':
    case 'StartFailed': {
      const message = `Failed to launch container: ${event.message}`;
      const end = { reason: 'REASON_CONTAINER_LAUNCH_FAILED', message };
      return executorEnded(state, run, { ...end, status: -1 }, now);
    }
    case 'Exited':
      return executorEnded(state, run, { status: waitStatusOf(event.exit) }, now);
    default:
      // Checks are the executor's own business.
      return [];
  }
}

function executorPrepared(state: AgentState, run: ExecutorRun): AgentEffect[] {
  if (run.phase !== 'preparing') return [];
  run.phase = 'starting';
  const waiting = tasksWithin(state, run).filter(({ phase }) => phase === 'preparing');
  return [{ type: 'StartExecutor', run }, ...prepareTasks(waiting)];
}

function executorStarted(
  state: AgentState,
  run: ExecutorRun,
  pid: number,
  now: number,
): AgentEffect[] {
  run.pid = pid;
  if (run.phase !== 'running') {
    run.phase = 'registering';
    run.subscribeBy = now + registrationMs;
  }
  return [
    persist(executorRecord(run)),
    { type: 'WakeAt', at: run.subscribeBy ?? now },
    ...askToGo(state, run),
  ];
}

/** A task of a custom executor has its volumes, or can't have them. */
export function taskPrepared(
  state: AgentState,
  task: TaskRun,
  event: ProcessEvent,
  now: number,
): AgentEffect[] {
  const run = state.executors.get(task.within ?? '');
  if (run === undefined || task.phase !== 'preparing') return [];
  if (event.type === 'Prepared') {
    task.phase = 'starting';
    return deliver(state, run, now);
  }
  if (event.type !== 'PrepareFailed') return [];
  const group = tasksWithin(state, run).filter(
    (each) => each === task || (each.batch !== undefined && each.batch === task.batch),
  );
  return group.filter(isLive).flatMap((each) => {
    const status = statusOf(state, each, 'TASK_FAILED', now, {
      message: `Failed to launch container: ${event.message}`,
      reason: 'REASON_CONTAINER_UPDATE_FAILED',
      source: 'SOURCE_AGENT',
    });
    return endTask(state, each, status, now);
  });
}

interface End {
  readonly reason?: string;
  readonly message?: string;
  /** As wait(2); -1 where there was no process. */
  readonly status: number;
}

function executorEnded(state: AgentState, run: ExecutorRun, end: End, now: number): AgentEffect[] {
  const { containerId, shutdown } = run;
  run.phase = 'ended';
  run.endedAt = now;
  const left = tasksWithin(state, run).filter(isLive);
  const taskState: TaskState = shutdown?.state ?? 'TASK_FAILED';
  const details = {
    message: shutdown?.message ?? end.message ?? 'Executor terminated',
    reason: shutdown?.reason ?? end.reason ?? 'REASON_EXECUTOR_TERMINATED',
    source: 'SOURCE_AGENT',
  } as const;
  const exited = {
    type: 'EXECUTOR_EXITED',
    framework_id: { value: run.frameworkId },
    executor_id: run.executor.executor_id,
    status: end.status,
  } as const;
  const effects: AgentEffect[] = [
    persist(executorRecord(run)),
    { type: 'CloseStream', executor: containerId },
  ];
  state.subscribed.delete(containerId);
  for (const task of left) {
    const status = statusOf(state, task, taskState, now, details);
    effects.push(...endTask(state, task, status, now));
  }
  if (state.linked && !state.stopping) effects.push({ type: 'Send', message: exited });
  return [...effects, ...leaveIfDone(state)];
}

function waitStatusOf(exit: Exit): number {
  if (exit.kind === 'code') return exit.code * 256;
  return exit.kind === 'signal' ? exit.signal : 9;
}

/** What a restarted agent makes of an executor that it finds. */
export function executorFound(
  run: ExecutorRun,
  tasks: readonly TaskRun[],
  found: Found,
  now: number,
): AgentEffect[] {
  const { containerId } = run;
  const later = (event: AgentEvent): AgentEffect => ({ type: 'Submit', event });
  const waiting = tasks.filter(({ phase }) => phase === 'preparing' || phase === 'starting');
  // Links are made again; what is there already stays.
  for (const task of waiting) task.phase = 'preparing';
  if (found.kind === 'exited') return [later({ type: 'Exited', containerId, exit: found.exit })];
  if (found.kind === 'unstarted') {
    run.phase = 'preparing';
    if (run.shutdown !== undefined) {
      return [later({ type: 'Exited', containerId, exit: { kind: 'lost' } })];
    }
    return [persist(executorRecord(run)), { type: 'PrepareExecutor', run }];
  }
  run.pid = found.pid;
  if (run.phase !== 'running') run.phase = 'registering';
  run.subscribeBy = now + (run.phase === 'running' ? reregistrationMs : registrationMs);
  return [
    { type: 'WatchExecutor', run, pid: found.pid },
    persist(executorRecord(run)),
    ...prepareTasks(waiting),
    { type: 'WakeAt', at: run.shutdown?.deadline ?? run.subscribeBy },
  ];
}
