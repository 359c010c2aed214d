/**
 * The processes of tasks: starts them under supervisors, watches those it found, signals whole
 * sessions.
 */
import { type FSWatcher, readdirSync, rmSync, watch } from 'node:fs';
import { join } from 'node:path';
import { messageOf } from '../../../core/errors.js';
import type { Logger } from '../../../core/logger.js';
import type { AgentEvent, Found } from '../events.js';
import { metaDir } from '../layout.js';
import type { AgentState } from '../state.js';
import { allProcesses, followersOf, processOf } from './procfs.js';
import { askToEnd, clearSession, killAll, send } from './signals.js';
import { inspectTask, isAlive, readClaim, readExit, startSupervisor } from './supervisor.js';

/**
 * ms between two looks at a task that is no child of this process; a change of its folder is
 * noticed at once.
 */
const pollMs = 2_000;
/** ms after a change of that folder. */
const afterWordMs = [10, 50, 250];

/** What has a process: a task, or a custom executor. */
export interface Runnable {
  readonly containerId: string;
  readonly sandbox: string;
  readonly bootId: string;
  readonly pid?: number | undefined;
}

/** What a process runs. */
export interface Program {
  readonly words: readonly string[];
  readonly environment: Readonly<Record<string, string>>;
}

/** What the runner of tasks needs. */
export interface TaskRunnerOptions {
  readonly state: AgentState;
  readonly submit: (event: AgentEvent) => void;
  /** Ends what runs inside a task's container. */
  readonly endNested: (containerId: string) => Promise<void>;
  readonly log: Logger;
}

/** The processes of tasks. */
export interface TaskRunner {
  start(task: Runnable, program: Program): void;
  /** Looks after a supervisor that is no child of this process. */
  watch(task: Runnable, pid: number): void;
  /**
   * Ends a task: its group politely, or by force all of its session but the supervisor, which tells
   * how it ended.
   */
  terminate(task: Runnable, force: boolean): void;
  /** What became of the task while no agent looked. */
  inspect(task: Runnable): Found;
  /** Ends what runs without a record: tasks of a store that was lost or damaged. */
  endOrphans(): void;
  /** Stops watching; tasks go on. */
  close(): void;
}

/** Makes a runner. */
export function createTaskRunner(options: TaskRunnerOptions): TaskRunner {
  const { state, submit } = options;
  const watched = new Map<string, () => void>();
  const metaOf = (task: Runnable): string => metaDir(state.self.workDir, task.containerId);

  const ended = async (task: Runnable, pid: number): Promise<void> => {
    watched.get(task.containerId)?.();
    watched.delete(task.containerId);
    // What the task left behind dies before anybody hears of its end: its ports and volumes are
    // then free.
    await Promise.all([clearSession(pid), options.endNested(task.containerId)]);
    submit({ type: 'Exited', containerId: task.containerId, exit: readExit(metaOf(task)) });
  };

  const start = async (task: Runnable, program: Program): Promise<void> => {
    const { containerId } = task;
    const meta = metaOf(task);
    rmSync(meta, { recursive: true, force: true });
    let pid = 0;
    try {
      pid = await startSupervisor({
        meta,
        sandbox: task.sandbox,
        ...program,
        onExit: () => void ended(task, pid),
      });
    } catch (error) {
      submit({ type: 'StartFailed', containerId, message: messageOf(error) });
      return;
    }
    submit({ type: 'Started', containerId, pid });
  };

  return {
    start: (task, program) => void start(task, program),
    watch: (task, pid) => {
      const stop = watchSupervisor(metaOf(task), pid, options.log, () => {
        void ended(task, pid);
      });
      watched.set(task.containerId, stop);
    },
    terminate: (task, force) => terminate(metaOf(task), task.pid, force),
    inspect: (task) => inspectTask(metaOf(task), task.bootId === state.self.bootId),
    endOrphans: () => {
      for (const containerId of listFolders(join(state.self.workDir, 'meta'))) {
        if (state.tasks.has(containerId) || state.executors.has(containerId)) continue;
        options.log.warn('ending a task that nothing is known of', { containerId });
        const meta = metaDir(state.self.workDir, containerId);
        const [pid, startTime] = readClaim(meta);
        if (pid !== undefined && isAlive(pid, startTime)) {
          killAll([...followersOf(pid, allProcesses()), { pid }]);
        }
        rmSync(meta, { recursive: true, force: true });
      }
    },
    close: () => {
      for (const stop of watched.values()) stop();
      watched.clear();
    },
  };
}

/** Calls `onGone` once when a supervisor that is no child of this process is gone. */
function watchSupervisor(meta: string, pid: number, log: Logger, onGone: () => void): () => void {
  const [, startTime] = readClaim(meta);
  let watcher: FSWatcher | undefined;
  let over = false;
  const stop = (): void => {
    over = true;
    clearInterval(timer);
    watcher?.close();
  };
  const look = (): void => {
    if (over || isAlive(pid, startTime)) return;
    stop();
    onGone();
  };
  const timer = setInterval(look, pollMs);
  timer.unref();
  try {
    // The supervisor writes its file just before it ends: look when it should be gone.
    watcher = watch(meta, { persistent: false }, () => {
      for (const ms of afterWordMs) setTimeout(look, ms).unref();
    });
    watcher.on('error', () => watcher?.close());
  } catch (error) {
    log.warn('a task is looked at slowly only', { meta, error: messageOf(error) });
  }
  setImmediate(look);
  return stop;
}

function terminate(meta: string, known: number | undefined, force: boolean): void {
  const [pid, startTime] = readClaim(meta);
  const leader = pid ?? known;
  if (leader === undefined || (pid !== undefined && !isAlive(pid, startTime))) return;
  if (!force) {
    const since = startTime ?? processOf(leader)?.startTime;
    void askToEnd(leader, () => isAlive(leader, since));
    return;
  }
  // The supervisor is left to tell how it ended, woken should it have been stopped.
  killAll(followersOf(leader, allProcesses()));
  send(leader, 'SIGCONT');
}

/** The path of a supervisor's folder is free again. */
export function removeMeta(workDir: string, containerId: string): void {
  rmSync(metaDir(workDir, containerId), { recursive: true, force: true });
}

function listFolders(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}
