/** What the checks of upgrades have in common. */
import assert from 'node:assert/strict';
import { leavesOf, signal, taskProcs } from '../../helpers/procfs.js';
import { until } from '../../helpers/wait.js';
import { ask, requestUpdate, type ServiceUpdate } from '../gateway.js';
import type { Live } from '../live.js';

/** For commands that wait for services. */
export const slow = { timeoutMs: 600_000 };

/** A plan as it is shown. */
export interface PlanJson {
  readonly status: string;
  readonly errors: readonly string[];
  readonly phases: readonly { readonly steps: readonly { name: string; status: string }[] }[];
}

/** Begins an update, which must not be refused. */
export async function update(live: Live, name: string, change: ServiceUpdate): Promise<void> {
  const { status, text } = await requestUpdate(live, name, change);
  assert.equal(status, 200, text);
}

/** How many steps of the last phase are complete; none before the new configuration is taken. */
export async function stepsDone(live: Live, name: string): Promise<number | undefined> {
  const plan = await live.json<PlanJson>([name, 'plan', 'show', 'deploy']);
  if (plan.status === 'COMPLETE') return undefined;
  return plan.phases.at(-1)?.steps.filter(({ status }) => status === 'COMPLETE').length;
}

/** Waits until the update has ended and both plans are complete. */
export async function settled(live: Live, name: string): Promise<void> {
  await until(
    async () => {
      const { operations } = await ask<{ operations: { status: string }[] }>(live, '/operations');
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

/** The pid of what does the work of a task. */
export function pidOf(live: Live, task: string): number {
  const [leaf] = leavesOf(taskProcs(live.dir, task));
  assert.ok(leaf, `no process belongs to ${task}`);
  return leaf.pid;
}

/** Kafka becomes 3.9 broker by broker, one of them killed once the first is done. */
export async function upgradedKafka(live: Live): Promise<void> {
  const before = pidOf(live, 'broker-2-broker');
  await update(live, 'kafka', { packageVersion: '3.9.1' });
  await until(async () => (await stepsDone(live, 'kafka')) === 1, {
    what: 'one broker upgraded',
    timeoutMs: 180_000,
    everyMs: 200,
  });
  signal(pidOf(live, 'broker-2-broker'), 'SIGKILL');
  await settled(live, 'kafka');
  assert.notEqual(pidOf(live, 'broker-2-broker'), before);
}

/** A fourth broker of Kafka: nothing moves to it until that is asked for. */
export async function grown(live: Live): Promise<void> {
  const before = pidOf(live, 'broker-0-broker');
  await update(live, 'kafka', { options: { brokers: { count: 4 } } });
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
