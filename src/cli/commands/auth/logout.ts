/** `dcos auth logout` */
import type { Command } from '../../command.js';
import { valueAt, withValue } from '../../config/clusters.js';
import { loggedOut } from '../../context.js';

/** Gives the token of the current cluster back and forgets it. */
export const logout: Command = {
  summary: 'give back and forget the token of the current cluster',
  examples: ['dcos auth logout'],
  run: async (context) => {
    const cluster = context.needCluster();
    const token = valueAt(cluster.values, 'core.dcos_acs_token');
    if (typeof token === 'string' && token !== loggedOut) {
      const { revokeToken } = await import('../../../client/auth.js');
      const isRevoked = await revokeToken(await context.connect(cluster, { mayRenew: false }));
      if (!isRevoked) context.io.detail(1, 'The cluster did not revoke the token.');
    }
    // Of the local cluster it is remembered: its credential would log in again by itself.
    const left = context.isLocal(cluster) ? loggedOut : undefined;
    context.clusters.save(cluster.id, withValue(cluster.values, 'core.dcos_acs_token', left));
  },
};
