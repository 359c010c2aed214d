/**
 * The two masters with three agents each that the same scenarios are played on: the embedded one,
 * without a control plane, and a real Apache Mesos with the same users, resources and racks.
 */
import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { dirname, join } from 'node:path';
import { basicAuthorization, secretOf } from '../../../src/core/credentials.js';
import { callHttp } from '../../../src/core/http/request.js';
import { shared } from '../../helpers/paths.js';
import { procOf, signal } from '../../helpers/procfs.js';
import { until } from '../../helpers/wait.js';
import type { Live } from '../live.js';
import type { StateAgent } from '../state.js';

/** How many agents each has; agent K listens on 127.0.1.K and is in `rack-K`. */
export const agentCount = 3;

/** Everybody who may call; a framework's name is its principal. */
export const principals = ['control', 'f', 'g', 'h', 'a/b'] as const;

const clusterKey = 'ab'.repeat(32);

/** The value of `Authorization` for one of them, the same on both. */
export function authorizationOf(principal: string): string {
  return basicAuthorization(principal, secretOf(clusterKey, principal));
}

/** One of the two. */
export interface Target {
  readonly name: 'embedded' | 'apache';
  start(): Promise<void>;
  stop(): Promise<void>;
  /** `http://host:port` of the master. */
  master(): string;
  /** `http://host:port` of an agent. */
  agent(agent: number): string;
  /** kill -9; nothing starts it again. */
  killMaster(): Promise<void>;
  startMaster(): Promise<void>;
  killAgent(agent: number): Promise<void>;
  startAgent(agent: number): Promise<void>;
  /** SIGSTOP and SIGCONT. */
  freezeAgent(agent: number): void;
  thawAgent(agent: number): void;
  /** Starts an agent in the place of one that is gone for good. */
  replaceAgent(agent: number): Promise<void>;
  /** Starts the master again if it has died of a call. */
  revive(): Promise<void>;
  /** Starts the master anew where it goes on showing what was given back. */
  refresh(): Promise<void>;
  /** Every process that must be gone once `stop` is done. */
  pids(): number[];
}

/** A port of `host` that is free now. */
export async function freePort(host: string): Promise<number> {
  const server = createServer().listen(0, host);
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  assert.ok(address !== null && typeof address === 'object');
  return address.port;
}

/** The agents of a master, as `/state` tells. */
export async function agentsOf(target: Target): Promise<StateAgent[]> {
  const { body } = await callHttp({
    method: 'GET',
    url: `${target.master()}/master/state`,
    headers: { authorization: authorizationOf('control') },
  });
  return (JSON.parse(body.toString()) as { slaves: StateAgent[] }).slaves;
}

async function waitForAgents(target: Target): Promise<void> {
  await until(
    async () => (await agentsOf(target)).filter(({ active }) => active).length === agentCount,
    { what: `${agentCount} agents of the ${target.name} master`, timeoutMs: 60_000 },
  );
}

/** The embedded master and its agents: the programs that `dcos up` starts. */
export async function embeddedTarget(live: Live): Promise<Target> {
  const dir = join(live.dir, 'embedded');
  mkdirSync(join(dir, 'keys'), { recursive: true });
  writeFileSync(join(dir, 'keys', 'cluster.key'), clusterKey);
  const master = { host: '127.0.0.1', port: await freePort('127.0.0.1') };
  const agents = await Promise.all(
    Array.from({ length: agentCount }, async (_, at) => ({
      index: at + 1,
      host: `127.0.1.${at + 1}`,
      port: await freePort(`127.0.1.${at + 1}`),
      rack: `rack-${at + 1}`,
      cpus: 4,
      memMb: 4096,
      diskMb: 10240,
      ports: [31000 + (at + 1) * 200, 31199 + (at + 1) * 200],
    })),
  );
  const control = { host: '127.0.0.1', port: 1, advertise: '127.0.0.1' };
  const cluster = { schema: 1, id: 'c', name: 'conformance', control, master, agents };
  writeFileSync(join(dir, 'cluster.json'), JSON.stringify(cluster));
  const children = new Map<string, ChildProcess>();
  const program = join(dirname(live.bin), 'dcos-cluster.js');
  const run = async (name: string, args: readonly string[]): Promise<void> => {
    mkdirSync(join(dir, name), { recursive: true });
    rmSync(join(dir, name, 'ready'), { force: true });
    const log = openSync(join(dir, name, 'log'), 'a');
    const words = [program, ...args, '--dir', dir];
    const child = spawn(process.execPath, words, { env: live.env, stdio: ['ignore', log, log] });
    children.set(name, child);
    await until(() => existsSync(join(dir, name, 'ready')) || child.exitCode !== null, {
      what: `${name} to serve`,
      everyMs: 20,
    });
    assert.equal(child.exitCode, null, readFileSync(join(dir, name, 'log'), 'utf8'));
  };
  const end = async (name: string, how: NodeJS.Signals): Promise<void> => {
    const child = children.get(name);
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
    child.kill(how);
    await once(child, 'exit');
  };
  const startAgent = (agent: number) => run(`agent-${agent}`, ['agent', '--index', `${agent}`]);
  const send = (agent: number, how: NodeJS.Signals) => children.get(`agent-${agent}`)?.kill(how);
  const target: Target = {
    name: 'embedded',
    master: () => `http://127.0.0.1:${master.port}`,
    agent: (agent) => `http://127.0.1.${agent}:${agents[agent - 1]?.port}`,
    start: async () => {
      await run('master', ['master']);
      await Promise.all(agents.map(({ index }) => startAgent(index)));
      await waitForAgents(target);
    },
    stop: async () => {
      writeFileSync(join(dir, 'stop'), '');
      for (const { index } of agents) send(index, 'SIGCONT');
      await Promise.all(agents.map(({ index }) => end(`agent-${index}`, 'SIGTERM')));
      await end('master', 'SIGTERM');
    },
    killMaster: () => end('master', 'SIGKILL'),
    startMaster: () => run('master', ['master']),
    killAgent: (agent) => end(`agent-${agent}`, 'SIGKILL'),
    startAgent,
    freezeAgent: (agent) => send(agent, 'SIGSTOP'),
    thawAgent: (agent) => send(agent, 'SIGCONT'),
    replaceAgent: () => waitForAgents(target),
    revive: async () => {},
    refresh: async () => {},
    pids: () => [...children.values()].flatMap(({ pid }) => pid ?? []),
  };
  return target;
}

interface Started {
  readonly master: string;
  readonly agents: readonly { readonly address: string }[];
}

/** A real Apache Mesos that asks the same users for the same secrets. */
export function apacheTarget(live: Live, install: string): Target {
  const work = join(live.dir, 'apache');
  const credentials = join(live.dir, 'credentials.json');
  const known = principals.map((principal) => ({
    principal,
    secret: secretOf(clusterKey, principal),
  }));
  writeFileSync(credentials, JSON.stringify({ credentials: known }), { mode: 0o600 });
  const env = {
    MASTER_AUTHENTICATE_HTTP_FRAMEWORKS: 'true',
    MASTER_HTTP_FRAMEWORK_AUTHENTICATORS: 'basic',
    MASTER_AUTHENTICATE_HTTP_READWRITE: 'true',
    MASTER_CREDENTIALS: credentials,
    MASTER_REGISTRY: 'replicated_log',
    MASTER_QUORUM: '1',
    MASTER_AGENT_PING_TIMEOUT: '1secs',
    MASTER_MAX_AGENT_PING_TIMEOUTS: '5',
  };
  let started: Started = { master: '', agents: [] };
  const script = async (name: string, ...args: string[]): Promise<string> => {
    const path = join(shared, 'mesos', name);
    const ran = await live.exec(path, args, { timeoutMs: 90_000, env });
    assert.equal(ran.status, 0, `${name} ${args.join(' ')}:\n${ran.stderr}`);
    return ran.stdout;
  };
  const pidOf = (file: string): number => {
    const path = join(work, `${file}.pid`);
    return existsSync(path) ? Number(readFileSync(path, 'utf8')) : 0;
  };
  const kill = async (file: string): Promise<void> => {
    const pid = pidOf(file);
    signal(pid, 'SIGKILL');
    await until(() => procOf(pid) === undefined, { what: `the end of ${file}` });
  };
  const names = ['master', ...Array.from({ length: agentCount }, (_, at) => `agent-${at + 1}`)];
  const target: Target = {
    name: 'apache',
    master: () => `http://${started.master}`,
    agent: (agent) => `http://${started.agents[agent - 1]?.address}`,
    start: async () => {
      started = JSON.parse(await script('start', install, work, `${agentCount}`)) as Started;
      await waitForAgents(target);
    },
    stop: async () => {
      for (const name of names) signal(pidOf(name), 'SIGCONT');
      await script('stop', work);
    },
    killMaster: () => kill('master'),
    startMaster: async () => {
      await script('start', install, work, 'master');
    },
    killAgent: (agent) => kill(`agent-${agent}`),
    startAgent: async (agent) => {
      await script('start', install, work, 'agent', `${agent}`);
    },
    freezeAgent: (agent) => signal(pidOf(`agent-${agent}`), 'SIGSTOP'),
    thawAgent: (agent) => signal(pidOf(`agent-${agent}`), 'SIGCONT'),
    replaceAgent: async (agent) => {
      const pid = pidOf(`agent-${agent}`);
      await until(() => procOf(pid) === undefined, {
        what: 'the end of an agent that is gone',
        timeoutMs: 60_000,
      });
      rmSync(join(work, `agent-${agent}`), { recursive: true, force: true });
      await script('start', install, work, 'agent', `${agent}`);
      await waitForAgents(target);
    },
    revive: async () => {
      if (procOf(pidOf('master')) !== undefined) return;
      await script('start', install, work, 'master');
      await waitForAgents(target);
    },
    refresh: async () => {
      await kill('master');
      await script('start', install, work, 'master');
      await waitForAgents(target);
    },
    pids: () => names.map(pidOf).filter((pid) => pid > 0),
  };
  return target;
}
