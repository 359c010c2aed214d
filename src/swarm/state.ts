/**
 * What a swarm believes: its nodes, its containers, the offers at hand. Records of nodes and
 * containers are in the store as they stand here; all else begins anew with each start.
 */
import type { Json } from '../core/json.js';
import type { Random } from '../core/random.js';
import type { Write } from '../core/store/store.js';
import { freshManners, type Manners } from '../framework/manners.js';
import type { OfferView } from '../framework/match.js';
import type { Reconciliation, Sweep } from '../framework/reconcile.js';
import type { CreateBody } from '../wire/docker.js';
import type { ExecutorInfo } from '../wire/mesos/task.js';
import { readCreate } from './create/want.js';
import type { Strategy } from './schedule/strategies.js';
import type { Pin, Want } from './schedule/view.js';

/** The task that keeps our executor on an agent. */
export interface EngineTask {
  readonly taskId: string;
  readonly executor: ExecutorInfo;
  /** Where the executor listens. */
  readonly port: number;
  isRunning: boolean;
}

/** An agent with a Docker engine. */
export interface Node {
  readonly agentId: string;
  /** Unique among nodes. */
  readonly name: string;
  hostname: string;
  /** By which its executor is reached. */
  address: string;
  attributes: Readonly<Record<string, string>>;
  region: string | undefined;
  zone: string | undefined;
  cpus: number;
  memMb: number;
  /** Path of the engine's socket on the agent. */
  socket: string;
  task: EngineTask | undefined;
}

/** What an engine says about itself and holds. */
export interface EngineFacts {
  readonly engineId: string;
  /**
   * What tells engines apart: all engines of one machine, and of cloned ones, may have one id.
   */
  readonly engineKey: string;
  readonly version: string;
  readonly apiVersion: string;
  readonly minApiVersion: string;
  readonly cpus: number;
  readonly memBytes: number;
  readonly labels: Readonly<Record<string, string>>;
  readonly images: readonly string[];
}

/** What is known of a node since this start. */
export interface NodeHealth {
  facts: EngineFacts | undefined;
  failures: number;
  error: string | undefined;
  /** ms since 1970 of the last answer. */
  updatedAt: number;
  /** The master lists its agent as active. */
  isListed: boolean;
}

/**
 * Where a container stands. `placing`: waits for an offer. `making`: its task is launched, the
 * engine has not made it yet. `made`: it exists on its node. `lost`: its node is gone.
 */
export type Phase = 'placing' | 'making' | 'made' | 'lost';

/** A container, from create to rm. */
export interface Container {
  /** 64 hex digits; kept when it moves. */
  readonly swarmId: string;
  name: string;
  phase: Phase;
  /** Of the place it has or had last. */
  agentId: string | undefined;
  taskId: string | undefined;
  containerId: string | undefined;
  /** Ids that engines gave it before it moved. */
  formerIds: string[];
  /**
   * Tasks that the master had forgotten, of the container that is there now: should one come back,
   * it is let be, for a kill would remove the container.
   */
  formerTasks: string[];
  /** As given to engines, labels included. */
  readonly body: CreateBody;
  readonly reschedules: boolean;
  /** By the engine's last word; what moves is started again if it ran. */
  isRunning: boolean;
  /** ms since 1970 */
  readonly createdAt: number;
  /** How many tasks it has had before. */
  attempt: number;
  /** It moved off a node that was lost, or is to be taken up where it is: nobody waits for it. */
  isMoved: boolean;
  /** Its agent stopped it in good order: it is started again once it is taken up. */
  resumes: boolean;
}

/** A container that waits for an offer. */
export interface Waiting {
  readonly swarmId: string;
  /** Who is answered; absent for what moves. */
  readonly requestId: string | undefined;
  /** ms since 1970; `undefined` waits for ever. */
  readonly deadline: number | undefined;
  readonly since: number;
  /** Only there: it exists there already. */
  readonly pinnedTo: string | undefined;
  /** Why it has no place yet. */
  reason: string;
}

/** What does not change while the program runs. */
export interface Settings {
  readonly serviceName: string;
  readonly role: string;
  readonly principal: string;
  readonly user: string;
  /** Of this installation; in a label of every container. */
  readonly clusterId: string;
  readonly strategy: Strategy;
  /** How long a create waits for an offer. */
  readonly offerTimeoutMs: number;
  /** What a container holds where nothing was asked. */
  readonly defaultCpus: number;
  readonly defaultMemMb: number;
  readonly overcommit: number;
  /** What an executor holds. */
  readonly executorCpus: number;
  readonly executorMemMb: number;
  /** URIs of our own program and of Node, and the PEM key that executors know us by. */
  readonly uris: readonly string[];
  readonly publicKey: string;
}

/** All of it. */
export interface State {
  readonly settings: Settings;
  readonly random: Random;
  frameworkId: string | undefined;
  isSubscribed: boolean;
  readonly nodes: Map<string, Node>;
  readonly health: Map<string, NodeHealth>;
  readonly containers: Map<string, Container>;
  /** Swarm id by name. */
  readonly names: Map<string, string>;
  /** Swarm id by task. */
  readonly tasks: Map<string, string>;
  readonly wants: Map<string, Want>;
  readonly waiting: Map<string, Waiting>;
  /** Nodes that alone can take a container, by what binds it; while it waits. */
  readonly pins: Map<string, readonly Pin[]>;
  readonly offers: Map<string, OfferView>;
  /** ms since 1970 of the first offer since something waits. */
  offersSince: number | undefined;
  /** Who waits for the task of a container to reach its executor. */
  readonly makers: Map<string, string>;
  /** Tasks whose container this very process has an engine make, or is about to. */
  readonly inMaking: Set<string>;
  manners: Manners;
  /** Something was asked since the master was last told. */
  hasFreshDemand: boolean;
  reconciliation: Reconciliation | undefined;
  sweep: Sweep | undefined;
  /** Since when the master knows nothing of a task. */
  readonly unknown: Map<string, number>;
  uninstall: 'no' | 'killing' | 'tearing' | 'done';
  /** ms since 1970: when an uninstall last ordered its kills. */
  killedAt: number;
}

/** A swarm that knows nothing yet. */
export function empty(settings: Settings, random: Random): State {
  return {
    settings,
    random,
    frameworkId: undefined,
    isSubscribed: false,
    nodes: new Map(),
    health: new Map(),
    containers: new Map(),
    names: new Map(),
    tasks: new Map(),
    wants: new Map(),
    waiting: new Map(),
    pins: new Map(),
    offers: new Map(),
    offersSince: undefined,
    makers: new Map(),
    inMaking: new Set(),
    manners: freshManners,
    hasFreshDemand: false,
    reconciliation: undefined,
    sweep: undefined,
    unknown: new Map(),
    uninstall: 'no',
    killedAt: 0,
  };
}

/** Keys of the store. */
export const keys = {
  framework: 'framework',
  node: (agentId: string): string => `node/${agentId}`,
  container: (swarmId: string): string => `container/${swarmId}`,
} as const;

/** The record of a node or container, to be written. */
export const nodeWrite = (node: Node): Write => ({
  key: keys.node(node.agentId),
  value: { ...node } as unknown as Json,
});
/** As `nodeWrite`. */
export const containerWrite = (container: Container): Write => ({
  key: keys.container(container.swarmId),
  value: { ...container } as unknown as Json,
});

/** Takes up what the store holds. */
export function load(state: State, records: ReadonlyMap<string, unknown>, now: number): void {
  const framework = records.get(keys.framework) as { id?: string } | undefined;
  state.frameworkId = framework?.id;
  for (const [key, value] of records) {
    if (key.startsWith('node/')) {
      const node = value as Node;
      state.nodes.set(node.agentId, node);
      healthOf(state, node.agentId);
    }
    if (key.startsWith('container/')) {
      // Records of older versions have no former tasks.
      addContainer(state, { ...{ formerTasks: [] }, ...(value as Container) });
    }
  }
  for (const container of state.containers.values()) {
    if (container.phase === 'placing') awaitPlace(state, container, now);
  }
}

/** Lets a container wait for an offer; where it exists on a node already, for one of that node. */
export function awaitPlace(
  state: State,
  { swarmId, containerId, agentId }: Container,
  now: number,
  request?: { readonly requestId: string; readonly deadline: number },
): void {
  const pinnedTo = containerId === undefined ? undefined : agentId;
  const reason = 'no offer has come yet';
  state.waiting.set(swarmId, {
    swarmId,
    requestId: request?.requestId,
    deadline: request?.deadline,
    since: now,
    pinnedTo,
    reason,
  });
  state.hasFreshDemand = true;
}

/** Takes a container in. */
export function addContainer(state: State, container: Container): void {
  state.containers.set(container.swarmId, container);
  state.names.set(container.name, container.swarmId);
  if (container.taskId !== undefined) state.tasks.set(container.taskId, container.swarmId);
  state.wants.set(container.swarmId, readCreate(container.body).want);
}

/** Forgets a container. */
export function dropContainer(state: State, container: Container): Write {
  const { swarmId, name, taskId } = container;
  state.containers.delete(swarmId);
  if (state.names.get(name) === swarmId) state.names.delete(name);
  if (taskId !== undefined) state.tasks.delete(taskId);
  state.wants.delete(swarmId);
  state.waiting.delete(swarmId);
  state.makers.delete(swarmId);
  state.pins.delete(swarmId);
  return { key: keys.container(swarmId), value: null };
}

/** What is known of a node's health; made where it is not there. */
export function healthOf(state: State, agentId: string): NodeHealth {
  let health = state.health.get(agentId);
  if (health === undefined) {
    health = { facts: undefined, failures: 0, error: undefined, updatedAt: 0, isListed: false };
    state.health.set(agentId, health);
  }
  return health;
}
