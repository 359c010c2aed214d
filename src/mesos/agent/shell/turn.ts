/** One at a time, over all processes of this machine. */
import { createServer, type Server } from 'node:net';
import { systemClock } from '../../../core/clock.js';

const lookMs = 50;

/**
 * Does `work` while no other process of this machine does any under that name; who dies gives its
 * turn up by that. After `longestMs` of waiting it is done all the same. `onWait` is told once.
 */
export async function inTurn<Result>(
  name: string,
  longestMs: number,
  onWait: () => void,
  work: () => Promise<Result>,
): Promise<Result> {
  const end = systemClock.monotonic() + longestMs;
  let turn = await take(name);
  if (turn === undefined) onWait();
  while (turn === undefined && systemClock.monotonic() < end) {
    await new Promise((resolve) => setTimeout(resolve, lookMs));
    turn = await take(name);
  }
  try {
    return await work();
  } finally {
    turn?.close();
  }
}

/** A socket without a file: the system lets one have it, and forgets it with its process. */
function take(name: string): Promise<Server | undefined> {
  return new Promise((resolve) => {
    const server = createServer((socket) => socket.destroy());
    server.unref();
    server.on('error', () => resolve(undefined));
    server.listen(`\0dcos-${name}`, () => resolve(server));
  });
}
