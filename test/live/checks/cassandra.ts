/** A ring on real software: Cassandra installed, written to while its nodes die, and grown. */
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { signal, taskProcs } from '../../helpers/procfs.js';
import { until } from '../../helpers/wait.js';
import { embedded } from '../engine.js';
import type { Live, LiveCheck } from '../live.js';
import { CassandraWorkload, nodeAddresses, smallCassandra } from '../services/cassandra.js';
import { holdings, runningTasks } from '../state.js';

const slow = { timeoutMs: 600_000 };

/** The processes of a node that run Java: the server itself. */
export function serverPids(live: Live, instance: string): number[] {
  return taskProcs(live.dir, `${instance}-server`)
    .filter(({ command }) => command.includes('CassandraDaemon'))
    .map(({ pid }) => pid);
}

/** Waits until the recovery plan has nothing left to do. */
export async function recovered(live: Live): Promise<void> {
  await planComplete(live, 'recovery');
}

/** Waits until a plan is complete. */
export async function planComplete(live: Live, plan: string): Promise<void> {
  await until(
    async () => {
      const shown = await live.json<{ status: string }>(['cassandra', 'plan', 'show', plan]);
      return shown.status === 'COMPLETE';
    },
    { what: `plan ${plan} complete`, timeoutMs: 480_000, everyMs: 500 },
  );
}

/** One row of `nodetool status` for each node: `UN 127.0.6.1 rack-1`. */
export async function ring(live: Live, from = 'node-0'): Promise<string[]> {
  const command = ['task', 'exec', `${from}-server`, 'sh', 'nodetool.sh', 'status'];
  const { stdout } = await live.ok(command, slow);
  const rows = stdout.split('\n').flatMap((line) => {
    const found = /^([UD][NLJM])\s+(\S+)\s.*\s(\S+)\s*$/.exec(line);
    return found === null ? [] : [`${found[1]} ${found[3]}`];
  });
  return rows.sort();
}

/** Installs with small heaps. */
export async function install(live: Live, options: object, version?: string): Promise<void> {
  const file = join(live.dir, 'cassandra.json');
  writeFileSync(file, JSON.stringify(options));
  const which = version === undefined ? [] : [`--package-version=${version}`];
  await live.ok(['package', 'install', 'cassandra', `--options=${file}`, ...which, '--yes'], slow);
}

/** Three nodes, one in each rack; a workload through every failure; a fourth node. */
export const cassandraRing: LiveCheck = {
  name: 'cassandra',
  seconds: 360,
  kind: 'rotating',
  run: async (live) => {
    const engine = embedded(live);
    const step = live.step.bind(live);
    await live.ok(['up', '--agents', '4', '--racks', '4']);
    await step('install: three nodes join at once', () => install(live, smallCassandra));
    await step('one in each rack', async () => {
      const rows = await ring(live);
      assert.deepEqual([new Set(rows).size, rows.length], [3, 3], rows.join());
      assert.ok(
        rows.every((row) => /^UN rack-\d$/.test(row)),
        rows.join(),
      );
      assert.equal((await nodeAddresses(live)).length, 3);
    });
    const work = await CassandraWorkload.begin(live);
    await step('a client writes rows and sets a register', () => work.progress(50));
    await step('kill -9 of a node: the client goes on', async () => {
      const before = runningTasks(await engine.state()).get('node-1-server');
      for (const pid of serverPids(live, 'node-1')) signal(pid, 'SIGKILL');
      await work.progress(50);
      const after = await until(
        async () => {
          const task = runningTasks(await engine.state()).get('node-1-server');
          return task !== undefined && task.id !== before?.id && task;
        },
        { what: 'node-1 started again', timeoutMs: 60_000 },
      );
      assert.equal(after.slave_id, before?.slave_id, 'where its volume is');
      await recovered(live);
    });
    await work.stop();
    await step('nothing acknowledged is lost, the register is linearizable', () => work.verify());
    await step('uninstall leaves nothing', async () => {
      await live.ok(['package', 'uninstall', 'cassandra', '--delete-volumes', '--yes'], slow);
      assert.deepEqual(holdings(await engine.state(), engine.ownFrameworks), []);
      assert.deepEqual(
        ['node-0', 'node-1', 'node-2'].flatMap((name) => serverPids(live, name)),
        [],
      );
    });
  },
};
