/** A ring on real software: Cassandra installed, written to while its nodes die, and grown. */
import assert from 'node:assert/strict';
import { signal, taskProcs } from '../../helpers/procfs.js';
import { until } from '../../helpers/wait.js';
import { embedded } from '../engine.js';
import { updateService } from '../gateway.js';
import type { Live, LiveCheck } from '../live.js';
import { CassandraWorkload, nodeAddresses, smallCassandra } from '../services/cassandra.js';
import { holdings, runningTasks } from '../state.js';
import {
  installCassandra,
  nodesOf,
  planComplete,
  replaced,
  serverPids,
  slow,
  statusOf,
} from './cassandra-steps.js';

const nodes = ['node-0', 'node-1', 'node-2', 'node-3'];

/** Three nodes, one in each rack; a workload through every failure; a fourth node. */
export const cassandraRing: LiveCheck = {
  name: 'cassandra',
  seconds: 360,
  kind: 'rotating',
  run: async (live) => {
    const engine = embedded(live);
    const step = live.step.bind(live);
    await live.ok(['up', '--agents', '4', '--racks', '3']);
    await step('what cannot be is refused', () => refused(live));
    await step('install: three nodes join at once', () => installCassandra(live, smallCassandra));
    await step('one in each rack', async () => {
      assert.deepEqual(await statusOf(live), ['UN rack-1', 'UN rack-2', 'UN rack-3']);
      assert.equal((await nodeAddresses(live)).length, 3);
    });
    const work = await CassandraWorkload.begin(live);
    await step('a client writes rows and sets a register', () => work.progress(50));
    await step('kill -9 of a node: the client goes on', () => killNode(live, work));
    await step('kill -9 of the scheduler: nobody notices', async () => {
      const before = serverPids(live, 'node-0');
      for (const { pid } of taskProcs(live.dir, 'cassandra')) signal(pid, 'SIGKILL');
      await work.progress(50);
      await planComplete(live, 'deploy');
      assert.deepEqual(serverPids(live, 'node-0'), before);
    });
    await step('a fourth node joins', async () => {
      await updateService(live, 'cassandra', { options: { nodes: { count: 4 } } }, 900_000);
      assert.equal((await nodesOf(live)).length, 4);
      await work.progress(50);
    });
    // All agents are taken: it comes back on its own address, and is a replacement all the same.
    await step('pod replace: the new node takes over the place of the old one', async () => {
      const before = new Set((await nodesOf(live)).map(({ address }) => address));
      await live.ok(['cassandra', 'pod', 'replace', 'node-2']);
      await replaced(live);
      const after = new Set((await nodesOf(live)).map(({ address }) => address));
      assert.deepEqual(after, before, 'nobody is left over');
      await work.progress(50);
    });
    await work.stop();
    await step('nothing acknowledged is lost, the register is linearizable', () => work.verify());
    await step('uninstall leaves nothing', async () => {
      await live.ok(['package', 'uninstall', 'cassandra', '--delete-volumes', '--yes'], slow);
      assert.deepEqual(holdings(await engine.state(), engine.ownFrameworks), []);
      assert.deepEqual(
        nodes.flatMap((name) => serverPids(live, name)),
        [],
      );
    });
  },
};

async function killNode(live: Live, work: CassandraWorkload): Promise<void> {
  const engine = embedded(live);
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
  await planComplete(live, 'recovery');
}

/** Each with a reason, before anything is changed. */
async function refused(live: Live): Promise<void> {
  const cases: [object, RegExp][] = [
    [{ nodes: { mem: 640, heap: { size: 600 } } }, /heap.*600.*mem.*at most 290/s],
    [
      { nodes: { count: 5 } },
      /5 × an instance of node must each have a hostname of their own, .* only 4 .* at most 4/,
    ],
    [
      {
        nodes: { placement_constraint: '[["hostname", "UNIQUE"], ["@zone", "UNIQUE"]]', count: 4 },
      },
      /4 × an instance of node must each have a @zone of their own, .* only 3 .* at most 3/,
    ],
    [
      { nodes: { count: 4, placement_constraint: '[["@zone", "GROUP_BY", "4"]]' } },
      /4 × an instance of node must be spread over 4 @zone, and only 3 would do; at most 3/,
    ],
    [{ nodes: { seeds: 3, count: 2 } }, /nodes\.seeds is 3, but must be at most 2/],
    [
      { cassandra: { allocate_tokens_for_local_replication_factor: 4 } },
      /replication_factor is 4, but must be at most 3/,
    ],
    [{ nodes: { cont: 3 } }, /cont/],
    [{ cassandra: { num_tokens: 0 } }, /num_tokens/],
  ];
  for (const [options, why] of cases) {
    const ran = await installCassandra(live, options).then(
      () => 'it was installed',
      (error: unknown) => String(error),
    );
    assert.match(ran, why);
  }
  const { stdout } = await live.ok(['package', 'list', '--json']);
  assert.deepEqual(JSON.parse(stdout), []);
}
