/**
 * `up` as a person sees it: starts the local cluster, waits for its agents, attaches the command
 * line to it.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { DcosError, messageOf } from '../../core/errors.js';
import type { LocalCluster } from '../../wire/local-cluster.js';
import { valueAt, withValue } from '../config/clusters.js';
import type { Context } from '../context.js';
import { checkWishes, type Wishes } from './layout.js';
import { withLock } from './lock.js';
import { localClusterId, readMesosAccess } from './records.js';
import { advertisedAddress, bringUp } from './up.js';

/** How long agents may take to register once their servers are ready, in ms. */
const registrationTimeoutMs = 20_000;

/** Makes sure that the local cluster runs and is the attached one. Throws as `bringUp`. */
export async function startLocalCluster(
  context: Context,
  asked: Partial<Wishes>,
): Promise<LocalCluster> {
  const { io, localDir, dcosDir } = context;
  const progress = await io.progress('starting the local cluster');
  const begun = performance.now();
  try {
    const wishes = withPreferences(context, asked);
    await checkNewMesos(localDir, wishes);
    const onWait = (pid: number): void =>
      io.say(
        `Another dcos command (pid ${pid}) is starting or stopping the cluster: waiting for it`,
      );
    const result = await withLock(dcosDir, onWait, async () => {
      const up = await bringUp(localDir, wishes, serverEnvironment(context), {
        say: (text) => io.say(text),
        progress: (text) => progress.update(`starting the local cluster: ${text}`),
      });
      await attach(context, up.cluster);
      await waitForAgents(context, up.cluster.agents.length);
      return up;
    });
    const seconds = ((performance.now() - begun) / 1000).toFixed(1);
    progress.end();
    io.say(
      result.started.length === 0 && !result.created
        ? `The local cluster is up already: ${describe(result.cluster)}.`
        : `The local cluster is up: ${describe(result.cluster)} (${seconds} s).`,
    );
    if (!result.created) await warnOfAbsentMesos(context, result.cluster);
    return result.cluster;
  } catch (error) {
    progress.end();
    throw error;
  }
}

// The settings file says how large a new cluster is, not what one that exists must be.
function withPreferences(context: Context, asked: Partial<Wishes>): Partial<Wishes> {
  const { mesosUrl, agents, racks } = asked;
  const isNew = localClusterId(context.localDir) === undefined;
  if (!isNew || mesosUrl !== undefined || agents !== undefined || racks !== undefined) return asked;
  const { file, ...own } = context.preferences;
  const wishes = {
    ...(own.agents === undefined ? {} : { agents: own.agents }),
    ...(own.racks === undefined ? {} : { racks: own.racks }),
  };
  try {
    checkWishes({ agents: 3, racks: 1, ...wishes });
  } catch (error) {
    throw new DcosError('invalid', `${file}: ${messageOf(error).replaceAll('--', 'up.')}`);
  }
  return { ...asked, ...wishes };
}

// Before anything is made: a slip in the address must leave nothing behind.
async function checkNewMesos(localDir: string, wishes: Partial<Wishes>): Promise<void> {
  const { mesosUrl, mesosLogin: login, mesosAuthority: authority } = wishes;
  if (mesosUrl === undefined || localClusterId(localDir) !== undefined) return;
  advertisedAddress(wishes, mesosUrl);
  const { mesosMasterVersion } = await import('../../client/mesos.js');
  await mesosMasterVersion(mesosUrl, { login, authority });
}

// A cluster that has worked is started nevertheless: its master may be back any moment.
async function warnOfAbsentMesos(
  { io, localDir }: Context,
  { mesosUrl, mesosPrincipal }: LocalCluster,
): Promise<void> {
  if (mesosUrl === undefined) return;
  const { mesosMasterVersion } = await import('../../client/mesos.js');
  try {
    await mesosMasterVersion(mesosUrl, readMesosAccess(localDir, mesosPrincipal));
  } catch (error) {
    io.warn(`${messageOf(error)}\nNothing can be started or listed until it is back.`);
  }
}

function describe(cluster: LocalCluster): string {
  const at = `http://${cluster.control.advertise}`;
  if (cluster.mesosUrl !== undefined) return `control plane ${at} on ${cluster.mesosUrl}`;
  const racks = new Set(cluster.agents.map((agent) => agent.rack)).size;
  const plural = (count: number, noun: string): string =>
    `${count} ${noun}${count === 1 ? '' : 's'}`;
  const agents = plural(cluster.agents.length, 'agent');
  return `${agents} in ${plural(racks, 'rack')}, control plane ${at}`;
}

/**
 * What servers get: the caller's environment but for what is meant for this program alone, and the
 * repositories that the configuration names.
 */
export function serverEnvironment(context: Context): NodeJS.ProcessEnv {
  const { NODE_OPTIONS: _, ...env } = context.env;
  const id = localClusterId(context.localDir);
  const values = context.clusters.list().find((one) => one.id === id)?.values ?? {};
  const repositories = ['maven', 'pypi', 'npm'].flatMap((kind) => {
    const base = valueAt(values, `repositories.${kind}`);
    return typeof base === 'string' ? [[`DCOS_REPOSITORY_${kind.toUpperCase()}`, base]] : [];
  });
  return { ...Object.fromEntries(repositories), ...env, DCOS_DIR: context.dcosDir };
}

async function attach(context: Context, cluster: LocalCluster): Promise<void> {
  const { clusters } = context;
  const url = `http://${cluster.control.advertise}`;
  const known = clusters.list().find((one) => one.id === cluster.id);
  let values = withValue(known?.values ?? {}, 'core.dcos_url', url);
  if (known === undefined) values = withValue(values, 'cluster.name', cluster.name);
  clusters.save(cluster.id, values);
  clusters.attach(cluster.id);
  context.reconnect();
  const fresh = clusters.list().find((one) => one.id === cluster.id);
  if (fresh !== undefined) await context.renew(fresh);
}

async function waitForAgents(context: Context, wanted: number): Promise<void> {
  if (wanted === 0) return;
  const { activeAgentCount } = await import('../../client/nodes.js');
  const http = await context.http();
  const end = performance.now() + registrationTimeoutMs;
  for (;;) {
    const count = await activeAgentCount(http).catch(() => 0);
    if (count >= wanted) return;
    if (performance.now() > end) {
      throw new DcosError('timeout', `only ${count} of ${wanted} agents registered`, {
        hint: `See their logs in ${context.localDir}/agent-*/log`,
      });
    }
    await sleep(40);
  }
}
