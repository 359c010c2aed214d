/** What the checks of Storm have in common. */
import assert from 'node:assert/strict';
import { allProcs, belongsTo, type Proc, taskProcs } from '../../helpers/procfs.js';
import { until } from '../../helpers/wait.js';
import type { Live } from '../live.js';

/** For commands that wait for a Java program. */
export const slow = { timeoutMs: 400_000 };

/** One line of `dcos storm list`. */
export interface Topology {
  readonly name: string;
  readonly status: string;
  readonly workers: number;
}

/** All that are listed. */
export const topologies = (live: Live): Promise<Topology[]> =>
  live.json<Topology[]>(['storm', 'list'], slow);

/** Waits until one is listed so. */
export async function listed(live: Live, fits: (topology: Topology) => boolean): Promise<void> {
  await until(async () => (await topologies(live)).some(fits), {
    what: 'the topology listed so',
    timeoutMs: 180_000,
    everyMs: 1_000,
  });
}

/** Ends a topology at once. */
export async function ended(live: Live, name: string): Promise<void> {
  await live.ok(['storm', 'kill', name, '--wait', '0', '--yes'], slow);
  await until(async () => (await topologies(live)).length === 0, {
    what: 'no topology',
    timeoutMs: 120_000,
    everyMs: 1_000,
  });
}

/** All Java processes of this cluster that are Storm's. */
export function javas(live: Live): Proc[] {
  return allProcs().filter(
    (proc) => / org\.apache\.storm\./.test(proc.command) && belongsTo(proc, live.dir),
  );
}

/** The process of a nimbus or supervisor itself, while it runs. */
export function daemonOf(live: Live, instance: string): Proc | undefined {
  // Not by the leaf: below a supervisor, that is a worker, which has a folder of its own.
  return taskProcs(live.dir, `${instance}-server`).find(({ command }) =>
    /daemon\.(?:nimbus\.Nimbus|supervisor\.Supervisor)$/.test(command),
  );
}

/** The same, which must run. */
export function daemonPid(live: Live, instance: string): number {
  const found = daemonOf(live, instance);
  assert.ok(found, `${instance} does not run`);
  return found.pid;
}

/** Waits until nothing is left to do. */
export async function settled(live: Live): Promise<void> {
  await until(
    async () => {
      for (const name of ['deploy', 'recovery']) {
        const plan = await live.json<{ status: string }>(['storm', 'plan', 'show', name]);
        if (plan.status !== 'COMPLETE') return false;
      }
      return true;
    },
    { what: 'both plans complete', timeoutMs: 300_000, everyMs: 500 },
  );
}

/** Removes Storm and its ZooKeeper; what Storm kept there has to go as well. */
export async function uninstalled(live: Live): Promise<void> {
  const words = ['--delete-volumes', '--yes'];
  const { stderr } = await live.ok(['package', 'uninstall', 'storm', ...words], slow);
  assert.match(stderr, /remove-\/dcos-service-storm \[COMPLETE\]/);
  assert.doesNotMatch(stderr, /by hand/);
  await live.ok(['package', 'uninstall', 'zookeeper', ...words], slow);
  assert.deepEqual(javas(live), []);
}
