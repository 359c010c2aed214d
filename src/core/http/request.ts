/**
 * Plain HTTP calls between our own servers and to Mesos: bounded in time and size, over kept-alive
 * connections.
 */
import * as http from 'node:http';
import * as https from 'node:https';
import { DcosError, messageOf, systemCodeOf } from '../errors.js';
import { trusted } from './trust.js';

/** One call. */
export interface HttpCall {
  readonly method: string;
  /** Absolute, `http:` or `https:`. */
  readonly url: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Buffer;
  /** From the start to the last byte of the answer; 10 s by default. */
  readonly timeoutMs?: number;
  /** The largest answer that is taken; 64 MiB by default. */
  readonly maxBytes?: number;
  readonly signal?: AbortSignal;
  readonly agent?: http.Agent;
}

/** A whole answer. */
export interface HttpAnswer {
  readonly status: number;
  readonly headers: http.IncomingHttpHeaders;
  readonly body: Buffer;
}

const keepAlive = new http.Agent({ keepAlive: true, maxSockets: 64, maxFreeSockets: 8 });
const keepAliveTls = new https.Agent({ keepAlive: true, maxSockets: 64, maxFreeSockets: 8 });

/**
 * Makes the call and reads the whole answer, whatever its status.
 * Throws `unreachable` where no connection or no answer came, `timeout` where it took too long,
 * `failed` where the answer is too large.
 */
export function callHttp(call: HttpCall): Promise<HttpAnswer> {
  const timeoutMs = call.timeoutMs ?? 10_000;
  const maxBytes = call.maxBytes ?? 64 * 1024 * 1024;
  return new Promise((resolve, reject) => {
    // Not destroyed with the error: a socket that was freed meanwhile would throw it at nobody.
    const giveUp = (error: unknown): void => {
      clearTimeout(timer);
      reject(asDcosError(call, error));
      request.destroy();
    };
    const request = openRequest(call, (response) => {
      const chunks: Buffer[] = [];
      let size = 0;
      response.on('data', (chunk: Buffer) => {
        size += chunk.length;
        if (size > maxBytes) giveUp(tooLarge(call, maxBytes));
        else chunks.push(chunk);
      });
      response.on('end', () =>
        resolve({
          status: response.statusCode ?? 0,
          headers: response.headers,
          body: Buffer.concat(chunks),
        }),
      );
      response.on('error', giveUp);
      response.on('close', () => clearTimeout(timer));
    });
    const timer = setTimeout(() => giveUp(tooLate(call, timeoutMs)), timeoutMs);
    request.on('error', giveUp);
    request.end(call.body);
  });
}

function tooLarge(call: HttpCall, maxBytes: number): DcosError {
  return new DcosError('failed', `the answer of ${call.url} is larger than ${maxBytes} bytes`);
}

function tooLate(call: HttpCall, timeoutMs: number): DcosError {
  return new DcosError('timeout', `${call.url} did not answer within ${timeoutMs / 1000} s`);
}

/**
 * Makes the call and hands over the answer as it streams in; only the wait for its headers is
 * bounded by `timeoutMs`. Throws as `callHttp`.
 */
export function streamHttp(call: HttpCall): Promise<http.IncomingMessage> {
  const timeoutMs = call.timeoutMs ?? 10_000;
  const agent = call.agent ?? streamAgentFor(call.url);
  return new Promise((resolve, reject) => {
    const request = openRequest({ ...call, agent }, (response) => {
      clearTimeout(timer);
      resolve(response);
    });
    const giveUp = (error: unknown): void => {
      clearTimeout(timer);
      reject(asDcosError(call, error));
      request.destroy();
    };
    const timer = setTimeout(() => giveUp(tooLate(call, timeoutMs)), timeoutMs);
    request.on('error', giveUp);
    request.end(call.body);
  });
}

// A stream holds its connection for as long as it lives: it must not take one from the pool's
// budget.
const streamAgent = new http.Agent({ keepAlive: false });
const streamAgentTls = new https.Agent({ keepAlive: false });
const streamAgentFor = (url: string): http.Agent =>
  url.startsWith('https:') ? streamAgentTls : streamAgent;

function openRequest(
  call: HttpCall,
  onResponse: (response: http.IncomingMessage) => void,
): http.ClientRequest {
  const tls = call.url.startsWith('https:');
  const length =
    call.body === undefined ? {} : { 'content-length': String(Buffer.byteLength(call.body)) };
  const options: https.RequestOptions = {
    method: call.method,
    headers: { ...length, ...call.headers },
    agent: call.agent ?? (tls ? keepAliveTls : keepAlive),
    ...(tls ? { ca: trusted() } : {}),
    ...(call.signal ? { signal: call.signal } : {}),
  };
  return (tls ? https : http).request(call.url, options, onResponse);
}

function asDcosError(call: HttpCall, error: unknown): DcosError {
  if (error instanceof DcosError) return error;
  const code = systemCodeOf(error);
  const reason = code === 'ECONNREFUSED' ? 'nothing listens there' : messageOf(error);
  return new DcosError('unreachable', `cannot reach ${new URL(call.url).origin}: ${reason}`, {
    cause: error,
  });
}

/**
 * Makes a call with a JSON body and parses the JSON answer (`undefined` when it is empty). Does not
 * look at the status. Throws as `callHttp`, and `failed` for an answer that is not JSON.
 */
export async function callJson(
  call: Omit<HttpCall, 'body'> & { readonly json?: unknown },
): Promise<{
  readonly status: number;
  readonly headers: http.IncomingHttpHeaders;
  readonly json: unknown;
}> {
  const { json, ...rest } = call;
  const answer = await callHttp({
    ...rest,
    headers: {
      accept: 'application/json',
      ...(json === undefined ? {} : { 'content-type': 'application/json' }),
      ...call.headers,
    },
    ...(json === undefined ? {} : { body: JSON.stringify(json) }),
  });
  const text = answer.body.toString('utf8');
  if (text === '') return { status: answer.status, headers: answer.headers, json: undefined };
  try {
    return { status: answer.status, headers: answer.headers, json: JSON.parse(text) };
  } catch (error) {
    throw new DcosError(
      'failed',
      `${call.url} answered ${answer.status} with something that is not JSON`,
      {
        status: answer.status,
        data: text.slice(0, 200),
        cause: error,
      },
    );
  }
}
