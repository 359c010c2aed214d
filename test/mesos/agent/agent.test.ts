/** Real agent processes running real tasks, against the master's end of the link. */
import { existsSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { processOf } from '../../../src/mesos/agent/shell/procfs.js';
import type { RegisterMessage } from '../../../src/wire/agent-link.js';
import type { OfferOperation } from '../../../src/wire/mesos/scheduler.js';
import { aTask, framework, World } from '../../helpers/agent-world.js';

const world = await new World().open();
t.teardown(() => world.close());
const states = (id: string): string[] => world.statuses(id).map((status) => status.state);

t.test('agent › registers with its place and resources', async (t) => {
  await world.start();
  const { agent, resources, tasks } = world.registrations[0] as RegisterMessage;
  t.match(agent, {
    hostname: '127.0.0.1',
    port: world.port,
    attributes: [
      { name: 'rack', type: 'TEXT', text: { value: 'rack-1' } },
      { name: 'node', text: { value: process.version } },
      { name: 'os', text: { value: 'linux' } },
    ],
    domain: { fault_domain: { region: { name: 'local' }, zone: { name: 'rack-1' } } },
  });
  t.equal(agent.id, undefined);
  t.equal(resources.find(({ name }) => name === 'mem')?.scalar?.value, 1024);
  t.same(tasks, []);
});

t.test('agent › runs a command and tells how it ended', async (t) => {
  const cases = [
    { command: 'echo out; echo err >&2', state: 'TASK_FINISHED', exit: 'exited with status 0' },
    { command: 'exit 3', state: 'TASK_FAILED', exit: 'exited with status 3' },
    { command: 'exit 137', state: 'TASK_FAILED', exit: 'exited with status 137' },
    { command: 'kill -9 $$', state: 'TASK_FAILED', exit: 'terminated with signal Killed' },
    { command: 'nosuchcommand', state: 'TASK_FAILED', exit: 'exited with status 127' },
  ];
  const tasks = cases.map(({ command }) => aTask(command));
  for (const task of tasks) world.run(task);
  for (const [index, { state, exit }] of cases.entries()) {
    const id = tasks[index]?.name ?? '';
    const status = await world.status(id, state);
    t.equal(status.message, `Command ${exit}`);
    t.match(status, { source: 'SOURCE_EXECUTOR', executor_id: { value: id } });
    t.same(states(id), ['TASK_STARTING', 'TASK_RUNNING', state]);
    const running = world.statuses(id)[1]?.container_status;
    t.match(running?.network_infos, [{ ip_addresses: [{ ip_address: '127.0.0.1' }] }]);
    t.ok(running?.executor_pid);
  }
  t.equal(world.read(tasks[0]?.name ?? '', 'stdout'), 'out\n');
  t.equal(world.read(tasks[0]?.name ?? '', 'stderr'), 'err\n');
});

t.test('agent › kill -9 of the agent: tasks go on and are taken up again', async (t) => {
  const long = aTask('sleep 300');
  const ending = aTask('while [ ! -e go ]; do sleep 0.05; done; exit 4');
  world.run(long);
  world.run(ending);
  await world.status(long.name, 'TASK_RUNNING');
  await world.status(ending.name, 'TASK_RUNNING');
  const dir = world.sandbox(ending.name);
  await world.end('SIGKILL');
  writeFileSync(join(dir, 'go'), '');
  await world.until(() => existsSync(join(metaOf(ending.name), 'exit')));
  await world.start();
  const again = world.registrations.at(-1);
  t.equal(again?.agent.id?.value, 'agent-S0');
  t.ok(again?.tasks.some(({ task }) => task.name === long.name));
  t.equal((await world.status(ending.name, 'TASK_FAILED')).message, 'Command exited with status 4');
  world.kill(long.name);
  await world.status(long.name, 'TASK_KILLED');
  t.same(states(long.name), ['TASK_STARTING', 'TASK_RUNNING', 'TASK_KILLING', 'TASK_KILLED']);
});

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

t.test('agent › a kill takes the whole tree, by force after the grace', async (t) => {
  const deaf = aTask(
    "trap '' TERM; sh -c 'while :; do sleep 0.2; done' & echo $!; wait; sleep 60",
    {
      kill_policy: { grace_period: { nanoseconds: 300e6 } },
    },
  );
  const soft = aTask("trap 'echo bye; exit 0' TERM; echo up; while :; do sleep 0.05; done");
  world.run(deaf);
  world.run(soft);
  await world.until(() => existsSync(join(world.sandbox(deaf.name), 'stdout')));
  await world.until(() => /\d+\n/.test(world.read(deaf.name, 'stdout')));
  await world.until(() => world.read(soft.name, 'stdout') === 'up\n');
  const began = Date.now();
  world.kill(deaf.name);
  world.kill(soft.name);
  const killed = await world.status(deaf.name, 'TASK_KILLED');
  t.equal(killed.message, 'Command terminated with signal Killed');
  t.ok(Date.now() - began >= 300, 'the grace was given');
  t.ok(isGone(Number(world.read(deaf.name, 'stdout'))), 'no child is left');
  const polite = await world.status(soft.name, 'TASK_KILLED');
  t.equal(polite.message, 'Command exited with status 0');
  t.equal(world.read(soft.name, 'stdout'), 'up\nbye\n');
});

t.test('agent › a supervisor that is killed takes its task along', async (t) => {
  const task = aTask('echo $$; sleep 300');
  world.run(task);
  const running = await world.status(task.name, 'TASK_RUNNING');
  await world.until(() => world.read(task.name, 'stdout') !== '');
  process.kill(running.container_status?.executor_pid ?? 0, 'SIGKILL');
  const failed = await world.status(task.name, 'TASK_FAILED');
  t.match(failed, { reason: 'REASON_EXECUTOR_TERMINATED', source: 'SOURCE_AGENT' });
  t.ok(isGone(Number(world.read(task.name, 'stdout'))));
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

t.test('agent › a failing task of a group takes the others along, then the executor', async (t) => {
  const first = aTask('echo shared > data/f; while :; do sleep 0.1; done', {
    container: {
      type: 'MESOS',
      volumes: [
        {
          mode: 'RW',
          container_path: 'data',
          source: { type: 'SANDBOX_PATH', sandbox_path: { type: 'PARENT', path: 'shared' } },
        },
      ],
    },
  });
  const second = aTask('while [ ! -e ../../shared/f ]; do sleep 0.05; done; exit 9');
  const executor = { type: 'DEFAULT', executor_id: { value: 'pod-1' } } as const;
  world.order({ type: 'RUN_TASK_GROUP', framework, executor, tasks: [first, second] });
  const failed = await world.status(second.name, 'TASK_FAILED');
  t.equal(failed.message, 'Command exited with status 9');
  t.equal(failed.executor_id?.value, 'pod-1');
  t.ok(failed.container_status?.container_id?.parent);
  await world.status(first.name, 'TASK_KILLED');
  await world.until(() => world.messages.some(({ type }) => type === 'EXECUTOR_EXITED'));
  t.match(
    world.messages.find(({ type }) => type === 'EXECUTOR_EXITED'),
    { executor_id: { value: 'pod-1' }, status: 0 },
  );
  t.equal(world.read('pod-1', `tasks/${first.name}/data/f`), 'shared\n');
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

t.test('agent › only the first update is on its way until it is acknowledged', async (t) => {
  world.acknowledging = false;
  const task = aTask('true');
  world.run(task);
  const first = await world.status(task.name, 'TASK_STARTING');
  await world.until(() => existsSync(join(metaOf(task.name), 'exit')));
  t.same(states(task.name), ['TASK_STARTING']);
  world.drop();
  const again = (): number =>
    world.messages.filter((m) => m.type === 'UPDATE' && m.status.uuid === first.uuid).length;
  await world.until(() => again() === 2);
  world.acknowledge(first);
  world.acknowledge(await world.status(task.name, 'TASK_RUNNING'));
  world.acknowledge(await world.status(task.name, 'TASK_FINISHED'));
  t.same(states(task.name), ['TASK_STARTING', 'TASK_RUNNING', 'TASK_FINISHED']);
  world.acknowledging = true;
});

t.test('agent › what cannot run here is refused with a reason', async (t) => {
  const cases = [
    {
      task: aTask('true', { executor: { executor_id: { value: 'x' } } }),
      says: /Custom executors/,
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
    read_file: { path: `${dir}/stdout` },
  });
  t.same(v1.json, { type: 'READ_FILE', read_file: { size: 6, data: 'aGVsbG8K' } });
  t.match((await world.get('/api/v1', { type: 'NOPE' })).text, /Expecting 'type' to be present/);
  t.equal((await fetch(`http://127.0.0.1:${world.port}/state`)).status, 401);
  t.equal((await fetch(`http://127.0.0.1:${world.port}/health`)).status, 200);
  world.kill(task.name);
  await world.status(task.name, 'TASK_KILLED');
});

t.test('agent › frozen for longer than any ping, it loses no task', async (t) => {
  const normal = world.onRegister;
  world.onRegister = (message) => ({ ...normal(message), ping_interval_ms: 100 }) as never;
  const task = aTask('sleep 300');
  world.run(task);
  await world.status(task.name, 'TASK_RUNNING');
  world.drop();
  await world.until(() => world.registrations.length > 0);
  world.process?.kill('SIGSTOP');
  await new Promise((resolve) => setTimeout(resolve, 1500));
  world.process?.kill('SIGCONT');
  const count = world.registrations.length;
  world.drop();
  await world.until(() => world.registrations.length > count);
  t.same(states(task.name), ['TASK_STARTING', 'TASK_RUNNING']);
  world.onRegister = normal;
  world.kill(task.name);
  await world.status(task.name, 'TASK_KILLED');
});

t.test(
  'agent › stopped with its cluster, it takes its tasks along and tells so later',
  async (t) => {
    const task = aTask('echo $$; sleep 300');
    world.run(task);
    await world.status(task.name, 'TASK_RUNNING');
    await world.until(() => world.read(task.name, 'stdout') !== '');
    writeFileSync(join(world.dir, 'stop'), '');
    await world.end('SIGTERM');
    t.ok(isGone(Number(world.read(task.name, 'stdout'))));
    rmSync(join(world.dir, 'stop'));
    await world.start();
    const killed = await world.status(task.name, 'TASK_KILLED');
    t.equal(killed.message, 'agent stopped');
  },
);

t.test('agent › refused by the master, it starts anew as another', async (t) => {
  const task = aTask('sleep 300');
  world.run(task);
  const running = await world.status(task.name, 'TASK_RUNNING');
  const normal = world.onRegister;
  let refused = false;
  world.onRegister = (message) => {
    if (message.agent.id === undefined)
      return { ...normal(message), agent_id: { value: 'S1' } } as never;
    refused = true;
    return { type: 'REFUSED', message: 'Agent has been removed' };
  };
  world.drop();
  await world.until(() => refused && world.registrations.at(-1)?.agent.id === undefined);
  t.same(world.registrations.at(-1)?.tasks, []);
  t.ok(isGone(running.container_status?.executor_pid ?? 0));
  t.notOk(states(task.name).includes('TASK_KILLED'), 'nobody is told');
});

function isGone(pid: number): boolean {
  return processOf(pid) === undefined;
}

function metaOf(taskId: string): string {
  const status = world.statuses(taskId).at(-1);
  const container = status?.container_status?.container_id?.value ?? '';
  return join(world.dir, 'agent-1/work/meta', container);
}
