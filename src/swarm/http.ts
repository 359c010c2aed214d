/**
 * The Docker Engine API of a swarm: with and without a version in the path, for callers with a
 * token, hijacked connections included.
 */
import type * as http from 'node:http';
import type { Duplex } from 'node:stream';
import { systemClock } from '../core/clock.js';
import { DcosError, messageOf } from '../core/errors.js';
import {
  type Answer,
  type Caller,
  type Request,
  type Route,
  type Server,
  startServer,
  statusOf,
} from '../core/http/server.js';
import { tokenOf, verifyToken } from '../core/tokens.js';
import { apiVersions, isTooNew } from './api/info.js';
import { nodeOfExec } from './shell/containers.js';
import { placedContainer, type Swarm } from './shell/context.js';
import { hijackTo, withQuery } from './shell/forward.js';
import { endWith, headText } from './shell/relay.js';
import { dispatch } from './shell/routes.js';
import { commonHeaders } from './shell/system.js';

/** How the API is served. */
export interface ServeOptions {
  readonly swarm: Swarm;
  readonly host: string;
  readonly port: number;
  /** PEM keys whose tokens are taken: the cluster's, and our own for credentials of clients. */
  readonly publicKeys: readonly string[];
  /** Beside the Docker API: plans, credentials. */
  readonly routes: readonly Route[];
}

/** Starts it. Throws as `startServer`. */
export function serve(options: ServeOptions): Promise<Server> {
  const { swarm } = options;
  const authenticate = async (headers: http.IncomingHttpHeaders): Promise<Caller | undefined> =>
    callerOf(options, headers);
  return startServer({
    host: options.host,
    port: options.port,
    // Every request needs a token, which no page of a browser has.
    allowedHosts: ['*'],
    routes: [
      ...options.routes,
      { method: '*', path: '/*path', access: 'token', handle: (request) => handle(swarm, request) },
    ],
    authenticate,
    wwwAuthenticate: 'Bearer realm="dcos-swarm"',
    errorAnswer: (error) => ({ ...errorAnswer(error), headers: commonHeaders(swarm) }),
    onUpgrade: (request, socket, head) => void upgrade(options, request, socket, head),
    log: swarm.log,
  });
}

/** A user of the cluster, or a client with a credential of this swarm; no service account. */
function callerOf(
  { publicKeys }: ServeOptions,
  headers: http.IncomingHttpHeaders,
): Caller | undefined {
  const token = tokenOf(headers.authorization);
  if (token === undefined) return undefined;
  let problem: unknown;
  for (const [index, key] of publicKeys.entries()) {
    try {
      const caller = verifyToken(token, key, systemClock.now());
      // Tokens for executors are signed by the same key.
      const audience = caller.claims?.aud;
      const isMeant = index === 0 ? audience === undefined : audience === 'api';
      if (isMeant) return caller;
    } catch (error) {
      problem ??= error;
    }
  }
  throw problem instanceof DcosError ? problem : new DcosError('auth', 'the token is not for this');
}

function errorAnswer(error: DcosError): Answer {
  const hint = error.hint === undefined ? '' : `\n${error.hint}`;
  return { status: statusOf(error), json: { message: `${error.message}${hint}` } };
}

/** A path without its version. Throws `invalid` for a version that is not served, or no path. */
function splitPath(swarm: Swarm, raw: string): { path: string; version: string } {
  const found = /^\/v(\d+\.\d+)(\/.*)$/.exec(raw);
  const { max, min } = apiVersions(swarm.state);
  const asked = found?.[1];
  if (asked !== undefined && isTooNew(asked, max)) {
    throw new DcosError(
      'invalid',
      `client version ${asked} is too new. Maximum supported API version is ${max}`,
      { status: 400 },
    );
  }
  if (asked !== undefined && isTooNew(min, asked)) {
    throw new DcosError(
      'invalid',
      `client version ${asked} is too old. Minimum supported API version is ${min}, please ` +
        'upgrade your client to a newer version',
      { status: 400 },
    );
  }
  let path: string;
  try {
    path = decodeURIComponent(found?.[2] ?? raw);
  } catch (error) {
    throw new DcosError('invalid', 'the path is not well-formed', { status: 400, cause: error });
  }
  const isStray = path.split('/').some((part) => part === '..' || part === '.');
  if (isStray || /[\0\r\n]/.test(path)) {
    throw new DcosError('invalid', 'the path is not well-formed', { status: 400 });
  }
  return { path, version: asked === undefined ? '' : `/v${asked}` };
}

async function handle(swarm: Swarm, request: Request): Promise<Answer | undefined> {
  const { method, query, headers, raw, response } = request;
  const { path, version } = splitPath(swarm, request.path);
  for (const [name, value] of Object.entries(commonHeaders(swarm))) response.setHeader(name, value);
  const call = { method, path, version, query, headers, raw, response };
  return dispatch(swarm, call);
}

async function upgrade(
  options: ServeOptions,
  request: http.IncomingMessage,
  socket: Duplex,
  head: Buffer,
): Promise<void> {
  socket.on('error', () => socket.destroy());
  try {
    if (callerOf(options, request.headers) === undefined) {
      throw new DcosError('auth', 'authentication is required', { status: 401 });
    }
    await hijack(options.swarm, request, socket, head);
  } catch (error) {
    const known = error instanceof DcosError ? error : new DcosError('failed', messageOf(error));
    const { status, json } = errorAnswer(known);
    const text = JSON.stringify(json);
    if (socket.destroyed || !socket.writable) return;
    const length = Buffer.byteLength(text);
    const type = 'application/json';
    const headers = { 'content-type': type, 'content-length': length, connection: 'close' };
    endWith(socket, headText(status, headers) + text);
  }
}

async function hijack(
  swarm: Swarm,
  request: http.IncomingMessage,
  socket: Duplex,
  head: Buffer,
): Promise<void> {
  const [rawPath = '/', rawQuery = ''] = (request.url ?? '/').split('?', 2);
  const { path, version } = splitPath(swarm, rawPath);
  const query = new URLSearchParams(rawQuery);
  const attach = /^\/containers\/(.+)\/(attach|attach\/ws)$/.exec(path);
  const wanted = attach?.[2] === 'attach/ws' ? 'GET' : 'POST';
  if (attach !== null && request.method === wanted) {
    const { id, node } = placedContainer(swarm, attach[1] ?? '');
    const target = withQuery(`${version}/containers/${id}/${attach[2]}`, query);
    return hijackTo(swarm, request, socket, head, node, target);
  }
  const exec = /^\/exec\/([^/]+)\/start$/.exec(path);
  if (exec !== null && request.method === 'POST') {
    const node = await nodeOfExec(swarm, exec[1] ?? '');
    return hijackTo(swarm, request, socket, head, node, `${version}/exec/${exec[1]}/start`);
  }
  if (/^\/(?:session|grpc)$/.test(path)) {
    throw new DcosError('refused', 'BuildKit is not served: use DOCKER_BUILDKIT=0', {
      status: 501,
    });
  }
  throw new DcosError('invalid', `${path} cannot be upgraded`, { status: 400 });
}
