/** Docker clients on the cluster: containers on agents' own engines, through kills, to the end. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { allProcs, belongsTo, leavesOf, procOf, signal, taskProcs } from '../../helpers/procfs.js';
import { until } from '../../helpers/wait.js';
import { type Engine, embedded } from '../engine.js';
import type { Live, LiveCheck, Ran, RunOptions } from '../live.js';
import { mayMount } from '../small-disks.js';
import { holdings, runningTasks } from '../state.js';

const image = 'dcos-check:1';

/** Run, logs, exec, rm; the manager and an executor are killed meanwhile; nothing is left. */
export const swarmContainers: LiveCheck = {
  name: 'swarm',
  seconds: 75,
  kind: 'rotating',
  obstacle: () => {
    if (!mayMount()) return 'needs root, for Docker engines of its own';
    const lacking = ['dockerd', 'docker', 'busybox'].find((program) => !answers(program));
    if (lacking !== undefined) return `no ${lacking}`;
    return isStatic(busybox()) ? undefined : 'busybox is not static';
  },
  run: async (live) => {
    const engine = embedded(live);
    await live.ok(['up', '--docker=engine-per-agent', '--agents', '2']);
    await live.step('install', () => live.ok(['package', 'install', 'swarm', '--yes'], slow));
    await live.step('an image from a file, on every node', () => importImage(live));
    await live.step('run --rm: output and status are those of the program', async () => {
      const ran = await docker(live, ['run', '--rm', image, 'sh', '-c', 'echo hello; exit 7']);
      assert.deepEqual([ran.stdout, ran.status], ['hello\n', 7]);
      await until(async () => (await text(live, ['ps', '-aq'])) === '', { what: 'none left' });
    });
    await live.step('run -d, logs, exec: a task of the cluster', async () => {
      await text(live, ['run', '-d', '--name', 'web', image, ...forever]);
      await until(async () => (await text(live, ['logs', 'web'])) === 'begun', { what: 'its log' });
      assert.equal(await text(live, ['exec', 'web', 'echo', 'inside']), 'inside');
      assert.ok(runningTasks(await engine.state()).has('web'));
    });
    const before = await identity(live);
    await live.step('kill -9 of the manager: the container goes on', async () => {
      const [manager] = leavesOf(taskProcs(live.dir, '/swarm', 'MARATHON_APP_ID'));
      assert.ok(manager, 'the manager runs');
      signal(manager.pid, 'SIGKILL');
      await until(() => {
        const [now] = leavesOf(taskProcs(live.dir, '/swarm', 'MARATHON_APP_ID'));
        return now !== undefined && now.pid !== manager.pid;
      }, back);
      await until(async () => (await docker(live, ['exec', 'web', 'true'])).status === 0, back);
      assert.deepEqual(await identity(live), before);
    });
    await live.step('kill -9 of its executor: it is taken up where it is', async () => {
      const task = runningTasks(await engine.state()).get('web');
      // All of them: whichever is the container's.
      for (const { pid } of executors(live)) signal(pid, 'SIGKILL');
      await until(async () => {
        const now = runningTasks(await engine.state()).get('web');
        return now !== undefined && now.id !== task?.id;
      }, back);
      await until(async () => (await docker(live, ['exec', 'web', 'true'])).status === 0, back);
      assert.deepEqual(await identity(live), before);
    });
    await live.step('rm -f ends the task', async () => {
      await text(live, ['rm', '-f', 'web']);
      assert.equal(await text(live, ['ps', '-aq']), '');
      assert.match((await docker(live, ['inspect', 'web'])).stderr, /No such object: web/i);
      await until(async () => !runningTasks(await engine.state()).has('web'), back);
      assert.equal(procOf(before.pid), undefined, 'its process is gone');
    });
    await live.step('an agent is cut off: what may move does, there and back', async () => {
      await text(live, ['run', '-d', '--name', 'web', ...movable, image, ...forever]);
      await moved(live, engine);
      await moved(live, engine);
      await text(live, ['rm', '-f', 'web']);
    });
    await live.step('uninstall takes containers along and leaves nothing', async () => {
      await text(live, ['run', '-d', '--name', 'web', image, ...forever]);
      const { pid } = await identity(live);
      assert.notEqual(procOf(pid), undefined, 'it runs');
      await live.ok(['package', 'uninstall', 'swarm', '--delete-volumes', '--yes'], slow);
      assert.deepEqual(holdings(await engine.state(), engine.ownFrameworks), []);
      assert.equal(procOf(pid), undefined, 'its process is gone');
      assert.deepEqual(executors(live), []);
    });
  },
};

const slow: RunOptions = { timeoutMs: 300_000 };
const back = { what: 'all as before', timeoutMs: 90_000 };
const movable = ['-e', 'reschedule:on-node-failure'];
const forever = ['sh', '-c', 'echo begun; exec sleep 100000'];

function answers(program: string): boolean {
  const args = program === 'busybox' ? ['true'] : ['--version'];
  return spawnSync(program, args, { stdio: 'ignore', timeout: 10_000 }).status === 0;
}

const busybox = (): string =>
  spawnSync('sh', ['-c', 'command -v busybox'], { encoding: 'utf8' }).stdout.trim();

/** The linker says of a static program that it is none of its own. */
const isStatic = (path: string): boolean => spawnSync('ldd', [path]).status !== 0;

/** Runs the docker client of this machine against the swarm, whatever its status. */
function docker(live: Live, args: readonly string[]): Promise<Ran> {
  return live.dcos(['swarm', 'docker', ...args]);
}

/** What the docker client says; it must succeed. */
async function text(live: Live, args: readonly string[]): Promise<string> {
  const { status, stdout, stderr } = await docker(live, args);
  assert.equal(status, 0, `docker ${args.join(' ')}: ${stderr}`);
  return stdout.trim();
}

/** Of the container `web`, as the one that it is. */
async function identity(live: Live): Promise<{ id: string; pid: number; begun: string }> {
  const form = '{{.Id}} {{.State.Pid}} {{.State.StartedAt}}';
  const words = (await text(live, ['inspect', 'web', '--format', form])).split(' ');
  const [id = '', pid = '', begun = ''] = words;
  return { id, pid: Number(pid), begun };
}

const executors = (live: Live) =>
  allProcs().filter((proc) => proc.env.has('SWARM_SOCKET') && belongsTo(proc, live.dir));

/** Stops the agent of `web` until that runs on the other; then what it had there goes, alone. */
async function moved(live: Live, engine: Engine): Promise<void> {
  const place = async () => runningTasks(await engine.state()).get('web');
  const before = await until(place, back);
  const old = await identity(live);
  const agent = engine.agentPid(await engine.agentOf(before.slave_id));
  signal(agent, 'SIGSTOP');
  try {
    await until(async () => {
      const now = await place();
      return now !== undefined && now.slave_id !== before.slave_id;
    }, back);
    assert.notEqual(procOf(old.pid), undefined, 'cut off, it goes on');
  } finally {
    signal(agent, 'SIGCONT');
  }
  // A manager on that agent has moved as well.
  await until(async () => (await docker(live, ['exec', 'web', 'true'])).status === 0, back);
  const now = await identity(live);
  assert.notEqual(now.id, old.id);
  await until(() => procOf(old.pid) === undefined, back);
  assert.deepEqual(await identity(live), now, 'the new one is untouched');
  assert.equal((await text(live, ['ps', '-aq'])).split('\n').length, 1);
  // It may take the next one only once it is back.
  await until(async () => {
    const { slaves } = await engine.state();
    return slaves.filter(({ active }) => active).length === 2;
  }, back);
}

/** A file system of one program: nothing is fetched. */
async function importImage(live: Live): Promise<void> {
  const folder = join(live.dir, 'image');
  mkdirSync(join(folder, 'bin'), { recursive: true });
  mkdirSync(join(folder, 'etc'));
  writeFileSync(join(folder, 'etc', 'passwd'), 'root:x:0:0:root:/:/bin/sh\n');
  const script = `cp "$(command -v busybox)" bin/busybox
    for name in sh echo sleep true; do ln -s busybox "bin/$name"; done
    tar -cf ../image.tar .`;
  const { status, stderr } = await live.exec('sh', ['-ec', script], { cwd: folder });
  assert.equal(status, 0, stderr);
  await text(live, ['import', join(live.dir, 'image.tar'), image]);
  assert.equal((await text(live, ['images', '-q'])).split('\n').length, 2, 'one on each node');
}
