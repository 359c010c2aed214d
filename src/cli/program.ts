/**
 * From words to a command: global flags, the walk down the tree, help, and did-you-mean for
 * whatever is not known.
 */
import { CommanderError, Option, Command as Parser } from 'commander';
import { DcosError } from '../core/errors.js';
import { type Command, Given, type Group, isGroup, type Leaf } from './command.js';
import type { Io } from './io.js';
import { didYouMean } from './suggest.js';
import { tree } from './tree.js';

/** Flags that count before the first word only (reference/dcos-cli.md §1). */
export interface Globals {
  readonly verbosity: number;
  readonly wantsHelp: boolean;
  readonly wantsVersion: boolean;
  /** What follows them. */
  readonly rest: readonly string[];
}

const levels: Readonly<Record<string, number>> = {
  critical: 0,
  error: 0,
  warning: 0,
  warn: 0,
  info: 1,
  debug: 2,
};

/** Takes the global flags off the front. Throws `usage`. */
export function parseGlobals(argv: readonly string[], env: NodeJS.ProcessEnv): Globals {
  let verbosity = Math.min(2, Number(env.DCOS_VERBOSITY) || 0);
  let wantsHelp = false;
  let wantsVersion = false;
  let at = 0;
  for (; argv[at]?.startsWith('-'); at++) {
    const word = argv[at] ?? '';
    if (word === '-v') verbosity = Math.max(verbosity, 1);
    else if (word === '-vv' || word === '--debug') verbosity = 2;
    else if (word === '--version') wantsVersion = true;
    else if (word === '-h' || word === '--help') wantsHelp = true;
    else if (word === '--log-level') verbosity = levelOf(argv[++at]);
    else if (word.startsWith('--log-level='))
      verbosity = levelOf(word.slice('--log-level='.length));
    else throw unknownFlag(word, globalFlags, 'dcos --help');
  }
  const isHelp = argv[at] === 'help';
  const rest = argv.slice(isHelp ? at + 1 : at);
  return { verbosity, wantsHelp: wantsHelp || isHelp, wantsVersion, rest };
}

const globalFlags = ['-v', '-vv', '--version', '--log-level', '--debug', '--help'];

function levelOf(text: string | undefined): number {
  const level = levels[text ?? ''];
  if (level !== undefined) return level;
  throw new DcosError('usage', `--log-level must be one of ${Object.keys(levels).join(', ')}`);
}

/** A command that was found, and what follows its words. */
export interface Found {
  readonly path: readonly string[];
  readonly node: Group | Leaf;
  readonly rest: readonly string[];
}

/** Finds the command that the words name. Throws `usage` with a did-you-mean for an unknown one. */
export function findCommand(words: readonly string[]): Found {
  return findBelow(tree, [], words);
}

/** Finds the command that `words` name below `root`, to which `before` has led. Throws as above. */
export function findBelow(root: Group, before: readonly string[], words: readonly string[]): Found {
  let node: Group | Leaf = root;
  const path: string[] = [...before];
  let rest = words;
  while (isGroup(node)) {
    const group: Group = node;
    const [word, ...more] = rest;
    const child: Group | Leaf | undefined =
      word === undefined || !Object.hasOwn(group.children, word) ? undefined : group.children[word];
    if (word !== undefined && child !== undefined) {
      path.push(word);
      node = child;
      rest = more;
      continue;
    }
    if (word === undefined || word === '--help' || word === '-h') return { path, node, rest };
    const asTyped = group.isService ? [...path, ...rest] : rest;
    const service = path.length === 0 || group.isService ? asServiceCommand(asTyped) : undefined;
    if (service !== undefined) return findCommand(service);
    if (group.fallback !== undefined && takesWord(group, word)) {
      return { path: [...path, group.fallback], node: childOf(group, group.fallback), rest };
    }
    throw unknownCommand(path, word, group);
  }
  return { path, node, rest };
}

/**
 * `dcos kafka …` and `dcos kafka --name=team/kafka …`, as the command lines of DC/OS' packages had
 * it: the word, the service that is meant, and what follows.
 */
export function splitService(words: readonly string[]): {
  readonly word: string;
  readonly service: string;
  readonly rest: readonly string[];
} {
  const [word = '', flag = '', ...rest] = words;
  if (flag.startsWith('--name=')) return { word, service: flag.slice('--name='.length), rest };
  const [name, ...more] = rest;
  if (flag === '--name' && name !== undefined) return { word, service: name, rest: more };
  return { word, service: word, rest: words.slice(1) };
}

/** What every service understands; the tree has them below `service`. */
const serviceNouns: readonly string[] = ['plan', 'pod', 'endpoints', 'describe', 'update', 'debug'];

// `dcos kafka plan show deploy` is `dcos service plan show deploy kafka`.
function asServiceCommand(words: readonly string[]): string[] | undefined {
  const {
    service,
    rest: [noun, ...rest],
  } = splitService(words);
  if (service === '' || noun === undefined) return undefined;
  if (!serviceNouns.includes(noun)) return undefined;
  if (rest.includes('--help') || rest.includes('-h')) return ['service', noun, ...rest];
  return ['service', noun, ...rest, service];
}

/**
 * Whether a word that names no command may be the argument of a group's own (`dcos task web`), not
 * a slip of the pen.
 */
function takesWord(group: Group, word: string): boolean {
  return (
    word.startsWith('-') ||
    (group.takesWords === true && !didYouMean(word, Object.keys(group.children)))
  );
}

function childOf(group: Group, name: string): Group | Leaf {
  const child = group.children[name];
  if (child === undefined) throw new DcosError('internal', `the command tree has no '${name}'`);
  return child;
}

function unknownCommand(path: readonly string[], word: string, group: Group): DcosError {
  if (word.startsWith('-')) return unknownFlag(word, ['--help'], `${dcos(path)} --help`);
  const hint = didYouMean(word, Object.keys(group.children)) ?? belowNoun(group, word);
  return new DcosError('usage', `'${[...path, word].join(' ')}' is not a dcos command`, {
    hint: hint ?? `See: ${dcos(path)} --help`,
  });
}

// `dcos install kafka`: the verb without its noun.
function belowNoun(group: Group, word: string): string | undefined {
  const nouns = Object.entries(group.children).flatMap(([noun, child]) =>
    !child.isHidden && isGroup(child) && Object.hasOwn(child.children, word) ? [noun] : [],
  );
  if (nouns.length === 0 || nouns.length > 3) return undefined;
  return `Did you mean ${nouns.map((noun) => `'${noun} ${word}'`).join(' or ')}?`;
}

function unknownFlag(word: string, known: readonly string[], help: string): DcosError {
  const name = word.split('=')[0] ?? word;
  return new DcosError('usage', `unknown option '${name}'`, {
    hint: didYouMean(name, known) ?? `See: ${help}`,
  });
}

const dcos = (path: readonly string[]): string => ['dcos', ...path].join(' ');

/** What commander made of the arguments: values, or the help that was asked for. */
export type Parsed = { readonly given: Given } | { readonly help: string };

/** Parses what follows a command's words. Throws `usage`. */
export function parseArguments(
  path: readonly string[],
  command: Command,
  rest: readonly string[],
): Parsed {
  const isHelp = rest.length === 1 && (rest[0] === '--help' || rest[0] === '-h');
  if (command.isRaw && !isHelp) return { given: new Given(rest, {}) };
  let help = '';
  const parser = parserOf(path, command).configureOutput({
    writeOut: (text) => {
      help += text;
    },
    writeErr: () => {},
  });
  try {
    parser.parse([...rest], { from: 'user' });
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    if (error.code === 'commander.helpDisplayed') return { help };
    throw usageError(error, path, command, parser.args);
  }
  return { given: new Given(parser.args, parser.opts()) };
}

function usageError(
  error: CommanderError,
  path: readonly string[],
  command: Command,
  words: readonly string[],
): DcosError {
  // Commander puts its own suggestion into the text; ours goes into the hint, as everywhere.
  const message = error.message.replace(/^error: /, '').replace(/\n\(Did you mean[\s\S]*$/, '');
  const unknown = /^unknown option '([^'=]+)/.exec(message)?.[1];
  if (unknown !== undefined) {
    const known = (command.flags ?? []).map(({ flags }) => /--[\w-]+/.exec(flags)?.[0] ?? flags);
    return unknownFlag(unknown, [...known, '--help'], `${dcos(path)} --help`);
  }
  const hint = `See: ${dcos(path)} --help`;
  const extra = words[command.words?.length ?? 0];
  if (error.code === 'commander.excessArguments' && extra !== undefined) {
    return new DcosError('usage', `'${extra}' is one word too many for ${dcos(path)}`, { hint });
  }
  return new DcosError('usage', message, { hint });
}

function parserOf(path: readonly string[], command: Command): Parser {
  const parser = new Parser(dcos(path)).description(command.summary).exitOverride();
  if (command.takesRest) parser.passThroughOptions();
  for (const [word, text] of command.words ?? []) parser.argument(word, text);
  for (const flag of command.flags ?? []) {
    const option = new Option(flag.flags, flag.text);
    if (flag.choices !== undefined) option.choices([...flag.choices]);
    if (flag.isList) option.argParser((value: string, all: string[] = []) => [...all, value]);
    if (flag.isHidden) option.hideHelp();
    parser.addOption(option);
  }
  const examples = command.examples.map((line) => `  ${line}`).join('\n');
  const notes = command.notes === undefined ? '' : `\n${command.notes}\n`;
  return parser.addHelpText('after', `${notes}\nExamples:\n${examples}`);
}

/** Prints the help of a group: its commands, each with its summary. */
export async function printGroupHelp(io: Io, path: readonly string[], group: Group): Promise<void> {
  const rows = await Promise.all(
    Object.entries(group.children)
      .filter(([, child]) => !child.isHidden)
      .map(
        async ([name, child]): Promise<[string, string]> => [
          name,
          isGroup(child) ? child.summary : (await child.load()).summary,
        ],
      ),
  );
  const width = Math.max(...rows.map(([name]) => name.length));
  const lines = rows.map(([name, summary]) => `  ${name.padEnd(width)}  ${summary}`);
  const isRoot = path.length === 0;
  io.result(
    [
      `Usage: ${dcos(path)}${isRoot ? ' [-v] [-vv] [--log-level <level>]' : ''} <command>`,
      '',
      group.summary,
      '',
      'Commands:',
      ...lines,
      ...(isRoot ? [serviceHelp] : []),
      '',
      'Examples:',
      ...group.examples.map((line) => `  ${line}`),
      '',
      `Run '${dcos(path)} <command> --help' for one of them.`,
    ].join('\n'),
  );
}

const serviceHelp =
  "\nAn installed service is a command as well: 'dcos <service> plan|pod|endpoints|update|…',\n" +
  'for instance: dcos kafka plan show deploy';
