/** From the text of `commands.yaml` to `ServiceCommands`, or to all that is wrong with it. */
import { parse } from 'yaml';
import { messageOf } from '../core/errors.js';
import {
  type ArgumentSpec,
  builtinCommands,
  type CommandNode,
  type FlagSpec,
  type HttpSpec,
  type OutputSpec,
  type PackageCommand,
  type RunSpec,
  type ServiceCommands,
  type ValueSpec,
  type Word,
} from './service-commands.js';
import { checkCommand } from './service-commands-check.js';
import type { SpecViolation } from './service-spec.js';
import { SpecNode } from './service-spec-node.js';

const maxFileBytes = 256 * 1024;
const maxDepth = 4;
const maxCommands = 300;

/** What `dcos <service>` has for every service: a package's own command can't take these words. */
const reserved = [
  'plan',
  'plans',
  'pod',
  'pods',
  'endpoint',
  'endpoints',
  'describe',
  'update',
  'debug',
  'config',
  'state',
  'help',
];

/** What was read, or all that is wrong with it. */
export type CommandsResult =
  | { readonly ok: true; readonly commands: ServiceCommands }
  | { readonly ok: false; readonly violations: readonly SpecViolation[] };

/**
 * Reads a `commands.yaml`: YAML first, then `${OPTION}` is replaced inside scalars from
 * `variables`, as in `service.yaml`.
 */
export function parseServiceCommands(
  yamlText: string,
  variables: Readonly<Record<string, string>>,
): CommandsResult {
  const violations: SpecViolation[] = [];
  let document: unknown;
  try {
    if (Buffer.byteLength(yamlText) > maxFileBytes) {
      throw new Error(`it is larger than ${maxFileBytes} bytes`);
    }
    document = parse(yamlText, { maxAliasCount: 100, merge: true }) ?? {};
  } catch (error) {
    violations.push({ path: '', message: `is not YAML: ${messageOf(error)}` });
    return { ok: false, violations };
  }
  return read(new SpecNode({ violations, variables }, '', document), violations);
}

/** Reads what a scheduler serves: its texts are final, and what a newer one knows more is left. */
export function readServedCommands(document: unknown): CommandsResult {
  const violations: SpecViolation[] = [];
  return read(new SpecNode({ violations, isServed: true }, '', document), violations);
}

function read(root: SpecNode, violations: SpecViolation[]): CommandsResult {
  root.keys(['commands']);
  if (!root.has('commands')) root.wrong('commands', 'is missing');
  const count = { commands: 0 };
  const commands = readNodes(root, 1, count);
  for (const name of Object.keys(commands)) {
    if (reserved.includes(name)) {
      root.wrong(`commands.${name}`, 'is a word that every service has; choose another one');
    }
  }
  if (count.commands > maxCommands) root.wrong('', `has more than ${maxCommands} commands`);
  return violations.length > 0 ? { ok: false, violations } : { ok: true, commands: { commands } };
}

function readNodes(
  parent: SpecNode,
  depth: number,
  count: { commands: number },
): Record<string, CommandNode> {
  const nodes: Record<string, CommandNode> = {};
  for (const { name, node } of parent.children('commands')) {
    count.commands += 1;
    if (!/^[a-z][a-z0-9_-]{0,39}$/.test(name)) {
      node.wrong('', `'${name}' is no word for a command: lower-case letters, digits, '-' and '_'`);
    }
    if (depth > maxDepth) node.wrong('', `is nested deeper than ${maxDepth}`);
    else if (count.commands <= maxCommands) nodes[name] = readNode(node, depth, count);
  }
  return nodes;
}

function readNode(node: SpecNode, depth: number, count: { commands: number }): CommandNode {
  const help = node.text('help');
  if (!node.has('commands')) return readCommand(node, help);
  node.keys(['help', 'commands']);
  return { help, commands: readNodes(node, depth + 1, count) };
}

/** The command line knows its flags and arguments. */
function readBuiltin(node: SpecNode, help: string): PackageCommand {
  node.keys(['help', 'builtin']);
  return {
    help,
    examples: [],
    arguments: [],
    flags: {},
    raw: false,
    input: 'none',
    builtin: node.choice('builtin', builtinCommands, 'job-run'),
    output: readOutput(undefined),
  };
}

const commandKeys = [
  'help',
  'notes',
  'examples',
  'arguments',
  'flags',
  'raw',
  'confirm',
  'input',
  'file',
];

function readCommand(node: SpecNode, help: string): PackageCommand {
  if (node.has('builtin')) return readBuiltin(node, help);
  node.keys([...commandKeys, 'run', 'http', 'output']);
  const run = node.child('run');
  const http = node.child('http');
  if ((run === undefined) === (http === undefined)) {
    node.wrong('', "must have either 'run' or 'http', or 'commands' below it");
  }
  const notes = node.text('notes', '');
  const confirm = node.text('confirm', '');
  const command: PackageCommand = {
    help,
    ...(notes === '' ? {} : { notes }),
    examples: node.texts('examples'),
    arguments: node.items('arguments').map(readArgument),
    flags: Object.fromEntries(
      node.children('flags').map(({ name, node: flag }) => [name, readFlag(flag)]),
    ),
    raw: node.flag('raw', false),
    ...(confirm === '' ? {} : { confirm }),
    input: node.choice('input', ['none', 'pipe', 'terminal'], 'none'),
    ...(node.has('file') ? { file: node.text('file') } : {}),
    ...(run === undefined ? {} : { run: readRun(run) }),
    ...(http === undefined ? {} : { http: readHttp(http) }),
    output: readOutput(node.child('output')),
  };
  checkCommand(node, command);
  return command;
}

const valueKeys = ['help', 'type', 'choices', 'pattern', 'minimum', 'maximum'];
const valueTypes = ['text', 'integer', 'number'] as const;
const anyNumber = { min: -Number.MAX_SAFE_INTEGER, max: Number.MAX_SAFE_INTEGER, whole: false };

/** All of a `ValueSpec` but its type. */
function readLimits(node: SpecNode): Omit<ValueSpec, 'type'> {
  const choices = node.texts('choices');
  const pattern = node.text('pattern', '');
  if (pattern !== '') checkPattern(node, 'pattern', pattern);
  return {
    help: node.text('help'),
    ...(choices.length === 0 ? {} : { choices }),
    ...(pattern === '' ? {} : { pattern }),
    ...(node.has('minimum') ? { minimum: node.number('minimum', anyNumber) } : {}),
    ...(node.has('maximum') ? { maximum: node.number('maximum', anyNumber) } : {}),
  };
}

function checkPattern(node: SpecNode, key: string, pattern: string): void {
  try {
    new RegExp(pattern, 'u');
  } catch (error) {
    node.wrong(key, `is no regular expression: ${messageOf(error)}`);
  }
}

function readArgument(node: SpecNode): ArgumentSpec {
  node.keys([...valueKeys, 'name', 'optional', 'rest']);
  return {
    ...readLimits(node),
    type: node.choice('type', valueTypes, 'text'),
    name: node.text('name'),
    optional: node.flag('optional', false),
    rest: node.flag('rest', false),
  };
}

function readFlag(node: SpecNode): FlagSpec {
  node.keys([...valueKeys, 'short', 'default', 'required', 'list']);
  const short = node.text('short', '');
  if (short !== '' && !/^[a-zA-Z]$/.test(short)) node.wrong('short', 'must be one letter');
  return {
    ...readLimits(node),
    type: node.choice('type', [...valueTypes, 'boolean'] as const, 'text'),
    ...(short === '' ? {} : { short }),
    ...(node.has('default') ? { default: node.text('default', '') } : {}),
    required: node.flag('required', false),
    list: node.flag('list', false),
  };
}

function readRun(node: SpecNode): RunSpec {
  node.keys(['pod', 'task', 'instance', 'argv']);
  const task = node.text('task', '');
  const argv = node.list('argv');
  if (argv.length === 0) node.wrong('argv', 'must name a program and its arguments');
  return {
    pod: node.text('pod'),
    ...(task === '' ? {} : { task }),
    instance: node.text('instance', 'any'),
    argv: argv.map((word, index) => readWord(node, word, index)),
  };
}

function readWord(node: SpecNode, word: unknown, index: number): Word {
  if (typeof word !== 'object' || word === null) return node.textOf(`argv.${index}`, word);
  const condition = node.item(`argv.${index}`, word);
  condition.keys(['if', 'unless', 'words']);
  const given = condition.text('if', '');
  const absent = condition.text('unless', '');
  if ((given === '') === (absent === '')) {
    condition.wrong('', "must have either 'if' or 'unless', and 'words'");
  }
  return {
    ...(given === '' ? {} : { if: given }),
    ...(absent === '' ? {} : { unless: absent }),
    words: condition.texts('words'),
  };
}

function readHttp(node: SpecNode): HttpSpec {
  node.keys(['method', 'path', 'query', 'body']);
  const path = node.text('path');
  if (!/^\/v1\/[^\s?#\\]*$/.test(path) || path.split('/').includes('..')) {
    node.wrong('path', "must be a path of the scheduler that begins with '/v1/'");
  }
  return {
    method: node.choice('method', ['GET', 'POST', 'PUT', 'DELETE'], 'GET'),
    path,
    query: node.record('query'),
    ...(node.has('body') ? { body: node.record('body') } : {}),
  };
}

/** `output: text`, `output: json`, or a mapping. */
function readOutput(node: SpecNode | undefined): OutputSpec {
  if (node === undefined) return { form: 'text', numbers: [], lists: [], columns: {} };
  node.keys(['form', 'pattern', 'numbers', 'lists', 'columns', 'empty']);
  const form = node.choice('form', ['text', 'json', 'rows'], node.has('pattern') ? 'rows' : 'text');
  const pattern = node.text('pattern', '');
  if (pattern !== '') checkPattern(node, 'pattern', pattern);
  if (form === 'rows' && !pattern.includes('(?<')) {
    node.wrong('pattern', 'must be a regular expression with named groups: (?<name>…)');
  }
  const empty = node.text('empty', '');
  return {
    form,
    ...(pattern === '' ? {} : { pattern }),
    numbers: node.texts('numbers'),
    lists: node.texts('lists'),
    columns: node.record('columns'),
    ...(empty === '' ? {} : { empty }),
  };
}
