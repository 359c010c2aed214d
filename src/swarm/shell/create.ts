/** `POST /containers/create`: placed by the swarm, then made by the engine of its node. */
import { randomBytes } from 'node:crypto';
import { DcosError } from '../../core/errors.js';
import { type CreateBody, createBodySchema } from '../../wire/docker.js';
import { exactCreate } from '../create/exact.js';
import { clusterLabel, idLabel, nodeLabel, taskLabel } from '../create/labels.js';
import { checkCreate } from '../create/policy.js';
import { readCreate } from '../create/want.js';
import { checkName, inventName } from '../names.js';
import type { Container, Node } from '../state.js';
import { bindToPlaces, ownVolumes } from './bindings.js';
import { type Handler, messageIn, placedContainer, readJson, type Swarm } from './context.js';
import { expectOk } from './engines.js';
import { provideImage } from './provide-image.js';

/** Creates a container. */
export const createContainer: Handler = async (swarm, call) => {
  const json = await readJson(call);
  exactCreate(json);
  const parsed = createBodySchema.safeParse(json);
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    throw new DcosError('invalid', `${issue?.path.join('.')}: ${issue?.message}`, { status: 400 });
  }
  checkCreate(parsed.data, swarm.allowances);
  const taken = new Set(swarm.state.names.keys());
  const given = call.query.get('name')?.replace(/^\//, '');
  const name = given || inventName(taken, swarm.random.next);
  checkName(name);
  const platform = call.query.get('platform');
  const { body, pins, warnings } = await bindToPlaces(swarm, withPlatform(parsed.data, platform));
  const read = readCreate(body);
  const swarmId = randomBytes(32).toString('hex');
  const labels = {
    ...read.body.Labels,
    [idLabel]: swarmId,
    [clusterLabel]: swarm.state.settings.clusterId,
  };
  const placed = await swarm.driver.ask<string | DcosError>((requestId) => ({
    type: 'ContainerRequested',
    requestId,
    swarmId,
    name,
    body: { ...read.body, Labels: labels },
    reschedules: read.reschedules,
    pins,
  }));
  if (placed instanceof DcosError) throw placed;
  const container = swarm.state.containers.get(swarmId);
  if (container === undefined) throw new DcosError('conflict', `${name} was removed meanwhile`);
  const auth = call.headers['x-registry-auth'];
  const id = await makeOrDrop(swarm, container, placed, call.version, String(auth ?? ''));
  return { status: 201, json: { Id: id, Warnings: warnings } };
};

/** Makes it, or lets nothing of it stay. */
async function makeOrDrop(
  swarm: Swarm,
  container: Container,
  agentId: string,
  version: string,
  auth: string,
): Promise<string> {
  const { swarmId, taskId = '' } = container;
  try {
    const node = swarm.engines.healthy(agentId, `Container ${container.name}`);
    const { id } = await makeContainer(swarm, container, node, version, auth);
    const result = await swarm.driver.ask<DcosError | undefined>((requestId) => ({
      type: 'ContainerMade',
      requestId,
      swarmId,
      taskId,
      containerId: id,
    }));
    if (result instanceof DcosError) throw result;
    return id;
  } catch (error) {
    await swarm.driver.ask((requestId) => ({
      type: 'ContainerRefused',
      requestId,
      swarmId,
      taskId,
    }));
    throw error;
  }
}

/**
 * Has the engine of `node` make it: what was made already by an earlier try is taken as it is, what
 * is left of its time there before it moved goes. The image is brought where it lacks. Throws the
 * engine's own error.
 */
export async function makeContainer(
  swarm: Swarm,
  container: Container,
  node: Node,
  version: string,
  auth: string,
): Promise<{ readonly id: string; readonly isNew: boolean }> {
  const { name, swarmId, taskId = '' } = container;
  const body = withOwnReferences(swarm, container.body);
  const labels = { ...body.Labels, [nodeLabel]: node.agentId, [taskLabel]: taskId };
  await ownVolumes(swarm, node, body);
  const path = `${version}/containers/create?name=${encodeURIComponent(name)}`;
  const make = () => swarm.engines.call(node, 'POST', path, { json: { ...body, Labels: labels } });
  let answer = await make();
  if (answer.status === 404 && /no such image/i.test(messageIn(answer, node))) {
    await provideImage(swarm, node, body.Image ?? '', auth);
    answer = await make();
  }
  if (answer.status === 409) {
    const there = await containerNamed(swarm, node, name);
    const labels = there?.Config?.Labels;
    if (there?.Id !== undefined && labels?.[idLabel] === swarmId) {
      const madeUnder = labels[taskLabel] ?? taskId;
      if (madeUnder === taskId) return { id: there.Id, isNew: false };
      expectOk(node, await swarm.engines.call(node, 'DELETE', `/containers/${there.Id}?force=1`));
      answer = await make();
    }
  }
  const id = (answer.json as { Id?: unknown } | undefined)?.Id;
  if (answer.status === 201 && typeof id === 'string') return { id, isNew: true };
  const code = answer.status === 409 ? 'conflict' : 'failed';
  throw new DcosError(code, messageIn(answer, node), { status: answer.status });
}

interface Inspected {
  readonly Id?: string;
  readonly Config?: { readonly Labels?: Readonly<Record<string, string>> };
}

async function containerNamed(
  swarm: Swarm,
  node: Node,
  name: string,
): Promise<Inspected | undefined> {
  const path = `/containers/${encodeURIComponent(name)}/json`;
  return (await swarm.engines.call(node, 'GET', path)).json as Inspected | undefined;
}

/** `--platform` as a constraint on the engine's own system. */
function withPlatform(body: CreateBody, platform: string | null): CreateBody {
  if (!platform) return body;
  const [os = '', arch] = platform.split('/');
  const archName = { amd64: 'x86_64', arm64: 'aarch64' }[arch ?? ''] ?? arch;
  const constraints = [
    ...(os === '' ? [] : [`constraint:ostype==${os}`]),
    ...(archName === undefined ? [] : [`constraint:architecture==${archName}`]),
  ];
  return { ...body, Env: [...(body.Env ?? []), ...constraints] };
}

/** Links, shared namespaces and `--volumes-from` name containers of ours, and only those. */
function withOwnReferences(swarm: Swarm, body: CreateBody): CreateBody {
  const host = body.HostConfig;
  if (host == null) return body;
  const idOf = (reference: string): string => placedContainer(swarm, reference).id;
  const changed = { ...host };
  for (const key of ['NetworkMode', 'PidMode', 'IpcMode'] as const) {
    const mode = host[key];
    if (mode?.startsWith('container:')) changed[key] = `container:${idOf(mode.slice(10))}`;
  }
  if (host.VolumesFrom != null) {
    changed.VolumesFrom = host.VolumesFrom.map((text) => {
      const [reference = '', ...mode] = text.split(':');
      return [idOf(reference), ...mode].join(':');
    });
  }
  if (host.Links != null) {
    changed.Links = host.Links.map((text) => {
      const [reference = '', alias = reference] = text.replace(/^\//, '').split(':');
      return `${idOf(reference)}:${alias.split('/').at(-1)}`;
    });
  }
  return { ...body, HostConfig: changed };
}
