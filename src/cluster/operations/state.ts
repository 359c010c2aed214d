/**
 * What `operations` believes: every install, update and uninstall, what is installed, and what lost
 * agents still hold.
 */
import type { JsonObject } from '../../core/json.js';
import type { PackageRelease } from '../../packages/packages.js';
import type { Operation } from '../../wire/operations.js';

/**
 * Ticks of the server's own clock: a frozen process or a sleeping laptop makes none, so deadlines
 * do not expire meanwhile.
 */
export const ticksPerSecond = 5;
/** The deadline of an operation, in ticks: 30 minutes. */
export const deadlineTicks = 30 * 60 * ticksPerSecond;
/** How many ended operations are kept. */
export const maxEnded = 200;

/** What an operation is at, in order; each kind skips some. */
export type Stage =
  | 'fetch'
  | 'depend'
  | 'create'
  | 'start'
  | 'order'
  | 'restart'
  | 'plan'
  | 'collect'
  | 'delete'
  | 'clean'
  | 'ended';

/** What is known of an app before it runs, from its rendered form. */
export interface AppFacts {
  /** It is a service scheduler with the plans API of the SDK. */
  readonly hasPlan: boolean;
  /** It uninstalls itself (label DCOS_COMMONS_UNINSTALL). */
  readonly uninstallsItself: boolean;
  /** Name of the Mesos framework that it registers, and the role that it reserves for. */
  readonly framework?: string;
  readonly role?: string;
  /** Service account: principal and store namespace. */
  readonly account?: string;
  /** Name below `/service/`. */
  readonly serviceName?: string;
  /** Services that it needs; absent where its package names none. */
  readonly dependencies?: readonly Dependency[];
}

/** A service that another needs, as an option names it. */
export interface Dependency {
  /** `zookeeper.service` */
  readonly option: string;
  /** The variable in which the app gets the addresses, `address:port` joined by commas. */
  readonly env: string;
  /** The package that is to be installed where the service is missing. */
  readonly packageName: string;
  /** The endpoint of the service that is used. */
  readonly endpoint: string;
  /** One of this and `addresses`, or none where the option is empty. */
  readonly serviceName?: string;
  /** Given as they are by the user. */
  readonly addresses?: string;
}

/** A release that is installed, or was tried to be; record `installed/<appId>`. */
export interface Installed {
  readonly appId: string;
  readonly release: PackageRelease;
  /** What the user gave, without defaults. */
  readonly userOptions: JsonObject;
  readonly facts: AppFacts;
  /** The variables that it was given of the services that it needs, as it runs now. */
  readonly wired?: Readonly<Record<string, string>>;
  /** `failed`: an install that did not end well; it can be uninstalled, or installed again. */
  status: 'installing' | 'installed' | 'failed' | 'uninstalling';
  /** The operation that made it what it is. */
  operationId: string;
}

/** An operation with what its server needs to go on with it; record `operation/<id>`. */
export interface OperationRecord {
  operation: Operation;
  stage: Stage;
  /** Of an update: what it will make of the installed release. */
  readonly next?: {
    readonly userOptions: JsonObject;
    readonly facts: AppFacts;
    /** Of another version; the installed release itself when absent. */
    readonly release?: PackageRelease;
  };
  /** What every asset is served at, once fetched. */
  assetUrls?: Readonly<Record<string, string>>;
  /** Where the services that it needs are, once they serve. */
  dependencyEnv?: Readonly<Record<string, string>>;
  /** Until the deadline. */
  ticksLeft: number;
  /** Since something moved last. */
  stalledTicks: number;
  /** Failed tries of the present stage, and the ticks until the next. */
  tries: number;
  pauseTicks: number;
}

/**
 * Resources that a lost agent still keeps for a service that is uninstalled; record
 * `held/<agentId>`.
 */
export interface Held {
  readonly agentId: string;
  readonly hostname: string;
  /** Reserved for these. */
  readonly roles: readonly string[];
  /** ms since 1970. */
  readonly since: number;
}

/** All of it. */
export interface OperationsState {
  readonly operations: Map<string, OperationRecord>;
  readonly installed: Map<string, Installed>;
  readonly held: Map<string, Held>;
  /** Operations of which an effect is under way; not kept. */
  readonly busy: Set<string>;
}

/** Nothing installed, nothing under way. */
export function emptyOperations(): OperationsState {
  return { operations: new Map(), installed: new Map(), held: new Map(), busy: new Set() };
}

/** The state that these records hold. */
export function loadOperations(records: ReadonlyMap<string, unknown>): OperationsState {
  const state = emptyOperations();
  for (const [key, value] of records) {
    const slash = key.indexOf('/');
    const id = key.slice(slash + 1);
    const kind = key.slice(0, slash);
    if (kind === 'operation') state.operations.set(id, value as OperationRecord);
    if (kind === 'installed') state.installed.set(`/${id}`, value as Installed);
    if (kind === 'held') state.held.set(id, value as Held);
  }
  return state;
}

/** The operation that works on `appId` now. */
export function runningOn(state: OperationsState, appId: string): OperationRecord | undefined {
  for (const record of state.operations.values()) {
    if (record.operation.appId === appId && record.operation.status === 'running') return record;
  }
  return undefined;
}

/**
 * What others see as installed: not an install that failed before anything of it existed, since its
 * artifacts could not be had (its record stays, with the reason, under `/operations`).
 */
export function installedReleases(state: OperationsState | undefined): Installed[] {
  return [...(state?.installed.values() ?? [])].filter(
    ({ status, operationId }) =>
      status !== 'failed' || state?.operations.get(operationId)?.assetUrls !== undefined,
  );
}
