/** What can happen to an agent, and what it can order its shell to do. */
import type { Persist } from '../../core/drive.js';
import type { AgentMessage, MasterOrder } from '../../wire/agent-link.js';
import type { ExecutorEvent } from '../../wire/mesos/executor.js';
import type { CheckStatus, TaskStatus } from '../../wire/mesos/task.js';
import type { ExecutorRun, GroupRun, TaskRun } from './state.js';

/** How a task's process ended. */
export type Exit =
  | { readonly kind: 'code'; readonly code: number }
  | { readonly kind: 'signal'; readonly signal: number }
  /** Its supervisor vanished without a word. */
  | { readonly kind: 'lost' }
  /** The machine was started anew meanwhile. */
  | { readonly kind: 'rebooted' };

/** Events, in the past tense. */
export type AgentEvent =
  /** An order of the master; the first one of a stream is REGISTERED or REFUSED. */
  | { readonly type: 'OrderReceived'; readonly order: MasterOrder }
  | { readonly type: 'LinkLost' }
  /** The sandbox is filled; the task may start. */
  | { readonly type: 'Prepared'; readonly containerId: string }
  | { readonly type: 'PrepareFailed'; readonly containerId: string; readonly message: string }
  | { readonly type: 'Started'; readonly containerId: string; readonly pid: number }
  | { readonly type: 'StartFailed'; readonly containerId: string; readonly message: string }
  | { readonly type: 'Exited'; readonly containerId: string; readonly exit: Exit }
  | { readonly type: 'CheckCompleted'; readonly containerId: string; readonly status: CheckStatus }
  | { readonly type: 'HealthChecked'; readonly containerId: string; readonly healthy: boolean }
  /** A custom executor has opened a stream, perhaps not its first. */
  | {
      readonly type: 'ExecutorSubscribed';
      readonly executor: string;
      /** Ids of the tasks of which it had no acknowledgement yet. */
      readonly tasks: readonly string[];
      readonly updates: readonly TaskStatus[];
    }
  /** Its stream is over. */
  | { readonly type: 'ExecutorLeft'; readonly executor: string }
  | { readonly type: 'ExecutorUpdated'; readonly executor: string; readonly status: TaskStatus }
  | { readonly type: 'ExecutorMessaged'; readonly executor: string; readonly data: string }
  | { readonly type: 'VolumeRemoved'; readonly volume: string }
  | { readonly type: 'StopRequested' }
  /** What the machine shows of the tasks of an earlier process of this agent. */
  | { readonly type: 'Recovered'; readonly found: ReadonlyMap<string, Found> }
  /** A moment that was asked for has come. */
  | { readonly type: 'Ticked' }
  /** Disk space left of the work folder, from 0 to 1. */
  | { readonly type: 'DiskMeasured'; readonly freeFraction: number };

/** What is left of a task after a restart of the agent. */
export type Found =
  /** Its command was never started, and never will be by that order. */
  | { readonly kind: 'unstarted' }
  | { readonly kind: 'running'; readonly pid: number }
  | { readonly kind: 'exited'; readonly exit: Exit; readonly pid?: number };

/** Effects, imperative. */
export type AgentEffect =
  | Persist
  | { readonly type: 'Send'; readonly message: AgentMessage }
  /** Ask the master for a registration (again). */
  | { readonly type: 'Connect' }
  /** Make the sandbox, link volumes and fetch. */
  | { readonly type: 'Prepare'; readonly task: TaskRun; readonly group: GroupRun | undefined }
  | { readonly type: 'Start'; readonly task: TaskRun }
  /** Notice the end of a task that an earlier process of this agent started. */
  | { readonly type: 'Watch'; readonly task: TaskRun; readonly pid: number }
  | { readonly type: 'Terminate'; readonly containerId: string; readonly force: boolean }
  /** Make a custom executor's sandbox and fetch its program. */
  | { readonly type: 'PrepareExecutor'; readonly run: ExecutorRun }
  | { readonly type: 'StartExecutor'; readonly run: ExecutorRun }
  | { readonly type: 'WatchExecutor'; readonly run: ExecutorRun; readonly pid: number }
  /** Bring the volumes of a task into the sandbox of its custom executor. */
  | { readonly type: 'PrepareWithin'; readonly task: TaskRun }
  /** Send an event to a custom executor; it is dropped where no stream is open. */
  | { readonly type: 'Tell'; readonly executor: string; readonly event: ExecutorEvent }
  | { readonly type: 'CloseStream'; readonly executor: string }
  | { readonly type: 'StartChecks'; readonly task: TaskRun }
  | { readonly type: 'StopChecks'; readonly containerId: string }
  | { readonly type: 'MakeVolume'; readonly volume: string }
  | { readonly type: 'RemoveVolume'; readonly volume: string }
  /** The data of an agent that was given up goes out of sight. */
  | { readonly type: 'SetAside'; readonly agentId: string }
  | { readonly type: 'RemoveRun'; readonly sandbox: string; readonly containerId: string }
  /** Submit `Ticked` at that time, ms since 1970. */
  | { readonly type: 'WakeAt'; readonly at: number }
  /** Every task is gone: the process may end. */
  | { readonly type: 'Leave' }
  /** Comes back as an event, after those that wait. */
  | { readonly type: 'Submit'; readonly event: AgentEvent }
  | { readonly type: 'Warn'; readonly message: string; readonly about: string };
