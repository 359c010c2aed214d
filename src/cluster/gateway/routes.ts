/**
 * The gateway's whole table: who may call what, and where it goes (docs/architecture.md,
 * "Gateway").
 */
import { DcosError } from '../../core/errors.js';
import type { Request, Route } from '../../core/http/server.js';
import type { LocalCluster } from '../../wire/local-cluster.js';
import type { Operator } from '../operator.js';
import type { AgentDirectory } from './agents.js';
import { checkedPath, pathAfter } from './paths.js';
import { forward, type Target } from './proxy.js';
import type { ServiceDirectory } from './services.js';

/** What the gateway joins. */
export interface GatewayOptions {
  readonly cluster: LocalCluster;
  /** Of the program. */
  readonly version: string;
  readonly operator: Operator;
  readonly agents: AgentDirectory;
  readonly services: ServiceDirectory;
  /** The API of `services`, whose paths begin with `/v2`, `/ping`… */
  readonly marathon: readonly Route[];
  /** Routes for users only. */
  readonly forUsers: readonly Route[];
  /** Routes for service accounts too: each looks after itself. */
  readonly forAll: readonly Route[];
}

/** Where the API of `services` is found. */
const marathonPrefixes = ['/service/marathon', '/marathon'];

/** The table. The first entry that matches is taken. */
export function gatewayRoutes(options: GatewayOptions): Route[] {
  return [
    ...openRoutes(options),
    ...options.forAll,
    ...[
      ...options.forUsers,
      ...marathonPrefixes.flatMap((prefix) =>
        options.marathon.map((route) => below(prefix, route)),
      ),
      ...proxies(options),
    ].map(usersOnly),
  ];
}

function openRoutes({ cluster, version }: GatewayOptions): Route[] {
  const open = (method: string, path: string, handle: Route['handle']): Route => ({
    method,
    path,
    access: 'open',
    handle,
  });
  const [address] = cluster.control.advertise.split(':');
  return [
    open('GET', '/ping', () => ({ status: 200, text: 'pong' })),
    open('HEAD', '/', () => ({ status: 200 })),
    open('GET', '/metadata', () => ({
      status: 200,
      json: { CLUSTER_ID: cluster.id, PUBLIC_IPV4: address },
    })),
    open('GET', '/dcos-metadata/dcos-version.json', () => ({
      status: 200,
      json: {
        version,
        'dcos-variant': 'open',
        'dcos-image-commit': version,
        'bootstrap-id': version,
      },
    })),
    {
      method: 'HEAD',
      path: '/pkgpanda/active.buildinfo.full.json',
      access: 'token',
      handle: () => ({ status: 200 }),
    },
  ];
}

function proxies(options: GatewayOptions): Route[] {
  const { operator, agents } = options;
  const any = (path: string, target: (request: Request) => Promise<Target> | Target): Route[] =>
    // With and without anything after the prefix.
    [path, `${path}/*rest`].map((each) => ({
      method: '*',
      path: each,
      access: 'token',
      handle: async (request) => forward(request, await target(request)),
    }));
  return [
    ...any('/mesos', (request) => ({
      origin: operator.url,
      path: passedOn(request, 1),
      name: 'the Mesos master',
      hint: 'It is restarted by itself within seconds; its log: dcos status, and local/master/log',
      headers: { authorization: operator.authorization, cookie: undefined },
    })),
    ...['/agent/:id', '/slave/:id'].flatMap((path) =>
      any(path, async (request) => ({
        origin: await agents.origin(request.params.id ?? ''),
        path: passedOn(request, 2),
        name: `the agent ${request.params.id}`,
        hint: 'What happened to it: dcos failures',
        headers: { authorization: operator.authorization, cookie: undefined },
      })),
    ),
    ...any('/service', (request) =>
      serviceTarget(options.services, request.path, queryOf(request.raw.url ?? '')),
    ),
  ];
}

/**
 * The service that a path below `/service/` leads to. Throws `not-found`, or `unreachable` while it
 * does not run.
 */
export async function serviceTarget(
  services: ServiceDirectory,
  path: string,
  query: string,
): Promise<Target> {
  checkedPath(path);
  const { name, origin } = await services.find(decodeURIComponent(pathAfter(path, 1).slice(1)));
  return {
    origin,
    path: pathAfter(path, 1 + name.split('/').length) + query,
    name: `the service ${name}`,
    hint: `It is restarted by itself; what happened: dcos failures, dcos task log ${name}`,
    // A browser's cookies are the gateway's business; the caller's token passes on.
    headers: { cookie: undefined },
  };
}

/** What is behind the first `count` segments, query included. */
function passedOn(request: Request, count: number): string {
  return pathAfter(checkedPath(request.path), count) + queryOf(request.raw.url ?? '');
}

/** The query with its question mark; empty for none. */
export function queryOf(url: string): string {
  const question = url.indexOf('?');
  return question < 0 ? '' : url.slice(question);
}

/** The same route under a prefix that its handler does not see. */
function below(prefix: string, route: Route): Route {
  return {
    ...route,
    // What it answers to anybody on a listener of its own (`/ping`), it answers here to users.
    access: 'token',
    path: `${prefix}${route.path}`,
    handle: (request) => route.handle({ ...request, path: request.path.slice(prefix.length) }),
  };
}

/**
 * Service accounts have no business here: their tokens lie on agents, where tasks of others run.
 */
function usersOnly(route: Route): Route {
  if (route.access === 'open') return route;
  return {
    ...route,
    handle: (request) => {
      if (request.caller?.claims?.is_service === true) {
        throw new DcosError(
          'forbidden',
          `the service account ${request.caller.uid} may not do this`,
        );
      }
      return route.handle(request);
    },
  };
}
