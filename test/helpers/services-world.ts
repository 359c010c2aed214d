/** A whole `services` for tests: a store in memory, a served model master, its API on a socket. */
import type { Test } from 'tap';
import { systemClock } from '../../src/core/clock.js';
import { callHttp } from '../../src/core/http/request.js';
import { startServer } from '../../src/core/http/server.js';
import { silentLogger } from '../../src/core/logger.js';
import { seededRandom } from '../../src/core/random.js';
import type { Store } from '../../src/core/store/store.js';
import {
  createServices,
  type Services,
  type ServicesOptions,
} from '../../src/services/services.js';
import { ModelMaster } from './model-master.js';
import { type ModelServer, serveModel } from './model-server.js';

/** A store in memory. */
function memoryStore(records = new Map<string, unknown>()): Store {
  return {
    load: async () => structuredClone(records),
    commit: async (writes) => {
      for (const { key, value } of writes) {
        if (value === null) records.delete(key);
        else records.set(key, structuredClone(value));
      }
    },
    close: async () => {},
  };
}

/** An answer; tests look into its JSON freely. */
interface Received {
  readonly status: number;
  // biome-ignore lint/suspicious/noExplicitAny: what is inside is what the tests are about
  readonly json: any;
  readonly headers: Record<string, unknown>;
}

/** What a test acts on. */
export interface World {
  readonly model: ModelServer;
  readonly records: Map<string, unknown>;
  readonly services: Services;
  readonly url: string;
  call(method: string, path: string, json?: unknown): Promise<Received>;
  until(what: () => boolean | Promise<boolean>): Promise<void>;
}

/** A world; with `old`, another `services` on the records and the master of that one. */
export async function aWorld(
  t: Test,
  more: Partial<ServicesOptions> = {},
  old?: World,
): Promise<World> {
  const model = old?.model ?? (await serveModel(t, new ModelMaster(seededRandom(1), 3)));
  const records = old?.records ?? new Map<string, unknown>();
  const services = await createServices({
    store: memoryStore(records),
    mesosUrl: model.url,
    frameworkName: 'services',
    hostname: '127.0.0.1',
    role: 'services',
    principal: 'services',
    clock: systemClock,
    log: silentLogger,
    resolveSecret: async (source) => {
      if (source === 'missing') throw new Error('there is no secret missing');
      return `the value of ${source}`;
    },
    onFatal: (error) => t.fail(String(error)),
    ...more,
  });
  const server = await startServer({
    host: '127.0.0.1',
    port: 0,
    routes: services.routes,
    authenticate: async () => ({ uid: 'me' }),
    wwwAuthenticate: 'test',
    log: silentLogger,
  });
  t.teardown(async () => {
    await server.close();
    await services.stop();
  });
  const url = `http://127.0.0.1:${server.port}`;
  const call: World['call'] = async (method, path, json) => {
    const body =
      json === undefined ? {} : { body: typeof json === 'string' ? json : JSON.stringify(json) };
    const answer = await callHttp({ method, url: `${url}${path}`, ...body });
    const text = answer.body.toString();
    return {
      status: answer.status,
      json: text === '' ? undefined : JSON.parse(text),
      headers: answer.headers,
    };
  };
  const until: World['until'] = async (what) => {
    const deadline = Date.now() + 15_000;
    while (!(await what())) {
      if (Date.now() > deadline) throw new Error('it did not happen within 15 s');
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
  };
  return { model, records, services, url, call, until };
}
