/** `dcos auth logout` */
import type { Command } from '../../command.js';
import { withValue } from '../../config/clusters.js';

/** Forgets the token of the current cluster. */
export const logout: Command = {
  summary: 'forget the token of the current cluster',
  examples: ['dcos auth logout'],
  run: async (context) => {
    const cluster = context.needCluster();
    context.clusters.save(cluster.id, withValue(cluster.values, 'core.dcos_acs_token', undefined));
  },
};
