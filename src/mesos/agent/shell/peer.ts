/**
 * Which process is at the other end of a connection on this machine. It tells the executors apart
 * that know nothing of tokens: most libraries for the executor API.
 */
import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import type { Socket } from 'node:net';
import { allProcesses, followersOf } from './procfs.js';

/**
 * The one of `leaders` (supervisors) in whose session a process holds the other end of `socket`;
 * `undefined` if it is none of them, or on another machine.
 */
export function sessionAtPeer(socket: Socket, leaders: readonly number[]): number | undefined {
  const inode = inodeOf(socket.remotePort ?? 0, socket.localPort ?? 0);
  if (inode === undefined) return undefined;
  const wanted = `socket:[${inode}]`;
  const processes = allProcesses();
  return leaders.find((leader) =>
    followersOf(leader, processes).some(({ pid }) => holds(pid, wanted)),
  );
}

/** The inode of the local socket from `port` to `peer`: the client's end of a connection. */
function inodeOf(port: number, peer: number): string | undefined {
  for (const table of ['/proc/net/tcp', '/proc/net/tcp6']) {
    for (const line of read(table).split('\n').slice(1)) {
      const [, local = '', remote = '', , , , , , , inode] = line.trim().split(/\s+/);
      if (portOf(local) === port && portOf(remote) === peer && inode !== '0') return inode;
    }
  }
  return undefined;
}

function portOf(address: string): number {
  return Number.parseInt(address.slice(address.indexOf(':') + 1), 16);
}

function holds(pid: number, wanted: string): boolean {
  try {
    const folder = `/proc/${pid}/fd`;
    return readdirSync(folder).some((name) => link(`${folder}/${name}`) === wanted);
  } catch {
    // It is gone, or not ours to look at.
    return false;
  }
}

function link(path: string): string | undefined {
  try {
    return readlinkSync(path);
  } catch {
    return undefined;
  }
}

function read(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}
