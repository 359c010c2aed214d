/** Folders that come and go: volumes, and sandboxes of runs that are over. */
import { existsSync, mkdirSync, renameSync } from 'node:fs';
import { rm, rmdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { volumeDir } from '../layout.js';

/** Makes the folder of a volume; data of a volume that was never destroyed stays. */
export function makeVolume(workDir: string, volume: string): void {
  mkdirSync(volumeDir(workDir, volume), { recursive: true });
}

/** Removes the data of a volume, and its role's folder with the last one. */
export async function removeVolume(workDir: string, volume: string): Promise<void> {
  const folder = volumeDir(workDir, volume);
  await rm(folder, { recursive: true, force: true });
  await rmdir(dirname(folder)).catch(() => {});
}

/** Volumes of an agent that was given up are nobody's any more, but a person may want to look. */
export function setAside(workDir: string, agentId: string): void {
  const volumes = join(workDir, 'volumes');
  if (!existsSync(volumes)) return;
  mkdirSync(join(workDir, 'gone'), { recursive: true });
  renameSync(volumes, join(workDir, 'gone', agentId));
}

/** Removes a sandbox, and the folders above it as far as they hold nothing else. */
export async function removeSandbox(sandbox: string): Promise<void> {
  await rm(sandbox, { recursive: true, force: true });
  const runs = dirname(sandbox);
  const latest = join(runs, 'latest');
  // A link that leads nowhere now.
  if (!existsSync(latest)) await rm(latest, { force: true });
  for (const folder of [runs, dirname(runs)]) {
    try {
      await rmdir(folder);
    } catch {
      return;
    }
  }
}
