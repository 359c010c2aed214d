/** Storm's promise, at least once, through the death of each of its parts and a new version. */
import assert from 'node:assert/strict';
import { readdirSync, readFileSync, readlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { allProcs, belongsTo, type Proc, signal, taskProcs } from '../../helpers/procfs.js';
import { until } from '../../helpers/wait.js';
import { embedded } from '../engine.js';
import type { Live, LiveCheck } from '../live.js';
import { CountTopology, storm, withoutCompiler } from '../services/storm.js';
import { holdings } from '../state.js';

const slow = { timeoutMs: 400_000 };

/** A topology counts while workers, both nimbuses and a supervisor are killed. */
export const stormAtLeastOnce: LiveCheck = {
  name: 'storm',
  seconds: 300,
  kind: 'rotating',
  obstacle: withoutCompiler,
  run: async (live) => {
    const engine = embedded(live);
    const step = live.step.bind(live);
    await step('install zookeeper and storm', () => install(live));
    const topology = new CountTopology(live);
    await step('a topology is compiled, submitted and counts', () => topology.begin());
    await step('everything listens on the address of its agent alone', async () => listens(live));
    await step('the log of a worker is found', () => workerLog(live));
    await step('kill -9 of a worker', async () => {
      signal(await workerPid(live), 'SIGKILL');
      await topology.progress(300);
    });
    for (const nimbus of ['nimbus-0', 'nimbus-1']) {
      await step(`kill -9 of ${nimbus}: one of the two led`, async () => {
        signal(daemonPid(live, nimbus, 'nimbus.Nimbus'), 'SIGKILL');
        await topology.progress(100);
        await recovered(live);
        await listed(live, ({ status }) => status === 'ACTIVE');
      });
    }
    await step('kill -9 of a supervisor, and its workers with it', async () => {
      signal(daemonPid(live, 'supervisor-0', 'supervisor.Supervisor'), 'SIGKILL');
      await recovered(live);
      await topology.progress(300);
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
    await step('kill', async () => {
      await live.ok(['storm', 'kill', topology.name, '--wait', '0', '--yes'], slow);
      await until(async () => (await topologies(live)).length === 0, {
        what: 'no topology',
        timeoutMs: 120_000,
        everyMs: 1_000,
      });
    });
    await step('uninstall leaves nothing, not in ZooKeeper either', async () => {
      const { stderr } = await live.ok(
        ['package', 'uninstall', 'storm', '--delete-volumes', '--yes'],
        slow,
      );
      assert.match(stderr, /remove-\/dcos-service-storm \[COMPLETE\]/);
      assert.doesNotMatch(stderr, /by hand/);
      await live.ok(['package', 'uninstall', 'zookeeper', '--delete-volumes', '--yes'], slow);
      assert.deepEqual(holdings(await engine.state(), engine.ownFrameworks), []);
      assert.deepEqual(javas(live), []);
    });
  },
};

async function install(live: Live): Promise<void> {
  const files = { zookeeper: { servers: { count: 1 } }, storm: storm.options };
  for (const [name, options] of Object.entries(files)) {
    const file = join(live.dir, `${name}.json`);
    writeFileSync(file, JSON.stringify(options));
    await live.ok(['package', 'install', name, '--options', file, '--yes'], slow);
  }
}

interface Topology {
  readonly name: string;
  readonly status: string;
  readonly workers: number;
}

const topologies = (live: Live): Promise<Topology[]> =>
  live.json<Topology[]>(['storm', 'list'], slow);

async function listed(live: Live, fits: (topology: Topology) => boolean): Promise<void> {
  await until(async () => (await topologies(live)).some(fits), {
    what: 'the topology listed so',
    timeoutMs: 180_000,
    everyMs: 1_000,
  });
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

const workerPid = async (live: Live): Promise<number> => (await running(live)).pid;

async function workerLog(live: Live): Promise<void> {
  const { instance, log } = await running(live);
  const { stdout } = await live.ok(['task', 'log', `${instance}-server`, log, '--lines', '5']);
  assert.match(stdout, /\[INFO\]/);
}

/** All Java processes of this cluster. */
function javas(live: Live): Proc[] {
  return allProcs().filter(
    (proc) => / org\.apache\.storm\./.test(proc.command) && belongsTo(proc, live.dir),
  );
}

function daemonPid(live: Live, instance: string, daemon: string): number {
  // Not by the leaf: below a supervisor, that is a worker, which has a folder of its own.
  const found = taskProcs(live.dir, `${instance}-server`).find(({ command }) =>
    command.endsWith(`daemon.${daemon}`),
  );
  assert.ok(found, `${instance} does not run`);
  return found.pid;
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

async function recovered(live: Live): Promise<void> {
  await until(
    async () => {
      const plan = await live.json<{ status: string }>(['storm', 'plan', 'show', 'recovery']);
      return plan.status === 'COMPLETE';
    },
    { what: 'the recovery plan complete', timeoutMs: 180_000, everyMs: 500 },
  );
}
