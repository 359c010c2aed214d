/**
 * The HTTP server that all of our programs use: a table of routes, the caller known before a body
 * is read, Host and Origin checked, sizes and times bounded (DESIGN §9).
 */
import * as http from 'node:http';
import type { AddressInfo } from 'node:net';
import { DcosError, messageOf } from '../errors.js';
import type { Logger } from '../logger.js';

/** Who makes a request. */
export interface Caller {
  /** User or service account. */
  readonly uid: string;
  /** What else is known of it (claims of a token). */
  readonly claims?: Readonly<Record<string, unknown>>;
}

/** A request on its way to a route. */
export interface Request {
  readonly method: string;
  /** The path without the query, still percent-encoded. */
  readonly path: string;
  readonly query: URLSearchParams;
  /** Values of the route's `:name` segments and its final `*name`, percent-decoded. */
  readonly params: Readonly<Record<string, string>>;
  readonly headers: http.IncomingHttpHeaders;
  /** Present unless the route's `access` is `open`. */
  readonly caller: Caller | undefined;
  /** The whole body; throws `invalid` with status 413 over `maxBytes` (10 MiB by default). */
  body(maxBytes?: number): Promise<Buffer>;
  /** The body as JSON; `undefined` when empty. Throws `invalid` with status 400. */
  json(maxBytes?: number): Promise<unknown>;
  /** For streams and proxies. */
  readonly raw: http.IncomingMessage;
  readonly response: http.ServerResponse;
}

/** A whole answer. At most one of `json`, `text`, `bytes`. */
export interface Answer {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly json?: unknown;
  readonly text?: string;
  readonly bytes?: Buffer;
}

/** One entry of a server's table. The first that matches method and path is taken. */
export interface Route {
  /** A method, or `*` for any. */
  readonly method: string;
  /** `/v2/apps/:id`; a final `*name` takes the rest, slashes included, and may be empty. */
  readonly path: string;
  /** `open`: no login is asked; `token`: `authenticate` must name a caller. */
  readonly access: 'open' | 'token';
  /** Returns the answer, or nothing after having used `request.response` itself. */
  handle(request: Request): Promise<Answer | undefined> | Answer | undefined;
}

/** How a server is set up. */
export interface ServerOptions {
  readonly host: string;
  /** 0 takes a free one. */
  readonly port: number;
  readonly routes: readonly Route[];
  /**
   * Names the caller from the headers, or gives `undefined` for none; may throw `auth` with a
   * reason.
   */
  readonly authenticate: (headers: http.IncomingHttpHeaders) => Promise<Caller | undefined>;
  /** Sent with 401. */
  readonly wwwAuthenticate: string;
  /**
   * Host header values (without port) that are served besides `host`; others get 403: no DNS
   * rebinding.
   */
  readonly allowedHosts?: readonly string[];
  /**
   * How an error becomes an answer; the default is `{message, hint?, code}` with the error's
   * status.
   */
  readonly errorAnswer?: (error: DcosError, request: Request) => Answer;
  /** A protocol upgrade (WebSocket, TTY); refused with 400 where absent. */
  readonly onUpgrade?: (
    request: http.IncomingMessage,
    socket: import('node:stream').Duplex,
    head: Buffer,
  ) => void;
  readonly log: Logger;
}

/** A listening server. */
export interface Server {
  readonly host: string;
  readonly port: number;
  /** Stops listening and cuts open connections. */
  close(): Promise<void>;
}

const statusByCode: Partial<Record<string, number>> = {
  usage: 400,
  invalid: 400,
  auth: 401,
  forbidden: 403,
  'not-found': 404,
  conflict: 409,
  unreachable: 502,
  timeout: 504,
  refused: 403,
  fenced: 409,
};

/** The HTTP status that answers `error`. */
export function statusOf(error: DcosError): number {
  return error.status ?? statusByCode[error.code] ?? 500;
}

/** Starts a server. Throws `conflict` if the port is taken, `io` if the address can't be used. */
export async function startServer(options: ServerOptions): Promise<Server> {
  const compiled = options.routes.map(compileRoute);
  const server = http.createServer({
    requestTimeout: 0,
    headersTimeout: 20_000,
    keepAliveTimeout: 60_000,
  });
  server.maxConnections = 4096;
  server.on('request', (raw, response) => void serve(options, compiled, raw, response));
  server.on('clientError', (_error, socket) => {
    if (socket.writable) socket.end('HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n');
  });
  server.on('upgrade', (request, socket, head) => {
    if (options.onUpgrade && hostAllowed(options, request))
      options.onUpgrade(request, socket, head);
    else socket.end('HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n');
  });
  await listen(server, options.host, options.port);
  const { port } = server.address() as AddressInfo;
  return {
    host: options.host,
    port,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

function listen(server: http.Server, host: string, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => {
      const taken = error.code === 'EADDRINUSE';
      reject(
        new DcosError(
          taken ? 'conflict' : 'io',
          taken
            ? `port ${port} of ${host} is in use by another program`
            : `cannot listen on ${host}:${port}: ${messageOf(error)}`,
          { cause: error },
        ),
      );
    });
    server.listen(port, host, () => resolve());
  });
}

interface CompiledRoute {
  readonly route: Route;
  match(path: readonly string[]): Record<string, string> | undefined;
}

function compileRoute(route: Route): CompiledRoute {
  const segments = route.path.split('/').slice(1);
  const rest = segments.at(-1)?.startsWith('*') ? segments.pop()?.slice(1) : undefined;
  return {
    route,
    match: (path) => {
      if (rest === undefined ? path.length !== segments.length : path.length < segments.length)
        return undefined;
      const params: Record<string, string> = {};
      for (const [index, segment] of segments.entries()) {
        const value = path[index] ?? '';
        if (segment.startsWith(':')) {
          if (value === '') return undefined;
          params[segment.slice(1)] = decode(value);
        } else if (segment !== value) return undefined;
      }
      if (rest !== undefined) params[rest] = path.slice(segments.length).map(decode).join('/');
      return params;
    },
  };
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    throw new DcosError('invalid', 'the path is not well-formed', { status: 400 });
  }
}

function hostAllowed(options: ServerOptions, raw: http.IncomingMessage): boolean {
  const names = [options.host, 'localhost', '127.0.0.1', '[::1]', ...(options.allowedHosts ?? [])];
  if (names.includes('*')) return true;
  const bare = (authority: string): string => authority.replace(/:\d+$/, '').toLowerCase();
  const host = raw.headers.host;
  if (host === undefined || !names.includes(bare(host))) return false;
  const origin = raw.headers.origin;
  return origin === undefined || names.includes(bare(origin.replace(/^https?:\/\//, '')));
}

async function serve(
  options: ServerOptions,
  routes: readonly CompiledRoute[],
  raw: http.IncomingMessage,
  response: http.ServerResponse,
): Promise<void> {
  const request = toRequest(raw, response);
  try {
    if (!hostAllowed(options, raw)) {
      throw new DcosError('forbidden', 'this server is not known by that Host or Origin');
    }
    const found = findRoute(routes, request);
    if (found.route.access === 'token') {
      const caller = await options.authenticate(raw.headers);
      if (caller === undefined)
        throw new DcosError('auth', 'authentication is required', { status: 401 });
      found.request = { ...found.request, caller };
    }
    const answer = await found.route.handle(found.request);
    if (answer !== undefined) send(raw, response, answer);
  } catch (error) {
    answerError(options, request, error);
  }
}

function findRoute(
  routes: readonly CompiledRoute[],
  request: Request,
): { route: Route; request: Request } {
  const path = request.path.split('/').slice(1);
  let pathKnown = false;
  for (const { route, match } of routes) {
    const params = match(path);
    if (params === undefined) continue;
    pathKnown = true;
    if (
      route.method === '*' ||
      route.method === request.method ||
      (route.method === 'GET' && request.method === 'HEAD')
    ) {
      return { route, request: { ...request, params } };
    }
  }
  throw pathKnown
    ? new DcosError('usage', `${request.method} is not allowed here`, { status: 405 })
    : new DcosError('not-found', `${request.path} does not exist here`);
}

function toRequest(raw: http.IncomingMessage, response: http.ServerResponse): Request {
  const url = raw.url ?? '/';
  const question = url.indexOf('?');
  const body = (maxBytes = 10 * 1024 * 1024): Promise<Buffer> => readBody(raw, maxBytes);
  return {
    method: raw.method ?? 'GET',
    path: question < 0 ? url : url.slice(0, question),
    query: new URLSearchParams(question < 0 ? '' : url.slice(question + 1)),
    params: {},
    headers: raw.headers,
    caller: undefined,
    body,
    json: async (maxBytes) => {
      const text = (await body(maxBytes)).toString('utf8');
      if (text.trim() === '') return undefined;
      try {
        return JSON.parse(text);
      } catch (error) {
        throw new DcosError('invalid', `the body is not JSON: ${messageOf(error)}`, {
          status: 400,
          cause: error,
        });
      }
    },
    raw,
    response,
  };
}

function readBody(raw: http.IncomingMessage, maxBytes: number): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let size = 0;
    raw.on('data', (chunk: Buffer) => {
      size += chunk.length;
      if (size > maxBytes) {
        raw.pause();
        reject(
          new DcosError('invalid', `the body is larger than ${maxBytes} bytes`, { status: 413 }),
        );
        return;
      }
      chunks.push(chunk);
    });
    raw.on('end', () => resolve(Buffer.concat(chunks)));
    raw.on('error', (error) =>
      reject(new DcosError('failed', 'the request broke off', { cause: error })),
    );
    raw.on('close', () => reject(new DcosError('failed', 'the request broke off')));
  });
}

/** Writes a whole answer. */
function send(raw: http.IncomingMessage, response: http.ServerResponse, answer: Answer): void {
  const bytes =
    answer.bytes ??
    Buffer.from(answer.json === undefined ? (answer.text ?? '') : JSON.stringify(answer.json));
  const type =
    answer.json !== undefined
      ? { 'content-type': 'application/json' }
      : answer.text === undefined
        ? {}
        : { 'content-type': 'text/plain; charset=utf-8' };
  response.writeHead(answer.status, { ...type, 'content-length': bytes.length, ...answer.headers });
  response.end(raw.method === 'HEAD' ? undefined : bytes);
}

function answerError(options: ServerOptions, request: Request, thrown: unknown): void {
  const error =
    thrown instanceof DcosError
      ? thrown
      : new DcosError('internal', 'an internal error', { cause: thrown });
  const status = statusOf(error);
  if (status >= 500) {
    options.log.error('a request failed', {
      method: request.method,
      path: request.path,
      error: messageOf(thrown),
      stack: thrown instanceof DcosError ? undefined : (thrown as Error | undefined)?.stack,
    });
  }
  const { response } = request;
  if (response.headersSent) {
    response.destroy();
    return;
  }
  const answer = options.errorAnswer?.(error, request) ?? {
    status,
    json: { message: error.message, code: error.code, ...(error.hint ? { hint: error.hint } : {}) },
  };
  const headers = {
    ...answer.headers,
    ...(answer.status === 401 ? { 'www-authenticate': options.wwwAuthenticate } : {}),
    ...(answer.status === 413 ? { connection: 'close' } : {}),
  };
  send(request.raw, response, { ...answer, headers });
}
