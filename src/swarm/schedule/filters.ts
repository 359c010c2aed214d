/**
 * Which nodes may take a container, filter by filter in classic Swarm's order, each with its text
 * and a reason per node (Docker Swarm, "Swarm filters"). Pure.
 */
import { composeInstance } from '../create/labels.js';
import { type Expression, expressionText, holds } from './expressions.js';
import type { HostPort, NodeView, PlacedContainer, Want } from './view.js';

/** One filter: why `node` is out, or `undefined`. */
interface Filter {
  readonly name: string;
  /** For the list of conditions; `undefined` where it asks nothing. */
  readonly text: (want: Want) => string | undefined;
  readonly refuse: (want: Want, node: NodeView, all: readonly NodeView[]) => string | undefined;
}

const constraintText = (want: Want): string | undefined =>
  joined(want.constraints.map(expressionText));
const joined = (texts: readonly string[]): string | undefined =>
  texts.length === 0 ? undefined : `[${texts.join(' ')}]`;

/** The filters, in the order in which `docker info` names them. */
export const filters: readonly Filter[] = [
  {
    name: 'health',
    text: () => undefined,
    refuse: (_want, node) =>
      node.isHealthy ? undefined : `is not healthy${node.error ? `: ${node.error}` : ''}`,
  },
  { name: 'port', text: portText, refuse: portRefusal },
  { name: 'containerslots', text: () => '[available container slots]', refuse: slotsRefusal },
  {
    name: 'dependency',
    text: ({ dependencies, pins }) => joined([...dependencies, ...pins].map(({ flag }) => flag)),
    refuse: ({ dependencies, pins }, node) => {
      const missing = dependencies.find(({ container }) => !hasContainer(node, container));
      if (missing !== undefined) return `does not have ${missing.container}`;
      const pin = pins.find(({ nodes }) => !nodes.includes(node.id));
      return pin === undefined ? undefined : `does not have ${pin.what}`;
    },
  },
  {
    name: 'affinity',
    text: (want) =>
      joined(want.affinities.map((one) => `${expressionText(one)} (soft=${one.isSoft})`)),
    refuse: ({ affinities }, node) => firstHurt(affinities, (one) => affinityValues(one, node)),
  },
  {
    name: 'constraint',
    text: constraintText,
    refuse: ({ constraints }, node) => firstHurt(constraints, (one) => labelValues(one, node)),
  },
  {
    name: 'whitelist',
    text: (want) => joined(want.whitelists.map(expressionText)),
    refuse: ({ whitelists }, node) => {
      const names = whitelists.flatMap(({ value }) => value.split('|'));
      const isIn = names.length === 0 || names.includes(node.name) || names.includes(node.id);
      return isIn ? undefined : 'is not on the whitelist';
    },
  },
];

function firstHurt(
  expressions: readonly Expression[],
  candidatesOf: (one: Expression) => string[],
): string | undefined {
  for (const one of expressions) {
    const candidates = candidatesOf(one);
    if (holds(one, candidates)) continue;
    const has = candidates.filter((text) => text !== '').slice(0, 5);
    const what = has.length === 0 ? `nothing for ${one.key}` : `${one.key} ${has.join(', ')}`;
    return `has ${what}, asked is ${expressionText(one)}`;
  }
  return undefined;
}

function labelValues({ key }: Expression, node: NodeView): string[] {
  return key === 'node' ? [node.id, node.name] : [node.labels[key] ?? ''];
}

function affinityValues({ key }: Expression, node: NodeView): string[] {
  if (key === 'image') return [...node.images];
  if (key === 'container') {
    return node.containers.flatMap(({ swarmId, containerId, name }) => [
      swarmId,
      name,
      ...(containerId === undefined ? [] : [containerId]),
    ]);
  }
  return node.containers.flatMap(({ labels }) => labels[key] ?? []);
}

function hasContainer(node: NodeView, wanted: string): boolean {
  return node.containers.some(
    ({ swarmId, containerId, name }) =>
      name === wanted || swarmId.startsWith(wanted) || containerId?.startsWith(wanted) === true,
  );
}

function portText({ hostPorts, isHostMode, exposed }: Want): string | undefined {
  if (isHostMode) {
    return joined(exposed.map((port) => `port ${port} (Host mode)`))?.slice(1, -1) === undefined
      ? undefined
      : exposed.map((port) => `[port ${port} (Host mode)]`).join('\n');
  }
  return hostPorts.length === 0
    ? undefined
    : hostPorts.map(({ port }) => `[port ${port} (Bridge mode)]`).join('\n');
}

function portRefusal(want: Want, node: NodeView, all: readonly NodeView[]): string | undefined {
  if (want.hostPorts.length === 0 && !(want.isHostMode && want.exposed.length > 0))
    return undefined;
  // Engines that serve several nodes, or one machine with several: the ports are the machine's.
  const containers = all.flatMap((other) =>
    other.id === node.id || (other.engineId !== '' && other.engineId === node.engineId)
      ? other.containers
      : [],
  );
  for (const other of containers) {
    if (isReplaced(want, other)) continue;
    const taken = want.isHostMode ? sharedExposed(want, other) : clashOf(want.hostPorts, other);
    if (taken !== undefined) return `port ${taken} is taken by ${other.name}`;
  }
  return undefined;
}

/**
 * Compose makes the new container of a service before it removes the old one, whose ports the new
 * one takes once it is started.
 */
function isReplaced({ instance, replaces }: Want, other: PlacedContainer): boolean {
  // Compose 1 stops the old one first; compose 2 stops it later, and says that it will.
  const goes = replaces || !other.isRunning;
  return goes && instance !== undefined && instance === composeInstance(other.labels);
}

function sharedExposed(want: Want, other: PlacedContainer): string | undefined {
  return other.isHostMode ? want.exposed.find((port) => other.exposed.includes(port)) : undefined;
}

function clashOf(wanted: readonly HostPort[], other: PlacedContainer): string | undefined {
  const clash = wanted.find((mine) =>
    other.hostPorts.some(
      (theirs) =>
        mine.port === theirs.port &&
        mine.protocol === theirs.protocol &&
        (isAny(mine.ip) || isAny(theirs.ip) || mine.ip === theirs.ip),
    ),
  );
  return clash === undefined ? undefined : `${clash.port}/${clash.protocol}`;
}

const isAny = (ip: string): boolean => ip === '' || ip === '0.0.0.0' || ip === '::';

function slotsRefusal(_want: Want, node: NodeView): string | undefined {
  const slots = Number(node.labels.containerslots ?? Number.NaN);
  return Number.isInteger(slots) && node.containers.length >= slots
    ? `has its ${slots} containers`
    : undefined;
}
