/**
 * Runs the elastic part beside a service's scheduler: a framework of its own (its tasks hold no
 * reservation, so its offers are its own affair), and a look at Spark's pages every second while a
 * job is under way.
 */
import { systemClock } from '../../core/clock.js';
import { type Driver, drive } from '../../core/drive.js';
import { messageOf } from '../../core/errors.js';
import { callJson } from '../../core/http/request.js';
import type { Route } from '../../core/http/server.js';
import type { Logger } from '../../core/logger.js';
import { systemRandom } from '../../core/random.js';
import { prefixedStore } from '../../core/store/prefixed.js';
import type { Store } from '../../core/store/store.js';
import { type Connection, createConnection } from '../../framework/connection.js';
import type { FrameworkInfo, SchedulerEvent } from '../../wire/mesos/scheduler.js';
import type { Surroundings } from '../io.js';
import type { ElasticEffect, ElasticEvent, Observation } from './events.js';
import { elasticRoutes } from './http.js';
import { askedIn, workersIn } from './observe.js';
import { type ElasticSettings, settingsOf } from './settings.js';
import { type ElasticState, elasticStateOf, isEnded } from './state.js';
import { elasticStep } from './step.js';

/** A standalone master of Spark, as the service's own pods have it. */
export interface MasterPlace {
  readonly address: string;
  readonly rpcPort: number;
  readonly uiPort: number;
}

/** What the elastic part needs of the scheduler that it is a part of. */
export interface ElasticOptions {
  readonly surroundings: Surroundings;
  /** The service's namespace; this part keeps its records below `elastic/`. */
  readonly store: Store;
  readonly log: Logger;
  /** Where the masters are now. */
  readonly masters: () => readonly MasterPlace[];
  /** What masters, workers and drivers know each other by. */
  readonly secret: () => string;
}

/** A running elastic part. */
export interface ElasticPart {
  readonly routes: readonly Route[];
  stop(): void;
}

const failoverTimeoutSeconds = 604_800;
const lookMs = 1_000;
const longestSleepMs = 60_000;
const pageBytes = 8 * 1024 * 1024;
const pageTimeoutMs = 3_000;

const roleOf = ({ serviceName }: Surroundings): string =>
  `${serviceName.replaceAll('/', '__')}-jobs-role`;

function frameworkOf(surroundings: Surroundings): FrameworkInfo {
  return {
    user: surroundings.user,
    name: `${surroundings.serviceName}-jobs`,
    hostname: surroundings.host,
    roles: [roleOf(surroundings)],
    principal: surroundings.mesos.principal,
    failover_timeout: failoverTimeoutSeconds,
    checkpoint: true,
    capabilities: [
      { type: 'MULTI_ROLE' },
      { type: 'RESERVATION_REFINEMENT' },
      { type: 'PARTITION_AWARE' },
      { type: 'TASK_KILLING_STATE' },
    ],
  };
}

/** Starts it from its records. */
export async function startElastic(options: ElasticOptions): Promise<ElasticPart> {
  const { surroundings, log } = options;
  const settings = settingsOf(surroundings.env);
  const store = prefixedStore(options.store, 'elastic/');
  const state = elasticStateOf(
    {
      serviceName: surroundings.serviceName,
      role: roleOf(surroundings),
      random: systemRandom,
      sparkVersion: settings.sparkVersion,
    },
    await store.load(''),
  );
  const runner = new Runner(options, state);
  const driver = drive<ElasticState, ElasticEvent, ElasticEffect>({
    state,
    step: elasticStep({
      settings,
      get secret() {
        return options.secret();
      },
    }),
    store,
    clock: systemClock,
    perform: {
      Send: ({ call }) => runner.connection.send(call),
      SubscribeAnew: () => runner.connection.subscribe(undefined),
      WakeAt: ({ at }) => runner.wakeAt(at),
    },
    onFatal: (error) => {
      log.error('the scheduler ends and starts again from its records', {
        error: messageOf(error),
      });
      process.exit(1);
    },
  });
  return runner.start(driver, settings);
}

/**
 * Ends all jobs of a service that is uninstalled: its framework is torn down, with every driver and
 * worker, and its records are erased.
 */
export async function eraseElastic({ surroundings, store, log }: ElasticOptions): Promise<void> {
  const records = await store.load('elastic/');
  if (records.size === 0) return;
  const id = (records.get('elastic/framework') as { id?: string } | undefined)?.id;
  if (id !== undefined) await tearDown(surroundings, log, id);
  await store.commit([...records.keys()].map((key) => ({ key, value: null })));
}

function tearDown(surroundings: Surroundings, log: Logger, id: string): Promise<void> {
  return new Promise((resolve) => {
    const connection = createConnection({
      ...connectionOf(surroundings, log),
      onEvent: (event) => {
        if (event.type === 'SUBSCRIBED') {
          connection.send({ type: 'TEARDOWN' });
          void connection.flushed().then(() => {
            connection.stop();
            resolve();
          });
        }
        // The master does not know it any more: there is nothing to tear down.
        if (event.type === 'ERROR') {
          connection.stop();
          resolve();
        }
      },
      onDisconnected: () => {},
    });
    connection.subscribe(id);
  });
}

function connectionOf(
  surroundings: Surroundings,
  log: Logger,
): Omit<Parameters<typeof createConnection>[0], 'onEvent' | 'onDisconnected'> {
  return {
    mesosUrl: surroundings.mesosUrl,
    framework: frameworkOf(surroundings),
    ...surroundings.mesos,
    clock: systemClock,
    random: systemRandom,
    log,
  };
}

/** What `step` cannot hold: the connection, the timers, the looks at Spark's pages. */
class Runner {
  readonly connection: Connection;
  readonly #options: ElasticOptions;
  readonly #state: ElasticState;
  #driver: Driver<ElasticEvent> | undefined;
  #timer: NodeJS.Timeout | undefined;
  #looks: NodeJS.Timeout | undefined;
  #masters = '';

  constructor(options: ElasticOptions, state: ElasticState) {
    this.#options = options;
    this.#state = state;
    this.connection = createConnection({
      ...connectionOf(options.surroundings, options.log),
      onEvent: (event) => this.#receive(event),
      onDisconnected: () => this.#submit({ type: 'Disconnected' }),
    });
  }

  start(driver: Driver<ElasticEvent>, settings: ElasticSettings): ElasticPart {
    this.#driver = driver;
    this.connection.subscribe(this.#state.frameworkId);
    this.#lookAgain();
    return {
      routes: elasticRoutes(this.#state, driver, settings),
      stop: () => {
        clearTimeout(this.#timer);
        clearTimeout(this.#looks);
        this.connection.stop();
        driver.stop();
      },
    };
  }

  wakeAt(at: number): void {
    clearTimeout(this.#timer);
    const delayMs = Math.min(Math.max(0, at - systemClock.now()), longestSleepMs);
    this.#timer = setTimeout(() => this.#submit({ type: 'Ticked' }), delayMs);
  }

  #lookAgain(): void {
    this.#looks = setTimeout(() => void this.#look().finally(() => this.#lookAgain()), lookMs);
  }

  async #look(): Promise<void> {
    const places = this.#options.masters();
    const masters = places.map(({ address, rpcPort }) => `${address}:${rpcPort}`);
    if (masters.join() !== this.#masters) {
      this.#masters = masters.join();
      this.#submit({ type: 'MastersFound', masters });
    }
    const { submissions, workers } = this.#state;
    const running = [...submissions.values()].filter(
      (submission) => !isEnded(submission) && submission.task?.state === 'TASK_RUNNING',
    );
    if (running.length === 0 && workers.size === 0) return;
    const [pages, asked] = await Promise.all([
      Promise.all(places.map(({ address, uiPort }) => page(`http://${address}:${uiPort}/json/`))),
      Promise.all(
        running.map(async ({ id, task }) => {
          const url = `http://${task?.address}:${task?.ports.ui}/metrics/json/`;
          return [id, askedIn(await page(url))] as const;
        }),
      ),
    ]);
    const seen: Observation = {
      asked: asked.flatMap(([id, count]) => (count === undefined ? [] : [[id, count] as const])),
      workers: pages.map(workersIn).find((found) => found !== undefined),
    };
    this.#submit({ type: 'Observed', ...seen });
  }

  #submit(event: ElasticEvent): void {
    try {
      this.#driver?.submit(event);
    } catch (error) {
      const fields = { event: event.type, error: messageOf(error) };
      this.#options.log.warn('an event was dropped', fields);
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
    this.#options.log.error('the master ended the subscription of jobs', { message });
    if (/removed|completed/i.test(message)) {
      this.#submit({ type: 'FrameworkRemoved' });
      return;
    }
    process.exit(1);
  }
}

/** A page of Spark's; `undefined` while it cannot be had: the process is starting or ending. */
async function page(url: string): Promise<unknown> {
  try {
    const options = { method: 'GET', url, timeoutMs: pageTimeoutMs, maxBytes: pageBytes };
    const answer = await callJson(options);
    return answer.status === 200 ? answer.json : undefined;
  } catch {
    return undefined;
  }
}
