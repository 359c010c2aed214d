/** `dcos task exec` */
import { type ExecSession, startExec } from '../../../client/exec.js';
import { DcosError } from '../../../core/errors.js';
import type { Command } from '../../command.js';
import type { Context } from '../../context.js';
import { oneTask } from '../../one-task.js';
import { isAtTerminal, passInput, passOutput, windowSize } from '../../pipes.js';

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
    const session = await startExec(http, await oneTask(http, given.word(0)), {
      words: given.words.slice(1),
      user: given.text('user'),
      tty: isTty ? windowSize() : undefined,
    });
    context.exitStatus = await join(context, session, isTty, isInteractive);
  },
};

/** Joins this process' streams with the session's until it ends; gives the exit status. */
async function join(
  context: Context,
  session: ExecSession,
  isTty: boolean,
  isInteractive: boolean,
): Promise<number> {
  let hasLeft = false;
  const leave = (): void => {
    hasLeft = true;
    session.close();
  };
  const input = isInteractive ? session.input() : undefined;
  const undo = input === undefined ? undefined : passInput(input, isTty, leave);
  let isOver = false;
  input?.done.catch((error: unknown) => {
    // A command that has ended takes no input, which is no news.
    if (!isOver && error instanceof DcosError && error.code !== 'interrupted') {
      context.io.detail(1, `its input has ended: ${error.message}`);
    }
  });
  try {
    await passOutput(session);
  } catch (error) {
    if (!hasLeft) throw cut(error);
  } finally {
    isOver = true;
    undo?.();
  }
  return hasLeft ? 0 : session.exitCode();
}

function cut(error: unknown): unknown {
  if (error instanceof DcosError) return error;
  return new DcosError('unreachable', 'the connection to the command was cut', {
    hint: 'What happened to its agent or task: dcos failures',
    cause: error,
  });
}
