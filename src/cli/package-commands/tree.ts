/** A package's commands as groups and leaves of the command line. */
import {
  type ArgumentSpec,
  type BuiltinCommand,
  type CommandNode,
  type FlagSpec,
  isCommandGroup,
  type PackageCommand,
} from '../../wire/service-commands.js';
import { type Command, type Flag, type Group, type Leaf, yesFlag } from '../command.js';
import { runPackageCommand } from './run.js';

/** The commands below `dcos <service>` as the command line walks them. */
export function asTree(
  service: string,
  typed: readonly string[],
  nodes: Readonly<Record<string, CommandNode>>,
): Record<string, Group | Leaf> {
  const entries = Object.entries(nodes).map(([name, node]): [string, Group | Leaf] => {
    const path = [...typed, name];
    if (!isCommandGroup(node) && node.builtin !== undefined) {
      return [name, { load: builtins[node.builtin](service, path[0] ?? service) }];
    }
    if (!isCommandGroup(node)) return [name, { load: async () => asCommand(service, path, node) }];
    const children = asTree(service, path, node.commands);
    const examples = examplesOf(node.commands).map((line) => `dcos ${typed[0] ?? ''} ${line}`);
    return [name, { summary: node.help, children, examples }];
  });
  return Object.fromEntries(entries);
}

type Loader = (service: string, word: string) => () => Promise<Command>;

const builtins: Readonly<Record<BuiltinCommand, Loader>> = {
  'job-run': (service, word) => async () =>
    (await import('../commands/job-service/run.js')).runJob(service, word),
  'job-log': (service, word) => async () =>
    (await import('../commands/job-service/log.js')).jobLog(service, word),
};

/** The first examples of each command. */
function examplesOf(nodes: Readonly<Record<string, CommandNode>>): string[] {
  return Object.values(nodes).flatMap((node) =>
    isCommandGroup(node) ? examplesOf(node.commands) : node.examples.slice(0, 1),
  );
}

function asCommand(service: string, path: readonly string[], command: PackageCommand): Command {
  const flags = Object.entries(command.flags).map(([name, flag]) => asFlag(name, flag));
  const isData = command.output.form !== 'text';
  return {
    summary: command.help,
    words: command.arguments.map((argument) => [wordOf(argument), argument.help]),
    flags: [
      ...flags,
      ...(isData ? [{ flags: '--json', text: 'print JSON' }] : []),
      ...(command.confirm === undefined ? [] : [yesFlag]),
    ],
    ...(command.raw ? { isRaw: true } : {}),
    examples:
      command.examples.length > 0
        ? command.examples.map((line) => `dcos ${path[0] ?? ''} ${line}`)
        : [`dcos ${path.join(' ')}`],
    ...(command.notes === undefined ? {} : { notes: command.notes }),
    run: (context, given) => runPackageCommand(context, given, { service, command }),
  };
}

function wordOf({ name, optional, rest }: ArgumentSpec): string {
  const word = rest ? `${name}...` : name;
  return optional ? `[${word}]` : `<${word}>`;
}

function asFlag(name: string, flag: FlagSpec): Flag {
  const { short, type, help, list, choices } = flag;
  const long = type === 'boolean' ? `--${name}` : `--${name} <${type}>`;
  const more = [
    ...(choices === undefined ? [] : [choices.join(', ')]),
    ...(flag.default === undefined ? [] : [`default: ${flag.default}`]),
    ...(flag.required ? ['required'] : []),
  ];
  return {
    flags: short === undefined ? long : `-${short}, ${long}`,
    text: more.length === 0 ? help : `${help} (${more.join('; ')})`,
    ...(list ? { isList: true } : {}),
  };
}
