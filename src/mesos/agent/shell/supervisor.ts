/**
 * One `sh` per task (DESIGN §11.7): it leads the task's session, claims the task by a file that can
 * be made only once, runs the command and leaves its exit status behind, so that an agent that
 * comes back knows what happened.
 *
 * `meta/<container>/`: `run` the script; `claim` "<pid> <start time>", or "given up" when an agent
 * claimed it instead;
 * `note` what the shell said of the command (it names a signal there, which its exit status alone
 * does not tell from an exit code over 128); `exit` the status, by rename.
 */
import { spawn } from 'node:child_process';
import { closeSync, mkdirSync, openSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DcosError, messageOf, systemCodeOf } from '../../../core/errors.js';
import type { Exit, Found } from '../events.js';
import { processOf } from './procfs.js';

/** What a supervisor runs. */
export interface Supervised {
  readonly meta: string;
  readonly sandbox: string;
  readonly words: readonly string[];
  readonly environment: Readonly<Record<string, string>>;
  /** Called once, when the supervisor is gone. */
  readonly onExit: () => void;
}

/** Starts it and gives its pid. Throws `failed` where the system refuses. */
export async function startSupervisor(task: Supervised): Promise<number> {
  mkdirSync(task.meta, { recursive: true, mode: 0o700 });
  writeFileSync(join(task.meta, 'run'), scriptOf(task), { mode: 0o600 });
  const note = openSync(join(task.meta, 'note'), 'a', 0o600);
  try {
    const child = spawn('/bin/sh', [join(task.meta, 'run')], {
      cwd: task.sandbox,
      env: task.environment,
      detached: true,
      stdio: ['ignore', note, note],
    });
    return await new Promise((resolve, reject) => {
      child.once('spawn', () => resolve(child.pid ?? 0));
      child.once('error', (error) =>
        reject(new DcosError('failed', messageOf(error), { cause: error })),
      );
      child.once('exit', task.onExit);
      child.unref();
    });
  } finally {
    closeSync(note);
  }
}

function scriptOf(task: Supervised): string {
  const meta = (name: string): string => quote(join(task.meta, name));
  // The subshell keeps the redirections and the words of the shell itself apart; its exec makes it
  // the command.
  return `read -r stat < /proc/$$/stat
set -- \${stat##*) }
set -C
echo "$$ \${20}" 2>/dev/null > ${meta('claim')} || exit 0
set +C
trap : HUP INT QUIT USR1 USR2 ALRM TERM
( exec >> stdout 2>> stderr; exec ${task.words.map(quote).join(' ')} )
status=$?
echo $status > ${meta('exit.new')} && mv ${meta('exit.new')} ${meta('exit')}
exit $status
`;
}

/** A word as `sh` reads it back whole. */
export function quote(word: string): string {
  return `'${word.replaceAll("'", "'\\''")}'`;
}

/** How the task ended, from what its supervisor left; `lost` if it left nothing. */
export function readExit(meta: string): Exit {
  // A signal to the whole group may have hit `mv` as well: what it was to move is as good.
  const text = tryRead(join(meta, 'exit')) ?? tryRead(join(meta, 'exit.new')) ?? '';
  if (!/^\d{1,3}\n$/.test(text)) return { kind: 'lost' };
  const status = Number(text);
  const bySignal = status > 128 && (tryRead(join(meta, 'note')) ?? '').trim() !== '';
  // Shells say nothing of an interrupt or a broken pipe, which are no exit codes in practice.
  const silent = status === 130 || status === 141;
  return bySignal || silent
    ? { kind: 'signal', signal: status - 128 }
    : { kind: 'code', code: status };
}

/**
 * What became of a task since an earlier process of this agent ordered its start. A task that
 * nobody has claimed is claimed here, so that a supervisor that was only just started gives up.
 */
export function inspectTask(meta: string, sameBoot: boolean): Found {
  if (claim(meta)) {
    return sameBoot ? { kind: 'unstarted' } : { kind: 'exited', exit: { kind: 'rebooted' } };
  }
  const [pid, startTime] = readClaim(meta);
  if (pid === undefined) {
    const exit: Exit = { kind: sameBoot ? 'lost' : 'rebooted' };
    return { kind: 'exited', exit };
  }
  const exit = readExit(meta);
  if (exit.kind !== 'lost') return { kind: 'exited', exit, pid };
  if (!sameBoot) return { kind: 'exited', exit: { kind: 'rebooted' }, pid };
  if (isAlive(pid, startTime)) return { kind: 'running', pid };
  // It may have written its last word between the two looks.
  return { kind: 'exited', exit: readExit(meta), pid };
}

/** Whether the process of that pid and start time lives. */
export function isAlive(pid: number, startTime: string | undefined): boolean {
  return startTime !== undefined && processOf(pid)?.startTime === startTime;
}

/** Pid and start time from the claim; empty when it was given up or never written whole. */
export function readClaim(meta: string): [pid?: number, startTime?: string] {
  const match = /^(\d+) (\d+)\n/.exec(tryRead(join(meta, 'claim')) ?? '');
  return match === null ? [] : [Number(match[1]), match[2] ?? ''];
}

function claim(meta: string): boolean {
  try {
    mkdirSync(meta, { recursive: true, mode: 0o700 });
    writeFileSync(join(meta, 'claim'), 'given up\n', { flag: 'wx', mode: 0o600 });
    return true;
  } catch (error) {
    if (systemCodeOf(error) === 'EEXIST') {
      return (tryRead(join(meta, 'claim')) ?? '').startsWith('given up');
    }
    throw error;
  }
}

function tryRead(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return undefined;
  }
}
