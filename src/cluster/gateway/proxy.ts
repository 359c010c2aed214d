/**
 * Passes requests on to a server behind the gateway, streaming both ways with back-pressure:
 * nothing is kept in memory.
 */
import * as http from 'node:http';
import * as https from 'node:https';
import type { Duplex } from 'node:stream';
import { DcosError, messageOf, systemCodeOf } from '../../core/errors.js';
import type { Request } from '../../core/http/server.js';
import { trusted } from '../../core/http/trust.js';

/** Where a request goes. */
export interface Target {
  /** `http://host:port`. */
  readonly origin: string;
  /** Path and query, percent-encoded, as the server behind gets them. */
  readonly path: string;
  /** What is there, in a user's words: `the Mesos master`. */
  readonly name: string;
  /** What a user can do when it is not there. */
  readonly hint: string;
  /** Headers that replace the caller's; `undefined` takes one away. */
  readonly headers?: Readonly<Record<string, string | undefined>>;
}

/** Headers that concern one connection only (RFC 9110 §7.6.1). */
const hopByHop = new Set([
  'connection',
  'keep-alive',
  'proxy-authenticate',
  'proxy-authorization',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
]);

// Streams hold their connections for as long as they live, so there is no small limit; idle ones
// are let go soon.
const agentOptions = { keepAlive: true, maxFreeSockets: 16, timeout: 0 };
const agent = new http.Agent(agentOptions);
const tlsAgent = new https.Agent(agentOptions);

/** The request to whatever is behind, which speaks TLS where its address says so. */
function requestTo({ origin, path }: Target, options: http.RequestOptions): http.ClientRequest {
  const url = `${origin}${path}`;
  if (!origin.startsWith('https:')) return http.request(url, { agent, ...options });
  return https.request(url, { agent: tlsAgent, ca: trusted(), ...options });
}
const connectTimeoutMs = 10_000;

/** Headers that may be passed on, with those of `replaced` in their place. */
export function endToEndHeaders(
  headers: http.IncomingHttpHeaders,
  replaced: Readonly<Record<string, string | undefined>> = {},
): http.OutgoingHttpHeaders {
  const named = (headers.connection ?? '').split(',').map((name) => name.trim().toLowerCase());
  const passed: http.OutgoingHttpHeaders = {};
  for (const [name, value] of Object.entries(headers)) {
    if (value !== undefined && !hopByHop.has(name) && !named.includes(name)) passed[name] = value;
  }
  for (const [name, value] of Object.entries(replaced)) {
    if (value === undefined) delete passed[name];
    else passed[name] = value;
  }
  return passed;
}

/**
 * Passes `request` on and its answer back. Resolves when the answer has begun to flow.
 * Throws `unreachable` (502) where the server behind can't be reached or goes away before it
 * answers.
 */
export function forward(request: Request, target: Target): Promise<undefined> {
  const { raw, response } = request;
  return new Promise((resolve, reject) => {
    const outgoing = requestTo(target, {
      method: request.method,
      headers: {
        ...endToEndHeaders(raw.headers, target.headers),
        host: new URL(target.origin).host,
      },
    });
    // Only the connection is timed: a stream may be silent for long.
    const timer = setTimeout(
      () => outgoing.destroy(new DcosError('timeout', 'no connection')),
      connectTimeoutMs,
    );
    outgoing.on('socket', (socket) => {
      if (!socket.connecting) clearTimeout(timer);
      else socket.once('connect', () => clearTimeout(timer));
      socket.setNoDelay(true);
    });
    outgoing.on('response', (incoming) => {
      const headers = endToEndHeaders(incoming.headers);
      response.writeHead(incoming.statusCode ?? 502, incoming.statusMessage, headers);
      // Headers of a stream must not wait for its first byte.
      response.flushHeaders();
      incoming.pipe(response);
      incoming.on('error', () => response.destroy());
      incoming.on('close', () => {
        if (!incoming.complete) response.destroy();
      });
      resolve(undefined);
    });
    outgoing.on('error', (error) => {
      clearTimeout(timer);
      if (response.headersSent) response.destroy();
      reject(notThere(target, error));
    });
    response.on('close', () => {
      clearTimeout(timer);
      if (!response.writableFinished) outgoing.destroy();
    });
    raw.on('error', () => outgoing.destroy());
    raw.pipe(outgoing);
  });
}

/**
 * Passes a protocol upgrade (WebSocket) on and joins the two connections. Where the server behind
 * refuses, its status is passed back and the connection closed.
 */
export function forwardUpgrade(
  raw: http.IncomingMessage,
  socket: Duplex,
  head: Buffer,
  target: Target,
): void {
  const outgoing = requestTo(target, {
    method: raw.method ?? 'GET',
    headers: {
      ...endToEndHeaders(raw.headers, target.headers),
      host: new URL(target.origin).host,
      connection: 'Upgrade',
      upgrade: raw.headers.upgrade ?? 'websocket',
    },
    agent: false,
    timeout: connectTimeoutMs,
  });
  outgoing.on('timeout', () => outgoing.destroy(new DcosError('timeout', 'no answer')));
  outgoing.on('upgrade', (answer, behind, firstBytes) => {
    behind.setTimeout(0);
    socket.write(headOf(101, 'Switching Protocols', answer.rawHeaders));
    socket.write(firstBytes);
    behind.write(head);
    behind.pipe(socket).pipe(behind);
    behind.on('error', () => socket.destroy());
    behind.on('close', () => socket.destroy());
    socket.on('close', () => behind.destroy());
  });
  outgoing.on('response', (answer) => {
    answer.resume();
    refuseUpgrade(socket, answer.statusCode ?? 502, `${target.name} refused the connection`);
  });
  outgoing.on('error', (error) => refuseUpgrade(socket, 502, notThere(target, error).message));
  socket.on('error', () => outgoing.destroy());
  socket.on('close', () => outgoing.destroy());
  outgoing.end();
}

/** Answers an upgrade with a status and a JSON message, and closes. */
export function refuseUpgrade(socket: Duplex, status: number, message: string): void {
  if (socket.destroyed) return;
  const body = JSON.stringify({ message });
  const headers = [
    'Content-Type',
    'application/json',
    'Content-Length',
    `${Buffer.byteLength(body)}`,
  ];
  socket.end(
    headOf(status, http.STATUS_CODES[status] ?? 'Error', [...headers, 'Connection', 'close']) +
      body,
  );
}

function headOf(status: number, text: string, rawHeaders: readonly string[]): string {
  let lines = `HTTP/1.1 ${status} ${text}\r\n`;
  for (let index = 0; index < rawHeaders.length; index += 2) {
    lines += `${rawHeaders[index]}: ${rawHeaders[index + 1]}\r\n`;
  }
  return `${lines}\r\n`;
}

function notThere(target: Target, error: unknown): DcosError {
  const code = systemCodeOf(error);
  const why =
    code === 'ECONNREFUSED'
      ? 'nothing listens there'
      : code === 'ECONNRESET'
        ? 'it closed the connection'
        : messageOf(error);
  return new DcosError('unreachable', `cannot reach ${target.name} at ${target.origin}: ${why}`, {
    status: 502,
    hint: target.hint,
    cause: error,
  });
}
