/** Calls to the Docker engine of this machine, over its socket. */
import * as http from 'node:http';
import { DcosError, messageOf, systemCodeOf } from '../../../core/errors.js';
import { tryParseJson } from '../../../core/json.js';
import { type EngineEvent, engineEventSchema } from '../../../wire/docker.js';

const maxAnswerBytes = 64 * 1024 * 1024;
const answerMs = 60_000;

/** A whole answer of the engine. Throws `unreachable` where there is none. */
export function callEngine(
  socketPath: string,
  method: string,
  path: string,
): Promise<{ readonly status: number; readonly json: unknown }> {
  return new Promise((resolve, reject) => {
    const fail = (error: unknown): void => reject(engineGone(socketPath, error));
    const request = http.request({ socketPath, method, path, agent: false }, (response) => {
      const chunks: Buffer[] = [];
      let size = 0;
      response.on('data', (chunk: Buffer) => {
        size += chunk.length;
        if (size > maxAnswerBytes) request.destroy(new Error('its answer is too large'));
        else chunks.push(chunk);
      });
      response.on('error', fail);
      response.on('end', () => {
        const json = tryParseJson(Buffer.concat(chunks).toString('utf8'));
        resolve({ status: response.statusCode ?? 0, json });
      });
    });
    request.setTimeout(answerMs, () => request.destroy(new Error('it does not answer')));
    request.on('error', fail);
    request.end();
  });
}

/** The error for an engine that is not there. */
export function engineGone(socketPath: string, error: unknown): DcosError {
  const code = systemCodeOf(error);
  const why =
    code === 'ENOENT' || code === 'ECONNREFUSED'
      ? 'nothing listens there'
      : code === 'EACCES'
        ? 'this user may not use it'
        : messageOf(error);
  return new DcosError(
    'unreachable',
    `the Docker engine at ${socketPath} is not reachable: ${why}`,
    {
      status: 502,
    },
  );
}

const pauseMs = 250;

/**
 * Follows the engine's container events, again and again until `signal` ends it. `onOpen` comes at
 * each connection, before any event of it.
 */
export async function followEngine(
  socketPath: string,
  signal: AbortSignal,
  handlers: {
    readonly onOpen: () => void;
    readonly onEvent: (event: EngineEvent) => void;
    readonly onLost: (reason: string) => void;
  },
): Promise<void> {
  const filters = encodeURIComponent(JSON.stringify({ type: ['container'] }));
  while (!signal.aborted) {
    try {
      await followOnce(socketPath, `/events?filters=${filters}`, signal, handlers);
      handlers.onLost('the engine closed its event stream');
    } catch (error) {
      handlers.onLost(engineGone(socketPath, error).message);
    }
    if (!signal.aborted) await new Promise((resolve) => setTimeout(resolve, pauseMs));
  }
}

function followOnce(
  socketPath: string,
  path: string,
  signal: AbortSignal,
  handlers: { readonly onOpen: () => void; readonly onEvent: (event: EngineEvent) => void },
): Promise<void> {
  return new Promise((resolve, reject) => {
    const request = http.request({ socketPath, path, agent: false, signal }, (response) => {
      if (response.statusCode !== 200) {
        response.resume();
        reject(new Error(`it answered ${response.statusCode}`));
        return;
      }
      handlers.onOpen();
      let rest = '';
      response.setEncoding('utf8');
      response.on('data', (chunk: string) => {
        const lines = (rest + chunk).split('\n');
        rest = lines.pop() ?? '';
        for (const line of lines) {
          const parsed = engineEventSchema.safeParse(tryParseJson(line));
          if (parsed.success) handlers.onEvent(parsed.data);
        }
      });
      response.on('error', () => {});
      response.on('close', () => resolve());
    });
    request.on('error', reject);
    request.end();
  });
}
