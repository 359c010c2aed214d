/** `up`: makes a local cluster where there is none, and starts whatever of it does not run. */
import { existsSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { DcosError } from '../../core/errors.js';
import { parseMesosAddress, shownMesosAddress } from '../../core/leader/address.js';
import { systemRandom } from '../../core/random.js';
import type { LocalCluster } from '../../wire/local-cluster.js';
import { withDocker } from './docker.js';
import { fileError, makeFolder } from './files.js';
import { checkWishes, planAgents, serverArguments, serverNames, type Wishes } from './layout.js';
import { startLoop, writeLoopScript } from './loop.js';
import { canListen, freePorts, lookAtMachine } from './machine.js';
import { clusterProgram } from './paths.js';
import { signalProcess } from './processes.js';
import {
  createCluster,
  describeCluster,
  readCluster,
  removeLeftovers,
  writeMesosKeys,
} from './records.js';
import { exitsOf, lastLogLines, lookAtServer, type ServerState } from './servers.js';

/** What `up` tells as it goes. */
export interface UpTeller {
  /** Something worth knowing: a repair, a finding. */
  say(text: string): void;
  /** What it is waiting for now. */
  progress(text: string): void;
}

/** What `up` found and did. */
export interface UpResult {
  readonly cluster: LocalCluster;
  readonly created: boolean;
  /** Names of the servers that it started; none: everything was up. */
  readonly started: readonly string[];
}

/** How long servers may take to say that they are ready, in ms; Docker engines start in turn. */
const readyTimeoutMs = 60_000;
const readyTimeoutPerServerMs = 5_000;
/**
 * A large archive that passes through a server must not stay in its memory. Node's young generation
 * would grow to 48 MB and never shrink again; and glibc would keep freed buffers in its arenas.
 * After the fetch of Kafka: agent 69 MB instead of 108, control plane 87 MB instead of 190.
 */
const leanNode = ['--max-semi-space-size=1'];
const leanMalloc = { MALLOC_MMAP_THRESHOLD_: '65536', MALLOC_TRIM_THRESHOLD_: '131072' };
/** A server that ends this often before it is ready will not get ready. */
const maxExits = 3;

/**
 * Brings the local cluster of `localDir` up and waits until each of its servers serves. The caller
 * holds the lock. Throws `usage`, `conflict` (a port is in use, or other wishes than those it was
 * made with), `io`, `corrupt`, `failed`, `timeout`.
 */
export async function bringUp(
  localDir: string,
  wishes: Partial<Wishes>,
  env: NodeJS.ProcessEnv,
  tell: UpTeller,
): Promise<UpResult> {
  const known = await readCluster(localDir);
  if (known !== undefined) {
    checkSameWishes(known, wishes);
    writeMesosKeys(localDir, wishes);
  }
  const described = known ?? (await makeOrLeave(localDir, wishes));
  const states = serverNames(described).map((name) => lookAtServer(localDir, name));
  const isRunning = states.some(({ process }) => process !== undefined);
  const cluster = withDocker(described, wishes, localDir, isRunning);
  if (cluster !== described) describeCluster(localDir, cluster);
  if (known !== undefined) reportFindings(localDir, states, tell);
  const toStart = states.filter((state) => state.loop === undefined);
  await checkPorts(cluster, toStart);
  try {
    rmSync(join(localDir, 'stop'), { force: true });
    for (const { name } of toStart) rmSync(join(localDir, name, 'exits'), { force: true });
  } catch (error) {
    throw fileError(error, localDir);
  }
  const program = clusterProgram();
  if (toStart.length > 0) writeLoopScript(localDir);
  for (const { name, process: orphan } of toStart) {
    startLoop({
      localDir,
      server: name,
      command: [process.execPath, ...leanNode, program, ...serverArguments(name, localDir)],
      orphanPid: orphan?.pid,
      env: { ...leanMalloc, ...env },
    });
  }
  try {
    await waitUntilReady(localDir, serverNames(cluster), tell);
  } catch (error) {
    await stopStarted(localDir, toStart);
    throw error;
  }
  const started = toStart.filter((state) => state.process === undefined).map(({ name }) => name);
  return { cluster, created: known === undefined, started };
}

// A folder that was not there before must not stay half-filled: a full disk, for instance.
async function makeOrLeave(localDir: string, wishes: Partial<Wishes>): Promise<LocalCluster> {
  const isNew = !existsSync(localDir);
  try {
    return await makeCluster(localDir, wishes);
  } catch (error) {
    if (isNew) removeQuietly(localDir);
    throw error;
  }
}

function removeQuietly(folder: string): void {
  try {
    rmSync(folder, { recursive: true, force: true });
  } catch {
    // The first error is the one that counts.
  }
}

async function makeCluster(localDir: string, given: Partial<Wishes>): Promise<LocalCluster> {
  const agents = given.agents ?? 3;
  const wishes: Wishes = { ...given, agents, racks: given.racks ?? Math.min(agents, 3) };
  checkWishes(wishes);
  const id = systemRandom.uuid();
  const [controlPort = 0] = await freePorts(['127.0.0.1'], systemRandom.next(), []);
  if (wishes.mesosUrl !== undefined) {
    const cluster = attachedCluster(id, wishes, wishes.mesosUrl, controlPort);
    makeFolder(localDir);
    createCluster(localDir, cluster);
    writeMesosKeys(localDir, wishes);
    return cluster;
  }
  makeFolder(localDir);
  const facts = await lookAtMachine(localDir, systemRandom.next());
  const hosts = Array.from({ length: agents }, (_, at) =>
    facts.subnet === undefined ? '127.0.0.1' : `${facts.subnet}.${at + 1}`,
  );
  const [masterPort, ...agentPorts] = await freePorts(
    ['127.0.0.1', ...hosts],
    systemRandom.next(),
    [controlPort],
  );
  const cluster: LocalCluster = {
    schema: 1,
    id,
    name: 'local',
    control: { host: '127.0.0.1', port: controlPort, advertise: `127.0.0.1:${controlPort}` },
    master: { host: '127.0.0.1', port: masterPort ?? 0 },
    agents: planAgents(facts, wishes, agentPorts, systemRandom.next(), localDir),
  };
  createCluster(localDir, cluster);
  return cluster;
}

/**
 * The address under which agents of that Mesos reach the control plane. Throws `usage` where it is
 * not given and can't be known.
 */
export function advertisedAddress({ advertise }: Partial<Wishes>, mesosUrl: string): string {
  if (advertise !== undefined) return advertise;
  const address = parseMesosAddress(mesosUrl);
  // Where ZooKeeper finds the masters says nothing of where their agents are.
  const hosts = address.kind === 'masters' ? address.urls.map((url) => new URL(url).hostname) : [];
  const isHere = (host: string): boolean => host === 'localhost' || host.startsWith('127.');
  if (hosts.length > 0 && hosts.every(isHere)) return '127.0.0.1';
  throw new DcosError(
    'usage',
    `the agents of ${shownMesosAddress(mesosUrl)} must be able to reach the control plane`,
    { hint: 'Name the address of this machine as they see it: --advertise ADDRESS' },
  );
}

function attachedCluster(id: string, wishes: Wishes, mesosUrl: string, port: number): LocalCluster {
  const advertise = advertisedAddress(wishes, mesosUrl);
  const [name, ownPort] = advertise.split(':');
  const host = name === 'localhost' || name?.startsWith('127.') ? '127.0.0.1' : '0.0.0.0';
  const chosen = Number(ownPort ?? port);
  return {
    schema: 1,
    id,
    name: 'mesos',
    control: { host, port: chosen, advertise: `${name}:${chosen}` },
    mesosUrl,
    ...(wishes.mesosLogin === undefined ? {} : { mesosPrincipal: wishes.mesosLogin.principal }),
    agents: [],
  };
}

function checkSameWishes(cluster: LocalCluster, wishes: Partial<Wishes>): void {
  const principal = wishes.mesosLogin?.principal;
  const agents = cluster.agents.length;
  const racks = new Set(cluster.agents.map((agent) => agent.rack)).size;
  const differences = [
    wishes.agents !== undefined && wishes.agents !== agents
      ? `it has ${agents} agents, not ${wishes.agents}`
      : '',
    wishes.racks !== undefined && wishes.racks !== racks
      ? `it has ${racks} racks, not ${wishes.racks}`
      : '',
    wishes.mesosUrl !== undefined && wishes.mesosUrl !== cluster.mesosUrl
      ? `it runs on ${cluster.mesosUrl ?? 'its own Mesos'}, not on ${wishes.mesosUrl}`
      : '',
    principal !== undefined && principal !== cluster.mesosPrincipal
      ? `it is ${cluster.mesosPrincipal ?? 'no principal'} to its Mesos, not ${principal}`
      : '',
  ].filter((text) => text !== '');
  if (differences.length === 0) return;
  throw new DcosError(
    'conflict',
    `there is a local cluster already, and ${differences.join(', ')}`,
    {
      hint: 'Start it as it is: dcos up. Or erase it and its data first: dcos down --purge',
    },
  );
}

function reportFindings(localDir: string, states: readonly ServerState[], tell: UpTeller): void {
  const leftovers = removeLeftovers(localDir);
  if (leftovers.length > 0) tell.say(`Removed half-written files: ${leftovers.join(', ')}`);
  // A stop file says that `down` has stopped them in good order.
  const wasStopped = existsSync(join(localDir, 'stop'));
  const stale = states.filter((state) => state.isStale && !wasStopped && state.loop === undefined);
  if (stale.length > 0) {
    const names = stale.map(({ name }) => name).join(', ');
    tell.say(
      `Not stopped cleanly (a crash or a reboot?): ${names}. Starting again from what is stored.`,
    );
  }
  const orphans = states.filter((state) => state.process !== undefined && state.loop === undefined);
  if (orphans.length > 0) {
    tell.say(
      `Running unwatched, watched again from now on: ${orphans.map(({ name }) => name).join(', ')}`,
    );
  }
}

async function checkPorts(cluster: LocalCluster, toStart: readonly ServerState[]): Promise<void> {
  const places = new Map<string, { host: string; port: number }>([['control', cluster.control]]);
  if (cluster.master !== undefined) places.set('master', cluster.master);
  for (const agent of cluster.agents) places.set(`agent-${agent.index}`, agent);
  for (const { name, process: live } of toStart) {
    const place = places.get(name);
    if (place === undefined || live !== undefined) continue;
    if (await canListen(place.host, place.port)) continue;
    throw new DcosError(
      'conflict',
      `port ${place.host}:${place.port} of ${name} is in use by another program`,
      {
        hint: 'End that program, then run dcos up again. Or make a new cluster: dcos down --purge',
      },
    );
  }
}

async function waitUntilReady(
  localDir: string,
  names: readonly string[],
  tell: UpTeller,
): Promise<void> {
  const timeoutMs = readyTimeoutMs + names.length * readyTimeoutPerServerMs;
  const end = performance.now() + timeoutMs;
  for (;;) {
    const waiting = names.filter((name) => !lookAtServer(localDir, name).isReady);
    if (waiting.length === 0) return;
    tell.progress(`waiting for ${waiting.join(', ')}`);
    for (const name of waiting) failIfHopeless(localDir, name);
    if (performance.now() > end) {
      throw new DcosError(
        'timeout',
        `not ready within ${timeoutMs / 1000} s: ${waiting.join(', ')}`,
        {
          hint: waiting.map((name) => `See ${join(localDir, name, 'log')}`).join('\n'),
        },
      );
    }
    await sleep(25);
  }
}

function failIfHopeless(localDir: string, name: string): void {
  const { count, status } = exitsOf(localDir, name);
  if (count < maxExits) return;
  const lines = lastLogLines(localDir, name, 5);
  throw new DcosError(
    'failed',
    [`${name} ends at once (status ${status})`, ...lines].join('\n  '),
    {
      hint: `See ${join(localDir, name, 'log')}`,
    },
  );
}

// Nothing half-done: what this very call has started is ended again. Tasks are not touched.
async function stopStarted(localDir: string, toStart: readonly ServerState[]): Promise<void> {
  for (const { name, process: before } of toStart) {
    const { loop, process: live } = lookAtServer(localDir, name);
    if (loop !== undefined) signalProcess(loop, 'SIGKILL');
    if (live !== undefined && before === undefined) signalProcess(live, 'SIGTERM');
  }
}
