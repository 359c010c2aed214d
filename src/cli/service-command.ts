/**
 * A first word that is no command: it may be an installed service (`dcos kafka plan …`), which only
 * the cluster knows.
 */
import { DcosError } from '../core/errors.js';
import { type Group, isGroup } from './command.js';
import type { Context } from './context.js';
import { printGroupHelp } from './program.js';
import { serviceNames } from './service-words.js';
import { didYouMean } from './suggest.js';

/** How long the cluster may take to say which services there are, in ms. */
const patienceMs = 2000;

/**
 * What the words mean where the command tree does not know the first of them. Prints the help of a
 * service and is done; else throws `usage`, `not-found`, or `error` as it is.
 */
export async function explainUnknown(
  context: Context,
  words: readonly string[],
  wantsHelp: boolean,
  error: unknown,
): Promise<void> {
  const [service = '', noun = ''] = words;
  const { children } = context.commands;
  if (service === '' || service.startsWith('-') || Object.hasOwn(children, service)) throw error;
  if (didYouMean(service, Object.keys(children)) !== undefined) throw error;
  const group = groupOf(context.commands, service);
  const hint = didYouMean(noun, Object.keys(group.children));
  const known = await knownServices(context);
  if (known?.includes(service)) {
    if (wantsHelp || noun === '' || noun === '--help' || noun === '-h') {
      return printGroupHelp(context.io, [service], group);
    }
    throw notACommand(service, noun, hint);
  }
  const meant = didYouMean(service, known ?? []);
  if (meant !== undefined) {
    throw new DcosError('usage', `there is no command and no service '${service}'`, {
      hint: meant,
    });
  }
  // Nobody can say which services there are; the second word may tell.
  if (known === undefined && hint !== undefined) throw notACommand(service, noun, hint);
  throw error;
}

function notACommand(service: string, noun: string, hint: string | undefined): DcosError {
  return new DcosError('usage', `'${noun}' is not a command of ${service}`, {
    hint: hint ?? `See: dcos ${service} --help`,
  });
}

/** The commands of one service. */
function groupOf(root: Group, service: string): Group {
  const all = root.children.service;
  const children = all !== undefined && isGroup(all) ? all.children : {};
  const own = Object.entries(children).filter(([name]) => name !== 'list');
  return {
    summary: `the service ${service}: its plans, pods and endpoints`,
    children: Object.fromEntries(own),
    examples: [`dcos ${service} plan show deploy`, `dcos ${service} endpoints`],
  };
}

async function knownServices(context: Context): Promise<string[] | undefined> {
  try {
    const http = await context.http();
    return await serviceNames(http, patienceMs);
  } catch {
    return undefined;
  }
}
