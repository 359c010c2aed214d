/** Cassandra of one version becomes another under writes, and comes back from a backup. */
import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { signal } from '../../helpers/procfs.js';
import { until } from '../../helpers/wait.js';
import { embedded } from '../engine.js';
import { requestUpdate, updateService } from '../gateway.js';
import type { Live, LiveCheck } from '../live.js';
import { CassandraWorkload, smallCassandra } from '../services/cassandra.js';
import { type ObjectStore, startObjectStore } from '../services/object-store.js';
import { holdings } from '../state.js';
import {
  installCassandra,
  planComplete,
  runPlan,
  serverPids,
  slow,
  statusOf,
} from './cassandra-steps.js';

/** 4.1 → 5.0 node by node, nothing lost; then a new installation that takes the backup. */
export const cassandraUpgrade: LiveCheck = {
  name: 'cassandra-upgrade',
  seconds: 700,
  kind: 'rotating',
  run: async (live) => {
    const engine = embedded(live);
    const step = live.step.bind(live);
    await live.ok(['up']);
    await step('install 4.1', () => installCassandra(live, smallCassandra, '4.1.10'));
    const work = await CassandraWorkload.begin(live);
    await step('a client writes', () => work.progress(50));
    await step('4.1 becomes 5.0, node by node, one killed in the middle', async () => {
      const [killed] = serverPids(live, 'node-2');
      const { status, text } = await requestUpdate(live, 'cassandra', { packageVersion: '5.0.7' });
      assert.equal(status, 200, text);
      await upgradedAndKilled(live);
      for (const plan of ['recovery', 'deploy']) await planComplete(live, plan);
      assert.notDeepEqual(serverPids(live, 'node-2'), [killed]);
      assert.match(await nodetool(live, 'version'), /ReleaseVersion: 5\.0\.7/);
      assert.deepEqual(await statusOf(live), ['UN rack-1', 'UN rack-2', 'UN rack-3']);
      await work.progress(50);
    });
    await work.stop();
    await step('nothing acknowledged is lost, the register is linearizable', () => work.verify());
    await step('there is no way back to 4.1', async () => {
      const { status, text } = await requestUpdate(live, 'cassandra', { packageVersion: '4.1.10' });
      assert.equal(status, 400);
      assert.match(text, /5\.0\.7 cannot become 4\.1\.10/);
    });
    await step('upgradesstables, repair, cleanup', async () => {
      for (const plan of ['upgradesstables', 'repair', 'cleanup']) await runPlan(live, plan, []);
    });
    const folder = join(live.dir, 'backups');
    const values = ['SNAPSHOT_NAME=one', `BACKUP_LOCATION=${folder}`];
    await step('backup to a folder', async () => {
      await mkdir(folder);
      await runPlan(live, 'backup', values);
      assert.deepEqual(readdirSync(join(folder, 'one')).sort(), [
        'node-0',
        'node-1',
        'node-2',
        'schema.cql',
      ]);
    });
    const store = await startObjectStore(live);
    const remote = ['SNAPSHOT_NAME=one', `BACKUP_LOCATION=s3://${store.bucket}/rows/here`];
    const backup = { s3: { endpoint: store.endpoint } };
    await step('backup to an S3-like store, once its key is there', async () => {
      const before = serverPids(live, 'node-0');
      await updateService(live, 'cassandra', { options: { backup } }, 600_000);
      assert.deepEqual(serverPids(live, 'node-0'), before, 'nobody was restarted for it');
      await storeLogin(live, store);
      await runPlan(live, 'backup', remote);
    });
    const uninstall = async (): Promise<void> => {
      await live.ok(['package', 'uninstall', 'cassandra', '--delete-volumes', '--yes'], slow);
      assert.deepEqual(holdings(await engine.state(), engine.ownFrameworks), []);
    };
    await step('uninstall leaves nothing', uninstall);
    await step('a new installation takes the backup: every row is there', async () => {
      await installCassandra(live, { ...smallCassandra, backup });
      await runPlan(live, 'restore', values);
      await work.verify();
    });
    await step('and that of the store, by nodes of other tokens', async () => {
      await uninstall();
      await installCassandra(live, { ...smallCassandra, backup, cassandra: { num_tokens: 8 } });
      await storeLogin(live, store);
      await runPlan(live, 'restore', remote);
      await work.verify();
    });
  },
};

async function storeLogin(live: Live, { key }: ObjectStore): Promise<void> {
  const login = ['cassandra', 's3', 'login'];
  const wrong = await live.dcos(login, { input: 'no key\n', ...slow });
  assert.equal(wrong.status, 1);
  assert.match(wrong.stderr, /must be key:secret/);
  await live.ok(login, { input: `${key}\n`, ...slow });
}

/** Kills a node that is of 4.1 still, once the first one is of 5.0. */
async function upgradedAndKilled(live: Live): Promise<void> {
  await until(
    async () => {
      const plan = await live.json<Plan>(['cassandra', 'plan', 'show', 'deploy']);
      const steps = plan.phases.at(-1)?.steps ?? [];
      const done = steps.filter(({ status }) => status === 'COMPLETE').length;
      return plan.status !== 'COMPLETE' && done === 1;
    },
    { what: 'the first node upgraded', timeoutMs: 600_000, everyMs: 250 },
  );
  for (const pid of serverPids(live, 'node-2')) signal(pid, 'SIGKILL');
}

interface Plan {
  readonly status: string;
  readonly phases: readonly { readonly steps: readonly { readonly status: string }[] }[];
}

async function nodetool(live: Live, ...words: string[]): Promise<string> {
  return (await live.ok(['cassandra', 'nodetool', ...words], slow)).stdout;
}
