/**
 * `commands.yaml`: what `dcos <service> …` can do besides plans, pods and endpoints. Written by a
 * package's author, served by the service's scheduler at `/v1/commands`, run by the command line
 * (docs/package-commands.md). What is served is read by the same rules as what is written.
 */

/** All commands of a service. */
export interface ServiceCommands {
  readonly commands: Readonly<Record<string, CommandNode>>;
}

/** A command, or several under one word. */
export type CommandNode = CommandGroup | PackageCommand;

/** Commands under one word. */
export interface CommandGroup {
  readonly help: string;
  readonly commands: Readonly<Record<string, CommandNode>>;
}

/** What is typed for it and what it does: `run` in a task, or `http` to the scheduler. */
export interface PackageCommand {
  readonly help: string;
  /** More for `--help`. */
  readonly notes?: string;
  /** What follows `dcos <service>`, complete lines. */
  readonly examples: readonly string[];
  readonly arguments: readonly ArgumentSpec[];
  readonly flags: Readonly<Record<string, FlagSpec>>;
  /** What follows its words is all another program's, flags and `--help` in the middle included. */
  readonly raw: boolean;
  /** A question that is asked before it is done, unless `--yes` is given. */
  readonly confirm?: string;
  /** What of the user's reaches the program: nothing, stdin, or a terminal where there is one. */
  readonly input: 'none' | 'pipe' | 'terminal';
  /** The argument that names a file of the user's machine, which the program gets as its stdin. */
  readonly file?: string;
  readonly run?: RunSpec;
  readonly http?: HttpSpec;
  /** One of the command line's own commands, which knows this kind of service. */
  readonly builtin?: BuiltinCommand;
  readonly output: OutputSpec;
}

/** What the command line can do for a service besides: jobs need files of the user's machine. */
export const builtinCommands = ['job-run', 'job-log'] as const;
/** One of them. */
export type BuiltinCommand = (typeof builtinCommands)[number];

/** Which values are taken. Checked before anything is done. */
export interface ValueSpec {
  readonly help: string;
  readonly type: 'text' | 'integer' | 'number';
  readonly choices?: readonly string[];
  /** A regular expression that the whole value must match. */
  readonly pattern?: string;
  readonly minimum?: number;
  readonly maximum?: number;
}

/** A word after the command's own. */
export interface ArgumentSpec extends ValueSpec {
  readonly name: string;
  readonly optional: boolean;
  /** It and all that follow; the last one only. */
  readonly rest: boolean;
}

/** `--name`. Without a value where `type` is `boolean`. */
export interface FlagSpec extends Omit<ValueSpec, 'type'> {
  readonly type: ValueSpec['type'] | 'boolean';
  /** One letter. */
  readonly short?: string;
  readonly default?: string;
  readonly required: boolean;
  /** May be given more than once. */
  readonly list: boolean;
}

/** A word of a command line, or words that are there on a condition. */
export type Word =
  | string
  | {
      /** A flag or an argument; given (a boolean one: set). */
      readonly if?: string;
      /** The opposite. */
      readonly unless?: string;
      readonly words: readonly string[];
    };

/**
 * A program in the sandbox of a running task, with the task's environment. Words are arguments as
 * they are, never text of a shell; `{name}` in them is a value, and a word that is only the name of
 * several values becomes as many words.
 */
export interface RunSpec {
  readonly pod: string;
  /** The pod's first task by default. */
  readonly task?: string;
  /** `any` (the first that runs), `all`, an index, or `{name}`. */
  readonly instance: string;
  readonly argv: readonly Word[];
}

/** A call to the service's scheduler. `{name}` is a value; in paths it is percent-encoded. */
export interface HttpSpec {
  readonly method: 'GET' | 'POST' | 'PUT' | 'DELETE';
  /** `/v1/…` */
  readonly path: string;
  readonly query: Readonly<Record<string, string>>;
  /** Sent as a JSON object of texts; a member whose value was not given is left out. */
  readonly body?: Readonly<Record<string, string>>;
}

/** What becomes of its output. */
export interface OutputSpec {
  /**
   * `text`: as it comes. `json`: one JSON document. `rows`: a line that `pattern` matches is an
   * object of its named groups.
   */
  readonly form: 'text' | 'json' | 'rows';
  readonly pattern?: string;
  /** Groups that are numbers. */
  readonly numbers: readonly string[];
  /** Groups that are lists, their items separated by commas or blanks. */
  readonly lists: readonly string[];
  /** Headings of a table for people with the names of what is in the columns. */
  readonly columns: Readonly<Record<string, string>>;
  /** What people are told where there is no row. */
  readonly empty?: string;
}

/** Whether it is a word with commands below. */
export function isCommandGroup(node: CommandNode): node is CommandGroup {
  return 'commands' in node;
}

/** The names of `{placeholders}` in a text. */
export function placeholdersIn(text: string): string[] {
  return [...text.matchAll(/\{([a-z][a-z0-9-]*)\}/g)].map(([, name = '']) => name);
}
