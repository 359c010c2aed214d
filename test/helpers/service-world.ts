/**
 * What a service's scheduler needs around it: a control plane's login and store door, its package,
 * its process.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { generateKeyPairSync } from 'node:crypto';
import { cpSync, createWriteStream, mkdirSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { readSigningKey, signToken } from '../../src/cluster/auth/tokens.js';
import { openStoreDoor } from '../../src/cluster/store-door.js';
import { secretOf } from '../../src/core/credentials.js';
import { callJson } from '../../src/core/http/request.js';
import { type Server, startServer } from '../../src/core/http/server.js';
import { silentLogger } from '../../src/core/logger.js';
import type { Store } from '../../src/core/store/store.js';
import { tokenOf, verifyToken } from '../../src/core/tokens.js';
import type { PlanView } from '../../src/framework/plan.js';
import { killHard } from './program.js';
import { until } from './wait.js';

/** A store in memory, with the contract of the real ones. */
export function memoryStore(records = new Map<string, unknown>()): Store {
  return {
    load: async (prefix) =>
      new Map(
        [...records].filter(([key]) => key.startsWith(prefix)).sort(([a], [b]) => (a < b ? -1 : 1)),
      ),
    commit: async (writes) => {
      for (const { key, value } of writes) {
        if (value === null) records.delete(key);
        else records.set(key, structuredClone(value));
      }
    },
    close: async () => {},
  };
}

/** A running login and store door. */
export interface Door {
  readonly url: string;
  readonly publicKey: string;
  readonly records: Map<string, unknown>;
  readonly token: string;
  close(): Promise<void>;
}

/** Starts the part of a control plane that schedulers talk to. */
export async function startDoor(clusterKey: string): Promise<Door> {
  const { publicKey, privateKey } = generateKeyPairSync('ed25519', {
    publicKeyEncoding: { type: 'spki', format: 'pem' },
    privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
  });
  const key = readSigningKey(privateKey, 'key');
  const sign = (uid: string): string => {
    const now = Math.floor(Date.now() / 1000);
    return signToken(key, { uid, iat: now, exp: now + 3600, jti: uid });
  };
  const records = new Map<string, unknown>();
  const server: Server = await startServer({
    host: '127.0.0.1',
    port: 0,
    routes: [
      {
        method: 'POST',
        path: '/acs/api/v1/auth/login',
        access: 'open',
        handle: async (request) => {
          const { uid, password } = (await request.json()) as { uid: string; password: string };
          if (password !== secretOf(clusterKey, uid)) return { status: 401 };
          return { status: 200, json: { token: sign(uid) } };
        },
      },
      ...openStoreDoor(memoryStore(records)).routes,
    ],
    authenticate: async (headers) => {
      const token = tokenOf(headers.authorization);
      return token === undefined ? undefined : verifyToken(token, publicKey, Date.now());
    },
    wwwAuthenticate: 'acsjwt',
    log: silentLogger,
  });
  const url = `http://127.0.0.1:${server.port}`;
  return { url, publicKey, records, token: sign('admin'), close: () => server.close() };
}

/** A scheduler's process and its API. */
export interface ServiceProcess {
  readonly child: ChildProcess;
  readonly url: string;
  /** Asks the API; gives status and JSON. */
  call(method: string, path: string, json?: unknown): Promise<{ status: number; json: unknown }>;
  /** Waits until a plan is complete. */
  complete(plan: string, timeoutMs?: number): Promise<PlanView>;
  kill(): Promise<void>;
}

/** How a scheduler is started. */
export interface ServiceOptions {
  readonly program: string;
  readonly packageFolder: string;
  readonly folder: string;
  readonly door: Door;
  readonly mesosUrl: string;
  readonly clusterKey: string;
  readonly name: string;
  readonly env: Readonly<Record<string, string>>;
}

/** Starts the scheduler of a package, as its app would. */
export async function startService(options: ServiceOptions): Promise<ServiceProcess> {
  const { door, folder, name } = options;
  mkdirSync(join(folder, 'service'), { recursive: true });
  cpSync(options.packageFolder, join(folder, 'service'), { recursive: true });
  const port = await freePort();
  const log = createWriteStream(join(folder, 'log'), { flags: 'a' });
  const child = spawn(process.execPath, [options.program], {
    cwd: folder,
    env: {
      PATH: process.env.PATH ?? '',
      DCOS_SERVICE_NAME: name,
      DCOS_SERVICE_ACCOUNT: name,
      DCOS_SERVICE_SECRET: secretOf(options.clusterKey, name),
      DCOS_PUBLIC_KEY: door.publicKey,
      DCOS_URL: door.url,
      DCOS_MESOS_URL: options.mesosUrl,
      DCOS_ROLE: `${name}-role`,
      HOST: '127.0.0.1',
      PORT0: String(port),
      ...options.env,
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  child.stderr?.pipe(log);
  const url = `http://127.0.0.1:${port}`;
  const call: ServiceProcess['call'] = (method, path, json) =>
    callJson({
      method,
      url: url + path,
      headers: { authorization: `token=${door.token}` },
      ...(json === undefined ? {} : { json }),
    });
  const complete: ServiceProcess['complete'] = async (plan, timeoutMs = 20_000) => {
    let last: unknown;
    const look = async () => {
      const answer = await call('GET', `/v1/plans/${plan}`);
      last = answer.json;
      return answer.status === 200 ? (answer.json as PlanView) : undefined;
    };
    try {
      return await until(look, { what: `plan ${plan}`, timeoutMs });
    } catch (error) {
      throw new Error(`${String(error)}\n${JSON.stringify(last, null, 1)}`);
    }
  };
  return { child, url, call, complete, kill: () => killHard(child) };
}

/** A port that was free a moment ago. */
export function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.on('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      server.close(() =>
        resolve(typeof address === 'object' && address !== null ? address.port : 0),
      );
    });
  });
}
