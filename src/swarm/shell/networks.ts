/** Networks: those of engines, named `NODE/name`, ours by label; a bridge is its node's. */
import { DcosError } from '../../core/errors.js';
import { nameManners } from '../api/clients.js';
import { hasLabel, parseFilters } from '../api/events.js';
import { exactFields } from '../create/exact.js';
import { clusterLabel, givenLabels } from '../create/labels.js';
import type { Node } from '../state.js';
import { nodeNamed } from './bindings.js';
import { chooseNode } from './choose-node.js';
import {
  answerOf,
  askAll,
  distinctEngines,
  type Handler,
  placedContainer,
  readJson,
  type Swarm,
} from './context.js';
import { expectOk } from './engines.js';
import { withQuery } from './forward.js';
import { ownLabel } from './images.js';

/** A network as an engine has it. */
interface Network {
  readonly Name: string;
  readonly Id: string;
  readonly Scope?: string;
  readonly Driver?: string;
  readonly Labels?: Record<string, string> | null;
  readonly Containers?: Record<string, unknown> | null;
}

interface Found {
  readonly node: Node;
  readonly network: Network;
}

const builtin = new Set(['bridge', 'host', 'none']);
const networkFields = ['Name', 'Driver', 'Labels', 'ConfigFrom', 'Scope'];

/** Networks that a user of this swarm may see: its own, and those that every engine has. */
async function allNetworks(swarm: Swarm): Promise<Found[]> {
  const own = swarm.state.settings.clusterId;
  const lists = await askAll(swarm, '/networks');
  const seen = new Set<string>();
  return lists
    .flatMap(({ node, json }) =>
      (Array.isArray(json) ? (json as Network[]) : []).map((network) => ({ node, network })),
    )
    .filter(({ network: { Name, Labels, Scope, Id } }) => {
      if (!builtin.has(Name) && Labels?.[clusterLabel] !== own) return false;
      if (Scope === undefined || Scope === 'local') return true;
      return seen.has(Id) ? false : seen.add(Id);
    });
}

const isLocal = ({ Scope = 'local' }: Network): boolean => Scope === 'local';
const shownName = ({ node, network }: Found): string =>
  isLocal(network) ? `${node.name}/${network.Name}` : network.Name;

/** `GET /networks` */
export const listNetworks: Handler = async (swarm, { query, headers }) => {
  const filters = parseFilters(query.get('filters'));
  if (filters === undefined) throw new DcosError('invalid', 'invalid filters', { status: 400 });
  const types = filters.type ?? [];
  if (types.some((type) => type !== 'custom' && type !== 'builtin')) {
    throw new DcosError('invalid', `Invalid filter: 'type'='${types.join(',')}'`, { status: 400 });
  }
  const all = await allNetworks(swarm);
  const shown = all.filter((found) =>
    Object.entries(filters).every(([kind, values]) => {
      if (values.length === 0) return true;
      if (kind === 'label')
        return values.every((value) => hasLabel(found.network.Labels ?? {}, value));
      return values.some((value) => networkPasses(found, kind, value));
    }),
  );
  const isPlain = nameManners(headers['user-agent']).plainPlaces;
  return {
    status: 200,
    json: shown.map((found) => ({
      ...withOwnContainers(swarm, found.network),
      Name: isPlain && isAlone(all, found) ? found.network.Name : shownName(found),
    })),
  };
};

const isAlone = (all: readonly Found[], { network: { Name } }: Found): boolean =>
  all.filter(({ network }) => network.Name === Name).length === 1;

function networkPasses({ node, network }: Found, kind: string, value: string): boolean {
  switch (kind) {
    case 'name': {
      const bare = value.replace(/^\^/, '').replace(/\$$/, '');
      const names = [network.Name, `${node.name}/${network.Name}`];
      return value.startsWith('^') && value.endsWith('$')
        ? names.includes(bare)
        : names.some((name) => name.includes(bare));
    }
    case 'id':
      return network.Id.startsWith(value);
    case 'driver':
      return network.Driver === value;
    case 'type':
      return builtin.has(network.Name) === (value === 'builtin');
    case 'node':
      return node.name === value || node.agentId === value;
    case 'scope':
      return (network.Scope ?? 'local') === value;
    case 'dangling':
      return (
        !builtin.has(network.Name) &&
        (Object.keys(network.Containers ?? {}).length === 0) === (value === 'true' || value === '1')
      );
    default:
      throw new DcosError('invalid', `invalid filter '${kind}'`, { status: 400 });
  }
}

/** Containers of other swarms on the same engine are nobody's business here, nor is our label. */
function withOwnContainers(swarm: Swarm, network: Network): Network {
  const ours = new Set([...swarm.state.containers.values()].map(({ containerId }) => containerId));
  const entries = Object.entries(network.Containers ?? {}).filter(([id]) => ours.has(id));
  return givenLabels({ ...network, Containers: Object.fromEntries(entries) });
}

/** The network of a reference. Throws `not-found`. */
async function findNetwork(swarm: Swarm, reference: string): Promise<Found> {
  const all = await allNetworks(swarm);
  const isShort = reference.length === 12;
  const byId = all.filter(
    ({ network: { Id } }) => Id === reference || (isShort && Id.startsWith(reference)),
  );
  const byName = all.filter(
    ({ node, network: { Name } }) =>
      Name === reference ||
      `${node.name}/${Name}` === reference ||
      `${node.agentId}/${Name}` === reference,
  );
  const distinct = (found: readonly Found[]): Found[] => [
    ...new Map(found.map((one) => [one.network.Id, one])).values(),
  ];
  const candidates = [
    byId,
    distinct(byName),
    all.filter(({ network }) => network.Id.startsWith(reference)),
  ];
  const found = candidates.find((list) => list.length > 0) ?? [];
  const [only] = found;
  if (only !== undefined && distinct(found).length === 1) return only;
  const which =
    found.length > 1
      ? ` (several nodes have one: ${found.map(shownName).slice(0, 8).join(', ')})`
      : '';
  throw new DcosError('not-found', `No such network: ${reference}${which}`);
}

/** `GET /networks/N` */
export const showNetwork: Handler = async (swarm, { groups, query, version }) => {
  const { node, network } = await findNetwork(swarm, groups[0] ?? '');
  const path = withQuery(`${version}/networks/${network.Id}`, query);
  const answer = await swarm.engines.call(node, 'GET', path);
  expectOk(node, answer);
  return { status: 200, json: withOwnContainers(swarm, answer.json as Network) };
};

/** `POST /networks/create`: on the node that is named, else where the strategy prefers it. */
export const createNetwork: Handler = async (swarm, call) => {
  const body = exactFields(await readJson(call), networkFields) as Record<string, unknown> & {
    Name?: string;
    Labels?: Record<string, string> | null;
    Driver?: string;
  };
  const given = String(body.Name ?? '');
  const at = given.indexOf('/');
  const named = at > 0 ? nodeNamed(swarm, given.slice(0, at)) : undefined;
  if (at > 0 && named === undefined) {
    throw new DcosError('failed', `there is no node ${given.slice(0, at)}`, { status: 500 });
  }
  const Name = at > 0 ? given.slice(at + 1) : given;
  if (Name === '' || builtin.has(Name)) {
    throw new DcosError('invalid', `a network cannot be named '${Name}'`, { status: 400 });
  }
  const driver = body.Driver || 'bridge';
  if (['macvlan', 'ipvlan', 'host'].includes(driver) && !swarm.allowances.hostNetwork) {
    throw new DcosError(
      'refused',
      `a network of driver ${driver} is not allowed in this swarm (option ` +
        'containers.allow_host_network of its package)',
      { status: 403 },
    );
  }
  const taken = (await allNetworks(swarm)).find(({ network }) => network.Name === Name);
  if (taken !== undefined) {
    throw new DcosError(
      'conflict',
      `network with name ${Name} already exists (${shownName(taken)})`,
    );
  }
  const node = named ?? (await chooseNode(swarm, body.Labels ?? {}));
  const json = { ...body, Name, Driver: driver, Labels: { ...body.Labels, ...ownLabel(swarm) } };
  const path = `${call.version}/networks/create`;
  return answerOf(await swarm.engines.call(node, 'POST', path, { json }));
};

/** `POST /networks/N/connect`, `disconnect`: on the container's node. */
export const connectNetwork: Handler = async (swarm, call) => {
  const [name = '', action = ''] = call.groups;
  const { node, network } = await findNetwork(swarm, name);
  const body = exactFields(await readJson(call), ['Container']);
  const { id, container, node: its } = placedContainer(swarm, String(body.Container ?? ''));
  const engineOf = ({ agentId }: Node): string =>
    swarm.state.health.get(agentId)?.facts?.engineKey ?? agentId;
  if (isLocal(network) && engineOf(node) !== engineOf(its)) {
    throw new DcosError(
      'conflict',
      `network ${network.Name} is on node ${node.name}, container ` +
        `${container.name} on ${its.name}: a ${network.Driver} network does not ` +
        'reach over nodes',
      { status: 403 },
    );
  }
  const path = `${call.version}/networks/${network.Id}/${action}`;
  const json = { ...body, Container: id };
  return answerOf(await swarm.engines.call(its, 'POST', path, { json }));
};

/** `DELETE /networks/N` */
export const removeNetwork: Handler = async (swarm, { groups, version }) => {
  const { node, network } = await findNetwork(swarm, groups[0] ?? '');
  if (builtin.has(network.Name)) {
    const text = `${network.Name} is a pre-defined network and cannot be removed`;
    throw new DcosError('forbidden', text, { status: 403 });
  }
  const path = `${version}/networks/${network.Id}`;
  return answerOf(await swarm.engines.call(node, 'DELETE', path));
};

/** `POST /networks/prune`: ours that nobody uses. */
export const pruneNetworks: Handler = async (swarm, { query, version }) => {
  const filters = parseFilters(query.get('filters')) ?? {};
  const label = [...(filters.label ?? []), `${clusterLabel}=${swarm.state.settings.clusterId}`];
  const text = encodeURIComponent(JSON.stringify({ ...filters, label }));
  const deleted: string[] = [];
  for (const node of distinctEngines(swarm)) {
    const path = `${version}/networks/prune?filters=${text}`;
    const answer = await swarm.engines.call(node, 'POST', path);
    expectOk(node, answer);
    const { NetworksDeleted } = answer.json as { NetworksDeleted?: string[] | null };
    deleted.push(...(NetworksDeleted ?? []).map((name) => `${node.name}/${name}`));
  }
  return { status: 200, json: { NetworksDeleted: deleted } };
};
