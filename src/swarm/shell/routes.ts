/** The Docker API's routes, in the order in which they are tried. */
import { DcosError } from '../../core/errors.js';
import type { Answer } from '../../core/http/server.js';
import { buildImage, cancelBuild, commitContainer, pruneBuilds } from './build.js';
import {
  createExec,
  forwardExec,
  inspectContainer,
  listAll,
  pruneContainers,
  removeContainer,
  renameContainer,
} from './containers.js';
import { type Call, type Handler, readJson, type Swarm } from './context.js';
import { createContainer } from './create.js';
import { forwardToContainer } from './forward.js';
import {
  imageHistory,
  importOrPull,
  listImages,
  loadImages,
  pruneImages,
  pushImage,
  removeImage,
  saveImages,
  searchImages,
  showDistribution,
  showImage,
  tagImage,
} from './images.js';
import {
  connectNetwork,
  createNetwork,
  listNetworks,
  pruneNetworks,
  removeNetwork,
  showNetwork,
} from './networks.js';
import {
  diskUsage,
  login,
  noBuildKit,
  noPlugin,
  notASwarmNode,
  notServed,
  ping,
  showInfo,
  showVersion,
  streamEvents,
} from './system.js';
import { createVolume, listVolumes, pruneVolumes, removeVolume, showVolume } from './volumes.js';

type RouteRow = readonly [method: string, pattern: RegExp, handler: Handler];

/** Passed on without a body: it has none that an engine reads, whatever clients send. */
const ordered = (action: string): Handler => {
  return (swarm, call) => {
    const empty = { ...call, headers: {} };
    return forwardToContainer(swarm, empty, `/${action}`, Buffer.alloc(0));
  };
};
/** A start, whose body engines of old read: it says how the container sits on its host. */
const started: Handler = async (swarm, call) => {
  const body = await readJson(call);
  if (body !== undefined && body !== null && Object.keys(body).length > 0) {
    const text = 'start takes no body: how a container is run is said when it is created';
    throw new DcosError('invalid', text, { status: 400 });
  }
  return ordered('start')(swarm, call);
};
/** Passed to the container's engine as it is. */
const passed = (action: string): Handler => {
  return (swarm, call) => forwardToContainer(swarm, call, `/${action}`);
};
const containerRows = (method: string, actions: string, handler = passed): RouteRow[] =>
  actions
    .split(' ')
    .map((action) => [method, new RegExp(`^/containers/(.+)/${action}$`), handler(action)]);

const rows: readonly RouteRow[] = [
  ['GET', /^\/_ping$/, ping],
  ['HEAD', /^\/_ping$/, ping],
  ['GET', /^\/version$/, showVersion],
  ['GET', /^\/info$/, showInfo],
  ['GET', /^\/events$/, streamEvents],
  ['GET', /^\/system\/df$/, diskUsage],
  ['POST', /^\/auth$/, login],
  ['GET', /^\/containers\/(?:json|ps)$/, listAll],
  ['POST', /^\/containers\/create$/, createContainer],
  ['POST', /^\/containers\/prune$/, pruneContainers],
  ['GET', /^\/containers\/(.+)\/json$/, inspectContainer],
  ['POST', /^\/containers\/(.+)\/rename$/, renameContainer],
  ['POST', /^\/containers\/(.+)\/exec$/, createExec],
  ...containerRows('POST', 'start', () => started),
  ...containerRows('POST', 'stop restart kill pause unpause wait resize', ordered),
  ...containerRows('POST', 'attach copy update'),
  ...containerRows('GET', 'logs top stats changes export archive'),
  ...containerRows('HEAD', 'archive'),
  ...containerRows('PUT', 'archive'),
  ['DELETE', /^\/containers\/(.+)$/, removeContainer],
  ['POST', /^\/exec\/([^/]+)\/(start|resize)$/, forwardExec],
  ['GET', /^\/exec\/([^/]+)\/(json)$/, forwardExec],
  ['POST', /^\/commit$/, commitContainer],
  ['GET', /^\/images\/json$/, listImages],
  ['POST', /^\/images\/create$/, importOrPull],
  ['POST', /^\/images\/load$/, loadImages],
  ['POST', /^\/images\/prune$/, pruneImages],
  ['GET', /^\/images\/search$/, searchImages],
  ['GET', /^\/images\/(?:(.+)\/)?get$/, saveImages],
  ['GET', /^\/images\/(.+)\/json$/, showImage],
  ['GET', /^\/images\/(.+)\/history$/, imageHistory],
  ['POST', /^\/images\/(.+)\/push$/, pushImage],
  ['POST', /^\/images\/(.+)\/tag$/, tagImage],
  ['DELETE', /^\/images\/(.+)$/, removeImage],
  ['GET', /^\/distribution\/(.+)\/json$/, showDistribution],
  ['POST', /^\/build$/, buildImage],
  ['POST', /^\/build\/cancel$/, cancelBuild],
  ['POST', /^\/build\/prune$/, pruneBuilds],
  ['POST', /^\/session$/, noBuildKit],
  ['POST', /^\/grpc$/, noBuildKit],
  ['GET', /^\/networks$/, listNetworks],
  ['POST', /^\/networks\/create$/, createNetwork],
  ['POST', /^\/networks\/prune$/, pruneNetworks],
  ['POST', /^\/networks\/(.+)\/(connect|disconnect)$/, connectNetwork],
  ['GET', /^\/networks\/(.+)$/, showNetwork],
  ['DELETE', /^\/networks\/(.+)$/, removeNetwork],
  ['GET', /^\/volumes$/, listVolumes],
  ['POST', /^\/volumes\/create$/, createVolume],
  ['POST', /^\/volumes\/prune$/, pruneVolumes],
  ['GET', /^\/volumes\/(.+)$/, showVolume],
  ['DELETE', /^\/volumes\/(.+)$/, removeVolume],
  ['*', /^\/(?:swarm|services|nodes|tasks|secrets|configs)(?:\/.*)?$/, notASwarmNode],
  ['GET', /^\/plugins\/(.+)\/json$/, noPlugin],
  ['*', /^\/(?:plugins|containers\/.+\/checkpoints)(?:\/.*)?$/, notServed],
];

/** Serves one request. Throws what handlers throw. */
export function dispatch(
  swarm: Swarm,
  call: Omit<Call, 'groups'>,
): Promise<Answer | undefined> | Answer | undefined {
  for (const [method, pattern, handler] of rows) {
    if (method !== '*' && method !== call.method) continue;
    const found = pattern.exec(call.path);
    if (found === null) continue;
    const groups = found.slice(1).map((text) => text ?? '');
    return handler(swarm, { ...call, groups });
  }
  return { status: 404, json: { message: 'page not found' } };
}
