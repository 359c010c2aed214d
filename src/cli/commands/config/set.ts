/** `dcos config set` */
import { statSync } from 'node:fs';
import { DcosError } from '../../../core/errors.js';
import type { Command } from '../../command.js';
import { withValue } from '../../config/clusters.js';
import { checkKey, configValue } from '../../config/keys.js';

/** Sets a value of the configuration. */
export const set: Command = {
  summary: 'set a value in the configuration of the current cluster',
  words: [
    ['<key>', 'for instance core.timeout'],
    ['<value>', 'its value'],
  ],
  examples: ['dcos config set core.timeout 60', 'dcos config set core.ssl_verify false'],
  run: async (context, given) => {
    const [key = '', text = ''] = given.words;
    checkKey(key);
    const value = configValue(key, text);
    if (key === 'core.ssl_verify') checkVerify(text);
    const cluster = context.needCluster();
    let values = withValue(cluster.values, key, value);
    // A token of one cluster is not shown to another.
    if (key === 'core.dcos_url') values = withValue(values, 'core.dcos_acs_token', undefined);
    context.clusters.save(cluster.id, values);
  },
};

function checkVerify(text: string): void {
  if (
    /^(true|false|yes|no|0|1)$/i.test(text) ||
    statSync(text, { throwIfNoEntry: false })?.isFile()
  )
    return;
  throw new DcosError(
    'invalid',
    `core.ssl_verify must be true, false or a file that is there, not '${text}'`,
  );
}
