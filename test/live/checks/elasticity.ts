/**
 * No silos: executors of a job take the cpus that an app has given back, and return them, without a
 * person. Told as a transcript (`DCOS_LIVE_TRANSCRIPT=file`), from which docs/tour.md is made.
 */
import assert from 'node:assert/strict';
import { appendFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { until } from '../../helpers/wait.js';
import { embedded } from '../engine.js';
import { ask } from '../gateway.js';
import type { Live, LiveCheck } from '../live.js';
import { jobFile, pricingOf, rowsIn } from '../services/spark.js';

const slow = { timeoutMs: 600_000 };
/** Enough for executors to come while there is work left, on a fast machine too. */
const rows = 1_000_000;
const parts = 40;

/** An app fills the cluster, a job waits, the app shrinks, the job runs, the app grows again. */
export const elasticity: LiveCheck = {
  name: 'elasticity',
  seconds: 280,
  kind: 'rotating',
  run: async (live) => {
    const engine = embedded(live);
    const told = new Transcript(live);
    await live.step('install spark', () => {
      const path = join(live.dir, 'spark.json');
      writeFileSync(path, JSON.stringify({ executor: { max: 4 } }));
      return live.ok(['package', 'install', 'spark', `--options=${path}`, '--yes'], slow);
    });
    await live.step('an app takes what is free', async () => {
      const path = join(live.dir, 'web.json');
      const free = await freeCpus(engine.state);
      const instances = free.reduce((sum, cpus) => sum + Math.floor(cpus), 0);
      const app = { id: '/web', cmd: 'sleep 86400', cpus: 1, mem: 32, instances };
      writeFileSync(path, JSON.stringify(app));
      await live.ok(['app', 'add', path]);
      await running(live, instances);
      assert.ok((await freeCpus(engine.state)).every((cpus) => cpus < 1));
      await told.run(['status']);
    });
    const before = (await webOf(live)).instances;
    const args = `${jobFile('pricing.py')} ${rows} ${parts}`;
    const job = live.dcos(['spark', 'run', '--follow', `--submit-args=${args}`], slow);
    await live.step('the job waits and says for what', async () => {
      await until(
        async () => {
          const [view] = await live.json<{ message: string }[]>(['spark', 'list']);
          return view !== undefined && /waiting: for/.test(view.message);
        },
        { what: 'the job to say what it waits for', timeoutMs: 120_000 },
      );
      await told.run(['spark', 'list']);
    });
    await live.step('the app shrinks: executors take its cpus', async () => {
      await told.run(['app', 'scale', 'web', '1']);
      await until(
        async () => {
          const [view] = await live.json<{ executors: number }[]>(['spark', 'list']);
          return (view?.executors ?? 0) >= 2;
        },
        { what: 'executors', timeoutMs: 300_000 },
      );
      assert.match(await told.run(['spark', 'list']), /RUNNING +[2-9]/);
      await told.run(['status']);
      const ran = await job;
      assert.equal(ran.status, 0, ran.stderr);
      assert.deepEqual(rowsIn(ran.stdout), pricingOf(rows));
      await told.run(['spark', 'list']);
    });
    await live.step('the app grows again: the executors have gone', async () => {
      await told.run(['app', 'scale', 'web', String(before)]);
      await running(live, before);
      assert.ok((await freeCpus(engine.state)).every((cpus) => cpus < 1));
      await told.run(['status']);
    });
    await live.ok(['app', 'remove', 'web']);
    await live.ok(['package', 'uninstall', 'spark', '--delete-volumes', '--yes'], slow);
  },
};

/** Runs commands and keeps what a person would have seen. */
class Transcript {
  readonly #live: Live;
  readonly #path = process.env.DCOS_LIVE_TRANSCRIPT;

  constructor(live: Live) {
    this.#live = live;
  }

  async run(args: readonly string[]): Promise<string> {
    const ran = await this.#live.ok(args);
    const text = `$ dcos ${args.join(' ')}\n${ran.stderr}${ran.stdout}\n`;
    if (this.#path !== undefined) appendFileSync(this.#path, text);
    return ran.stdout;
  }
}

async function freeCpus(state: ReturnType<typeof embedded>['state']): Promise<number[]> {
  const { slaves } = await state();
  return slaves.map((agent) => {
    const { resources } = agent as unknown as { resources: { cpus: number } };
    return resources.cpus - Number(agent.used_resources.cpus ?? 0);
  });
}

interface WebApp {
  readonly instances: number;
  readonly tasksRunning: number;
}

async function webOf(live: Live): Promise<WebApp> {
  return (await ask<{ app: WebApp }>(live, '/service/marathon/v2/apps//web')).app;
}

async function running(live: Live, count: number): Promise<void> {
  await until(async () => (await webOf(live)).tasksRunning === count, {
    what: `${count} instances of web`,
    timeoutMs: 180_000,
  });
}
