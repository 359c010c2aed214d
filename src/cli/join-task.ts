/** A command inside a task, its streams joined with this process' or collected. */
import { type ExecSession, startExec } from '../client/exec.js';
import type { Http } from '../client/http.js';
import type { TaskView } from '../client/tasks.js';
import { DcosError } from '../core/errors.js';
import type { Context } from './context.js';
import { passFile, passInput, passOutput, windowSize } from './pipes.js';

/** What is to run, and what of this process' streams it gets. */
export interface Joined {
  readonly words: readonly string[];
  readonly user?: string | undefined;
  readonly isTty: boolean;
  readonly isInteractive: boolean;
  /** A file of this machine that the command gets as its input. */
  readonly file?: string | undefined;
}

/** Runs a command in a task's container to its end; gives its exit status. */
export async function joinTask(context: Context, task: TaskView, joined: Joined): Promise<number> {
  const { words, user, isTty } = joined;
  const session = await startExec(await context.http(), task, {
    words,
    user,
    tty: isTty ? windowSize() : undefined,
  });
  return join(context, session, joined);
}

async function join(
  context: Context,
  session: ExecSession,
  { isTty, isInteractive, file }: Joined,
): Promise<number> {
  let hasLeft = false;
  const leave = (): void => {
    hasLeft = true;
    session.close();
  };
  const input = isInteractive || file !== undefined ? session.input() : undefined;
  let unread: DcosError | undefined;
  const cutOff = (error: DcosError): void => {
    unread = error;
    session.close();
  };
  const pass = file === undefined ? passInput : passFile(file, cutOff);
  const undo = input === undefined ? undefined : pass(input, isTty, leave);
  let isOver = false;
  input?.done.catch((error: unknown) => {
    // A command that has ended takes no input, which is no news.
    if (!isOver && error instanceof DcosError && error.code !== 'interrupted') {
      context.io.detail(1, `its input has ended: ${error.message}`);
    }
  });
  try {
    await passOutput(session);
  } catch (error) {
    if (!hasLeft) throw unread ?? cut(error);
  } finally {
    isOver = true;
    undo?.();
  }
  return hasLeft ? 0 : session.exitCode();
}

/** The most that is collected of a command, in bytes. */
const maxCollected = 64 * 1024 * 1024;

/**
 * Runs a command to its end and gives what it printed; its errors are passed on as they come. It
 * gets `input`, if there is any.
 */
export async function collectTask(
  http: Http,
  task: TaskView,
  words: readonly string[],
  input?: Buffer,
): Promise<{ readonly stdout: string; readonly status: number }> {
  const session = await startExec(http, task, { words });
  const given = input === undefined ? undefined : session.input();
  // A command that ends without reading takes none, which is no failure of it.
  given?.done.catch(() => {});
  if (input !== undefined) given?.write(input);
  given?.end();
  const chunks: Buffer[] = [];
  let bytes = 0;
  try {
    for await (const { stream, data } of session.output()) {
      if (stream === 'STDERR') {
        process.stderr.write(data);
        continue;
      }
      bytes += data.length;
      if (bytes > maxCollected) {
        session.close();
        throw new DcosError('failed', `the command prints more than ${maxCollected} bytes`);
      }
      chunks.push(data);
    }
  } catch (error) {
    throw cut(error);
  } finally {
    given?.close();
  }
  return { stdout: Buffer.concat(chunks).toString('utf8'), status: await session.exitCode() };
}

function cut(error: unknown): unknown {
  if (error instanceof DcosError) return error;
  return new DcosError('unreachable', 'the connection to the command was cut', {
    hint: 'What happened to its agent or task: dcos failures',
    cause: error,
  });
}
