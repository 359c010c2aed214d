/** Small file systems of their own for the volumes of local agents, so that one can fill up. */
import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { localCluster } from '../engine.js';
import type { Live } from '../live.js';

/** What each of them holds, in MiB; memory is taken only for what is written. */
const sizeMb = 1500;

/** Whether this user may make file systems. */
export function isSmall(): boolean {
  return process.getuid?.() === 0;
}

/** Where an agent keeps persistent volumes (docs/architecture.md, "A local cluster on disk"). */
export function volumesOf(live: Live, agent: number): string {
  return join(live.dcosDir, 'local', `agent-${agent}`, 'work', 'volumes');
}

/** Gives every agent's volumes a file system; before anything is installed. */
export function makeSmallDisks(live: Live): void {
  if (!isSmall()) return;
  for (const { index } of localCluster(live).agents) {
    const folder = volumesOf(live, index);
    mkdirSync(folder, { recursive: true });
    execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${sizeMb}m`, 'tmpfs', folder]);
  }
}

/** Takes away every file system that is mounted under `folder`. */
export function unmountUnder(folder: string): void {
  for (const line of readFileSync('/proc/mounts', 'utf8').split('\n')) {
    const path = line.split(' ')[1] ?? '';
    if (path.startsWith(`${folder}/`)) execFileSync('umount', ['-l', path]);
  }
}
