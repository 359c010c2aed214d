/** Runs the master: the loop over `step`, its store, its timers and its server. */
import { systemClock } from '../../core/clock.js';
import { principalOf } from '../../core/credentials.js';
import { drive } from '../../core/drive.js';
import { DcosError, messageOf } from '../../core/errors.js';
import { startServer } from '../../core/http/server.js';
import type { Logger } from '../../core/logger.js';
import { systemRandom } from '../../core/random.js';
import type { RunningServer } from '../../core/running.js';
import { openLmdbStore } from '../../core/store/lmdb.js';
import type { MasterEffect, MasterEvent } from './events.js';
import { errorAnswer, routesOf } from './http.js';
import { recover } from './registry.js';
import { defaultOptions, emptyState, type MasterOptions, type MasterState } from './state.js';
import { step } from './step.js';
import { Streams } from './streams.js';

/** What a master needs to run. */
export interface MasterSettings {
  readonly host: string;
  /** Not 0: agents and frameworks must find a restarted master where it was. */
  readonly port: number;
  /** The text of `keys/cluster.key`. */
  readonly clusterKey: string;
  readonly storeFolder: string;
  readonly log: Logger;
  /** Where `log` ends up, for the files API. */
  readonly logFile?: string;
  /** Instead of the defaults: for tests. */
  readonly options?: Partial<MasterOptions>;
  /** Called once when the loop can't go on (disk full, store damaged): the process must end. */
  readonly onFatal: (error: unknown) => void;
}

/**
 * Starts a master; resolves once it serves. Throws `corrupt` for a damaged store, `conflict` for a
 * port in use, `io`.
 */
export async function startMaster(settings: MasterSettings): Promise<RunningServer> {
  const { host, port, log } = settings;
  const store = await openLmdbStore(settings.storeFolder);
  const state = emptyState(
    {
      ...defaultOptions,
      id: systemRandom.uuid(),
      host,
      port,
      startedAt: systemClock.now(),
      ...settings.options,
    },
    systemRandom,
  );
  try {
    recover(state, await store.load(''));
    const server = await serve(settings, state, store);
    log.info('master started', { id: state.options.id, host, port });
    return server;
  } catch (error) {
    await store.close();
    if (error instanceof DcosError) throw error;
    throw new DcosError(
      'corrupt',
      `cannot read the state in ${settings.storeFolder}: ${messageOf(error)}`,
      {
        hint: 'Move the folder away to start anew, or restore a snapshot of it.',
        cause: error,
      },
    );
  }
}

async function serve(
  settings: MasterSettings,
  state: MasterState,
  store: Awaited<ReturnType<typeof openLmdbStore>>,
): Promise<RunningServer> {
  const { host, port, log, clusterKey } = settings;
  const timers = new Set<NodeJS.Timeout>();
  const streams = new Streams((stream) => submit({ type: 'StreamClosed', stream }));
  const driver = drive<MasterState, MasterEvent, MasterEffect>({
    state,
    step,
    store,
    clock: systemClock,
    onFatal: settings.onFatal,
    perform: {
      Send: ({ streams: ids, message }) => streams.send(ids, message),
      CloseStream: ({ stream }) => streams.close(stream),
      Wake: ({ inMs }) => {
        const timer = setTimeout(() => {
          timers.delete(timer);
          submit({ type: 'Woken' });
        }, inMs);
        timers.add(timer);
      },
      Log: ({ level, message, fields }) => log[level](message, fields),
    },
  });
  const submit = (event: MasterEvent): void => {
    try {
      driver.submit(event);
    } catch (error) {
      log.warn('an event was dropped', { event: event.type, error: messageOf(error) });
    }
  };
  const server = await startServer({
    host,
    port,
    routes: routesOf({
      state,
      driver,
      streams,
      ...(settings.logFile === undefined ? {} : { logFile: settings.logFile }),
    }),
    authenticate: async (headers) => {
      const uid = principalOf(headers, clusterKey);
      return uid === undefined ? undefined : { uid };
    },
    wwwAuthenticate: 'Basic realm="mesos-master"',
    errorAnswer,
    log,
  });
  const ticks = setInterval(() => submit({ type: 'Ticked' }), state.options.pingIntervalMs);
  const stop = async (): Promise<void> => {
    clearInterval(ticks);
    for (const timer of timers) clearTimeout(timer);
    await driver.idle();
    driver.stop();
    await server.close();
    await store.close();
  };
  let stopped: Promise<void> | undefined;
  return {
    host: server.host,
    port: server.port,
    stop: () => {
      stopped ??= stop();
      return stopped;
    },
  };
}
