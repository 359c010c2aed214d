/** `dcos config keys` */
import { type Command, outputFlags, quietFlag } from '../../command.js';
import { configKeys } from '../../config/keys.js';
import { printList } from '../../output/list.js';

/** Lists the keys of the configuration. */
export const keys: Command = {
  summary: 'list the keys of the configuration and what they mean',
  flags: [quietFlag, ...outputFlags],
  examples: ['dcos config keys', 'dcos config keys -q'],
  run: async (context, given) => {
    const rows = Object.entries(configKeys).map(([name, { text }]) => ({
      name,
      description: text,
    }));
    await printList(context.io, given, rows, {
      name: ({ name }) => name,
      columns: [
        { heading: 'NAME', value: ({ name }) => name },
        { heading: 'DESCRIPTION', value: ({ description }) => description },
      ],
    });
  },
};
