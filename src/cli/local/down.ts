/** `down`: stops a local cluster in order, and keeps all of its state; `purge` erases it. */
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { LocalCluster } from '../../wire/local-cluster.js';
import { fileError, writeWhole } from './files.js';
import { serverNames } from './layout.js';
import { signalProcess, waitUntilGone } from './processes.js';
import { lookAtServer } from './servers.js';
import { stopLeftTasks } from './tasks.js';

/** What `down` tells as it goes. */
export interface DownTeller {
  say(text: string): void;
  progress(text: string): void;
}

/** How long each kind of server may take to end by itself, in ms; agents stop their tasks first. */
const patienceMs = { control: 10_000, agent: 45_000, master: 10_000 };

/**
 * The order: the control plane first, so that nobody starts tasks anew; then agents, which stop
 * theirs; the master last.
 */
function groupsOf(cluster: LocalCluster): { names: string[]; patienceMs: number }[] {
  const names = serverNames(cluster);
  return [
    { names: names.filter((name) => name === 'control'), patienceMs: patienceMs.control },
    { names: names.filter((name) => name.startsWith('agent-')), patienceMs: patienceMs.agent },
    { names: names.filter((name) => name === 'master'), patienceMs: patienceMs.master },
  ].filter((group) => group.names.length > 0);
}

/**
 * Stops every server of the cluster and its loop; false if nothing ran. The caller holds the lock.
 * Throws `io`.
 */
export async function bringDown(
  localDir: string,
  cluster: LocalCluster,
  tell: DownTeller,
): Promise<boolean> {
  const states = serverNames(cluster).map((name) => lookAtServer(localDir, name));
  if (states.every((state) => state.process === undefined && state.loop === undefined)) {
    return (await stopTasks(localDir, cluster, tell)) > 0;
  }
  writeWhole(join(localDir, 'stop'), `${new Date().toISOString()}\n`);
  for (const group of groupsOf(cluster)) {
    tell.progress(`stopping ${group.names.join(', ')}`);
    await Promise.all(
      group.names.map((name) => stopServer(localDir, name, group.patienceMs, tell)),
    );
  }
  await stopTasks(localDir, cluster, tell);
  return true;
}

// An agent that was dead, or had to be killed, has not stopped its tasks.
async function stopTasks(
  localDir: string,
  cluster: LocalCluster,
  tell: DownTeller,
): Promise<number> {
  const agents = serverNames(cluster).filter((name) => name.startsWith('agent-'));
  return stopLeftTasks(localDir, agents, (count) => {
    const what = count === 1 ? '1 task' : `${count} tasks`;
    tell.say(`Stopping ${what} whose agent was not there to do it`);
  });
}

async function stopServer(
  localDir: string,
  name: string,
  patience: number,
  tell: DownTeller,
): Promise<void> {
  // A loop may be about to start its server: once more is enough, for then it sees the stop file.
  for (let round = 0; round < 2; round++) {
    const { process: live, loop } = lookAtServer(localDir, name);
    if (live !== undefined) {
      signalProcess(live, 'SIGTERM');
      // One that was frozen can't hear the order to end.
      signalProcess(live, 'SIGCONT');
      if (!(await waitUntilGone(live, patience))) {
        tell.say(`${name} did not end within ${patience / 1000} s: killed`);
        signalProcess(live, 'SIGKILL');
        await waitUntilGone(live, 5000);
      }
    }
    if (loop === undefined) return;
    // With its server gone it ends by itself, unless it sleeps before a restart.
    if (await waitUntilGone(loop, 300)) return;
    if (round === 0 && lookAtServer(localDir, name).process === undefined) {
      signalProcess(loop, 'SIGTERM', true);
      if (await waitUntilGone(loop, 1000)) return;
    }
    await sleep(50);
  }
}

/** Removes everything of a stopped cluster. Throws `io`. */
export function erase(localDir: string): void {
  try {
    rmSync(localDir, { recursive: true, force: true, maxRetries: 5, retryDelay: 50 });
  } catch (error) {
    throw fileError(error, localDir);
  }
}
