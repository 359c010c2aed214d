/** The master as a process: recorded exchanges, who may call, kill -9, what stops its start. */
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import * as http from 'node:http';
import * as net from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import t from 'tap';
import { basicAuthorization, secretOf } from '../../../src/core/credentials.js';
import { callHttp, callJson, streamHttp } from '../../../src/core/http/request.js';
import type { MasterOrder, RunningTask } from '../../../src/wire/agent-link.js';
import type { SchedulerEvent } from '../../../src/wire/mesos/scheduler.js';
import { RecordDecoder } from '../../../src/wire/recordio.js';
import { aFramework, agentResources, aTask, launch } from '../../helpers/master-world.js';
import { root } from '../../helpers/paths.js';
import { bundleProgram, killHard, startProgram } from '../../helpers/program.js';
import { until } from '../../helpers/wait.js';

const clusterKey = 'cd'.repeat(32);
const authorizationOf = (uid: string): string => basicAuthorization(uid, secretOf(clusterKey, uid));

/** A recorded exchange. */
interface Recorded {
  readonly name: string;
  readonly request: {
    readonly method: string;
    readonly path: string;
    readonly headers: Record<string, string>;
    readonly body: unknown;
  };
  readonly response: { readonly status: number; readonly text?: string; readonly json?: unknown };
}

const recorded = (name: string): Recorded[] =>
  JSON.parse(readFileSync(join(root, 'test/mesos/master/fixtures', name), 'utf8'));

async function freePort(): Promise<number> {
  const server = net.createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as net.AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}

/** A master process in a folder of its own. */
class Master {
  readonly dir = mkdtempSync(join(tmpdir(), 'dcos-master-test-'));
  readonly port: number;
  process: ChildProcess | undefined;
  readonly lines: string[] = [];

  private constructor(port: number) {
    this.port = port;
  }

  static async make(): Promise<Master> {
    const master = new Master(await freePort());
    const place = { host: '127.0.0.1', port: master.port };
    const control = { host: '127.0.0.1', port: 1, advertise: '127.0.0.1' };
    const cluster = { schema: 1, id: 'c', name: 'c', control, master: place, agents: [] };
    writeFileSync(join(master.dir, 'cluster.json'), JSON.stringify(cluster));
    mkdirSync(join(master.dir, 'keys'));
    writeFileSync(join(master.dir, 'keys/cluster.key'), clusterKey);
    return master;
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  async start(file: string): Promise<void> {
    this.lines.length = 0;
    const child = startProgram(file, [this.dir], (line) => this.lines.push(line));
    this.process = child;
    const settled = () => this.lines.length > 0 || child.exitCode !== null;
    await until(() => settled(), { what: 'the master to serve', everyMs: 10 });
  }

  /** The process's exit status, once it has ended. */
  async ended(): Promise<number | null> {
    const child = this.process;
    await until(() => child?.exitCode !== null, { what: 'the master to end', everyMs: 10 });
    return child?.exitCode ?? null;
  }

  async close(): Promise<void> {
    if (this.process !== undefined) await killHard(this.process);
    rmSync(this.dir, { recursive: true, force: true });
  }

  post(path: string, uid: string, json: unknown, headers: Record<string, string> = {}) {
    const authorization = authorizationOf(uid);
    const type = { 'content-type': 'application/json' };
    return callHttp({
      method: 'POST',
      url: `${this.url}${path}`,
      headers: { ...type, authorization, ...headers },
      body: typeof json === 'string' ? json : JSON.stringify(json),
    });
  }

  async state(): Promise<Record<string, never[]>> {
    const headers = { authorization: authorizationOf('control') };
    const answer = await callJson({ method: 'GET', url: `${this.url}/master/state`, headers });
    return answer.json as Record<string, never[]>;
  }

  /** Opens a stream; records are handed over as they come. */
  async stream<Message>(path: string, uid: string, json: unknown) {
    const records: Message[] = [];
    const response = await streamHttp({
      method: 'POST',
      url: `${this.url}${path}`,
      headers: { 'content-type': 'application/json', authorization: authorizationOf(uid) },
      body: JSON.stringify(json),
    });
    const decoder = new RecordDecoder();
    const stream = { records, response, ended: false };
    response.on('data', (chunk: Buffer) => {
      for (const record of decoder.push(chunk)) records.push(JSON.parse(record.toString()));
    });
    response.on('error', () => {});
    response.on('close', () => {
      stream.ended = true;
    });
    return stream;
  }

  subscribe(info: ReturnType<typeof aFramework>, id?: string) {
    const framework_info = id === undefined ? info : { ...info, id: { value: id } };
    const whose = id === undefined ? {} : { framework_id: { value: id } };
    const call = { type: 'SUBSCRIBE', ...whose, subscribe: { framework_info } };
    return this.stream<SchedulerEvent>('/api/v1/scheduler', info.name, call);
  }

  register(more: { id?: string; tasks?: RunningTask[]; frameworks?: unknown[] } = {}) {
    const { id, tasks = [], frameworks = [] } = more;
    const agent = { hostname: 'h', port: 1, ...(id === undefined ? {} : { id: { value: id } }) };
    const rest = { version: '0', resources: agentResources, executors: [], tasks, frameworks };
    return this.stream<MasterOrder>('/internal/agents', 'agent', { agent, ...rest });
  }
}

t.test('master process › lives and dies as a real one', async (t) => {
  const folder = join(root, '.cache', `master-under-test-${process.pid}`);
  mkdirSync(folder, { recursive: true });
  const file = await bundleProgram('test/helpers/programs/master.ts', folder);
  const master = await Master.make();
  t.teardown(async () => {
    await master.close();
    rmSync(folder, { recursive: true, force: true });
  });
  await master.start(file);
  t.same(master.lines, ['ready']);

  await t.test('http › answers what Apache Mesos answered', async (t) => {
    for (const one of recorded('operator-answers.json')) {
      const { found, wanted } = await replay(master, one, '', '');
      t.same(found, wanted, one.name);
    }
    for (const one of recorded('operators.json')) {
      const { found, wanted } = await replay(master, one, '', '');
      t.same(found, wanted, one.name);
    }
    const { records, response } = await master.subscribe(aFramework('rec', { roles: ['rec'] }));
    await until(() => records.length > 1, { what: 'the subscription', everyMs: 10 });
    const [first] = records;
    const id = first?.type === 'SUBSCRIBED' ? first.subscribed.framework_id.value : '';
    const ours = String(response.headers['mesos-stream-id']);
    for (const one of recorded('scheduler-errors.json')) {
      const { found, wanted } = await replay(master, one, id, ours);
      t.same(found, wanted, one.name);
    }
    response.destroy();
  });

  await t.test('http › asks who calls, and lets each do only what is theirs', async (t) => {
    const open = await callHttp({ method: 'GET', url: `${master.url}/master/health` });
    t.equal(open.status, 200);
    for (const path of ['/state', '/api/v1', '/internal/agents', '/metrics/snapshot']) {
      const { status } = await callHttp({ method: 'POST', url: `${master.url}${path}`, body: '' });
      t.ok(status === 401 || status === 405, `${path}: ${status}`);
    }
    const teardown = { type: 'TEARDOWN', teardown: { framework_id: { value: 'x' } } };
    t.equal((await master.post('/api/v1', 'kafka', teardown)).status, 403);
    t.equal((await master.post('/internal/agents', 'kafka', {})).status, 403);
    t.equal((await master.post('/internal/agents', 'agent', {})).status, 400);
    t.equal((await master.post('/master/teardown', 'control', 'frameworkId=x')).status, 400);
    const framework_info = { ...aFramework('a'), principal: 'b' };
    const subscribe = { type: 'SUBSCRIBE', subscribe: { framework_info } };
    const refused = await master.post('/api/v1/scheduler', 'a', subscribe);
    t.equal(refused.status, 400);
    t.equal(
      refused.body.toString(),
      "Failed to validate scheduler::Call: Authenticated principal 'a' does not match principal " +
        "'b' set in `FrameworkInfo`",
    );
  });

  await t.test('http › an operator’s stream begins with the state', async (t) => {
    const call = { type: 'SUBSCRIBE' };
    const { records, response } = await master.stream<{ type: string }>('/api/v1', 'control', call);
    await until(() => records.length > 1, { what: 'the first events', everyMs: 10 });
    t.same(
      records.map(({ type }) => type),
      ['SUBSCRIBED', 'HEARTBEAT'],
    );
    response.destroy();
  });

  await t.test('run › what runs is found again after kill -9 of the master', async (t) => {
    const info = aFramework('web');
    const agent = await master.register();
    const scheduler = await master.subscribe(info);
    const offers = await until(() => scheduler.records.find((event) => event.type === 'OFFERS'), {
      what: 'an offer',
      everyMs: 10,
    });
    const [order] = agent.records;
    const agentId = order?.type === 'REGISTERED' ? order.agent_id.value : '';
    const [subscribed] = scheduler.records;
    const id = subscribed?.type === 'SUBSCRIBED' ? subscribed.subscribed.framework_id.value : '';
    const task = aTask('a', agentId);
    const offer_ids = offers.offers.offers.map((offer) => offer.id);
    const accept = { offer_ids, operations: [launch(task)] };
    const call = { type: 'ACCEPT', framework_id: { value: id }, accept };
    const header = { 'mesos-stream-id': String(scheduler.response.headers['mesos-stream-id']) };
    t.equal((await master.post('/api/v1/scheduler', 'web', call, header)).status, 202);
    await until(() => agent.records.some(({ type }) => type === 'RUN_TASK'), {
      what: 'the launch',
      everyMs: 10,
    });

    if (master.process) await killHard(master.process);
    await until(() => scheduler.ended && agent.ended, { what: 'the streams to end' });
    await master.start(file);
    t.match(await master.state(), { recovered_slaves: [{ id: agentId }], frameworks: [] });
    const statuses = [{ task_id: { value: 'a' }, state: 'TASK_RUNNING' as const }];
    const told = { framework_id: { value: id }, task, executor_id: { value: 'a' }, statuses };
    await master.register({
      id: agentId,
      tasks: [told],
      frameworks: [{ ...info, id: { value: id } }],
    });
    await master.subscribe(info, id);
    t.match(await until(() => master.state(), { what: 'the state' }), {
      recovered_slaves: [],
      slaves: [{ id: agentId, used_resources: { cpus: 0.1, mem: 32 } }],
      frameworks: [{ id, tasks: [{ id: 'a', state: 'TASK_RUNNING' }] }],
    });
  });

  await t.test(
    'run › a port in use and a damaged store are said, and nothing else happens',
    async (t) => {
      const second = await Master.make();
      t.teardown(() => second.close());
      const taken = http.createServer().listen(second.port, '127.0.0.1');
      await once(taken, 'listening');
      await second.start(file);
      t.equal(await second.ended(), 5);
      t.same(second.lines, [
        `error conflict: port ${second.port} of 127.0.0.1 is in use by another program`,
      ]);
      taken.close();
      await once(taken, 'close');

      mkdirSync(join(second.dir, 'master/store'), { recursive: true });
      writeFileSync(join(second.dir, 'master/store/data.mdb'), 'no store at all'.repeat(1000));
      await second.start(file);
      t.equal(await second.ended(), 1);
      t.match(second.lines[0], /^error corrupt: cannot open the store in /);
    },
  );

  await t.test('run › SIGTERM ends it cleanly', async (t) => {
    master.process?.kill('SIGTERM');
    t.equal(await master.ended(), 0);
  });
});

/** What a recorded request is answered with here, and what it should be. */
async function replay(
  master: Master,
  { request, response }: Recorded,
  frameworkId: string,
  streamId: string,
): Promise<{ found: unknown; wanted: unknown }> {
  // The ids of the recorded framework and stream become those of ours.
  const ours = (text: string): string =>
    text
      .replaceAll('9a44682a-bd55-4c07-b3ef-692232924306-0000', frameworkId)
      .replaceAll('4d086add-bb73-46c7-95d0-8c2c4abb52eb', streamId);
  const { body } = request;
  const text = typeof body === 'string' ? body : JSON.stringify(body);
  const { Connection: _kept, ...headers } = JSON.parse(ours(JSON.stringify(request.headers)));
  const scheduler = text.includes('"name":"x"') ? 'x' : 'rec';
  const uid = request.path.endsWith('/scheduler') ? scheduler : 'control';
  const answer = await callHttp({
    method: request.method,
    url: `${master.url}${request.path}`,
    headers: { ...headers, authorization: authorizationOf(uid) },
    ...(body === null ? {} : { body: ours(text) }),
  });
  const given = answer.body.toString();
  const { status, json, text: expected = '' } = response;
  return json === undefined
    ? { found: [answer.status, given], wanted: [status, ours(expected)] }
    : { found: [answer.status, JSON.parse(given)], wanted: [status, json] };
}
