/** `dcos up --docker`: which Docker engine agents get, and whether it is there. */
import { spawnSync } from 'node:child_process';
import { connect } from 'node:net';
import { DcosError, systemCodeOf } from '../../core/errors.js';
import type { LocalCluster } from '../../wire/local-cluster.js';
import { engineOf, type Wishes } from './layout.js';

const machineSocket = '/var/run/docker.sock';
const perAgent = 'engine-per-agent';

/**
 * The wish behind `--docker`, `--docker=SOCKET` or `--docker=engine-per-agent`, checked: the engine
 * answers, or one can be started. Throws `usage`, `failed` saying what to do.
 */
export async function dockerWish(
  value: string | true,
  env: NodeJS.ProcessEnv,
): Promise<NonNullable<Wishes['docker']>> {
  if (value === perAgent) {
    checkOwnEngines();
    return perAgent;
  }
  const named = value === true ? (env.DOCKER_HOST ?? machineSocket) : value;
  const socket = named.replace(/^unix:\/\//, '');
  if (!socket.startsWith('/')) {
    throw new DcosError('usage', `--docker: ${named} is not a socket of this machine`, {
      hint: `Give its path, for example --docker=${machineSocket}, or --docker=${perAgent}`,
    });
  }
  const code = await connectionProblem(socket);
  if (code === undefined) return { socket };
  const why =
    code === 'ENOENT'
      ? 'there is none'
      : code === 'EACCES'
        ? 'this user may not use it (it belongs to the group docker)'
        : `it does not answer (${code})`;
  throw new DcosError('failed', `--docker: no Docker engine at ${socket}: ${why}`, {
    hint:
      'Install and start one, name its socket ' +
      '(--docker=PATH), or as root let each agent have its own: ' +
      `--docker=${perAgent}`,
  });
}

function checkOwnEngines(): void {
  const isRoot = process.getuid?.() === 0;
  const { status } = spawnSync('dockerd', ['--version'], { stdio: 'ignore', timeout: 10_000 });
  if (isRoot && status === 0) return;
  const why = isRoot ? 'the program dockerd is not installed' : 'only root may start one';
  throw new DcosError('failed', `--docker=${perAgent}: no Docker engine can be started: ${why}`, {
    hint: isRoot
      ? 'Install the Docker engine of your distribution.'
      : `Run dcos up as root, or use the engine of this machine: dcos up --docker`,
  });
}

function connectionProblem(path: string): Promise<string | undefined> {
  return new Promise((resolve) => {
    const socket = connect({ path });
    socket.setTimeout(3_000, () => {
      socket.destroy();
      resolve('timeout');
    });
    socket.on('connect', () => {
      socket.destroy();
      resolve(undefined);
    });
    socket.on('error', (error) => resolve(systemCodeOf(error) ?? error.message));
  });
}

/**
 * The description of a cluster with the engine that is wished; the same one where it has that
 * already. Throws `conflict` where its agents run: they say at their start what they have.
 */
export function withDocker(
  cluster: LocalCluster,
  wishes: Partial<Wishes>,
  localDir: string,
  isRunning: boolean,
): LocalCluster {
  if (wishes.docker === undefined) return cluster;
  const agents = cluster.agents.map((agent) => ({
    ...agent,
    ...engineOf(wishes, agent.index, localDir),
  }));
  if (JSON.stringify(agents) === JSON.stringify(cluster.agents)) return cluster;
  if (!isRunning) return { ...cluster, agents };
  throw new DcosError('conflict', 'the local cluster runs, with other Docker engines or none', {
    hint: 'Start it anew with them; its state and data stay: dcos down, then dcos up --docker',
  });
}
