/** Spark 3.5 becomes 4.0 while jobs run: each version is used by jobs in Python and in Scala. */
import assert from 'node:assert/strict';
import { until } from '../../helpers/wait.js';
import { embedded } from '../engine.js';
import type { Live, LiveCheck } from '../live.js';
import { compiledJob, jobFile, pricingOf, rowsIn, smallJob } from '../services/spark.js';
import { holdings } from '../state.js';

const slow = { timeoutMs: 900_000 };
const rows = 50_000;

/** Installed, used, upgraded under a job that is supervised, used again. */
export const sparkUpgrade: LiveCheck = {
  name: 'upgrade spark',
  seconds: 260,
  kind: 'rotating',
  run: async (live) => {
    const engine = embedded(live);
    const step = live.step.bind(live);
    await step('install spark 3.5.6', () =>
      live.ok(['package', 'install', 'spark', '--package-version=3.5.6', '--yes'], slow),
    );
    await step('a job in Python is exact', () => exact(live, '3.5.6'));
    const id = await step('a supervised job runs', () => endless(live));
    await step('3.5.6 becomes 4.0.1, the job starts again with it', async () => {
      const update = ['spark', 'update', 'start', '--package-version=4.0.1', '--yes'];
      await live.ok(update, slow);
      await until(async () => /^SPARK 4\.0\.1$/m.test(await output(live, id)), {
        what: 'the job with the new version',
        timeoutMs: 300_000,
        everyMs: 500,
      });
      await live.ok(['spark', 'kill', id]);
    });
    await step('a job in Python is exact', () => exact(live, '4.0.1'));
    await step('SparkPi in Scala, compiled for it', async () => {
      const jar = await compiledJob(live, 'SparkPi');
      const args = `--class org.apache.spark.examples.SparkPi ${jar} 20`;
      const ran = await live.ok(['spark', 'run', '--follow', `--submit-args=${args}`], slow);
      assert.match(ran.stdout, /^Pi is roughly 3\.1[34]/m);
    });
    await step('uninstall leaves nothing', async () => {
      await live.ok(['package', 'uninstall', 'spark', '--delete-volumes', '--yes'], slow);
      assert.deepEqual(holdings(await engine.state(), engine.ownFrameworks), []);
    });
  },
};

async function exact(live: Live, version: string): Promise<void> {
  const args = `${jobFile('pricing.py')} ${rows} 4`;
  const ran = await live.ok(['spark', 'run', '--follow', `--submit-args=${args}`], slow);
  assert.deepEqual(rowsIn(ran.stdout), pricingOf(rows));
  const path = smallJob(live, 'version.py', [
    'from pyspark.sql import SparkSession',
    'print("SPARK", SparkSession.builder.getOrCreate().version)',
  ]);
  const told = await live.ok(['spark', 'run', '--follow', `--submit-args=${path}`], slow);
  assert.ok(told.stdout.includes(`SPARK ${version}\n`), told.stdout);
}

/** A job that says its version and then has work for ever; its id, once it has said so. */
async function endless(live: Live): Promise<string> {
  const path = smallJob(live, 'endless.py', [
    'import time',
    'from pyspark.sql import SparkSession',
    'spark = SparkSession.builder.getOrCreate()',
    'print("SPARK", spark.version, flush=True)',
    'spark.sparkContext.parallelize(range(9), 9).foreach(lambda _: time.sleep(3600))',
  ]);
  const ran = await live.ok(['spark', 'run', `--submit-args=--supervise ${path}`]);
  const id = /driver-\d+-\d+/.exec(ran.stdout)?.[0] ?? '';
  await until(async () => /^SPARK 3\.5\.6$/m.test(await output(live, id)), {
    what: 'the job to run',
    timeoutMs: 300_000,
    everyMs: 500,
  });
  return id;
}

/** What the newest task of the job's driver has printed; empty while there is none. */
async function output(live: Live, id: string): Promise<string> {
  return (await live.dcos(['spark', 'log', id])).stdout;
}
