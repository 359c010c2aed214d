/** Docker clients on the cluster: containers on agents' own engines, through kills, to the end. */
import assert from 'node:assert/strict';
import { allProcs, belongsTo, leavesOf, procOf, signal, taskProcs } from '../../helpers/procfs.js';
import { until } from '../../helpers/wait.js';
import { docker, dockerObstacle, dockerText, image, importImage } from '../docker.js';
import { type Engine, embedded } from '../engine.js';
import type { Live, LiveCheck, RunOptions } from '../live.js';
import { holdings, runningTasks } from '../state.js';

/** Run, logs, exec, rm; the manager and an executor are killed meanwhile; nothing is left. */
export const swarmContainers: LiveCheck = {
  name: 'swarm',
  seconds: 75,
  kind: 'rotating',
  obstacle: dockerObstacle,
  run: async (live) => {
    const engine = embedded(live);
    await live.ok(['up', '--docker=engine-per-agent', '--agents', '2']);
    await live.step('install', () => live.ok(['package', 'install', 'swarm', '--yes'], slow));
    await live.step('an image from a file, on every node', () => importImage(live, 2));
    await live.step('run --rm: output and status are those of the program', async () => {
      const ran = await docker(live, ['run', '--rm', image, 'sh', '-c', 'echo hello; exit 7']);
      assert.deepEqual([ran.stdout, ran.status], ['hello\n', 7]);
      await until(async () => (await dockerText(live, ['ps', '-aq'])) === '', {
        what: 'none left',
      });
    });
    await live.step('run -d, logs, exec: a task of the cluster', async () => {
      await dockerText(live, ['run', '-d', '--name', 'web', image, ...forever]);
      await until(async () => (await dockerText(live, ['logs', 'web'])) === 'begun', {
        what: 'its log',
      });
      assert.equal(await dockerText(live, ['exec', 'web', 'echo', 'inside']), 'inside');
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
      await dockerText(live, ['rm', '-f', 'web']);
      assert.equal(await dockerText(live, ['ps', '-aq']), '');
      assert.match((await docker(live, ['inspect', 'web'])).stderr, /No such object: web/i);
      await until(async () => !runningTasks(await engine.state()).has('web'), back);
      assert.equal(procOf(before.pid), undefined, 'its process is gone');
    });
    await live.step('an agent is cut off: what may move does, there and back', async () => {
      await dockerText(live, ['run', '-d', '--name', 'web', ...movable, image, ...forever]);
      await moved(live, engine);
      await moved(live, engine);
      await dockerText(live, ['rm', '-f', 'web']);
    });
    await live.step('uninstall takes containers along and leaves nothing', async () => {
      await dockerText(live, ['run', '-d', '--name', 'web', image, ...forever]);
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

/** Of the container `web`, as the one that it is. */
async function identity(live: Live): Promise<{ id: string; pid: number; begun: string }> {
  const form = '{{.Id}} {{.State.Pid}} {{.State.StartedAt}}';
  const words = (await dockerText(live, ['inspect', 'web', '--format', form])).split(' ');
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
  assert.equal((await dockerText(live, ['ps', '-aq'])).split('\n').length, 1);
  // It may take the next one only once it is back.
  await until(async () => {
    const { slaves } = await engine.state();
    return slaves.filter(({ active }) => active).length === 2;
  }, back);
}
