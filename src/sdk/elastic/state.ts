/**
 * What the elastic part of a scheduler believes: jobs that were submitted, the Mesos task of each
 * one's driver, and the tasks of the workers that it has for now. No I/O.
 */
import type { Json } from '../../core/json.js';
import type { Random } from '../../core/random.js';
import type { Write } from '../../core/store/store.js';
import type { Backoff } from '../../framework/backoff.js';
import { freshManners, type Manners } from '../../framework/manners.js';
import type { Shortfall } from '../../framework/match.js';
import type { Reconciliation } from '../../framework/reconcile.js';
import { type TaskState, terminalTaskStates } from '../../wire/mesos/task.js';
import type { Demand, Size } from './demand.js';

/** How far a submission is, in the words of Spark's own submission protocol (`DriverState`). */
export type DriverState =
  | 'SUBMITTED'
  | 'RUNNING'
  | 'RELAUNCHING'
  | 'FINISHED'
  | 'FAILED'
  | 'KILLED';

/** What was submitted, as the protocol has it. */
export interface Job {
  readonly appResource: string;
  readonly mainClass: string;
  readonly appArgs: readonly string[];
  readonly properties: Readonly<Record<string, string>>;
  readonly environment: Readonly<Record<string, string>>;
}

/** Where a task runs. */
export interface TaskPlace {
  readonly agentId: string;
  readonly hostname: string;
  /** IP address by which others reach it. */
  readonly address: string;
}

/** The newest task of a driver. */
export interface DriverTask extends TaskPlace {
  readonly id: string;
  readonly ports: { readonly driver: number; readonly block: number; readonly ui: number };
  readonly state: TaskState;
  /** ms since 1970 */
  readonly launchedAt: number;
  readonly runningSince?: number;
  /** Since when (ms since 1970) its agent cannot be reached. */
  readonly unreachableSince?: number;
  /** What it was started with; absent in records of before it was noted. */
  readonly sparkVersion?: string;
  /** `address:port,…` of the masters that it knows. */
  readonly masters?: string;
}

/** One submission. */
export interface Submission {
  /** `driver-20261124054312-0001` */
  readonly id: string;
  readonly name: string;
  /** Who submitted it. */
  readonly user: string;
  /** ms since 1970 */
  readonly submittedAt: number;
  readonly job: Job;
  readonly driver: Size;
  readonly worker: Size;
  readonly demand: Demand;
  /** A driver that fails is started again. */
  readonly supervise: boolean;
  readonly state: DriverState;
  /** Why it is in this state, for the user. */
  readonly message: string;
  /** ms since 1970 */
  readonly endedAt?: number;
  /** How often its driver was started. */
  readonly attempts: number;
  readonly backoff?: Backoff;
  readonly killRequested?: true;
  /** ms since 1970 of the last KILL of its driver */
  readonly killSentAt?: number;
  readonly task?: DriverTask;
}

/** A task that offers room for one executor, to one submission. */
export interface Worker extends TaskPlace {
  /** The task's id. */
  readonly id: string;
  readonly submission: string;
  readonly port: number;
  readonly state: TaskState;
  /** ms since 1970 */
  readonly launchedAt: number;
  readonly runningSince?: number;
  /** ms since 1970 of the last KILL */
  readonly killedAt?: number;
}

/** The newest no of each agent, by agent id. */
export type Refusals = Map<string, readonly Shortfall[]>;

/** Everything. */
export interface ElasticState {
  readonly serviceName: string;
  readonly role: string;
  readonly random: Random;
  /** What drivers and workers are started with. */
  readonly sparkVersion: string;
  frameworkId: string | undefined;
  connected: boolean;
  /** ms since 1970: calls from before were not heard. */
  subscribedAt: number;
  /** The number of the next submission. */
  next: number;
  readonly submissions: Map<string, Submission>;
  readonly workers: Map<string, Worker>;
  /** `address:port` of Spark's masters, as far as they have one. */
  masters: readonly string[];
  /** How many executors each running driver has asked for last. */
  readonly asked: Map<string, number>;
  /** Of workers known to Spark's master, by `address:port`: whether an executor runs on it. */
  busy: ReadonlyMap<string, boolean>;
  /** Since when (ms since 1970) a worker is of no use, by its id. */
  readonly idleSince: Map<string, number>;
  /** Since when (ms since 1970) a submission waits for its first worker, by its id. */
  readonly starvingSince: Map<string, number>;
  /** Delays after workers that ended by themselves, by submission. */
  readonly workerBackoff: Map<string, Backoff>;
  readonly refusals: Map<string, Refusals>;
  reconciliation: Reconciliation | undefined;
  readonly unknown: Map<string, number>;
  manners: Manners;
  wanted: ReadonlySet<string>;
}

/** Keys of the records, below the part of the namespace that is this module's. */
export const elasticKeys = {
  framework: 'framework',
  next: 'next',
  submission: (id: string): string => `submission/${id}`,
  worker: (id: string): string => `worker/${id}`,
} as const;

/** What is given from outside. */
export interface ElasticStateOptions {
  readonly serviceName: string;
  readonly role: string;
  readonly random: Random;
  readonly sparkVersion: string;
}

/** The state that the records tell. */
export function elasticStateOf(
  options: ElasticStateOptions,
  records: ReadonlyMap<string, unknown>,
): ElasticState {
  const state: ElasticState = {
    ...options,
    frameworkId: (records.get(elasticKeys.framework) as { id?: string } | undefined)?.id,
    connected: false,
    subscribedAt: 0,
    next: (records.get(elasticKeys.next) as { next?: number } | undefined)?.next ?? 1,
    submissions: new Map(),
    workers: new Map(),
    masters: [],
    asked: new Map(),
    busy: new Map(),
    idleSince: new Map(),
    starvingSince: new Map(),
    workerBackoff: new Map(),
    refusals: new Map(),
    reconciliation: undefined,
    unknown: new Map(),
    manners: freshManners,
    wanted: new Set(),
  };
  // Written by this program alone: what is there has the type that it was written with.
  for (const [key, value] of records) {
    if (key.startsWith('submission/')) {
      state.submissions.set(key.slice('submission/'.length), value as Submission);
    }
    if (key.startsWith('worker/')) state.workers.set(key.slice('worker/'.length), value as Worker);
  }
  return state;
}

/** Changes a submission and notes the write. */
export function putSubmission(state: ElasticState, writes: Write[], submission: Submission): void {
  state.submissions.set(submission.id, submission);
  writes.push({ key: elasticKeys.submission(submission.id), value: asJson(submission) });
}

/** Changes a worker and notes the write. */
export function putWorker(state: ElasticState, writes: Write[], worker: Worker): void {
  state.workers.set(worker.id, worker);
  writes.push({ key: elasticKeys.worker(worker.id), value: asJson(worker) });
}

/** Forgets a worker: its task has ended. */
export function dropWorker(state: ElasticState, writes: Write[], id: string): void {
  state.workers.delete(id);
  state.idleSince.delete(id);
  writes.push({ key: elasticKeys.worker(id), value: null });
}

function asJson(value: unknown): Json {
  return JSON.parse(JSON.stringify(value)) as Json;
}

/** Whether it has come to its end. */
export function isEnded({ state }: Submission): boolean {
  return state === 'FINISHED' || state === 'FAILED' || state === 'KILLED';
}

/** States that end a task for us; UNKNOWN is the master's answer for one that never was. */
export function isOver(state: TaskState): boolean {
  return terminalTaskStates.has(state) || state === 'TASK_UNKNOWN';
}

/** The workers of a submission that are not told to end. */
export function workersOf(state: ElasticState, submission: string): Worker[] {
  return [...state.workers.values()].filter(
    (worker) => worker.submission === submission && worker.killedAt === undefined,
  );
}
