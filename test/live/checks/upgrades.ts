/** Quorums upgraded under a client that never stops, hurt in the middle, and grown. */
import assert from 'node:assert/strict';
import type { Live, LiveCheck } from '../live.js';
import { kafka, RecordProducer } from '../services/kafka.js';
import { installPackage } from '../services/service.js';
import { NodeWriter } from '../services/zookeeper.js';
import {
  grown,
  type PlanJson,
  pidOf,
  settled,
  slow,
  update,
  upgradedKafka,
} from './upgrade-steps.js';

/** 3.8 to 3.9 one broker at a time, one of them killed meanwhile; then a fourth broker. */
export const kafkaUpgrade: LiveCheck = {
  name: 'upgrade kafka',
  seconds: 300,
  kind: 'rotating',
  run: async (live) => {
    const step = live.step.bind(live);
    await step('install kafka 3.8.1', () =>
      installPackage(live, 'kafka', kafka.options, slow.timeoutMs, '3.8.1'),
    );
    const producer = new RecordProducer(live, 'kafka');
    live.onTidy(() => producer.stop());
    await step('topics by the command line', () => topics(live));
    await producer.begin();
    await step('a client produces, acks=all', () => producer.progress(200));
    await step('upgrade to 3.9.1, a broker killed in the middle', async () => {
      await upgradedKafka(live);
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
    await step('install zookeeper 3.8.4', () =>
      installPackage(live, 'zookeeper', {}, slow.timeoutMs, '3.8.4'),
    );
    const writer = new NodeWriter(live, 'zookeeper');
    live.onTidy(() => writer.stop());
    await writer.begin();
    await step('a client writes', () => writer.progress(20));
    await step('upgrade to 3.9.3: the leader is the last', async () => {
      const [leader] = (await servers(live)).filter(({ mode }) => mode === 'leader');
      assert.ok(leader, 'somebody leads');
      await update(live, 'zookeeper', { packageVersion: '3.9.3' });
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

interface ServerRow {
  readonly instance: string;
  readonly mode: string;
  readonly version: string;
}

const servers = (live: Live): Promise<ServerRow[]> =>
  live.json<ServerRow[]>(['zookeeper', 'status']);

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
    await assert.rejects(update(live, 'kafka', { options }), text);
  }
  assert.equal(pidOf(live, 'broker-0-broker'), before);
}
