/** What is running of a local cluster. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { tryParseJson } from '../../core/json.js';
import { liveProcessOf, type ProcessId } from './processes.js';

/** One server as its files and processes show it. */
export interface ServerState {
  readonly name: string;
  readonly process: ProcessId | undefined;
  readonly loop: ProcessId | undefined;
  /** It runs and has said that it serves. */
  readonly isReady: boolean;
  /** A pid file names a process that is not there: a crash, or a reboot. */
  readonly isStale: boolean;
}

/** Looks at one server. */
export function lookAtServer(localDir: string, name: string): ServerState {
  const folder = join(localDir, name);
  const live = liveProcessOf(join(folder, 'pid'));
  const loop = liveProcessOf(join(folder, 'loop'));
  const ready = tryParseJson(readText(join(folder, 'ready')) ?? '');
  const readyPid =
    typeof ready === 'object' && ready !== null ? (ready as { pid?: unknown }).pid : undefined;
  return {
    name,
    process: live,
    loop,
    isReady: live !== undefined && readyPid === live.pid,
    isStale: live === undefined && readText(join(folder, 'pid')) !== undefined,
  };
}

/** How often a server has ended since its loop was started, and with which status the last time. */
export function exitsOf(localDir: string, name: string): { count: number; status: number } {
  const [count, status] = (readText(join(localDir, name, 'exits')) ?? '').trim().split(' ');
  return { count: Number(count) || 0, status: Number(status) || 0 };
}

/** The last lines of a server's log, in a user's words where they are log lines of ours. */
export function lastLogLines(localDir: string, name: string, count: number): string[] {
  const text = readText(join(localDir, name, 'log')) ?? '';
  const lines = text.trimEnd().split('\n').slice(-count);
  return lines.filter((line) => line !== '').map(readable);
}

function readable(line: string): string {
  const parsed = tryParseJson(line);
  if (typeof parsed !== 'object' || parsed === null) return line;
  const { message, error } = parsed as Record<string, unknown>;
  if (typeof message !== 'string') return line;
  return typeof error === 'string' ? `${message}: ${error}` : message;
}

function readText(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return undefined;
  }
}
