/** `dcos cluster rename` */
import { DcosError } from '../../../core/errors.js';
import type { Command } from '../../command.js';
import { clusterName, withValue } from '../../config/clusters.js';

/** Gives a known cluster another name. */
export const rename: Command = {
  summary: 'give a known cluster another name',
  words: [
    ['<cluster>', 'its name, its id, or the begin of its id'],
    ['<name>', 'the new name'],
  ],
  examples: ['dcos cluster rename local laptop'],
  run: async (context, given) => {
    const cluster = context.clusters.find(given.word(0));
    const name = given.word(1);
    const other = context.clusters
      .list()
      .find((one) => one.id !== cluster.id && clusterName(one) === name);
    if (other !== undefined) throw new DcosError('conflict', `another cluster is called '${name}'`);
    context.clusters.save(cluster.id, withValue(cluster.values, 'cluster.name', name));
  },
};
