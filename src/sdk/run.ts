/**
 * Runs the scheduler of a declarative service: its store, its API, its framework, and the loop
 * between them.
 */
import { systemClock } from '../core/clock.js';
import { secretOf } from '../core/credentials.js';
import { type Driver, drive } from '../core/drive.js';
import { messageOf } from '../core/errors.js';
import { type Route, type Server, startServer } from '../core/http/server.js';
import { trustAuthority } from '../core/http/trust.js';
import { createLogger, type Logger } from '../core/logger.js';
import { systemRandom } from '../core/random.js';
import type { RunningServer } from '../core/running.js';
import { openHttpStore } from '../core/store/http.js';
import type { Store } from '../core/store/store.js';
import { tokenOf, verifyToken } from '../core/tokens.js';
import { tokenSource } from '../framework/account.js';
import { type Connection, createConnection } from '../framework/connection.js';
import type { Environment } from '../framework/service-environment.js';
import type { FrameworkInfo, SchedulerEvent } from '../wire/mesos/scheduler.js';
import type { ZookeeperNodes } from '../wire/service-spec.js';
import type { ElasticPart, MasterPlace } from './elastic/run.js';
import type { Effect, Event } from './events.js';
import { commandsRoute, serviceRoutes } from './http.js';
import { readCommands, readConfiguration, type Surroundings, surroundingsOf } from './io.js';
import { createJournal, type JournalLine } from './journal.js';
import { issueKeys } from './shell/issue.js';
import { type State, stateOf } from './state.js';
import { step } from './step.js';

/** Seconds for which the master keeps the tasks of a scheduler that is away: a week (DESIGN §5). */
const failoverTimeoutSeconds = 604_800;
/** The longest that a timer sleeps, so that a clock that is set does no lasting harm. */
const longestSleepMs = 60_000;

/**
 * Starts the scheduler from the environment and the working folder; it serves once this resolves.
 */
export async function runService(
  env: Environment = process.env,
  folder = 'service',
): Promise<RunningServer> {
  const surroundings = surroundingsOf(env);
  const log = createLogger('service');
  if (surroundings.mesosAuthority !== undefined) trustAuthority(surroundings.mesosAuthority);
  const token = tokenSource(surroundings, systemClock.now);
  const store = await openHttpStore({
    url: surroundings.controlUrl,
    namespace: surroundings.principal,
    token,
    log,
  });
  const { serviceName, role, mesos, host, port, uninstalling } = surroundings;
  const { principal } = mesos;
  const secret = secretOf(surroundings.secret, 'tasks').slice(0, 32);
  const options = { serviceName, role, principal, secret, uninstalling, random: systemRandom };
  const state = stateOf({ ...options, api: { host, port } }, await store.load(''));
  const elastic = await elasticPart(surroundings, state, store, log);
  const runner = new Runner(surroundings, state, token, log);
  runner.moreRoutes = elastic?.routes ?? [];
  const journal = createJournal(state, surroundings.mesosUrl);
  const driver = drive<State, Event, ShellEffect>({
    state,
    // Told behind all else: a line never speaks of what is not durable.
    step: (current, event, now) => [
      ...step(current, event, now),
      ...journal.after(event).map((line): Told => ({ type: 'Tell', line })),
    ],
    store,
    clock: systemClock,
    perform: {
      Send: ({ call }) => runner.connection.send(call),
      SubscribeAnew: () => runner.connection.subscribe(undefined),
      Teardown: () => void runner.teardown(),
      RemoveZnodes: ({ nodes }) => void runner.removeZnodes(nodes),
      WakeAt: ({ at }) => runner.wakeAt(at),
      IssueKeys: (order) => void runner.issueKeys(order),
      Tell: ({ line: { level, message, fields } }) => log[level](message, fields),
    },
    onFatal: (error) => {
      log.error('the scheduler ends and starts again from its records', {
        error: messageOf(error),
        stack: error instanceof Error ? error.stack : undefined,
      });
      process.exit(1);
    },
  });
  const server = await runner.start(driver, folder);
  const stop = async (): Promise<void> => {
    elastic?.stop();
    await runner.stop();
  };
  return { host: server.host, port: server.port, stop };
}

/** The part that runs jobs, for packages that have jobs (`DCOS_ELASTIC=spark`). */
async function elasticPart(
  surroundings: Surroundings,
  state: State,
  store: Store,
  log: Logger,
): Promise<ElasticPart | undefined> {
  if (surroundings.env.DCOS_ELASTIC !== 'spark') return undefined;
  const { eraseElastic, startElastic } = await import('./elastic/run.js');
  const masters = (): MasterPlace[] =>
    [...state.instances.values()].flatMap(({ pod, reservation }) => {
      const { rpc, ui } = reservation?.ports ?? {};
      if (pod !== 'master' || reservation === undefined || !rpc || !ui) return [];
      return [{ address: reservation.place.address, rpcPort: rpc, uiPort: ui }];
    });
  const options = { surroundings, store, log, masters, secret: () => state.serviceUuid };
  if (!surroundings.uninstalling) return startElastic(options);
  await eraseElastic(options);
  return undefined;
}

/** A line for the log, behind the effects that it speaks of. */
interface Told {
  readonly type: 'Tell';
  readonly line: JournalLine;
}
type ShellEffect = Effect | Told;

/** What `step` cannot hold: the connection, the timer, the server. */
class Runner {
  readonly connection: Connection;
  /** Besides those of every service. */
  moreRoutes: readonly Route[] = [];
  readonly #surroundings: Surroundings;
  readonly #state: State;
  readonly #token: () => Promise<string>;
  readonly #log: Logger;
  #driver: Driver<Event> | undefined;
  #server: Server | undefined;
  #timer: NodeJS.Timeout | undefined;

  constructor(surroundings: Surroundings, state: State, token: () => Promise<string>, log: Logger) {
    this.#surroundings = surroundings;
    this.#token = token;
    this.#state = state;
    this.#log = log;
    this.connection = createConnection({
      mesosUrl: surroundings.mesosUrl,
      framework: frameworkInfo(surroundings),
      ...surroundings.mesos,
      clock: systemClock,
      random: systemRandom,
      log,
      onEvent: (event) => this.#receive(event),
      onDisconnected: () => this.#submit({ type: 'Disconnected' }),
    });
  }

  async start(driver: Driver<Event>, folder: string): Promise<Server> {
    this.#driver = driver;
    const { host, port, publicKey } = this.#surroundings;
    const commands = readCommands(folder, this.#surroundings);
    const server = await startServer({
      host,
      port,
      routes: [...serviceRoutes(this.#state, driver), commandsRoute(commands), ...this.moreRoutes],
      authenticate: async (headers) => {
        const token = tokenOf(headers.authorization);
        return token === undefined ? undefined : verifyToken(token, publicKey, systemClock.now());
      },
      wwwAuthenticate: 'acsjwt',
      log: this.#log,
    });
    this.#server = server;
    const { serviceName, uninstalling: leaving } = this.#surroundings;
    this.#log.info(leaving ? 'uninstalling' : 'started', { service: serviceName, port });
    if (this.#state.uninstalling) driver.submit({ type: 'Ticked' });
    else driver.submit(readConfiguration(folder, this.#surroundings));
    await driver.idle();
    // An uninstalled service that left nothing must not register again only to be torn down.
    const { uninstalling, frameworkId, instances, leftovers } = this.#state;
    const held = frameworkId !== undefined || instances.size > 0 || leftovers.size > 0;
    if (!uninstalling || held) this.connection.subscribe(frameworkId);
    return server;
  }

  async stop(): Promise<void> {
    clearTimeout(this.#timer);
    this.connection.stop();
    this.#driver?.stop();
    await this.#server?.close();
  }

  wakeAt(at: number): void {
    clearTimeout(this.#timer);
    const delayMs = Math.min(Math.max(0, at - systemClock.now()), longestSleepMs);
    this.#timer = setTimeout(() => this.#submit({ type: 'Ticked' }), delayMs);
  }

  async teardown(): Promise<void> {
    if (this.#state.frameworkId !== undefined) {
      this.connection.send({ type: 'TEARDOWN' });
      await this.connection.flushed();
    }
    this.connection.stop();
    this.#submit({ type: 'Erased' });
  }

  /** Makes key material; whatever comes of it comes back as an event. */
  async issueKeys(order: Extract<Effect, { type: 'IssueKeys' }>): Promise<void> {
    const { asset, address } = order;
    const { controlUrl } = this.#surroundings;
    try {
      const files = await issueKeys(order, {
        controlUrl,
        token: this.#token,
        now: systemClock.now,
      });
      this.#submit({ type: 'KeysIssued', asset, address, files });
    } catch (error) {
      this.#log.warn('no key material could be had', { task: asset, error: messageOf(error) });
      this.#submit({ type: 'KeysRefused', asset, reason: messageOf(error) });
    }
  }

  async removeZnodes(nodes: ZookeeperNodes): Promise<void> {
    try {
      // Only an uninstall ever needs it.
      const { removeZnodes } = await import('./shell/zookeeper.js');
      await removeZnodes(nodes);
      this.#submit({ type: 'ZnodesRemoved' });
    } catch (error) {
      this.#submit({ type: 'ZnodesRemoved', error: messageOf(error) });
    }
  }

  #submit(event: Event): void {
    try {
      this.#driver?.submit(event);
    } catch (error) {
      this.#log.warn('an event was dropped', { event: event.type, error: messageOf(error) });
    }
  }

  #receive(event: SchedulerEvent): void {
    switch (event.type) {
      case 'SUBSCRIBED':
        this.#submit({ type: 'Subscribed', frameworkId: event.subscribed.framework_id.value });
        break;
      case 'OFFERS':
        this.#submit({ type: 'OffersReceived', offers: event.offers.offers });
        break;
      case 'UPDATE':
        this.#submit({ type: 'TaskUpdated', status: event.update.status });
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
    if (/removed|completed/i.test(message)) {
      this.#submit({ type: 'FrameworkRemoved' });
      return;
    }
    // Another scheduler of this service has taken over, or the master will never take us: the
    // starter decides.
    process.exit(1);
  }
}

function frameworkInfo({ serviceName, role, mesos, user, host }: Surroundings): FrameworkInfo {
  return {
    user,
    name: serviceName,
    hostname: host,
    roles: [role],
    principal: mesos.principal,
    failover_timeout: failoverTimeoutSeconds,
    checkpoint: true,
    capabilities: [
      { type: 'MULTI_ROLE' },
      { type: 'RESERVATION_REFINEMENT' },
      { type: 'PARTITION_AWARE' },
      { type: 'TASK_KILLING_STATE' },
      { type: 'SHARED_RESOURCES' },
    ],
  };
}
