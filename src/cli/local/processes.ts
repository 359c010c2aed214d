/**
 * Processes told apart exactly: a pid alone may long belong to somebody else, so every record of a
 * process holds its start time as well, and no signal is sent before both agree.
 */
import { readFileSync, statSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { systemCodeOf } from '../../core/errors.js';

/**
 * A process: its id and when it started, in the kernel's ticks since boot (`''` where the system
 * does not tell).
 */
export interface ProcessId {
  readonly pid: number;
  readonly startTime: string;
}

/**
 * The start time of a live process; `undefined` if there is none of that id (or only its zombie).
 */
export function startTimeOf(pid: number): string | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    // The second field is the name in parentheses, which may hold blanks and parentheses itself.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return fields[0] === 'Z' || fields[0] === 'X' ? undefined : fields[19];
  } catch {
    return process.platform === 'linux' ? undefined : probe(pid);
  }
}

function probe(pid: number): string | undefined {
  try {
    process.kill(pid, 0);
    return '';
  } catch (error) {
    return systemCodeOf(error) === 'EPERM' ? '' : undefined;
  }
}

/** Whether this very process still runs. */
export function isAlive(id: ProcessId): boolean {
  const startTime = startTimeOf(id.pid);
  return startTime !== undefined && (id.startTime === '' || startTime === id.startTime);
}

/**
 * What a file of the form `<pid> <starttime>` names; `undefined` where it is absent, unreadable or
 * from before the last boot.
 */
function readProcessFile(path: string): ProcessId | undefined {
  try {
    const [pid, startTime] = readFileSync(path, 'utf8').trim().split(/\s+/);
    const boot = bootTimeMs();
    if (boot !== undefined && statSync(path).mtimeMs < boot - 1000) return undefined;
    const number = Number(pid);
    return Number.isInteger(number) && number > 1
      ? { pid: number, startTime: startTime ?? '' }
      : undefined;
  } catch {
    return undefined;
  }
}

/** When the machine was started (ms since 1970), where the system tells. */
function bootTimeMs(): number | undefined {
  try {
    const seconds = /^btime (\d+)$/m.exec(readFileSync('/proc/stat', 'utf8'))?.[1];
    return seconds === undefined ? undefined : Number(seconds) * 1000;
  } catch {
    return undefined;
  }
}

/** The process that the file at `path` names, if it is still the one and alive. */
export function liveProcessOf(path: string): ProcessId | undefined {
  const id = readProcessFile(path);
  return id !== undefined && isAlive(id) ? id : undefined;
}

/**
 * Sends a signal to exactly this process (`group`: to its whole process group); false if it is
 * gone.
 */
export function signalProcess(id: ProcessId, signal: NodeJS.Signals, group = false): boolean {
  if (!isAlive(id)) return false;
  try {
    process.kill(group ? -id.pid : id.pid, signal);
    return true;
  } catch (error) {
    if (systemCodeOf(error) === 'ESRCH') return false;
    throw error;
  }
}

/** Waits until the process is gone; false if it still runs after `timeoutMs`. */
export async function waitUntilGone(id: ProcessId, timeoutMs: number): Promise<boolean> {
  const end = performance.now() + timeoutMs;
  while (isAlive(id)) {
    if (performance.now() >= end) return false;
    await sleep(20);
  }
  return true;
}

/** This process itself. */
export function ownProcess(): ProcessId {
  return { pid: process.pid, startTime: startTimeOf(process.pid) ?? '' };
}
