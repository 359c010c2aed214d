/** Passes requests about one container on to the engine that has it. */
import type * as http from 'node:http';
import type { Duplex } from 'node:stream';
import { DcosError, messageOf } from '../../core/errors.js';
import type { Node } from '../state.js';
import type { Call, Swarm } from './context.js';
import { placedContainer } from './context.js';
import {
  passedHeaders,
  type RelayHooks,
  relay,
  relayUpgrade,
  takeBody,
  upgradeHeaders,
} from './relay.js';

/** The path of an engine with a query that is written anew. */
export function withQuery(path: string, query: URLSearchParams): string {
  const text = query.toString();
  return text === '' ? path : `${path}?${text}`;
}

/** Forwards `call` as `path` of `node`'s engine. Throws `unreachable` where no answer came. */
export async function forwardTo(
  swarm: Swarm,
  call: Call,
  node: Node,
  path: string,
  body?: Buffer,
  hooks?: RelayHooks,
): Promise<undefined> {
  const headers = passedHeaders(call.headers);
  if (body !== undefined) headers['content-length'] = String(body.length);
  const target = swarm.engines.target(node, call.method, `${call.version}${path}`, headers);
  try {
    await relay(call.raw, call.response, target, body, hooks);
  } catch (error) {
    if (call.response.headersSent || call.response.destroyed) return undefined;
    throw new DcosError('unreachable', `node ${node.name} is not reachable: ${messageOf(error)}`, {
      status: 500,
    });
  }
  return undefined;
}

/** Forwards to the same path of the container's engine, with its id in place of the reference. */
export function forwardToContainer(
  swarm: Swarm,
  call: Call,
  action: string,
  body?: Buffer,
): Promise<undefined> {
  const { id, node } = placedContainer(swarm, call.groups[0] ?? '');
  return forwardTo(swarm, call, node, withQuery(`/containers/${id}${action}`, call.query), body);
}

/** The most that comes before a hijacked stream: the options of an exec. */
const maxUpgradeBody = 65_536;

/** Joins a client that upgraded its connection with `path` of `node`'s engine. */
export async function hijackTo(
  swarm: Swarm,
  request: http.IncomingMessage,
  socket: Duplex,
  head: Buffer,
  node: Node,
  path: string,
): Promise<void> {
  const { headers } = request;
  const length = Number(headers['content-length'] ?? 0);
  if (headers['transfer-encoding'] !== undefined || !(length >= 0 && length <= maxUpgradeBody)) {
    throw new DcosError('invalid', 'the length of the body before the stream must be given', {
      status: 411,
    });
  }
  const { body, rest } = await takeBody(socket, head, length);
  const all = { ...passedHeaders(headers), ...upgradeHeaders(headers) };
  const target = swarm.engines.target(node, request.method ?? 'POST', path, all);
  await relayUpgrade(socket, rest, target, body);
}
