/** What every handler of the Docker API is given. */
import type * as http from 'node:http';
import type { Driver } from '../../core/drive.js';
import { DcosError } from '../../core/errors.js';
import type { Answer } from '../../core/http/server.js';
import { tryParseJson } from '../../core/json.js';
import type { Logger } from '../../core/logger.js';
import type { Random } from '../../core/random.js';
import type { Allowances } from '../create/policy.js';
import type { Event } from '../messages.js';
import { type Named, resolveContainer } from '../names.js';
import type { Container, Node, State } from '../state.js';
import { isHealthy } from '../views.js';
import { type EngineAnswer, type Engines, engineMessage } from './engines.js';
import type { EventHub } from './hub.js';
import type { Watch } from './watch.js';

/** A running swarm. */
export interface Swarm {
  readonly state: State;
  readonly driver: Driver<Event>;
  readonly engines: Engines;
  readonly hub: EventHub;
  readonly watch: Watch;
  readonly allowances: Allowances;
  readonly log: Logger;
  readonly random: Random;
  /** The node of each exec by its id; of late. */
  readonly execs: Map<string, string>;
}

/** One request of a client. */
export interface Call {
  readonly method: string;
  /** Without the version. */
  readonly path: string;
  /** `/v1.41`, or empty: to stand before paths of engines. */
  readonly version: string;
  readonly query: URLSearchParams;
  readonly headers: http.IncomingHttpHeaders;
  readonly raw: http.IncomingMessage;
  readonly response: http.ServerResponse;
  /** What the route's pattern caught, percent-decoded. */
  readonly groups: readonly string[];
}

/** What serves a route: an answer, or nothing where it has written one itself. */
export type Handler = (
  swarm: Swarm,
  call: Call,
) => Promise<Answer | undefined> | Answer | undefined;

/** The largest JSON body of a request. */
const maxJsonBytes = 768 * 1024;

/** Reads a JSON body. Throws `invalid` with 400, 413 where it is too large. */
export async function readJson({ raw }: Pick<Call, 'raw'>): Promise<unknown> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of raw as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > maxJsonBytes) {
      throw new DcosError('invalid', `the body is larger than ${maxJsonBytes} bytes`, {
        status: 413,
      });
    }
    chunks.push(chunk);
  }
  const text = Buffer.concat(chunks).toString('utf8');
  if (text.trim() === '') return undefined;
  const json = tryParseJson(text);
  if (json === undefined) throw new DcosError('invalid', 'the body is not JSON', { status: 400 });
  return json;
}

/** A container with what references are held against. */
export type NamedContainer = Container & Named;

/** Every container, by what users may call it. */
export function* namedContainers({ state }: Pick<Swarm, 'state'>): Generator<NamedContainer> {
  for (const container of state.containers.values()) {
    const nodeId = container.agentId ?? '';
    yield { ...container, nodeId, nodeName: state.nodes.get(nodeId)?.name ?? '' };
  }
}

/** The container that a reference means. Throws `not-found`. */
export function findContainer(swarm: Swarm, reference: string): Container {
  const quick = swarm.state.names.get(reference.replace(/^\//, ''));
  const isId = /^[0-9a-f]{12,64}$/.test(reference);
  const known = quick === undefined || isId ? undefined : swarm.state.containers.get(quick);
  return known ?? swarm.state.containers.get(resolve(swarm, reference)) ?? missing(reference);
}

function resolve(swarm: Swarm, reference: string): string {
  return resolveContainer(namedContainers(swarm), reference).swarmId;
}

function missing(reference: string): never {
  throw new DcosError('not-found', `No such container: ${reference.slice(0, 200)}`);
}

/** A container that its engine has, and the node. Throws `not-found`, `unreachable` (500). */
export function placedContainer(
  swarm: Swarm,
  reference: string,
): { readonly container: Container; readonly id: string; readonly node: Node } {
  const container = findContainer(swarm, reference);
  const { containerId, agentId, name } = container;
  if (containerId === undefined) {
    throw new DcosError('not-found', `No such container: ${name} (it is being placed)`);
  }
  return { container, id: containerId, node: swarm.engines.healthy(agentId, `Container ${name}`) };
}

/** Nodes that can be asked, by name. */
export function healthyNodes({ state }: Pick<Swarm, 'state'>): Node[] {
  return [...state.nodes.values()]
    .filter((node) => isHealthy(state, node))
    .sort((a, b) => (a.name < b.name ? -1 : 1));
}

/** As `healthyNodes`, one for each engine. Throws `unreachable` (503) where there is none. */
export function distinctEngines(swarm: Pick<Swarm, 'state'>): Node[] {
  const seen = new Set<string>();
  const nodes = healthyNodes(swarm).filter(({ agentId }) => {
    const engine = swarm.state.health.get(agentId)?.facts?.engineKey || agentId;
    const isNew = !seen.has(engine);
    seen.add(engine);
    return isNew;
  });
  if (nodes.length > 0) return nodes;
  throw new DcosError('unreachable', 'No healthy node available in the cluster', { status: 503 });
}

/** Asks every engine the same; those that fail are left out unless all do. */
export async function askAll(
  swarm: Swarm,
  path: string,
  nodes = distinctEngines(swarm),
): Promise<{ readonly node: Node; readonly json: unknown }[]> {
  const answers = await Promise.allSettled(
    nodes.map(async (node) => {
      const answer = await swarm.engines.call(node, 'GET', path);
      if (answer.status >= 400)
        throw new DcosError('failed', messageIn(answer, node), { status: answer.status });
      return { node, json: answer.json };
    }),
  );
  const good = answers.flatMap((one) => (one.status === 'fulfilled' ? [one.value] : []));
  const bad = answers.find((one) => one.status === 'rejected');
  if (good.length === 0 && bad !== undefined) throw bad.reason;
  return good;
}

/** The text of an engine's error. */
export function messageIn({ json, text }: EngineAnswer, node: Node): string {
  return engineMessage(json, text, node.name);
}

/** An engine's answer as it is, to be given to the client. */
export function answerOf({ status, json, text }: EngineAnswer): Answer {
  if (status === 204 || status === 304) return { status };
  return json === undefined ? { status, text } : { status, json };
}
