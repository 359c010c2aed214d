/** Volumes: each on its node, named `NODE/name` in lists; only those of this swarm. */
import { randomBytes } from 'node:crypto';
import { DcosError } from '../../core/errors.js';
import { nameManners } from '../api/clients.js';
import { hasLabel, parseFilters } from '../api/events.js';
import { exactFields } from '../create/exact.js';
import { clusterLabel, givenLabels } from '../create/labels.js';
import { checkVolume } from '../create/policy.js';
import type { Node } from '../state.js';
import { nodeNamed, ourFilter } from './bindings.js';
import { chooseNode } from './choose-node.js';
import { askAll, distinctEngines, type Handler, readJson, type Swarm } from './context.js';
import { expectOk } from './engines.js';
import { withQuery } from './forward.js';
import { ownLabel } from './images.js';

const volumeFields = ['Name', 'Driver', 'DriverOpts', 'Labels', 'ClusterVolumeSpec'];

interface Volume {
  readonly Name: string;
  readonly Driver?: string;
  readonly Labels?: Record<string, string> | null;
}

interface Found {
  readonly node: Node;
  readonly volume: Volume;
}

async function allVolumes(swarm: Swarm, dangling?: string): Promise<Found[]> {
  const more = dangling === undefined ? {} : { dangling: [dangling] };
  const lists = await askAll(swarm, `/volumes?filters=${ourFilter(swarm, more)}`);
  return lists.flatMap(({ node, json }) => {
    const { Volumes } = (json ?? {}) as { Volumes?: Volume[] | null };
    return (Volumes ?? []).map((volume) => ({ node, volume }));
  });
}

/** `GET /volumes` */
export const listVolumes: Handler = async (swarm, { query, headers }) => {
  const filters = parseFilters(query.get('filters'));
  if (filters === undefined) throw new DcosError('invalid', 'invalid filters', { status: 400 });
  const { dangling, ...rest } = filters;
  const all = await allVolumes(swarm, dangling?.[0]);
  const shown = all.filter(({ node, volume }) =>
    Object.entries(rest).every(([kind, values]) => {
      if (values.length === 0) return true;
      const labels = volume.Labels ?? {};
      if (kind === 'label') return values.every((value) => hasLabel(labels, value));
      return values.some((value) => {
        if (kind === 'name') return `${node.name}/${volume.Name}`.includes(value);
        if (kind === 'driver') return volume.Driver === value;
        if (kind === 'node') return node.name === value || node.agentId === value;
        throw new DcosError('invalid', `invalid filter '${kind}'`, { status: 400 });
      });
    }),
  );
  const isPlain = nameManners(headers['user-agent']).plainPlaces;
  const Volumes = shown.map(({ node, volume }) => ({
    ...givenLabels(volume),
    Name: isPlain && isAlone(all, volume) ? volume.Name : `${node.name}/${volume.Name}`,
  }));
  return { status: 200, json: { Volumes, Warnings: [] } };
};

const isAlone = (all: readonly Found[], { Name }: Volume): boolean =>
  all.filter(({ volume }) => volume.Name === Name).length === 1;

/** The volumes of a reference, `name` or `NODE/name`. Throws `not-found`. */
async function findVolumes(swarm: Swarm, reference: string): Promise<Found[]> {
  const found = (await allVolumes(swarm)).filter(
    ({ node, volume: { Name } }) =>
      reference === Name ||
      reference === `${node.name}/${Name}` ||
      reference === `${node.agentId}/${Name}`,
  );
  if (found.length === 0) throw new DcosError('not-found', `No such volume: ${reference}`);
  return found;
}

/** `GET /volumes/V` */
export const showVolume: Handler = async (swarm, { groups, query, version }) => {
  const [found] = await findVolumes(swarm, groups[0] ?? '');
  if (found === undefined) return { status: 404 };
  const name = encodeURIComponent(found.volume.Name);
  const path = withQuery(`${version}/volumes/${name}`, query);
  const answer = await swarm.engines.call(found.node, 'GET', path);
  expectOk(found.node, answer);
  return { status: 200, json: givenLabels(answer.json as Volume) };
};

/** `POST /volumes/create`: on the node that is named, else on the one that the strategy prefers. */
export const createVolume: Handler = async (swarm, call) => {
  const body = exactFields(await readJson(call), volumeFields) as Record<string, unknown> & {
    Name?: string;
    Driver?: string;
    DriverOpts?: Record<string, string> | null;
    Labels?: Record<string, string> | null;
  };
  checkVolume(body.Driver, body.DriverOpts, swarm.allowances);
  const given = body.Name || randomBytes(32).toString('hex');
  const at = given.indexOf('/');
  const named = at > 0 ? nodeNamed(swarm, given.slice(0, at)) : undefined;
  if (at > 0 && named === undefined) {
    throw new DcosError('failed', `there is no node ${given.slice(0, at)}`, { status: 500 });
  }
  const Name = given.slice(at + 1);
  const known = (await allVolumes(swarm)).find(
    ({ node, volume }) => volume.Name === Name && (named === undefined || node === named),
  );
  // Who creates it twice gets the one that is there, as engines have it.
  const node = named ?? known?.node ?? (await chooseNode(swarm, body.Labels ?? {}));
  const json = { ...body, Name, Labels: { ...body.Labels, ...ownLabel(swarm) } };
  const answer = await swarm.engines.call(node, 'POST', `${call.version}/volumes/create`, { json });
  expectOk(node, answer);
  const { Labels } = answer.json as Volume;
  if (Labels?.[clusterLabel] !== swarm.state.settings.clusterId) {
    throw new DcosError('conflict', `the volume ${Name} of node ${node.name} is not of this swarm`);
  }
  return { status: 201, json: givenLabels(answer.json as Volume) };
};

/** `DELETE /volumes/V`: on every node that has it. */
export const removeVolume: Handler = async (swarm, { groups, query, version }) => {
  for (const { node, volume } of await findVolumes(swarm, groups[0] ?? '')) {
    const path = withQuery(`${version}/volumes/${encodeURIComponent(volume.Name)}`, query);
    expectOk(node, await swarm.engines.call(node, 'DELETE', path));
  }
  return { status: 204 };
};

/** `POST /volumes/prune`: ours that nobody uses. */
export const pruneVolumes: Handler = async (swarm, { query, version }) => {
  const filters = parseFilters(query.get('filters')) ?? {};
  const label = [...(filters.label ?? []), `${clusterLabel}=${swarm.state.settings.clusterId}`];
  const text = encodeURIComponent(JSON.stringify({ ...filters, label }));
  const deleted: string[] = [];
  let space = 0;
  for (const node of distinctEngines(swarm)) {
    const path = `${version}/volumes/prune?filters=${text}`;
    const answer = await swarm.engines.call(node, 'POST', path);
    expectOk(node, answer);
    const { VolumesDeleted, SpaceReclaimed = 0 } = answer.json as {
      VolumesDeleted?: string[] | null;
      SpaceReclaimed?: number;
    };
    deleted.push(...(VolumesDeleted ?? []).map((name) => `${node.name}/${name}`));
    space += SpaceReclaimed;
  }
  return { status: 200, json: { VolumesDeleted: deleted, SpaceReclaimed: space } };
};
