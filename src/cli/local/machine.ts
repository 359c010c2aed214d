/** What this machine has and what is free on it. */
import { readFileSync, statfsSync } from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import { availableParallelism, totalmem } from 'node:os';
import { DcosError, systemCodeOf } from '../../core/errors.js';
import type { MachineFacts } from './layout.js';

const mebibyte = 1024 * 1024;

/**
 * Looks at the machine; `folder` lies on the disk that the cluster will use. `chance` (0 to 1)
 * picks the subnet.
 */
export async function lookAtMachine(folder: string, chance: number): Promise<MachineFacts> {
  const listeners = listeningSockets();
  return {
    cores: availableParallelism(),
    memMb: Math.floor(usableMemory() / mebibyte),
    freeDiskMb: freeDiskMb(folder),
    ephemeralLow: ephemeralLow(),
    takenPorts: new Set(listeners.map((listener) => listener.port)),
    subnet: await freeSubnet(listeners, chance),
  };
}

/** Free space for this user on the disk of `folder`, in MiB. */
export function freeDiskMb(folder: string): number {
  const disk = statfsSync(folder);
  return Math.floor((disk.bavail * disk.bsize) / mebibyte);
}

/** Memory that this process may count on: the machine's, or less inside a container. In bytes. */
export function usableMemory(): number {
  const constrained = process.constrainedMemory();
  return constrained > 0 && constrained < totalmem() ? constrained : totalmem();
}

/**
 * Where the servers' own ports are looked for: below what agents offer and what outgoing
 * connections get, so that a restart finds them free.
 */
const firstServerPort = 6000;
const lastServerPort = 9999;

/**
 * A free port for each host, all different and none of `taken`; `chance` (0 to 1) says where the
 * search begins. Throws `failed` where there are not enough.
 */
export async function freePorts(
  hosts: readonly string[],
  chance: number,
  taken: readonly number[],
): Promise<number[]> {
  const seen = new Set(taken);
  const count = lastServerPort - firstServerPort + 1;
  const start = Math.floor(chance * count);
  const ports: number[] = [];
  for (let step = 0; step < count && ports.length < hosts.length; step++) {
    const port = firstServerPort + ((start + step) % count);
    const host = hosts[ports.length] ?? '';
    if (seen.has(port) || !(await canListen(host, port))) continue;
    seen.add(port);
    ports.push(port);
  }
  if (ports.length === hosts.length) return ports;
  throw new DcosError('failed', `no free port from ${firstServerPort} to ${lastServerPort}`);
}

/** Whether `host:port` can be listened on. */
export async function canListen(host: string, port: number): Promise<boolean> {
  try {
    await bind(host, port);
    return true;
  } catch (error) {
    const code = systemCodeOf(error);
    if (code === 'EADDRINUSE' || code === 'EACCES' || code === 'EADDRNOTAVAIL') return false;
    throw error;
  }
}

function bind(host: string, port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen({ host, port, exclusive: true }, () => {
      const { port: got } = server.address() as AddressInfo;
      server.close(() => resolve(got));
    });
  });
}

interface Listener {
  readonly address: string;
  readonly port: number;
}

/** Listening TCP sockets as /proc/net/tcp tells them; none where the system has no such file. */
function listeningSockets(): Listener[] {
  const rows = ['/proc/net/tcp', '/proc/net/tcp6'].flatMap((path) => {
    try {
      return readFileSync(path, 'utf8').split('\n').slice(1);
    } catch {
      return [];
    }
  });
  return rows.flatMap((row) => {
    const [, local, , state] = row.trim().split(/\s+/);
    const [address, port] = (local ?? '').split(':');
    if (state !== '0A' || !address || !port) return [];
    return [{ address: ipv4Of(address), port: Number.parseInt(port, 16) }];
  });
}

// IPv4 addresses are written as one little-endian number.
function ipv4Of(hex: string): string {
  if (hex.length !== 8) return hex;
  return [3, 2, 1, 0].map((at) => Number.parseInt(hex.slice(at * 2, at * 2 + 2), 16)).join('.');
}

function ephemeralLow(): number {
  try {
    const text = readFileSync('/proc/sys/net/ipv4/ip_local_port_range', 'utf8');
    return Number(text.trim().split(/\s+/)[0]) || 32_768;
  } catch {
    return 32_768;
  }
}

// 127.0.0 holds the resolvers' addresses and 127.0.1 Debian's own host name.
const firstSubnet = 2;
const lastSubnet = 254;

async function freeSubnet(
  listeners: readonly Listener[],
  chance: number,
): Promise<string | undefined> {
  const count = lastSubnet - firstSubnet + 1;
  const start = Math.floor(chance * count);
  for (let step = 0; step < count; step++) {
    const subnet = `127.0.${firstSubnet + ((start + step) % count)}`;
    if (listeners.some(({ address }) => address.startsWith(`${subnet}.`))) continue;
    return (await canListen(`${subnet}.1`, 0)) ? subnet : undefined;
  }
  return undefined;
}
