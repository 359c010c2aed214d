/** `dcos cluster remove` */
import { clusterVersion } from '../../../client/cluster.js';
import { DcosError } from '../../../core/errors.js';
import type { Command, Given } from '../../command.js';
import type { ClusterConfig } from '../../config/clusters.js';
import type { Context } from '../../context.js';

/** Forgets clusters. */
export const remove: Command = {
  summary: 'forget a cluster; the cluster itself is not touched',
  words: [['[cluster]', 'its name, its id, or the begin of its id']],
  flags: [
    { flags: '--all', text: 'every one' },
    { flags: '--unavailable', text: 'every one that does not answer' },
  ],
  examples: ['dcos cluster remove old', 'dcos cluster remove --unavailable'],
  run: async (context, given) => {
    for (const { id } of await chosen(context, given)) context.clusters.remove(id);
  },
};

async function chosen(context: Context, given: Given): Promise<ClusterConfig[]> {
  const name = given.word(0);
  const ways = [name !== '', given.has('all'), given.has('unavailable')].filter((way) => way);
  if (ways.length !== 1) {
    throw new DcosError('usage', 'give exactly one of: a cluster, --all, --unavailable');
  }
  if (name !== '') return [context.clusters.find(name)];
  const all = context.clusters.list();
  if (given.has('all')) return all;
  const answers = await Promise.all(all.map((one) => isAvailable(context, one)));
  return all.filter((_, at) => answers[at] === false);
}

async function isAvailable(context: Context, cluster: ClusterConfig): Promise<boolean> {
  try {
    await clusterVersion(await context.connect(cluster));
    return true;
  } catch {
    return false;
  }
}
