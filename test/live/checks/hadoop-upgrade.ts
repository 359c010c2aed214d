/** HDFS of one version becomes another under a writer, one node at a time, with a node killed. */
import assert from 'node:assert/strict';
import { userInfo } from 'node:os';
import { callJson } from '../../../src/core/http/request.js';
import { leavesOf, signal, taskProcs } from '../../helpers/procfs.js';
import { until } from '../../helpers/wait.js';
import { embedded } from '../engine.js';
import { requestUpdate } from '../gateway.js';
import type { Live, LiveCheck } from '../live.js';
import { hadoop } from '../services/hadoop.js';
import { FileTree, type WebHdfs, webHdfsOf } from '../services/webhdfs.js';
import { holdings } from '../state.js';

const slow = { timeoutMs: 900_000 };
const versions = { old: '3.3.6', new: '3.4.1' };

/** 3.3 → 3.4 as a rolling upgrade, finalized by itself; no way back; nothing lost. */
export const hadoopUpgrade: LiveCheck = {
  name: 'upgrade hadoop',
  seconds: 220,
  kind: 'rotating',
  run: async (live) => {
    const engine = embedded(live);
    const step = live.step.bind(live);
    await step(`install hadoop ${versions.old}`, () => {
      const sets = ['hdfs.blocksize=1048576', 'data_node.disk=512'].flatMap((x) => ['--set', x]);
      const which = `--package-version=${versions.old}`;
      return live.ok(['package', 'install', 'hadoop', which, ...sets, '--yes'], slow);
    });
    const hdfs = webHdfsOf(live, 'hadoop', userInfo().username);
    const tree = new FileTree(hdfs);
    try {
      await step('a client writes files', () => tree.progress(20));
      await step('what cannot work is refused, and changes nothing', () => refused(live));
      await step('3.4 takes over one node at a time, a data node killed meanwhile', () =>
        upgrade(live, hdfs),
      );
      await step('every node is of the new version, and the upgrade is finalized', () =>
        finalized(hdfs),
      );
      await step('the client goes on', () => tree.progress(20));
      await tree.stop();
      await step(`all ${tree.acknowledged.size} files are as they were`, () => tree.verify());
    } finally {
      await tree.stop();
    }
    await step('there is no way back', async () => {
      const { status, text } = await requestUpdate(live, 'hadoop', {
        packageVersion: versions.old,
      });
      assert.equal(status, 400);
      assert.match(text, /3\.4\.1 cannot become 3\.3\.6/);
    });
    await step('uninstall leaves nothing', async () => {
      for (const name of ['hadoop', ...hadoop.needs]) {
        await live.ok(['package', 'uninstall', name, '--delete-volumes', '--yes'], slow);
      }
      assert.deepEqual(holdings(await engine.state(), engine.ownFrameworks), []);
    });
  },
};

async function refused(live: Live): Promise<void> {
  const before = pidOf(live, 'data-0-node');
  for (const [options, text] of [
    [{ hdfs: { replication: 4 } }, /at most 3/],
    [{ data_node: { count: 2 } }, /replication.*at most 2/],
    [{ name_node: { heap: 288 } }, /at most 224/],
    [{ data_node: { disk: 1024 } }, /volume/],
    [{ journal_node: { count: 4 } }, /maximum: 3/],
  ] as const) {
    const answer = await requestUpdate(live, 'hadoop', { options });
    assert.equal(answer.status, 400, JSON.stringify(options));
    assert.match(answer.text, text);
  }
  assert.equal(pidOf(live, 'data-0-node'), before);
}

interface PlanJson {
  readonly status: string;
  readonly phases: readonly {
    readonly name: string;
    readonly steps: readonly { readonly name: string; readonly status: string }[];
  }[];
}

async function upgrade(live: Live, hdfs: WebHdfs): Promise<void> {
  const leader = await hdfs.active();
  const update = ['hadoop', 'update', 'start', `--package-version=${versions.new}`, '--yes'];
  const updated = live.ok(update, slow);
  // Should a look below fail first, that is what is told.
  updated.catch(() => {});
  const plan = (): Promise<PlanJson> =>
    live.json<PlanJson>(['hadoop', 'plan', 'show', 'deploy'], slow);
  const phase = async (name: string): Promise<PlanJson['phases'][number] | undefined> =>
    (await plan()).phases.find((each) => each.name === name);
  const doneOf = async (name: string): Promise<number> =>
    (await phase(name))?.steps.filter(({ status }) => status === 'COMPLETE').length ?? 0;
  // The old plan is complete until the new one takes its place.
  const looks = { timeoutMs: 400_000, everyMs: 500 };
  await until(async () => (await plan()).status !== 'COMPLETE', { what: 'the plan', ...looks });
  await until(async () => (await doneOf('journal')) === 3, { what: 'journal nodes', ...looks });
  const info = await nameNodeInfo(leader);
  assert.equal(info.SoftwareVersion, versions.old, 'the name nodes follow the journal nodes');
  assert.equal(info.RollingUpgradeStatus?.createdRollbackImages, true, 'there is a way back');
  signal(pidOf(live, 'data-1-node'), 'SIGKILL');
  await until(async () => (await doneOf('name')) === 2, { what: 'name nodes', ...looks });
  const names = (await phase('name'))?.steps.map(({ name }) => name) ?? [];
  const last = /^(name-\d)/.exec(names.at(-1) ?? '')?.[1] ?? '';
  assert.equal(await webAddressOf(live, last), leader, 'the one that led is the last');
  await updated;
}

async function webAddressOf(live: Live, pod: string): Promise<string> {
  const [known] = await live.json<{ info: { address?: string; ports: Record<string, number> } }[]>([
    'hadoop',
    'pod',
    'info',
    pod,
  ]);
  return `${known?.info.address}:${known?.info.ports['name-http']}`;
}

async function finalized(hdfs: WebHdfs): Promise<void> {
  await until(
    async () => {
      const info = await nameNodeInfo(await hdfs.active());
      const nodes = Object.values(
        JSON.parse(info.LiveNodes) as Record<string, { version: string }>,
      );
      const wanted = [info.SoftwareVersion, ...nodes.map(({ version }) => version)];
      const isNew = nodes.length === 3 && wanted.every((version) => version === versions.new);
      return isNew && (info.RollingUpgradeStatus ?? undefined) === undefined;
    },
    { what: 'the end of the rolling upgrade', timeoutMs: 180_000, everyMs: 1000 },
  );
}

interface NameNodeInfo {
  readonly SoftwareVersion: string;
  /** A JSON text, by data node. */
  readonly LiveNodes: string;
  readonly RollingUpgradeStatus?: { readonly createdRollbackImages: boolean } | null;
}

async function nameNodeInfo(address: string): Promise<NameNodeInfo> {
  const { json } = await callJson({
    method: 'GET',
    url: `http://${address}/jmx?qry=Hadoop:service=NameNode,name=NameNodeInfo`,
  });
  const [bean] = (json as { beans: NameNodeInfo[] }).beans;
  assert.ok(bean, `${address} says nothing of itself`);
  return bean;
}

function pidOf(live: Live, task: string): number {
  const [leaf] = leavesOf(taskProcs(live.dir, task)).filter(({ command }) =>
    command.includes('java'),
  );
  assert.ok(leaf, `no Java process belongs to ${task}`);
  return leaf.pid;
}
