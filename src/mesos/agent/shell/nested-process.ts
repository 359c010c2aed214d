/** One process inside a container: its start, its streams and its end. */
import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, mkdirSync, openSync, rmSync, writeSync } from 'node:fs';
import { constants } from 'node:os';
import { join } from 'node:path';
import type { Readable, Writable } from 'node:stream';
import { DcosError } from '../../../core/errors.js';
import { waitStatusOf } from '../nested.js';
import { Fanout } from './fanout.js';
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
  /** Resolves when it is gone and its output is out, with its status as of wait(2). */
  readonly ended: Promise<number>;
  /** Sends a signal; SIGKILL takes all along that it started. */
  kill(signal: number): void;
}

/** Starts it. Throws `failed` where the system refuses. */
export function startNested(command: NestedCommand): NestedProcess {
  mkdirSync(command.meta, { recursive: true, mode: 0o700 });
  const child = start(command);
  const { pid } = child;
  if (pid === undefined) {
    child.on('error', () => {});
    throw new DcosError('failed', `Failed to start a process in '${command.cwd}'`);
  }
  const log = command.output === 'both' ? openSync(join(command.cwd, 'stdout'), 'a') : undefined;
  const fanout = fanoutOf(child, log);
  if (command.output === 'both') fanout?.begin();
  child.stdin?.on('error', () => {});
  const ended = endOf(child, pid, fanout).finally(() => {
    if (log !== undefined) closeSync(log);
    rmSync(command.meta, { recursive: true, force: true });
  });
  return { pid, fanout, stdin: child.stdin ?? undefined, ended, kill: (n) => kill(pid, n) };
}

function start({ meta, cwd, words, environment, output }: NestedCommand): ChildProcess {
  const files =
    output === 'files' ? ['stdout', 'stderr'].map((name) => openSync(join(cwd, name), 'a')) : [];
  try {
    return spawn('/bin/sh', ['-c', claimScript, 'sh', join(meta, 'claim'), ...words], {
      cwd,
      env: environment,
      detached: true,
      stdio: output === 'files' ? ['ignore', ...files] : ['pipe', 'pipe', 'pipe'],
    });
  } finally {
    for (const file of files) closeSync(file);
  }
}

function fanoutOf(child: ChildProcess, log: number | undefined): Fanout | undefined {
  const { stdout, stderr } = child as { stdout: Readable | null; stderr: Readable | null };
  if (stdout === null || stderr === null) return undefined;
  return new Fanout(
    [stdout, stderr],
    log === undefined ? undefined : (chunk) => void writeSync(log, chunk),
  );
}

async function endOf(
  child: ChildProcess,
  pid: number,
  fanout: Fanout | undefined,
): Promise<number> {
  let silentLooks = 0;
  const closed = new Promise<void>((resolve) => child.once('close', () => resolve()));
  const status = await new Promise<number>((resolve) => {
    child.once('exit', (code, signal) =>
      resolve(waitStatusOf(code, signal === null ? undefined : constants.signals[signal])),
    );
  });
  await clearSession(pid);
  // A process that left the session may hold the streams open for ever: silence ends them too.
  fanout?.begin();
  for (const stream of [child.stdout, child.stderr]) {
    stream?.on('data', () => {
      silentLooks = 0;
    });
  }
  const ticker = setInterval(() => {
    silentLooks = fanout?.isBlocked === true ? 0 : silentLooks + 1;
    if (silentLooks < 4) return;
    child.stdout?.destroy();
    child.stderr?.destroy();
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
