/** A cluster for a command that needs one and may start it. */
import type { Http } from '../client/http.js';
import { DcosError } from '../core/errors.js';
import type { Context } from './context.js';

/**
 * Calls to the current cluster; starts the local one where none is configured, or where it is the
 * current one and down. With `isForbidden` (`--no-up`) it throws `unreachable` instead.
 */
export async function ensureCluster(context: Context, isForbidden: boolean): Promise<Http> {
  const cluster = context.cluster();
  if (cluster !== undefined && !context.isLocal(cluster)) return context.http();
  const isRunning = cluster !== undefined && (await isLocalRunning(context));
  if (isRunning) return context.http();
  if (isForbidden) {
    const what = cluster === undefined ? 'no cluster is configured' : 'the local cluster is down';
    throw new DcosError('unreachable', `${what}, and --no-up forbids to start one`, {
      hint: 'Start a local one with dcos up, or set one up with dcos cluster setup <url>',
    });
  }
  context.io.say(
    cluster === undefined
      ? 'No cluster is configured: starting a local one (dcos down stops it).'
      : 'The local cluster is down: starting it.',
  );
  const { startLocalCluster } = await import('./local/start.js');
  await startLocalCluster(context, {});
  return context.http();
}

async function isLocalRunning(context: Context): Promise<boolean> {
  const { lookAtServer } = await import('./local/servers.js');
  return lookAtServer(context.localDir, 'control').isReady;
}
