/** `dcos cluster list` */
import { clusterVersion } from '../../../client/cluster.js';
import { type Command, outputFlags } from '../../command.js';
import { type ClusterConfig, clusterName, valueAt } from '../../config/clusters.js';
import type { Context } from '../../context.js';
import { printList } from '../../output/list.js';

/** Lists the known clusters. */
export const list: Command = {
  summary: 'list the clusters that are known here',
  flags: [
    { flags: '--attached', text: 'only the current one' },
    ...outputFlags,
    { flags: '--names', text: 'only the names', isHidden: true },
  ],
  examples: ['dcos cluster list', 'dcos cluster list --json'],
  run: async (context, given) => {
    const current = context.cluster()?.id;
    const known = context.clusters
      .list()
      .filter((one) => !given.has('attached') || one.id === current);
    if (given.has('names')) {
      for (const one of known) context.io.result(clusterName(one));
      return;
    }
    const rows = await Promise.all(known.map((one) => describe(context, one, one.id === current)));
    await printList(context.io, given, rows, {
      name: ({ name }) => name,
      columns: [
        { heading: '', value: ({ attached }) => (attached ? '*' : '') },
        { heading: 'NAME', value: ({ name }) => name },
        { heading: 'ID', value: ({ cluster_id }) => cluster_id },
        { heading: 'STATUS', value: ({ status }) => status },
        { heading: 'VERSION', value: ({ version }) => version },
        { heading: 'URL', value: ({ url }) => url },
      ],
    });
  },
};

interface Row {
  readonly attached: boolean;
  readonly cluster_id: string;
  readonly name: string;
  readonly status: string;
  readonly url: string;
  readonly version: string;
}

async function describe(
  context: Context,
  cluster: ClusterConfig,
  isAttached: boolean,
): Promise<Row> {
  const base = {
    attached: isAttached,
    cluster_id: cluster.id,
    name: clusterName(cluster),
    url: String(valueAt(cluster.values, 'core.dcos_url') ?? ''),
  };
  try {
    const { version } = await clusterVersion(await context.connect(cluster));
    return { ...base, status: 'AVAILABLE', version };
  } catch {
    return { ...base, status: 'UNAVAILABLE', version: 'UNKNOWN' };
  }
}
