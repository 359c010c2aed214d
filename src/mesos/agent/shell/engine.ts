/**
 * The Docker engine beside an agent: the machine's own, or with `--docker=engine-per-agent` one
 * that the agent starts, with everything that it keeps in the agent's folder.
 */
import { spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, openSync, readFileSync } from 'node:fs';
import * as http from 'node:http';
import { join } from 'node:path';
import { systemClock } from '../../../core/clock.js';
import { DcosError, messageOf } from '../../../core/errors.js';
import { tryParseJson } from '../../../core/json.js';
import type { Logger } from '../../../core/logger.js';
import type { LocalAgent } from '../../../wire/local-cluster.js';
import { processOf } from './procfs.js';
import { inTurn } from './turn.js';

/** A Docker engine of an agent. */
export interface AgentEngine {
  readonly socket: string;
  /** As it said at the start; absent where it did not answer. */
  readonly version: string | undefined;
  /** Ends it, if it is the agent's own; its containers are stopped, not removed. */
  stop(): Promise<void>;
}

const startMs = 30_000;
const stopMs = 30_000;

/** The engine of `agent`, started if it is its own. Throws `failed` where it does not start. */
export async function openEngine(
  agent: LocalAgent,
  folder: string,
  log: Logger,
): Promise<AgentEngine | undefined> {
  const { docker } = agent;
  if (docker === undefined) return undefined;
  const { socket, isOwn } = docker;
  if (!isOwn) {
    const version = await versionOf(socket);
    if (version === undefined) log.warn('the Docker engine does not answer', { socket });
    return { socket, version, stop: async () => {} };
  }
  const place = join(folder, 'engine');
  const running = await versionOf(socket);
  // One that outlived its agent goes on.
  const version = running ?? (await startInTurn(agent, place, socket, log));
  return { socket, version, stop: () => stop(agent, place) };
}

/** A name for the bridge of an agent's engine: at most 15 characters, unlike any other's. */
function bridgeOf({ host, index }: LocalAgent): {
  readonly name: string;
  readonly address: string;
} {
  const subnet = Number(host.split('.')[2] ?? 0);
  return { name: `dcos${subnet}-${index}`, address: `10.${100 + (subnet % 100)}.${index}.1/24` };
}

/** How long one waits for the engines that start before it, ms. */
const turnMs = 60_000;
const maxAttempts = 4;

/**
 * Engines make their rules for iptables when they start, and are in each other's way at it: one
 * starts at a time. What some other program does at that moment is waited out.
 */
async function startInTurn(
  agent: LocalAgent,
  place: string,
  socket: string,
  log: Logger,
): Promise<string> {
  const waits = (): void => log.info('another Docker engine starts at the moment', {});
  return inTurn('engine-start', turnMs, waits, async () => {
    for (let attempt = 1; ; attempt += 1) {
      try {
        return await start(agent, place, socket, log);
      } catch (error) {
        const isCollision = /iptables|xtables/i.test(messageOf(error));
        if (!isCollision || attempt === maxAttempts) throw error;
        log.warn('the Docker engine could not make its rules for iptables: it is tried again', {
          attempt,
          error: messageOf(error),
        });
        await new Promise((resolve) => setTimeout(resolve, attempt * 250));
      }
    }
  });
}

async function start(
  agent: LocalAgent,
  place: string,
  socket: string,
  log: Logger,
): Promise<string> {
  mkdirSync(place, { recursive: true, mode: 0o700 });
  const bridge = bridgeOf(agent);
  const isBridged =
    existsSync(`/sys/class/net/${bridge.name}`) ||
    (ip('link', 'add', bridge.name, 'type', 'bridge') &&
      ip('addr', 'add', bridge.address, 'dev', bridge.name));
  if (isBridged) ip('link', 'set', bridge.name, 'up');
  else log.warn('no bridge could be made: containers have no network unless they name one', {});
  const file = openSync(join(place, 'log'), 'a', 0o600);
  // A system's containerd would be shared with every other engine of the machine; the name keeps
  // them apart.
  const own = `dcos-${agent.host.replaceAll('.', '-')}-${agent.index}`;
  const child = spawn(
    'dockerd',
    [
      ['--data-root', join(place, 'data')],
      ['--exec-root', join(place, 'exec')],
      ['--pidfile', join(place, 'pid')],
      ['--host', `unix://${socket}`],
      ['--bridge', isBridged ? bridge.name : 'none'],
      ['--containerd-namespace', own],
      ['--containerd-plugins-namespace', `${own}-plugins`],
    ].flat(),
    { detached: true, stdio: ['ignore', file, file] },
  );
  let ended: string | undefined;
  child.on('error', (error) => {
    ended = error.message;
  });
  child.on('exit', (code) => {
    ended ??= `it ended with ${code}`;
  });
  child.unref();
  const end = systemClock.monotonic() + startMs;
  while (systemClock.monotonic() < end && ended === undefined) {
    const version = await versionOf(socket);
    if (version !== undefined) return version;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  const lines = readFileSync(join(place, 'log'), 'utf8').trim().split('\n').slice(-3);
  throw new DcosError(
    'failed',
    [
      `the Docker engine of agent-${agent.index} does not start: ${ended ?? 'no answer'}`,
      ...lines,
    ].join('\n  '),
    { hint: `See ${join(place, 'log')}` },
  );
}

function ip(...words: string[]): boolean {
  return spawnSync('ip', words, { stdio: 'ignore', timeout: 10_000 }).status === 0;
}

async function stop(agent: LocalAgent, place: string): Promise<void> {
  const pid = Number(readPid(place));
  // The file outlives a reboot; another program may have the number now.
  if (pid > 1 && isEngine(pid)) {
    process.kill(pid, 'SIGTERM');
    const end = systemClock.monotonic() + stopMs;
    while (systemClock.monotonic() < end && processOf(pid) !== undefined) {
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    if (processOf(pid) !== undefined) process.kill(pid, 'SIGKILL');
  }
  ip('link', 'del', bridgeOf(agent).name);
}

function readPid(place: string): string {
  try {
    return readFileSync(join(place, 'pid'), 'utf8');
  } catch {
    return '';
  }
}

function isEngine(pid: number): boolean {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').startsWith('dockerd');
  } catch {
    return false;
  }
}

/** The version of the engine at `socket`; `undefined` where none answers. */
export function versionOf(socket: string): Promise<string | undefined> {
  return new Promise((resolve) => {
    const request = http.request(
      { socketPath: socket, path: '/version', agent: false },
      (answer) => {
        let text = '';
        answer.setEncoding('utf8');
        answer.on('data', (chunk: string) => {
          text = (text + chunk).slice(0, 65_536);
        });
        answer.on('end', () => {
          const { Version } = (tryParseJson(text) ?? {}) as { Version?: string };
          resolve(Version);
        });
        answer.on('error', () => resolve(undefined));
      },
    );
    request.setTimeout(3_000, () => request.destroy());
    request.on('error', () => resolve(undefined));
    request.end();
  });
}
