/** `dcos help` */
import type { Command } from '../command.js';
import { findCommand, parseArguments, printGroupHelp } from '../program.js';
import { isGroup } from '../tree.js';

/** Shows the help of a command. */
export const help: Command = {
  summary: 'show the help of a command',
  words: [['[words...]', 'the command']],
  examples: ['dcos help package install'],
  run: async (context, given) => {
    const { path, node } = findCommand(given.words);
    if (isGroup(node)) {
      await printGroupHelp(context.io, path, node);
      return;
    }
    const parsed = parseArguments(path, await node.load(), ['--help']);
    if ('help' in parsed) context.io.write(parsed.help);
  },
};
