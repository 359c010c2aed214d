/** `dcos cluster attach` */
import type { Command } from '../../command.js';

/** Makes a known cluster the current one. */
export const attach: Command = {
  summary: 'make a known cluster the current one',
  words: [['<cluster>', 'its name, its id, or the begin of its id']],
  examples: ['dcos cluster attach local'],
  run: async (context, given) => {
    context.clusters.attach(context.clusters.find(given.word(0)).id);
  },
};
