/**
 * A first word that is no command: it may be an installed service (`dcos kafka topic list`). Only
 * the cluster knows which there are, and only a service's scheduler what it can do.
 */
import { getServiceCommands } from '../client/service-commands.js';
import { DcosError } from '../core/errors.js';
import type { CommandNode, ServiceCommands } from '../wire/service-commands.js';
import { type Group, isGroup } from './command.js';
import type { Context } from './context.js';
import { asTree } from './package-commands/tree.js';
import { type Found, findBelow, splitService } from './program.js';
import { type InstalledService, installedServices } from './service-words.js';
import { didYouMean } from './suggest.js';

/** How long the cluster may take to say which services there are, and a service what it can, ms. */
const patienceMs = 10_000;

/**
 * What the words mean where the command tree does not know the first of them: a command, or the
 * group whose help is wanted. Else throws `usage`, `not-found`, `unreachable`, or `error` as it is.
 */
export async function findServiceCommand(
  context: Context,
  words: readonly string[],
  error: unknown,
): Promise<Found> {
  const { word, service: named, rest } = splitService(words);
  const { children } = context.commands;
  if (word === '' || word.startsWith('-') || Object.hasOwn(children, word)) throw error;
  if (didYouMean(word, Object.keys(children)) !== undefined) throw error;
  const generic = genericOf(context.commands);
  const [noun = ''] = rest;
  // One request where the service has that very name; the list of all of them only where not.
  let service = nameOf(named);
  let commands = await commandsOf(context, service);
  if (commands === undefined) {
    const known = await knownServices(context);
    if (known === undefined) {
      // Nobody can say which services there are; the second word may tell.
      const hint = didYouMean(noun, Object.keys(generic));
      if (hint !== undefined) throw notACommand([word], noun, hint);
      throw error;
    }
    service = meantService(word, service, known, error);
    commands = (await commandsOf(context, service)) ?? { commands: {} };
  }
  const own = asTree(service, [word], belowWord(word, service, commands));
  const group: Group = {
    summary: `the service ${service}: its plans, pods and endpoints, and its own commands`,
    children: { ...generic, ...own },
    examples: [
      `dcos ${word} plan show deploy`,
      `dcos ${word} endpoints`,
      ...Object.values(own).flatMap((node) => (isGroup(node) ? node.examples.slice(0, 1) : [])),
    ],
  };
  try {
    return findBelow(group, [word], rest);
  } catch (unknown) {
    throw asServices(unknown, word);
  }
}

/** What every service has below its name. */
function genericOf(root: Group): Group['children'] {
  const all = root.children.service;
  const children = all !== undefined && isGroup(all) ? all.children : {};
  return Object.fromEntries(Object.entries(children).filter(([name]) => name !== 'list'));
}

/**
 * The commands below the word: all of the service, or, where the word is another name that the
 * service goes by and that one of its commands has, those below this one.
 */
function belowWord(
  word: string,
  service: string,
  { commands }: ServiceCommands,
): Readonly<Record<string, CommandNode>> {
  const node = word === service ? undefined : commands[word];
  if (node === undefined) return commands;
  return 'commands' in node ? node.commands : commands;
}

function notACommand(path: readonly string[], word: string, hint?: string): DcosError {
  return new DcosError('usage', `'${word}' is not a command of ${path.join(' ')}`, {
    hint: hint ?? `See: dcos ${path.join(' ')} --help`,
  });
}

// `'kafka tpic' is not a dcos command`: it may be one of another version of the package.
function asServices(error: unknown, word: string): unknown {
  const typed =
    error instanceof DcosError ? /^'(.+)' is not a dcos command$/.exec(error.message) : null;
  if (typed === null || !(error instanceof DcosError)) return error;
  const words = (typed[1] ?? '').split(' ');
  return notACommand(words.slice(0, -1), words.at(-1) ?? word, error.hint);
}

async function knownServices(context: Context): Promise<InstalledService[] | undefined> {
  if (context.cluster() === undefined) return undefined;
  try {
    return await installedServices(await context.http(), patienceMs);
  } catch (error) {
    if (error instanceof DcosError && error.code === 'auth') throw error;
    return undefined;
  }
}

/** A service's name as it is typed: `/team/kafka`, `team__kafka`. */
const nameOf = (typed: string): string => typed.replace(/^\//, '').replaceAll('__', '/');

/** The service that is named; else the one of that package, or that goes by that word as well. */
function meantService(
  word: string,
  name: string,
  known: readonly InstalledService[],
  error: unknown,
): string {
  if (known.some((one) => one.name === name)) return name;
  const names = known.map((one) => one.name);
  if (name !== nameOf(word)) {
    throw new DcosError('not-found', `there is no service '${name}'`, {
      hint: didYouMean(name, names) ?? `Services: ${names.join(', ')}`,
    });
  }
  const others = known.filter((one) => one.words.includes(word)).map((one) => one.name);
  const [only, ...more] = others;
  if (only !== undefined && more.length === 0) return only;
  if (only !== undefined) {
    throw new DcosError('usage', `'${word}' may mean ${others.length} services`, {
      hint: `Name one of them: dcos ${word} --name=${only} …; there are: ${others.join(', ')}`,
    });
  }
  const meant = didYouMean(word, [...names, ...known.flatMap((one) => one.words)]);
  if (meant === undefined) throw error;
  throw new DcosError('usage', `there is no command and no service '${word}'`, { hint: meant });
}

/** The commands of a service; `undefined` where it does not know of such, or is not there. */
async function commandsOf(context: Context, service: string): Promise<ServiceCommands | undefined> {
  if (context.cluster() === undefined) return undefined;
  try {
    return await getServiceCommands(await context.http(), service, patienceMs);
  } catch (error) {
    // Without a status it is the cluster itself that is out of reach.
    const isAbsent = error instanceof DcosError && (error.status ?? 404) === 404;
    if (isAbsent && error.code !== 'auth' && error.code !== 'failed') return undefined;
    throw error;
  }
}
