/** A gateway with a backend behind it. */
import { generateKeyPairSync } from 'node:crypto';
import * as http from 'node:http';
import type { Test } from 'tap';
import { type Auth, openAuth } from '../../src/cluster/auth/auth.js';
import { authRoutes } from '../../src/cluster/auth/http.js';
import { readSigningKey, signToken } from '../../src/cluster/auth/tokens.js';
import { createAgentDirectory } from '../../src/cluster/gateway/agents.js';
import { startGateway } from '../../src/cluster/gateway/gateway.js';
import { gatewayRoutes } from '../../src/cluster/gateway/routes.js';
import { createServiceDirectory } from '../../src/cluster/gateway/services.js';
import { mesosLoginOf } from '../../src/cluster/mesos-login.js';
import { createOperator } from '../../src/cluster/operator.js';
import { openStoreDoor } from '../../src/cluster/store-door.js';
import { callJson } from '../../src/core/http/request.js';
import type { Route } from '../../src/core/http/server.js';
import { silentLogger } from '../../src/core/logger.js';
import { systemRandom } from '../../src/core/random.js';
import type { LocalCluster } from '../../src/wire/local-cluster.js';
import { memoryStore } from '../helpers/service-world.js';

/** Of the test cluster. */
export const clusterKey = 'ab'.repeat(32);
/** Of the user admin. */
export const password = 'correct horse';
/** What asks for an upgraded connection. */
export const upgradeHeaders = 'Connection: Upgrade\r\nUpgrade: echo\r\n';

/** A fresh pair of signing keys. */
export function keys() {
  return generateKeyPairSync('ed25519', {
    publicKeyEncoding: { type: 'spki', format: 'pem' },
    privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
  });
}

/**
 * Something behind the gateway that says what it was asked, streams, and speaks an upgraded
 * protocol.
 */
export async function startBackend(t: Test): Promise<{ port: number; release: () => void }> {
  let release = (): void => {};
  const server = http.createServer((request, response) => {
    if (request.url?.startsWith('/slow')) {
      response.write('first\n');
      release = () => response.end('second\n');
      return;
    }
    if (request.url?.startsWith('/echo')) {
      request.pipe(response);
      return;
    }
    const { method, url, headers } = request;
    response.setHeader('connection', 'x-private');
    response.setHeader('x-private', '1');
    response.setHeader('x-public', '1');
    response.end(JSON.stringify({ method, url, headers }));
  });
  server.on('upgrade', (request, socket) => {
    socket.on('error', () => {});
    if (request.url === '/refuse') {
      socket.end('HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n');
      return;
    }
    socket.write(
      'HTTP/1.1 101 Switching Protocols\r\nUpgrade: echo\r\nConnection: Upgrade\r\n\r\n',
    );
    socket.pipe(socket);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.teardown(() => {
    server.closeAllConnections();
    server.close();
  });
  return { port: (server.address() as { port: number }).port, release: () => release() };
}

/** A gateway, and how it is called. */
export interface World {
  readonly url: string;
  readonly port: number;
  readonly auth: Auth;
  readonly token: string;
  readonly routes: readonly Route[];
  readonly sign: (claims: Record<string, unknown>) => string;
  readonly clock: { nowMs: number };
  call(method: string, path: string, token?: string, json?: unknown): ReturnType<typeof callJson>;
}

/** Starts a gateway whose master, agent and services are at `backendPort`. */
export async function aWorld(t: Test, backendPort: number): Promise<World> {
  const { publicKey, privateKey } = keys();
  const clock = { nowMs: 1_800_000_000_000 };
  const auth = await openAuth({
    clusterKey,
    privateKeyPem: privateKey,
    publicKeyPem: publicKey,
    credential: JSON.stringify({ uid: 'admin', password }),
    store: memoryStore(),
    clock: { now: () => clock.nowMs, monotonic: () => clock.nowMs },
    random: systemRandom,
  });
  const cluster: LocalCluster = {
    schema: 1,
    id: 'c1',
    name: 'test',
    control: { host: '127.0.0.1', port: 0, advertise: '127.0.0.1:0' },
    master: { host: '127.0.0.1', port: backendPort },
    agents: [],
  };
  const tasks = (port: number) => [{ host: '127.0.0.1', ports: [port], state: 'TASK_RUNNING' }];
  const services = createServiceDirectory(
    async () => [
      { labels: { DCOS_SERVICE_NAME: 'echo' }, tasks: tasks(backendPort) },
      { labels: { DCOS_SERVICE_NAME: 'team/echo' }, tasks: tasks(backendPort) },
      { labels: { DCOS_SERVICE_NAME: 'down' }, tasks: tasks(1) },
      { labels: { DCOS_SERVICE_NAME: 'waiting' }, tasks: [] },
    ],
    () => clock.nowMs,
  );
  const pid = `slave(1)@127.0.0.1:${backendPort}`;
  const agents = createAgentDirectory(
    async () => ({ agents: [{ agent_info: { hostname: 'h', id: { value: 'A1' } }, pid }] }),
    () => clock.nowMs,
  );
  const routes = gatewayRoutes({
    cluster,
    version: '1.2.3',
    operator: createOperator(cluster, mesosLoginOf(cluster, clusterKey, {})),
    agents,
    services,
    marathon: [
      { method: 'GET', path: '/v2/info', access: 'token', handle: () => ({ status: 200 }) },
    ],
    forAll: [...authRoutes(auth), ...openStoreDoor(memoryStore()).routes],
    forUsers: [
      { method: 'GET', path: '/status', access: 'token', handle: () => ({ status: 200 }) },
    ],
  });
  const server = await startGateway({ cluster, routes, auth, services, log: silentLogger });
  t.teardown(() => server.close());
  const url = `http://127.0.0.1:${server.port}`;
  const key = readSigningKey(privateKey, 'key');
  return {
    url,
    port: server.port,
    auth,
    token: await auth.login('admin', password),
    routes,
    sign: (claims) => signToken(key, claims as unknown as Parameters<typeof signToken>[1]),
    clock,
    call: (method, path, token, json) =>
      callJson({
        method,
        url: url + path,
        ...(token === undefined ? {} : { headers: { authorization: `token=${token}` } }),
        ...(json === undefined ? {} : { json }),
      }),
  };
}
