/**
 * Status update streams, one per task: in order, durable before they are sent, the next one only
 * after the acknowledgement of the one before; sent again after 10 s, then at growing intervals,
 * and after every registration (apache/mesos docs/reconciliation.md; src/status_update_manager).
 */
import type { TaskStatus } from '../../wire/mesos/task.js';
import type { AgentEffect } from './events.js';
import { persist, taskRecord } from './records.js';
import type { AgentState, TaskRun } from './state.js';

/** ms. */
const firstResendMs = 10_000;
const longestResendMs = 600_000;
/** Updates of a task kept for a framework that does not answer; checks that flap add no more. */
const maxPending = 100;

/** Adds `status` to the task's stream. */
export function queueUpdate(
  state: AgentState,
  task: TaskRun,
  status: TaskStatus,
  now: number,
): AgentEffect[] {
  task.statuses = [...task.statuses.filter((known) => known.state !== status.state), status];
  if (task.silent !== true) {
    // A flapping check replaces its own last word instead of filling the disk.
    const last = task.pending.at(-1);
    const repeats = task.pending.length >= maxPending && last?.state === status.state;
    if (repeats) task.pending.pop();
    task.pending.push(status);
  }
  const effects: AgentEffect[] = [persist(taskRecord(task))];
  if (task.pending.length === 1) effects.push(...sendHead(state, task, now, firstResendMs));
  return effects;
}

/** The framework has what it was sent: the next update may go. */
export function acknowledge(
  state: AgentState,
  frameworkId: string,
  taskId: string,
  uuid: string,
  now: number,
): AgentEffect[] {
  for (const task of state.tasks.values()) {
    if (task.frameworkId !== frameworkId || task.info.task_id.value !== taskId) continue;
    if (task.pending[0]?.uuid !== uuid) continue;
    task.pending.shift();
    state.resends.delete(task.containerId);
    return [persist(taskRecord(task)), ...sendHead(state, task, now, firstResendMs)];
  }
  return [];
}

/** Sends what was not acknowledged for too long. */
export function resendDue(state: AgentState, now: number): AgentEffect[] {
  const effects: AgentEffect[] = [];
  for (const [containerId, { at, delayMs }] of state.resends) {
    const task = state.tasks.get(containerId);
    if (task === undefined || at > now) continue;
    effects.push(...sendHead(state, task, now, Math.min(delayMs * 2, longestResendMs)));
  }
  return effects;
}

/**
 * Sends every stream's first update: after a registration the master may have seen none of them.
 */
export function resendAll(state: AgentState, now: number): AgentEffect[] {
  return [...state.tasks.values()].flatMap((task) => sendHead(state, task, now, firstResendMs));
}

/** Sends the first update of each of a framework's streams, which has failed over. */
export function resendOf(state: AgentState, frameworkId: string, now: number): AgentEffect[] {
  const own = [...state.tasks.values()].filter((task) => task.frameworkId === frameworkId);
  return own.flatMap((task) => sendHead(state, task, now, firstResendMs));
}

function sendHead(state: AgentState, task: TaskRun, now: number, delayMs: number): AgentEffect[] {
  const [status] = task.pending;
  if (status === undefined || task.silent === true || !state.linked || state.stopping) return [];
  state.resends.set(task.containerId, { at: now + delayMs, delayMs });
  const framework_id = { value: task.frameworkId };
  return [
    { type: 'Send', message: { type: 'UPDATE', framework_id, status } },
    { type: 'WakeAt', at: now + delayMs },
  ];
}
