/** Names that only the running cluster knows, for completion; and which command takes which. */
import type { Command } from '../command.js';
import type { Context } from '../context.js';

/** How long a cluster may take to name things while somebody waits at a prompt, in ms. */
const patienceMs = 1500;

type Source = (context: Context) => Promise<readonly string[]>;

const sources = {
  agents: async (context) => {
    const { listAgents } = await import('../../client/nodes.js');
    return (await listAgents(await context.http())).map(({ hostname }) => hostname);
  },
  apps: async (context) => {
    const { listApps } = await import('../../client/apps.js');
    return (await listApps(await context.http(), patienceMs)).map(({ id }) => String(id));
  },
  clusters: async (context) => {
    const { clusterName } = await import('../config/clusters.js');
    return context.clusters.list().map(clusterName);
  },
  incidents: async (context) => {
    const { listIncidents } = await import('../../client/failures.js');
    return (await listIncidents(await context.http(), true)).map(({ id }) => id);
  },
  installed: async (context) => {
    const { listPackages } = await import('../../client/packages.js');
    const found = await listPackages(await context.http());
    return found.map(({ definition }) => String(definition.name));
  },
  keys: async () => Object.keys((await import('../config/keys.js')).configKeys),
  packages: async (context) => {
    const { clusterPackageNames } = await import('../../client/packages.js');
    return clusterPackageNames(await context.http());
  },
  services: async (context) => {
    const { serviceNames } = await import('../service-words.js');
    return serviceNames(await context.http(), patienceMs);
  },
  tasks: async (context) => {
    const { listTasks } = await import('../../client/tasks.js');
    return (await listTasks(await context.http())).map(({ name }) => name);
  },
} satisfies Record<string, Source>;

/** A kind of names. */
export type NameKind = keyof typeof sources;

/** Whether there are names of this kind. */
export function isNameKind(word: string): word is NameKind {
  return Object.hasOwn(sources, word);
}

/** The names of one kind, each once; none where the cluster can't be asked. */
export async function namesOf(context: Context, kind: NameKind): Promise<string[]> {
  try {
    const source: Source = sources[kind];
    const late = new Promise<readonly string[]>((resolve) => {
      setTimeout(() => resolve([]), patienceMs).unref();
    });
    return [...new Set(await Promise.race([source(context), late]))].sort();
  } catch {
    // A prompt is no place for errors: nothing is offered.
    return [];
  }
}

const kindByWord: Readonly<Record<string, NameKind>> = {
  '<agent>': 'agents',
  '<cluster>': 'clusters',
  '<key>': 'keys',
  '[key]': 'keys',
  '<package>': 'packages',
  '<task>': 'tasks',
};

/** Which names may follow a command. Pure. */
export function nameKindOf(path: readonly string[], { words = [] }: Command): NameKind | undefined {
  const [first = ''] = words[0] ?? [];
  const name = path.join(' ');
  if (name === 'package uninstall') return 'installed';
  if (name === 'failures show') return 'incidents';
  if (path[0] === 'app' && first === '<id>') return 'apps';
  if (path[0] === 'service' && words.length > 0) return 'services';
  return kindByWord[first];
}
