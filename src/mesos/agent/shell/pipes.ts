/**
 * Real pipes to a process. Node's own are sockets, and what opens `/dev/stdout` or `/dev/stderr`
 * (as many programs of shells do) fails on a socket.
 */
import { execFile } from 'node:child_process';
import { closeSync, constants, openSync, rmSync } from 'node:fs';
import { Socket } from 'node:net';
import { join } from 'node:path';
import type { Readable, Writable } from 'node:stream';
import { promisify } from 'node:util';

const { O_RDONLY, O_RDWR, O_WRONLY, O_NONBLOCK } = constants;
const names = ['stdin', 'stdout', 'stderr'] as const;

/** Both ends of three pipes. */
export interface Pipes {
  /** The process' own ends, as file descriptors, in the order of their numbers there. */
  readonly theirs: readonly number[];
  readonly stdin: Writable;
  readonly stdout: Readable;
  readonly stderr: Readable;
  /** Lets go of the process' ends, which it has or never will have. */
  closeTheirs(): void;
  /** Lets go of all, where nothing could be started. */
  discard(): void;
}

/** Makes three pipes; their names in the folder `meta` are gone at once. */
export async function makePipes(meta: string): Promise<Pipes> {
  const paths = names.map((name) => join(meta, name));
  await promisify(execFile)('mkfifo', ['-m', '600', ...paths]);
  const [input = '', output = '', errors = ''] = paths;
  const [theirInput, ours] = openBoth(input);
  const [fromOutput, theirOutput] = openBoth(output);
  const [fromErrors, theirErrors] = openBoth(errors);
  for (const path of paths) rmSync(path, { force: true });
  const theirs = [theirInput, theirOutput, theirErrors];
  const stdin = new Socket({ fd: ours, readable: false, writable: true });
  const stdout = new Socket({ fd: fromOutput, readable: true, writable: false });
  const stderr = new Socket({ fd: fromErrors, readable: true, writable: false });
  let isOpen = true;
  const closeTheirs = (): void => {
    if (isOpen) for (const fd of theirs) closeSync(fd);
    isOpen = false;
  };
  const discard = (): void => {
    closeTheirs();
    for (const stream of [stdin, stdout, stderr]) stream.destroy();
  };
  return { theirs, stdin, stdout, stderr, closeTheirs, discard };
}

/** The reading and the writing end. */
function openBoth(path: string): [number, number] {
  const isInput = path.endsWith('stdin');
  // Held for as long as the two are opened: neither then waits for the other.
  const keeper = openSync(path, O_RDWR);
  try {
    const read = openSync(path, isInput ? O_RDONLY : O_RDONLY | O_NONBLOCK);
    const write = openSync(path, isInput ? O_WRONLY | O_NONBLOCK : O_WRONLY);
    return [read, write];
  } finally {
    closeSync(keeper);
  }
}
