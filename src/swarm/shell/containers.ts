/** Lists, shows and removes containers; renames and prunes them. */
import { DcosError } from '../../core/errors.js';
import { type ContainerSummary, containerSummarySchema } from '../../wire/docker.js';
import { nameManners } from '../api/clients.js';
import { parseFilters } from '../api/events.js';
import { type Entry, listContainers } from '../api/list.js';
import { exactFields } from '../create/exact.js';
import { idLabel, nodeLabel } from '../create/labels.js';
import { checkName } from '../names.js';
import type { Container, Node } from '../state.js';
import { isHealthy } from '../views.js';
import { ourFilter } from './bindings.js';
import {
  askAll,
  findContainer,
  type Handler,
  healthyNodes,
  placedContainer,
  readJson,
  type Swarm,
} from './context.js';
import { expectOk } from './engines.js';
import { forwardTo, withQuery } from './forward.js';

/** `GET /containers/json` */
export const listAll: Handler = async (swarm, { query, headers }) => {
  const filters = parseFilters(query.get('filters'));
  if (filters === undefined) throw new DcosError('invalid', 'invalid filters', { status: 400 });
  const before = query.get('before');
  const since = query.get('since');
  const entries = await entriesOf(swarm, isSet(query.get('size')));
  const limit = Math.max(0, Number(query.get('limit') ?? 0) || 0);
  const wanted = {
    ...filters,
    ...(before ? { before: [before] } : {}),
    ...(since ? { since: [since] } : {}),
  };
  const all = isSet(query.get('all'));
  const plainFirst = nameManners(headers['user-agent']).plainContainers;
  return {
    status: 200,
    json: listContainers(entries, { all, limit, filters: wanted, plainFirst }),
  };
};

/** Whether a flag of a query is on, as engines read it. */
export const isSet = (value: string | null): boolean =>
  value !== null && !['', '0', 'false', 'no', 'none'].includes(value.toLowerCase());

/** Every container of ours, as its engine sees it, or as we remember it where that is away. */
export async function entriesOf(swarm: Swarm, withSize: boolean): Promise<Entry[]> {
  const { state } = swarm;
  const nodes = healthyNodes(swarm);
  const path = `/containers/json?all=1${withSize ? '&size=1' : ''}&filters=${ourFilter(swarm)}`;
  const answers = nodes.length === 0 ? [] : await askAll(swarm, path);
  const entries: Entry[] = [];
  const seen = new Set<string>();
  for (const { json } of answers) {
    for (const summary of Array.isArray(json) ? (json as ContainerSummary[]) : []) {
      const container = state.containers.get(summary.Labels?.[idLabel] ?? '');
      const node = state.nodes.get(summary.Labels?.[nodeLabel] ?? '');
      if (container === undefined || node === undefined || container.containerId !== summary.Id)
        continue;
      seen.add(container.swarmId);
      entries.push(entryOf(swarm, container, node, summary));
    }
  }
  for (const container of state.containers.values()) {
    if (seen.has(container.swarmId) || container.phase === 'making') continue;
    if (container.phase === 'placing' && !container.isMoved) continue;
    const node = state.nodes.get(container.agentId ?? '');
    if (node !== undefined && isHealthy(state, node) && container.phase === 'made') continue;
    entries.push(entryOf(swarm, container, node, remembered(container)));
  }
  return entries;
}

function entryOf(
  { state }: Swarm,
  { swarmId, agentId }: Container,
  node: Node | undefined,
  summary: ContainerSummary,
): Entry {
  return {
    summary,
    swarmId,
    nodeName: node?.name ?? agentId ?? '(none)',
    nodeAddress: node?.address ?? '',
    isNodeHealthy: node !== undefined && isHealthy(state, node),
  };
}

function remembered(container: Container): ContainerSummary {
  const { containerId, swarmId, formerIds, name, body, createdAt } = container;
  return containerSummarySchema.parse({
    Id: containerId ?? formerIds.at(-1) ?? swarmId,
    Names: [`/${name}`],
    Image: body.Image ?? '',
    ImageID: '',
    Command: '',
    Created: Math.floor(createdAt / 1000),
    State: 'dead',
    Status: 'Host Down',
    Labels: body.Labels ?? {},
    Ports: [],
    HostConfig: { NetworkMode: body.HostConfig?.NetworkMode ?? 'default' },
    NetworkSettings: { Networks: {} },
    Mounts: [],
  });
}

/** `GET /containers/X/json` */
export const inspectContainer: Handler = async (swarm, { groups, query, version }) => {
  const { id, node, container } = placedContainer(swarm, groups[0] ?? '');
  const path = withQuery(`${version}/containers/${id}/json`, query);
  const answer = await swarm.engines.call(node, 'GET', path);
  expectOk(node, answer);
  const json = answer.json as Record<string, unknown>;
  const facts = swarm.state.health.get(node.agentId)?.facts;
  return {
    status: 200,
    json: {
      ...json,
      NetworkSettings: withNodeAddress(json.NetworkSettings, node.address),
      Node: {
        ID: node.agentId,
        IP: node.address,
        Addr: `${node.address}:${node.task?.port ?? 0}`,
        Name: node.name,
        Cpus: facts?.cpus ?? node.cpus,
        Memory: facts?.memBytes ?? node.memMb * 1048576,
        Labels: { ...node.attributes, ...facts?.labels },
        SwarmId: container.swarmId,
        Task: container.taskId,
      },
    },
  };
};

function withNodeAddress(settings: unknown, address: string): unknown {
  const { Ports, ...rest } = (settings ?? {}) as {
    Ports?: Record<string, { HostIp: string }[] | null>;
  };
  const isAny = (ip: string): boolean => ip === '' || ip === '0.0.0.0' || ip === '::';
  const ports = Object.entries(Ports ?? {}).map(([port, bindings]) => {
    const shown = bindings?.map((one) => (isAny(one.HostIp) ? { ...one, HostIp: address } : one));
    // Engines name a port once for IPv4 and once for IPv6.
    const distinct = new Map(shown?.map((one) => [JSON.stringify(one), one]));
    return [port, shown === undefined ? bindings : [...distinct.values()]];
  });
  return { ...rest, Ports: Object.fromEntries(ports) };
}

/** `DELETE /containers/X` */
export const removeContainer: Handler = async (swarm, call) => {
  const { query, groups } = call;
  const container = findContainer(swarm, groups[0] ?? '');
  const { swarmId, agentId, containerId, name } = container;
  const forget = () =>
    swarm.driver.ask((requestId) => ({ type: 'ContainerRemoved', requestId, swarmId }));
  const node = swarm.state.nodes.get(agentId ?? '');
  const isReachable = node !== undefined && isHealthy(swarm.state, node);
  if (!isReachable || containerId === undefined) {
    if (!isSet(query.get('force'))) {
      throw new DcosError(
        'conflict',
        `Container ${name} is on node ${node?.name ?? '(none)'}, which cannot be ` +
          'reached; -f forgets it, and its node removes it should it come back',
        { status: 500 },
      );
    }
    await forget();
    return { status: 204 };
  }
  const path = withQuery(`${call.version}/containers/${containerId}`, query);
  const answer = await swarm.engines.call(node, 'DELETE', path);
  // A link is only a name: its container stays.
  if (answer.status !== 404) expectOk(node, answer);
  if (!isSet(query.get('link'))) await forget();
  return { status: 204 };
};

/** `POST /containers/X/rename` */
export const renameContainer: Handler = async (swarm, { groups, query, version }) => {
  const { container, id, node } = placedContainer(swarm, groups[0] ?? '');
  const name = (query.get('name') ?? '').replace(/^\//, '');
  checkName(name);
  const { swarmId, name: before } = container;
  const rename = async (to: string): Promise<void> => {
    const result = await swarm.driver.ask<DcosError | undefined>((requestId) => ({
      type: 'RenameRequested',
      requestId,
      swarmId,
      name: to,
    }));
    if (result instanceof DcosError) throw result;
  };
  await rename(name);
  try {
    const path = `${version}/containers/${id}/rename?name=${encodeURIComponent(name)}`;
    expectOk(node, await swarm.engines.call(node, 'POST', path));
  } catch (error) {
    await rename(before);
    throw error;
  }
  return { status: 204 };
};

/** `POST /containers/prune`: only ours, and each ends its task. */
export const pruneContainers: Handler = async (swarm, { query }) => {
  const filters = parseFilters(query.get('filters')) ?? {};
  const { until, ...rest } = filters;
  const wishes = { all: true, limit: 0, filters: rest };
  const entries = await entriesOf(swarm, true);
  const shown = new Set(listContainers(entries, wishes).map(({ Id }) => Id));
  const limit = untilSeconds(until?.[0]);
  const removed: string[] = [];
  let space = 0;
  for (const { summary, swarmId } of entries) {
    const isStopped = ['exited', 'created', 'dead'].includes(summary.State ?? '');
    const isOld = limit === undefined || (summary.Created ?? 0) < limit;
    if (!isStopped || !isOld || !shown.has(summary.Id)) continue;
    const node = swarm.state.nodes.get(swarm.state.containers.get(swarmId)?.agentId ?? '');
    if (node === undefined || !isHealthy(swarm.state, node)) continue;
    const answer = await swarm.engines.call(node, 'DELETE', `/containers/${summary.Id}`);
    if (answer.status >= 400) continue;
    await swarm.driver.ask((requestId) => ({ type: 'ContainerRemoved', requestId, swarmId }));
    removed.push(summary.Id);
    space += Number(summary.SizeRw ?? 0);
  }
  return { status: 200, json: { ContainersDeleted: removed, SpaceReclaimed: space } };
};

/** Unix seconds, or a time in text; durations are reckoned by clients already. */
function untilSeconds(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const seconds = /^\d+(\.\d+)?$/.test(text) ? Number(text) : Date.parse(text) / 1000;
  return Number.isNaN(seconds) ? undefined : seconds;
}

/** `POST /containers/X/exec`, remembered so that `/exec/ID` finds its node. */
export const createExec: Handler = async (swarm, call) => {
  const { node, id } = placedContainer(swarm, call.groups[0] ?? '');
  const body = exactFields(await readJson(call), ['Cmd', 'Privileged']);
  if (!Array.isArray(body.Cmd) || body.Cmd.length === 0) {
    throw new DcosError('invalid', 'No exec command specified', { status: 400 });
  }
  if (body.Privileged === true && !swarm.allowances.privileged) {
    throw new DcosError(
      'refused',
      'exec --privileged is not allowed in this swarm (option ' +
        'containers.allow_privileged of its package)',
      { status: 403 },
    );
  }
  const path = `${call.version}/containers/${id}/exec`;
  const answer = await swarm.engines.call(node, 'POST', path, { json: body });
  expectOk(node, answer);
  const { Id } = answer.json as { Id: string };
  if (swarm.execs.size > 10_000) swarm.execs.delete([...swarm.execs.keys()][0] ?? '');
  swarm.execs.set(Id, node.agentId);
  return { status: 201, json: { Id } };
};

/** The node of an exec: remembered, or found by asking. Throws `not-found`. */
export async function nodeOfExec(swarm: Swarm, execId: string): Promise<Node> {
  const known = swarm.execs.get(execId);
  if (known !== undefined) return swarm.engines.healthy(known, `Exec ${execId}`);
  if (/^[0-9a-f]{64}$/.test(execId)) {
    for (const node of healthyNodes(swarm)) {
      const { status, json } = await swarm.engines.call(node, 'GET', `/exec/${execId}/json`);
      const of = (json as { ContainerID?: string } | undefined)?.ContainerID;
      const isOurs = [...swarm.state.containers.values()].some(
        ({ containerId }) => containerId === of,
      );
      if (status !== 200 || !isOurs) continue;
      swarm.execs.set(execId, node.agentId);
      return node;
    }
  }
  throw new DcosError('not-found', `Exec ${execId.slice(0, 80)} not found`);
}

/** `POST /exec/E/start` without an upgrade, `resize`, `GET json`. */
export const forwardExec: Handler = async (swarm, call) => {
  const [execId = '', action = ''] = call.groups;
  const node = await nodeOfExec(swarm, execId);
  return forwardTo(swarm, call, node, withQuery(`/exec/${execId}/${action}`, call.query));
};
