/** Bytes between this process' own streams and a command elsewhere, and its terminal as it is. */
import { once } from 'node:events';
import { createReadStream, statSync } from 'node:fs';
import type { ExecInput, ExecSession } from '../client/exec.js';
import { DcosError, messageOf } from '../core/errors.js';
import type { WindowSize } from '../wire/mesos/process-io.js';

/** What leaves a remote terminal without ending what runs there first: ctrl-P ctrl-Q. */
const leave = Buffer.from([0x10, 0x11]);

/** The size of the terminal that output goes to. */
export function windowSize(): WindowSize {
  return { rows: process.stdout.rows ?? 0, columns: process.stdout.columns ?? 0 };
}

/** Whether somebody sits at both ends. */
export function isAtTerminal(): boolean {
  return process.stdin.isTTY === true && process.stdout.isTTY === true;
}

/** Passes all output on, at the reader's speed. */
export async function passOutput(session: ExecSession): Promise<void> {
  for await (const { stream, data } of session.output()) {
    const to = stream === 'STDERR' ? process.stderr : process.stdout;
    if (!to.write(data)) await once(to, 'drain');
  }
}

/**
 * Passes stdin on until it ends; `isRaw` takes every key as it is. Calls `onEscape` for ctrl-P
 * ctrl-Q. Gives what undoes it.
 */
export function passInput(input: ExecInput, isRaw: boolean, onEscape: () => void): () => void {
  const { stdin, stdout } = process;
  let last = -1;
  const onData = (chunk: Buffer): void => {
    const seen = Buffer.concat([Buffer.from(last < 0 ? [] : [last]), chunk]);
    last = chunk.at(-1) ?? -1;
    if (isRaw && seen.includes(leave)) {
      onEscape();
      return;
    }
    if (input.write(chunk)) return;
    stdin.pause();
    input.onDrain(() => stdin.resume());
  };
  const onEnd = (): void => input.end();
  const onResize = (): void => input.resize(windowSize());
  if (isRaw) {
    stdin.setRawMode(true);
    stdout.on('resize', onResize);
    onResize();
  }
  stdin.on('data', onData).on('end', onEnd).on('error', onEnd).resume();
  return () => {
    stdin.off('data', onData).off('end', onEnd).off('error', onEnd).pause();
    stdout.off('resize', onResize);
    if (isRaw) stdin.setRawMode(false);
    input.close();
  };
}

/** Throws `usage` where `path` is no file that can be passed on. */
export function checkFile(path: string): void {
  let problem = '';
  try {
    if (!statSync(path).isFile()) problem = 'it is no file';
  } catch (error) {
    problem = messageOf(error);
  }
  if (problem !== '') throw new DcosError('usage', `${path} cannot be read: ${problem}`);
}

/** As `passInput`, from a file; `onError` is told where it cannot be read to its end. */
export function passFile(
  path: string,
  onError: (error: DcosError) => void,
): (input: ExecInput) => () => void {
  return (input) => {
    const file = createReadStream(path);
    file.on('data', (chunk) => {
      if (input.write(Buffer.from(chunk))) return;
      file.pause();
      input.onDrain(() => file.resume());
    });
    file
      .on('end', () => input.end())
      .on('error', (error) => {
        // What was read must not pass for all of it: its end is never told.
        onError(new DcosError('failed', `${path} cannot be read: ${error.message}`));
      });
    return () => {
      file.destroy();
      input.close();
    };
  };
}
