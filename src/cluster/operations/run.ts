/** The shell of `operations`: carries its orders out and brings what it learns back as events. */
import { type Clock, systemClock } from '../../core/clock.js';
import { type Driver, drive, type Performers } from '../../core/drive.js';
import { DcosError, messageOf } from '../../core/errors.js';
import type { Logger } from '../../core/logger.js';
import { type Random, systemRandom } from '../../core/random.js';
import type { Store } from '../../core/store/store.js';
import type { ArtifactProgress, Packages } from '../../packages/packages.js';
import type { GetAgents } from '../../wire/mesos/operator.js';
import type { Operation } from '../../wire/operations.js';
import type { Operator } from '../operator.js';
import { type ClusterFacts, withDependencies, withServiceAccount } from './app-facts.js';
import { type Apps, observedApp } from './apps.js';
import { type CleanUpLook, cleanUp, giveBack, leftoverOn, lostIn } from './cleanup.js';
import { wiringOf } from './dependencies.js';
import type { OperationsEffect, OperationsEvent, RequestOutcome } from './events.js';
import { looksAt } from './looks.js';
import { lookEveryMs, rewiring } from './rewire.js';
import {
  type AppFacts,
  type Held,
  loadOperations,
  type OperationsState,
  ticksPerSecond,
} from './state.js';
import { stepOperations } from './step.js';

/** What `operations` works with. */
export interface OperationsOptions {
  readonly store: Store;
  readonly packages: Packages;
  readonly apps: Apps;
  readonly operator: Operator;
  /** What services get to know of the cluster. */
  readonly cluster: ClusterFacts;
  /** Agents that are lost, with the roles that they held resources for when last seen. */
  readonly lostAgents: () => readonly Omit<Held, 'since'>[];
  /** What a service keeps in the store under keys that begin with `prefix`. */
  readonly serviceRecords: (
    account: string,
    prefix: string,
  ) => Promise<ReadonlyMap<string, unknown>>;
  /** Forgets what a service kept in the store. */
  readonly removeNamespace: (account: string) => Promise<void>;
  readonly log: Logger;
  /** The store failed: the process must end and load again. */
  readonly onFatal: (error: unknown) => void;
  readonly clock?: Clock;
  readonly random?: Random;
}

/** Running operations. */
export interface Operations {
  /** To be read only. */
  readonly state: OperationsState;
  /** Asks for an install, update or uninstall under a fresh operation id. */
  request(
    make: (ids: { requestId: string; operationId: string }) => OperationsEvent,
  ): Promise<RequestOutcome>;
  /**
   * The operation once its revision is another than `revision`, or after `waitMs`; `undefined`
   * where there is none.
   */
  watch(id: string, revision: number, waitMs: number): Promise<Operation | undefined>;
  /** Takes a fresh list of agents: what came back is made to give back what it still holds. */
  agentsObserved(agents: GetAgents): void;
  stop(): void;
}

/** Progress of one archive is told so often at most, in ms. */
const progressMs = 150;
/** The most callers that wait for changes. */
const maxWatchers = 1_000;

/** Loads what is installed and goes on with every operation where it was. */
export async function startOperations(options: OperationsOptions): Promise<Operations> {
  const { store, operator, log } = options;
  const clock = options.clock ?? systemClock;
  const random = options.random ?? systemRandom;
  const state = loadOperations(await store.load(''));
  const watchers = new Map<string, Set<() => void>>();
  const wake = (id: string): void => {
    for (const waiting of watchers.get(id) ?? []) waiting();
  };
  const submit = (event: OperationsEvent): void => driver.submit(event);
  const driver: Driver<OperationsEvent> = drive<OperationsState, OperationsEvent, OperationsEffect>(
    {
      state,
      step: stepOperations,
      perform: performers(options, state, submit, wake),
      store,
      clock,
      onFatal: options.onFatal,
    },
  );
  const isRunning = (): boolean =>
    [...state.operations.values()].some(({ operation }) => operation.status === 'running');
  // Ticks count only while they are made: a frozen process makes none, and at most one when it
  // wakes.
  const timer = setInterval(() => {
    if (isRunning()) submit({ type: 'Ticked' });
  }, 1000 / ticksPerSecond);
  const freeing = new Set<string>();
  const request: Operations['request'] = (make) =>
    driver.ask<RequestOutcome>((requestId) => make({ requestId, operationId: random.uuid() }));
  const lookAtNeeds = rewiring({ ...options, state, request });
  const needs = setInterval(() => void lookAtNeeds(), lookEveryMs);

  return {
    state,
    request,
    watch: async (id, revision, waitMs) => {
      const now = state.operations.get(id)?.operation;
      if (now === undefined || now.revision !== revision || waitMs <= 0) return now;
      await nextChange(watchers, id, waitMs);
      return state.operations.get(id)?.operation;
    },
    agentsObserved: ({ agents = [] }) => {
      if (state.held.size === 0) return;
      for (const agent of agents) {
        const id = agent.agent_info.id?.value ?? '';
        const held = state.held.get(id);
        if (held === undefined || agent.active === false || freeing.has(id)) continue;
        const left = leftoverOn(agent, rolesToFree(state, held));
        if (left === undefined) {
          submit({ type: 'HeldFreed', agentId: id });
          continue;
        }
        freeing.add(id);
        giveBack(operator, left)
          .catch((error) =>
            log.warn('a returned agent keeps what it held', { agent: id, error: messageOf(error) }),
          )
          .finally(() => freeing.delete(id));
      }
    },
    stop: () => {
      clearInterval(timer);
      clearInterval(needs);
      driver.stop();
    },
  };
}

/** A service that was installed again since may hold the role anew. */
function rolesToFree(state: OperationsState, held: Held): Set<string> {
  const used = new Set([...state.installed.values()].map(({ facts }) => facts.role));
  return new Set(held.roles.filter((role) => !used.has(role)));
}

function nextChange(
  watchers: Map<string, Set<() => void>>,
  id: string,
  waitMs: number,
): Promise<void> {
  const waiting = watchers.get(id) ?? new Set();
  if (waiting.size >= maxWatchers) {
    throw new DcosError('refused', 'too many callers wait for this operation', { status: 503 });
  }
  watchers.set(id, waiting);
  return new Promise((resolve) => {
    const done = (): void => {
      clearTimeout(timer);
      waiting.delete(done);
      if (waiting.size === 0) watchers.delete(id);
      resolve();
    };
    const timer = setTimeout(done, waitMs);
    waiting.add(done);
  });
}

/** Runs one order to its event; whatever is thrown comes back as an event too. */
type Answer = (operationId: string, work: () => Promise<OperationsEvent>) => void;

function performers(
  options: OperationsOptions,
  state: OperationsState,
  submit: (event: OperationsEvent) => void,
  wake: (id: string) => void,
): Performers<OperationsEffect> {
  const { log } = options;
  const answer: Answer = (operationId, work) => {
    work()
      .catch((error: unknown): OperationsEvent => {
        if (!(error instanceof DcosError)) {
          log.error('an order failed unexpectedly', { operationId, error: messageOf(error) });
        }
        const final = !isPassing(error);
        const asset = failedAssetOf(error);
        return {
          type: 'EffectFailed',
          operationId,
          reason: reasonOf(error),
          final,
          ...(asset === undefined ? {} : { asset }),
        };
      })
      .then(submit)
      .catch((error) => log.warn('what was learnt came too late', { error: messageOf(error) }));
  };
  return {
    ...fetching(options, submit, answer),
    ...appOrders(options, answer),
    ObserveDependencies: ({ operationId, dependencies }) =>
      answer(operationId, async () => ({
        type: 'DependenciesObserved',
        operationId,
        ...wiringOf(state, dependencies, await looksAt(options.apps, dependencies)),
      })),
    CleanUp: ({ operationId, facts }) =>
      answer(operationId, async () => ({
        type: 'CleanedUp',
        operationId,
        ...(await cleanUpService(options, state, facts)),
      })),
    Announce: ({ operationId }) => wake(operationId),
  };
}

/**
 * Cleans up after a service, and forgets its records last: not before what lost agents hold, which
 * only they may tell, is kept as `held/<agentId>`.
 */
async function cleanUpService(
  { operator, lostAgents, serviceRecords, removeNamespace }: OperationsOptions,
  state: OperationsState,
  facts: AppFacts,
): Promise<CleanUpLook> {
  const { account } = facts;
  const noted = account === undefined ? [] : lostIn(await serviceRecords(account, 'lost/'));
  const look = await cleanUp(operator, facts, [...noted, ...lostAgents()]);
  if (look.waiting !== undefined || account === undefined) return look;
  const kept = look.held.every(({ agentId, roles }) =>
    roles.every((role) => state.held.get(agentId)?.roles.includes(role)),
  );
  if (!kept) return { ...look, waiting: 'what lost agents hold is written down' };
  await removeNamespace(account);
  return look;
}

function fetching(
  { packages, clock = systemClock }: OperationsOptions,
  submit: (event: OperationsEvent) => void,
  answer: Answer,
): Pick<Performers<OperationsEffect>, 'FetchArtifacts' | 'AbortFetch'> {
  const fetches = new Map<string, AbortController>();
  return {
    FetchArtifacts: ({ operationId, release, assets }) => {
      const abort = new AbortController();
      fetches.set(operationId, abort);
      const tell = thinned(clock, (progress) =>
        submit({ type: 'ArtifactProgressed', operationId, ...progress }),
      );
      answer(operationId, async () => {
        try {
          const urls = await packages.fetchArtifacts(release, tell, abort.signal, assets);
          return { type: 'ArtifactsFetched', operationId, urls };
        } finally {
          fetches.delete(operationId);
        }
      });
    },
    AbortFetch: ({ operationId }) => fetches.get(operationId)?.abort(),
  };
}

function appOrders(
  { packages, apps, cluster }: OperationsOptions,
  answer: Answer,
): Omit<
  Performers<OperationsEffect>,
  'FetchArtifacts' | 'AbortFetch' | 'ObserveDependencies' | 'CleanUp' | 'Announce'
> {
  return {
    SubmitApp: ({ operationId, appId, release, userOptions, assetUrls, dependencyEnv }) =>
      answer(operationId, async () => {
        const app = await packages.render(release, userOptions, assetUrls, appId);
        await apps.put(appId, withServiceAccount(withDependencies(app, dependencyEnv), cluster));
        return { type: 'AppSubmitted', operationId };
      }),
    OrderUninstall: ({ operationId, appId }) =>
      answer(operationId, async () => {
        await apps.orderUninstall(appId);
        return { type: 'AppSubmitted', operationId };
      }),
    ObserveApp: ({ operationId, appId }) =>
      answer(operationId, async () => {
        const app = await apps.get(appId);
        return { type: 'AppObserved', operationId, app: app && observedApp(app) };
      }),
    ObservePlan: ({ operationId, serviceName }) =>
      answer(operationId, async () => ({
        type: 'PlanObserved',
        operationId,
        plan: await apps.plan(serviceName),
      })),
    CollectEndpoints: ({ operationId, appId, facts, notes }) =>
      answer(operationId, async () => ({
        type: 'EndpointsCollected',
        operationId,
        endpoints: await endpointsOf(apps, appId, facts.hasPlan ? facts.serviceName : undefined),
        ...(notes === undefined ? {} : { notes }),
      })),
    DeleteApp: ({ operationId, appId }) =>
      answer(operationId, async () => {
        await apps.remove(appId);
        const app = await apps.get(appId);
        return { type: 'AppObserved', operationId, app: app && observedApp(app) };
      }),
  };
}

async function endpointsOf(apps: Apps, appId: string, serviceName: string | undefined) {
  if (serviceName !== undefined) return apps.endpoints(serviceName);
  const addresses = ((await apps.get(appId))?.tasks ?? []).flatMap(({ host, ports }) =>
    (ports ?? []).map((port) => `${host ?? ''}:${port}`),
  );
  return addresses.length === 0 ? [] : [{ name: appId.slice(1), addresses }];
}

/** Whether it may be otherwise the next time. */
function isPassing(error: unknown): boolean {
  return error instanceof DcosError && (error.code === 'unreachable' || error.code === 'timeout');
}

function reasonOf(error: unknown): string {
  const hint = error instanceof DcosError && error.hint !== undefined ? ` (${error.hint})` : '';
  return messageOf(error) + hint;
}

/** The asset that `fetchArtifacts` of packages names in the data of its errors. */
function failedAssetOf(error: unknown): string | undefined {
  if (!(error instanceof DcosError) || typeof error.data !== 'object') return undefined;
  const asset = (error.data as { asset?: unknown } | null)?.asset;
  return typeof asset === 'string' ? asset : undefined;
}

/** Lets the first, the last and now and then one report of each archive through. */
function thinned(
  clock: Pick<Clock, 'monotonic'>,
  tell: (progress: ArtifactProgress) => void,
): (progress: ArtifactProgress) => void {
  const told = new Map<string, number>();
  return (progress) => {
    const now = clock.monotonic();
    const last = told.get(progress.asset) ?? Number.NEGATIVE_INFINITY;
    if (!progress.complete && now - last < progressMs) return;
    told.set(progress.asset, now);
    tell(progress);
  };
}
