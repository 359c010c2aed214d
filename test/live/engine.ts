/** The two engines that the same scenarios run on: the embedded cluster and a real Apache Mesos. */
import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { LocalCluster } from '../../src/wire/local-cluster.js';
import { procOf, signal } from '../helpers/procfs.js';
import { until } from '../helpers/wait.js';
import type { Live } from './live.js';
import { type MasterState, readState, type StateAgent } from './state.js';

/** One agent's machine. */
export interface Machine {
  readonly index: number;
  readonly rack: string;
  /** Where the agent keeps sandboxes, volumes and what it knows. */
  readonly work: string;
  /** The pid of what starts the agent again when it ends, if there is such a thing. */
  readonly loop?: number;
}

/** A cluster whose machines can be hurt. Agents are named by their number, from 1. */
export interface Engine {
  readonly name: string;
  /** After this long without an answer an agent is lost, in ms. */
  readonly detectionMs: number;
  /** Frameworks that are there when nothing is installed. */
  readonly ownFrameworks: readonly string[];
  /**
   * Starts Mesos, if it is a process of its own, and `dcos up` on it; `agents` of them, in three
   * racks by turns, instead of what is usual.
   */
  up(agents?: number): Promise<void>;
  state(): Promise<MasterState>;
  /** The number of the agent that is known to the master as `agentId`. */
  agentOf(agentId: string): Promise<number>;
  /** The machines as they were started, those that are lost by now too. */
  machines(): Machine[];
  agentPid(agent: number): number;
  /** kill -9, and sees to it that it is started again. */
  killAgent(agent: number): Promise<void>;
  killMaster(): Promise<void>;
  killControl(): Promise<void>;
  /** Ends what `dcos down --purge` does not. */
  stop(): Promise<void>;
}

function firstNumberIn(path: string): number {
  const pid = Number(/^\d+/.exec(readFileSync(path, 'utf8'))?.[0]);
  assert.ok(pid > 1, `${path} holds no pid`);
  return pid;
}

/** The pid of a server of the local cluster. */
export function serverPid(live: Live, server: string): number {
  return firstNumberIn(join(live.dcosDir, 'local', server, 'pid'));
}

/** What `up` wrote down. */
export function localCluster(live: Live): LocalCluster {
  const text = readFileSync(join(live.dcosDir, 'local', 'cluster.json'), 'utf8');
  return JSON.parse(text) as LocalCluster;
}

/** Kills a server of the local cluster hard and waits until its loop has started it again. */
export async function killServer(live: Live, server: string): Promise<void> {
  const before = serverPid(live, server);
  signal(before, 'SIGKILL');
  await until(() => serverPid(live, server) !== before && isReady(live, server), {
    what: `${server} started again`,
  });
}

/** Whether the server says that it serves, and lives. */
export function isReady(live: Live, server: string): boolean {
  if (!existsSync(join(live.dcosDir, 'local', server, 'ready'))) return false;
  return procOf(serverPid(live, server)) !== undefined;
}

/** The embedded cluster: master and agents under `dcos up`. */
export function embedded(live: Live): Engine {
  const key = (): string =>
    readFileSync(join(live.dcosDir, 'local', 'keys', 'cluster.key'), 'utf8').trim();
  const master = (): string => {
    const { master: place } = localCluster(live);
    return `http://${place?.host}:${place?.port}`;
  };
  return {
    name: 'embedded cluster',
    detectionMs: 5000,
    ownFrameworks: ['services'],
    up: async (agents) => {
      const more = agents === undefined ? [] : ['--agents', `${agents}`, '--racks', '3'];
      await live.ok(['up', ...more]);
    },
    machines: () =>
      localCluster(live).agents.map(({ index, rack }) => {
        const folder = join(live.dcosDir, 'local', `agent-${index}`);
        const loop = firstNumberIn(join(folder, 'loop'));
        return { index, rack, work: join(folder, 'work'), loop };
      }),
    state: () => readState(master(), key()),
    agentOf: async (agentId) => {
      const agents = (await readState(master(), key())).slaves;
      const agent = agents.find(({ id }) => id === agentId);
      const found = localCluster(live).agents.find(
        ({ host, port }) => agent?.pid === `slave(1)@${host}:${port}`,
      );
      assert.ok(found, `no agent of cluster.json is ${agentId} (${agent?.pid})`);
      return found.index;
    },
    agentPid: (agent) => serverPid(live, `agent-${agent}`),
    killAgent: (agent) => killServer(live, `agent-${agent}`),
    killMaster: () => killServer(live, 'master'),
    killControl: () => killServer(live, 'control'),
    stop: async () => {},
  };
}

interface Started {
  readonly master: string;
  readonly agents: readonly { readonly rack: string; readonly work: string }[];
}

/** A real Apache Mesos of `shared`/mesos with one master and three agents. */
export function apacheMesos(
  live: Live,
  shared: string,
  install: string,
): Engine & { startMesos(agents?: number): Promise<void> } {
  const work = join(live.dir, 'mesos');
  let master = '';
  let machines: Machine[] = [];
  const script = async (name: string, ...args: string[]): Promise<string> => {
    const ran = await live.exec(join(shared, 'mesos', name), args, { timeoutMs: 60_000 });
    assert.equal(ran.status, 0, `${name} ${args.join(' ')}:\n${ran.stderr}`);
    return ran.stdout;
  };
  const agentPid = (agent: number): number => firstNumberIn(join(work, `agent-${agent}.pid`));
  const startMesos = async (agents = 3): Promise<void> => {
    const started = JSON.parse(await script('start', install, work, `${agents}`)) as Started;
    master = `http://${started.master}`;
    machines = started.agents.map((agent, at) => ({ index: at + 1, ...agent }));
  };
  return {
    name: 'Apache Mesos',
    detectionMs: 3000,
    ownFrameworks: ['services'],
    startMesos,
    up: async (agents) => {
      await startMesos(agents);
      await live.ok(['up', '--mesos', master, '--advertise', '127.0.0.1']);
    },
    state: () => readState(master),
    agentOf: async (agentId) => {
      const agent = (await readState(master)).slaves.find(({ id }) => id === agentId);
      return numberOf(agent);
    },
    machines: () => machines,
    agentPid,
    killAgent: async (agent) => {
      signal(agentPid(agent), 'SIGKILL');
      await until(() => procOf(agentPid(agent)) === undefined, { what: 'its end' });
      await script('start', install, work, 'agent', String(agent));
    },
    killMaster: async () => {
      const pid = firstNumberIn(join(work, 'master.pid'));
      signal(pid, 'SIGKILL');
      await until(() => procOf(pid) === undefined, { what: 'its end' });
      await script('start', install, work, 'master');
    },
    killControl: () => killServer(live, 'control'),
    stop: async () => {
      await script('stop', work);
    },
  };
}

/** `start` gives agent K the address 127.0.1.K. */
function numberOf(agent: StateAgent | undefined): number {
  const number = Number(/@127\.0\.1\.(\d+):/.exec(agent?.pid ?? '')?.[1]);
  assert.ok(number > 0, `no agent of ours listens on ${agent?.pid}`);
  return number;
}
