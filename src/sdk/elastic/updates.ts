/** What a task's status means for a driver or a worker. Pure. */
import type { Write } from '../../core/store/store.js';
import { afterFailure, type BackoffPolicy } from '../../framework/backoff.js';
import { heardOf, mayComeBack } from '../../framework/reconcile.js';
import type { TaskStatus } from '../../wire/mesos/task.js';
import type { ElasticEffect } from './events.js';
import {
  type DriverTask,
  dropWorker,
  type ElasticState,
  isEnded,
  isOver,
  putSubmission,
  putWorker,
  type Submission,
  type Worker,
} from './state.js';

const backoffPolicy: BackoffPolicy = { initialMs: 1_000, factor: 2, maxMs: 60_000 };

/** KILL of a task. */
export function killOf(taskId: string, agentId: string | undefined): ElasticEffect {
  const agent = agentId === undefined ? {} : { agent_id: { value: agentId } };
  return { type: 'Send', call: { type: 'KILL', kill: { task_id: { value: taskId }, ...agent } } };
}

/** Takes a status in. What it orders stands behind what it implies. */
export function taskUpdated(
  state: ElasticState,
  status: TaskStatus,
  writes: Write[],
  after: ElasticEffect[],
  now: number,
): void {
  const taskId = status.task_id.value;
  const { uuid, agent_id } = status;
  if (uuid !== undefined && agent_id !== undefined) {
    const acknowledge = { agent_id, task_id: status.task_id, uuid };
    after.push({ type: 'Send', call: { type: 'ACKNOWLEDGE', acknowledge } });
  }
  const worker = state.workers.get(taskId);
  const submission = [...state.submissions.values()].find(({ task }) => task?.id === taskId);
  const before = worker ?? submission?.task;
  const wasSeen = before?.runningSince !== undefined && !isOver(before.state);
  if (wasSeen && mayComeBack(state.unknown, status, now)) return;
  state.unknown.delete(taskId);
  if (state.reconciliation) state.reconciliation = heardOf(state.reconciliation, taskId);
  if (worker !== undefined) workerUpdated(state, worker, status, writes, now);
  else if (submission?.task !== undefined && !isOver(submission.task.state)) {
    driverUpdated(state, submission, submission.task, status, writes, now);
  } else if (!isOver(status.state) && status.state !== 'TASK_UNREACHABLE') {
    // Nobody's, or given up: a second driver of one job must never go on beside the first.
    after.push(killOf(taskId, agent_id?.value));
  }
}

function workerUpdated(
  state: ElasticState,
  worker: Worker,
  status: TaskStatus,
  writes: Write[],
  now: number,
): void {
  if (!isOver(status.state) && status.state !== 'TASK_UNREACHABLE') {
    const since = status.state === 'TASK_RUNNING' && worker.runningSince === undefined;
    if (status.state === worker.state && !since) return;
    putWorker(state, writes, {
      ...worker,
      state: status.state,
      ...(since ? { runningSince: now } : {}),
    });
    return;
  }
  // A worker holds nothing that is worth waiting for: another is started elsewhere, and this one is
  // killed should its agent return.
  dropWorker(state, writes, worker.id);
  const failed = status.state === 'TASK_FAILED' || status.state === 'TASK_ERROR';
  if (!failed || worker.killedAt !== undefined) return;
  const ranForMs = worker.runningSince === undefined ? 0 : now - worker.runningSince;
  const backoff = afterFailure(
    backoffPolicy,
    state.workerBackoff.get(worker.submission),
    ranForMs,
    now,
  );
  if (backoff) state.workerBackoff.set(worker.submission, backoff);
  else state.workerBackoff.delete(worker.submission);
}

function driverUpdated(
  state: ElasticState,
  submission: Submission,
  task: DriverTask,
  status: TaskStatus,
  writes: Write[],
  now: number,
): void {
  const running = status.state === 'TASK_RUNNING';
  const { unreachableSince: _gone, ...known } = task;
  const next: DriverTask = {
    ...known,
    state: status.state,
    ...(running && task.runningSince === undefined ? { runningSince: now } : {}),
    ...(status.state === 'TASK_UNREACHABLE'
      ? { unreachableSince: task.unreachableSince ?? now }
      : {}),
  };
  if (!isOver(status.state)) {
    const unreachable = status.state === 'TASK_UNREACHABLE';
    const message = unreachable ? `its agent ${task.hostname} cannot be reached` : '';
    const shown = running && !isEnded(submission) ? ('RUNNING' as const) : submission.state;
    putSubmission(state, writes, { ...submission, state: shown, task: next, message });
    return;
  }
  state.asked.delete(submission.id);
  driverEnded(state, { ...submission, task: next }, status, writes, now);
}

/** Decides what the end of a driver's task means for its submission. */
export function driverEnded(
  state: ElasticState,
  submission: Submission,
  status: Pick<TaskStatus, 'state' | 'message'>,
  writes: Write[],
  now: number,
): void {
  const { task } = submission;
  const why = whyEnded(status, task?.hostname ?? '');
  const end = (shown: Submission['state'], message: string): void => {
    state.refusals.delete(submission.id);
    putSubmission(state, writes, { ...submission, state: shown, message, endedAt: now });
  };
  if (submission.killRequested) {
    end('KILLED', 'killed on demand');
    return;
  }
  if (status.state === 'TASK_FINISHED') {
    end('FINISHED', '');
    return;
  }
  if (!submission.supervise) {
    end('FAILED', why);
    return;
  }
  const lost = status.state !== 'TASK_FAILED' && status.state !== 'TASK_KILLED';
  const ranForMs = task?.runningSince === undefined ? 0 : now - task.runningSince;
  const { backoff: before, killSentAt: _asked, ...rest } = submission;
  const backoff = lost ? undefined : afterFailure(backoffPolicy, before, ranForMs, now);
  putSubmission(state, writes, {
    ...rest,
    state: 'RELAUNCHING',
    message: `${why}; it is started again`,
    ...(backoff ? { backoff } : {}),
  });
}

function whyEnded({ state, message }: Pick<TaskStatus, 'state' | 'message'>, host: string): string {
  const said = message ? `: ${message.slice(0, 300)}` : '';
  switch (state) {
    case 'TASK_FAILED':
      return `the driver failed${said}`;
    case 'TASK_KILLED':
      return `the driver was killed${said}`;
    case 'TASK_ERROR':
      return `the driver could not be started${said}`;
    default:
      return `the driver was lost with its agent ${host} (${state})`;
  }
}
