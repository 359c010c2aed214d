/** The embedded agent as a program: what `dcos-cluster agent` runs. */
import { existsSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { systemClock } from '../../core/clock.js';
import { basicAuthorization, secretOf } from '../../core/credentials.js';
import { createLogger } from '../../core/logger.js';
import { systemRandom } from '../../core/random.js';
import type { RunningServer } from '../../core/running.js';
import { openLmdbStore } from '../../core/store/lmdb.js';
import type { LocalAgent } from '../../wire/local-cluster.js';
import type { Resource } from '../../wire/mesos/common.js';
import { timedLevel } from '../shell/logging.js';
import { serveAgent } from './http.js';
import { restore } from './records.js';
import { type RunningAgent, runAgentLoop } from './run.js';
import { type AgentEngine, openEngine } from './shell/engine.js';
import { ExecutorStreams } from './shell/executor-streams.js';
import { type AgentPlace, readPlace } from './shell/local.js';
import { NestedContainers } from './shell/nested.js';
import { readBootId } from './shell/procfs.js';
import { empty, type Self } from './state.js';

declare const DCOS_VERSION: string;

/**
 * ms to wait for the master before serving without it: a cluster that says it is up should have its
 * agents.
 */
const registrationMs = 2_000;

/**
 * Starts it from the folder `dir` (`$DCOS_DIR/local`); resolves once it serves. pid and ready files
 * are the caller's work.
 */
export async function runAgent(dir: string, index: number): Promise<RunningServer> {
  const log = createLogger(`agent-${index}`);
  const place = readPlace(dir, index);
  const workDir = join(place.folder, 'work');
  mkdirSync(workDir, { recursive: true, mode: 0o700 });
  const store = await openLmdbStore(join(place.folder, 'store'));
  const engine = await openEngine(place.agent, place.folder, log);
  const state = empty(selfOf(place, workDir, engine), systemRandom);
  const damaged = restore(state, await store.load(''));
  if (damaged.length > 0) log.error('records that make no sense were left out', { damaged });
  // Before anything is taken up: a second process of the same agent ends here, its port being
  // taken.
  const nested = new NestedContainers(state, process.execPath);
  const streams = new ExecutorStreams();
  // Executors of one agent are nobody to another.
  const executorKey = secretOf(place.clusterKey, `executors of agent ${index}`);
  let agent: RunningAgent | undefined;
  const submit = () => agent?.submit;
  const executors = { state, key: executorKey, streams, submit };
  const logging = timedLevel(systemClock);
  const serving = { state, nested, executors, logging, clusterKey: place.clusterKey, log };
  const server = await serveAgent(serving);
  agent = runAgentLoop({
    state,
    store,
    master: place.master,
    authorization: basicAuthorization('agent', secretOf(place.clusterKey, 'agent')),
    nodePath: process.execPath,
    nested,
    streams,
    executorKey,
    logging,
    log,
  });
  const running = agent;
  const stop = async (): Promise<void> => {
    if (existsSync(place.stopFile)) await running.stopTasks();
    running.close();
    await nested.close();
    await server.close();
    if (existsSync(place.stopFile)) await engine?.stop();
    await store.close();
  };
  let stopping: Promise<void> | undefined;
  // The caller listens for signals once this resolves; until then a cluster that goes down must
  // not leave its tasks behind.
  const early = (): void => void stop().then(() => process.exit(0));
  process.once('SIGTERM', early);
  await Promise.race([
    agent.registered,
    new Promise((resolve) => setTimeout(resolve, registrationMs).unref()),
  ]);
  process.off('SIGTERM', early);
  return {
    host: server.host,
    port: server.port,
    stop: () => {
      stopping ??= stop();
      return stopping;
    },
  };
}

function selfOf(
  { agent, master }: AgentPlace,
  workDir: string,
  engine: AgentEngine | undefined,
): Self {
  return {
    masterHost: new URL(master).hostname,
    index: agent.index,
    host: agent.host,
    port: agent.port,
    rack: agent.rack,
    docker: engine && { socket: engine.socket, version: engine.version },
    version: typeof DCOS_VERSION === 'string' ? DCOS_VERSION : '0.0.0',
    nodeVersion: process.version,
    resources: resourcesOfAgent(agent),
    workDir,
    bootId: readBootId(),
    startTime: systemClock.now() / 1000,
  };
}

function resourcesOfAgent({ cpus, memMb, diskMb, ports }: LocalAgent): Resource[] {
  const scalar = (name: string, value: number): Resource => ({
    name,
    type: 'SCALAR',
    scalar: { value },
  });
  const [begin, end] = ports;
  return [
    scalar('cpus', cpus),
    scalar('mem', memMb),
    scalar('disk', diskMb),
    { name: 'ports', type: 'RANGES', ranges: { range: [{ begin, end }] } },
  ];
}
