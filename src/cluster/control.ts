/** Puts the control plane together: gateway, auth, packages, operations, services, failures and the store door in one process. */
import { DcosError } from '../core/errors.js';
import type { RunningServer } from '../core/running.js';
import { readCluster } from './server-folder.js';

/** Starts the control plane of the local cluster in `dir`. Throws `corrupt` for damaged state, `conflict` where its port is taken. */
export async function runControl(dir: string): Promise<RunningServer> {
  const cluster = readCluster(dir);
  throw new DcosError('failed', `the control plane of ${cluster.name} is not ready yet`);
}
