/**
 * `docker ps` over the cluster: engines' entries with names and addresses of nodes, filtered and
 * ordered as one list (Docker Engine API, ContainerList; classic Swarm, §3 of its behaviour). Pure.
 */
import { DcosError } from '../../core/errors.js';
import type { ContainerSummary } from '../../wire/docker.js';
import { type Filters, hasLabel } from './events.js';

/** An entry with what is known of it beside. */
export interface Entry {
  readonly summary: ContainerSummary;
  readonly swarmId: string;
  readonly nodeName: string;
  readonly nodeAddress: string;
  readonly isNodeHealthy: boolean;
}

/** What a client asked to see. */
export interface ListWishes {
  readonly all: boolean;
  /** 0: no limit. */
  readonly limit: number;
  readonly filters: Filters;
  /** For clients that show no name with a slash in it (`nameManners`). */
  readonly plainFirst?: boolean;
}

const known = new Set(
  (
    'id name label status exited node health is-task volume network ancestor before ' +
    'since publish expose'
  ).split(' '),
);

/** The entries to be shown, newest first. Throws `invalid` for a filter that does not exist. */
export function listContainers(entries: readonly Entry[], wishes: ListWishes): ContainerSummary[] {
  const { filters, limit } = wishes;
  const wrong = Object.keys(filters).find((name) => !known.has(name));
  if (wrong !== undefined) throw new DcosError('invalid', `invalid filter '${wrong}'`);
  const isAll = wishes.all || limit > 0 || 'status' in filters || 'exited' in filters;
  const bounds = {
    before: boundOf(entries, filters.before),
    since: boundOf(entries, filters.since),
  };
  const shown = entries
    .filter((entry) => isAll || (isUp(entry.summary) && entry.isNodeHealthy))
    .filter((entry) => passes(entry, filters))
    .filter(
      ({ summary: { Created = 0 } }) => bounds.before === undefined || Created < bounds.before,
    )
    .filter(({ summary: { Created = 0 } }) => bounds.since === undefined || Created > bounds.since)
    .sort((a, b) => (b.summary.Created ?? 0) - (a.summary.Created ?? 0));
  return (limit > 0 ? shown.slice(0, limit) : shown).map((one) => shownOf(one, wishes.plainFirst));
}

const isUp = ({ State }: ContainerSummary): boolean =>
  State === 'running' || State === 'paused' || State === 'restarting';

function boundOf(
  entries: readonly Entry[],
  wanted: readonly string[] | undefined,
): number | undefined {
  const reference = wanted?.at(-1);
  if (reference === undefined) return undefined;
  const found = entries.find(({ summary, swarmId, nodeName }) => {
    const names = bareNames(summary);
    return (
      names.some((name) => [name, `${nodeName}/${name}`].includes(reference.replace(/^\//, ''))) ||
      summary.Id.startsWith(reference) ||
      swarmId.startsWith(reference)
    );
  });
  if (found === undefined) throw new DcosError('not-found', `No such container: ${reference}`);
  return found.summary.Created ?? 0;
}

function bareNames({ Names }: ContainerSummary): string[] {
  return (Names ?? []).map((name) => name.replace(/^\//, ''));
}

function shownOf(
  { summary, nodeName, nodeAddress, isNodeHealthy }: Entry,
  plainFirst = false,
): ContainerSummary {
  const names = bareNames(summary);
  const plain = plainFirst ? names.map((name) => `/${name}`) : [];
  const ports = (summary.Ports ?? []).map((port) =>
    port.IP === '0.0.0.0' || port.IP === '::' ? { ...port, IP: nodeAddress } : port,
  );
  const seen = new Set<string>();
  // Engines name a port once for IPv4 and once for IPv6.
  const distinct = ports.filter((port) => {
    const key = JSON.stringify([port.IP, port.PrivatePort, port.PublicPort, port.Type]);
    return seen.has(key) ? false : seen.add(key);
  });
  return {
    ...summary,
    Names: [...plain, ...names.map((name) => `/${nodeName}/${name}`)],
    Ports: distinct,
    ...(isNodeHealthy ? {} : { Status: 'Host Down' }),
  };
}

function passes(entry: Entry, filters: Filters): boolean {
  return Object.entries(filters).every(([kind, values]) => {
    if (values.length === 0 || kind === 'before' || kind === 'since') return true;
    const labels = entry.summary.Labels ?? {};
    if (kind === 'label') return values.every((value) => hasLabel(labels, value));
    return values.some((value) => passesOne(entry, kind, value));
  });
}

function passesOne(entry: Entry, kind: string, value: string): boolean {
  const { summary, swarmId, nodeName } = entry;
  const status = summary.Status ?? '';
  switch (kind) {
    case 'id':
      return summary.Id.startsWith(value) || swarmId.startsWith(value);
    case 'name':
      return bareNames(summary).some((name) => nameMatches(name, value));
    case 'status':
      return summary.State === value;
    case 'exited':
      return status.startsWith(`Exited (${value})`);
    case 'node':
      return nodeName === value;
    case 'health':
      return healthOf(status) === value;
    case 'is-task': {
      const isTask = summary.Labels?.['com.docker.swarm.task'] !== undefined;
      return isTask === (value === 'true' || value === '1');
    }
    case 'ancestor':
      return isAncestor(summary, value);
    case 'volume':
      return mountsOf(summary).some(
        ({ Name, Destination }) => Name === value || Destination === value,
      );
    case 'network':
      return networksOf(summary).some(([name, id]) => name === value || id.startsWith(value));
    default:
      return portPasses(summary, kind, value);
  }
}

/** `^web$` is common; the rest is a part of the name. Patterns of strangers are not compiled. */
function nameMatches(name: string, wanted: string): boolean {
  const isStart = /^\^\/?/.test(wanted);
  const isEnd = wanted.endsWith('$');
  const bare = wanted.replace(/^\^?\/?/, '').replace(/\$$/, '');
  if (isStart && isEnd) return name === bare;
  if (isStart) return name.startsWith(bare);
  return isEnd ? name.endsWith(bare) : name.includes(bare);
}

function healthOf(status: string): string {
  if (/\(health: starting\)/.test(status)) return 'starting';
  if (/\(unhealthy\)/.test(status)) return 'unhealthy';
  return /\(healthy\)/.test(status) ? 'healthy' : 'none';
}

function isAncestor({ Image = '', ImageID = '' }: ContainerSummary, value: string): boolean {
  const tagged = /:[^/]*$/.test(value) ? value : `${value}:latest`;
  const ownTag = /:[^/]*$/.test(Image) ? Image : `${Image}:latest`;
  return ownTag === tagged || ImageID === value || ImageID.replace('sha256:', '').startsWith(value);
}

function mountsOf(summary: ContainerSummary): { Name?: string; Destination?: string }[] {
  return Array.isArray(summary.Mounts) ? summary.Mounts : [];
}

function networksOf(summary: ContainerSummary): [string, string][] {
  const { Networks } = (summary.NetworkSettings ?? {}) as {
    Networks?: Record<string, { NetworkID?: string }> | null;
  };
  return Object.entries(Networks ?? {}).map(([name, { NetworkID = '' }]) => [name, NetworkID]);
}

function portPasses(summary: ContainerSummary, kind: string, value: string): boolean {
  const [range = '', protocol = 'tcp'] = value.split('/');
  const [first = 0, last = first] = range.split('-').map(Number);
  return (summary.Ports ?? []).some((port) => {
    const number = kind === 'publish' ? port.PublicPort : port.PrivatePort;
    return number !== undefined && number >= first && number <= last && port.Type === protocol;
  });
}
