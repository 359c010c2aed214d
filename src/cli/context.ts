/**
 * What every command gets: the environment, the door to the user, the configuration and, on demand,
 * the cluster.
 */
import type { TomlTable } from 'smol-toml';
import type { Http } from '../client/http.js';
import { DcosError } from '../core/errors.js';
import type { Group } from './command.js';
import {
  type ClusterConfig,
  Clusters,
  clusterName,
  valueAt,
  withValue,
} from './config/clusters.js';
import type { Preferences } from './config/preferences.js';
import type { Io } from './io.js';
import { dcosDirOf, localDirOf } from './local/paths.js';
import { localClusterId, readCredential } from './local/records.js';
import { version } from './version.js';

/**
 * `core.dcos_acs_token` of the local cluster after `auth logout`: nobody logs in silently then. A
 * token that was never there is got silently.
 */
export const loggedOut = '';

/** The surroundings of one run. */
export class Context {
  readonly env: NodeJS.ProcessEnv;
  readonly io: Io;
  /** Every command by the words that name it. */
  readonly commands: Group;
  readonly dcosDir: string;
  readonly localDir: string;
  readonly clusters: Clusters;
  /** The settings file in force. */
  readonly preferences: Preferences;
  /** What ctrl-C says before the program ends; set by commands that leave something going on. */
  interruptNote: string | undefined;
  /** What the program ends with where nothing fails; another program's status. */
  exitStatus = 0;
  #http: Promise<Http> | undefined;

  constructor(env: NodeJS.ProcessEnv, io: Io, commands: Group, preferences: Preferences = {}) {
    this.preferences = preferences;
    this.env = env;
    this.commands = commands;
    this.io = io;
    this.dcosDir = dcosDirOf(env);
    this.localDir = localDirOf(this.dcosDir);
    this.clusters = new Clusters(this.dcosDir);
  }

  /** The current cluster, if there is one. */
  cluster(): ClusterConfig | undefined {
    const { cluster, file } = this.preferences;
    if (this.env.DCOS_CLUSTER || cluster === undefined) {
      return this.clusters.current(this.env.DCOS_CLUSTER, 'DCOS_CLUSTER');
    }
    return this.clusters.current(cluster, file ?? '');
  }

  /** The current cluster. Throws `unreachable` where there is none. */
  needCluster(): ClusterConfig {
    const cluster = this.cluster();
    if (cluster !== undefined) return cluster;
    throw new DcosError('unreachable', 'no cluster is attached', {
      hint: 'Start a local one with dcos up, or set one up with dcos cluster setup <url>',
    });
  }

  /** Calls to the current cluster. Throws `unreachable` where there is none. */
  http(): Promise<Http> {
    this.#http ??= this.connect(this.needCluster());
    return this.#http;
  }

  /** Forgets the connection: the cluster may be another one now. */
  reconnect(): void {
    this.#http = undefined;
  }

  /** Calls to any known cluster; `mayRenew: false`: with the token that it has, or not at all. */
  async connect(cluster: ClusterConfig, { mayRenew = true } = {}): Promise<Http> {
    const { Http } = await import('../client/http.js');
    const url = valueAt(cluster.values, 'core.dcos_url');
    if (typeof url !== 'string' || url === '') {
      throw new DcosError('invalid', `the cluster ${clusterName(cluster)} has no core.dcos_url`, {
        hint: 'Set it: dcos config set core.dcos_url <url>',
      });
    }
    const token = valueAt(cluster.values, 'core.dcos_acs_token');
    const renews = mayRenew && this.isLocal(cluster) && token !== loggedOut;
    return new Http({
      url: url.replace(/\/+$/, ''),
      token: typeof token === 'string' && token !== loggedOut ? token : undefined,
      timeoutMs: this.#timeoutMs(cluster.values),
      tls: await this.#tls(cluster.values),
      userAgent: `dcos-cli/${version} ${process.platform}`,
      trace: (line) => this.io.detail(1, line),
      instead: insteadOf(cluster.values),
      ...(renews ? { renew: () => this.renew(cluster) } : {}),
    });
  }

  /** Whether it is the local cluster of this `$DCOS_DIR`. */
  isLocal(cluster: Pick<ClusterConfig, 'id'>): boolean {
    return localClusterId(this.localDir) === cluster.id;
  }

  /**
   * Logs in to the local cluster with its own credential and keeps the token; `undefined` if that
   * is not possible.
   */
  async renew(cluster: ClusterConfig): Promise<string | undefined> {
    const credential = readCredential(this.localDir);
    const url = valueAt(cluster.values, 'core.dcos_url');
    if (credential === undefined || typeof url !== 'string') return undefined;
    const [{ Http }, { login }] = await Promise.all([
      import('../client/http.js'),
      import('../client/auth.js'),
    ]);
    const http = new Http({ url, timeoutMs: 10_000 });
    const token = await login(http, credential.uid, credential.password);
    this.clusters.save(cluster.id, withValue(cluster.values, 'core.dcos_acs_token', token));
    return token;
  }

  #timeoutMs(values: TomlTable): number {
    const given = this.env.DCOS_TIMEOUT ?? valueAt(values, 'core.timeout');
    const seconds = given === undefined || given === '' ? 180 : Number(given);
    if (Number.isFinite(seconds) && seconds >= 0) return seconds * 1000;
    throw new DcosError('invalid', `the timeout '${String(given)}' is not a number of seconds`, {
      hint: 'See DCOS_TIMEOUT and dcos config show core.timeout',
    });
  }

  async #tls(values: TomlTable): Promise<{ rejectUnauthorized?: boolean; ca?: string }> {
    const given = this.env.DCOS_SSL_VERIFY ?? valueAt(values, 'core.ssl_verify');
    const text = given === undefined ? '' : String(given);
    if (text === '' || /^(true|1|yes)$/i.test(text)) return {};
    if (/^(false|0|no)$/i.test(text)) return { rejectUnauthorized: false };
    const { readIfThere } = await import('./local/files.js');
    const ca = readIfThere(text);
    if (ca !== undefined) return { ca };
    throw new DcosError('invalid', `core.ssl_verify names a file that is not there: ${text}`);
  }
}

/** Where a key replaces a path of the cluster (reference/dcos-cli.md §3). */
const replacedPaths: Readonly<Record<string, string>> = {
  'marathon.url': '/service/marathon',
  'core.mesos_master_url': '/mesos',
};

function insteadOf(values: TomlTable): Record<string, string> {
  const instead: Record<string, string> = {};
  for (const [key, path] of Object.entries(replacedPaths)) {
    const url = valueAt(values, key);
    if (typeof url !== 'string' || url === '') continue;
    if (!/^https?:\/\//.test(url)) {
      throw new DcosError('invalid', `${key} is '${url}', which is not an http address`, {
        hint: `Change it: dcos config set ${key} <url>, or dcos config unset ${key}`,
      });
    }
    instead[path] = url.replace(/\/+$/, '');
  }
  return instead;
}
