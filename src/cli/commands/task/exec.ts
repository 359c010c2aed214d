/** `dcos task exec` */
import { DcosError } from '../../../core/errors.js';
import type { Command } from '../../command.js';
import { joinTask } from '../../join-task.js';
import { oneTask } from '../../one-task.js';
import { isAtTerminal } from '../../pipes.js';

/** Runs a command where a task runs. */
export const exec: Command = {
  summary: 'run a command inside the container of a task',
  words: [
    ['<task>', 'its id, instance or name, or a part that only it has'],
    ['<command>', 'the program'],
    ['[arguments...]', 'what it is given'],
  ],
  flags: [
    { flags: '-i, --interactive', text: 'pass on what is typed, or what stdin gives' },
    { flags: '-t, --tty', text: 'give it a terminal; left by ctrl-P ctrl-Q' },
    { flags: '-u, --user <user>', text: 'as whom, where the agent changes users' },
  ],
  takesRest: true,
  examples: [
    'dcos task exec web ls -l',
    'dcos task exec -it broker-1 bash',
    'cat dump.sql | dcos task exec -i db psql',
  ],
  notes: "Its exit status is the command's own; 128 + n where a signal ended it.",
  run: async (context, given) => {
    const isTty = given.has('tty');
    const isInteractive = given.has('interactive');
    if (isTty && !isAtTerminal()) {
      throw new DcosError('usage', '--tty is of use on a terminal only', {
        hint: 'In a script leave it out: dcos task exec -i <task> <command>',
      });
    }
    const http = await context.http();
    context.exitStatus = await joinTask(context, await oneTask(http, given.word(0)), {
      words: given.words.slice(1),
      user: given.text('user'),
      isTty,
      isInteractive,
    });
  },
};
