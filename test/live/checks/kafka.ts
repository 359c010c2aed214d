/** The main job on real software: Kafka installed, used by a real client, hurt, and removed. */
import assert from 'node:assert/strict';
import { Kafka, logLevel } from 'kafkajs';
import { leavesOf, procOf, signal, taskProcs } from '../../helpers/procfs.js';
import { until } from '../../helpers/wait.js';
import { embedded } from '../engine.js';
import type { Live, LiveCheck } from '../live.js';
import { holdings, runningTasks } from '../state.js';

const brokers = ['broker-0-broker', 'broker-1-broker', 'broker-2-broker'];
const records = 100_000;
const topic = 'readings';

/** Three brokers, 100,000 records, one broker and the scheduler killed, one pod replaced. */
export const kafkaCluster: LiveCheck = {
  name: 'kafka',
  seconds: 240,
  kind: 'core',
  run: async (live) => {
    const engine = embedded(live);
    const step = live.step.bind(live);
    // No `up`: the install starts the cluster by itself.
    await step('install kafka on a machine without a cluster', () => install(live));
    const client = connect(await addresses(live));
    await step('three racks, one broker each', async () => {
      const state = await engine.state();
      const tasks = runningTasks(state);
      const agents = brokers.map((name) => tasks.get(name)?.slave_id);
      const zones = state.slaves
        .filter(({ id }) => agents.includes(id))
        .map(({ domain }) => domain?.fault_domain.zone.name);
      assert.equal(new Set(zones).size, 3, `zones ${zones}`);
    });
    await step(`produce ${records} records, acks=all`, () => produce(client));
    await step('read all of them back', async () => assert.equal(await consume(client), records));
    await step('kill -9 of a broker: back on its volume', () => brokerKilled(live));
    await step('no record is missing', async () => assert.equal(await consume(client), records));
    await step('kill -9 of the scheduler: brokers keep their pids', () => schedulerKilled(live));
    await step('the same install again does nothing', async () => {
      const before = pids(live);
      const ran = await live.ok(['package', 'install', 'kafka', '--yes']);
      assert.match(ran.stdout + ran.stderr, /nothing/i);
      assert.deepEqual(pids(live), before);
    });
    await step('pod replace', () => podReplaced(live));
    await step('no record is missing', async () => assert.equal(await consume(client), records));
    await step('uninstall leaves nothing', async () => {
      await live.ok(['package', 'uninstall', 'kafka', '--delete-volumes', '--yes'], slow);
      assert.deepEqual(holdings(await engine.state(), engine.ownFrameworks), []);
      assert.deepEqual(
        brokers.flatMap((name) => taskProcs(live.dir, name)),
        [],
      );
    });
  },
};

const slow = { timeoutMs: 300_000 };

async function install(live: Live): Promise<void> {
  const ran = await live.ok(['package', 'install', 'kafka', '--yes'], slow);
  assert.match(ran.stdout + ran.stderr, /127\.0\.\d+\.\d+:\d+/, 'it says how to reach the brokers');
}

function pidOf(live: Live, task: string): number {
  const [leaf] = leavesOf(taskProcs(live.dir, task));
  assert.ok(leaf, `no process belongs to ${task}`);
  return leaf.pid;
}

const pids = (live: Live): number[] => brokers.map((task) => pidOf(live, task));

async function addresses(live: Live): Promise<string[]> {
  const endpoint = await live.json<{ address?: string[] }>(['kafka', 'endpoints', 'broker']);
  const found = endpoint.address ?? [];
  assert.equal(found.length, 3, JSON.stringify(endpoint));
  return found;
}

function connect(list: string[]): Kafka {
  return new Kafka({ clientId: 'live', brokers: list, logLevel: logLevel.NOTHING });
}

async function produce(kafka: Kafka): Promise<void> {
  const admin = kafka.admin();
  await admin.connect();
  await admin.createTopics({
    topics: [{ topic, numPartitions: 6, replicationFactor: 3 }],
    // kafkajs gives up at once where a broker has not heard of the new topic yet.
    waitForLeaders: false,
  });
  await until(
    async () => {
      const { topics } = await admin.fetchTopicMetadata({ topics: [topic] });
      return topics[0]?.partitions.every(({ leader, isr }) => leader >= 0 && isr.length === 3);
    },
    { what: 'a leader for each partition' },
  );
  await admin.disconnect();
  const producer = kafka.producer({ allowAutoTopicCreation: false });
  await producer.connect();
  const size = 1000;
  for (let first = 0; first < records; first += size) {
    const messages = Array.from({ length: size }, (_, at) => ({
      key: String(first + at),
      value: `reading ${first + at}`,
    }));
    await producer.send({ topic, acks: -1, messages });
  }
  await producer.disconnect();
}

let reads = 0;

/** Reads from the beginning; gives how many different records there are, up to all of them. */
async function consume(kafka: Kafka): Promise<number> {
  reads += 1;
  const consumer = kafka.consumer({ groupId: `live-${process.pid}-${reads}` });
  const seen = new Set<string>();
  await consumer.connect();
  await consumer.subscribe({ topic, fromBeginning: true });
  await consumer.run({
    eachBatch: async ({ batch }) => {
      for (const { key } of batch.messages) seen.add(String(key));
    },
  });
  try {
    await until(() => seen.size >= records, { what: `${records} records`, timeoutMs: 90_000 });
  } catch {
    // The caller compares.
  }
  await consumer.disconnect();
  return seen.size;
}

async function brokerKilled(live: Live): Promise<void> {
  const engine = embedded(live);
  const before = runningTasks(await engine.state()).get('broker-1-broker');
  signal(pidOf(live, 'broker-1-broker'), 'SIGKILL');
  const after = await until(
    async () => {
      const task = runningTasks(await engine.state()).get('broker-1-broker');
      return task !== undefined && task.id !== before?.id && task;
    },
    { what: 'broker-1 started again' },
  );
  assert.equal(after.slave_id, before?.slave_id, 'where its volume is');
  await recovered(live);
}

/** Waits until no plan has anything left to do. */
async function recovered(live: Live): Promise<void> {
  await until(
    async () => {
      for (const name of ['recovery', 'deploy']) {
        const plan = await live.json<{ status: string }>(['kafka', 'plan', 'show', name]);
        if (plan.status !== 'COMPLETE') return false;
      }
      return true;
    },
    { what: 'both plans complete', timeoutMs: 120_000, everyMs: 500 },
  );
}

async function schedulerKilled(live: Live): Promise<void> {
  const before = pids(live);
  const [scheduler] = leavesOf(taskProcs(live.dir, '/kafka', 'MARATHON_APP_ID'));
  assert.ok(scheduler, 'the scheduler runs');
  signal(scheduler.pid, 'SIGKILL');
  await until(
    async () => {
      const [now] = leavesOf(taskProcs(live.dir, '/kafka', 'MARATHON_APP_ID'));
      if (now === undefined || now.pid === scheduler.pid) return false;
      const plan = await live.json<{ status: string }>(['kafka', 'plan', 'show', 'deploy']);
      return plan.status === 'COMPLETE';
    },
    { what: 'the scheduler back with its plan complete', timeoutMs: 60_000, everyMs: 300 },
  );
  assert.deepEqual(pids(live), before);
}

async function podReplaced(live: Live): Promise<void> {
  const before = pids(live);
  await live.ok(['kafka', 'pod', 'replace', 'broker-2']);
  await until(
    () => procOf(before[2] ?? 0) === undefined && pidOf(live, 'broker-2-broker') !== before[2],
    { what: 'another broker-2', timeoutMs: 90_000 },
  );
  // The others are told the new address of broker-2: one after the other they are started again.
  await recovered(live);
}
