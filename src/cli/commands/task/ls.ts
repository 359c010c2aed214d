/** `dcos task ls` */
import { listSandbox } from '../../../client/sandbox.js';
import { type Command, outputFlags, quietFlag } from '../../command.js';
import { oneTask } from '../../one-task.js';
import { clean } from '../../output/clean.js';
import { formatOf, printList } from '../../output/list.js';
import { kindFlags, kindOf } from './list.js';

/** Lists files of a sandbox. */
export const ls: Command = {
  summary: 'list the files of a task',
  words: [
    ['<task>', 'its id, instance or name, or a part that only it has'],
    ['[path]', 'a folder of its sandbox'],
  ],
  flags: [
    { flags: '--long', text: 'with mode, owner, size and date' },
    ...kindFlags,
    ...outputFlags,
    quietFlag,
  ],
  examples: ['dcos task ls web', 'dcos task ls --long broker-1 data'],
  run: async (context, given) => {
    const http = await context.http();
    const task = await oneTask(http, given.word(0), kindOf(given));
    const entries = await listSandbox(http, task, given.word(1));
    if (!given.has('long') && !given.has('quiet') && formatOf(given) === 'table') {
      if (entries.length > 0) context.io.result(entries.map(({ name }) => clean(name)).join('  '));
      return;
    }
    await printList(context.io, given, entries, {
      name: ({ name }) => name,
      columns: [
        { heading: 'MODE', value: ({ mode }) => mode },
        { heading: 'LINKS', value: ({ links }) => links },
        { heading: 'UID', value: ({ uid }) => uid },
        { heading: 'GID', value: ({ gid }) => gid },
        { heading: 'SIZE', value: ({ size }) => size },
        { heading: 'DATE', value: ({ mtime }) => new Date(mtime * 1000).toISOString() },
        { heading: 'NAME', value: ({ name }) => name },
      ],
    });
  },
};
