/** Real agent processes running real tasks, against the master's end of the link. */
import { existsSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { processOf } from '../../../src/mesos/agent/shell/procfs.js';
import type { RegisterMessage } from '../../../src/wire/agent-link.js';
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
  await world.until(() => existsSync(join(world.sandbox(soft.name), 'stdout')));
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
