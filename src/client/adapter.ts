/**
 * The adapter that axios sends with: Node's own http, so that axios loads in 15 ms instead of 60
 * (scripts/build.js leaves its other adapters out), with three limits: time to connect, time to the
 * whole answer, size of the answer.
 */
import * as http from 'node:http';
import type { Readable } from 'node:stream';
import {
  AxiosError,
  AxiosHeaders,
  type AxiosResponse,
  type InternalAxiosRequestConfig,
} from 'axios';

/** How long a connection may take, in ms: a server that is not there is told about at once. */
const connectTimeoutMs = 3000;

/** How a connection to a server is secured. */
export interface TlsOptions {
  readonly rejectUnauthorized?: boolean | undefined;
  /** PEM text of accepted authorities. */
  readonly ca?: string | undefined;
}

/** An axios adapter; answers with text, or with the stream itself for `responseType: 'stream'`. */
export function createAdapter(tls: TlsOptions, maxBytes: number) {
  // One connection serves all calls of one command.
  const agent = new http.Agent({ keepAlive: true, maxSockets: 8 });
  return async (config: InternalAxiosRequestConfig): Promise<AxiosResponse> => {
    const url = new URL(config.url ?? '', config.baseURL);
    for (const [name, value] of Object.entries((config.params ?? {}) as Record<string, unknown>)) {
      if (value !== undefined) url.searchParams.append(name, String(value));
    }
    const isTls = url.protocol === 'https:';
    const send = isTls ? (await import('node:https')).request : http.request;
    return new Promise((resolve, reject) => {
      const fail = (code: string, message: string): void => {
        reject(new AxiosError(message, code, config));
      };
      const request = send(url, {
        method: (config.method ?? 'get').toUpperCase(),
        headers: config.headers.toJSON() as http.OutgoingHttpHeaders,
        ...(config.signal ? { signal: config.signal as AbortSignal } : {}),
        ...(isTls ? tls : { agent }),
      });
      const limits = limitTimes(request, config.timeout ?? 0, fail);
      request.on('error', (error: NodeJS.ErrnoException) => {
        limits.clear();
        fail(error.code ?? error.name, error.message);
      });
      request.on('response', (response) => {
        const answer = (data: unknown): AxiosResponse => ({
          data,
          status: response.statusCode ?? 0,
          statusText: response.statusMessage ?? '',
          headers: new AxiosHeaders(response.headers as Record<string, string>),
          config,
          request,
        });
        if (config.responseType === 'stream') {
          limits.clear();
          resolve(answer(response));
          return;
        }
        const chunks: Buffer[] = [];
        let size = 0;
        response.on('data', (chunk: Buffer) => {
          size += chunk.length;
          chunks.push(chunk);
          if (size > maxBytes) {
            request.destroy();
            fail('ERR_TOO_LARGE', `the answer is larger than ${maxBytes} bytes`);
          }
        });
        response.on('end', () => {
          limits.clear();
          resolve(answer(Buffer.concat(chunks).toString('utf8')));
        });
        response.on('error', (error: NodeJS.ErrnoException) =>
          fail(error.code ?? error.name, error.message),
        );
      });
      const body = config.data as string | Readable | undefined;
      if (typeof body === 'object') body.pipe(request);
      else {
        // Node leaves it out of a DELETE, whose body would be taken for another request.
        if (body !== undefined) request.setHeader('Content-Length', Buffer.byteLength(body));
        request.end(body);
      }
    });
  };
}

function limitTimes(
  request: http.ClientRequest,
  timeoutMs: number,
  fail: (code: string, message: string) => void,
): { clear(): void } {
  const expire = (code: string, message: string) => (): void => {
    fail(code, message);
    request.destroy();
  };
  const connecting = setTimeout(expire('ECONNTIMEOUT', 'no connection'), connectTimeoutMs);
  const whole = timeoutMs > 0 ? setTimeout(expire('ETIMEDOUT', 'no answer'), timeoutMs) : undefined;
  request.on('socket', (socket) => {
    if (!socket.connecting) clearTimeout(connecting);
    else socket.once('connect', () => clearTimeout(connecting));
  });
  return {
    clear: () => {
      clearTimeout(connecting);
      clearTimeout(whole);
    },
  };
}
