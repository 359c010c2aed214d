/** Small file systems, for volumes of local agents or for the state, so that one can fill up. */
import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Engine, Machine } from './engine.js';

/** What each of them holds, in MiB; memory is taken only for what is written. */
const sizeMb = 1500;

/** Whether this user may make file systems. */
export function mayMount(): boolean {
  return process.getuid?.() === 0;
}

/** Where an agent keeps persistent volumes: Mesos' own place, and ours. */
export function volumesOf({ work }: Machine): string {
  return join(work, 'volumes');
}

/** Gives every agent's volumes a file system; before anything is installed. */
export function makeSmallDisks(engine: Engine): void {
  if (!mayMount()) return;
  for (const machine of engine.machines()) makeSmallDisk(volumesOf(machine), sizeMb);
}

/** Mounts a file system of `mb` MiB on a folder, which is made. Root only. */
export function makeSmallDisk(folder: string, mb: number): void {
  mkdirSync(folder, { recursive: true });
  execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${mb}m`, 'tmpfs', folder]);
}

/** Writes into a file of `folder` until nothing fits any more; gives what makes room again. */
export function fillDisk(folder: string): () => void {
  const file = join(folder, 'filler');
  for (const block of [Buffer.alloc(1024 * 1024), Buffer.alloc(512)]) {
    try {
      for (;;) writeFileSync(file, block, { flag: 'a' });
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOSPC') throw error;
    }
  }
  return () => rmSync(file);
}

/** Takes away every file system that is mounted under `folder`. */
export function unmountUnder(folder: string): void {
  for (const line of readFileSync('/proc/mounts', 'utf8').split('\n')) {
    const path = line.split(' ')[1] ?? '';
    if (path.startsWith(`${folder}/`)) execFileSync('umount', ['-l', path]);
  }
}
