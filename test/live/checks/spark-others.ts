/**
 * Spark beside Kafka and HDFS: a table on HDFS summed up, records of Kafka streamed into HDFS,
 * while executors and agents die. Every number is exact.
 */
import assert from 'node:assert/strict';
import { userInfo } from 'node:os';
import { Kafka, logLevel } from 'kafkajs';
import { allProcs, belongsTo, signal } from '../../helpers/procfs.js';
import { until } from '../../helpers/wait.js';
import { loseMachine } from '../drills/machines.js';
import { type Engine, embedded } from '../engine.js';
import type { Live, LiveCheck } from '../live.js';
import { hadoop } from '../services/hadoop.js';
import { brokersOf, kafka, RecordProducer } from '../services/kafka.js';
import { installPackage } from '../services/service.js';
import { jobFile, pricingOf, rowsIn } from '../services/spark.js';
import { type WebHdfs, webHdfsOf } from '../services/webhdfs.js';
import { holdings, runningTasks } from '../state.js';

const slow = { timeoutMs: 900_000 };
const topic = 'acknowledged';
const rows = 200_000;

/** An aggregate and a stream, exact through the death of executors and agents. */
export const sparkWithOthers: LiveCheck = {
  name: 'spark with kafka and hdfs',
  seconds: 480,
  kind: 'rotating',
  run: async (live) => {
    const engine = embedded(live);
    const step = live.step.bind(live);
    await engine.up(6);
    await step('install kafka, hadoop and spark', async () => {
      await installPackage(live, 'kafka', kafka.options, slow.timeoutMs);
      await installPackage(live, 'hadoop', hadoop.options, slow.timeoutMs);
      await installPackage(live, 'spark', { executor: { max: 2 } }, slow.timeoutMs);
    });
    await step('a table on HDFS', () => run(live, `lineitem.py write /lineitem ${rows} 40 1`));
    await step('its sums are exact, an executor and an agent killed meanwhile', () =>
      summedUp(live, engine),
    );
    const hdfs = webHdfsOf(live, 'hadoop', userInfo().username);
    const producer = new RecordProducer(live, 'kafka', { topic });
    live.onTidy(() => producer.stop());
    await producer.begin();
    await step('a stream from Kafka to HDFS, an executor killed', async () => {
      await stream(live);
      await committed(hdfs, 3);
      await killExecutor(live);
      await committed(hdfs, 3);
    });
    await step("its driver's agent lost for good: it goes on elsewhere", async () => {
      await loseDriver(live, engine);
      await committed(hdfs, 3);
    });
    await step('every record is there once', async () => {
      const [job] = await jobs(live);
      await live.ok(['spark', 'kill', job?.id ?? '']);
      await producer.progress(100);
      await producer.stop();
      await exact(live, producer.acknowledged);
    });
    await step('Kafka has all that it acknowledged', () => producer.verify());
    await step('uninstall leaves nothing', async () => {
      for (const name of ['spark', 'hadoop', 'zookeeper', 'kafka']) {
        await live.ok(['package', 'uninstall', name, '--delete-volumes', '--yes'], slow);
      }
      assert.deepEqual(holdings(await engine.state(), engine.ownFrameworks), []);
    });
  },
};

const submit = (words: string): string[] => {
  const [name = '', ...args] = words.split(' ');
  // A task for each file, so that there is a middle of the job to be killed in.
  const confs = ['spark.sql.shuffle.partitions=4', 'spark.sql.files.maxPartitionBytes=4194304'];
  const options = ['--supervise', ...confs.map((conf) => `--conf ${conf}`)].join(' ');
  const text = `${options} ${jobFile(name)} ${args.join(' ')}`;
  return ['spark', 'run', '--hdfs=hadoop', '--kafka=kafka', `--submit-args=${text}`];
};

/** What a job prints until its end, which must be good. */
async function run(live: Live, words: string): Promise<string> {
  return (await live.ok([...submit(words), '--follow'], slow)).stdout;
}

interface JobView {
  readonly id: string;
  readonly state: string;
  readonly taskId?: string;
  readonly ui?: string;
}

const jobs = (live: Live): Promise<JobView[]> => live.json<JobView[]>(['spark', 'list']);

async function summedUp(live: Live, engine: Engine): Promise<void> {
  const times = 400;
  const ran = run(live, `lineitem.py read /lineitem ${rows} 40 ${times}`);
  ran.catch(() => {});
  await until(async () => (await tasksDone(live)) > 0, {
    what: 'the job to be in the middle',
    timeoutMs: 300_000,
    everyMs: 100,
  });
  signal(executors(live)[0] ?? 0, 'SIGKILL');
  const [job] = await jobs(live);
  const driver = runningTasks(await engine.state()).get(job?.id ?? '');
  assert.ok(driver, 'the driver runs');
  await engine.killAgent(await engine.agentOf(driver.slave_id));
  assert.deepEqual(rowsIn(await ran), pricingOf(rows));
}

/** How many tasks of its running stage the newest job has done, as its own page says. */
async function tasksDone(live: Live): Promise<number> {
  const [job] = await jobs(live);
  if (job?.state !== 'RUNNING' || job.ui === undefined) return 0;
  const get = async <Result>(path: string): Promise<Result> => {
    const answer = await fetch(`${job.ui}/api/v1/applications${path}`);
    return (await answer.json()) as Result;
  };
  const [application] = await get<{ id: string }[]>('');
  const stages = await get<{ numCompleteTasks: number; numTasks: number }[]>(
    `/${application?.id}/stages?status=active`,
  );
  return Math.max(0, ...stages.map((one) => (one.numTasks > 10 ? one.numCompleteTasks : 0)));
}

/** Executors' own processes, not the workers around them. */
function executors(live: Live): number[] {
  return allProcs()
    .filter((proc) => proc.command.includes('CoarseGrainedExecutorBackend'))
    .filter((proc) => belongsTo(proc, live.dir))
    .map(({ pid }) => pid);
}

async function killExecutor(live: Live): Promise<void> {
  const what = 'an executor';
  const victim = await until(() => executors(live)[0], { what, timeoutMs: 120_000 });
  signal(victim, 'SIGKILL');
}

async function stream(live: Live): Promise<void> {
  await live.ok(submit(`stream.py on ${topic} /stream`));
}

/** Waits until the stream has committed so many more batches. */
async function committed(hdfs: WebHdfs, count: number): Promise<void> {
  const latest = async (): Promise<number> => {
    const names = await hdfs.list('/stream/checkpoint/commits').catch(() => []);
    return Math.max(-1, ...names.filter((name) => /^\d+$/.test(name)).map(Number));
  };
  const before = await latest();
  await until(async () => (await latest()) >= before + count, {
    what: `${count} more batches than ${before}`,
    timeoutMs: 400_000,
    everyMs: 500,
  });
}

async function loseDriver(live: Live, engine: Engine): Promise<void> {
  const [job] = await jobs(live);
  const driver = runningTasks(await engine.state()).get(job?.id ?? '');
  assert.ok(driver, 'the driver runs');
  const index = await engine.agentOf(driver.slave_id);
  const machine = engine.machines().find((one) => one.index === index);
  assert.ok(machine, `agent ${index} was started`);
  loseMachine(machine, engine.agentPid(index));
  await live.ok(['node', 'decommission', driver.slave_id, '--yes']);
  await until(
    async () => {
      const [now] = await jobs(live);
      return now?.state === 'RUNNING' && now.taskId !== job?.taskId;
    },
    { what: 'the driver on another agent', timeoutMs: 300_000, everyMs: 500 },
  );
  for (const name of ['kafka', 'hadoop', 'zookeeper', 'spark']) await whole(live, name);
}

async function whole(live: Live, name: string): Promise<void> {
  await until(
    async () => {
      const args = [name, 'plan', 'show', 'recovery'];
      return (await live.json<{ status: string }>(args)).status === 'COMPLETE';
    },
    { what: `${name} whole again`, timeoutMs: 400_000, everyMs: 1000 },
  );
}

/** The rest of the stream, and what all of it holds, beside what Kafka itself says. */
async function exact(live: Live, acknowledged: number): Promise<void> {
  const told = await run(live, `stream.py rest ${topic} /stream`);
  const admin = new Kafka({
    brokers: brokersOf(live, 'kafka'),
    logLevel: logLevel.NOTHING,
  }).admin();
  await admin.connect();
  const offsets = await admin.fetchTopicOffsets(topic).finally(() => admin.disconnect());
  const expected = offsets
    .filter(({ high }) => Number(high) > 0)
    .sort((a, b) => a.partition - b.partition)
    .map(({ partition, high }) => `${partition} ${high} ${high} 0 ${Number(high) - 1}`);
  assert.deepEqual(rowsIn(told), expected);
  const keys = Number(/^KEYS (\d+)$/m.exec(told)?.[1]);
  assert.ok(keys >= acknowledged, `${keys} keys, but ${acknowledged} were acknowledged`);
}
