/** Runs a swarm: its store, its framework, its API, and the loop between them. */
import { userInfo } from 'node:os';
import { systemClock } from '../core/clock.js';
import { basicAuthorization } from '../core/credentials.js';
import { type Driver, drive } from '../core/drive.js';
import { DcosError, messageOf } from '../core/errors.js';
import { callJson } from '../core/http/request.js';
import type { Server } from '../core/http/server.js';
import { trustAuthority } from '../core/http/trust.js';
import { createLogger, type Logger } from '../core/logger.js';
import { systemRandom } from '../core/random.js';
import type { RunningServer } from '../core/running.js';
import { openHttpStore } from '../core/store/http.js';
import type { Store } from '../core/store/store.js';
import { tokenSource } from '../framework/account.js';
import { type Connection, createConnection } from '../framework/connection.js';
import {
  type Environment,
  type ServiceEnvironment,
  serviceEnvironmentOf,
} from '../framework/service-environment.js';
import { getAgentsSchema } from '../wire/mesos/operator.js';
import type { SchedulerEvent } from '../wire/mesos/scheduler.js';
import { listedAgents } from './agents.js';
import { ownEvent } from './api/events.js';
import { serve } from './http.js';
import type { Effect, Event } from './messages.js';
import { allowancesOf, settingsOf } from './settings.js';
import { makeAgain, resume } from './shell/again.js';
import type { Swarm } from './shell/context.js';
import { Engines } from './shell/engines.js';
import { EventHub } from './shell/hub.js';
import { type ManagerKeys, openKeys } from './shell/keys.js';
import { ownRoutes } from './shell/own-routes.js';
import { Watch } from './shell/watch.js';
import { empty, load, type State } from './state.js';
import { step } from './step.js';

const tickMs = 100;
const agentsMs = 5_000;
const failoverSeconds = 7 * 24 * 3_600;
const capabilities = [
  'MULTI_ROLE',
  'RESERVATION_REFINEMENT',
  'PARTITION_AWARE',
  'TASK_KILLING_STATE',
  'REGION_AWARE',
];

/** Starts it from the environment; it serves once this resolves. Throws `usage`. */
export async function runManager(env: Environment): Promise<RunningServer> {
  const surroundings = serviceEnvironmentOf(env);
  const log = createLogger('swarm');
  if (surroundings.mesosAuthority !== undefined) trustAuthority(surroundings.mesosAuthority);
  const { principal, controlUrl: url } = surroundings;
  const token = tokenSource(surroundings, systemClock.now);
  const store = await openHttpStore({ url, namespace: principal, token, log });
  const records = await store.load('');
  const keys = await openKeys(store, records);
  const clusterId = await clusterIdOf(store, records);
  const user = userInfo().username;
  const settings = settingsOf(env, surroundings, { clusterId, user, publicKey: keys.publicKey });
  const state = empty(settings, systemRandom);
  load(state, records, systemClock.now());
  const manager = new Manager(surroundings, env, state, store, keys, log);
  const server = await manager.start();
  return { host: server.host, port: server.port, stop: () => manager.stop() };
}

async function clusterIdOf(store: Store, records: ReadonlyMap<string, unknown>): Promise<string> {
  const known = (records.get('cluster') as { id?: string } | undefined)?.id;
  if (known !== undefined) return known;
  const id = systemRandom.uuid();
  await store.commit([{ key: 'cluster', value: { id } }]);
  return id;
}

class Manager {
  readonly #surroundings: ServiceEnvironment;
  readonly #state: State;
  readonly #store: Store;
  readonly #keys: ManagerKeys;
  readonly #log: Logger;
  readonly #driver: Driver<Event>;
  readonly #connection: Connection;
  readonly #swarm: Swarm;
  readonly #timers: NodeJS.Timeout[] = [];
  #server: Server | undefined;
  #isErased = false;

  constructor(
    surroundings: ServiceEnvironment,
    env: Environment,
    state: State,
    store: Store,
    keys: ManagerKeys,
    log: Logger,
  ) {
    this.#surroundings = surroundings;
    this.#state = state;
    this.#store = store;
    this.#keys = keys;
    this.#log = log;
    this.#connection = this.#connect();
    const engines = new Engines(state, keys);
    const hub = new EventHub();
    this.#driver = this.#drive(() => this.#swarm);
    const watch = new Watch({ state, engines, hub, log, submit: (event) => this.#submit(event) });
    const driver = this.#driver;
    const allowances = allowancesOf(env);
    const execs = new Map<string, string>();
    this.#swarm = {
      state,
      driver,
      engines,
      hub,
      watch,
      allowances,
      log,
      random: systemRandom,
      execs,
    };
  }

  async start(): Promise<Server> {
    const { host, port, publicKey, uninstalling, serviceName } = this.#surroundings;
    const progress = {
      isSubscribed: () => this.#state.isSubscribed,
      isUninstalling: uninstalling,
      isTorn: () => this.#state.uninstall === 'done',
      isErased: () => this.#isErased,
    };
    this.#server = await serve({
      swarm: this.#swarm,
      host,
      port,
      publicKeys: [publicKey, this.#keys.publicKey],
      routes: ownRoutes(this.#swarm, this.#keys, progress, `tcp://${host}:${port}`),
    });
    this.#log.info(uninstalling ? 'uninstalling' : 'started', { service: serviceName, port });
    if (uninstalling) {
      this.#submit({ type: 'UninstallRequested' });
      await this.#driver.idle();
      if (this.#state.uninstall === 'done') void this.#erase();
    }
    if (this.#state.uninstall !== 'done') this.#connection.subscribe(this.#state.frameworkId);
    this.#timers.push(setInterval(() => this.#submit({ type: 'Ticked' }), tickMs));
    if (!uninstalling) {
      void this.#listAgents();
      this.#timers.push(setInterval(() => void this.#listAgents(), agentsMs));
    }
    return this.#server;
  }

  async stop(): Promise<void> {
    for (const timer of this.#timers) clearInterval(timer);
    this.#swarm.watch.close();
    await this.#server?.close();
    await this.#driver.idle();
    this.#driver.stop();
    this.#connection.stop();
  }

  #submit(event: Event): void {
    try {
      this.#driver.submit(event);
    } catch (error) {
      this.#log.warn('an event was dropped', { event: event.type, error: messageOf(error) });
    }
  }

  #drive(swarm: () => Swarm): Driver<Event> {
    return drive<State, Event, Effect>({
      state: this.#state,
      step,
      store: this.#store,
      clock: systemClock,
      perform: {
        Send: ({ call }) => this.#connection.send(call),
        Subscribe: ({ frameworkId }) => this.#connection.subscribe(frameworkId),
        Teardown: () => void this.#teardown(),
        PlaceSoon: () => void setImmediate(() => this.#submit({ type: 'PlacementDue' })),
        MakeAgain: ({ swarmId }) => void makeAgain(swarm(), swarmId),
        Resume: ({ swarmId }) => void resume(swarm(), swarmId),
        RemoveStray: ({ agentId, containerId }) => void this.#removeStray(agentId, containerId),
        Announce: ({ action, agentId, swarmId, text }) => {
          const name = this.#state.nodes.get(agentId)?.name ?? agentId;
          this.#log.info(action, { node: name, text });
          const about = { text, ...(swarmId === undefined ? {} : { swarmId }) };
          swarm().hub.publish(ownEvent(action, name, about, systemClock.now()));
        },
      },
      onFatal: (error) => {
        this.#log.error('the manager ends and starts again from its records', {
          error: messageOf(error),
          stack: error instanceof Error ? error.stack : undefined,
        });
        process.exit(1);
      },
    });
  }

  #connect(): Connection {
    const { serviceName, host, mesos, role, mesosUrl } = this.#surroundings;
    return createConnection({
      mesosUrl,
      framework: {
        user: userInfo().username,
        name: serviceName,
        hostname: host,
        principal: mesos.principal,
        roles: [role],
        checkpoint: true,
        failover_timeout: failoverSeconds,
        capabilities: capabilities.map((type) => ({ type })),
      },
      ...mesos,
      clock: systemClock,
      random: systemRandom,
      log: this.#log,
      onEvent: (event) => this.#receive(event),
      onDisconnected: () => this.#submit({ type: 'Disconnected' }),
    });
  }

  #receive(event: SchedulerEvent): void {
    switch (event.type) {
      case 'SUBSCRIBED':
        this.#submit({ type: 'Subscribed', frameworkId: event.subscribed.framework_id.value });
        void this.#listAgents();
        break;
      case 'OFFERS':
        this.#submit({ type: 'OffersReceived', offers: event.offers.offers });
        break;
      case 'RESCIND':
        this.#submit({ type: 'OfferRescinded', offerId: event.rescind.offer_id.value });
        break;
      case 'UPDATE':
        this.#submit({ type: 'StatusReceived', status: event.update.status });
        break;
      case 'FAILURE':
        void this.#listAgents();
        break;
      case 'ERROR':
        this.#refused(event.error.message);
        break;
      default:
        break;
    }
  }

  #refused(message: string): void {
    this.#log.error('the master ended the subscription', { message });
    if (/removed|completed/i.test(message)) this.#submit({ type: 'FrameworkRemoved' });
    // Another manager of this swarm has taken over, or the master will never take us.
    else process.exit(1);
  }

  async #listAgents(): Promise<void> {
    const { mesosUrl, mesos } = this.#surroundings;
    try {
      const { status, json } = await callJson({
        method: 'POST',
        url: `${mesosUrl}/api/v1`,
        headers: { authorization: basicAuthorization(mesos.principal, mesos.secret) },
        json: { type: 'GET_AGENTS' },
      });
      const found = getAgentsSchema.safeParse((json as { get_agents?: unknown })?.get_agents);
      if (status !== 200 || !found.success) throw new DcosError('failed', `it answered ${status}`);
      this.#submit({ type: 'AgentsListed', agents: listedAgents(found.data) });
    } catch (error) {
      this.#log.warn('the agents are not known at the moment', { error: messageOf(error) });
    }
  }

  async #removeStray(agentId: string, containerId: string): Promise<void> {
    const node = this.#state.nodes.get(agentId);
    if (node === undefined) return;
    this.#log.info('a container that is nobody’s any more is removed', { containerId });
    try {
      await this.#swarm.engines.call(node, 'DELETE', `/containers/${containerId}?force=1`);
    } catch (error) {
      // The next time that its node is taken up it is found again.
      this.#log.warn('it could not be removed', { containerId, error: messageOf(error) });
    }
  }

  async #teardown(): Promise<void> {
    this.#connection.send({ type: 'TEARDOWN' });
    await this.#connection.flushed();
    this.#connection.stop();
    this.#submit({ type: 'FrameworkRemoved' });
    await this.#erase();
  }

  /** Erases all records. A restart in between begins again and finds less to do. */
  async #erase(): Promise<void> {
    try {
      await this.#driver.idle();
      const records = await this.#store.load('');
      await this.#store.commit([...records.keys()].map((key) => ({ key, value: null })));
      this.#isErased = true;
      this.#log.info('the framework is torn down, all records are erased');
    } catch (error) {
      this.#log.error('uninstalling failed', { error: messageOf(error) });
      process.exit(1);
    }
  }
}
