/** What the system's process table says: who is whose, since when, and what it costs. */
import { readdirSync, readFileSync } from 'node:fs';

/** One process. */
export interface Process {
  readonly pid: number;
  readonly parent: number;
  readonly session: number;
  readonly state: string;
  /** Clock ticks since the machine's start: with the pid it names one process. */
  readonly startTime: string;
  /** Seconds. */
  readonly userSeconds: number;
  readonly systemSeconds: number;
  readonly residentBytes: number;
}

// USER_HZ and the page size of every Linux that Node runs on, but for arm64 kernels with large
// pages.
const ticksPerSecond = 100;
const pageBytes = 4096;

/** The process `pid`, or `undefined` where there is none (a zombie is none any more). */
export function processOf(pid: number): Process | undefined {
  let text: string;
  try {
    text = readFileSync(`/proc/${pid}/stat`, 'utf8');
  } catch {
    return undefined;
  }
  // The second field is the name in brackets, and may itself hold brackets and spaces.
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
  const number = (field: number): number => Number(fields[field - 3] ?? 0);
  const state = fields[0] ?? '';
  if (state === 'Z' || state === 'X') return undefined;
  return {
    pid,
    state,
    parent: number(4),
    session: number(6),
    startTime: fields[19] ?? '0',
    userSeconds: (number(14) + number(16)) / ticksPerSecond,
    systemSeconds: (number(15) + number(17)) / ticksPerSecond,
    residentBytes: number(24) * pageBytes,
  };
}

/** Every process of the machine that can be seen. */
export function allProcesses(): Process[] {
  return readdirSync('/proc').flatMap((name) => {
    const pid = Number(name);
    return Number.isInteger(pid) ? (processOf(pid) ?? []) : [];
  });
}

/** Children of a process; zombies too. */
export function childrenOf(pid: number): number[] {
  try {
    const text = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim();
    return text === '' ? [] : text.split(' ').map(Number);
  } catch {
    // Kernels are built without that file.
    return allProcesses().flatMap((one) => (one.parent === pid ? one.pid : []));
  }
}

/** What a process was started as; `undefined` of one that is gone, a zombie too. */
export function wordsOfProcess(pid: number): string | undefined {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'latin1') || undefined;
  } catch {
    return undefined;
  }
}

/**
 * Members of the session that `leader` leads or led, and all that descend from them; the leader is
 * left out.
 */
export function followersOf(leader: number, processes: readonly Process[]): Process[] {
  // Nobody's task is led by the system itself.
  if (leader <= 1) return [];
  const own = new Set([leader]);
  // Parents have been seen before their children only by chance: repeat until nothing is added.
  for (let before = 0; before !== own.size; ) {
    before = own.size;
    for (const { pid, parent, session } of processes) {
      if (session === leader || own.has(parent)) own.add(pid);
    }
  }
  own.delete(leader);
  return processes.filter(({ pid }) => own.has(pid));
}

/** The machine's current boot, as a UUID; empty where the system does not tell. */
export function readBootId(): string {
  try {
    return readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
  } catch {
    return '';
  }
}
