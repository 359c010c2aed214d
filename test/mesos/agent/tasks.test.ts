/**
 * What tasks are given and shown by a real agent: environment, checks, volumes, files; and what is
 * refused.
 */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { processOf } from '../../../src/mesos/agent/shell/procfs.js';
import { askToEnd, killTree } from '../../../src/mesos/agent/shell/signals.js';
import {
  inspectTask,
  isAlive,
  readExit,
  startSupervisor,
} from '../../../src/mesos/agent/shell/supervisor.js';
import type { OfferOperation } from '../../../src/wire/mesos/scheduler.js';
import { aTask, World } from '../../helpers/agent-world.js';
import { shared } from '../../helpers/paths.js';

const world = await new World().open();
t.teardown(() => world.close());
await world.start();

t.test('agent › a task sees what Mesos gives it, and nothing of the agent', async (t) => {
  const task = aTask('env; echo at $PWD; which node; pwd -P', {
    command: {
      value: 'env > env.txt; echo at $PWD; which node',
      environment: {
        variables: [
          { name: 'OWN', value: "it's" },
          { name: 'HIDDEN', type: 'SECRET', secret: { value: { data: 'c2VjcmV0' } } },
        ],
      },
    },
  });
  world.run(task);
  await world.status(task.name, 'TASK_FINISHED');
  const env = world.read(task.name, 'env.txt');
  for (const line of ["OWN=it's", 'HIDDEN=secret', `MESOS_TASK_ID=${task.name}`]) {
    t.match(env, line);
  }
  t.match(env, /^MESOS_AGENT_ID=agent-S0$/m);
  t.match(env, /^MESOS_CONTAINER_IP=127\.0\.0\.1$/m);
  t.notMatch(env, 'SECRET_OF_AGENT');
  t.match(world.read(task.name, 'stdout'), new RegExp(`at .*${task.name}.*\n.*node`));
  const words = aTask('', {
    command: { shell: false, value: 'echo', arguments: ['echo', 'a b', "$HOME 'x'"] },
  });
  world.run(words);
  await world.status(words.name, 'TASK_FINISHED');
  t.equal(world.read(words.name, 'stdout'), "a b $HOME 'x'\n");
});

t.test('agent › a polite end that comes while a task begins is not lost', async (t) => {
  // The moment lasts a few ms: of many tasks some are asked within it.
  for (let round = 0; round < 20; round += 1) {
    const meta = join(t.testdir(), `${round}`);
    let end = (): void => {};
    const gone = new Promise<void>((resolve) => {
      end = resolve;
    });
    const pid = await startSupervisor({
      meta,
      sandbox: t.testdirName,
      words: ['sleep', '1000'],
      environment: { PATH: process.env.PATH ?? '' },
      onExit: end,
    });
    const { startTime } = processOf(pid) ?? {};
    await askToEnd(pid, () => isAlive(pid, startTime));
    const timer = setTimeout(() => {
      t.fail('the signal was lost');
      killTree(pid);
    }, 20_000);
    await gone;
    clearTimeout(timer);
    t.same(readExit(meta), { kind: 'signal', signal: 15 });
  }
});

t.test('agent › the limits of its container are those of a task', async (t) => {
  const rlimits = [
    { type: 'RLMT_NOFILE', soft: 61, hard: 62 },
    { type: 'RLMT_CORE', soft: 0, hard: 0 },
  ];
  const task = aTask('ulimit -Sn; ulimit -Hn; ulimit -c', {
    container: { type: 'MESOS', rlimit_info: { rlimits } },
  });
  world.run(task);
  await world.status(task.name, 'TASK_FINISHED');
  t.equal(world.read(task.name, 'stdout'), '61\n62\n0\n');
});

t.test('agent › checks tell changes only; health checks kill', async (t) => {
  const times = { delay_seconds: 0, interval_seconds: 0.05, timeout_seconds: 5 };
  const checked = aTask('while :; do sleep 0.1; done', {
    check: {
      type: 'COMMAND',
      command: { command: { value: 'test -e ok || exit 4' } },
      ...times,
    },
  });
  const sick = aTask('sleep 300', {
    health_check: {
      type: 'COMMAND',
      command: { value: 'exit 7' },
      grace_period_seconds: 0,
      consecutive_failures: 2,
      ...times,
    },
  });
  world.run(checked);
  world.run(sick);
  const told = (): unknown[] => world.statuses(checked.name).map((each) => each.check_status);
  await world.until(() => told().length === 3);
  writeFileSync(join(world.sandbox(checked.name), 'ok'), '');
  await world.until(() => told().length === 4);
  t.same(told(), [
    { type: 'COMMAND', command: {} },
    { type: 'COMMAND', command: {} },
    { type: 'COMMAND', command: { exit_code: 4 } },
    { type: 'COMMAND', command: { exit_code: 0 } },
  ]);
  t.equal(world.statuses(checked.name).at(-1)?.reason, 'REASON_TASK_CHECK_STATUS_UPDATED');
  const killed = await world.status(sick.name, 'TASK_KILLED');
  t.match(killed, { healthy: false, message: 'Command terminated with signal Terminated' });
  const health = world
    .statuses(sick.name)
    .filter((each) => each.reason === 'REASON_TASK_HEALTH_CHECK_STATUS_UPDATED');
  t.same(
    health.map((each) => each.healthy),
    [false, false],
  );
  world.kill(checked.name);
  await world.status(checked.name, 'TASK_KILLED');
});

t.test('agent › HTTP and TCP checks reach the task', async (t) => {
  const port = 21_050;
  const script = `require('http').createServer((q,r)=>{r.statusCode=q.url==='/ok'?200:500;r.end()})
    .listen(${port},'127.0.0.1')`;
  const times = { delay_seconds: 0, interval_seconds: 0.05, timeout_seconds: 5 };
  const task = aTask(`exec node -e "${script}"`, {
    check: { type: 'HTTP', http: { port, path: '/ok' }, ...times },
    health_check: { type: 'TCP', tcp: { port }, grace_period_seconds: 20, ...times },
  });
  world.run(task);
  await world.until(() =>
    world.statuses(task.name).some((each) => each.check_status?.http?.status_code === 200),
  );
  const healthy = await world.status(
    task.name,
    'TASK_RUNNING',
    'REASON_TASK_HEALTH_CHECK_STATUS_UPDATED',
  );
  t.equal(healthy.healthy, true);
  world.kill(task.name);
  await world.status(task.name, 'TASK_KILLED');
});

t.test('agent › volumes outlive tasks, and go with DESTROY', async (t) => {
  const reservations = [{ type: 'DYNAMIC', role: 'test/a', principal: 'p' }] as const;
  const disk = { name: 'disk', type: 'SCALAR', scalar: { value: 64 } } as const;
  const reserved = {
    ...disk,
    reservations: [...reservations],
    allocation_info: { role: 'test/a' },
  };
  const volume = {
    ...reserved,
    disk: { persistence: { id: 'v1' }, volume: { container_path: 'data', mode: 'RW' as const } },
  };
  const apply = async (uuid: string, operation: OfferOperation): Promise<string> => {
    world.order({ type: 'APPLY_OPERATION', operation_uuid: uuid, operation });
    const find = () =>
      world.messages.find((m) => m.type === 'OPERATION_UPDATE' && m.operation_uuid === uuid);
    await world.until(() => find() !== undefined);
    return (find() as { state: string }).state;
  };
  const reserve: OfferOperation = { type: 'RESERVE', reserve: { resources: [reserved] } };
  const destroy: OfferOperation = { type: 'DESTROY', destroy: { volumes: [volume] } };
  t.equal(await apply('o1', reserve), 'OPERATION_FINISHED');
  t.equal(
    await apply('o2', { type: 'CREATE', create: { volumes: [volume] } }),
    'OPERATION_FINISHED',
  );
  const more = { ...reserved, scalar: { value: 99_999 } };
  const tooMuch: OfferOperation = { type: 'RESERVE', reserve: { resources: [more] } };
  t.equal(await apply('o3', tooMuch), 'OPERATION_ERROR');
  const writer = aTask('echo kept > data/f; while :; do sleep 0.1; done', { resources: [volume] });
  world.run(writer);
  const data = join(world.dir, 'agent-1/work/volumes/roles/test__a/v1');
  await world.until(() => existsSync(join(data, 'f')));
  t.equal(await apply('o4', destroy), 'OPERATION_ERROR', 'a running task uses it');
  world.kill(writer.name);
  await world.status(writer.name, 'TASK_KILLED');
  await world.end('SIGKILL');
  await world.start();
  const told = world.registrations.at(-1)?.resources ?? [];
  t.ok(told.some((each) => each.disk?.persistence?.id === 'v1'));
  const reader = aTask('cat data/f', { resources: [volume] });
  world.run(reader);
  await world.status(reader.name, 'TASK_FINISHED');
  t.equal(world.read(reader.name, 'stdout'), 'kept\n');
  t.equal(await apply('o5', destroy), 'OPERATION_FINISHED');
  await world.until(() => !existsSync(data));
  const unreserve: OfferOperation = { type: 'UNRESERVE', unreserve: { resources: [reserved] } };
  t.equal(await apply('o6', unreserve), 'OPERATION_FINISHED');
});

t.test('agent › what cannot run here is refused with a reason', async (t) => {
  const cases = [
    {
      task: aTask('true', { executor: { executor_id: { value: 'x' } } }),
      says: /command of the executor has no value/,
    },
    { task: aTask('true', { container: { type: 'DOCKER' } }), says: /images are not supported/ },
    { task: aTask('x'.repeat(600_000)), says: /larger than/ },
  ];
  for (const { task, says } of cases) {
    world.run(task);
    const status = await world.status(task.name, 'TASK_ERROR');
    t.match(status.message, says);
    t.equal(status.reason, 'REASON_TASK_INVALID');
  }
  const task = aTask('true', { command: { value: 'true', user: 'nosuchuser' } });
  world.run(task);
  const failed = await world.status(task.name, 'TASK_FAILED');
  t.match(failed, { reason: 'REASON_CONTAINER_LAUNCH_FAILED', source: 'SOURCE_AGENT' });
  t.match(failed.message, /^Failed to launch container: Failed to chown .*No such user/);
  world.kill('never-was');
  t.equal((await world.status('never-was', 'TASK_GONE')).uuid, undefined);
});

t.test('agent › shows sandboxes and nothing else of the machine', async (t) => {
  const task = aTask('echo hello; ln -s /etc/passwd out; mkdir sub; sleep 300');
  world.run(task);
  await world.status(task.name, 'TASK_RUNNING');
  await world.until(() => existsSync(join(world.sandbox(task.name), 'sub')));
  const state = (await world.get('/slave(1)/state')).json as {
    frameworks: { executors: { id: string; directory: string; tasks: unknown[] }[] }[];
  };
  const executor = state.frameworks[0]?.executors.find(({ id }) => id === task.name);
  t.match(executor?.tasks, [{ id: task.name, state: 'TASK_RUNNING', executor_id: '' }]);
  const dir = executor?.directory ?? '';
  const read = async (query: string) => world.get(`/files/read?${query}`);
  t.same((await read(`path=${dir}/stdout&offset=0&length=3`)).json, { data: 'hel', offset: 0 });
  t.same((await read(`path=${dir}/stdout&offset=-1`)).json, { data: '', offset: 6 });
  t.same(await read(`path=${dir}/stdout&offset=abc`), {
    status: 400,
    text: "Failed to parse offset: Failed to convert 'abc' to number.\n",
    json: undefined,
  });
  t.equal((await read('offset=0')).text, "Expecting 'path=value' in query.\n");
  for (const path of [
    `${dir}/out`,
    `${dir}/../../../../../../../../store/data.mdb`,
    '/etc/passwd',
  ]) {
    t.match(await read(`path=${path}&offset=0`), { status: 404, text: '' });
  }
  const browsed = (await world.get(`/files/browse?path=${dir}`)).json as { path: string }[];
  const names = browsed.map(({ path }) => path.slice(dir.length + 1));
  t.same(names, ['out', 'stderr', 'stdout', 'sub']);
  t.equal((await world.get(`/files/download?path=${dir}/stdout`)).text, 'hello\n');
  const containers = (await world.get('/containers')).json as { statistics: object }[];
  t.match(containers, [{ executor_id: task.name, statistics: { mem_rss_bytes: Number } }]);
  const v1 = await world.get('/api/v1', {
    type: 'READ_FILE',
    read_file: { path: `${dir}/stdout`, offset: 0 },
  });
  t.same(v1.json, { type: 'READ_FILE', read_file: { size: 6, data: 'aGVsbG8K' } });
  t.match((await world.get('/api/v1', { type: 'NOPE' })).text, /Expecting 'type' to be present/);
  t.equal((await fetch(`http://127.0.0.1:${world.port}/state`)).status, 401);
  t.equal((await fetch(`http://127.0.0.1:${world.port}/health`)).status, 200);
  world.kill(task.name);
  await world.status(task.name, 'TASK_KILLED');
});

const recordings = join(shared, 'mesos-recordings/agent');
/** What only a Mesos with executors that are processes, and with its own flags, can have. */
const notOurs = [/^flags\./, /executor_info\.command/, /shutdown_grace_period/, /attributes\.ssd/];

/** Paths of all fields; elements of arrays are taken together. */
function fieldsOf(value: unknown, path = '', found = new Set<string>()): Set<string> {
  if (Array.isArray(value)) for (const each of value) fieldsOf(each, path, found);
  else if (typeof value === 'object' && value !== null) {
    for (const [key, each] of Object.entries(value)) {
      const below = path === '' ? key : `${path}.${key}`;
      found.add(below);
      fieldsOf(each, below, found);
    }
  }
  return found;
}

t.test('agent › what it shows has every field that a real Mesos shows', async (t) => {
  if (!existsSync(recordings)) return t.comment('no recordings here');
  const long = aTask('sleep 300', { kill_policy: { grace_period: { nanoseconds: 1e9 } } });
  const ended = aTask('true');
  world.run(long);
  world.run(ended);
  await world.status(ended.name, 'TASK_FINISHED');
  await world.status(long.name, 'TASK_RUNNING');
  const names = ['a1_state', 'a1_containers', 'a1_monitor_statistics', 'a1_version'];
  const calls = ['STATE', 'TASKS', 'EXECUTORS', 'CONTAINERS', 'AGENT', 'VERSION', 'HEALTH'];
  for (const name of [...names, ...calls.map((call) => `a1_v1_GET_${call}`)]) {
    const { request, response } = JSON.parse(
      readFileSync(join(recordings, `${name}.json`), 'utf8'),
    );
    const answer = await world.get(request.path, request.body ?? undefined);
    t.equal(answer.status, response.status, name);
    const ours = fieldsOf(answer.json);
    const missing = [...fieldsOf(response.json)].filter((field) => !ours.has(field));
    t.same(
      missing.filter((field) => !notOurs.some((each) => each.test(field))),
      [],
      name,
    );
  }
  world.kill(long.name);
  await world.status(long.name, 'TASK_KILLED');
});

t.test('agent › half-written notes of a supervisor stop nothing', async (t) => {
  const cases: { files: Record<string, string>; sameBoot?: boolean; is: object }[] = [
    { files: {}, is: { kind: 'unstarted' } },
    { files: { claim: '' }, is: { kind: 'exited', exit: { kind: 'lost' } } },
    { files: { claim: '12' }, is: { kind: 'exited', exit: { kind: 'lost' } } },
    { files: { claim: 'given up\n' }, is: { kind: 'unstarted' } },
    { files: { claim: '999999 1\n', exit: '3\n' }, is: { exit: { kind: 'code', code: 3 } } },
    { files: { claim: '999999 1\n', 'exit.new': '3\n' }, is: { exit: { kind: 'code', code: 3 } } },
    { files: { claim: '999999 1\n', exit: '' }, is: { exit: { kind: 'lost' } } },
    { files: { claim: '999999 1\n' }, sameBoot: false, is: { exit: { kind: 'rebooted' } } },
    { files: {}, sameBoot: false, is: { exit: { kind: 'rebooted' } } },
    {
      files: { claim: '999999 1\n', exit: '137\n', note: 'Killed\n' },
      is: { exit: { kind: 'signal', signal: 9 } },
    },
  ];
  for (const [index, { files, sameBoot = true, is }] of cases.entries()) {
    const meta = join(world.dir, `meta-${index}`);
    mkdirSync(meta);
    for (const [name, text] of Object.entries(files)) writeFileSync(join(meta, name), text);
    t.match(inspectTask(meta, sameBoot), is, JSON.stringify(files));
  }
});
