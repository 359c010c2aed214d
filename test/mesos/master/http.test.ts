/** The master over HTTP: both encodings, the older paths, files, the registry. */
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import t from 'tap';
import { basicAuthorization, secretOf } from '../../../src/core/credentials.js';
import { callHttp, streamHttp } from '../../../src/core/http/request.js';
import { createLogger } from '../../../src/core/logger.js';
import { startMaster } from '../../../src/mesos/master/run.js';
import type { MasterOrder } from '../../../src/wire/agent-link.js';
import {
  decodeMessage,
  encodeMessage,
  type MessageName,
} from '../../../src/wire/protobuf/codec.js';
import { RecordDecoder } from '../../../src/wire/recordio.js';
import { aFramework, agentResources, scalar } from '../../helpers/master-world.js';
import { until } from '../../helpers/wait.js';

const clusterKey = 'cd'.repeat(32);
const protobuf = 'application/x-protobuf';
const dir = mkdtempSync(join(tmpdir(), 'dcos-master-http-'));
const logFile = join(dir, 'log');
writeFileSync(logFile, 'first line\nsecond line\n');

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as { port: number };
  server.close();
  await once(server, 'close');
  return port;
}

const master = await startMaster({
  host: '127.0.0.1',
  port: await freePort(),
  clusterKey,
  storeFolder: join(dir, 'store'),
  log: createLogger('master-under-test', 'error'),
  logFile,
  onFatal: (error) => t.fail(String(error)),
});
const url = `http://127.0.0.1:${master.port}`;
const authorization = (uid: string) => basicAuthorization(uid, secretOf(clusterKey, uid));

t.teardown(async () => {
  await master.stop();
  rmSync(dir, { recursive: true, force: true });
});

function ask(method: string, path: string, body?: string | Buffer, more = {}, uid = 'control') {
  return callHttp({
    method,
    url: `${url}${path}`,
    headers: { authorization: authorization(uid), ...more },
    ...(body === undefined ? {} : { body }),
  });
}

/** A call of the operator API and its answer, both as protobuf. */
async function operate(call: Record<string, unknown>) {
  const body = encodeMessage('master.Call', call);
  const {
    status,
    headers,
    body: answer,
  } = await ask('POST', '/api/v1', body, {
    'content-type': protobuf,
    accept: protobuf,
  });
  const isMessage = headers['content-type'] === protobuf;
  return { status, answer: isMessage ? decodeMessage('master.Response', answer) : `${answer}` };
}

async function stream(path: string, name: MessageName, uid: string, body: Buffer | string) {
  const isProtobuf = typeof body !== 'string';
  const response = await streamHttp({
    method: 'POST',
    url: `${url}${path}`,
    headers: {
      authorization: authorization(uid),
      'content-type': isProtobuf ? protobuf : 'application/json',
      accept: isProtobuf ? protobuf : 'application/json',
    },
    body,
  });
  const records: Record<string, unknown>[] = [];
  const decoder = new RecordDecoder();
  response.on('error', () => {});
  response.on('data', (chunk: Buffer) => {
    for (const record of decoder.push(chunk)) {
      records.push(isProtobuf ? decodeMessage(name, record) : JSON.parse(record.toString()));
    }
  });
  return { records, response };
}

const agent = { hostname: 'h', port: 1 };
const registration = { version: '0', resources: agentResources, executors: [], tasks: [] };
const link = await stream(
  '/internal/agents',
  'scheduler.Event',
  'agent',
  JSON.stringify({ agent, ...registration, frameworks: [] }),
);
const registered = await until(() => link.records[0] as MasterOrder | undefined, {
  what: 'the registration',
});
const agentId = registered.type === 'REGISTERED' ? registered.agent_id.value : '';

t.test('protobuf › a scheduler that speaks nothing else', async (t) => {
  const framework_info = aFramework('f');
  const subscribe = encodeMessage('scheduler.Call', {
    type: 'SUBSCRIBE',
    subscribe: { framework_info },
  });
  const path = '/api/v1/scheduler';
  const { records, response } = await stream(path, 'scheduler.Event', 'f', subscribe);
  t.equal(response.headers['content-type'], protobuf);
  const offers = await until(() => records.find(({ type }) => type === 'OFFERS'), {
    what: 'an offer',
  });
  t.same(
    records.slice(0, 3).map(({ type }) => type),
    ['SUBSCRIBED', 'HEARTBEAT', 'OFFERS'],
  );
  t.match(offers, { offers: { offers: [{ agent_id: { value: agentId }, hostname: 'h' }] } });
  const [first] = records as [{ subscribed: { framework_id: { value: string } } }];
  const { framework_id } = first.subscribed;
  const call = (message: Record<string, unknown>) =>
    ask(
      'POST',
      path,
      encodeMessage('scheduler.Call', { framework_id, ...message }),
      { 'content-type': protobuf, 'mesos-stream-id': String(response.headers['mesos-stream-id']) },
      'f',
    );
  t.equal((await call({ type: 'SUPPRESS' })).status, 202);
  const kill = { type: 'KILL', kill: { task_id: { value: 'never' } } };
  t.equal((await call(kill)).status, 202);
  const update = await until(() => records.find(({ type }) => type === 'UPDATE'), {
    what: 'the answer to the kill',
  });
  t.match(update, { update: { status: { task_id: { value: 'never' }, state: 'TASK_UNKNOWN' } } });
  const info = { ...framework_info, id: framework_id, principal: 'f', roles: ['other'] };
  const changed = await call({
    type: 'UPDATE_FRAMEWORK',
    update_framework: { framework_info: info },
  });
  t.equal(changed.status, 200, changed.body.toString());
  t.equal((await call({ type: 'TEARDOWN' })).status, 202);
  response.destroy();
});

t.test('protobuf › operators get what they get as JSON', async (t) => {
  for (const type of ['GET_AGENTS', 'GET_STATE', 'GET_MASTER', 'GET_ROLES', 'GET_FLAGS']) {
    const json = await ask('POST', '/api/v1', JSON.stringify({ type }), {
      'content-type': 'application/json',
    });
    const { status, answer } = await operate({ type });
    t.equal(status, 200);
    t.same(sorted(answer), sorted(JSON.parse(json.body.toString())), type);
  }
  const watch = encodeMessage('master.Call', { type: 'SUBSCRIBE' });
  const { records, response } = await stream('/api/v1', 'master.Event', 'control', watch);
  await until(() => records.length > 1, { what: 'the first events' });
  t.match(records, [{ type: 'SUBSCRIBED' }, { type: 'HEARTBEAT' }]);
  response.destroy();
  const weights = { weight_infos: [{ role: 'dev', weight: 2 }] };
  t.equal((await operate({ type: 'UPDATE_WEIGHTS', update_weights: weights })).status, 200);
  t.match(await operate({ type: 'GET_WEIGHTS' }), { answer: { get_weights: weights } });
});

/** Lists that are empty are left out of protobuf. */
function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value)
    .filter(([, inner]) => !(Array.isArray(inner) && inner.length === 0))
    .map(([key, inner]) => [key, sorted(inner)]);
  return Object.fromEntries(entries.sort());
}

t.test('protobuf › what can’t be read or written is refused in Mesos’ words', async (t) => {
  const bad = await ask('POST', '/api/v1', Buffer.from([1, 2, 3]), { 'content-type': protobuf });
  t.same([bad.status, `${bad.body}`], [400, 'Failed to parse body into Call protobuf']);
  const empty = await ask('POST', '/api/v1', Buffer.alloc(0), { 'content-type': protobuf });
  t.match(`${empty.body}`, /Expecting 'type' to be present/);
  const html = { 'content-type': 'application/json', accept: 'text/html' };
  t.equal((await ask('POST', '/api/v1', '{"type":"GET_HEALTH"}', html)).status, 406);
});

t.test('older paths › reservations and volumes as forms', async (t) => {
  const reserved = { reservations: [{ type: 'DYNAMIC', role: 'dev', principal: 'control' }] };
  const form = (path: string, field: string, list: unknown) =>
    ask(
      'POST',
      `/master${path}`,
      `slaveId=${agentId}&${field}=${encodeURIComponent(JSON.stringify(list))}`,
    );
  const disk = scalar('disk', 64, reserved as never);
  t.equal((await form('/reserve', 'resources', [disk])).status, 202);
  await until(() => link.records.some(({ type }) => type === 'APPLY_OPERATION'), {
    what: 'the order to the agent',
  });
  const volume = {
    ...disk,
    disk: { persistence: { id: 'v' }, volume: { container_path: 'd', mode: 'RW' } },
  };
  t.equal((await form('/create-volumes', 'volumes', [volume])).status, 202);
  const problems: [string, string, string][] = [
    ['/reserve', `slaveId=${agentId}`, "Missing 'resources' query parameter in the request body"],
    ['/reserve', 'resources=[]', "Missing 'slaveId' query parameter in the request body"],
    [
      '/destroy-volumes',
      `slaveId=${agentId}`,
      "Missing 'volumes' query parameter in the request body",
    ],
  ];
  for (const [path, body, text] of problems) {
    const answer = await ask('POST', `/master${path}`, body);
    t.same([answer.status, `${answer.body}`], [400, text]);
  }
  t.equal((await ask('GET', '/reserve')).status, 405);
  t.equal((await ask('POST', '/reserve', `slaveId=${agentId}&resources=no`)).status, 400);
  t.equal((await ask('POST', '/reserve', 'slaveId=x&resources=[]', {}, 'f')).status, 403);
});

t.test('older paths › machines down and up', async (t) => {
  const machine = { hostname: 'm', ip: '10.0.0.1' };
  const windows = [{ machine_ids: [machine], unavailability: { start: { nanoseconds: 1 } } }];
  const post = async (path: string, body: unknown) =>
    (await ask('POST', path, typeof body === 'string' ? body : JSON.stringify(body))).status;
  t.equal(await post('/maintenance/schedule', { windows }), 200);
  t.equal(await post('/machine/down', [machine]), 200);
  t.equal(await post('/machine/down', [machine]), 400);
  t.equal(await post('/machine/up', [machine]), 200);
  t.equal(await post('/machine/up', []), 400);
  t.equal(await post('/machine/up', 'no'), 400);
  t.equal(await post('/machine/up', { a: 1 }), 400);
  t.equal(await post('/maintenance/schedule', '['), 400);
  t.equal((await ask('GET', '/machine/up')).status, 405);
});

t.test('files › the log and nothing else, for operators', async (t) => {
  const get = async (path: string, uid = 'control') => {
    const { status, body } = await ask('GET', path, undefined, {}, uid);
    return [status, body.toString()] as const;
  };
  t.same(await get('/files/debug'), [200, JSON.stringify({ '/master/log': logFile })]);
  const [status, read] = await get('/files/read?path=/master/log&offset=6&length=4');
  t.same([status, JSON.parse(read)], [200, { data: 'line', offset: 6 }]);
  t.same(await get('/files/download?path=/master/log'), [200, 'first line\nsecond line\n']);
  t.same(await get('/files/read?path=/etc/passwd&offset=0'), [404, '']);
  t.same(await get('/files/browse?path=/'), [404, '']);
  t.same(await get('/files/browse'), [400, "Expecting 'path=value' in query.\n"]);
  t.equal((await get('/files/debug', 'f'))[0], 403);
  const read_file = { path: '/master/log', offset: 0, length: 5 };
  t.same((await operate({ type: 'READ_FILE', read_file })).answer, {
    type: 'READ_FILE',
    read_file: { size: 23, data: Buffer.from('first').toString('base64') },
  });
  t.same(await operate({ type: 'LIST_FILES', list_files: { path: '/etc' } }), {
    status: 404,
    answer: '',
  });
});

t.test('registry and load › as Mesos shows them', async (t) => {
  const json = async (path: string) => JSON.parse(`${(await ask('GET', path)).body}`);
  t.match(await json('/registrar(1)/registry'), {
    master: { info: { hostname: '127.0.0.1', version: '1.12.0' } },
    slaves: { slaves: [{ info: { id: { value: agentId }, hostname: 'h' }, deactivated: false }] },
    weights: [{ info: { role: 'dev', weight: 2 } }],
  });
  t.match(await json('/system/stats.json'), { cpus_total: Number, mem_total_bytes: Number });
});
