/** What runs on this machine, read from /proc: who belongs to a test, and what it costs. */
import { readdirSync, readFileSync, readlinkSync } from 'node:fs';

/** One process. */
export interface Proc {
  readonly pid: number;
  readonly parent: number;
  /** When it was started, in ticks since the machine was. Ids are used again, times are not. */
  readonly startedAt: number;
  /** `R`, `S`, `T` (stopped), `Z`… */
  readonly state: string;
  readonly command: string;
  readonly env: ReadonlyMap<string, string>;
  readonly folder: string;
}

function read(path: string): string {
  try {
    return readFileSync(path, 'latin1');
  } catch {
    return '';
  }
}

function linkOf(path: string): string {
  try {
    return readlinkSync(path);
  } catch {
    return '';
  }
}

/** The process of this id, zombies excepted; `undefined` if there is none. */
export function procOf(pid: number): Proc | undefined {
  const stat = read(`/proc/${pid}/stat`);
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  const [state = '', parent = '0'] = fields;
  if (stat === '' || state === 'Z' || state === 'X') return undefined;
  const pairs = read(`/proc/${pid}/environ`)
    .split('\0')
    .filter((line) => line.includes('='))
    .map((line): [string, string] => {
      const at = line.indexOf('=');
      return [line.slice(0, at), line.slice(at + 1)];
    });
  return {
    pid,
    parent: Number(parent),
    startedAt: Number(fields[19] ?? 0),
    state,
    command: read(`/proc/${pid}/cmdline`).replaceAll('\0', ' ').trim(),
    env: new Map(pairs),
    folder: linkOf(`/proc/${pid}/cwd`),
  };
}

/** Every process that can be read. */
export function allProcs(): Proc[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .flatMap((name) => procOf(Number(name)) ?? []);
}

/** Whether the process was started for, or works in, something under `folder`. */
export function belongsTo(proc: Proc, folder: string): boolean {
  if (proc.folder.startsWith(folder) || proc.command.includes(folder)) return true;
  return [...proc.env.values()].some((value) => value.startsWith(folder));
}

/**
 * The processes of a task of the cluster under `folder`, in the order of their starts; told by
 * `variable`: TASK_NAME of declarative services, MESOS_TASK_ID of apps.
 */
export function taskProcs(folder: string, value: string, variable = 'TASK_NAME'): Proc[] {
  const all = allProcs().filter(
    (proc) => proc.env.get(variable) === value && belongsTo(proc, folder),
  );
  return all.sort((a, b) => a.startedAt - b.startedAt || a.pid - b.pid);
}

/** Those of `procs` that have no child among them: what does the work. */
export function leavesOf(procs: readonly Proc[]): Proc[] {
  const parents = new Set(procs.map(({ parent }) => parent));
  return procs.filter(({ pid }) => !parents.has(pid));
}

/** Resident and proportional set size of a process, in KiB; zeros once it is gone. */
export function memoryOf(pid: number): { rssKb: number; pssKb: number } {
  const rollup = read(`/proc/${pid}/smaps_rollup`);
  const field = (name: string): number =>
    Number(new RegExp(`^${name}:\\s+(\\d+)`, 'm').exec(rollup)?.[1] ?? 0);
  return { rssKb: field('Rss'), pssKb: field('Pss') };
}

/** Sends a signal; a process that is gone already is no error. */
export function signal(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}
