/**
 * What the master believes: frameworks, agents, tasks, offers, operations. Owned and changed by
 * `step` alone. Only agents and removed frameworks are stored; all else is told anew by agents and
 * frameworks after a restart, as in Apache Mesos (docs/high-availability-framework-guide.md,
 * "Mesos Architecture and State").
 */

import type { Random } from '../../core/random.js';
import type { Domain, Resource } from '../../wire/mesos/common.js';
import type { OfferConstraints } from '../../wire/mesos/offer-constraints.js';
import type { Filters, FrameworkInfo, OfferOperation } from '../../wire/mesos/scheduler.js';
import type {
  AgentInfo,
  ExecutorInfo,
  TaskInfo,
  TaskState,
  TaskStatus,
} from '../../wire/mesos/task.js';
import { mesosVersion } from '../../wire/mesos/version.js';
import type { Pool } from '../../wire/resources/pool.js';
import type { Maintenance } from './maintenance/schedule.js';
import type { Quota } from './quota/rules.js';

/** How a master is set up. Times in milliseconds. */
export interface MasterOptions {
  /** Of this incarnation; ids of frameworks, agents and offers begin with it. */
  readonly id: string;
  readonly host: string;
  readonly port: number;
  /** Its own fault domain. */
  readonly domain?: Domain;
  /** Of Mesos, whose API is spoken. */
  readonly version: string;
  readonly startedAt: number;
  readonly pingIntervalMs: number;
  /** An agent is lost after so many pings in a row without an answer. */
  readonly maxMissedPings: number;
  /**
   * At least so long between two agents that are taken for unreachable (Mesos'
   * `--agent_removal_rate_limit`); absent: no limit.
   */
  readonly removalIntervalMs?: number;
  /** How long agents known from the store may take to come back after a restart of the master. */
  readonly reregisterTimeoutMs: number;
  /** An offer that is neither accepted nor declined is rescinded after this. */
  readonly offerTimeoutMs: number;
  readonly heartbeatMs: number;
  /**
   * First pause before an unacknowledged operation status is sent again; it doubles up to
   * `maxResendMs`.
   */
  readonly resendMs: number;
  readonly maxResendMs: number;
  /** Kept of each framework, and of all. */
  readonly maxCompletedTasks: number;
  readonly maxCompletedFrameworks: number;
  readonly maxRemovedFrameworks: number;
  readonly maxUnreachableAgents: number;
}

/** The options that a local cluster runs with; the caller adds who and where the master is. */
export const defaultOptions = {
  version: mesosVersion,
  pingIntervalMs: 1_000,
  maxMissedPings: 5,
  reregisterTimeoutMs: 600_000,
  offerTimeoutMs: 120_000,
  heartbeatMs: 15_000,
  resendMs: 10_000,
  maxResendMs: 600_000,
  maxCompletedTasks: 250,
  maxCompletedFrameworks: 50,
  maxRemovedFrameworks: 500,
  maxUnreachableAgents: 1_000,
} as const;

/** A task as the master shows it: Mesos' message `Task`. */
export interface TaskRecord {
  readonly name: string;
  readonly task_id: { readonly value: string };
  readonly framework_id: { readonly value: string };
  readonly agent_id: { readonly value: string };
  /** Absent for a command task. */
  readonly executor_id?: { readonly value: string };
  state: TaskState;
  readonly resources: readonly Resource[];
  /** At most one in a row of each state. */
  statuses: TaskStatus[];
  status_update_state?: TaskState;
  /** Base64. */
  status_update_uuid?: string;
  readonly labels?: TaskInfo['labels'];
  readonly discovery?: TaskInfo['discovery'];
  readonly container?: TaskInfo['container'];
  readonly health_check?: TaskInfo['health_check'];
  readonly kill_policy?: TaskInfo['kill_policy'];
  readonly user?: string;
}

/** An executor that holds resources of its own (not the one that a command task gets). */
export interface ExecutorRecord {
  readonly agentId: string;
  readonly info: ExecutorInfo;
}

/** Amounts in thousandths. */
export interface Scalars {
  cpus: number;
  mem: number;
  disk: number;
  gpus: number;
}

/** What a framework refused of an agent, and until when (in awake time). */
export interface Refusal {
  readonly until: number;
  readonly refused: Pool;
}

/** A framework, connected or not. */
export interface Framework {
  readonly id: string;
  info: FrameworkInfo;
  roles: readonly string[];
  capabilities: ReadonlySet<string>;
  /** Of its open event stream. */
  stream: string | undefined;
  /** Known only from an agent; it has not subscribed since this master started. */
  recovered: boolean;
  /** Who it proved to be; `undefined` while recovered. */
  principal: string | undefined;
  readonly registeredAt: number;
  reregisteredAt: number;
  unregisteredAt: number;
  readonly suppressed: Set<string>;
  /** Of which agents it wants to be offered something. */
  constraints: OfferConstraints;
  /** Role and agent id → what was refused. */
  readonly refusals: Map<string, Refusal[]>;
  readonly tasks: Map<string, TaskRecord>;
  readonly unreachable: Map<string, TaskRecord>;
  readonly completed: TaskRecord[];
  /** Agent id and executor id → executor. */
  readonly executors: Map<string, ExecutorRecord>;
  readonly offers: Set<string>;
  /** Offered or used, by role: what fairness is measured by. */
  readonly held: Map<string, Scalars>;
  /** In awake time: when it is removed unless it subscribed again. */
  failoverAt: number | undefined;
  heartbeatAt: number;
}

/** A kill that its agent may not have heard. */
export interface PendingKill {
  readonly frameworkId: string;
  readonly taskId: string;
  readonly killPolicy?: TaskInfo['kill_policy'];
  /** Put on the statuses that follow. */
  readonly reason?: string;
}

/** An agent is, or has been, emptied by order of an operator. */
export interface Drain {
  readonly state: 'DRAINING' | 'DRAINED';
  /** The most that a task may take to end, in ns. */
  readonly maxGraceNs: number | undefined;
  /** It is given up once it is empty. */
  readonly markGone: boolean;
}

/** A registered agent, connected or not. */
export interface Agent {
  readonly id: string;
  info: AgentInfo;
  ip: string;
  version: string;
  readonly registeredAt: number;
  reregisteredAt: number | undefined;
  /** The stream that carries orders to it. */
  link: string | undefined;
  /** All it has, allocated to nobody. */
  total: Pool;
  /** What is neither used nor offered, allocated to nobody. */
  free: Pool;
  /** What tasks and executors hold, with the role it is allocated to. */
  used: Pool;
  readonly offers: Set<string>;
  missedPings: number;
  awaitsPong: boolean;
  pings: number;
  readonly kills: Map<string, PendingKill>;
  /** Wall clock, ms. */
  drainStartedAt: number | undefined;
}

/** A framework was asked to give back what it has on an agent. */
export interface InverseOffer {
  /** Absent once it was answered. */
  readonly id: string | undefined;
  readonly agentId: string;
  readonly frameworkId: string;
  readonly status: 'UNKNOWN' | 'ACCEPT' | 'DECLINE';
  /** Wall clock, ms. */
  readonly answeredAt: number | undefined;
  /** In awake time: it is not asked again before. */
  readonly until: number;
}

/** An agent that is not registered but may come back. */
export interface AbsentAgent {
  readonly info: AgentInfo;
  readonly registeredAt: number;
  /** Wall clock, ms. */
  readonly unreachableAt: number | undefined;
}

/** An offer that waits for an answer. */
export interface OfferRecord {
  readonly id: string;
  readonly frameworkId: string;
  readonly agentId: string;
  readonly role: string;
  /** Allocated to `role`. */
  readonly resources: readonly Resource[];
  /** In awake time. */
  readonly expiresAt: number;
}

/**
 * An offer operation on its way to an agent, or whose outcome the framework has not acknowledged.
 */
export interface OperationRecord {
  readonly uuid: string;
  readonly frameworkId: string | undefined;
  readonly agentId: string;
  readonly operation: OfferOperation;
  state: string;
  message: string | undefined;
  /** Base64 of the outcome that waits for an acknowledgement. */
  statusUuid: string | undefined;
  /** In awake time. */
  resendAt: number;
  resendMs: number;
}

/** Everything. */
export interface MasterState {
  readonly options: MasterOptions;
  /** For uuids only. */
  readonly random: Random;
  /**
   * Time this process has lived awake: it stands still while the process is frozen or the machine
   * sleeps.
   */
  awakeMs: number;
  lastNow: number;
  lastTick: number;
  readonly frameworks: Map<string, Framework>;
  /** Newest last. */
  readonly completedFrameworks: Framework[];
  /** Ids of frameworks that were torn down or never came back, oldest first. */
  readonly removedFrameworks: Set<string>;
  readonly agents: Map<string, Agent>;
  /** Known from the store; not back yet since the restart. */
  readonly recoveredAgents: Map<string, AbsentAgent>;
  readonly unreachableAgents: Map<string, AbsentAgent>;
  /** Marked gone for ever. */
  readonly goneAgents: Set<string>;
  /** Agents that an operator wants nothing of to be offered. */
  readonly deactivated: Set<string>;
  /** By agent. */
  readonly drains: Map<string, Drain>;
  maintenance: Maintenance;
  /** Machines that were once in the schedule, by `machineKey`: until a restart they stay known. */
  readonly scheduledMachines: Set<string>;
  /** By agent and framework. */
  readonly inverseOffers: Map<string, InverseOffer>;
  /** By top-level role. */
  readonly quotas: Map<string, Quota>;
  /** By role; 1 where there is none. */
  readonly weights: Map<string, number>;
  readonly offers: Map<string, OfferRecord>;
  readonly operations: Map<string, OperationRecord>;
  /** Streams of operators → when their next heartbeat is due. */
  readonly subscribers: Map<string, number>;
  readonly streams: Map<string, StreamOwner>;
  /** Agents whose free resources, or who may have them, changed since the last allocation. */
  readonly dirtyAgents: Set<string>;
  /** Everything is to be looked at by the allocator. */
  allDirty: boolean;
  nextFramework: number;
  nextAgent: number;
  nextOffer: number;
  readonly metrics: Map<string, number>;
  /** In awake time: no agent is taken for unreachable before. */
  nextRemovalAt: number;
  /** Every event is logged above 0, until then (in awake time). */
  logging: { level: number; until: number };
}

/** Whose stream it is. */
export type StreamOwner =
  | { readonly kind: 'framework'; readonly id: string }
  | { readonly kind: 'agent'; readonly id: string }
  | { readonly kind: 'operator' };

/** What the store holds of an agent, under `agents/<id>`. */
export interface StoredAgent {
  readonly info: AgentInfo;
  readonly registeredAt: number;
  readonly standing: 'admitted' | 'unreachable' | 'gone';
  readonly unreachableAt?: number;
  readonly deactivated?: boolean;
  readonly drain?: Drain;
}

/** A master that knows nobody. */
export function emptyState(options: MasterOptions, random: Random): MasterState {
  return {
    options,
    random,
    awakeMs: 0,
    lastNow: options.startedAt,
    lastTick: options.startedAt,
    frameworks: new Map(),
    completedFrameworks: [],
    removedFrameworks: new Set(),
    agents: new Map(),
    recoveredAgents: new Map(),
    unreachableAgents: new Map(),
    goneAgents: new Set(),
    deactivated: new Set(),
    drains: new Map(),
    maintenance: { windows: [], machines: new Map() },
    scheduledMachines: new Set(),
    inverseOffers: new Map(),
    quotas: new Map(),
    weights: new Map(),
    offers: new Map(),
    operations: new Map(),
    subscribers: new Map(),
    streams: new Map(),
    dirtyAgents: new Set(),
    allDirty: false,
    nextFramework: 0,
    nextAgent: 0,
    nextOffer: 0,
    metrics: new Map(),
    nextRemovalAt: 0,
    logging: { level: 0, until: 0 },
  };
}

/**
 * How long a refusal of `filters` lasts, in ms (scheduler API: 5 s unless told, never negative, at
 * most a year).
 */
export function refusalMs(filters: Filters | undefined): number {
  const given = filters?.refuse_seconds ?? 5;
  const seconds = given < 0 ? 5 : given;
  return Number.isFinite(seconds) ? Math.min(Math.max(seconds, 0), 31_536_000) * 1000 : 5_000;
}
