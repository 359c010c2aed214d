/**
 * What the scheduler of a declarative service believes, and the records that it keeps of it. No
 * I/O.
 */
import type { Json } from '../core/json.js';
import type { Random } from '../core/random.js';
import type { Write } from '../core/store/store.js';
import type { Backoff } from '../framework/backoff.js';
import type { Manners } from '../framework/manners.js';
import { freshManners } from '../framework/manners.js';
import type { Shortfall } from '../framework/match.js';
import type { Reconciliation } from '../framework/reconcile.js';
import type { Attribute, Domain } from '../wire/mesos/common.js';
import type { TaskState } from '../wire/mesos/task.js';
import type { ServiceSpec } from '../wire/service-spec.js';
import type { TargetedPlan } from './deploy.js';
import type { KeyMaterial, KeyRequest } from './keys.js';
import { upgradedConfig, upgradedInstance } from './upgrade.js';

/** One configuration that the service has or had: what its tasks are made from. */
export interface ServiceConfig {
  /** Follows from the content, in the form of a UUID. */
  readonly id: string;
  readonly spec: ServiceSpec;
  /** Texts of the templates that the spec names, by their name in the spec. */
  readonly templates: Readonly<Record<string, string>>;
  /** Those options that templates name. */
  readonly variables: Readonly<Record<string, string>>;
}

/** Where a reservation lies. */
export interface AgentPlace {
  readonly agentId: string;
  readonly hostname: string;
  /** IP address by which others reach it. */
  readonly address: string;
  readonly attributes?: readonly Attribute[] | undefined;
  readonly domain?: Domain | undefined;
}

/** What an instance holds on an agent, with or without a task. */
export interface Reservation {
  /** The label that tells it from all others of the role. */
  readonly resourceId: string;
  readonly place: AgentPlace;
  readonly ports: Readonly<Record<string, number>>;
  readonly volumeIds: readonly string[];
  /** The parts that it has (`parts.ts`). */
  readonly sets: readonly string[];
  /** Parts that were added and not seen yet, and when (ms since 1970). */
  readonly adding?: Readonly<Record<string, number>>;
  /**
   * It was seen: in an offer, or by a task that started on it. Before that, its ACCEPT may have
   * come to nothing.
   */
  readonly confirmed: boolean;
  /** ms since 1970 */
  readonly madeAt: number;
}

/** Why a task is to be stopped. */
export type KillReason =
  | 'restart'
  | 'replace'
  | 'update'
  | 'pause'
  | 'resume'
  | 'decommission'
  | 'uninstall';

/** The newest run of one task of an instance. */
export interface TaskRecord {
  readonly id: string;
  readonly configId: string;
  /** Hash of the addresses that its templates named. */
  readonly peersHash: string;
  readonly state: TaskState;
  readonly message: string;
  /** Its readiness check succeeded once; true without one as soon as it runs. */
  readonly ready: boolean;
  readonly healthy?: boolean;
  /** Its readiness check says that it leads its pod. */
  readonly leads?: boolean;
  /** It idles in place of its command, so that people can look at its volumes. */
  readonly paused?: boolean;
  /** ms since 1970 */
  readonly updatedAt: number;
  readonly runningSince?: number;
  readonly kill?: { readonly reason: KillReason; readonly sentAt: number };
}

/** One pod instance. */
export interface Instance {
  /** `broker-1` */
  readonly name: string;
  readonly pod: string;
  readonly index: number;
  readonly reservation?: Reservation;
  /** The newest run of each task that was launched, by the task's name in the spec. */
  readonly tasks: Readonly<Record<string, TaskRecord>>;
  /** Its data is given up: the next launch is anywhere, on a new volume. */
  readonly permanentlyFailed: boolean;
  /**
   * Tasks that have to run anew, with the id of the run that has to go (empty for none): asked
   * for, taken along by an essential task, or out of date.
   */
  readonly renew?: Readonly<Record<string, string>>;
  /** It is being replaced: the address and the ports that it had, until it is ready again. */
  readonly replacing?: {
    readonly address: string;
    readonly ports?: Readonly<Record<string, number>>;
  };
  /** Since when nothing of it can run where its data is (ms since 1970); by policy only. */
  readonly missingSince?: number;
  /** Tasks that are to idle until they are resumed (reference/sdk.md §4). */
  readonly paused?: readonly string[];
  /** By task. */
  readonly backoffs?: Readonly<Record<string, Backoff>>;
}

/** A reservation that no instance wants any more, to be given back when its agent is offered. */
export interface Leftover {
  readonly resourceId: string;
  readonly instance: string;
  readonly agentId: string;
  readonly hostname: string;
  /** The parts that it has; a record of an earlier version does not say. */
  readonly parts?: readonly string[];
}

/** Why an instance was not placed, by agent id: the newest answer of each agent. */
export type Refusals = Map<
  string,
  { readonly hostname: string; readonly shortfalls: readonly Shortfall[]; readonly at: number }
>;

/** The removal of what the service keeps in a ZooKeeper, once its tasks are stopped. */
export interface ZnodeRemoval {
  readonly status: 'asked' | 'failed' | 'removed' | 'given-up';
  /** ms since 1970: the first try; the newest. */
  readonly since: number;
  readonly triedAt: number;
  /** Why the newest try failed. */
  readonly message?: string;
}

/** Everything. */
export interface State {
  readonly serviceName: string;
  readonly role: string;
  readonly principal: string;
  /** A password that its tasks share and nobody else has: templates see it as `service.secret`. */
  readonly secret: string;
  /** Address of this scheduler's own API, for the tasks' environment. */
  readonly api: { readonly host: string; readonly port: number };
  readonly uninstalling: boolean;
  readonly random: Random;
  /** 22 characters, made once for the service: config templates see it as `service.uuid`. */
  serviceUuid: string;
  frameworkId: string | undefined;
  connected: boolean;
  /** ms since 1970: calls from before were not heard. */
  subscribedAt: number;
  readonly configs: Map<string, ServiceConfig>;
  targetId: string | undefined;
  /** The first deployment is complete: from now on the `update` plan is the deploy plan. */
  deployed: boolean;
  readonly instances: Map<string, Instance>;
  readonly leftovers: Map<string, Leftover>;
  /** By name: deploy, recovery, decommission while there is one, and the spec's own. */
  readonly plans: Map<string, TargetedPlan>;
  /** Variables of custom plans that were started and are not complete, by plan. */
  readonly started: Map<string, Readonly<Record<string, string>>>;
  /** When an instance was last replaced by policy, ms since 1970. */
  replacedAt: number;
  /** Why steps that could run are held back, by step id: worked out anew in every step. */
  readonly holding: Map<string, string>;
  /** Key material by task; made anew after a start. */
  readonly keys: Map<string, KeyMaterial>;
  readonly keyRequests: Map<string, KeyRequest>;
  /** Why instances are not placed yet. */
  readonly refusals: Map<string, Refusals>;
  reconciliation: Reconciliation | undefined;
  /** Tasks that the master does not know although they ran, since when (ms since 1970). */
  readonly unknown: Map<string, number>;
  manners: Manners;
  /** Names of what waited for offers when the master was last told. */
  wanted: ReadonlySet<string>;
  /** Leftovers whose giving back was sent, by resource id, at which time (ms since 1970). */
  readonly releasing: Map<string, number>;
  /** Leftovers that an offer of their agent lacked, by resource id, since when (ms since 1970). */
  readonly missing: Map<string, number>;
  /** ms since 1970 at which this uninstall began to wait for offers. */
  uninstallSince: number | undefined;
  /** How the removal of the service's nodes in a ZooKeeper goes. */
  znodes: ZnodeRemoval | undefined;
  /** The framework was torn down and the records erased. */
  erased: boolean;
  /** TEARDOWN was sent. */
  tearingDown: boolean;
}

/** Where records lie in the service's namespace. */
export const recordKeys = {
  service: 'service',
  framework: 'framework',
  target: 'target',
  deployed: 'deployed',
  policy: 'policy',
  config: (id: string): string => `config/${id}`,
  instance: (name: string): string => `instance/${name}`,
  plan: (name: string): string => `plan/${name}`,
  leftover: (resourceId: string): string => `leftover/${resourceId}`,
  /**
   * What an uninstalled service could not give back because its agent was gone
   * (docs/architecture.md, "Apps that are…").
   */
  lost: (resourceId: string): string => `lost/${resourceId}`,
} as const;

/** What is given from outside. */
export interface StateOptions {
  readonly serviceName: string;
  readonly role: string;
  readonly principal: string;
  readonly secret?: string;
  readonly api: { readonly host: string; readonly port: number };
  readonly uninstalling: boolean;
  readonly random: Random;
}

/** The state that the records tell. The first start of a service finds none. */
export function stateOf(options: StateOptions, records: ReadonlyMap<string, unknown>): State {
  const state: State = {
    ...options,
    secret: options.secret ?? '',
    serviceUuid: (records.get(recordKeys.service) as { uuid?: string } | undefined)?.uuid ?? '',
    frameworkId: (records.get(recordKeys.framework) as { id?: string } | undefined)?.id,
    connected: false,
    subscribedAt: 0,
    configs: new Map(),
    targetId: (records.get(recordKeys.target) as { id?: string } | undefined)?.id,
    deployed: records.get(recordKeys.deployed) === true,
    instances: new Map(),
    leftovers: new Map(),
    plans: new Map(),
    started: new Map(),
    replacedAt: (records.get(recordKeys.policy) as { replacedAt?: number })?.replacedAt ?? 0,
    holding: new Map(),
    keys: new Map(),
    keyRequests: new Map(),
    refusals: new Map(),
    reconciliation: undefined,
    unknown: new Map(),
    manners: freshManners,
    wanted: new Set(),
    releasing: new Map(),
    missing: new Map(),
    uninstallSince: undefined,
    znodes: undefined,
    erased: false,
    tearingDown: false,
  };
  // Records are written by this program alone: what is there has the type that it was written with.
  for (const [key, value] of records) {
    if (key.startsWith('config/')) {
      const config = upgradedConfig(value);
      state.configs.set(config.id, config);
    }
    if (key.startsWith('leftover/')) {
      const leftover = value as Leftover;
      state.leftovers.set(leftover.resourceId, leftover);
    }
    if (key.startsWith('plan/')) {
      state.started.set(key.slice('plan/'.length), value as Record<string, string>);
    }
  }
  for (const [key, value] of records) {
    if (!key.startsWith('instance/')) continue;
    const instance = upgradedInstance(value, state.configs);
    state.instances.set(instance.name, instance);
  }
  return state;
}

/** Changes an instance and notes the write. */
export function putInstance(state: State, writes: Write[], instance: Instance): Instance {
  state.instances.set(instance.name, instance);
  writes.push({ key: recordKeys.instance(instance.name), value: asJson(instance) });
  return instance;
}

/** Forgets an instance. */
export function dropInstance(state: State, writes: Write[], name: string): void {
  state.instances.delete(name);
  state.refusals.delete(name);
  writes.push({ key: recordKeys.instance(name), value: null });
}

/** Remembers a reservation that nobody wants any more. */
function putLeftover(state: State, writes: Write[], leftover: Leftover): void {
  state.leftovers.set(leftover.resourceId, leftover);
  writes.push({ key: recordKeys.leftover(leftover.resourceId), value: asJson(leftover) });
}

/** Forgets it: it was given back, or never came to be. */
export function dropLeftover(state: State, writes: Write[], resourceId: string): void {
  state.missing.delete(resourceId);
  if (!state.leftovers.delete(resourceId)) return;
  writes.push({ key: recordKeys.leftover(resourceId), value: null });
}

/** Remembers that a custom plan was started with these variables, or that it is done with. */
export function putStarted(
  state: State,
  writes: Write[],
  plan: string,
  variables: Readonly<Record<string, string>> | undefined,
): void {
  if (variables === undefined) {
    if (!state.started.delete(plan)) return;
    writes.push({ key: recordKeys.plan(plan), value: null });
    return;
  }
  state.started.set(plan, variables);
  writes.push({ key: recordKeys.plan(plan), value: { ...variables } });
}

/** A record as JSON: what is absent is left out. */
export function asJson(value: unknown): Json {
  return JSON.parse(JSON.stringify(value)) as Json;
}

/** The configuration that the service is to have. */
export function targetOf(state: State): ServiceConfig | undefined {
  return state.targetId === undefined ? undefined : state.configs.get(state.targetId);
}

/** `instance` without its reservation, which becomes a leftover. */
export function withoutReservation(state: State, writes: Write[], instance: Instance): Instance {
  const { reservation, ...rest } = instance;
  // With an agent that never comes back, what was reserved on it is no more.
  const gone = Object.values(instance.tasks).some(
    ({ state, updatedAt }) =>
      state === 'TASK_GONE_BY_OPERATOR' && updatedAt > (reservation?.madeAt ?? 0),
  );
  if (reservation !== undefined && !gone) {
    putLeftover(state, writes, {
      resourceId: reservation.resourceId,
      instance: instance.name,
      agentId: reservation.place.agentId,
      hostname: reservation.place.hostname,
      parts: reservation.sets,
    });
  }
  return rest;
}
