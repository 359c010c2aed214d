/** Carries out what `step` orders: the loop of one agent and its hands. */
import { existsSync, mkdirSync, renameSync } from 'node:fs';
import { rm, statfs } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { systemClock } from '../../core/clock.js';
import { type Driver, drive, type Performers } from '../../core/drive.js';
import { messageOf } from '../../core/errors.js';
import type { Logger } from '../../core/logger.js';
import type { Store } from '../../core/store/store.js';
import type { AgentEffect, AgentEvent } from './events.js';
import { volumeDir } from './layout.js';
import { registerMessageOf } from './registration.js';
import { createChecks } from './shell/checks.js';
import { createFetcher } from './shell/fetch/fetcher.js';
import { createLink } from './shell/link.js';
import { rotateLogs } from './shell/logs.js';
import { prepareSandbox } from './shell/sandbox.js';
import { createTaskRunner, removeMeta } from './shell/tasks.js';
import { type AgentState, liveTasks } from './state.js';
import { step } from './step.js';

/** ms between two looks at the sizes of logs and at the disk. */
const logsMs = 5_000;
const diskMs = 60_000;

/** What a running agent is made of. */
export interface AgentOptions {
  /** As restored from `store`. */
  readonly state: AgentState;
  readonly store: Store;
  readonly master: string;
  readonly authorization: string;
  /** The Node that tasks find on their PATH. */
  readonly nodePath: string;
  readonly log: Logger;
}

/** A running agent. */
export interface RunningAgent {
  /** Resolves at the first registration. */
  readonly registered: Promise<void>;
  /** Takes all tasks along and resolves when the last is gone. */
  stopTasks(): Promise<void>;
  /** Ends the agent; its tasks go on. */
  close(): void;
}

/** Starts the loop, takes up what the last process left, and connects. */
export function runAgentLoop(options: AgentOptions): RunningAgent {
  const { state, store, log } = options;
  const { workDir } = state.self;
  let leave = (): void => {};
  const left = new Promise<void>((resolve) => {
    leave = resolve;
  });
  let welcome = (): void => {};
  const registered = new Promise<void>((resolve) => {
    welcome = resolve;
  });

  const submit = (event: AgentEvent): void => {
    try {
      driver.submit(event);
    } catch (error) {
      log.warn('an event came too late', { event: event.type, error: messageOf(error) });
    }
  };
  const link = createLink({
    master: options.master,
    authorization: options.authorization,
    register: () => registerMessageOf(state),
    onOrder: (order) => {
      submit({ type: 'OrderReceived', order });
      if (order.type === 'REGISTERED') welcome();
    },
    onLost: () => submit({ type: 'LinkLost' }),
    random: state.random,
    log,
  });
  const hands = { state, nodePath: options.nodePath, submit, log };
  const runner = createTaskRunner(hands);
  const checks = createChecks(hands);
  const fetcher = createFetcher(join(workDir, 'fetch'));
  const alarm = createAlarm(() => submit({ type: 'Ticked' }));

  const perform: Performers<AgentEffect> = {
    Send: ({ message }) => link.send(message),
    Connect: () => link.connect(),
    Prepare: ({ task, group }) => {
      const { containerId } = task;
      prepareSandbox(state, task, group, fetcher).then(
        () => submit({ type: 'Prepared', containerId }),
        (error) => submit({ type: 'PrepareFailed', containerId, message: messageOf(error) }),
      );
    },
    Start: ({ task }) => runner.start(task),
    Watch: ({ task, pid }) => runner.watch(task, pid),
    Terminate: ({ containerId, force }) => {
      const task = state.tasks.get(containerId);
      if (task !== undefined) runner.terminate(task, force);
    },
    StartChecks: ({ task }) => checks.start(task),
    StopChecks: ({ containerId }) => checks.stop(containerId),
    MakeVolume: ({ volume }) => mkdirSync(volumeDir(workDir, volume), { recursive: true }),
    RemoveVolume: ({ volume }) => {
      rm(volumeDir(workDir, volume), { recursive: true, force: true }).then(
        () => submit({ type: 'VolumeRemoved', volume }),
        (error) => log.error('cannot remove a volume', { volume, error: messageOf(error) }),
      );
    },
    SetAside: ({ agentId }) => setAside(workDir, agentId),
    RemoveRun: ({ sandbox, containerId }) => {
      removeMeta(workDir, containerId);
      rm(sandbox, { recursive: true, force: true })
        .then(() => removeEmpty(dirname(sandbox)))
        .catch((error) =>
          log.warn('cannot remove a sandbox', { sandbox, error: messageOf(error) }),
        );
    },
    WakeAt: ({ at }) => alarm.set(at),
    Leave: () => leave(),
    Submit: ({ event }) => submit(event),
    Warn: ({ message, about }) => log.warn(message, { about }),
  };

  const driver: Driver<AgentEvent> = drive({
    state,
    step,
    perform,
    store,
    clock: systemClock,
    onFatal: (error) => {
      log.error('the agent cannot go on and will be started again', { error: messageOf(error) });
      process.exit(1);
    },
  });

  const timers = [
    setInterval(() => {
      for (const task of liveTasks(state)) rotateLogs(task.sandbox);
    }, logsMs),
    setInterval(() => {
      void statfs(workDir).then(({ bavail, blocks }) => {
        const freeFraction = bavail / Math.max(1, blocks);
        submit({ type: 'DiskMeasured', freeFraction });
        return fetcher.collect(freeFraction);
      });
    }, diskMs),
  ];
  for (const timer of timers) timer.unref();

  const found = new Map(liveTasks(state).map((task) => [task.containerId, runner.inspect(task)]));
  submit({ type: 'Recovered', found });

  const close = (): void => {
    link.close();
    checks.close();
    runner.close();
    alarm.clear();
    for (const timer of timers) clearInterval(timer);
    driver.stop();
  };
  return {
    registered,
    stopTasks: async () => {
      link.close();
      submit({ type: 'StopRequested' });
      await left;
      await driver.idle();
    },
    close,
  };
}

/** One timer for the earliest of the moments asked for. */
function createAlarm(ring: () => void): { set(at: number): void; clear(): void } {
  const moments = new Set<number>();
  let timer: NodeJS.Timeout | undefined;
  const arm = (): void => {
    clearTimeout(timer);
    if (moments.size === 0) return;
    const waitMs = Math.min(...moments) - systemClock.now();
    // Bounded, so that a clock that was set back cannot put a kill off for long.
    timer = setTimeout(fire, Math.min(Math.max(0, waitMs), 60_000));
  };
  const fire = (): void => {
    const now = systemClock.now();
    for (const moment of moments) if (moment <= now) moments.delete(moment);
    ring();
    arm();
  };
  return {
    set: (at) => {
      moments.add(at);
      arm();
    },
    clear: () => {
      moments.clear();
      clearTimeout(timer);
    },
  };
}

/** Volumes of an agent that was given up are nobody's any more, but a person may want to look. */
function setAside(workDir: string, agentId: string): void {
  const volumes = join(workDir, 'volumes');
  if (!existsSync(volumes)) return;
  mkdirSync(join(workDir, 'gone'), { recursive: true });
  renameSync(volumes, join(workDir, 'gone', agentId));
}

/** The folders above a removed run, as far as they are empty: `latest` first, which then leads nowhere. */
async function removeEmpty(runs: string): Promise<void> {
  const latest = join(runs, 'latest');
  if (!existsSync(latest)) await rm(latest, { force: true });
  const { rmdir } = await import('node:fs/promises');
  for (const folder of [runs, dirname(runs)]) {
    try {
      await rmdir(folder);
    } catch {
      return;
    }
  }
}
