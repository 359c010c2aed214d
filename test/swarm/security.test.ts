/**
 * What gets through a swarm to an engine: exactly what was decided on, whatever a client writes.
 * An engine takes orders that amount to root on its machine.
 */
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import t, { type Test } from 'tap';
import { exactCreate } from '../../src/swarm/create/exact.js';
import { hostConfigSchema } from '../../src/wire/docker.js';
import {
  addMade,
  type PretendedEngine,
  type SwarmApi,
  startSwarmApi,
} from '../helpers/swarm-api.js';
import { until } from '../helpers/wait.js';

const id = 'd'.repeat(64);

/** A swarm of one node with the running container `web`. */
async function anApi(
  t: Pick<Test, 'teardown'>,
): Promise<{ api: SwarmApi; engine: PretendedEngine }> {
  const api = await startSwarmApi(['node-0']);
  t.teardown(() => {
    for (const socket of open) socket.destroy();
    open.clear();
    return api.close();
  });
  addMade(api.state, 'node-0', 'web', id);
  const [engine] = api.engines;
  if (engine === undefined) throw new Error('it has a node');
  engine.answer = ({ url }) => {
    if (url.includes('/exec/')) return { status: 200, json: { ContainerID: 'e'.repeat(64) } };
    return { status: 200, json: { Id: id } };
  };
  return { api, engine };
}

const open = new Set<Socket>();

/** A connection on which `text` was sent; `TOKEN` stands for the token and the host. */
function sent({ host, port, token }: SwarmApi, text: string): Socket & { said(): string } {
  const socket = connect({ host, port, allowHalfOpen: true });
  let said = '';
  socket.setEncoding('utf8').on('data', (chunk: string) => {
    said += chunk;
  });
  socket.on('error', () => {});
  open.add(socket);
  socket.write(text.replaceAll('TOKEN', `Host: x\r\nAuthorization: Bearer ${token}`));
  return Object.assign(socket, { said: () => said });
}

t.test('paths and headers › nothing but a container of this swarm is reached', async (t) => {
  const { api, engine } = await anApi(t);
  for (const path of [
    `/containers/${'e'.repeat(64)}/json`,
    '/containers/..%2fimages/json',
    '/containers/web%2f..%2f..%2fvolumes/json',
    '/containers/web/../../volumes/json',
    '/images/..%2fcontainers%2fother/json',
    '/images/../containers/other/json',
    '/distribution/..%2fcontainers%2fother/json',
    '/containers/web%0d%0aX-Injected:%20yes/logs',
    `/exec/..%2fcontainers%2f${'e'.repeat(64)}/json`,
    '/v1.41/../containers/json',
    '/containers/web/attach/../start',
  ]) {
    const { status } = await api.ask('GET', path);
    t.ok(status === 400 || status === 404, `${path}: ${status}`);
  }
  t.same(engine.asked, [], 'the engine was not asked');
  const { status } = await api.ask('POST', `/exec/${'f'.repeat(64)}/start`, { json: {} });
  t.equal(status, 404, 'an exec in a container of somebody else');
  t.notOk(engine.asked.some(({ method }) => method === 'POST'));
  engine.asked.length = 0;
  await api.ask('GET', '/containers/web/logs?since=%0d%0aX-Injected:yes&tail=1%26follow=1');
  const [logs] = engine.asked;
  const query = 'since=%0D%0AX-Injected%3Ayes&tail=1%26follow%3D1';
  t.equal(logs?.url, `/containers/${id}/logs?${query}`);
  t.equal(logs?.headers['x-injected'], undefined);
  t.equal(logs?.headers.authorization, undefined, 'the credential stays here');
});

t.test('versions › newer and older than known are refused', async (t) => {
  const { api, engine } = await anApi(t);
  for (const [version, text] of [
    ['v1.99', /too new/],
    ['v2.0', /too new/],
    ['v1.5', /too old/],
    ['v0.41', /too old/],
  ] as const) {
    const { status, json } = await api.ask('GET', `/${version}/containers/web/json`);
    t.equal(status, 400, version);
    t.match((json as { message: string }).message, text);
  }
  t.same(engine.asked, []);
});

t.test('bodies › a start takes none, in any form', async (t) => {
  const { api, engine } = await anApi(t);
  const hostConfig = { Privileged: true, Binds: ['/:/host'] };
  const start = `/v1.23/containers/web/start`;
  const refused = await api.ask('POST', start, { json: hostConfig });
  t.equal(refused.status, 400);
  const text = JSON.stringify(hostConfig);
  const chunk = `${text.length.toString(16)}\r\n${text}\r\n0\r\n\r\n`;
  const chunked = `POST ${start} HTTP/1.1\r\nTOKEN\r\nContent-Type: application/json\r\n`;
  const socket = sent(api, `${chunked}Transfer-Encoding: chunked\r\n\r\n${chunk}`);
  await until(() => socket.said().startsWith('HTTP/1.1 400'), { what: 'a refusal' });
  socket.destroy();
  t.same(engine.asked, []);
  for (const headers of [
    'Content-Length: 0\r\n\r\n',
    'Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n',
  ]) {
    const empty = sent(api, `POST ${start} HTTP/1.1\r\nTOKEN\r\n${headers}`);
    await until(() => empty.said().startsWith('HTTP/1.1 200'), { what: 'an empty body is none' });
    empty.destroy();
  }
  // dockerode repeats what it asks for in the body: no engine reads it there.
  const { status } = await api.ask('POST', '/v1.23/containers/web/stop', { json: { t: 1 } });
  t.equal(status, 200);
  t.same(
    engine.asked.map(({ body }) => body),
    ['', '', ''],
  );
});

t.test('bodies › a form never overrides a query', async (t) => {
  const { api, engine } = await anApi(t);
  const form = 'networkmode=host&remote=http://x/';
  const head = `POST /build?networkmode=none HTTP/1.1\r\nTOKEN\r\n`;
  const type = 'Content-Type: application/x-www-form-urlencoded\r\n';
  const socket = sent(api, `${head}${type}Content-Length: ${form.length}\r\n\r\n${form}`);
  await until(() => socket.said() !== '', { what: 'an answer' });
  socket.destroy();
  for (const { headers } of engine.asked) t.equal(headers['content-type'], undefined);
  const parent = await api.ask('POST', '/build?cgroupparent=/', { json: {} });
  t.equal(parent.status, 403);
});

t.test('connections › a second request is judged as the first', async (t) => {
  const { api, engine } = await anApi(t);
  const first = 'POST /containers/web/kill HTTP/1.1\r\nTOKEN\r\nContent-Length: 0\r\n\r\n';
  const second = 'GET /containers/other/json HTTP/1.1\r\nTOKEN\r\nConnection: close\r\n\r\n';
  const socket = sent(api, first + second);
  await once(socket, 'end');
  t.match(socket.said(), /HTTP\/1.1 404/);
  t.same(
    engine.asked.map(({ url }) => url),
    [`/containers/${id}/kill`],
  );
  // Two lengths of one body: which of them counts is where requests are smuggled.
  engine.asked.length = 0;
  const twice = 'Content-Length: 6\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\nX';
  const both = sent(api, `POST /containers/web/kill HTTP/1.1\r\nTOKEN\r\n${twice}`);
  await until(() => both.said().startsWith('HTTP/1.1 400'), { what: 'a refusal' });
  both.destroy();
  t.same(engine.asked, []);
});

t.test('upgrades › refused by the engine, the connection is over', async (t) => {
  const { api, engine } = await anApi(t);
  const attach = 'POST /containers/web/attach?stream=1 HTTP/1.1\r\nTOKEN\r\n';
  const upgrade = 'Connection: Upgrade\r\nUpgrade: tcp\r\n\r\n';
  const hidden = 'POST /containers/other/start HTTP/1.1\r\nHost: docker\r\n\r\n';
  const socket = sent(api, attach + upgrade + hidden);
  await once(socket, 'end');
  t.match(socket.said(), /^HTTP\/1.1 409 /);
  t.match(socket.said(), /it does not run/);
  t.same(
    engine.asked.map(({ url }) => url),
    [`/containers/${id}/attach?stream=1`],
  );
  const other = sent(api, `POST /containers/web/start HTTP/1.1\r\nTOKEN\r\n${upgrade}`);
  await once(other, 'end');
  t.match(other.said(), /^HTTP\/1.1 400 /);
  const unasked = sent(api, attach.replace('TOKEN', 'Host: x') + upgrade);
  await once(unasked, 'end');
  t.match(unasked.said(), /^HTTP\/1.1 401 /);
  t.equal(engine.asked.length, 1);
});

t.test('upgrades › what follows is the stream of that container, whole, each way', async (t) => {
  const { api, engine } = await anApi(t);
  let came = '';
  engine.onUpgrade = (socket, head) => {
    came += head.toString();
    socket.on('data', (chunk) => {
      came += chunk.toString();
    });
    socket.on('end', () => socket.end(`heard ${came.length}`));
  };
  const body = '{"Tty":false}';
  const head = `POST /containers/web/attach?stream=1 HTTP/1.1\r\nTOKEN\r\n`;
  const upgrade = `Connection: Upgrade\r\nUpgrade: tcp\r\nContent-Length: ${body.length}\r\n\r\n`;
  const stream = 'POST /containers/other/start HTTP/1.1\r\n\r\n';
  const socket = sent(api, `${head}${upgrade}${body}${stream}`);
  socket.end();
  await once(socket, 'end');
  t.match(socket.said(), /^HTTP\/1.1 101 /);
  t.equal(came, stream, 'a request in the stream is no request');
  t.ok(socket.said().endsWith(`heard ${stream.length}`), 'the end of one direction is no end');
  t.equal(engine.asked.length, 1);
});

t.test('bodies › names of fields in another case, or in another place, get nothing', async (t) => {
  const { api, engine } = await anApi(t);
  const refused = async (path: string, json: unknown, status: number): Promise<void> => {
    const answer = await api.ask('POST', path, { json });
    t.equal(answer.status, status, `${path} ${JSON.stringify(json)}: ${answer.text}`);
  };
  const create = '/containers/create?name=other';
  // Engines read names of fields in any case, and those of HostConfig beside it too.
  await refused(create, { Image: 'x', HostConfig: { Privileged: true } }, 403);
  await refused(create, { Image: 'x', hostconfig: { Privileged: true } }, 400);
  await refused(create, { Image: 'x', HostConfig: { privileged: true } }, 400);
  await refused(create, { Image: 'x', Ho\u017ftConfig: { Privileged: true } }, 400);
  await refused(create, { Image: 'x', Privileged: true }, 400);
  await refused(create, { Image: 'x', Binds: ['/:/host'] }, 400);
  const mount = { Type: 'volume', type: 'bind', Source: '/', Target: '/host' };
  await refused(create, { Image: 'x', HostConfig: { Mounts: [mount] } }, 400);
  const options = { driverconfig: { Name: 'local', Options: { o: 'bind', device: '/' } } };
  const disguised = { Type: 'volume', Source: 'v', Target: '/h', VolumeOptions: options };
  await refused(create, { Image: 'x', HostConfig: { Mounts: [disguised] } }, 400);
  const net = { EndpointsConfig: { host: {} } };
  await refused(create, { Image: 'x', NetworkingConfig: net }, 403);
  await refused('/containers/web/exec', { Cmd: ['sh'], Privileged: true }, 403);
  await refused('/containers/web/exec', { Cmd: ['sh'], privileged: true }, 400);
  const opts = { type: 'none', o: 'bind', device: '/' };
  await refused('/volumes/create', { Name: 'v', DriverOpts: opts }, 403);
  await refused('/volumes/create', { Name: 'v', driveropts: opts }, 400);
  await refused('/volumes/create', { Name: 'v', labels: {} }, 400);
  await refused('/networks/create', { Name: 'n', Driver: 'macvlan' }, 403);
  await refused('/networks/create', { Name: 'n', driver: 'macvlan' }, 400);
  t.same(
    engine.asked.filter(({ method }) => method === 'POST'),
    [],
  );
});

t.test('bodies › what docker clients write is taken as it is', async () => {
  // Of `docker run`, as the client of 28.2 sends it: every field, set or not.
  const host = { NanoCpus: 0, CpuShares: 0, Binds: null, NetworkMode: 'default', Devices: [] };
  const more = { Memory: 0, PidMode: '', IpcMode: '', UTSMode: '', UsernsMode: '', Mounts: [] };
  exactCreate({ Image: 'x', Volumes: {}, Labels: {}, HostConfig: { ...host, ...more } });
  for (const name of Object.keys(hostConfigSchema.shape)) {
    exactCreate({ Image: 'x', HostConfig: { [name]: null } });
  }
  // `run` of dockerode writes these beside HostConfig, as clients of API 1.17 did.
  exactCreate({ Image: 'x', Volumes: null, VolumesFrom: [], Memory: 0, PortBindings: {}, Dns: '' });
});

t.test('doors › of an agent open to its own manager alone', async (t) => {
  const { api, engine } = await anApi(t);
  const port = api.state.nodes.get('node-0')?.task?.port ?? 0;
  for (const head of [
    'GET /engine/info HTTP/1.1\r\nHost: x\r\n',
    'GET /engine/info HTTP/1.1\r\nTOKEN\r\n',
    'GET /info HTTP/1.1\r\nTOKEN\r\n',
    'POST /engine/containers/x/attach HTTP/1.1\r\nTOKEN\r\nConnection: Upgrade\r\nUpgrade: tcp\r\n',
  ]) {
    const socket = sent({ ...api, port }, `${head}\r\n`);
    await once(socket, 'end');
    t.match(socket.said(), /^HTTP\/1.1 401 /, head);
  }
  const anonymous = await api.ask('GET', '/containers/json', { headers: { authorization: 'x' } });
  t.equal(anonymous.status, 401);
  t.same(engine.asked, []);
});
