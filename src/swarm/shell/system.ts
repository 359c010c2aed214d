/** `/_ping`, `/version`, `/info`, `/events`, `/system/df`, `/auth`, and what a swarm is not. */
import * as os from 'node:os';
import { systemClock } from '../../core/clock.js';
import { DcosError } from '../../core/errors.js';
import type { Answer } from '../../core/http/server.js';
import type { EngineEvent } from '../../wire/docker.js';
import { eventPasses, parseFilters } from '../api/events.js';
import { mergeImages } from '../api/images.js';
import { apiVersions, type Counts, infoOf, swarmVersion } from '../api/info.js';
import { ourFilter } from './bindings.js';
import { entriesOf } from './containers.js';
import {
  answerOf,
  askAll,
  distinctEngines,
  type Handler,
  healthyNodes,
  readJson,
  type Swarm,
} from './context.js';

/** The headers of every answer. */
export function commonHeaders(swarm: Swarm): Record<string, string> {
  return {
    'api-version': apiVersions(swarm.state).max,
    'docker-experimental': 'false',
    ostype: 'linux',
    server: 'dcos-swarm',
  };
}

/** `GET` and `HEAD /_ping` */
export const ping: Handler = () => ({
  status: 200,
  text: 'OK',
  headers: {
    'builder-version': '1',
    swarm: 'inactive',
    'cache-control': 'no-cache, no-store, must-revalidate',
    pragma: 'no-cache',
  },
});

/** `GET /version` */
export const showVersion: Handler = ({ state }) => {
  const { max, min } = apiVersions(state);
  const common = { ApiVersion: max, MinAPIVersion: min, Os: 'linux', Arch: goArch() };
  const Details = { ...common, KernelVersion: os.release(), GoVersion: '', GitCommit: '' };
  return {
    status: 200,
    json: {
      Version: swarmVersion,
      ...Details,
      Platform: { Name: 'dcos' },
      Components: [{ Name: 'Engine', Version: swarmVersion, Details }],
    },
  };
};

const goArch = (): string => (os.arch() === 'x64' ? 'amd64' : os.arch());

/** `GET /info` */
export const showInfo: Handler = async (swarm) => {
  const counts = new Map<string, Counts>();
  for (const node of healthyNodes(swarm)) {
    counts.set(node.agentId, { running: 0, paused: 0, stopped: 0 });
  }
  for (const { summary, swarmId } of await entriesOf(swarm, false)) {
    const agentId = swarm.state.containers.get(swarmId)?.agentId ?? '';
    const before = counts.get(agentId);
    if (before === undefined) continue;
    const key =
      summary.State === 'running' ? 'running' : summary.State === 'paused' ? 'paused' : 'stopped';
    counts.set(agentId, { ...before, [key]: before[key] + 1 });
  }
  const lists = healthyNodes(swarm).length === 0 ? [] : await askAll(swarm, '/images/json');
  const machine = { hostname: os.hostname(), kernel: os.release(), arch: 'x86_64' };
  const images = mergeImages(lists.map(({ json }) => json)).length;
  return { status: 200, json: infoOf(swarm.state, counts, images, machine, systemClock.now()) };
};

const maxUnreadBytes = 8 * 1024 * 1024;

/** `GET /events`: what is kept since `since`, then all that comes, until `until`. */
export const streamEvents: Handler = (swarm, { query, response }) => {
  const filters = parseFilters(query.get('filters'));
  if (filters === undefined) throw new DcosError('invalid', 'invalid filters', { status: 400 });
  const [since, until] = [timeOf(query.get('since')), timeOf(query.get('until'))];
  response.writeHead(200, { 'content-type': 'application/json', ...commonHeaders(swarm) });
  response.flushHeaders();
  const write = (event: EngineEvent): void => {
    if (until !== undefined && (event.time ?? 0) > until) return;
    if (!eventPasses(event, filters)) return;
    response.write(`${JSON.stringify(event)}\n`);
    // Who does not read is cut off rather than kept in memory.
    if (response.writableLength > maxUnreadBytes) response.destroy();
  };
  if (since !== undefined) for (const event of swarm.hub.since(since)) write(event);
  const leave = swarm.hub.listen(write);
  const leftMs = until === undefined ? undefined : Math.max(0, until * 1000 - systemClock.now());
  const timer =
    leftMs === undefined
      ? undefined
      : setTimeout(() => response.end(), Math.min(leftMs, 2 ** 31 - 1));
  response.on('close', () => {
    clearTimeout(timer);
    leave();
  });
  return undefined;
};

/** Unix seconds, with a fraction perhaps. Throws `invalid` (400). */
function timeOf(text: string | null): number | undefined {
  if (text === null || text === '') return undefined;
  if (!/^\d+(\.\d+)?$/.test(text)) {
    throw new DcosError('invalid', `'${text}' is no time in seconds`, { status: 400 });
  }
  return Number(text);
}

/** `GET /system/df`: all engines together. */
export const diskUsage: Handler = async (swarm, { version }) => {
  const answers = await askAll(swarm, `${version}/system/df`);
  const lists = answers.map(({ json }) => (json ?? {}) as Record<string, unknown>);
  const listOf = (one: Record<string, unknown>, key: string): unknown[] =>
    Array.isArray(one[key]) ? one[key] : [];
  const ours = new Set([...swarm.state.containers.values()].map(({ containerId }) => containerId));
  return {
    status: 200,
    json: {
      LayersSize: lists.reduce((sum, one) => sum + Number(one.LayersSize ?? 0), 0),
      Images: mergeImages(lists.map((one) => one.Images)),
      Containers: lists
        .flatMap((one) => listOf(one, 'Containers'))
        .filter((one) => ours.has((one as { Id?: string }).Id)),
      Volumes: await ownVolumesOf(
        swarm,
        lists.flatMap((one) => listOf(one, 'Volumes')),
      ),
      BuildCache: lists.flatMap((one) => listOf(one, 'BuildCache')),
      BuilderSize: lists.reduce((sum, one) => sum + Number(one.BuilderSize ?? 0), 0),
    },
  };
};

async function ownVolumesOf(swarm: Swarm, all: unknown[]): Promise<unknown[]> {
  const names = new Set<string>();
  for (const { json } of await askAll(swarm, `/volumes?filters=${ourFilter(swarm)}`)) {
    const { Volumes } = (json ?? {}) as { Volumes?: { Name: string }[] | null };
    for (const { Name } of Volumes ?? []) names.add(Name);
  }
  return all.filter((one) => names.has(String((one as { Name?: string }).Name)));
}

/** `POST /auth`: one engine tries the login. */
export const login: Handler = async (swarm, call) => {
  const [node] = distinctEngines(swarm);
  const json = await readJson(call);
  if (node === undefined) return { status: 503 };
  return answerOf(await swarm.engines.call(node, 'POST', `${call.version}/auth`, { json }));
};

/** `docker swarm`, `service`, `node`, `stack`, `secret`, `config`: as an engine outside of one. */
export const notASwarmNode: Handler = (): Answer => ({
  status: 503,
  json: {
    message:
      'This node is not a swarm manager. Use "docker swarm init" or "docker ' +
      'swarm join" to connect this node to swarm and try again. (This cluster ' +
      'is no Docker swarm-mode cluster: for services use "dcos app add" or ' +
      'docker-compose.)',
  },
});

/** What needs one engine's own files, or is not served. */
export const notServed: Handler = (_swarm, { path }): Answer => ({
  status: 501,
  json: { message: `${path} is not served by a cluster of engines` },
});

/** `docker inspect` looks here last, and only then says that it found nothing of that name. */
export const noPlugin: Handler = (_swarm, { groups }): Answer => ({
  status: 404,
  json: { message: `plugin ${JSON.stringify(groups[0] ?? '')} not found` },
});

/** BuildKit's sessions. */
export const noBuildKit: Handler = (): Answer => ({
  status: 501,
  json: {
    message: 'BuildKit is not served by this cluster: build with DOCKER_BUILDKIT=0 docker build',
  },
});
