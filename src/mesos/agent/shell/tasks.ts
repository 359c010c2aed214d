/** The processes of tasks: starts them under supervisors, watches those it found, signals whole sessions. */
import { type FSWatcher, rmSync, watch } from 'node:fs';
import { join } from 'node:path';
import { messageOf } from '../../../core/errors.js';
import type { Logger } from '../../../core/logger.js';
import { environmentOf, wordsOf } from '../environment.js';
import type { AgentEvent, Found } from '../events.js';
import { metaDir } from '../layout.js';
import type { AgentState, TaskRun } from '../state.js';
import { allProcesses, followersOf } from './procfs.js';
import { inspectTask, isAlive, readClaim, readExit, startSupervisor } from './supervisor.js';

/** ms between two looks at a task that is no child of this process; a change of its folder is noticed at once. */
const pollMs = 2_000;

/** What the runner of tasks needs. */
export interface TaskRunnerOptions {
  readonly state: AgentState;
  /** The Node that tasks find. */
  readonly nodePath: string;
  readonly submit: (event: AgentEvent) => void;
  readonly log: Logger;
}

/** The processes of tasks. */
export interface TaskRunner {
  start(task: TaskRun): void;
  /** Looks after a supervisor that is no child of this process. */
  watch(task: TaskRun, pid: number): void;
  /** Ends a task: its group politely, or by force all of its session but the supervisor, which tells how it ended. */
  terminate(task: TaskRun, force: boolean): void;
  /** What became of the task while no agent looked. */
  inspect(task: TaskRun): Found;
  /** Stops watching; tasks go on. */
  close(): void;
}

/** Makes a runner. */
export function createTaskRunner(options: TaskRunnerOptions): TaskRunner {
  const { state, nodePath, submit, log } = options;
  const watched = new Map<string, () => void>();

  const ended = (task: TaskRun, pid: number): void => {
    watched.get(task.containerId)?.();
    watched.delete(task.containerId);
    // What the task left behind dies before anybody hears of its end: its ports and volumes are then free.
    killAll(followersOf(pid, allProcesses()).map((process) => process.pid));
    const exit = readExit(metaDir(state.self.workDir, task.containerId));
    submit({ type: 'Exited', containerId: task.containerId, exit });
  };

  const start = async (task: TaskRun): Promise<void> => {
    const { containerId } = task;
    const meta = metaDir(state.self.workDir, containerId);
    rmSync(meta, { recursive: true, force: true });
    let pid = 0;
    try {
      pid = await startSupervisor({
        meta,
        sandbox: task.sandbox,
        words: wordsOf(task.info.command ?? {}),
        environment: environmentOf(state, task, nodePath),
        onExit: () => ended(task, pid),
      });
    } catch (error) {
      submit({ type: 'StartFailed', containerId, message: messageOf(error) });
      return;
    }
    submit({ type: 'Started', containerId, pid });
  };

  const watchTask = (task: TaskRun, pid: number): void => {
    const meta = metaDir(state.self.workDir, task.containerId);
    const [, startTime] = readClaim(meta);
    const look = (): void => {
      if (watched.has(task.containerId) && !isAlive(pid, startTime)) ended(task, pid);
    };
    const timer = setInterval(look, pollMs);
    timer.unref();
    let watcher: FSWatcher | undefined;
    try {
      // The supervisor writes its file just before it ends: look when it should be gone.
      watcher = watch(meta, { persistent: false }, () => void setTimeout(look, 20).unref());
      watcher.on('error', () => watcher?.close());
    } catch (error) {
      log.warn('a task is looked at slowly only', { meta, error: messageOf(error) });
    }
    watched.set(task.containerId, () => {
      clearInterval(timer);
      watcher?.close();
    });
    look();
  };

  return {
    start: (task) => void start(task),
    watch: watchTask,
    terminate: (task, force) => {
      const [pid, startTime] = readClaim(metaDir(state.self.workDir, task.containerId));
      const leader = pid ?? task.pid;
      if (leader === undefined || (pid !== undefined && !isAlive(pid, startTime))) return;
      if (!force) {
        signal(-leader, 'SIGTERM');
        return;
      }
      killAll(followersOf(leader, allProcesses()).map((process) => process.pid));
      signal(leader, 'SIGCONT');
    },
    inspect: (task) => {
      const meta = metaDir(state.self.workDir, task.containerId);
      return inspectTask(meta, task.bootId === state.self.bootId);
    },
    close: () => {
      for (const stop of watched.values()) stop();
      watched.clear();
    },
  };
}

/** The path of a supervisor's folder is free again. */
export function removeMeta(workDir: string, containerId: string): void {
  rmSync(join(metaDir(workDir, containerId)), { recursive: true, force: true });
}

function killAll(pids: readonly number[]): void {
  for (const pid of pids) signal(pid, 'SIGKILL');
}

function signal(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name);
  } catch {
    // It is gone already, which is what was wanted.
  }
}
