/** Quorums upgraded under a client that never stops, hurt in the middle, and grown. */
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { callJson } from '../../../src/core/http/request.js';
import { leavesOf, signal, taskProcs } from '../../helpers/procfs.js';
import { until } from '../../helpers/wait.js';
import { gatewayUrl, login } from '../gateway.js';
import type { Live, LiveCheck } from '../live.js';
import { kafka, RecordProducer } from '../services/kafka.js';
import { NodeWriter } from '../services/zookeeper.js';

const slow = { timeoutMs: 600_000 };

/** 3.8 to 3.9 one broker at a time, one of them killed meanwhile; then a fourth broker. */
export const kafkaUpgrade: LiveCheck = {
  name: 'upgrade kafka',
  seconds: 300,
  kind: 'rotating',
  run: async (live) => {
    const step = live.step.bind(live);
    await step('install kafka 3.8.1', () => install(live, 'kafka', '3.8.1', kafka.options));
    const producer = new RecordProducer(live, 'kafka');
    live.onTidy(() => producer.stop());
    await step('topics by the command line', () => topics(live));
    await producer.begin();
    await step('a client produces, acks=all', () => producer.progress(200));
    await step('upgrade to 3.9.1, a broker killed in the middle', async () => {
      const before = pidOf(live, 'broker-2-broker');
      await update(live, 'kafka', {}, '3.9.1');
      await until(async () => (await stepsDone(live, 'kafka')) === 1, {
        what: 'one broker upgraded',
        timeoutMs: 180_000,
        everyMs: 200,
      });
      signal(pidOf(live, 'broker-2-broker'), 'SIGKILL');
      await settled(live, 'kafka');
      assert.notEqual(pidOf(live, 'broker-2-broker'), before);
      await producer.progress(100);
    });
    await step('all copies are in sync, metadata of 3.9 can be written', async () => {
      assert.deepEqual(await live.json(['kafka', 'topic', 'under-replicated-partitions']), []);
      await live.ok(['kafka', 'feature', 'finalize', '3.9', '--yes']);
    });
    await step('what cannot work is refused, and changes nothing', () => refused(live));
    await step('a fourth broker takes its share, once that is asked for', () => grown(live));
    await step('nothing acknowledged is lost', () => producer.verify());
    await step('uninstall', () =>
      live.ok(['package', 'uninstall', 'kafka', '--delete-volumes', '--yes'], slow),
    );
  },
};

/** 3.8 to 3.9 one server at a time, the leader last. */
export const zookeeperUpgrade: LiveCheck = {
  name: 'upgrade zookeeper',
  seconds: 120,
  kind: 'rotating',
  run: async (live) => {
    const step = live.step.bind(live);
    await step('install zookeeper 3.8.4', () => install(live, 'zookeeper', '3.8.4', {}));
    const writer = new NodeWriter(live, 'zookeeper');
    live.onTidy(() => writer.stop());
    await writer.begin();
    await step('a client writes', () => writer.progress(20));
    await step('upgrade to 3.9.3: the leader is the last', async () => {
      const [leader] = (await servers(live)).filter(({ mode }) => mode === 'leader');
      assert.ok(leader, 'somebody leads');
      await update(live, 'zookeeper', {}, '3.9.3');
      await settled(live, 'zookeeper');
      const plan = await live.json<PlanJson>(['zookeeper', 'plan', 'show', 'deploy']);
      assert.equal(plan.phases.at(-1)?.steps.at(-1)?.name, `${leader.instance}:[server]`);
      const versions = (await servers(live)).map(({ version }) => version);
      assert.deepEqual(versions, ['3.9.3', '3.9.3', '3.9.3']);
      await writer.progress(20);
    });
    await step('nothing acknowledged is lost', () => writer.verify());
    await step('uninstall', () =>
      live.ok(['package', 'uninstall', 'zookeeper', '--delete-volumes', '--yes'], slow),
    );
  },
};

interface PlanJson {
  readonly status: string;
  readonly errors: readonly string[];
  readonly phases: readonly { readonly steps: readonly { name: string; status: string }[] }[];
}

interface ServerRow {
  readonly instance: string;
  readonly mode: string;
  readonly version: string;
}

const servers = (live: Live): Promise<ServerRow[]> =>
  live.json<ServerRow[]>(['zookeeper', 'status']);

async function install(live: Live, name: string, version: string, options: object): Promise<void> {
  const file = join(live.dir, `${name}.json`);
  writeFileSync(file, JSON.stringify(options));
  const which = [`--package-version=${version}`, `--options=${file}`, '--yes'];
  await live.ok(['package', 'install', name, ...which], slow);
}

/** What the service's update call answers. */
async function update(
  live: Live,
  name: string,
  options: object,
  packageVersion?: string,
): Promise<void> {
  const json = { appId: `/${name}`, options, replace: false, packageVersion };
  const { status, json: answer } = await callJson({
    method: 'POST',
    url: `${gatewayUrl(live)}/cosmos/service/update`,
    headers: {
      authorization: `token=${await login(live)}`,
      'content-type': media('request'),
      accept: media('response'),
    },
    json,
  });
  assert.equal(status, 200, JSON.stringify(answer));
}

const media = (what: string): string =>
  `application/vnd.dcos.service.update-${what}+json;charset=utf-8;version=v1`;

/** How many steps of the last phase are complete; none before the new configuration is taken. */
async function stepsDone(live: Live, name: string): Promise<number | undefined> {
  const plan = await live.json<PlanJson>([name, 'plan', 'show', 'deploy']);
  if (plan.status === 'COMPLETE') return undefined;
  return plan.phases.at(-1)?.steps.filter(({ status }) => status === 'COMPLETE').length;
}

/** Waits until the update has ended and both plans are complete. */
async function settled(live: Live, name: string): Promise<void> {
  await until(
    async () => {
      const { operations } = await operationsOf(live);
      if (operations.some(({ status }) => status === 'running')) return false;
      for (const plan of ['recovery', 'deploy']) {
        const shown = await live.json<PlanJson>([name, 'plan', 'show', plan]);
        assert.deepEqual(shown.errors, []);
        if (shown.status !== 'COMPLETE') return false;
      }
      return true;
    },
    { what: `both plans of ${name} complete`, timeoutMs: 480_000, everyMs: 500 },
  );
}

async function operationsOf(live: Live): Promise<{ operations: { status: string }[] }> {
  const headers = { authorization: `token=${await login(live)}` };
  const { json } = await callJson({
    method: 'GET',
    url: `${gatewayUrl(live)}/operations`,
    headers,
  });
  return json as { operations: { status: string }[] };
}

function pidOf(live: Live, task: string): number {
  const [leaf] = leavesOf(taskProcs(live.dir, task));
  assert.ok(leaf, `no process belongs to ${task}`);
  return leaf.pid;
}

async function topics(live: Live): Promise<void> {
  await live.ok(['kafka', 'topic', 'create', 'by.hand', '--partitions', '4']);
  const all = await live.json<{ topic: string }[]>(['kafka', 'topic', 'list']);
  assert.deepEqual(all, [{ topic: 'by.hand' }]);
  const parts = await live.json<{ partition: number; isr: number[] }[]>([
    'kafka',
    'topic',
    'describe',
    'by.hand',
  ]);
  assert.deepEqual(
    parts.map(({ partition }) => partition),
    [0, 1, 2, 3],
  );
  await live.ok(['kafka', 'topic', 'producer-test', 'by.hand', '100', '--size', '100']);
  const offsets = await live.json<{ offset: number }[]>(['kafka', 'topic', 'offsets', 'by.hand']);
  assert.equal(
    offsets.reduce((sum, { offset }) => sum + offset, 0),
    100,
  );
  const many = await live.dcos(['kafka', 'topic', 'create', 'x', '--replication', '5']);
  assert.equal(many.status, 1);
  assert.match(many.stderr, /replication 5 is more than there are brokers; at most 3/);
  assert.doesNotMatch(many.stderr, /^\s+at /m, 'no stack trace');
  const none = await live.dcos(['kafka', 'topic', 'describe', 'nope']);
  assert.deepEqual([none.status, none.stderr], [1, "kafka: Topic 'nope' does not exist\n"]);
  await live.ok(['kafka', 'topic', 'delete', 'by.hand', '--yes']);
}

async function refused(live: Live): Promise<void> {
  const before = pidOf(live, 'broker-0-broker');
  for (const [options, text] of [
    [{ brokers: { heap: 440 } }, /brokers\.heap is 440, but must be at most 358/],
    [{ kafka: { minInsyncReplicas: 4 } }, /minInsyncReplicas is 4, but must be at most 3/],
  ] as const) {
    await assert.rejects(update(live, 'kafka', options), text);
  }
  assert.equal(pidOf(live, 'broker-0-broker'), before);
}

async function grown(live: Live): Promise<void> {
  const before = pidOf(live, 'broker-0-broker');
  await update(live, 'kafka', { brokers: { count: 4 } });
  await until(async () => (await live.json<unknown[]>(['kafka', 'broker', 'list'])).length === 4, {
    what: 'four brokers',
    timeoutMs: 240_000,
    everyMs: 1000,
  });
  await settled(live, 'kafka');
  assert.equal(pidOf(live, 'broker-0-broker'), before, 'nobody else was restarted');
  const holders = async (): Promise<Set<number>> => {
    const parts = await live.json<{ replicas: number[] }[]>([
      'kafka',
      'topic',
      'describe',
      'acknowledged',
    ]);
    return new Set(parts.flatMap(({ replicas }) => replicas));
  };
  assert.ok(!(await holders()).has(3), 'nothing moves by itself');
  const planned = await live.json<unknown[]>(['kafka', 'broker', 'rebalance', '--dry-run']);
  assert.ok(planned.length > 0);
  await live.ok(['kafka', 'broker', 'rebalance'], slow);
  assert.ok((await holders()).has(3));
  assert.deepEqual(await live.json(['kafka', 'broker', 'rebalance', '--dry-run']), []);
}
