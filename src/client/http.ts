/**
 * One connection to a cluster: raw calls over axios, the token, its renewal, and every failure as a
 * `DcosError`.
 */
import type { IncomingMessage } from 'node:http';
import type { Readable } from 'node:stream';
import axios, { type AxiosInstance, isAxiosError } from 'axios';
import { systemClock } from '../core/clock.js';
import { DcosError, messageOf } from '../core/errors.js';
import { createAdapter, type TlsOptions } from './adapter.js';
import { errorOfAnswer } from './answers.js';

/** Which cluster, and who calls. */
export interface Connection {
  /** `http://host:port`, without a slash at its end. */
  readonly url: string;
  readonly token?: string | undefined;
  /**
   * Gets a new token where the server does not accept the present one; `undefined` if that can't be
   * done silently.
   */
  readonly renew?: (() => Promise<string | undefined>) | undefined;
  /** For one call, from its start to its last byte; 0 = no limit. */
  readonly timeoutMs?: number | undefined;
  readonly tls?: TlsOptions | undefined;
  readonly userAgent?: string | undefined;
  /**
   * Addresses that are asked instead of a path of the cluster, by that path: `/service/marathon` →
   * `http://other:8080`. The token goes along only to the cluster's own origin.
   */
  readonly instead?: Readonly<Record<string, string>> | undefined;
  /** Told about every call; for `-v`. */
  readonly trace?: ((line: string) => void) | undefined;
}

/** One raw call. */
export interface Call {
  readonly method: 'GET' | 'HEAD' | 'POST' | 'PUT' | 'DELETE';
  /** Below the cluster's URL, with its leading slash. */
  readonly path: string;
  readonly query?: Readonly<Record<string, string | number | boolean | undefined>>;
  /** Sent as JSON. */
  readonly body?: unknown;
  /** Sent as it streams; `headers` say what it is. */
  readonly bodyStream?: Readable;
  readonly headers?: Readonly<Record<string, string>>;
  readonly timeoutMs?: number;
  readonly signal?: AbortSignal;
  /** Without the token. */
  readonly isOpen?: boolean;
}

/** A whole answer of any status. */
export interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  /** Parsed JSON, or the text where it is none. */
  readonly data: unknown;
}

const maxBytes = 256 * 1024 * 1024;

/** Calls to one cluster. */
export class Http {
  readonly connection: Connection;
  #token: string | undefined;
  readonly #axios: AxiosInstance;

  constructor(connection: Connection) {
    this.connection = connection;
    this.#token = connection.token;
    this.#axios = axios.create({
      adapter: createAdapter(connection.tls ?? {}, maxBytes),
      validateStatus: () => true,
      transformResponse: [],
      transformRequest: [],
      headers: { 'User-Agent': connection.userAgent ?? 'dcos-client' },
    });
  }

  /** Makes the call, whatever the answer's status. Throws `unreachable`, `timeout`. */
  async answer(call: Call): Promise<Answer> {
    const response = await this.#send(call, undefined);
    return { ...response, data: parse(response.data as string) };
  }

  /**
   * Makes the call and gives the answer's data. Throws what the status means: see `errorOfAnswer`.
   */
  async json(call: Call): Promise<unknown> {
    const answer = await this.answer(call);
    if (answer.status >= 400) throw errorOfAnswer(answer, this.connection.url);
    return answer.data;
  }

  /** Makes the call and gives the answer as it streams in. Throws as `json`. */
  async stream(call: Call): Promise<IncomingMessage> {
    const { data, status, headers } = await this.#send(call, 'stream');
    const stream = data as IncomingMessage;
    if (status < 400) return stream;
    const chunks: Buffer[] = [];
    for await (const chunk of stream) chunks.push(chunk as Buffer);
    const text = Buffer.concat(chunks).toString('utf8');
    throw errorOfAnswer({ status, headers, data: parse(text) }, this.connection.url);
  }

  async #send(call: Call, responseType: 'stream' | undefined): Promise<Answer> {
    const first = await this.#sendOnce(call, responseType);
    const { renew } = this.connection;
    if (first.status !== 401 || call.isOpen || renew === undefined) return first;
    // What has been sent of a stream cannot be sent again.
    if (call.bodyStream !== undefined) return first;
    const token = await renew();
    if (token === undefined) return first;
    this.#token = token;
    if (responseType === 'stream') (first.data as IncomingMessage).resume();
    return this.#sendOnce(call, responseType);
  }

  async #sendOnce(call: Call, responseType: 'stream' | undefined): Promise<Answer> {
    const { trace, timeoutMs = 180_000 } = this.connection;
    const url = addressOf(this.connection, call.path);
    const isOwn = new URL(url).origin === new URL(this.connection.url).origin;
    const started = systemClock.monotonic();
    try {
      const response = await this.#axios.request({
        method: call.method,
        url,
        headers: this.#headers(call, isOwn),
        timeout: call.timeoutMs ?? timeoutMs,
        ...(call.query === undefined ? {} : { params: call.query }),
        ...(call.body === undefined ? {} : { data: JSON.stringify(call.body) }),
        ...(call.bodyStream === undefined ? {} : { data: call.bodyStream }),
        ...(call.signal === undefined ? {} : { signal: call.signal }),
        ...(responseType === undefined ? {} : { responseType }),
      });
      const took = Math.round(systemClock.monotonic() - started);
      trace?.(`${call.method} ${url} → ${response.status} (${took} ms)`);
      return {
        status: response.status,
        headers: response.headers as Record<string, string>,
        data: response.data as unknown,
      };
    } catch (error) {
      throw this.#failure(error, call);
    }
  }

  #headers(call: Call, isOwn: boolean): Record<string, string> {
    return {
      Accept: 'application/json',
      ...(call.body === undefined ? {} : { 'Content-Type': 'application/json' }),
      ...(this.#token === undefined || call.isOpen || !isOwn
        ? {}
        : { Authorization: `token=${this.#token}` }),
      ...call.headers,
    };
  }

  #failure(error: unknown, call: Call): DcosError {
    if (error instanceof DcosError) return error;
    const { url } = this.connection;
    const code = isAxiosError(error) ? (error.code ?? '') : '';
    if (code === 'ETIMEDOUT') {
      return new DcosError('timeout', `${url} did not answer ${call.method} ${call.path} in time`, {
        hint: 'Give it more time with DCOS_TIMEOUT=<seconds>; see how the cluster is: dcos status',
        cause: error,
      });
    }
    if (code === 'ABORT_ERR' || code === 'ERR_CANCELED') {
      return new DcosError('interrupted', 'interrupted', { cause: error });
    }
    const reason = connectionReasons[code] ?? messageOf(error);
    return new DcosError('unreachable', `cannot reach the cluster at ${url}: ${reason}`, {
      hint: 'Start a local cluster with dcos up; see the known ones with dcos cluster list',
      cause: error,
    });
  }
}

/** Where a path of the cluster is asked for. */
function addressOf({ url, instead = {} }: Connection, path: string): string {
  const own = Object.keys(instead).find((prefix) => path.startsWith(`${prefix}/`));
  if (own === undefined) return `${url}${path}`;
  return `${instead[own]}${path.slice(own.length)}`;
}

const connectionReasons: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'nothing listens there',
  ECONNTIMEOUT: 'no connection within 3 s',
  ECONNRESET: 'the connection was cut',
  ENOTFOUND: 'the host name is not known',
  EAI_AGAIN: 'the host name could not be looked up',
  EHOSTUNREACH: 'there is no route to it',
  ENETUNREACH: 'there is no route to it',
};

function parse(text: string): unknown {
  if (text === '') return undefined;
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}
