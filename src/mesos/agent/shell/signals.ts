/** Ends whole sessions of processes. */
import { allProcesses, childrenOf, followersOf, wordsOfProcess } from './procfs.js';

/** How often, and every how many ms, it is looked whether a killed session is gone. */
const maxLooks = 200;
const betweenLooksMs = 10;

/**
 * Kills until nobody of the session is left; one that the system cannot end is waited for no
 * longer.
 */
export async function clearSession(leader: number): Promise<void> {
  for (let look = 0; look < maxLooks; look += 1) {
    const left = followersOf(leader, allProcesses());
    if (left.length === 0) return;
    killAll(left);
    await new Promise((resolve) => setTimeout(resolve, betweenLooksMs));
  }
}

/** How long a command may take to begin, and how often it is looked, both in ms. */
const beginsWithinMs = 10_000;
const betweenPoliteLooksMs = 5;

/**
 * Asks a supervisor's whole group to end, as soon as its command has begun: what comes before would
 * meet a shell that is on its way to the command, and be lost. `isAlive`: whether the leader is.
 */
export async function askToEnd(leader: number, isAlive: () => boolean): Promise<void> {
  for (let waitedMs = 0; waitedMs < beginsWithinMs; waitedMs += betweenPoliteLooksMs) {
    if (!isAlive()) return;
    if (hasBegun(leader)) break;
    await new Promise((resolve) => setTimeout(resolve, betweenPoliteLooksMs));
  }
  send(-leader, 'SIGTERM');
}

/** Whether a child of `leader` runs something else than the leader itself. */
function hasBegun(leader: number): boolean {
  const own = wordsOfProcess(leader);
  return childrenOf(leader).some((pid) => {
    const words = wordsOfProcess(pid);
    return words !== undefined && words !== own;
  });
}

/** Kills a leader, first, lest it tell of their end as its own, and all that follow it. */
export function killTree(leader: number): void {
  killAll([{ pid: leader }, ...followersOf(leader, allProcesses())]);
}

/** Kills processes at once. */
export function killAll(processes: readonly { readonly pid: number }[]): void {
  for (const { pid } of processes) send(pid, 'SIGKILL');
}

/** Sends a signal; a negative `pid` is a process group. */
export function send(pid: number, signal: NodeJS.Signals | number): void {
  try {
    process.kill(pid, signal);
  } catch {
    // It is gone already, which is what was wanted.
  }
}
