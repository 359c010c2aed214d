/**
 * The shell of `services`: loads the store, drives `step`, carries effects to the master and
 * events back.
 */
import { userInfo } from 'node:os';
import type { Clock } from '../core/clock.js';
import { type Driver, drive } from '../core/drive.js';
import { DcosError, messageOf } from '../core/errors.js';
import type { Logger } from '../core/logger.js';
import { systemRandom } from '../core/random.js';
import type { Store } from '../core/store/store.js';
import { type Connection, createConnection } from '../framework/connection.js';
import type { FrameworkInfo, SchedulerEvent } from '../wire/mesos/scheduler.js';
import type { TaskInfo } from '../wire/mesos/task.js';
import type { ChangeResult } from './changes.js';
import { createEventHub, type EventHub } from './events.js';
import { linesOf } from './journal.js';
import type { Change, Effect, Event } from './messages.js';
import { empty, load, type State } from './state.js';
import { step } from './step.js';

/** Submits changes as one deployment. Throws the caller's error. */
export async function submitChanges(
  { driver }: Pick<Running, 'driver'>,
  changes: readonly Change[],
  force: boolean,
): Promise<ChangeResult> {
  const result = await driver.ask<ChangeResult | DcosError>((requestId) => ({
    type: 'AppsSubmitted',
    requestId,
    changes,
    force,
  }));
  if (result instanceof DcosError) throw result;
  return result;
}

/** How `services` is set up. */
export interface ServicesOptions {
  readonly store: Store;
  /** `http://host:port` of a Mesos master. */
  readonly mesosUrl: string;
  readonly frameworkName: string;
  /** Where it serves, for those who list frameworks. */
  readonly hostname: string;
  readonly role: string;
  readonly principal: string;
  /** Of the principal; absent: no HTTP Basic. */
  readonly secret?: string | undefined;
  readonly clock: Clock;
  readonly log: Logger;
  /** The value of a secret by its source; called at each launch. Throws where there is none. */
  readonly resolveSecret: (source: string) => string | Promise<string>;
  /**
   * Kill all tasks, forget all apps, tear the framework down, and serve no more than the progress
   * of that.
   */
  readonly uninstall?: boolean;
  /** The process must exit and load again. */
  readonly onFatal: (error: unknown) => void;
}

/** A running room. */
export interface Running {
  readonly state: State;
  readonly driver: Driver<Event>;
  readonly events: EventHub;
  readonly options: ServicesOptions;
  stop(): Promise<void>;
}

const tickMs = 250;
const failoverSeconds = 7 * 24 * 3_600;
const capabilities = [
  'PARTITION_AWARE',
  'TASK_KILLING_STATE',
  'MULTI_ROLE',
  'RESERVATION_REFINEMENT',
  'REGION_AWARE',
];

/** Loads the state and connects. */
export async function run(options: ServicesOptions): Promise<Running> {
  const { clock, store, log, onFatal } = options;
  const state = empty(options.role, systemRandom);
  load(state, await store.load(''));
  const events = createEventHub(clock);
  const connection = connect(options, state, (event) => submit(event));
  const driver = drive<State, Event, Effect>({
    state,
    step,
    store,
    clock,
    perform: {
      Send: ({ call }) => connection.send(call),
      Launch: (effect) => {
        tell(log, effect);
        void launch(options, connection, effect, submit);
      },
      Subscribe: ({ frameworkId }) => connection.subscribe(frameworkId),
      Publish: (effect) => {
        tell(log, effect);
        events.publish(effect.event);
      },
    },
    onFatal: (error) => {
      connection.stop();
      onFatal(error);
    },
  });
  const submit = (event: Event): void => {
    try {
      driver.submit(event);
    } catch (error) {
      log.error('an event was dropped', { event: event.type, error: messageOf(error) });
    }
  };
  const timer = setInterval(() => submit({ type: 'Ticked' }), tickMs);
  timer.unref();
  if (options.uninstall) submit({ type: 'UninstallRequested' });
  // What is uninstalled and left nothing must not register again only to be torn down.
  if (!options.uninstall || state.frameworkId !== undefined)
    connection.subscribe(state.frameworkId);
  const stop = async (): Promise<void> => {
    clearInterval(timer);
    await driver.idle();
    driver.stop();
    connection.stop();
    events.stop();
  };
  return { state, driver, events, options, stop };
}

function tell(log: Logger, effect: Effect): void {
  for (const { level, message, fields } of linesOf(effect)) log[level](message, fields);
}

function connect(
  options: ServicesOptions,
  state: State,
  submit: (event: Event) => void,
): Connection {
  const { frameworkName, hostname, principal, role, secret, mesosUrl, clock, log } = options;
  const framework: FrameworkInfo = {
    user: userInfo().username,
    name: frameworkName,
    hostname,
    principal,
    roles: [role],
    checkpoint: true,
    failover_timeout: failoverSeconds,
    capabilities: capabilities.map((type) => ({ type })),
  };
  return createConnection({
    mesosUrl,
    framework,
    principal,
    secret,
    clock,
    random: systemRandom,
    log,
    suppressedRoles: () =>
      state.demands.size === 0 && state.frameworkId !== undefined ? [role] : [],
    onEvent: (event) => receive(event, submit, options),
    onDisconnected: () => submit({ type: 'Disconnected' }),
  });
}

function receive(
  event: SchedulerEvent,
  submit: (event: Event) => void,
  options: ServicesOptions,
): void {
  switch (event.type) {
    case 'SUBSCRIBED':
      submit({ type: 'Subscribed', frameworkId: event.subscribed.framework_id.value });
      break;
    case 'OFFERS':
      submit({ type: 'OffersReceived', offers: event.offers.offers });
      break;
    case 'UPDATE':
      submit({ type: 'StatusReceived', status: event.update.status });
      break;
    case 'ERROR':
      if (/framework has been removed/i.test(event.error.message))
        submit({ type: 'FrameworkRemoved' });
      else
        options.onFatal(
          new DcosError('fenced', `the Mesos master ended the framework: ${event.error.message}`),
        );
      break;
    default:
      // RESCIND: an ACCEPT of such an offer is answered with TASK_DROPPED. FAILURE: the tasks'
      // own updates say it all.
      break;
  }
}

type LaunchEffect = Extract<Effect, { type: 'Launch' }>;

/**
 * Fills in the secrets and sends the ACCEPT. A task whose secrets can't be had is left out, and
 * told as failed.
 */
async function launch(
  options: ServicesOptions,
  connection: Connection,
  effect: LaunchEffect,
  submit: (event: Event) => void,
): Promise<void> {
  const ready: TaskInfo[] = [];
  for (const task of effect.tasks) {
    const sources = effect.secrets[task.task_id.value];
    try {
      ready.push(
        sources === undefined ? task : await withSecrets(task, sources, options.resolveSecret),
      );
    } catch (error) {
      submit({ type: 'LaunchFailed', taskIds: [task.task_id.value], reason: messageOf(error) });
    }
  }
  const launches =
    ready.length > 0 ? [{ type: 'LAUNCH' as const, launch: { task_infos: ready } }] : [];
  connection.send({
    type: 'ACCEPT',
    accept: {
      offer_ids: [{ value: effect.offerId }],
      operations: launches,
      filters: { refuse_seconds: effect.refuseSeconds },
    },
  });
}

async function withSecrets(
  task: TaskInfo,
  sources: Readonly<Record<string, string>>,
  resolve: ServicesOptions['resolveSecret'],
): Promise<TaskInfo> {
  const added: { name: string; type: 'VALUE'; value: string }[] = [];
  for (const [name, source] of Object.entries(sources)) {
    added.push({ name, type: 'VALUE', value: await resolve(source) });
  }
  const variables = [...(task.command?.environment?.variables ?? []), ...added];
  return { ...task, command: { ...task.command, environment: { variables } } };
}
