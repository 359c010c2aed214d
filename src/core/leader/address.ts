/**
 * How a user names a Mesos cluster: one master (`http://host:5050`), several
 * (`http://a:5050,b:5050`), or the ZooKeeper where they are found (`zk://a:2181,b:2181/mesos`,
 * apache/mesos docs/high-availability.md).
 */
import { DcosError } from '../errors.js';

/** What such a name says. */
export type MesosAddress =
  /** Origins, `http://host:port`, at least one. */
  | { readonly kind: 'masters'; readonly urls: readonly string[] }
  | {
      readonly kind: 'zookeeper';
      /** `host:port`, separated by commas. */
      readonly servers: string;
      /** Of the znode below which masters announce themselves. */
      readonly path: string;
      /** `user:password` for ZooKeeper's digest scheme. */
      readonly digest: string | undefined;
    };

const masterPort = '5050';
const zooKeeperPort = '2181';

/** Reads a name. Throws `invalid` saying what is wrong with it. */
export function parseMesosAddress(text: string): MesosAddress {
  if (text.startsWith('zk://')) return parseZooKeeper(text);
  const scheme = text.startsWith('https://') ? 'https:' : 'http:';
  const urls = text
    .split(',')
    .map((part) => part.trim())
    .filter((part) => part !== '')
    .map((part) => originOf(part.includes('://') ? part : `${scheme}//${part}`, text));
  if (urls.length === 0) throw invalid(text);
  return { kind: 'masters', urls };
}

/** The name with all that may be left out. Throws `invalid`. */
export function wholeMesosAddress(text: string): string {
  const address = parseMesosAddress(text);
  if (address.kind === 'masters') return address.urls.join(',');
  const { servers, path, digest } = address;
  return `zk://${digest === undefined ? '' : `${digest}@`}${servers}${path}`;
}

/** The name as it may be shown: without a password. */
export function shownMesosAddress(text: string): string {
  return text.replace(/^zk:\/\/[^@/]*@/, 'zk://');
}

function originOf(part: string, whole: string): string {
  let url: URL;
  try {
    url = new URL(part);
  } catch {
    throw invalid(whole);
  }
  const { protocol, hostname, port } = url;
  if ((protocol !== 'http:' && protocol !== 'https:') || hostname === '') throw invalid(whole);
  // A scheme's own port is what `port` leaves out.
  const named = /^\w+:\/\/[^/]*:(\d+)/.exec(part)?.[1];
  return `${protocol}//${hostname}:${port || named || masterPort}`;
}

function parseZooKeeper(text: string): MesosAddress {
  const match = /^zk:\/\/(?:([^@/]+)@)?([^@/]+)(\/.*)?$/.exec(text);
  const path = (match?.[3] ?? '').replace(/\/+$/, '');
  const servers = (match?.[2] ?? '')
    .split(',')
    .filter((server) => server !== '')
    .map((server) => (/:\d+$/.test(server) ? server : `${server}:${zooKeeperPort}`));
  const digest = match?.[1];
  const wellFormed = servers.every((server) => /^[\w.[\]:-]+:\d{1,5}$/.test(server));
  if (servers.length === 0 || !wellFormed) throw invalid(text);
  if (!/^(?:\/[^/\s]+)+$/.test(path)) {
    throw new DcosError('invalid', `${shownMesosAddress(text)} names no path in ZooKeeper`, {
      hint: 'Masters are found below one, for example: zk://host1:2181,host2:2181/mesos',
    });
  }
  if (digest !== undefined && !digest.includes(':')) throw invalid(text);
  return { kind: 'zookeeper', servers: servers.join(','), path, digest };
}

function invalid(text: string): DcosError {
  const shown = shownMesosAddress(text);
  return new DcosError('invalid', `${shown} is not the address of a Mesos cluster`, {
    hint: 'For example http://host:5050, http://a:5050,b:5050 or zk://a:2181,b:2181/mesos',
  });
}
