/**
 * The leading master in ZooKeeper: each master has an ephemeral, numbered znode `json.info_…` that
 * holds its MasterInfo as JSON, and the one with the lowest number leads (apache/mesos
 * src/master/detector/zookeeper.cpp, src/zookeeper/group.cpp).
 */
import { type Client, createClient } from 'node-zookeeper-client';
import { DcosError, messageOf } from '../errors.js';
import { tryParseJson } from '../json.js';
import { type MesosAddress, shownMesosAddress } from './address.js';

/** ms for all of it: to connect, to list, to read. */
const limitMs = 10_000;
const prefix = 'json.info_';

type ZooKeeper = Extract<MesosAddress, { kind: 'zookeeper' }>;

/** `http://host:port` of the leader. Throws `unreachable` where it or ZooKeeper is missing. */
export async function leaderInZooKeeper(address: ZooKeeper): Promise<string> {
  const { servers, path, digest } = address;
  const shown = shownMesosAddress(`zk://${servers}${path}`);
  const client = createClient(servers, { sessionTimeout: limitMs, retries: 2 });
  if (digest !== undefined) client.addAuthInfo('digest', Buffer.from(digest));
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(
      () => reject(new DcosError('unreachable', `ZooKeeper at ${servers} does not answer`)),
      limitMs,
    );
  });
  try {
    return await Promise.race([late, look(client, path, shown)]);
  } catch (error) {
    if (error instanceof DcosError) throw error;
    const why = `cannot find the leading master at ${shown}: ${messageOf(error)}`;
    throw new DcosError('unreachable', why, { cause: error });
  } finally {
    clearTimeout(timer);
    client.close();
  }
}

async function look(client: Client, path: string, shown: string): Promise<string> {
  await new Promise<void>((resolve) => {
    client.once('connected', resolve);
    client.connect();
  });
  const names = await children(client, path);
  const numbered = names.filter((name) => name.startsWith(prefix)).sort(byNumber);
  const [first] = numbered;
  if (first === undefined) {
    throw new DcosError('unreachable', `no master has announced itself at ${shown}`, {
      hint: 'Is that the path that the masters were given with --zk?',
    });
  }
  return masterAt(await data(client, `${path}/${first}`), `${shown}/${first}`);
}

/** `http://ip:port` of a MasterInfo. Throws `unreachable` where it is none. */
export function masterAt(text: string, where: string): string {
  type Info = {
    address?: { hostname?: unknown; ip?: unknown; port?: unknown };
    hostname?: unknown;
    port?: unknown;
  };
  const { address = {}, hostname, port } = (tryParseJson(text) ?? {}) as Info;
  const host = address.ip ?? address.hostname ?? hostname;
  const at = address.port ?? port;
  if (typeof host !== 'string' || typeof at !== 'number') {
    throw new DcosError('unreachable', `${where} does not say where the master is`);
  }
  return `http://${host.includes(':') ? `[${host}]` : host}:${at}`;
}

function byNumber(a: string, b: string): number {
  return Number(a.slice(prefix.length)) - Number(b.slice(prefix.length));
}

function children(client: Client, path: string): Promise<string[]> {
  return new Promise((resolve, reject) => {
    client.getChildren(path, (error, names) =>
      error ? reject(new Error(String(error))) : resolve(names),
    );
  });
}

function data(client: Client, path: string): Promise<string> {
  return new Promise((resolve, reject) => {
    client.getData(path, (error, bytes) =>
      error ? reject(new Error(String(error))) : resolve(String(bytes)),
    );
  });
}
