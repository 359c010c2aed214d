/** Who may log in to Cassandra, and who may not: by option, while a node dies. */
import assert from 'node:assert/strict';
import { signal } from '../../helpers/procfs.js';
import { embedded } from '../engine.js';
import type { Live, LiveCheck } from '../live.js';
import { CassandraWorkload, connect, smallCassandra } from '../services/cassandra.js';
import { holdings } from '../state.js';
import { installCassandra, planComplete, runPlan, serverPids, slow } from './cassandra-steps.js';

const options = {
  ...smallCassandra,
  service: { security: { authentication: { enabled: true }, authorization: { enabled: true } } },
};

/** Passwords, permissions, and the commands of the service, which log in by themselves. */
export const cassandraSecurity: LiveCheck = {
  name: 'cassandra with passwords',
  seconds: 180,
  kind: 'rotating',
  run: async (live) => {
    const engine = embedded(live);
    const step = live.step.bind(live);
    await live.ok(['up']);
    await step('permissions without passwords are refused', async () => {
      const security = { authorization: { enabled: true } };
      await assert.rejects(
        installCassandra(live, { service: { security } }),
        /authorization\.enabled is 1, but must be at most 0/,
      );
    });
    await step('install', () => installCassandra(live, options));
    await step('nobody logs in with what Cassandra comes with, or without a name', async () => {
      const known = { username: 'cassandra', password: 'cassandra' };
      await assert.rejects(connect(live, known), /not permitted to log in/);
      await assert.rejects(connect(live), /requires authentication/i);
    });
    await step('users come and go by the commands of the service', () => users(live));
    const work = await CassandraWorkload.begin(live, { username: 'admin', password: 'second' });
    await step('kill -9 of a node: the client goes on', async () => {
      for (const pid of serverPids(live, 'node-0')) signal(pid, 'SIGKILL');
      await work.progress(50);
      await planComplete(live, 'recovery');
    });
    await work.stop();
    await step('nothing acknowledged is lost', () => work.verify());
    await step('a plan logs in by itself', () => runPlan(live, 'repair', []));
    await step('uninstall leaves nothing', async () => {
      await live.ok(['package', 'uninstall', 'cassandra', '--delete-volumes', '--yes'], slow);
      assert.deepEqual(holdings(await engine.state(), engine.ownFrameworks), []);
    });
  },
};

async function users(live: Live): Promise<void> {
  const ask = (words: readonly string[], input: string) =>
    live.dcos(['cassandra', ...words], { input, ...slow });
  const add = async (name: string, password: string, ...words: string[]): Promise<void> => {
    const ran = await ask(['user', 'add', name, ...words], `${password}\n`);
    assert.equal(ran.status, 0, ran.stderr);
  };
  await add('admin', 'first', '--superuser');
  await add('admin', 'second');
  await add('reader', "it's");
  const listed = await live.json<unknown[]>(['cassandra', 'user', 'list'], slow);
  assert.deepEqual(
    new Set(listed),
    new Set([
      { name: 'cassandra', login: 'no', superuser: 'no' },
      { name: 'dcos', login: 'yes', superuser: 'yes' },
      { name: 'admin', login: 'yes', superuser: 'yes' },
      { name: 'reader', login: 'yes', superuser: 'no' },
    ]),
  );
  const login = ['cql', '--login', 'SELECT role FROM system_auth.roles'];
  const may = await ask(login, 'admin:second\n');
  assert.equal(may.status, 0, may.stderr);
  const mayNot = await ask(login, "reader:it's\n");
  assert.equal(mayNot.status, 1);
  assert.match(mayNot.stderr, /reader has no SELECT permission/);
  const old = await ask(login, 'admin:first\n');
  assert.match(old.stderr, /incorrect/);
  await live.ok(['cassandra', 'user', 'remove', 'reader', '--yes'], slow);
  const gone = await ask(login, "reader:it's\n");
  assert.equal(gone.status, 1);
  const own = await live.ok(['cassandra', 'cql', 'SELECT role FROM system_auth.roles'], slow);
  assert.match(own.stdout, /^admin$/m);
  assert.doesNotMatch(own.stdout, /reader/);
}
