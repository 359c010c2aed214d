/**
 * What a command is: its help and its handler side by side, parsed by commander, run with a
 * context.
 */
import { DcosError } from '../core/errors.js';
import type { Context } from './context.js';

/** One flag, in commander's form: `-q, --quiet`, `--lines <n>`. */
export interface Flag {
  readonly flags: string;
  readonly text: string;
  /** May be given more than once. */
  readonly isList?: boolean;
  readonly choices?: readonly string[];
  readonly isHidden?: boolean;
}

/** A command. */
export interface Command {
  /** One line, no full stop. */
  readonly summary: string;
  /** What follows the command's words: `['<package>', 'its name']`, `['[x...]', …]`. */
  readonly words?: readonly (readonly [string, string])[];
  readonly flags?: readonly Flag[];
  /** Flags end at the first word: what follows is another program's. */
  readonly takesRest?: boolean;
  /** All that follows is another program's, flags before the first word included. */
  readonly isRaw?: boolean;
  /** Complete command lines. */
  readonly examples: readonly string[];
  /** More for `--help`. */
  readonly notes?: string;
  run(context: Context, given: Given): Promise<void>;
}

/** A command, not yet loaded. */
export interface Leaf {
  readonly load: () => Promise<Command>;
  readonly isHidden?: boolean;
}

/** Commands under one noun. */
export interface Group {
  readonly summary: string;
  readonly children: Readonly<Record<string, Group | Leaf>>;
  readonly examples: readonly string[];
  /** The command meant where only the noun is typed. */
  readonly fallback?: string;
  /** It is also the name of a service, whose plans and endpoints are below it. */
  readonly isService?: boolean;
  /** A word that is no command is an argument of `fallback`. */
  readonly takesWords?: boolean;
  readonly isHidden?: boolean;
}

/** Whether it is a noun, with commands below. */
export function isGroup(node: Group | Leaf): node is Group {
  return 'children' in node;
}

/** What was typed after a command's words. */
export class Given {
  readonly words: readonly string[];
  readonly #values: Readonly<Record<string, unknown>>;

  constructor(words: readonly string[], values: Readonly<Record<string, unknown>>) {
    this.words = words;
    this.#values = values;
  }

  /** The word at that place; `''` if it was left out. */
  word(at: number): string {
    return this.words[at] ?? '';
  }

  /** Whether a boolean flag is given. */
  has(name: string): boolean {
    return this.#values[name] === true;
  }

  /** Whether `--no-<name>` is given. */
  isRefused(name: string): boolean {
    return this.#values[name] === false;
  }

  /** The same with defaults for flags that are not given; `--json` and `-q` choose a form too. */
  or(defaults: Readonly<Record<string, string>>): Given {
    const isFormGiven = this.has('json') || this.has('quiet');
    return isFormGiven ? this : new Given(this.words, { ...defaults, ...this.#values });
  }

  /** The value of a flag, if it is given. */
  text(name: string): string | undefined {
    const value = this.#values[name];
    return typeof value === 'string' ? value : undefined;
  }

  /** The value of a flag whose value may be left out: `true` where it is. */
  flagOrText(name: string): string | true | undefined {
    return this.has(name) ? true : this.text(name);
  }

  /** The values of a flag that may be given more than once. */
  list(name: string): readonly string[] {
    const value = this.#values[name];
    return Array.isArray(value) ? value.map(String) : [];
  }

  /** The value of a flag as a whole number of at least `least`. Throws `usage`. */
  integer(name: string, flag: string, least = 0): number | undefined {
    const text = this.text(name);
    return text === undefined ? undefined : integerOf(text, flag, least);
  }
}

/** `text` as a whole number of at least `least`; `what` names it in the error. Throws `usage`. */
export function integerOf(text: string, what: string, least = 0): number {
  const number = /^-?\d+$/.test(text) ? Number(text) : Number.NaN;
  if (Number.isSafeInteger(number) && number >= least) return number;
  throw new DcosError(
    'usage',
    `${what} must be a whole number of at least ${least}, not '${text}'`,
  );
}

/** The flags of every command that lists or shows something. */
export const outputFlags: readonly Flag[] = [
  { flags: '--json', text: 'print JSON' },
  {
    flags: '-o, --output <format>',
    text: 'print as json, yaml, name or wide',
    choices: ['json', 'yaml', 'name', 'wide'],
  },
];

/** The flag that prints only identifiers. */
export const quietFlag: Flag = { flags: '-q, --quiet', text: 'print only the names' };

/** The flag that answers every question with yes. */
export const yesFlag: Flag = { flags: '-y, --yes', text: 'do not ask, answer yes' };
