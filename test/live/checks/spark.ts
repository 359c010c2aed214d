/** Spark jobs as tasks of the cluster: exact answers while executors die, and nothing kept idle. */
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { allProcs, belongsTo, signal, taskProcs } from '../../helpers/procfs.js';
import { until } from '../../helpers/wait.js';
import { type Engine, embedded } from '../engine.js';
import { ask } from '../gateway.js';
import type { Live, LiveCheck } from '../live.js';
import { compiledJob, jobFile, pricingOf, rowsIn, smallJob } from '../services/spark.js';
import { holdings, runningTasks } from '../state.js';

const slow = { timeoutMs: 600_000 };

/** SparkPi, an aggregate with a killed executor, Python, status, log, kill, history, give-back. */
export const sparkJobs: LiveCheck = {
  name: 'spark',
  seconds: 240,
  kind: 'rotating',
  run: async (live) => {
    const engine = embedded(live);
    const step = live.step.bind(live);
    await step('options that cannot work are refused before anything happens', async () => {
      const options = optionsFile(live, { master: { heap: 500, mem: 512 } });
      const ran = await live.dcos(['package', 'install', 'spark', `--options=${options}`, '--yes']);
      assert.equal(ran.status, 2, ran.stderr);
      assert.match(ran.stderr, /master/);
    });
    const events = `file://${live.dir}/events`;
    const options = { executor: { max: 3 }, history: { 'event-log-dir': events } };
    await step('install spark with a history server', () =>
      live.ok(
        [...['package', 'install', 'spark', '--yes'], `--options=${optionsFile(live, options)}`],
        slow,
      ),
    );
    await step('SparkPi from a local jar', async () => {
      const jar = await compiledJob(live, 'SparkPi');
      const args = `--class org.apache.spark.examples.SparkPi ${jar} 20`;
      const ran = await live.ok(['spark', 'run', '--follow', `--submit-args=${args}`], slow);
      assert.match(ran.stdout, /^Pi is roughly 3\.1[34]/m);
    });
    await step('an aggregate with an executor killed on the way is exact', () =>
      killed(live, false),
    );
    await step('so it is with the master killed as well: the job goes on', () =>
      killed(live, true),
    );
    await step('list, status and log of what has ended', () => looks(live));
    await step('a job that is killed ends, with all that it held', () => kill(live, engine));
    await step('a job that fails says so', async () => {
      const path = smallJob(live, 'fails.py', ['raise SystemExit(3)']);
      const ran = await live.dcos(['spark', 'run', '--wait', `--submit-args=${path}`], slow);
      assert.equal(ran.status, 1);
      assert.match(ran.stderr, /FAILED/);
    });
    await step('what cannot run is refused', async () => {
      const args = '--submit-args=--executor-memory 64m --conf spark.driver.port=1 http://h/a.jar';
      const ran = await live.dcos(['spark', 'run', args]);
      assert.match(ran.stderr, /--class is missing/);
      assert.match(ran.stderr, /Spark needs at least 450m/);
      assert.match(ran.stderr, /spark.driver.port is set by the service/);
    });
    await step('the history server knows the jobs', () => history(live));
    await step('idle: nothing is held but the fixed pods', () => idle(engine));
    await step('uninstall leaves nothing', async () => {
      await live.ok(['package', 'uninstall', 'spark', '--delete-volumes', '--yes'], slow);
      assert.deepEqual(holdings(await engine.state(), engine.ownFrameworks), []);
      const left = allProcs().filter(
        (proc) => proc.command.includes('org.apache.spark') && belongsTo(proc, live.dir),
      );
      assert.deepEqual(left, []);
    });
  },
};

function optionsFile(live: Live, options: object): string {
  const path = join(live.dir, 'options.json');
  writeFileSync(path, JSON.stringify(options));
  return path;
}

/** Executors' own processes, not the workers around them. */
function executors(live: Live): number[] {
  return allProcs()
    .filter((proc) => proc.command.includes('CoarseGrainedExecutorBackend'))
    .filter((proc) => belongsTo(proc, live.dir))
    .map(({ pid }) => pid);
}

/** A long job whose executor, and before it the master where `withMaster`, is killed on the way. */
async function killed(live: Live, withMaster: boolean): Promise<void> {
  const rows = 600_000;
  const args = `${jobFile('pricing.py')} ${rows} 24`;
  const running = live.dcos(['spark', 'run', '--follow', `--submit-args=${args}`], slow);
  const victim = await until(() => executors(live)[0], { what: 'an executor', timeoutMs: 300_000 });
  await until(
    () => allProcs().some(({ command, parent }) => parent === victim && /python/.test(command)),
    {
      what: 'the executor to work',
      timeoutMs: 300_000,
    },
  );
  const before = masters(live);
  if (withMaster) {
    for (const pid of before) signal(pid, 'SIGKILL');
    await until(() => masters(live).length > 0 && !before.includes(masters(live)[0] ?? 0), {
      what: 'another master',
      timeoutMs: 120_000,
    });
  }
  signal(victim, 'SIGKILL');
  const ran = await running;
  assert.equal(ran.status, 0, ran.stderr);
  assert.deepEqual(rowsIn(ran.stdout), pricingOf(rows));
  const [job] = await live.json<JobView[]>(['spark', 'list']);
  assert.equal(job?.attempts, 1, 'the driver was never started again');
}

const masters = (live: Live): number[] =>
  taskProcs(live.dir, 'master-0-master')
    .filter(({ command }) => command.includes('deploy.master.Master'))
    .map(({ pid }) => pid);

interface JobView {
  readonly id: string;
  readonly state: string;
  readonly executors: number;
  readonly attempts: number;
}

async function looks(live: Live): Promise<void> {
  const jobs = await live.json<JobView[]>(['spark', 'list']);
  const [last] = jobs;
  const first = jobs.at(-1);
  assert.equal(last?.state, 'FINISHED');
  const status = await live.json<{ driverState: string }>(['spark', 'status', first?.id ?? '']);
  assert.equal(status.driverState, 'FINISHED');
  const log = await live.ok(['spark', 'log', first?.id ?? '']);
  assert.match(log.stdout, /Pi is roughly/);
  const missing = await live.dcos(['spark', 'status', 'driver-0']);
  assert.equal(missing.status, 4);
  const open = await fetch(`${await schedulerUrl(live)}/v1/submissions/list`);
  assert.equal(open.status, 401, 'jobs are nobody else’s business');
}

async function schedulerUrl(live: Live): Promise<string> {
  const path = '/service/marathon/v2/apps//spark';
  const { app } = await ask<{ app: { tasks: { host: string; ports: number[] }[] } }>(live, path);
  const [task] = app.tasks;
  return `http://${task?.host}:${task?.ports[0]}`;
}

async function kill(live: Live, engine: Engine): Promise<void> {
  const path = smallJob(live, 'endless.py', [
    'import time',
    'from pyspark.sql import SparkSession',
    'spark = SparkSession.builder.getOrCreate()',
    'spark.sparkContext.parallelize(range(9), 9).foreach(lambda _: time.sleep(3600))',
  ]);
  const ran = await live.ok(['spark', 'run', `--submit-args=${path}`]);
  const id = /driver-\d+-\d+/.exec(ran.stdout)?.[0] ?? '';
  await until(() => executors(live).length > 0, { what: 'its executor', timeoutMs: 300_000 });
  await live.ok(['spark', 'kill', id]);
  await until(
    async () =>
      (await live.json<{ driverState: string }>(['spark', 'status', id])).driverState === 'KILLED',
    { what: 'the job killed', timeoutMs: 120_000 },
  );
  await idle(engine);
}

async function history(live: Live): Promise<void> {
  const { address = [] } = await live.json<{ address?: string[] }>([
    'spark',
    'endpoints',
    'history',
  ]);
  await until(
    async () => {
      const page = await fetch(`http://${address[0]}/api/v1/applications`);
      return /Spark Pi/.test(await page.text());
    },
    { what: 'Spark Pi in the history', timeoutMs: 120_000, everyMs: 1_000 },
  );
}

/** Waits until no driver and no worker is left; only the fixed pods and the scheduler are. */
async function idle(engine: Engine): Promise<void> {
  await until(
    async () => {
      const names = [...runningTasks(await engine.state()).keys()];
      return names.every((name) => !/^(executor-)?driver-/.test(name));
    },
    { what: 'idle executors to give their resources back', timeoutMs: 120_000 },
  );
}
