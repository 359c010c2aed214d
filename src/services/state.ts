/**
 * What `services` believes: apps as wanted, instances as known, deployments under way. Types,
 * records, loading; no decisions.
 */
import type { Json } from '../core/json.js';
import type { Random } from '../core/random.js';
import type { Write } from '../core/store/store.js';
import type { Backoff } from '../framework/backoff.js';
import { freshManners, type Manners } from '../framework/manners.js';
import type { Shortfall } from '../framework/match.js';
import {
  beginReconciliation,
  beginSweeps,
  type Reconciliation,
  type Sweep,
} from '../framework/reconcile.js';
import type { App, DeploymentAction, TaskFailure } from '../wire/marathon.js';
import type { Attribute, Domain } from '../wire/mesos/common.js';
import type { TaskState } from '../wire/mesos/task.js';

/** What is known of an instance's health. Times in ms since 1970. */
export interface Health {
  /** The newest result of Marathon-level checks; absent before the first. */
  readonly passing?: boolean;
  readonly firstSuccessAt?: number;
  readonly lastSuccessAt?: number;
  readonly lastFailureAt?: number;
  /** Since when results fail without a break (Mesos tells changes only). */
  readonly failingSince?: number;
  readonly failureCause?: string;
  /** The newest word of a Mesos-level health check. */
  readonly mesosHealthy?: boolean;
}

/**
 * One instance of an app: one task, from the decision to launch it until it is known to be gone.
 */
export interface Instance {
  readonly taskId: string;
  readonly instanceId: string;
  readonly appId: string;
  /** The app's version, and the version of its last change of configuration, at launch. */
  readonly version: string;
  readonly configVersion: string;
  /** `stopped`: a kill is under way, repeated until the task is gone. */
  readonly goal: 'running' | 'stopped';
  readonly stopReason?: string;
  /** TASK_STAGING from the decision on. */
  readonly state: TaskState;
  readonly agentId: string;
  readonly hostname: string;
  readonly attributes: readonly Attribute[];
  readonly domain?: Domain;
  readonly ip?: string;
  readonly ports: readonly number[];
  readonly stagedAt: number;
  readonly startedAt?: number;
  readonly unreachableAt?: number;
  /** Unreachable for longer than the strategy waits: replaced. */
  readonly inactive?: boolean;
  readonly health: Health;
}

/** A change of apps that is being carried out. */
export interface Deployment {
  readonly id: string;
  readonly version: string;
  readonly startedAt: number;
  readonly steps: readonly { readonly actions: readonly DeploymentAction[] }[];
  /** The version that each affected app had before, `null` for none: what a revert goes back to. */
  readonly before: Readonly<Record<string, string | null>>;
}

/** What an app's launches wait for, since when, and what offers lacked. Not stored. */
export interface Demand {
  count: number;
  readonly since: number;
  processed: number;
  unused: number;
  lastUnusedAt: number | undefined;
  lastUsedAt: number | undefined;
  /** The newest answer per agent, at most `maxKnownAgents`. */
  readonly shortfalls: Map<
    string,
    { readonly hostname: string; readonly at: number; readonly list: readonly Shortfall[] }
  >;
}

/**
 * Launch back-off of one configuration of an app. Not stored: a restarted control plane tries at
 * once.
 */
export interface AppBackoff {
  readonly configVersion: string;
  readonly backoff: Backoff | undefined;
}

/** Everything; owned by `step`. */
export interface State {
  /** The framework's default role. */
  readonly role: string;
  /** Ids come from here: an input, fixed at the start. */
  readonly random: Random;
  frameworkId: string | undefined;
  subscribed: boolean;
  readonly apps: Map<string, App>;
  /** Older versions by app, oldest first, at most `maxVersions`. */
  readonly versions: Map<string, App[]>;
  readonly instances: Map<string, Instance>;
  readonly byApp: Map<string, Set<string>>;
  readonly deployments: Map<string, Deployment>;
  readonly failures: Map<string, TaskFailure>;
  readonly backoffs: Map<string, AppBackoff>;
  readonly demands: Map<string, Demand>;
  /** Apps whose wanted and actual state must be compared again. */
  readonly dirty: Set<string>;
  /** When each kill was sent last. */
  readonly kills: Map<string, number>;
  /** Since when, in this subscription, the master knows nothing of a task that ran. */
  readonly unknown: Map<string, number>;
  /** Launches due per app, as the master was last told. */
  told: ReadonlyMap<string, number>;
  manners: Manners;
  reconciliation: Reconciliation;
  sweep: Sweep;
  /** `done` once the framework is torn down. */
  uninstall: 'no' | 'running' | 'done';
  /** In this subscription. */
  teardownSent: boolean;
  /** Apps whose kills for failing checks are held, because most instances fail at once. */
  readonly held: Set<string>;
}

/** How many older versions of an app are kept. */
export const maxVersions = 10;
/** Of how many agents an app's demand remembers the answer. */
export const maxKnownAgents = 200;

/** A state that knows nothing. */
export function empty(role: string, random: Random): State {
  return {
    role,
    random,
    frameworkId: undefined,
    subscribed: false,
    apps: new Map(),
    versions: new Map(),
    instances: new Map(),
    byApp: new Map(),
    deployments: new Map(),
    failures: new Map(),
    backoffs: new Map(),
    demands: new Map(),
    dirty: new Set(),
    kills: new Map(),
    unknown: new Map(),
    told: new Map(),
    manners: freshManners,
    reconciliation: beginReconciliation([], 0),
    sweep: beginSweeps(0),
    uninstall: 'no',
    teardownSent: false,
    held: new Set(),
  };
}

/** Keys of records. */
export const keys = {
  framework: 'framework',
  app: (id: string): string => `app/${id}`,
  version: (id: string, version: string): string => `version/${id}@${version}`,
  instance: (taskId: string): string => `instance/${taskId}`,
  deployment: (id: string): string => `deployment/${id}`,
  failure: (appId: string): string => `failure/${appId}`,
};

/** The record of `value` under `key`. */
export function recordOf(key: string, value: object | null): Write {
  return { key, value: value as Json };
}

/** Fills `state` from the store's records. */
export function load(state: State, records: ReadonlyMap<string, unknown>): void {
  for (const [key, value] of records) {
    const kind = key.slice(0, key.includes('/') ? key.indexOf('/') : undefined);
    if (kind === 'framework') state.frameworkId = (value as { id: string }).id;
    else if (kind === 'app') state.apps.set((value as App).id, value as App);
    else if (kind === 'version') addVersion(state, value as App);
    else if (kind === 'instance') putInstance(state, value as Instance);
    else if (kind === 'deployment')
      state.deployments.set((value as Deployment).id, value as Deployment);
    else if (kind === 'failure')
      state.failures.set((value as TaskFailure).appId, value as TaskFailure);
  }
  for (const list of state.versions.values()) list.sort((a, b) => (a.version < b.version ? -1 : 1));
  // Deleted apps among them: the deployment that deletes one may have outlived its last instance.
  const deploying = [...state.deployments.values()].flatMap(({ before }) => Object.keys(before));
  for (const id of [...state.apps.keys(), ...state.byApp.keys(), ...deploying]) state.dirty.add(id);
}

/** Puts `app` among its older versions. */
export function addVersion(state: State, app: App): void {
  const list = state.versions.get(app.id) ?? [];
  list.push(app);
  state.versions.set(app.id, list);
}

/** Adds or replaces an instance; its app is to be looked at again. */
export function putInstance(state: State, instance: Instance): void {
  state.instances.set(instance.taskId, instance);
  const ids = state.byApp.get(instance.appId) ?? new Set();
  ids.add(instance.taskId);
  state.byApp.set(instance.appId, ids);
  state.dirty.add(instance.appId);
}

/** Forgets an instance that is gone; its app is to be looked at again. */
export function removeInstance(state: State, instance: Instance): void {
  state.instances.delete(instance.taskId);
  state.kills.delete(instance.taskId);
  state.unknown.delete(instance.taskId);
  const ids = state.byApp.get(instance.appId);
  ids?.delete(instance.taskId);
  if (ids?.size === 0) state.byApp.delete(instance.appId);
  state.dirty.add(instance.appId);
}

/** The instances of an app, in no order. */
export function instancesOf(state: State, appId: string): Instance[] {
  const ids = state.byApp.get(appId);
  if (ids === undefined) return [];
  return [...ids].flatMap((id) => state.instances.get(id) ?? []);
}
