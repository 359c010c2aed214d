/** `dcos config show` */
import type { TomlTable } from 'smol-toml';
import { DcosError } from '../../../core/errors.js';
import { type Command, outputFlags } from '../../command.js';
import { valueAt } from '../../config/clusters.js';
import { nearestKey } from '../../config/keys.js';
import { formatOf, printValue } from '../../output/list.js';

/** Shows the configuration. */
export const show: Command = {
  summary: 'show the configuration of the current cluster, or one value of it',
  words: [['[key]', 'for instance core.dcos_url']],
  flags: [...outputFlags],
  examples: ['dcos config show', 'dcos config show core.dcos_url'],
  run: async (context, given) => {
    const { values } = context.needCluster();
    const key = given.word(0);
    if (key !== '') {
      const value = valueAt(values, key);
      if (value === undefined || typeof value === 'object') {
        throw new DcosError('not-found', `'${key}' is not set`, {
          hint:
            nearestKey(key, flatten(values).keys()) ?? 'See: dcos config show, dcos config keys',
        });
      }
      context.io.result(String(value));
      return;
    }
    const all = flatten(values);
    if (all.has('core.dcos_acs_token')) all.set('core.dcos_acs_token', '********');
    const format = formatOf(given);
    if (format === 'json' || format === 'yaml') {
      await printValue(context.io, Object.fromEntries(all), format);
      return;
    }
    for (const [name, value] of all)
      context.io.result(format === 'name' ? name : `${name} ${String(value)}`);
  },
};

function flatten(values: TomlTable): Map<string, unknown> {
  const all = new Map<string, unknown>();
  for (const [section, table] of Object.entries(values)) {
    if (typeof table !== 'object' || table === null || Array.isArray(table))
      all.set(section, table);
    else for (const [name, value] of Object.entries(table)) all.set(`${section}.${name}`, value);
  }
  return new Map([...all].sort(([a], [b]) => a.localeCompare(b)));
}
