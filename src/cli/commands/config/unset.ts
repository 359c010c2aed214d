/** `dcos config unset` */
import { DcosError } from '../../../core/errors.js';
import type { Command } from '../../command.js';
import { valueAt, withValue } from '../../config/clusters.js';
import { nearestKey } from '../../config/keys.js';

/** Removes a value from the configuration. */
export const unset: Command = {
  summary: 'remove a value from the configuration of the current cluster',
  words: [['<key>', 'for instance core.timeout']],
  examples: ['dcos config unset core.timeout'],
  run: async (context, given) => {
    const key = given.word(0);
    const cluster = context.needCluster();
    if (valueAt(cluster.values, key) === undefined) {
      throw new DcosError('not-found', `'${key}' is not set`, {
        hint: nearestKey(key) ?? 'See: dcos config show',
      });
    }
    context.clusters.save(cluster.id, withValue(cluster.values, key, undefined));
  },
};
