/**
 * Pod instances: what a task status means for one, and how far one is on its way to what is
 * wanted. Pure.
 */
import { afterFailure, type BackoffPolicy, remainingMs } from '../framework/backoff.js';
import type { StoredStatus } from '../framework/plan.js';
import type { TaskState, TaskStatus } from '../wire/mesos/task.js';
import { terminalTaskStates } from '../wire/mesos/task.js';
import type { PodSpec, TaskSpec } from '../wire/service-spec.js';
import { taskHashOf } from './config.js';
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

/** Whether any task of the instance is. */
export function anyLive({ tasks }: Instance): boolean {
  return Object.values(tasks).some(isLive);
}

/** The tasks of an instance that are live, with their names. */
export function liveTasks({ tasks }: Instance): [string, TaskRecord][] {
  return Object.entries(tasks).filter(([, task]) => isLive(task));
}

/** The instance and name of the task with this id. */
export function ownerOf(
  state: State,
  taskId: string,
): { readonly instance: Instance; readonly name: string; readonly task: TaskRecord } | undefined {
  for (const instance of state.instances.values()) {
    for (const [name, task] of Object.entries(instance.tasks)) {
      if (task.id === taskId) return { instance, name, task };
    }
  }
  return undefined;
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

/** The instance with one of its tasks changed. */
export function withTask(instance: Instance, name: string, task: TaskRecord): Instance {
  return { ...instance, tasks: { ...instance.tasks, [name]: task } };
}

/** What a task's readiness check means. */
export interface Checked {
  /** Whether it has one; without, a task is ready as soon as it runs. */
  readonly readiness: boolean;
  readonly leaderExitCode?: number | undefined;
}

/** The instance after `status` of the newest run of a task, at `now` (ms since 1970). */
export function withStatus(
  instance: Instance,
  name: string,
  task: TaskRecord,
  status: TaskStatus,
  { readiness, leaderExitCode }: Checked,
  now: number,
): Instance {
  const running = status.state === 'TASK_RUNNING';
  const exitCode = status.check_status?.command?.exit_code;
  const leads = exitCode !== undefined && exitCode === leaderExitCode;
  const checked = exitCode === 0 || leads;
  const { leads: ledBefore = false, ...before } = task;
  const next: TaskRecord = {
    ...before,
    state: status.state,
    message: (status.message ?? '').slice(0, 1_000),
    updatedAt: now,
    ready: task.ready || (running && (checked || !readiness)),
    ...(status.healthy === undefined ? {} : { healthy: status.healthy }),
    // A check that did not come to an end says nothing new.
    ...((exitCode === undefined ? ledBefore : leads) ? { leads: true } : {}),
    ...(running && task.runningSince === undefined ? { runningSince: now } : {}),
  };
  // Only the agent and what runs there can know of it: the ACCEPT was carried out.
  const started = running || (status.source ?? 'SOURCE_MASTER') !== 'SOURCE_MASTER';
  const { reservation } = instance;
  const seen =
    reservation !== undefined && started && !reservation.confirmed
      ? { reservation: { ...reservation, confirmed: true } }
      : {};
  const after = withTask({ ...instance, ...seen }, name, next);
  return isOver(status.state) && !isOver(task.state) ? withEnd(after, name, next, now) : after;
}

const failedStates: ReadonlySet<TaskState> = new Set([
  'TASK_FAILED',
  'TASK_ERROR',
  'TASK_FINISHED',
]);

/** What a task's end means for the next launch. */
function withEnd(instance: Instance, name: string, task: TaskRecord, now: number): Instance {
  const before = instance.backoffs?.[name];
  const rest = withoutBackoff(instance, name);
  const gone = task.state === 'TASK_GONE_BY_OPERATOR' || task.kill?.reason === 'replace';
  const permanentlyFailed = instance.permanentlyFailed || gone;
  // A health check that fails ends its task as KILLED.
  const failed = failedStates.has(task.state) || (task.state === 'TASK_KILLED' && !task.kill);
  if (!failed || task.kill !== undefined) return { ...rest, permanentlyFailed };
  const ranForMs = task.runningSince === undefined ? 0 : now - task.runningSince;
  const backoff = afterFailure(launchBackoff, before, ranForMs, now);
  if (backoff === undefined) return { ...rest, permanentlyFailed };
  return { ...rest, permanentlyFailed, backoffs: { ...rest.backoffs, [name]: backoff } };
}

/** The instance with no delay left, of one task or of all. */
export function withoutBackoff(instance: Instance, name?: string): Instance {
  const { backoffs, ...rest } = instance;
  if (backoffs === undefined || name === undefined) return rest;
  const { [name]: _gone, ...left } = backoffs;
  return Object.keys(left).length === 0 ? rest : { ...rest, backoffs: left };
}

/** The instance with tasks that have to run anew, besides those that had to already. */
export function withRenewal(instance: Instance, names: Iterable<string>): Instance {
  const renew = Object.fromEntries(
    [...names].map((name) => [name, instance.tasks[name]?.id ?? '']),
  );
  return { ...instance, renew: { ...instance.renew, ...renew } };
}

/** The instance without a wish that these tasks run anew. */
export function withoutRenewal(instance: Instance, names: Iterable<string>): Instance {
  const { renew, ...rest } = instance;
  if (renew === undefined) return instance;
  const gone = new Set(names);
  const left = Object.entries(renew).filter(([name]) => !gone.has(name));
  return left.length === 0 ? rest : { ...rest, renew: Object.fromEntries(left) };
}

/** Whether the task has to run anew and has not yet. */
export function isRenewed({ renew, tasks }: Instance, name: string): boolean {
  return renew?.[name] !== undefined && renew[name] === (tasks[name]?.id ?? '');
}

/** Whether the task runs although it is to idle, or the other way round. */
export function pauseDiffers({ paused = [], tasks }: Instance, name: string): boolean {
  const task = tasks[name];
  return isLive(task) && (task?.paused ?? false) !== paused.includes(name);
}

/** How far an instance is, as the status of a step, with a word for the user. */
export interface Progress {
  readonly status: StoredStatus;
  readonly message: string;
}

/** How far a task of `instance` is on its way to run as `config` wants it. */
export function progressOf(
  state: State,
  instance: Instance | undefined,
  config: ServiceConfig,
  pod: PodSpec,
  spec: TaskSpec,
  now: number,
): Progress {
  const { name, goal } = spec;
  const task = instance?.tasks[name];
  if (instance === undefined || task === undefined) return { status: 'PENDING', message: '' };
  const current = isCurrent(state, instance, config, pod, spec);
  const renewed = isRenewed(instance, name);
  const done = goal !== 'RUNNING' && task.state === 'TASK_FINISHED';
  if (done && !renewed && (current || goal === 'ONCE')) return { status: 'COMPLETE', message: '' };
  if (isLive(task) && task.kill !== undefined) {
    return { status: 'PREPARED', message: 'the old task is being stopped' };
  }
  if (renewed) return { status: 'PENDING', message: 'is to start again' };
  if (isLive(task) && !current) {
    return { status: 'PENDING', message: 'runs as it was configured before' };
  }
  if (pauseDiffers(instance, name)) {
    const paused = instance.paused?.includes(name);
    return { status: 'PENDING', message: paused ? 'is to be paused' : 'is to be resumed' };
  }
  return progressOfTask(instance, task, spec, now);
}

/** Whether the newest run of a task was made from the same as `config` would make it from. */
export function isCurrent(
  state: State,
  instance: Instance,
  config: ServiceConfig,
  pod: PodSpec,
  spec: TaskSpec,
): boolean {
  const id = instance.tasks[spec.name]?.configId;
  if (id === config.id) return true;
  const before = state.configs.get(id ?? '');
  const old = before?.spec.pods.find(({ type }) => type === pod.type);
  const made = old?.tasks.find(({ name }) => name === spec.name);
  if (before === undefined || old === undefined || made === undefined) return false;
  return taskHashOf(before, old, made) === taskHashOf(config, pod, spec);
}

function progressOfTask(
  instance: Instance,
  task: TaskRecord,
  { name, goal, readinessCheck }: TaskSpec,
  now: number,
): Progress {
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
      const waitMs = remainingMs(instance.backoffs?.[name], now);
      const ended = endText(task);
      if (waitMs === 0) return { status: 'PENDING', message: ended };
      return {
        status: 'DELAYED',
        message: `${ended}; starts again in ${Math.ceil(waitMs / 1000)} s`,
      };
    }
  }
}

/** Of several tasks the one that is least far, in this order. */
const leastFirst: readonly StoredStatus[] = [
  'ERROR',
  'DELAYED',
  'PENDING',
  'PREPARED',
  'STARTING',
  'STARTED',
  'COMPLETE',
];

/** How far a step is, from its tasks (reference/sdk.md §3). */
export function leastOf(list: readonly (Progress & { readonly task: string })[]): Progress {
  const rank = ({ status }: Progress): number => leastFirst.indexOf(status);
  const [least] = [...list].sort((a, b) => rank(a) - rank(b));
  if (least === undefined) return { status: 'COMPLETE', message: '' };
  const several = list.length > 1 && least.message !== '';
  return { status: least.status, message: `${several ? `${least.task}: ` : ''}${least.message}` };
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
 * The configuration that a task is to be launched with when it is not a plan's business to change
 * it: that of its newest run.
 */
export function ownConfig(
  state: State,
  instance: Instance,
  name: string,
): ServiceConfig | undefined {
  const target = state.targetId === undefined ? undefined : state.configs.get(state.targetId);
  return state.configs.get(instance.tasks[name]?.configId ?? '') ?? target;
}

/** A task's spec in the configuration of its newest run. */
export function ownSpec(
  state: State,
  instance: Instance,
  name: string,
): { readonly config: ServiceConfig; readonly pod: PodSpec; readonly task: TaskSpec } | undefined {
  const config = ownConfig(state, instance, name);
  const pod = config?.spec.pods.find(({ type }) => type === instance.pod);
  const task = pod?.tasks.find((spec) => spec.name === name);
  return config && pod && task ? { config, pod, task } : undefined;
}
