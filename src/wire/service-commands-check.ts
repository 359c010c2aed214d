/** What only a whole command of `commands.yaml` can tell: whether its names and values fit. */
import { nearest } from '../core/suggest.js';
import {
  type HttpSpec,
  type PackageCommand,
  placeholdersIn,
  type RunSpec,
} from './service-commands.js';
import type { SpecNode } from './service-spec-node.js';

/** Flags that the command line itself gives to such a command. */
const ownFlags = ['json', 'yes', 'help', 'name', 'output'];

/** Notes everything that does not fit together. */
export function checkCommand(node: SpecNode, command: PackageCommand): void {
  const names = checkNames(node, command);
  checkArguments(node, command);
  checkFlags(node, command);
  if (command.file !== undefined) checkFile(node, command, command.file);
  if (command.raw) checkRaw(node, command);
  if (command.run !== undefined) checkRun(node, command.run, names, command.raw);
  if (command.http !== undefined) {
    checkHttp(node, command.http, names);
    if (command.input !== 'none') node.wrong('input', "is of use with 'run' only");
  }
  for (const name of placeholdersIn(command.confirm ?? '')) {
    known(node, 'confirm', name, names);
  }
}

function checkNames(node: SpecNode, command: PackageCommand): string[] {
  const names = [...command.arguments.map(({ name }) => name), ...Object.keys(command.flags)];
  for (const [at, name] of names.entries()) {
    if (!/^[a-z][a-z0-9-]*$/.test(name)) {
      node.wrong('', `'${name}' is no name for a value: lower-case letters, digits and '-'`);
    }
    if (names.indexOf(name) < at) node.wrong('', `has two values named '${name}'`);
  }
  for (const name of Object.keys(command.flags)) {
    if (ownFlags.includes(name)) {
      node.wrong(`flags.${name}`, 'is a flag of the command line itself');
    }
  }
  return names;
}

function checkArguments(node: SpecNode, command: PackageCommand): void {
  let optional = false;
  for (const [at, argument] of command.arguments.entries()) {
    if (optional && !argument.optional) {
      node.wrong(`arguments.${at}`, `'${argument.name}' must not follow an optional one`);
    }
    optional ||= argument.optional;
    if (argument.rest && at < command.arguments.length - 1) {
      node.wrong(`arguments.${at}.rest`, 'only the last argument may take all that follow');
    }
  }
}

function checkFlags(node: SpecNode, command: PackageCommand): void {
  const shorts = new Set(['h', 'y', 'o']);
  for (const [name, flag] of Object.entries(command.flags)) {
    const path = `flags.${name}`;
    if (flag.short !== undefined && shorts.has(flag.short)) {
      node.wrong(`${path}.short`, `-${flag.short} is taken`);
    }
    shorts.add(flag.short ?? 'h');
    const isBoolean = flag.type === 'boolean';
    if (isBoolean && (flag.default !== undefined || flag.list || flag.required)) {
      node.wrong(path, 'is boolean: it has no default, is no list and is not required');
    }
    if (flag.required && flag.default !== undefined) {
      node.wrong(path, 'cannot be required and have a default');
    }
  }
}

function checkFile(node: SpecNode, command: PackageCommand, file: string): void {
  const argument = command.arguments.find(({ name }) => name === file);
  if (argument === undefined || argument.rest || argument.optional) {
    node.wrong('file', `must be the name of an argument that is always given, not '${file}'`);
  }
  if (command.input !== 'none') node.wrong('input', 'cannot stand beside file');
  if (command.run === undefined) node.wrong('file', "is of use with 'run' only");
  else if (command.run.instance === 'all' || command.output.form !== 'text') {
    node.wrong('file', "goes to one instance, and the output must be 'text'");
  }
}

function checkRaw(node: SpecNode, command: PackageCommand): void {
  const last = command.arguments.at(-1);
  if (last?.rest !== true || !last.optional) {
    node.wrong(
      'arguments',
      'must end with one that is optional and takes the rest, since raw is set',
    );
  }
  if (Object.keys(command.flags).length > 0) node.wrong('flags', 'cannot stand beside raw');
  if (command.confirm !== undefined) node.wrong('confirm', 'cannot stand beside raw');
  if (command.output.form !== 'text') node.wrong('output', 'is always text where raw is set');
}

function checkRun(node: SpecNode, run: RunSpec, names: readonly string[], isRaw: boolean): void {
  const { instance, argv } = run;
  const given = placeholdersIn(instance);
  if (!/^(?:any|all|\d{1,5}|\{[a-z][a-z0-9-]*\})$/.test(instance)) {
    node.wrong('run.instance', `must be any, all, an index or {name}, not '${instance}'`);
  }
  for (const name of given) known(node, 'run.instance', name, names);
  const words = argv.flatMap((word) => (typeof word === 'string' ? [word] : word.words));
  for (const word of argv) {
    const condition = typeof word === 'string' ? undefined : (word.if ?? word.unless);
    if (condition !== undefined) known(node, 'run.argv', condition, names);
  }
  for (const [at, word] of words.entries()) {
    for (const name of placeholdersIn(word)) known(node, 'run.argv', name, names);
    const isScript = /^-[a-z]*c$/.test(words[at - 1] ?? '') && isShell(words.slice(0, at));
    if (isScript && placeholdersIn(word).some((name) => names.includes(name))) {
      node.wrong('run.argv', 'a value must not be part of a script: give it as an argument, "$1"');
    }
  }
  const [first = ''] = words;
  if (placeholdersIn(first).length > 0 && !isRaw)
    node.wrong('run.argv.0', 'the program must be fixed');
}

const isShell = (words: readonly string[]): boolean =>
  words.some((word) => /(?:^|\/)(?:ba|da|k|z)?sh$/.test(word));

function checkHttp(node: SpecNode, http: HttpSpec, names: readonly string[]): void {
  const texts = [http.path, ...Object.values(http.query), ...Object.values(http.body ?? {})];
  for (const text of texts) {
    for (const name of placeholdersIn(text)) known(node, 'http', name, names);
  }
}

function known(node: SpecNode, key: string, name: string, names: readonly string[]): void {
  if (names.includes(name)) return;
  const near = nearest(name, names);
  const hint = near ? `; did you mean '${near}'?` : '';
  node.wrong(key, `names the value '${name}', which is no argument or flag${hint}`);
}
