/**
 * Tasks that outlived their agent. An agent that ends in order stops its tasks; one that was killed
 * leaves them running, and after `down` nobody would ever stop them.
 */
import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { join } from 'node:path';
import {
  isAlive,
  liveProcessOf,
  type ProcessId,
  signalProcess,
  waitUntilGone,
} from './processes.js';

/** How long a task may take to end by itself, in ms. */
const graceMs = 5000;

/** A task's session: its leader as the agent's `meta/<container>/claim` names it, and the rest. */
interface Session {
  readonly members: readonly ProcessId[];
}

/**
 * Ends every task of these agents that still runs: SIGTERM, then SIGKILL. Gives how many there
 * were. To be called when the agents are gone, so that nobody starts more.
 */
export async function stopLeftTasks(
  localDir: string,
  agents: readonly string[],
  onFound: (count: number) => void,
): Promise<number> {
  const sessions = findSessions(localDir, agents);
  if (sessions.length === 0) return 0;
  onFound(sessions.length);
  const all = (): ProcessId[] =>
    findSessions(localDir, agents).flatMap(({ members }) => [...members]);
  for (const process of all()) {
    signalProcess(process, 'SIGTERM');
    signalProcess(process, 'SIGCONT');
  }
  const end = performance.now() + graceMs;
  for (const process of sessions.flatMap(({ members }) => members)) {
    await waitUntilGone(process, Math.max(0, end - performance.now()));
  }
  // What was started meanwhile goes as well.
  for (const process of all()) signalProcess(process, 'SIGKILL');
  for (const process of all()) await waitUntilGone(process, 1000);
  return sessions.length;
}

function findSessions(localDir: string, agents: readonly string[]): Session[] {
  const claims = agents.flatMap((agent) => claimsOf(join(localDir, agent, 'work', 'meta')));
  if (claims.length === 0) return [];
  const processes = allProcesses();
  return claims.flatMap((claim) => {
    const members = membersOf(claim, localDir, processes);
    return members.length === 0 ? [] : [{ members }];
  });
}

/** The claims below an agent's `work/meta`, of ended tasks as well: something may outlive those. */
function claimsOf(meta: string): string[] {
  try {
    return readdirSync(meta).map((container) => join(meta, container, 'claim'));
  } catch {
    return [];
  }
}

interface Process extends ProcessId {
  readonly session: number;
}

function membersOf(claim: string, localDir: string, processes: readonly Process[]): ProcessId[] {
  const leader = liveProcessOf(claim);
  if (leader !== undefined) return processes.filter(({ session }) => session === leader.pid);
  // Its leader is gone: one of that session is the task's only if it also works in its folder.
  const session = Number(readText(claim).split(' ')[0]);
  if (!Number.isInteger(session) || session <= 1) return [];
  return processes.filter(
    (process) => process.session === session && isAlive(process) && worksIn(process, localDir),
  );
}

function worksIn({ pid }: ProcessId, folder: string): boolean {
  try {
    return readlinkSync(`/proc/${pid}/cwd`).startsWith(`${folder}/`);
  } catch {
    return false;
  }
}

/** Every live process with its session; none where the system has no /proc. */
function allProcesses(): Process[] {
  let names: string[];
  try {
    names = readdirSync('/proc').filter((name) => /^\d+$/.test(name));
  } catch {
    return [];
  }
  return names.flatMap((name) => {
    const text = readText(`/proc/${name}/stat`);
    // The second field is the name in brackets, which may hold brackets and blanks itself.
    const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
    const [state, , , session] = fields;
    if (text === '' || state === 'Z' || state === 'X') return [];
    return [{ pid: Number(name), startTime: fields[19] ?? '', session: Number(session) }];
  });
}

function readText(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}
