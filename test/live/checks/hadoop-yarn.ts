/** YARN on HDFS: a MapReduce job whose counts are exact while what runs it is killed. */
import assert from 'node:assert/strict';
import { callJson } from '../../../src/core/http/request.js';
import { allProcs, belongsTo, type Proc, signal, taskProcs } from '../../helpers/procfs.js';
import { until } from '../../helpers/wait.js';
import { embedded } from '../engine.js';
import { requestUpdate, updateService } from '../gateway.js';
import type { Live, LiveCheck } from '../live.js';
import { installPackage } from '../services/service.js';
import { withoutCompiler } from '../services/storm.js';
import { applications, newest, WordCount, yarnOptions } from '../services/yarn.js';
import { holdings, runningTasks } from '../state.js';
import { settled, slow } from './upgrade-steps.js';

/** A node manager and the resource manager that leads die under a job; nodes come and go. */
export const hadoopWithYarn: LiveCheck = {
  name: 'hadoop with yarn',
  seconds: 300,
  kind: 'rotating',
  obstacle: withoutCompiler,
  run: async (live) => {
    const engine = embedded(live);
    const step = live.step.bind(live);
    await step('install hadoop with YARN', () =>
      installPackage(live, 'hadoop', yarnOptions, slow.timeoutMs),
    );
    await step('what the node managers offer is taken from Mesos', () => accounted(live));
    await step('what cannot work is refused, and changes nothing', () => refused(live));
    await step('what clients are configured with', () => clientFiles(live));
    const count = new WordCount(live);
    await step('a job is compiled, and its files are written', () => count.begin());
    await step('its counts are exact', async () => {
      const ran = await count.run('/counts-1');
      assert.equal(ran.status, 0, ran.stderr);
      assert.match(ran.stderr, /Job: .*completed successfully/);
      await count.verify('/counts-1');
    });
    await step('a node manager and the resource manager die under the next', () =>
      killed(live, count),
    );
    await step('a job is killed, what it logged is there', () => ended(live, count));
    await step('a third node manager, and one that leaves again', async () => {
      for (const nodes of [3, 2]) {
        await updateService(live, 'hadoop', nodeManagers(nodes), slow.timeoutMs);
        await settled(live, 'hadoop');
        await nodesRunning(live, nodes);
      }
    });
    await step('YARN is switched off, and on again with its applications', async () => {
      const known = (await applications(live)).length;
      await updateService(live, 'hadoop', yarnIs(false), slow.timeoutMs);
      await settled(live, 'hadoop');
      assert.deepEqual(yarnProcs(live), []);
      await updateService(live, 'hadoop', yarnIs(true), slow.timeoutMs);
      await settled(live, 'hadoop');
      assert.equal((await applications(live)).length, known);
    });
    await step('uninstall leaves nothing, not in ZooKeeper either', async () => {
      const words = ['--delete-volumes', '--yes'];
      const { stderr } = await live.ok(['package', 'uninstall', 'hadoop', ...words], slow);
      assert.match(stderr, /remove-\/dcos-service-hadoop \[COMPLETE\]/);
      assert.doesNotMatch(stderr, /by hand/);
      await live.ok(['package', 'uninstall', 'zookeeper', ...words], slow);
      assert.deepEqual(yarnProcs(live), []);
      assert.deepEqual(holdings(await engine.state(), engine.ownFrameworks), []);
    });
  },
};

const nodeManagers = (count: number): { options: object } => ({
  options: { node_manager: { ...yarnOptions.node_manager, count } },
});
const yarnIs = (enabled: boolean): { options: object } => ({
  options: { yarn: { enabled, history: enabled } },
});

/** Servers and containers of YARN. */
function yarnProcs(live: Live): string[] {
  const ours = (proc: Proc): boolean =>
    / org\.apache\.hadoop\.(?:yarn|mapred|mapreduce)\./.test(proc.command) &&
    belongsTo(proc, live.dir);
  return allProcs()
    .filter(ours)
    .map(({ pid, command }) => `${pid} ${command.slice(-200)}`);
}

async function accounted(live: Live): Promise<void> {
  const tasks = runningTasks(await embedded(live).state());
  for (const name of ['nodemanager-0-server', 'nodemanager-1-server']) {
    const { cpus, mem } = tasks.get(name)?.resources ?? { cpus: 0, mem: 0 };
    assert.deepEqual([cpus, mem], [0.6, 384 + 1024], name);
  }
  const nodes = await nodesRunning(live, 2);
  for (const node of nodes) {
    assert.deepEqual([node.availMemoryMB, node.availableVirtualCores], [1024, 4]);
  }
}

interface YarnNode {
  readonly state: string;
  readonly availMemoryMB: number;
  readonly availableVirtualCores: number;
}

async function nodesRunning(live: Live, count: number): Promise<YarnNode[]> {
  return until(
    async () => {
      const all = await live.json<YarnNode[]>(['hadoop', 'yarn', 'node', 'list']);
      const running = all.filter(({ state }) => state === 'RUNNING');
      return running.length === count ? running : undefined;
    },
    { what: `${count} node managers`, timeoutMs: 120_000, everyMs: 500 },
  );
}

async function refused(live: Live): Promise<void> {
  for (const [options, text] of [
    [{ node_manager: { container_mem: 256 } }, /mapreduce.am_mem.*at most 256/],
    [{ resource_manager: { count: 1 } }, /cannot fall from 2 to 1; at least 2/],
    [{ resource_manager: { heap: 600 } }, /heap.*at most 384/],
    [{ yarn: { enabled: false, history: true } }, /yarn.history.*must be false/],
    [{ node_manager: { ...yarnOptions.node_manager, disk: 1024 } }, /volume/],
  ] as const) {
    const answer = await requestUpdate(live, 'hadoop', { options });
    assert.equal(answer.status, 400, JSON.stringify(options));
    assert.match(answer.text, text);
  }
}

async function clientFiles(live: Live): Promise<void> {
  const { stdout } = await live.ok(['hadoop', 'endpoints', 'yarn-site.xml']);
  const { address } = await live.json<{ address: string[] }>([
    'hadoop',
    'endpoints',
    'resource-http',
  ]);
  assert.equal(address.length, 2);
  for (const one of address) assert.ok(stdout.includes(`<value>${one}</value>`), one);
  assert.ok(!stdout.includes('POD_ADDRESS'), 'nothing of a node´s own');
  const mapred = await live.ok(['hadoop', 'endpoints', 'mapred-site.xml']);
  assert.match(mapred.stdout, /mapreduce\.framework\.name<\/name><value>yarn</);
}

/** The Java program of a server; containers of a node manager are not meant. */
function serverPid(live: Live, task: string): number {
  const found = taskProcs(live.dir, task).find(({ command }) =>
    /\.(?:ResourceManager|NodeManager)(?: -D\S+)?$/.test(command),
  );
  assert.ok(found, `${task} does not run`);
  return found.pid;
}

/** Kills a node manager with its containers, then the leader of the resource managers. */
async function killed(live: Live, count: WordCount): Promise<void> {
  const known = (await applications(live)).length;
  const client = count.run('/counts-2', 100);
  await newest(live, 'maps under way', ({ state, progress }) => {
    return state === 'RUNNING' && progress > 5;
  });
  assert.equal((await applications(live)).length, known + 1);
  signal(serverPid(live, 'nodemanager-1-server'), 'SIGKILL');
  await settled(live, 'hadoop');
  signal(serverPid(live, await leader(live)), 'SIGKILL');
  // The client ends early where it ran beside the one that was killed: the job does not.
  await newest(live, 'the job has ended', ({ state }) => state === 'FINISHED').then(
    ({ finalStatus }) => assert.equal(finalStatus, 'SUCCEEDED'),
  );
  await client;
  await settled(live, 'hadoop');
  await count.verify('/counts-2');
}

/** The task of the resource manager that leads. */
async function leader(live: Live): Promise<string> {
  for (const pod of ['resource-0', 'resource-1']) {
    const [known] = await live.json<
      { info: { address?: string; ports: Record<string, number> } }[]
    >(['hadoop', 'pod', 'info', pod]);
    const { address, ports = {} } = known?.info ?? {};
    const url = `http://${address}:${ports['resource-http']}/ws/v1/cluster/info`;
    const { json } = await callJson({ method: 'GET', url });
    const { clusterInfo } = json as { clusterInfo: { haState: string } };
    if (clusterInfo.haState === 'ACTIVE') return `${pod}-server`;
  }
  throw new Error('no resource manager leads');
}

async function ended(live: Live, count: WordCount): Promise<void> {
  const client = count.run('/counts-3', 5_000);
  const { id } = await newest(live, 'a job under way', ({ state, progress }) => {
    return state === 'RUNNING' && progress > 0;
  });
  await live.ok(['hadoop', 'yarn', 'app', 'kill', id, '--yes'], slow);
  assert.notEqual((await client).status, 0);
  const { finalStatus } = await newest(live, 'a job that is killed', ({ state }) => {
    return state === 'KILLED';
  });
  assert.equal(finalStatus, 'KILLED');
  const status = await live.json<{ id: string }>(['hadoop', 'yarn', 'app', 'status', id]);
  assert.equal(status.id, id);
  await until(
    async () => {
      const ran = await live.ok(['hadoop', 'yarn', 'app', 'logs', id, '--file', 'syslog'], slow);
      return /org\.apache\.hadoop\.mapred/.test(ran.stdout);
    },
    { what: 'the logs of the job', timeoutMs: 120_000, everyMs: 2_000 },
  );
}
