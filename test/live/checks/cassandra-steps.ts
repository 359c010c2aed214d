/** What the checks of Cassandra have in common. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { taskProcs } from '../../helpers/procfs.js';
import { until } from '../../helpers/wait.js';
import type { Live } from '../live.js';

/** For commands that wait for nodes to start. */
export const slow = { timeoutMs: 900_000 };

/** The processes of a node that are the server itself. */
export function serverPids(live: Live, instance: string): number[] {
  return taskProcs(live.dir, `${instance}-server`)
    .filter(({ command }) => command.includes('CassandraDaemon'))
    .map(({ pid }) => pid);
}

/** Waits until a plan is complete. */
export async function planComplete(live: Live, plan: string): Promise<void> {
  await until(
    async () => {
      const ran = await live.dcos(['cassandra', 'plan', 'show', plan, '--json']);
      return ran.status === 0 && JSON.parse(ran.stdout).status === 'COMPLETE';
    },
    { what: `plan ${plan} complete`, timeoutMs: 900_000, everyMs: 500 },
  );
}

/** Starts a plan of one's own and waits for its end. */
export async function runPlan(live: Live, plan: string, values: readonly string[]): Promise<void> {
  const words = values.flatMap((value) => ['-p', value]);
  await live.ok(['cassandra', 'plan', 'start', plan, ...words]);
  await planComplete(live, plan);
}

/** Waits until a replacement that was asked for has begun and is complete. */
export async function replaced(live: Live): Promise<void> {
  await until(
    async () => {
      const ran = await live.dcos(['cassandra', 'plan', 'show', 'recovery', '--json']);
      return ran.status === 0 && /permanent-/.test(ran.stdout);
    },
    { what: 'the replacement in the plan', timeoutMs: 60_000 },
  );
  await planComplete(live, 'recovery');
}

interface RingMember {
  readonly address: string;
  readonly status: string;
  readonly state: string;
  readonly id: string;
  readonly rack: string;
}

/** The nodes that are up and normal, and know that of each other. */
export async function nodesOf(live: Live): Promise<readonly RingMember[]> {
  return await until(
    async () => {
      const ran = await live.dcos(['cassandra', 'status', '--json'], slow);
      if (ran.status !== 0) return false;
      const members = JSON.parse(ran.stdout) as RingMember[];
      const well = members.every(({ status, state }) => status === 'U' && state === 'N');
      return well && members.length > 0 && members;
    },
    { what: 'every node up and normal', timeoutMs: 120_000 },
  );
}

/** `UN rack-1` for each node, in order. */
export async function statusOf(live: Live): Promise<string[]> {
  const rows = await nodesOf(live);
  return rows.map(({ status, state, rack }) => `${status}${state} ${rack}`).sort();
}

/** Installs it; throws with what the command said where that is refused. */
export async function installCassandra(
  live: Live,
  options: object,
  version?: string,
): Promise<void> {
  const file = join(live.dir, 'cassandra.json');
  writeFileSync(file, JSON.stringify(options));
  const which = version === undefined ? [] : [`--package-version=${version}`];
  await live.ok(['package', 'install', 'cassandra', `--options=${file}`, ...which, '--yes'], slow);
}
