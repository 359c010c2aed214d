/** The way to an agent's engine: for requests of this executor's manager, and nobody else's. */
import * as http from 'node:http';
import type { Duplex } from 'node:stream';
import { systemClock } from '../../../core/clock.js';
import { tokenOf, verifyToken } from '../../../core/tokens.js';
import {
  endWith,
  headText,
  passedHeaders,
  type RelayTarget,
  relay,
  relayUpgrade,
  takeBody,
  upgradeHeaders,
} from '../../shell/relay.js';
import { engineGone } from './engine.js';

/** Whom a door lets in, and where it leads. */
export interface DoorSettings {
  /** Of the engine. */
  readonly socketPath: string;
  /** PEM: what it signs for `executorId` is let in. */
  readonly publicKey: string;
  readonly executorId: string;
}

/**
 * Connections to the engine are kept: on one that the engine closes with its answer, the end of a
 * request that was passed on piece by piece is an error of its own (EPIPE).
 */
const engineAgent = new http.Agent({ keepAlive: true, maxFreeSockets: 16 });

/** The most that comes before a hijacked stream. */
const maxUpgradeBody = 1_048_576;

/** Makes the server; it does not listen yet. */
export function createDoor(settings: DoorSettings): http.Server {
  const server = http.createServer({ requestTimeout: 0, keepAliveTimeout: 60_000 });
  server.on('request', (request, response) => {
    const path = admitted(settings, request);
    if (path === undefined) {
      response.writeHead(401, { connection: 'close' }).end();
      return;
    }
    relay(request, response, targetOf(settings, request, path)).catch((error: unknown) => {
      if (response.headersSent) return;
      const { message } = engineGone(settings.socketPath, error);
      response.writeHead(502, { 'content-type': 'application/json', 'dcos-swarm': 'engine' });
      response.end(JSON.stringify({ message }));
    });
  });
  server.on('upgrade', (request, socket, head) => {
    socket.on('error', () => socket.destroy());
    const path = admitted(settings, request);
    const length = Number(request.headers['content-length'] ?? 0);
    if (path === undefined || !(length >= 0 && length <= maxUpgradeBody)) {
      endWith(socket, headText(401, { 'content-length': 0, connection: 'close' }));
      return;
    }
    void upgrade(settings, request, socket, head, path, length);
  });
  server.on('clientError', (_error, socket) => socket.destroy());
  return server;
}

async function upgrade(
  settings: DoorSettings,
  request: http.IncomingMessage,
  socket: Duplex,
  head: Buffer,
  path: string,
  length: number,
): Promise<void> {
  try {
    const { body, rest } = await takeBody(socket, head, length);
    const target = targetOf(settings, request, path);
    const headers = { ...target.headers, ...upgradeHeaders(request.headers) };
    await relayUpgrade(socket, rest, { ...target, headers }, body);
  } catch (error) {
    const { message } = engineGone(settings.socketPath, error);
    const text = JSON.stringify({ message });
    if (socket.destroyed) return;
    const headers = {
      'content-type': 'application/json',
      connection: 'close',
      'content-length': Buffer.byteLength(text),
    };
    endWith(socket, headText(502, headers) + text);
  }
}

function targetOf(
  { socketPath }: DoorSettings,
  request: http.IncomingMessage,
  path: string,
): RelayTarget {
  return {
    socketPath,
    method: request.method ?? 'GET',
    path,
    headers: { ...passedHeaders(request.headers), host: 'docker' },
    agent: engineAgent,
  };
}

/** The engine's path that a request of the manager means; `undefined` for anybody else's. */
function admitted(
  { publicKey, executorId }: DoorSettings,
  { headers, url = '' }: http.IncomingMessage,
): string | undefined {
  const token = tokenOf(headers.authorization);
  if (token === undefined || !url.startsWith('/engine/')) return undefined;
  try {
    const { claims } = verifyToken(token, publicKey, systemClock.now());
    return claims?.aud === executorId ? url.slice('/engine'.length) : undefined;
  } catch {
    return undefined;
  }
}
