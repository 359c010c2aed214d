/** Real agent processes running real tasks, against the master's end of the link. */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import type { RegisterMessage } from '../../../src/wire/agent-link.js';
import { aTask, World } from '../../helpers/agent-world.js';

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

function metaOf(taskId: string): string {
  const status = world.statuses(taskId).at(-1);
  const container = status?.container_status?.container_id?.value ?? '';
  return join(world.dir, 'agent-1/work/meta', container);
}

void readFileSync;
