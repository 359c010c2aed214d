/** What binds a container to nodes: named volumes and networks of one engine. */
import { DcosError } from '../../core/errors.js';
import type { CreateBody } from '../../wire/docker.js';
import { clusterLabel } from '../create/labels.js';
import type { Pin } from '../schedule/view.js';
import type { Node } from '../state.js';
import { askAll, healthyNodes, type Swarm } from './context.js';
import { expectOk } from './engines.js';

/** A body with the places of its volumes and networks worked out. */
export interface Bound {
  readonly body: CreateBody;
  readonly pins: readonly Pin[];
  readonly warnings: readonly string[];
}

/** Names of volumes that a body mounts; paths and nameless ones apart. */
export function volumeNames({ HostConfig }: CreateBody): string[] {
  const binds = (HostConfig?.Binds ?? []).flatMap((bind) => {
    const [source = '', target] = bind.split(':');
    return target === undefined || /^[/\\~.]/.test(source) ? [] : [source];
  });
  const mounts = (HostConfig?.Mounts ?? []).flatMap(({ Type, Source }) =>
    Type === 'volume' && Source ? [Source] : [],
  );
  return [...new Set([...binds, ...mounts])];
}

const builtin = new Set(['', 'default', 'bridge', 'host', 'none']);

/** Names of user networks that a body joins. */
export function networkNames({ HostConfig, NetworkingConfig }: CreateBody): string[] {
  const mode = HostConfig?.NetworkMode ?? '';
  const named = Object.keys(NetworkingConfig?.EndpointsConfig ?? {});
  const all = [...(mode.startsWith('container:') ? [] : [mode]), ...named];
  return [...new Set(all)].filter((name) => !builtin.has(name));
}

/**
 * Works out where volumes and networks of ours are that `given` names. `NODE/name` loses its node
 * and binds to it. Throws `not-found` for a network that no node has.
 */
export async function bindToPlaces(swarm: Swarm, given: CreateBody): Promise<Bound> {
  const { body, pins: named } = withoutNodes(swarm, given);
  const pins: Pin[] = [...named];
  const warnings: string[] = [];
  const volumes = volumeNames(body);
  if (volumes.length > 0) {
    const places = await volumePlaces(swarm);
    for (const name of volumes) {
      const nodes = places.get(name);
      if (nodes !== undefined) {
        pins.push({ flag: `--volume=${name}`, what: `the volume ${name}`, nodes });
      }
    }
  }
  const networks = networkNames(body);
  if (networks.length > 0) {
    const places = await networkPlaces(swarm);
    for (const name of networks) {
      const nodes = places.get(name);
      if (nodes === undefined) throw new DcosError('not-found', `network ${name} not found`);
      pins.push({ flag: `--net=${name}`, what: `the network ${name}`, nodes });
    }
  }
  return { body, pins, warnings };
}

/** Takes `NODE/` off names of volumes and networks, for a node that exists. */
function withoutNodes(swarm: Swarm, body: CreateBody): { body: CreateBody; pins: Pin[] } {
  const pins: Pin[] = [];
  const strip = (text: string, flag: string): string => {
    const at = text.indexOf('/');
    const node = nodeNamed(swarm, text.slice(0, at));
    if (at <= 0 || node === undefined) return text;
    pins.push({ flag: `${flag}=${text}`, what: text, nodes: [node.agentId] });
    return text.slice(at + 1);
  };
  const host = body.HostConfig;
  if (host == null) return { body, pins };
  const endpoints = body.NetworkingConfig?.EndpointsConfig;
  const changed: CreateBody = {
    ...body,
    HostConfig: {
      ...host,
      ...(host.NetworkMode ? { NetworkMode: strip(host.NetworkMode, '--net') } : {}),
      ...(host.Binds == null ? {} : { Binds: host.Binds.map((bind) => strip(bind, '--volume')) }),
    },
  };
  if (endpoints != null) {
    const entries = Object.entries(endpoints).map(([name, value]) => [strip(name, '--net'), value]);
    changed.NetworkingConfig = {
      ...body.NetworkingConfig,
      EndpointsConfig: Object.fromEntries(entries),
    };
  }
  return { body: changed, pins };
}

/** The node of that name or id. */
export function nodeNamed({ state }: Swarm, name: string): Node | undefined {
  return state.nodes.get(name) ?? [...state.nodes.values()].find((node) => node.name === name);
}

/** Ids of nodes by the name of each volume of ours. */
export async function volumePlaces(swarm: Swarm): Promise<Map<string, string[]>> {
  const path = `/volumes?filters=${ourFilter(swarm)}`;
  const places = new Map<string, string[]>();
  for (const { node, json } of await askAll(swarm, path)) {
    const { Volumes } = (json ?? {}) as { Volumes?: { Name: string }[] | null };
    for (const { Name } of Volumes ?? []) addPlace(swarm, places, Name, node);
  }
  return places;
}

/** Ids of nodes by the name of each network of ours. */
export async function networkPlaces(swarm: Swarm): Promise<Map<string, string[]>> {
  const places = new Map<string, string[]>();
  for (const { node, json } of await askAll(swarm, `/networks?filters=${ourFilter(swarm)}`)) {
    for (const { Name, Id } of (json ?? []) as { Name: string; Id: string }[]) {
      addPlace(swarm, places, Name, node);
      addPlace(swarm, places, Id, node);
    }
  }
  return places;
}

/** Every node of the engine that was asked. */
function addPlace(swarm: Swarm, places: Map<string, string[]>, name: string, node: Node): void {
  const engineOf = ({ agentId }: Node): string =>
    swarm.state.health.get(agentId)?.facts?.engineKey || agentId;
  const same = healthyNodes(swarm).filter((other) => engineOf(other) === engineOf(node));
  places.set(name, [...(places.get(name) ?? []), ...same.map(({ agentId }) => agentId)]);
}

/** The filter for what this swarm has made. */
export function ourFilter({ state }: Swarm, more: Record<string, string[]> = {}): string {
  const label = [`${clusterLabel}=${state.settings.clusterId}`, ...(more.label ?? [])];
  return encodeURIComponent(JSON.stringify({ ...more, label }));
}

/**
 * Makes the volumes that `body` names on `node`, as ours; nobody mounts what is another's. Throws
 * `refused` (403).
 */
export async function ownVolumes(swarm: Swarm, node: Node, body: CreateBody): Promise<void> {
  for (const Name of volumeNames(body)) {
    const Labels = { [clusterLabel]: swarm.state.settings.clusterId };
    const answer = await swarm.engines.call(node, 'POST', '/volumes/create', {
      json: { Name, Labels },
    });
    expectOk(node, answer);
    const made = answer.json as { Labels?: Record<string, string> | null };
    if (made.Labels?.[clusterLabel] === swarm.state.settings.clusterId) continue;
    throw new DcosError('refused', `the volume ${Name} of node ${node.name} is not of this swarm`, {
      status: 403,
    });
  }
}
