/** Commands that reach into a task: the command line, the gateway's proxy and a real agent. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { pathAfter } from '../../src/cluster/gateway/paths.js';
import { forward } from '../../src/cluster/gateway/proxy.js';
import { startServer } from '../../src/core/http/server.js';
import { createLogger } from '../../src/core/logger.js';
import { aTask, World } from '../helpers/agent-world.js';
import {
  attachCluster,
  makeFolder,
  type Run,
  type RunOptions,
  runDcos,
} from '../helpers/command-line.js';

const world = await new World().open();
t.teardown(() => world.close());
const home = makeFolder(t);
const known: object[] = [];

/** What the gateway does with agents, without the rest of a cluster. */
async function startGateway(): Promise<string> {
  const server = await startServer({
    host: '127.0.0.1',
    port: 0,
    authenticate: async () => ({ uid: 'admin' }),
    wwwAuthenticate: 'acsjwt',
    log: createLogger('test'),
    routes: [
      {
        method: 'GET',
        path: '/mesos/master/state',
        access: 'token',
        handle: () => ({ status: 200, json: { slaves: [], frameworks: [{ tasks: known }] } }),
      },
      {
        method: '*',
        path: '/agent/:id/*rest',
        access: 'token',
        handle: (request) =>
          forward(request, {
            origin: `http://127.0.0.1:${world.port}`,
            path: pathAfter(request.raw.url ?? '', 2),
            name: 'the agent',
            hint: '',
            headers: { authorization: world.authorization },
          }),
      },
    ],
  });
  t.teardown(() => server.close());
  return `http://127.0.0.1:${server.port}`;
}

async function aRunningTask(command: string): Promise<string> {
  const task = aTask(command);
  world.run(task);
  const status = await world.status(task.name, 'TASK_RUNNING');
  known.push({
    id: task.name,
    name: task.name,
    framework_id: 'framework-1',
    slave_id: 'agent-S0',
    state: 'TASK_RUNNING',
    statuses: [status],
  });
  return task.name;
}

const dcos = (args: string[], more: Partial<RunOptions> = {}): Promise<Run> =>
  runDcos(['task', ...args], { home, ...more });

t.before(async () => {
  await world.start();
  attachCluster(home, { id: 'c', url: await startGateway() });
});

t.test('task exec › passes arguments, both outputs and the exit status on', async (t) => {
  const task = await aRunningTask('echo here > mine; sleep 300');
  await world.until(() => existsSync(join(world.sandbox(task), 'mine')));
  t.match(await dcos(['exec', task, 'sh', '-c', 'cat mine; echo er >&2; exit 7']), {
    status: 7,
    stdout: 'here\n',
    stderr: 'er\n',
  });
  t.match(await dcos(['exec', task, 'echo', '--lines', "a b'c", '-i']), {
    status: 0,
    stdout: "--lines a b'c -i\n",
  });
  t.match(await dcos(['exec', task, 'sh', '-c', 'kill -9 $$']), { status: 137 });
  t.match(await dcos(['exec', task, 'nosuch']), { status: 127, stderr: /sh: .*nosuch.*not found/ });
});

t.test('task exec › passes input on until its end, however much', async (t) => {
  const task = await aRunningTask('sleep 300');
  const input = `${'0123456789'.repeat(200_000)}\n`;
  const run = await dcos(['exec', '-i', task, 'sh', '-c', 'cat; exit 4'], { input });
  t.equal(run.status, 4);
  t.ok(run.stdout === input, 'all came back');
  t.match(await dcos(['exec', '-i', task, 'true'], { input }), { status: 0, stderr: '' });
});

t.test('task exec › ctrl-C ends the command, and what ends the task is told', async (t) => {
  const task = await aRunningTask('sleep 300');
  const command = 'echo up; trap "echo cut > cut" HUP TERM INT; sleep 300';
  const run = await dcos(['exec', task, 'sh', '-c', command], {
    onOutput: (text, signal) => text.includes('up') && signal('SIGINT'),
  });
  t.equal(run.status, 130);
  const killed = await dcos(['exec', task, 'sh', '-c', 'echo up; sleep 300'], {
    onOutput: (text) => text.includes('up') && world.kill(task),
  });
  t.equal(killed.status, 137);
});

t.test('task exec › what cannot be is refused in words', async (t) => {
  await aRunningTask('sleep 300');
  t.match(await dcos(['exec', '-t', 'task', 'sh']), { status: 2, stderr: /on a terminal only/ });
  t.match(await dcos(['exec', 'task', 'sh']), { status: 2, stderr: /may mean \d tasks\nName one/ });
  t.match(await dcos(['exec', 'nothing', 'sh']), { status: 4, stderr: /no task matches/ });
  t.match(await dcos(['exec', 'task-1']), { status: 2, stderr: /missing.*command/ });
});

t.test('task ls, download › show a sandbox and bring it here', async (t) => {
  const task = await aRunningTask(
    'mkdir -p logs/deep; echo a > logs/a.txt; echo b > logs/deep/b.bin; echo > done; sleep 300',
  );
  await world.until(() => existsSync(join(world.sandbox(task), 'done')));
  t.match(await dcos(['ls', task]), { status: 0, stdout: 'done  logs  stderr  stdout\n' });
  const long = await dcos(['ls', '--long', task, 'logs']);
  t.match(long.stdout, /-rw.*1 .* a\.txt[\s\S]*drwx.* deep/);
  t.match(await dcos(['ls', task, 'nope']), { status: 4, stderr: /has no folder 'nope'/ });
  const out = makeFolder(t);
  t.match(await dcos(['download', task, 'lo*', '--target-dir', out]), { status: 0, stderr: '' });
  t.equal(readFileSync(join(out, 'logs/deep/b.bin'), 'utf8'), 'b\n');
  t.notOk(existsSync(join(out, 'done')));
  const none = await dcos(['download', task, 'x*', '--target-dir', out]);
  t.match(none, { status: 4, stderr: /has no file 'x\*'/ });
});
