/**
 * Pod instances: what a task status means for one, and how far one is on its way to what is
 * wanted. Pure.
 */
import { afterFailure, type BackoffPolicy, remainingMs } from '../framework/backoff.js';
import type { StoredStatus } from '../framework/plan.js';
import type { TaskState, TaskStatus } from '../wire/mesos/task.js';
import { terminalTaskStates } from '../wire/mesos/task.js';
import type { PodSpec } from '../wire/service-spec.js';
import { specHashOf } from './config.js';
import type { Instance, ServiceConfig, State, TaskRecord } from './state.js';

/** Back-off of crash loops: a first failure after a good run costs nothing. */
const launchBackoff: BackoffPolicy = { initialMs: 1_000, factor: 2, maxMs: 300_000 };

/**
 * States that end a task for us: the terminal ones, and UNKNOWN, the master's answer for a task
 * that never was.
 */
export function isOver(state: TaskState): boolean {
  return terminalTaskStates.has(state) || state === 'TASK_UNKNOWN';
}

/** A task that runs, will run or may come back. */
export function isLive(task: TaskRecord | undefined): boolean {
  return task !== undefined && !isOver(task.state);
}

/** `type-index` */
export function instanceName(type: string, index: number): string {
  return `${type}-${index}`;
}

/**
 * The pod of a configuration that an instance belongs to; `undefined` when it has none there any
 * more.
 */
export function podOf(config: ServiceConfig | undefined, instance: Instance): PodSpec | undefined {
  const pod = config?.spec.pods.find(({ type }) => type === instance.pod);
  return pod !== undefined && instance.index < pod.count ? pod : undefined;
}

/**
 * Whether something of the instance is lost when it moves: an address that others know, or data.
 */
export function isSticky(instance: Instance): boolean {
  const { reservation } = instance;
  if (reservation === undefined) return false;
  return reservation.volumeIds.length > 0 || Object.keys(reservation.ports).length > 0;
}

/** The instance after `status` of its newest task, at `now` (ms since 1970). */
export function withStatus(
  instance: Instance,
  task: TaskRecord,
  status: TaskStatus,
  readiness: boolean,
  now: number,
): Instance {
  const running = status.state === 'TASK_RUNNING';
  const checked = status.check_status?.command?.exit_code === 0;
  const next: TaskRecord = {
    ...task,
    state: status.state,
    message: (status.message ?? '').slice(0, 1_000),
    updatedAt: now,
    ready: task.ready || (running && (checked || !readiness)),
    ...(status.healthy === undefined ? {} : { healthy: status.healthy }),
    ...(running && task.runningSince === undefined ? { runningSince: now } : {}),
  };
  // Only the agent and what runs there can know of it: the ACCEPT was carried out.
  const started = running || (status.source ?? 'SOURCE_MASTER') !== 'SOURCE_MASTER';
  const { reservation } = instance;
  const seen =
    reservation !== undefined && started && !reservation.confirmed
      ? { reservation: { ...reservation, confirmed: true } }
      : {};
  const after: Instance = { ...instance, ...seen, task: next };
  return isOver(status.state) && !isOver(task.state) ? withEnd(after, next, now) : after;
}

const failedStates: ReadonlySet<TaskState> = new Set([
  'TASK_FAILED',
  'TASK_ERROR',
  'TASK_FINISHED',
]);

/** What a task's end means for the next launch. */
function withEnd(instance: Instance, task: TaskRecord, now: number): Instance {
  const { backoff: before, ...rest } = instance;
  const gone = task.state === 'TASK_GONE_BY_OPERATOR' || task.kill?.reason === 'replace';
  const permanentlyFailed = instance.permanentlyFailed || gone;
  // A health check that fails ends its task as KILLED.
  const failed = failedStates.has(task.state) || (task.state === 'TASK_KILLED' && !task.kill);
  if (!failed || task.kill !== undefined) return { ...rest, permanentlyFailed };
  const ranForMs = task.runningSince === undefined ? 0 : now - task.runningSince;
  const backoff = afterFailure(launchBackoff, before, ranForMs, now);
  return { ...rest, permanentlyFailed, ...(backoff ? { backoff } : {}) };
}

/** Whether the instance's task runs although it is to idle, or the other way round. */
export function pauseDiffers({ paused, task }: Instance): boolean {
  return isLive(task) && (task?.paused ?? false) !== (paused ?? false);
}

/** How far an instance is, as the status of a step, with a word for the user. */
export interface Progress {
  readonly status: StoredStatus;
  readonly message: string;
}

/** How far `instance` is on its way to run as `config` wants it. */
export function progressOf(
  instance: Instance | undefined,
  config: ServiceConfig,
  pod: PodSpec,
  now: number,
): Progress {
  const task = instance?.task;
  if (instance === undefined || task === undefined) return { status: 'PENDING', message: '' };
  const current = task.specHash === specHashOf(config, pod);
  const { goal } = pod.task;
  if (goal !== 'RUNNING' && task.state === 'TASK_FINISHED' && (current || goal === 'ONCE')) {
    return { status: 'COMPLETE', message: '' };
  }
  if (isLive(task) && task.kill !== undefined) {
    return { status: 'PREPARED', message: 'the old task is being stopped' };
  }
  if (isLive(task) && !current) {
    return { status: 'PENDING', message: 'runs as it was configured before' };
  }
  if (pauseDiffers(instance)) {
    return { status: 'PENDING', message: instance.paused ? 'is to be paused' : 'is to be resumed' };
  }
  return progressOfTask(instance, task, pod, now);
}

function progressOfTask(instance: Instance, task: TaskRecord, pod: PodSpec, now: number): Progress {
  const { goal, readinessCheck } = pod.task;
  switch (task.state) {
    case 'TASK_STAGING':
    case 'TASK_STARTING':
      return { status: 'STARTING', message: '' };
    case 'TASK_RUNNING':
      if (goal !== 'RUNNING') return { status: 'STARTED', message: 'runs to its end' };
      if (task.paused) return { status: 'STARTED', message: pausedText(instance) };
      if (task.ready) return { status: 'COMPLETE', message: '' };
      return { status: 'STARTED', message: readinessCheck ? 'is not ready yet' : '' };
    case 'TASK_UNREACHABLE':
      return { status: 'PENDING', message: unreachableText(instance) };
    default: {
      const waitMs = remainingMs(instance.backoff, now);
      const ended = endText(task);
      if (waitMs === 0) return { status: 'PENDING', message: ended };
      return {
        status: 'DELAYED',
        message: `${ended}; starts again in ${Math.ceil(waitMs / 1000)} s`,
      };
    }
  }
}

function pausedText({ name }: Instance): string {
  return `is paused; 'pod resume ${name}' starts it again`;
}

function unreachableText(instance: Instance): string {
  const where = instance.reservation?.place.hostname ?? 'its agent';
  if (!isSticky(instance)) return `agent ${where} is unreachable`;
  const remedy = `'pod replace ${instance.name}' moves it, giving up its data there`;
  return `waits for agent ${where}, which is unreachable; ${remedy}`;
}

function endText(task: TaskRecord): string {
  const state = task.state.replace('TASK_', '').toLowerCase();
  return task.message === ''
    ? `the last task ended: ${state}`
    : `the last task ended: ${state}, ${task.message}`;
}

/**
 * The configuration that an instance is to be launched with when it is not a plan's business to
 * change it.
 */
export function ownConfig(state: State, instance: Instance): ServiceConfig | undefined {
  const target = state.targetId === undefined ? undefined : state.configs.get(state.targetId);
  return state.configs.get(instance.task?.configId ?? '') ?? target;
}
