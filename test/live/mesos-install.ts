/** A real Apache Mesos, installed once for all checks from what stands beside the project. */
import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { shared } from '../helpers/paths.js';

const folder = process.env.DCOS_LIVE_MESOS ?? join(tmpdir(), 'dcos-live-mesos');

/** Why there can be no real Mesos here. */
export function mesosObstacle(): string | undefined {
  if (!existsSync(join(shared, 'mesos', 'install'))) return `no ${join(shared, 'mesos')}`;
  return process.platform === 'linux' && process.arch === 'x64' ? undefined : 'not Linux on x64';
}

/** The folder of the installation; made on first use (`install` does nothing where it is done). */
export function mesosInstall(): string {
  execFileSync(join(shared, 'mesos', 'install'), [folder], { stdio: 'ignore', timeout: 300_000 });
  return folder;
}

/** Where its scripts are. */
export const mesosScripts = shared;
