/** A quorum on real software: ZooKeeper installed, written to while its leader dies, updated. */
import assert from 'node:assert/strict';
import { createConnection } from 'node:net';
import { leavesOf, signal, taskProcs } from '../../helpers/procfs.js';
import { until } from '../../helpers/wait.js';
import { embedded } from '../engine.js';
import type { Live, LiveCheck } from '../live.js';
import { NodeWriter } from '../services/zookeeper.js';
import { holdings, runningTasks } from '../state.js';

const servers = ['node-0', 'node-1', 'node-2'];
const slow = { timeoutMs: 300_000 };

/** Three servers, a client that never stops writing, the leader killed, a member replaced. */
export const zookeeperEnsemble: LiveCheck = {
  name: 'zookeeper',
  seconds: 200,
  kind: 'rotating',
  run: async (live) => {
    const engine = embedded(live);
    const step = live.step.bind(live);
    await step('install zookeeper', () =>
      live.ok(['package', 'install', 'zookeeper', '--yes'], slow),
    );
    const writer = new NodeWriter(live, 'zookeeper');
    live.onTidy(() => writer.stop());
    await writer.begin();
    await step('a client writes', () => writer.progress(20));
    await step('kill -9 of the leader: another leads, the client goes on', async () => {
      const leader = await leaderOf(live);
      const before = runningTasks(await engine.state()).get(`${leader}-server`);
      signal(pidOf(live, leader), 'SIGKILL');
      await writer.progress(20);
      const after = await until(
        async () => {
          const task = runningTasks(await engine.state()).get(`${leader}-server`);
          return task !== undefined && task.id !== before?.id && task;
        },
        { what: `${leader} started again`, timeoutMs: 60_000 },
      );
      assert.equal(after.slave_id, before?.slave_id, 'where its volume is');
      await recovered(live);
    });
    await step('pod replace: the others keep the quorum', async () => {
      const before = pidOf(live, 'node-1');
      await live.ok(['zookeeper', 'pod', 'replace', 'node-1']);
      await until(() => pidsOf(live, 'node-1').some((pid) => pid !== before), {
        what: 'another node-1',
        timeoutMs: 60_000,
      });
      await recovered(live);
      await writer.progress(20);
    });
    await step('nothing acknowledged is lost', () => writer.verify());
    await step('uninstall leaves nothing', async () => {
      await live.ok(['package', 'uninstall', 'zookeeper', '--delete-volumes', '--yes'], slow);
      assert.deepEqual(holdings(await engine.state(), engine.ownFrameworks), []);
      assert.deepEqual(
        servers.flatMap((name) => pidsOf(live, name)),
        [],
      );
    });
  },
};

async function addresses(live: Live): Promise<string[]> {
  const endpoint = await live.json<{ address?: string[] }>(['zookeeper', 'endpoints', 'client']);
  const found = endpoint.address ?? [];
  assert.equal(found.length, servers.length, JSON.stringify(endpoint));
  return found;
}

/** The instance that says that it leads; the endpoints stand in the order of the instances. */
async function leaderOf(live: Live): Promise<string> {
  const list = await addresses(live);
  const modes = await Promise.all(list.map((address) => modeOf(address)));
  const leader = servers[modes.indexOf('leader')];
  assert.ok(leader, `modes ${modes}`);
  return leader;
}

async function modeOf(address: string): Promise<string | undefined> {
  const [host, port] = address.split(':');
  const socket = createConnection({ host: host ?? '', port: Number(port) });
  socket.end('srvr');
  let text = '';
  for await (const chunk of socket) text += chunk;
  return /^Mode: (\w+)/m.exec(text)?.[1];
}

function pidsOf(live: Live, instance: string): number[] {
  return leavesOf(taskProcs(live.dir, `${instance}-server`)).map(({ pid }) => pid);
}

function pidOf(live: Live, instance: string): number {
  const [pid] = pidsOf(live, instance);
  assert.ok(pid, `no process belongs to ${instance}`);
  return pid;
}

/** Waits until the recovery plan has nothing left to do. */
async function recovered(live: Live): Promise<void> {
  await until(
    async () => {
      const plan = await live.json<{ status: string }>(['zookeeper', 'plan', 'show', 'recovery']);
      return plan.status === 'COMPLETE';
    },
    { what: 'the recovery plan complete', timeoutMs: 120_000, everyMs: 500 },
  );
}
