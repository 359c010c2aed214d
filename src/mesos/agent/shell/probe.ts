/** Asks a task once how it is: by a command in its sandbox, an HTTP request or a TCP connection. */
import { spawn } from 'node:child_process';
import * as http from 'node:http';
import * as https from 'node:https';
import { connect } from 'node:net';
import type { CommandInfo } from '../../../wire/mesos/task.js';
import { wordsOf } from '../environment.js';

/** What is asked; `undefined` as a result means that no answer came in time. */
export type Probe =
  | {
      readonly type: 'COMMAND';
      readonly command: CommandInfo;
      readonly environment: Readonly<Record<string, string>>;
      readonly sandbox: string;
    }
  | {
      readonly type: 'HTTP';
      readonly scheme: 'http' | 'https';
      readonly port: number;
      readonly path: string;
    }
  | { readonly type: 'TCP'; readonly port: number };

/** The exit code of a command, in a shell's way for signals. */
export function probeCommand(
  probe: Extract<Probe, { type: 'COMMAND' }>,
  signal: AbortSignal,
): Promise<number | undefined> {
  const [program = '', ...words] = wordsOf(probe.command);
  return new Promise((resolve) => {
    const child = spawn(program, words, {
      cwd: probe.sandbox,
      env: probe.environment,
      detached: true,
      stdio: 'ignore',
    });
    const stop = (): void => {
      // The whole group, so that a check that hangs leaves nothing behind.
      try {
        if (child.pid !== undefined) process.kill(-child.pid, 'SIGKILL');
      } catch {
        // It has just ended.
      }
      resolve(undefined);
    };
    signal.addEventListener('abort', stop, { once: true });
    const done = (code: number | undefined): void => {
      signal.removeEventListener('abort', stop);
      resolve(code);
    };
    child.once('error', () => done(127));
    child.once('exit', (code) => done(code ?? 128));
  });
}

/**
 * The status of the answer. A task may listen on its agent's address or on all of loopback: both
 * are tried, in this order.
 */
export async function probeHttp(
  probe: Extract<Probe, { type: 'HTTP' }>,
  hosts: readonly string[],
  signal: AbortSignal,
): Promise<number | undefined> {
  for (const host of hosts) {
    const status = await requestOnce(probe, host, signal);
    if (status !== undefined || signal.aborted) return status;
  }
  return undefined;
}

function requestOnce(
  probe: Extract<Probe, { type: 'HTTP' }>,
  host: string,
  signal: AbortSignal,
): Promise<number | undefined> {
  return new Promise((resolve) => {
    const request = (probe.scheme === 'https' ? https : http).request(
      {
        host,
        port: probe.port,
        path: probe.path.startsWith('/') ? probe.path : `/${probe.path}`,
        agent: false,
        signal,
        // The certificate of a task on loopback proves nothing and is asked nothing.
        rejectUnauthorized: false,
      },
      (response) => {
        response.resume();
        resolve(response.statusCode);
        request.destroy();
      },
    );
    request.on('error', () => resolve(undefined));
    request.end();
  });
}

/** Whether a connection came; `undefined` when the time was up first. */
export async function probeTcp(
  port: number,
  hosts: readonly string[],
  signal: AbortSignal,
): Promise<boolean | undefined> {
  for (const host of hosts) {
    if (await connectOnce(host, port, signal)) return true;
    if (signal.aborted) return undefined;
  }
  return false;
}

function connectOnce(host: string, port: number, signal: AbortSignal): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host, port });
    const stop = (): void => {
      socket.destroy();
      resolve(false);
    };
    signal.addEventListener('abort', stop, { once: true });
    socket.once('error', stop);
    socket.once('connect', () => {
      socket.destroy();
      signal.removeEventListener('abort', stop);
      resolve(true);
    });
  });
}
