/**
 * Decides what a new local cluster looks like: addresses, ports, racks and resources (DESIGN §11.4,
 * §11.13). Pure.
 */
import type { Credential } from '../../core/credentials.js';
import { DcosError, messageOf } from '../../core/errors.js';
import { wholeMesosAddress } from '../../core/leader/address.js';
import type { LocalAgent, LocalCluster } from '../../wire/local-cluster.js';

/** What the machine has. */
export interface MachineFacts {
  readonly cores: number;
  readonly memMb: number;
  readonly freeDiskMb: number;
  /** The first port that the system gives to outgoing connections. */
  readonly ephemeralLow: number;
  /** Ports that somebody listens on, whatever the address. */
  readonly takenPorts: ReadonlySet<number>;
  /**
   * `127.0.S`, where each agent gets an address of its own; `undefined` where only 127.0.0.1 can be
   * bound.
   */
  readonly subnet: string | undefined;
}

/** What the user asked for. */
export interface Wishes {
  readonly agents: number;
  readonly racks: number;
  /** `http://host:port` of an Apache Mesos to use instead of an embedded one. */
  readonly mesosUrl?: string | undefined;
  /** As whom all speak to that Mesos, and what proves it. */
  readonly mesosLogin?: Credential | undefined;
  /** PEM of the authority that signs for its masters. */
  readonly mesosAuthority?: string | undefined;
  /** On which Docker engine containers run: the machine's at this socket, or one per agent. */
  readonly docker?: { readonly socket: string } | 'engine-per-agent' | undefined;
  /** The host by which agents reach the control plane. */
  readonly advertise?: string | undefined;
}

/** The most agents that one machine is asked to carry. */
const maxAgents = 64;
/** The lowest port that is ever offered: below lie the well-known ones. */
const lowestOffered = 10_000;
const portsPerAgent = 1000;
/** Memory that the machine itself keeps, in MiB. */
const keptMemMb = 2048;

/** Checks what the user asked for. Throws `usage` naming the flag. */
export function checkWishes(wishes: Wishes): void {
  const { agents, racks } = wishes;
  if (!Number.isInteger(agents) || agents < 1 || agents > maxAgents) {
    throw new DcosError(
      'usage',
      `--agents must be a whole number from 1 to ${maxAgents}, not ${agents}`,
    );
  }
  if (!Number.isInteger(racks) || racks < 1 || racks > agents) {
    throw new DcosError(
      'usage',
      `--racks must be a whole number from 1 to the number of agents (${agents}), not ${racks}`,
    );
  }
}

/**
 * The agents of a new cluster: agent i in rack ((i - 1) mod racks) + 1; `ports` are their
 * listeners, in order; `folder` is the cluster's own.
 */
export function planAgents(
  facts: MachineFacts,
  wishes: Wishes,
  ports: readonly number[],
  chance: number,
  folder: string,
): LocalAgent[] {
  const { agents: count, racks } = wishes;
  const memMb = Math.max(512, Math.floor((facts.memMb - keptMemMb) / count));
  const diskMb = Math.max(1024, Math.floor(facts.freeDiskMb / (2 * count)));
  const ranges = portRanges(count, facts, chance);
  return Array.from({ length: count }, (_, at) => ({
    index: at + 1,
    ...engineOf(wishes, at + 1, folder),
    host: facts.subnet === undefined ? '127.0.0.1' : `${facts.subnet}.${at + 1}`,
    port: ports[at] ?? 0,
    rack: `rack-${(at % racks) + 1}`,
    cpus: Math.max(4, facts.cores),
    memMb,
    diskMb,
    ports: ranges[at] ?? [0, 0],
  }));
}

/** What the agent of that index is told of its Docker engine; `folder` is the cluster's. */
export function engineOf(
  { docker }: Pick<Wishes, 'docker'>,
  index: number,
  folder: string,
): Pick<LocalAgent, 'docker'> {
  if (docker === undefined) return {};
  if (docker !== 'engine-per-agent') return { docker: { socket: docker.socket, isOwn: false } };
  return { docker: { socket: `${folder}/agent-${index}/engine/docker.sock`, isOwn: true } };
}

/**
 * Disjoint ranges of offered ports below the ephemeral ones, starting at a place that `chance` (0
 * to 1) picks so that clusters beside each other seldom share any; ranges that nobody listens in
 * are preferred.
 */
export function portRanges(
  count: number,
  facts: Pick<MachineFacts, 'ephemeralLow' | 'takenPorts'>,
  chance: number,
): [number, number][] {
  const room = Math.max(count, facts.ephemeralLow - lowestOffered);
  const size = Math.min(portsPerAgent, Math.floor(room / count));
  const places = Math.floor(room / size);
  const first = Math.floor(chance * places);
  const all = Array.from({ length: places }, (_, at): [number, number] => {
    const begin = lowestOffered + ((first + at) % places) * size;
    return [begin, begin + size - 1];
  });
  const isFree = ([begin, end]: [number, number]): boolean =>
    ![...facts.takenPorts].some((port) => port >= begin && port <= end);
  const free = all.filter(isFree);
  const taken = all.filter((range) => !isFree(range));
  return [...free, ...taken].slice(0, count);
}

/** The names of the servers that a cluster consists of, in the order in which they are shown. */
export function serverNames(cluster: LocalCluster): string[] {
  const master = cluster.mesosUrl === undefined ? ['master'] : [];
  return [...master, ...cluster.agents.map((agent) => `agent-${agent.index}`), 'control'];
}

/** The arguments of `dcos-cluster` for a server. */
export function serverArguments(name: string, localDir: string): string[] {
  const index = /^agent-(\d+)$/.exec(name)?.[1];
  return index === undefined
    ? [name, '--dir', localDir]
    : ['agent', '--dir', localDir, '--index', index];
}

/** Checks how an Apache Mesos is named; gives it back with nothing left out. Throws `usage`. */
export function checkMesosUrl(text: string): string {
  try {
    return wholeMesosAddress(text);
  } catch (error) {
    const hint = error instanceof DcosError ? error.hint : undefined;
    throw new DcosError('usage', `--mesos ${messageOf(error)}`, {
      ...(hint === undefined ? {} : { hint }),
      cause: error,
    });
  }
}
