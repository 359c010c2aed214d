/** Calls to the engines of nodes, through their executors. */
import * as http from 'node:http';
import { systemClock } from '../../core/clock.js';
import { DcosError, messageOf } from '../../core/errors.js';
import { tryParseJson } from '../../core/json.js';
import type { Node, State } from '../state.js';
import { whyUnhealthy } from '../views.js';
import type { ManagerKeys } from './keys.js';
import type { RelayTarget } from './relay.js';

/** A whole answer of an engine. */
export interface EngineAnswer {
  readonly status: number;
  readonly json: unknown;
  readonly text: string;
}

/** What a call may carry. */
export interface EngineCall {
  readonly json?: unknown;
  readonly headers?: http.OutgoingHttpHeaders;
  readonly timeoutMs?: number;
}

const answerMs = 60_000;
const maxAnswerBytes = 256 * 1024 * 1024;

/** The way to all engines. */
export class Engines {
  readonly #state: State;
  readonly #keys: ManagerKeys;
  readonly #agent = new http.Agent({ keepAlive: true, maxFreeSockets: 32 });

  constructor(state: State, keys: ManagerKeys) {
    this.#state = state;
    this.#keys = keys;
  }

  /** The node of that agent, healthy. Throws `unreachable` (500) saying why it is not. */
  healthy(agentId: string | undefined, what: string): Node {
    const node = this.#state.nodes.get(agentId ?? '');
    const why = node === undefined ? 'it is gone' : whyUnhealthy(this.#state, node);
    if (node !== undefined && why === undefined) return node;
    throw new DcosError(
      'unreachable',
      `${what} running on unhealthy node ${node?.name ?? agentId}: ${why}`,
      { status: 500 },
    );
  }

  /** Where a request for a node's engine goes; `path` begins with a slash. */
  target(
    node: Node,
    method: string,
    path: string,
    headers: http.OutgoingHttpHeaders = {},
  ): RelayTarget {
    const { task, address } = node;
    if (task === undefined) {
      throw new DcosError('unreachable', `node ${node.name} has no executor`, { status: 503 });
    }
    const token = this.#keys.tokenFor(task.executor.executor_id.value, systemClock.now());
    return {
      host: address,
      port: task.port,
      method,
      path: `/engine${path}`,
      headers: { ...headers, authorization: `Bearer ${token}` },
      agent: this.#agent,
    };
  }

  /** Makes a call and reads the answer, whatever its status. Throws `unreachable`, `timeout`. */
  async call(
    node: Node,
    method: string,
    path: string,
    call: EngineCall = {},
  ): Promise<EngineAnswer> {
    const body = call.json === undefined ? undefined : Buffer.from(JSON.stringify(call.json));
    const response = await this.open(node, method, path, {
      ...call,
      ...(body === undefined ? {} : { body }),
    });
    const chunks: Buffer[] = [];
    let size = 0;
    for await (const chunk of response as AsyncIterable<Buffer>) {
      size += chunk.length;
      if (size > maxAnswerBytes) {
        response.destroy();
        throw new DcosError('failed', `the answer of node ${node.name} is too large`);
      }
      chunks.push(chunk);
    }
    const text = Buffer.concat(chunks).toString('utf8');
    return { status: response.statusCode ?? 502, json: tryParseJson(text), text };
  }

  /** Makes a call whose answer streams in. Throws `unreachable`, `timeout`. */
  open(
    node: Node,
    method: string,
    path: string,
    {
      body,
      headers = {},
      timeoutMs = answerMs,
      signal,
    }: Omit<EngineCall, 'json'> & {
      readonly body?: Buffer | http.IncomingMessage;
      readonly signal?: AbortSignal;
    } = {},
  ): Promise<http.IncomingMessage> {
    const json = Buffer.isBuffer(body)
      ? { 'content-type': 'application/json', 'content-length': body.length }
      : {};
    const target = this.target(node, method, path, { ...json, ...headers });
    return new Promise((resolve, reject) => {
      const fail = (error: unknown): void => {
        clearTimeout(timer);
        const known = error instanceof DcosError ? error : unreachable(node, error);
        reject(known);
      };
      const request = http.request({ ...target, ...(signal ? { signal } : {}) }, (response) => {
        clearTimeout(timer);
        if (response.headers['dcos-swarm'] !== 'engine') {
          resolve(response);
          return;
        }
        // The executor's own word: its engine is away.
        response.once('data', (chunk: Buffer) => {
          const { message } = (tryParseJson(chunk.toString('utf8')) ?? {}) as { message?: string };
          fail(new DcosError('unreachable', `node ${node.name}: ${message}`, { status: 500 }));
        });
        response.on('error', () => {});
        response.on('end', () => fail(new Error('its Docker engine is not reachable')));
      });
      const timer = setTimeout(() => {
        const text = `node ${node.name} did not answer within ${timeoutMs / 1000} s`;
        request.destroy(new DcosError('timeout', text));
      }, timeoutMs);
      request.on('error', fail);
      if (body === undefined || Buffer.isBuffer(body)) request.end(body);
      else body.pipe(request);
    });
  }
}

function unreachable(node: Node, error: unknown): DcosError {
  return new DcosError('unreachable', `node ${node.name} is not reachable: ${messageOf(error)}`, {
    status: 500,
    cause: error,
  });
}

/** Throws the engine's own error where it is one. */
export function expectOk(node: Node, { status, json, text }: EngineAnswer): void {
  if (status < 400) return;
  throw new DcosError('failed', engineMessage(json, text, node.name), { status });
}

/** The text of an engine's error. */
export function engineMessage(json: unknown, text: string, name: string): string {
  const message = (json as { message?: unknown } | undefined)?.message;
  if (typeof message === 'string') return message;
  return text.trim() || `node ${name} gave no reason`;
}
