/** Storm's promise, at least once, through the death of each of its parts. */
import assert from 'node:assert/strict';
import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { memoryOf, signal, taskProcs } from '../../helpers/procfs.js';
import { embedded } from '../engine.js';
import type { Live, LiveCheck } from '../live.js';
import { installPackage } from '../services/service.js';
import { CountTopology, storm, withoutCompiler } from '../services/storm.js';
import { holdings, runningTasks } from '../state.js';
import { daemonPid, ended, javas, listed, settled, slow, uninstalled } from './storm-steps.js';

/** It counts while workers, nimbuses, a supervisor and the leader of ZooKeeper are killed. */
export const stormAtLeastOnce: LiveCheck = {
  name: 'storm',
  seconds: 300,
  kind: 'rotating',
  obstacle: withoutCompiler,
  run: async (live) => {
    const engine = embedded(live);
    const step = live.step.bind(live);
    await live.ok(['up']);
    await step('what cannot be is refused', () => refused(live));
    await step('install zookeeper and storm', async () => {
      await installPackage(live, 'zookeeper', {}, slow.timeoutMs);
      await installPackage(live, 'storm', storm.options, slow.timeoutMs);
    });
    const topology = new CountTopology(live);
    await step('a topology is compiled, submitted and counts', () => topology.begin());
    await step('everything listens on the address of its agent alone', async () => listens(live));
    await step('workers stay within what Mesos was asked for', () => accounted(live));
    await step('status names the leader, and the slots that are taken', async () => {
      const rows = await live.json<StatusRow[]>(['storm', 'status'], slow);
      const states = (kind: string) => rows.filter((row) => row.kind === kind);
      assert.deepEqual(
        states('nimbus')
          .map(({ state }) => state)
          .sort(),
        ['follower', 'leader'],
      );
      const supervisors = states('supervisor');
      assert.deepEqual(
        supervisors.map(({ slots }) => slots),
        [2, 2],
      );
      assert.equal(
        supervisors.reduce((sum, { used }) => sum + used, 0),
        2,
      );
    });
    await step('the log of a worker is found', () => workerLog(live));
    await step('kill -9 of a worker', async () => {
      signal((await running(live)).pid, 'SIGKILL');
      await topology.progress(300);
    });
    for (const nimbus of ['nimbus-0', 'nimbus-1']) {
      await step(`kill -9 of ${nimbus}: one of the two led`, async () => {
        signal(daemonPid(live, nimbus), 'SIGKILL');
        await topology.progress(100);
        await settled(live);
        await listed(live, ({ status }) => status === 'ACTIVE');
      });
    }
    await step('kill -9 of the leader of ZooKeeper', () => leaderKilled(live, topology));
    await step('kill -9 of a supervisor, and its workers with it', async () => {
      signal(daemonPid(live, 'supervisor-0'), 'SIGKILL');
      await topology.progress(300);
      await settled(live);
    });
    await step('deactivate, activate, rebalance to one worker', async () => {
      await live.ok(['storm', 'deactivate', topology.name], slow);
      await listed(live, ({ status }) => status === 'INACTIVE');
      await live.ok(['storm', 'activate', topology.name], slow);
      await live.ok(['storm', 'rebalance', topology.name, '--workers', '1', '--wait', '1'], slow);
      await listed(live, ({ status, workers }) => status === 'ACTIVE' && workers === 1);
      await topology.progress(100);
    });
    await step('every number was counted at least once', () => topology.verify());
    await step('kill', () => ended(live, topology.name));
    await step('uninstall leaves nothing, not in ZooKeeper either', async () => {
      await uninstalled(live);
      assert.deepEqual(holdings(await engine.state(), engine.ownFrameworks), []);
    });
  },
};

interface StatusRow {
  readonly kind: string;
  readonly state: string;
  readonly used: number;
  readonly slots: number;
}

/** Each with a reason and what would be right, before anything is changed. */
async function refused(live: Live): Promise<void> {
  const cases: [object, RegExp][] = [
    [{ nimbus: { heap: 300 } }, /heap.*300.*nimbus\.mem.*at most 192/s],
    [{ supervisors: { heap: 192 } }, /heap.*192.*supervisors\.mem.*at most 128/s],
    [{ workers: { heap: 256 } }, /heap.*256.*workers\.mem.*at most 128/s],
    [{ supervisors: { count: 0 } }, /supervisors.count.*minimum: 1, found: 0/s],
    [{ supervisors: { slots: 0 } }, /supervisors.slots.*minimum: 1, found: 0/s],
    [{ nimbus: { count: 1 }, storm: { minReplicationCount: 2 } }, /nimbus\.count.*at most 1/s],
    [{ zookeeper: { service: '' } }, /zookeeper.*service/s],
    [{ supervisors: { count: 3, slots: 100 } }, /supervisor/],
    [{ slots: 3 }, /slots/],
  ];
  for (const [options, why] of cases) {
    const ran = await installPackage(live, 'storm', options, slow.timeoutMs).then(
      () => 'it was installed',
      (error: unknown) => String(error),
    );
    assert.match(ran, why);
  }
  const { stdout } = await live.ok(['package', 'list', '--json']);
  assert.deepEqual(JSON.parse(stdout), []);
}

/** The task of a supervisor asks for its workers as well, and is as large as they are together. */
async function accounted(live: Live): Promise<void> {
  const tasks = runningTasks(await embedded(live).state());
  for (const name of ['supervisor-0-server', 'supervisor-1-server']) {
    const { cpus, mem } = tasks.get(name)?.resources ?? { cpus: 0, mem: 0 };
    assert.deepEqual([cpus, mem], [0.6, 192 + 2 * 256], name);
    const used = taskProcs(live.dir, name).reduce((sum, { pid }) => sum + memoryOf(pid).pssKb, 0);
    assert.ok(used / 1024 < mem, `${name} has ${Math.round(used / 1024)} of ${mem} MB`);
  }
}

async function leaderKilled(live: Live, topology: CountTopology): Promise<void> {
  const servers = await live.json<{ instance: string; mode: string }[]>(['zookeeper', 'status']);
  const leader = servers.find(({ mode }) => mode === 'leader');
  assert.ok(leader, 'somebody leads');
  for (const { pid } of taskProcs(live.dir, `${leader.instance}-server`)) signal(pid, 'SIGKILL');
  await topology.progress(300);
  await listed(live, ({ status }) => status === 'ACTIVE');
}

interface Worker {
  readonly instance: string;
  readonly pid: number;
  readonly state: string;
  readonly log: string;
}

async function running(live: Live): Promise<Worker> {
  const workers = await live.json<Worker[]>(['storm', 'workers'], slow);
  const found = workers.find(({ state }) => state === 'running');
  assert.ok(found, JSON.stringify(workers));
  return found;
}

async function workerLog(live: Live): Promise<void> {
  const { instance, log } = await running(live);
  const { stdout } = await live.ok(['task', 'log', `${instance}-server`, log, '--lines', '5']);
  assert.match(stdout, /\[INFO\]/);
}

/** No socket of Storm's is bound to all addresses. */
function listens(live: Live): void {
  const open = new Set(
    ['tcp', 'tcp6'].flatMap((table) =>
      readFileSync(`/proc/net/${table}`, 'utf8')
        .split('\n')
        .map((line) => line.trim().split(/\s+/))
        .filter(([, local = '', , state]) => state === '0A' && /^0+:/.test(local))
        .map((fields) => `socket:[${fields[9]}]`),
    ),
  );
  const procs = javas(live);
  assert.ok(
    procs.some(({ command }) => command.includes('daemon.worker.Worker')),
    'a worker runs',
  );
  for (const { pid, command } of procs) {
    const links = readdirSync(`/proc/${pid}/fd`).map((fd) => linkOf(`/proc/${pid}/fd/${fd}`));
    const wide = links.filter((link) => open.has(link));
    assert.deepEqual(wide, [], `${command.slice(-80)} listens on all addresses`);
  }
}

function linkOf(path: string): string {
  try {
    return readlinkSync(path);
  } catch {
    return '';
  }
}
