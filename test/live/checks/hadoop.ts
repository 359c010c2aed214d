/** HDFS with name-node HA: files over HTTP while its nodes die, come, go and are replaced. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { userInfo } from 'node:os';
import { createClient } from 'node-zookeeper-client';
import { callJson } from '../../../src/core/http/request.js';
import { leavesOf, signal, taskProcs } from '../../helpers/procfs.js';
import { until } from '../../helpers/wait.js';
import { embedded } from '../engine.js';
import { gatewayUrl, login } from '../gateway.js';
import type { Live, LiveCheck } from '../live.js';
import { hadoop } from '../services/hadoop.js';
import { FileTree, webHdfsOf } from '../services/webhdfs.js';
import { holdings, runningTasks } from '../state.js';

const slow = { timeoutMs: 600_000 };

/** Everything that an operator does to it, under a client that never stops writing. */
export const hadoopCluster: LiveCheck = {
  name: 'hadoop',
  seconds: 770,
  kind: 'rotating',
  run: async (live) => {
    const engine = embedded(live);
    const step = live.step.bind(live);
    await step('install hadoop, and zookeeper before it', () => install(live));
    await step('what clients are configured with', () => clientFiles(live));
    const hdfs = webHdfsOf(live, 'hadoop', userInfo().username);
    const tree = new FileTree(hdfs);
    try {
      await step('a client writes files', () => tree.progress(20));
      await step('dcos hdfs dfs -ls', async () => {
        const ran = await live.ok(['hdfs', 'dfs', '-ls', '/live'], slow);
        assert.match(ran.stdout, /\/live\/d0/);
      });
      await step('kill -9 of the active name node: the other takes over', async () => {
        const active = await activeNode(live, await hdfs.active());
        killTask(live, `${active}-node`);
        await until(async () => (await activeNode(live, await hdfs.active())) !== active, {
          what: 'the other name node to be active',
          timeoutMs: 60_000,
          everyMs: 200,
        });
        await tree.progress(10);
        await recovered(live);
      });
      for (const task of ['data-1-node', 'journal-1-node', 'name-0-zkfc']) {
        await step(`kill -9 of ${task}: the client goes on, it comes back`, async () => {
          killTask(live, task);
          await tree.progress(10);
          await recovered(live);
        });
      }
      await step('kill -9 of the scheduler: the nodes stay', async () => {
        const before = pids(live);
        const [scheduler] = leavesOf(taskProcs(live.dir, '/hadoop', 'MARATHON_APP_ID'));
        assert.ok(scheduler, 'the scheduler runs');
        signal(scheduler.pid, 'SIGKILL');
        await until(() => taskProcs(live.dir, '/hadoop', 'MARATHON_APP_ID').length > 0, {
          what: 'another scheduler',
          timeoutMs: 60_000,
        });
        await recovered(live);
        assert.deepEqual(pids(live), before);
      });
      await step('a fourth data node', async () => {
        await update(live, { ...hadoop.options, data_node: { count: 4, disk: 512 } });
        await until(async () => (await liveNodes(await hdfs.active())).length === 4, within);
        await tree.progress(10);
      });
      await step('it leaves again, its blocks first', () => leaves(live, hdfs.active.bind(hdfs)));
      await step('pod replace of a journal node and a name node', async () => {
        for (const pod of ['journal-2', 'name-1']) {
          const before = pidOf(live, `${pod}-node`);
          await live.ok(['hadoop', 'pod', 'replace', pod]);
          await until(() => pidsOf(live, `${pod}-node`).every((pid) => pid !== before), within);
          await recovered(live);
          await tree.progress(10);
        }
      });
      await tree.stop();
      await step(`all ${tree.acknowledged.size} files are as they were`, () => tree.verify());
    } finally {
      await tree.stop();
    }
    await step('what is used is not uninstalled', async () => {
      const ran = await live.dcos(['package', 'uninstall', 'zookeeper', '--yes']);
      assert.equal(ran.status, 5, ran.stderr);
      assert.match(ran.stderr, /used by \/hadoop/);
    });
    await step('uninstall leaves nothing, in ZooKeeper neither', async () => {
      await live.ok(['package', 'uninstall', 'hadoop', '--delete-volumes', '--yes'], slow);
      assert.deepEqual(await znodes(live), ['zookeeper']);
    });
    await step('a new one is empty', async () => {
      await install(live);
      assert.deepEqual(await webHdfsOf(live, 'hadoop', userInfo().username).list('/'), []);
    });
    await step('uninstall of both leaves nothing', async () => {
      for (const name of ['hadoop', 'zookeeper']) {
        await live.ok(['package', 'uninstall', name, '--delete-volumes', '--yes'], slow);
      }
      assert.deepEqual(holdings(await engine.state(), engine.ownFrameworks), []);
    });
  },
};

const within = { what: 'the change', timeoutMs: 180_000, everyMs: 500 };

async function install(live: Live): Promise<void> {
  const options = { input: '', ...slow };
  const sets = ['hdfs.blocksize=1048576', 'data_node.disk=512'].flatMap((one) => ['--set', one]);
  await live.ok(['package', 'install', 'hadoop', '--yes', ...sets], options);
}

async function clientFiles(live: Live): Promise<void> {
  const core = await live.ok(['hadoop', 'endpoints', 'core-site.xml']);
  assert.match(core.stdout, /hdfs:\/\/hadoop</);
  const site = await live.ok(['hadoop', 'endpoints', 'hdfs-site.xml']);
  const { address } = await live.json<{ address: string[] }>(['hadoop', 'endpoints', 'name-rpc']);
  for (const one of address) assert.ok(site.stdout.includes(`<value>${one}</value>`), one);
  assert.ok(!site.stdout.includes('POD_ADDRESS'), 'nothing of a node´s own');
}

/** `name-0` or `name-1`: whose web address it is. */
async function activeNode(live: Live, address: string): Promise<string> {
  for (const pod of ['name-0', 'name-1']) {
    const [known] = await live.json<
      { info: { address?: string; ports: Record<string, number> } }[]
    >(['hadoop', 'pod', 'info', pod]);
    const { address: host, ports } = known?.info ?? { ports: {} };
    if (`${host}:${ports['name-http']}` === address) return pod;
  }
  throw new Error(`${address} is no name node's`);
}

function pidsOf(live: Live, task: string): number[] {
  return leavesOf(taskProcs(live.dir, task))
    .filter(({ command }) => command.includes('java'))
    .map(({ pid }) => pid);
}

function pidOf(live: Live, task: string): number {
  const [pid] = pidsOf(live, task);
  assert.ok(pid !== undefined, `no Java process belongs to ${task}`);
  return pid;
}

function killTask(live: Live, task: string): void {
  signal(pidOf(live, task), 'SIGKILL');
}

const nodes = ['journal-0', 'journal-1', 'journal-2', 'name-0', 'name-1', 'data-0', 'data-1'];
const pids = (live: Live): number[] => nodes.map((name) => pidOf(live, `${name}-node`));

/** Waits until no plan has anything left to do, and every node runs. */
async function recovered(live: Live): Promise<void> {
  await until(
    async () => {
      const running = runningTasks(await embedded(live).state());
      if (!nodes.every((name) => running.has(`${name}-node`))) return false;
      for (const name of ['recovery', 'deploy']) {
        const plan = await live.json<{ status: string }>(['hadoop', 'plan', 'show', name]);
        if (plan.status !== 'COMPLETE') return false;
      }
      return true;
    },
    { what: 'all plans complete', timeoutMs: 300_000, everyMs: 1000 },
  );
}

/** Changes the options of the installed release, as the package API does. */
async function update(live: Live, options: object): Promise<void> {
  const type = (what: string): string =>
    `application/vnd.dcos.service.${what}+json;charset=utf-8;version=v1`;
  const { status, json } = await callJson({
    method: 'POST',
    url: `${gatewayUrl(live)}/cosmos/service/update`,
    headers: {
      authorization: `token=${await login(live)}`,
      'content-type': type('update-request'),
      accept: type('update-response'),
    },
    json: { appId: '/hadoop', options, replace: true },
  });
  assert.equal(status, 200, JSON.stringify(json));
}

interface LiveNode {
  readonly adminState: string;
}

async function liveNodes(active: string): Promise<LiveNode[]> {
  const { json } = await callJson({
    method: 'GET',
    url: `http://${active}/jmx?qry=Hadoop:service=NameNode,name=NameNodeInfo`,
  });
  const { beans } = json as { beans: { LiveNodes: string }[] };
  return Object.values(JSON.parse(beans[0]?.LiveNodes ?? '{}') as Record<string, LiveNode>);
}

async function leaves(live: Live, active: () => Promise<string>): Promise<void> {
  await update(live, { ...hadoop.options, data_node: { count: 3, disk: 512 } });
  const seen = new Set<string>();
  await until(
    async () => {
      for (const { adminState } of await liveNodes(await active())) seen.add(adminState);
      return !runningTasks(await embedded(live).state()).has('data-3-node');
    },
    { ...within, everyMs: 100, timeoutMs: 300_000 },
  );
  assert.ok(seen.has('Decommissioned'), `it went from ${[...seen]}`);
  await recovered(live);
}

async function znodes(live: Live): Promise<string[]> {
  const { address } = await live.json<{ address: string[] }>(['zookeeper', 'endpoints', 'client']);
  const client = createClient(address.join(','));
  client.connect();
  await once(client, 'connected');
  try {
    return await new Promise((resolve, reject) => {
      client.getChildren('/', (error, names) => (error ? reject(error) : resolve(names)));
    });
  } finally {
    client.close();
  }
}
