/** One process inside a container: its start, its streams and its end. */
import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, openSync, rmSync, writeSync } from 'node:fs';
import { constants } from 'node:os';
import { join } from 'node:path';
import type { Writable } from 'node:stream';
import { DcosError } from '../../../core/errors.js';
import { waitStatusOf } from '../nested.js';
import { Fanout } from './fanout.js';
import type { Pipes } from './pipes.js';
import { allProcesses, followersOf } from './procfs.js';
import { clearSession, killTree, send } from './signals.js';

/** Claims the process for this agent (see `supervisor.ts`), then becomes the command. */
const claimScript = `read -r stat < /proc/$$/stat
claim() { set -- \${stat##*) }; echo "$$ \${20}"; }
claim > "$1"; shift; exec "$@"`;
/** ms without output after which an ended process' streams count as ended too. */
const quietMs = 1_000;

/** What is to run. */
export interface NestedCommand {
  /** A folder of its own, for its claim. */
  readonly meta: string;
  readonly cwd: string;
  readonly words: readonly string[];
  readonly environment: Readonly<Record<string, string>>;
  /** `pipes`: for viewers only; `both`: also into `cwd/stdout`; `files`: into files alone. */
  readonly output: 'pipes' | 'both' | 'files';
}

/** A process that was started. */
export interface NestedProcess {
  readonly pid: number;
  /** Present where somebody can look at it and write to it. */
  readonly fanout: Fanout | undefined;
  readonly stdin: Writable | undefined;
  /** Resolves when it and its session are gone, with its status as of wait(2). */
  readonly gone: Promise<number>;
  /** Resolves when its output is out as well, which may wait for whoever reads it. */
  readonly ended: Promise<number>;
  /** Sends a signal; SIGKILL takes all along that it started. */
  kill(signal: number): void;
}

/** Starts it. Throws `failed` where the system refuses. */
export function startNested(command: NestedCommand, pipes: Pipes | undefined): NestedProcess {
  const child = start(command, pipes);
  const { pid } = child;
  if (pid === undefined) {
    child.on('error', () => {});
    throw new DcosError('failed', `Failed to start a process in '${command.cwd}'`);
  }
  const log = command.output === 'both' ? openSync(join(command.cwd, 'stdout'), 'a') : undefined;
  const tee = log === undefined ? undefined : (chunk: Buffer) => void writeSync(log, chunk);
  const fanout = pipes && new Fanout([pipes.stdout, pipes.stderr], tee);
  if (command.output === 'both') fanout?.begin();
  pipes?.stdin.on('error', () => {});
  const gone = goneOf(child, pid).finally(() => {
    pipes?.stdin.destroy();
    rmSync(command.meta, { recursive: true, force: true });
  });
  const ended = drained(gone, pipes, fanout).finally(() => {
    if (log !== undefined) closeSync(log);
  });
  return {
    pid,
    fanout,
    stdin: pipes?.stdin,
    gone,
    ended,
    kill: (signal) => {
      // Its number may be another's by now.
      if (child.exitCode === null && child.signalCode === null) kill(pid, signal);
    },
  };
}

function start(
  { meta, cwd, words, environment }: NestedCommand,
  pipes: Pipes | undefined,
): ChildProcess {
  const files =
    pipes === undefined ? ['stdout', 'stderr'].map((name) => openSync(join(cwd, name), 'a')) : [];
  try {
    return spawn('/bin/sh', ['-c', claimScript, 'sh', join(meta, 'claim'), ...words], {
      cwd,
      env: environment,
      detached: true,
      stdio: pipes === undefined ? ['ignore', ...files] : [...pipes.theirs],
    });
  } finally {
    for (const file of files) closeSync(file);
    pipes?.closeTheirs();
  }
}

async function goneOf(child: ChildProcess, pid: number): Promise<number> {
  const status = await new Promise<number>((resolve) => {
    child.once('exit', (code, signal) =>
      resolve(waitStatusOf(code, signal === null ? undefined : constants.signals[signal])),
    );
  });
  await clearSession(pid);
  return status;
}

/** Waits until all that it said has been taken. */
async function drained(
  gone: Promise<number>,
  pipes: Pipes | undefined,
  fanout: Fanout | undefined,
): Promise<number> {
  const outputs = pipes === undefined ? [] : [pipes.stdout, pipes.stderr];
  const closed = Promise.all(
    outputs.map((stream) => new Promise<void>((resolve) => stream.once('close', () => resolve()))),
  );
  const status = await gone;
  // A process that left the session may hold the streams open for ever: silence ends them too.
  let silentLooks = 0;
  fanout?.begin();
  for (const stream of outputs) {
    stream.on('data', () => {
      silentLooks = 0;
    });
  }
  const ticker = setInterval(() => {
    silentLooks = fanout?.isBlocked === true ? 0 : silentLooks + 1;
    if (silentLooks < 4) return;
    for (const stream of outputs) stream.destroy();
  }, quietMs / 4);
  await closed;
  clearInterval(ticker);
  fanout?.end();
  return status;
}

function kill(pid: number, signal: number): void {
  if (signal === 9) {
    killTree(pid);
    return;
  }
  send(-pid, signal);
  // What runs in a terminal has a session of its own.
  for (const follower of followersOf(pid, allProcesses())) {
    if (follower.parent === pid && follower.session !== pid) send(-follower.pid, signal);
  }
}
