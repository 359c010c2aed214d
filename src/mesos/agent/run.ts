/** Carries out what `step` orders: the loop of one agent and its hands. */
import { statfs } from 'node:fs/promises';
import { join } from 'node:path';
import { systemClock } from '../../core/clock.js';
import { type Driver, drive, type Performers } from '../../core/drive.js';
import { messageOf } from '../../core/errors.js';
import type { Logger } from '../../core/logger.js';
import type { Store } from '../../core/store/store.js';
import type { LoggingLevel } from '../shell/logging.js';
import { environmentOf, limitedWords, wordsOf } from './environment.js';
import type { AgentEffect, AgentEvent } from './events.js';
import { executorEnvironment } from './executor/environment.js';
import { executorToken } from './executor/token.js';
import { registerMessageOf } from './registration.js';
import { type Alarm, createAlarm } from './shell/alarm.js';
import { type Checks, createChecks } from './shell/checks.js';
import type { ExecutorStreams } from './shell/executor-streams.js';
import { createFetcher, type Fetcher } from './shell/fetch/fetcher.js';
import { makeVolume, removeSandbox, removeVolume, setAside } from './shell/folders.js';
import { createLink, type Link } from './shell/link.js';
import { rotateLogs } from './shell/logs.js';
import type { NestedContainers } from './shell/nested.js';
import { prepareExecutor, prepareSandbox, prepareWithin } from './shell/sandbox.js';
import { createTaskRunner, removeMeta, type TaskRunner } from './shell/tasks.js';
import { type AgentState, liveExecutors, liveTasks } from './state.js';
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
  /** What runs inside the containers of tasks. */
  readonly nested: NestedContainers;
  readonly streams: ExecutorStreams;
  /** Signs the tokens of executors. */
  readonly executorKey: string;
  readonly logging: LoggingLevel;
  readonly log: Logger;
}

/** A running agent. */
export interface RunningAgent {
  /** Resolves at the first registration. */
  readonly registered: Promise<void>;
  /** What executors say becomes an event. */
  readonly submit: (event: AgentEvent) => void;
  /** Takes all tasks along and resolves when the last is gone. */
  stopTasks(): Promise<void>;
  /** Ends the agent; its tasks go on. */
  close(): void;
}

/** Starts the loop, takes up what the last process left, and connects. */
export function runAgentLoop(options: AgentOptions): RunningAgent {
  const { state, store, log } = options;
  const left = signal();
  const registered = signal();
  const submit = (event: AgentEvent): void => {
    if (options.logging.level() > 0) log.info('event', { type: event.type });
    try {
      driver.submit(event);
    } catch (error) {
      log.warn('an event came too late', { event: event.type, error: messageOf(error) });
    }
  };
  const hands = handsOf(options, submit, registered.raise);
  const driver: Driver<AgentEvent> = drive({
    state,
    step,
    perform: performersOf(options, hands, submit, left.raise),
    store,
    clock: systemClock,
    onFatal: (error) => {
      log.error('the agent cannot go on and will be started again', { error: messageOf(error) });
      process.exit(1);
    },
  });
  const stopLooking = lookAround(options, hands, submit);
  hands.runner.endOrphans();
  const own = liveTasks(state).filter(({ within }) => within === undefined);
  const found = new Map(
    [...own, ...liveExecutors(state)].map((run) => [run.containerId, hands.runner.inspect(run)]),
  );
  submit({ type: 'Recovered', found });
  return {
    registered: registered.raised,
    submit,
    stopTasks: async () => {
      hands.link.close();
      submit({ type: 'StopRequested' });
      await left.raised;
      await driver.idle();
    },
    close: () => {
      const { link, checks, runner, alarm } = hands;
      for (const hand of [link, checks, runner, alarm, options.streams]) hand.close();
      stopLooking();
      driver.stop();
    },
  };
}

/** All that touches the world for one agent. */
interface Hands {
  readonly link: Link;
  readonly runner: TaskRunner;
  readonly checks: Checks;
  readonly fetcher: Fetcher;
  readonly alarm: Alarm;
}

type Submit = (event: AgentEvent) => void;

function handsOf(options: AgentOptions, submit: Submit, welcome: () => void): Hands {
  const { state, nodePath, nested, log } = options;
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
  return {
    link,
    runner: createTaskRunner({
      state,
      submit,
      endNested: (containerId) => nested.endInside(containerId),
      log,
    }),
    checks: createChecks({ state, nodePath, submit }),
    fetcher: createFetcher(join(state.self.workDir, 'fetch')),
    alarm: createAlarm(() => submit({ type: 'Ticked' })),
  };
}

function performersOf(
  options: AgentOptions,
  hands: Hands,
  submit: Submit,
  leave: () => void,
): Performers<AgentEffect> {
  const { state, log } = options;
  const { workDir } = state.self;
  const { link, runner, checks, alarm } = hands;
  return {
    ...startersOf(options, hands, submit),
    Tell: ({ executor, event }) => options.streams.tell(executor, event),
    CloseStream: ({ executor }) => options.streams.end(executor),
    Send: ({ message }) => link.send(message),
    Connect: () => link.connect(),
    Terminate: ({ containerId, force }) => {
      const run = state.tasks.get(containerId) ?? state.executors.get(containerId);
      if (run !== undefined) runner.terminate(run, force);
    },
    StartChecks: ({ task }) => checks.start(task),
    StopChecks: ({ containerId }) => checks.stop(containerId),
    MakeVolume: ({ volume }) => makeVolume(workDir, volume),
    RemoveVolume: ({ volume }) => {
      removeVolume(workDir, volume).then(
        () => submit({ type: 'VolumeRemoved', volume }),
        (error) => log.error('cannot remove a volume', { volume, error: messageOf(error) }),
      );
    },
    SetAside: ({ agentId }) => setAside(workDir, agentId),
    RemoveRun: ({ sandbox, containerId }) => {
      removeMeta(workDir, containerId);
      removeSandbox(sandbox).catch((error) =>
        log.warn('cannot remove a sandbox', { sandbox, error: messageOf(error) }),
      );
    },
    WakeAt: ({ at }) => alarm.set(at),
    Leave: leave,
    Submit: ({ event }) => submit(event),
    Warn: ({ message, about }) => log.warn(message, { about }),
  };
}

type Starter = 'Prepare' | 'PrepareExecutor' | 'PrepareWithin' | 'Start' | 'StartExecutor';
type Watcher = 'Watch' | 'WatchExecutor';

/** Sandboxes are filled and programs started. */
function startersOf(
  { state, nodePath, executorKey }: AgentOptions,
  { fetcher, runner }: Hands,
  submit: Submit,
): Pick<Performers<AgentEffect>, Starter | Watcher> {
  const tell = (containerId: string, done: Promise<void>): void => {
    done.then(
      () => submit({ type: 'Prepared', containerId }),
      (error) => submit({ type: 'PrepareFailed', containerId, message: messageOf(error) }),
    );
  };
  return {
    Prepare: ({ task, group }) =>
      tell(task.containerId, prepareSandbox(state, task, group, fetcher)),
    PrepareExecutor: ({ run }) => tell(run.containerId, prepareExecutor(state, run, fetcher)),
    PrepareWithin: ({ task }) =>
      tell(
        task.containerId,
        Promise.resolve().then(() => prepareWithin(state, task)),
      ),
    Start: ({ task }) => {
      const words = limitedWords(wordsOf(task.info.command ?? {}), task.info.container);
      runner.start(task, { words, environment: environmentOf(state, task, nodePath) });
    },
    StartExecutor: ({ run }) => {
      const words = limitedWords(wordsOf(run.executor.command ?? {}), run.executor.container);
      const token = executorToken(executorKey, run);
      const environment = executorEnvironment(state, run, nodePath, token);
      runner.start(run, { words, environment });
    },
    Watch: ({ task, pid }) => runner.watch(task, pid),
    WatchExecutor: ({ run, pid }) => runner.watch(run, pid),
  };
}

/** Looks at logs and disk from time to time; gives what ends it. */
function lookAround(
  { state, nested, log }: AgentOptions,
  { fetcher }: Hands,
  submit: Submit,
): () => void {
  const { workDir } = state.self;
  const measureDisk = async (): Promise<void> => {
    const { bavail, blocks } = await statfs(workDir);
    const freeFraction = bavail / Math.max(1, blocks);
    submit({ type: 'DiskMeasured', freeFraction });
    await fetcher.collect(freeFraction);
  };
  const timers = [
    setInterval(() => {
      for (const task of liveTasks(state)) {
        if (task.within === undefined) rotateLogs(task.sandbox);
      }
      for (const run of liveExecutors(state)) rotateLogs(run.sandbox);
      nested.endOrphaned();
    }, logsMs),
    setInterval(() => {
      measureDisk().catch((error) => log.warn('cannot tidy up', { error: messageOf(error) }));
    }, diskMs),
  ];
  for (const timer of timers) timer.unref();
  return () => {
    for (const timer of timers) clearInterval(timer);
  };
}

/** Something that happens once and can be waited for. */
function signal(): { readonly raised: Promise<void>; readonly raise: () => void } {
  let raise = (): void => {};
  const raised = new Promise<void>((resolve) => {
    raise = resolve;
  });
  return { raised, raise: () => raise() };
}
