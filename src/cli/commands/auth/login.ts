/** `dcos auth login` */
import type { Command } from '../../command.js';
import { withValue } from '../../config/clusters.js';
import { loginFlags, obtainToken } from '../../login.js';

/** Logs in to the current cluster. */
export const login: Command = {
  summary: 'log in to the current cluster; needs no password for the local one',
  flags: [...loginFlags],
  examples: ['dcos auth login', 'dcos auth login --username admin --password-file secret.txt'],
  run: async (context, given) => {
    const cluster = context.needCluster();
    const isNamed = given.text('username') ?? context.env.DCOS_USERNAME;
    if (isNamed === undefined && context.isLocal(cluster)) {
      if ((await context.renew(cluster)) !== undefined) return;
    }
    const http = await context.http();
    const token =
      context.env.DCOS_CLUSTER_SETUP_ACS_TOKEN ?? (await obtainToken(context, given, http));
    context.clusters.save(cluster.id, withValue(cluster.values, 'core.dcos_acs_token', token));
  },
};
