/** Spark with a client that keeps submitting jobs and compares each answer with its own. */
import assert from 'node:assert/strict';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { root } from '../../helpers/paths.js';
import { taskProcs } from '../../helpers/procfs.js';
import { until } from '../../helpers/wait.js';
import type { Live } from '../live.js';
import type { ServiceUnderTest, Workload } from './service.js';

/** A master and a history server; a job at a time with two executors at most. */
export const spark: ServiceUnderTest = {
  name: 'spark',
  needs: [],
  options: (live) => ({
    executor: { max: 2 },
    history: { 'event-log-dir': `file://${live.dir}/events` },
  }),
  memMb: 512 + 640 + 704 + 2 * 864,
  seconds: { install: 40, recover: 45 },
  // The master at both ends: whose disk fills up is the first, whose machine is lost the last.
  tasks: ['master-0-master', 'history-0-history', 'master-0-master'],
  begin: async (live) => {
    const client = new JobClient(live);
    client.begin();
    return client;
  },
};

/** The source of a job. */
export const jobFile = (name: string): string => join(root, 'test/live/services/spark-jobs', name);

/** What `pricing.py` prints for so many rows, computed here. */
export function pricingOf(rows: number): string[] {
  const groups = new Map<string, number[]>();
  for (let i = 0; i < rows; i += 1) {
    if ((i * 37) % 2557 > 2467) continue;
    const price = (i * 104729) % 100000;
    const discounted = price * (100 - ((i * 31) % 11));
    const values = [((i * 7919) % 50) + 1, price, discounted];
    values.push(discounted * (100 + ((i * 17) % 9)), 1);
    const key = `${'ANR'[i % 3]} ${'OF'[Math.floor(i / 8) % 2]}`;
    const sums = groups.get(key) ?? [0, 0, 0, 0, 0];
    groups.set(
      key,
      sums.map((sum, at) => sum + (values[at] ?? 0)),
    );
  }
  return [...groups]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([key, sums]) => `${key} ${sums.join(' ')}`);
}

/** The rows among what a job printed. */
export function rowsIn(output: string): string[] {
  return output.split('\n').flatMap((line) => /^ROW (.+)$/.exec(line)?.[1] ?? []);
}

/**
 * Compiles a Scala job with the compiler and the Java that the running master has fetched: the
 * machine needs neither.
 */
export async function compiledJob(live: Live, name: string): Promise<string> {
  const [proc] = taskProcs(live.dir, 'master-0-master').slice(-1);
  assert.ok(proc, 'the master runs');
  const sandbox = proc.folder;
  const folder = join(live.dir, 'jobs');
  mkdirSync(folder, { recursive: true });
  const jar = join(folder, `${name}.jar`);
  const java = join(sandbox, 'jdk/bin/java');
  const args = ['-Xmx512m', '-XX:+UseSerialGC', '-cp', `${sandbox}/spark/jars/*`];
  const compiler = ['scala.tools.nsc.Main', '-usejavacp', '-d', jar, jobFile(`${name}.scala`)];
  const ran = await live.exec(java, [...args, ...compiler], { timeoutMs: 300_000 });
  assert.equal(ran.status, 0, ran.stderr);
  return jar;
}

/** As long as one job may take, in ms. */
const jobMs = 400_000;

/** Submits `pricing.py` over and over; a job that failed counts for nothing and is tried again. */
export class JobClient implements Workload {
  readonly #live: Live;
  #done = 0;
  #wrong: string | undefined;
  #lastError = '';
  #stopping = false;
  #ended: Promise<void> = Promise.resolve();
  #running: ChildProcess | undefined;

  constructor(live: Live) {
    this.#live = live;
  }

  begin(): void {
    this.#ended = this.#work();
  }

  async #work(): Promise<void> {
    const rows = 20_000;
    const expected = pricingOf(rows);
    const args = `--supervise ${jobFile('pricing.py')} ${rows} 4`;
    while (!this.#stopping) {
      const ran = await this.#run(['spark', 'run', '--follow', `--submit-args=${args}`]);
      if (ran.status !== 0) {
        this.#lastError = ran.stderr.trim().split('\n').at(-1) ?? '';
        await pause(500);
        continue;
      }
      // A driver that was started again prints once more: the last answer is the job's.
      const found = rowsIn(ran.stdout).slice(-expected.length);
      if (found.join('\n') === expected.join('\n')) this.#done += 1;
      else this.#wrong ??= `expected ${expected.join('; ')} and got ${found.join('; ')}`;
    }
  }

  async #run(
    args: readonly string[],
  ): Promise<{ status: number | null; stdout: string; stderr: string }> {
    const child = this.#live.start(args);
    this.#running = child;
    const told = { stdout: '', stderr: '' };
    for (const name of ['stdout', 'stderr'] as const) {
      child[name]?.setEncoding('utf8').on('data', (text: string) => {
        told[name] += text;
      });
    }
    const [status] = (await once(child, 'close')) as [number | null];
    return { status, ...told };
  }

  async progress(count: number, timeoutMs = 600_000): Promise<void> {
    // A whole job is far more than a write: one counts for ten operations.
    const wanted = this.#done + Math.max(1, Math.ceil(count / 10));
    await until(() => this.#done >= wanted || this.#wrong !== undefined, {
      what: `${wanted} jobs done (${this.#done} so far; last error: ${this.#lastError})`,
      // Several JVMs start for a job: on a loaded machine that takes minutes.
      timeoutMs: Math.max(timeoutMs, jobMs),
      everyMs: 500,
    });
  }

  async verify(): Promise<void> {
    assert.equal(this.#wrong, undefined, this.#wrong);
    assert.ok(this.#done > 0, 'no job has finished');
  }

  async stop(): Promise<void> {
    this.#stopping = true;
    // Only the command: the job itself ends with the service.
    this.#running?.kill('SIGKILL');
    await this.#ended;
  }
}

/** Writes a Python job of a few lines; its path. */
export function smallJob(live: Live, name: string, lines: readonly string[]): string {
  const folder = join(live.dir, 'jobs');
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, name), `${lines.join('\n')}\n`);
  return join(folder, name);
}
