/** A swarm's real API and the real doors of its nodes, over pretended engines. */
import { generateKeyPairSync } from 'node:crypto';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import * as http from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { drive } from '../../src/core/drive.js';
import { silentLogger } from '../../src/core/logger.js';
import { seededRandom } from '../../src/core/random.js';
import type { Store } from '../../src/core/store/store.js';
import type { Allowances } from '../../src/swarm/create/policy.js';
import { createDoor } from '../../src/swarm/executor/shell/door.js';
import { serve } from '../../src/swarm/http.js';
import type { Effect, Event } from '../../src/swarm/messages.js';
import type { Swarm } from '../../src/swarm/shell/context.js';
import { Engines } from '../../src/swarm/shell/engines.js';
import { EventHub } from '../../src/swarm/shell/hub.js';
import { type ManagerKeys, openKeys } from '../../src/swarm/shell/keys.js';
import { takeBody } from '../../src/swarm/shell/relay.js';
import { addContainer, empty, healthOf, type State } from '../../src/swarm/state.js';
import { step } from '../../src/swarm/step.js';
import { factsOf, settings } from './swarm-cluster.js';

/** What a pretended engine was asked. */
export interface Asked {
  readonly method: string;
  readonly url: string;
  readonly headers: http.IncomingHttpHeaders;
  readonly body: string;
}

/** A pretended engine. */
export interface PretendedEngine {
  readonly name: string;
  /** Every request that reached it, in order. */
  readonly asked: Asked[];
  /** What it answers; 404 where this gives nothing. */
  answer: (asked: Asked) => { readonly status: number; readonly json?: unknown } | undefined;
  /** What it does with a connection that was upgraded; absent: it refuses with 409. */
  onUpgrade?: (socket: Socket, head: Buffer) => void;
}

/** A swarm that is up. */
export interface SwarmApi {
  readonly host: string;
  readonly port: number;
  /** Good for its Docker API. */
  readonly token: string;
  readonly state: State;
  readonly engines: readonly PretendedEngine[];
  /** Asks with the token unless `headers` say otherwise. */
  ask(
    method: string,
    path: string,
    more?: { readonly headers?: Record<string, string>; readonly json?: unknown },
  ): Promise<{ readonly status: number; readonly json: unknown; readonly text: string }>;
  close(): Promise<void>;
}

const none: Allowances = { hostPaths: false, privileged: false, hostNetwork: false };

/** Starts one with a node for each name. */
export async function startSwarmApi(
  names: readonly string[],
  allowances: Allowances = none,
): Promise<SwarmApi> {
  const folder = mkdtempSync(join(tmpdir(), 'swarm-api-'));
  const store: Pick<Store, 'commit'> = { commit: async () => {} };
  const keys = await openKeys(store as Store, new Map());
  const user = generateKeyPairSync('ed25519').publicKey.export({ type: 'spki', format: 'pem' });
  const state = empty({ ...settings, publicKey: keys.publicKey }, seededRandom(1));
  const servers: http.Server[] = [];
  const engines: PretendedEngine[] = [];
  for (const name of names) {
    const engine: PretendedEngine = { name, asked: [], answer: () => undefined };
    engines.push(engine);
    servers.push(...(await openNode(state, keys, engine, join(folder, `${name}.sock`))));
  }
  const swarm = swarmOver(state, keys, store, allowances);
  const server = await serve({
    swarm,
    host: '127.0.0.1',
    port: 0,
    publicKeys: [user.toString(), keys.publicKey],
    routes: [],
  });
  const token = keys.credentialFor('someone', Date.now(), 60_000);
  const { host, port } = server;
  return {
    host,
    port,
    token,
    state,
    engines,
    ask: (method, path, more = {}) => ask({ host, port, method, path }, token, more),
    close: async () => {
      await server.close();
      swarm.driver.stop();
      for (const one of servers) {
        one.closeAllConnections();
        await new Promise((done) => one.close(done));
      }
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** A container of this swarm that the engine of `node` has. */
export function addMade(state: State, node: string, name: string, id: string): void {
  addContainer(state, {
    swarmId: id.split('').reverse().join(''),
    name,
    phase: 'made',
    agentId: node,
    taskId: `${name}.1`,
    containerId: id,
    formerIds: [],
    formerTasks: [],
    body: { Image: 'busybox' },
    reschedules: false,
    isRunning: true,
    createdAt: 0,
    attempt: 1,
    isMoved: false,
    resumes: false,
  });
}

async function openNode(
  state: State,
  keys: ManagerKeys,
  engine: PretendedEngine,
  socketPath: string,
): Promise<http.Server[]> {
  const { name } = engine;
  const executorId = `executor-${name}`;
  const backend = engineServer(engine).listen(socketPath);
  const door = createDoor({ socketPath, publicKey: keys.publicKey, executorId });
  door.listen(0, '127.0.0.1');
  await Promise.all([once(backend, 'listening'), once(door, 'listening')]);
  const executor = { executor_id: { value: executorId } } as never;
  const { port } = door.address() as AddressInfo;
  state.nodes.set(name, {
    agentId: name,
    name,
    hostname: name,
    address: '127.0.0.1',
    attributes: {},
    region: undefined,
    zone: undefined,
    cpus: 4,
    memMb: 4096,
    socket: socketPath,
    task: { taskId: `engine.${name}`, executor, port, isRunning: true },
  });
  Object.assign(healthOf(state, name), { facts: factsOf(name), isListed: true });
  return [backend, door];
}

function engineServer(engine: PretendedEngine): http.Server {
  const server = http.createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request as AsyncIterable<Buffer>) chunks.push(chunk);
    const asked = note(engine, request, Buffer.concat(chunks).toString('utf8'));
    const { status, json } = engine.answer(asked) ?? { status: 404, json: { message: 'nothing' } };
    response.writeHead(status, { 'content-type': 'application/json' });
    response.end(json === undefined ? '' : JSON.stringify(json));
  });
  server.on('upgrade', async (request, socket: Socket, head: Buffer) => {
    const length = Number(request.headers['content-length'] ?? 0);
    const { body, rest } = await takeBody(socket, head, length);
    note(engine, request, body?.toString() ?? '');
    socket.on('error', () => socket.destroy());
    if (engine.onUpgrade === undefined) {
      const text = JSON.stringify({ message: 'it does not run' });
      const head409 = `HTTP/1.1 409 Conflict\r\ncontent-type: application/json\r\n`;
      socket.end(`${head409}content-length: ${text.length}\r\n\r\n${text}`);
      return;
    }
    socket.write('HTTP/1.1 101 UPGRADED\r\nconnection: Upgrade\r\nupgrade: tcp\r\n\r\n');
    engine.onUpgrade(socket, rest);
    socket.resume();
  });
  return server;
}

function note(engine: PretendedEngine, request: http.IncomingMessage, body: string): Asked {
  const { method = '', url = '', headers } = request;
  const asked = { method, url, headers, body };
  engine.asked.push(asked);
  return asked;
}

function swarmOver(
  state: State,
  keys: ManagerKeys,
  store: Pick<Store, 'commit'>,
  allowances: Allowances,
): Swarm {
  const nothing = (): void => {};
  const driver = drive<State, Event, Effect>({
    state,
    step,
    store,
    clock: { now: () => Date.now() },
    onFatal: (error) => {
      throw error;
    },
    perform: {
      Send: nothing,
      Subscribe: nothing,
      Teardown: nothing,
      PlaceSoon: nothing,
      MakeAgain: nothing,
      Resume: nothing,
      RemoveStray: nothing,
      Announce: nothing,
    },
  });
  return {
    state,
    driver,
    engines: new Engines(state, keys),
    hub: new EventHub(),
    watch: { refresh: async () => true } as unknown as Swarm['watch'],
    allowances,
    log: silentLogger,
    random: seededRandom(2),
    execs: new Map(),
  };
}

async function ask(
  target: http.RequestOptions,
  token: string,
  { headers = {}, json }: { readonly headers?: Record<string, string>; readonly json?: unknown },
): Promise<{ status: number; json: unknown; text: string }> {
  const body = json === undefined ? undefined : JSON.stringify(json);
  const type = body === undefined ? {} : { 'content-type': 'application/json' };
  const request = http.request({
    ...target,
    headers: { authorization: `Bearer ${token}`, ...type, ...headers },
    agent: false,
  });
  request.end(body);
  const [response] = (await once(request, 'response')) as [http.IncomingMessage];
  const chunks: Buffer[] = [];
  for await (const chunk of response as AsyncIterable<Buffer>) chunks.push(chunk);
  const text = Buffer.concat(chunks).toString('utf8');
  const isJson = /^[[{]/.test(text);
  return { status: response.statusCode ?? 0, text, json: isJson ? JSON.parse(text) : undefined };
}
