/**
 * The one door to the person or the script at the other end: results on stdout, talk on stderr,
 * questions only on a terminal. Commands never print by another way.
 */
import { DcosError } from '../core/errors.js';

/** A line that shows what is going on; silent where there is no terminal. */
export interface Progress {
  update(text: string): void;
  /** Ends it; the line disappears, or stays as `text`. */
  end(text?: string): void;
}

/** Colours of a terminal; every one is the identity elsewhere. */
export interface Colours {
  readonly bold: (text: string) => string;
  readonly dim: (text: string) => string;
  readonly red: (text: string) => string;
  readonly green: (text: string) => string;
  readonly yellow: (text: string) => string;
}

/** What a command may say and ask. */
export interface Io {
  /** Whether somebody can answer questions. */
  readonly canAsk: boolean;
  /** Whether talk is read by a person as it comes. */
  readonly isTalkTerminal: boolean;
  /** Whether results are read by a person. */
  readonly isTerminal: boolean;
  /** Of the terminal that results go to. */
  readonly width: number;
  /** A result: text on stdout, its line's end added. */
  result(text: string): void;
  /** A part of a result, written as it is. */
  write(text: string): void;
  /** Talk: a line on stderr. */
  say(text: string): void;
  /** Talk that somebody should see. */
  warn(text: string): void;
  /** Talk for `-v` (1) or `-vv` (2). */
  detail(level: 1 | 2, text: string): void;
  /** Colours for talk. */
  colours(): Promise<Colours>;
  /** A line that lives as long as something lasts. */
  progress(text: string): Promise<Progress>;
  /**
   * A question to be answered with yes or no; `flag` is what a script gives instead. An empty
   * answer is yes, unless something is destroyed. Throws `usage` without a terminal.
   */
  confirm(question: string, flag: string, isDestructive?: boolean): Promise<boolean>;
  /** A question to be answered with text. Throws `usage` without a terminal. */
  ask(question: string, flag: string, options?: { isSecret?: boolean }): Promise<string>;
}

/** What the process says about its streams. */
export interface Streams {
  readonly env: NodeJS.ProcessEnv;
  readonly verbosity: number;
}

const plain: Colours = {
  bold: (text) => text,
  dim: (text) => text,
  red: (text) => text,
  green: (text) => text,
  yellow: (text) => text,
};

/** The door of this process. */
export function createIo({ env, verbosity }: Streams): Io {
  const { stdin, stdout, stderr } = process;
  // A terminal without a width (some pseudo-terminals) can't be drawn on.
  const isTalkTerminal = stderr.isTTY === true && stderr.columns > 0 && env.TERM !== 'dumb';
  const isColourful = isTalkTerminal && (env.NO_COLOR ?? '') === '';
  const canAsk = stdin.isTTY === true && stderr.isTTY === true;
  const say = (text: string): void => {
    stderr.write(`${text}\n`);
  };
  const needAnswer = (question: string, flag: string): void => {
    if (canAsk) return;
    throw new DcosError('usage', `there is no terminal to answer: ${question}`, {
      hint: `Give the answer on the command line: ${flag}`,
    });
  };
  return {
    canAsk,
    isTalkTerminal,
    isTerminal: stdout.isTTY === true,
    width: stdout.columns || 80,
    result: (text) => void stdout.write(`${text}\n`),
    write: (text) => void stdout.write(text),
    say,
    warn: (text) => say(`Warning: ${text}`),
    detail: (level, text) => {
      if (verbosity >= level) say(text);
    },
    colours: async () => {
      if (!isColourful) return plain;
      const { chalkStderr } = await import('chalk');
      return chalkStderr;
    },
    progress: async (text) =>
      isTalkTerminal ? spinner(text) : { update: () => {}, end: endTo(say) },
    confirm: async (question, flag, isDestructive = false) => {
      needAnswer(question, flag);
      return (await prompt('confirm', question, !isDestructive)) === true;
    },
    ask: async (question, flag, options) => {
      needAnswer(question, flag);
      return String((await prompt(options?.isSecret ? 'password' : 'input', question)) ?? '');
    },
  };
}

// Ctrl-C, or the end of input, while a question stands: nothing was answered.
async function prompt(
  type: 'confirm' | 'input' | 'password',
  message: string,
  initial?: boolean,
): Promise<unknown> {
  const inquirer = (await import('inquirer')).default;
  try {
    const answer: { given?: unknown } = await inquirer.prompt([
      { type, name: 'given', message, ...(initial === undefined ? {} : { default: initial }) },
    ]);
    return answer.given;
  } catch (error) {
    if (!(error instanceof Error) || error.name !== 'ExitPromptError') throw error;
    throw new DcosError('interrupted', 'interrupted; nothing was done', { cause: error });
  }
}

const endTo =
  (say: (text: string) => void) =>
  (text?: string): void => {
    if (text !== undefined) say(text);
  };

async function spinner(text: string): Promise<Progress> {
  const ora = (await import('ora')).default;
  const line = ora({ text, stream: process.stderr, discardStdin: false }).start();
  return {
    update: (next) => {
      line.text = next;
    },
    end: (last) => {
      if (last === undefined) line.stop();
      else line.stopAndPersist({ symbol: '', text: last });
    },
  };
}
