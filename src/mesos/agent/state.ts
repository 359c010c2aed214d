/**
 * What an agent believes: itself, its resources, the containers it runs or ran, and the updates not
 * yet acknowledged.
 */
import type { Random } from '../../core/random.js';
import type { Resource } from '../../wire/mesos/common.js';
import type { FrameworkInfo } from '../../wire/mesos/scheduler.js';
import type {
  CheckStatus,
  ExecutorInfo,
  KillPolicy,
  TaskInfo,
  TaskState,
  TaskStatus,
} from '../../wire/mesos/task.js';
import { type Pool, poolOf } from '../../wire/resources/pool.js';

/** What does not change while the agent's process lives. */
export interface Self {
  readonly index: number;
  /** Address, name and IP in one: agents of a local cluster have no names. */
  readonly host: string;
  readonly port: number;
  readonly rack: string;
  /** Of the program. */
  readonly version: string;
  /** Of the Node that runs it; the attribute `node`. */
  readonly nodeVersion: string;
  /** The Docker engine of its containers: socket, and version where it answered at the start. */
  readonly docker?: { readonly socket: string; readonly version: string | undefined } | undefined;
  /** What the machine gives, before any reservation. */
  readonly resources: readonly Resource[];
  /** Where its master is. */
  readonly masterHost: string;
  /** Absolute; sandboxes and volumes live here. */
  readonly workDir: string;
  /** `/proc/sys/kernel/random/boot_id`: pids of another boot mean nothing. */
  readonly bootId: string;
  /** Seconds since 1970. */
  readonly startTime: number;
}

/** Why and how far a task is being killed. */
export interface Kill {
  /** ms since 1970: SIGKILL then, and again every while after it. */
  deadline: number;
  escalated: boolean;
  /** Put on the updates that follow. */
  readonly reason?: string | undefined;
  readonly message?: string | undefined;
  /** By its own health check. */
  readonly unhealthy: boolean;
}

/** How the health check of a task fares (`health.ts`). */
export interface Health {
  failures: number;
  /** It passed at least once; failures in the grace period count for nothing before. */
  passed: boolean;
}

/**
 * One task from its order to run until its sandbox is collected. The record of the store, as it is.
 */
export interface TaskRun {
  readonly frameworkId: string;
  readonly executorId: string;
  readonly info: TaskInfo;
  /** Its own container. */
  readonly containerId: string;
  /** The container of its group's executor; absent for a command task. */
  readonly parentId?: string | undefined;
  /**
   * The container of the custom executor that runs it. Such a task is no process of the agent's
   * own: `containerId` is the name of its record only, `sandbox` the executor's. `preparing` and
   * `starting` mean that the executor has not been given it yet.
   */
  readonly within?: string | undefined;
  /** Of one LAUNCH_GROUP: launched together, and the failure of one ends all. */
  readonly batch?: string | undefined;
  /** The custom executor has yet to hear that it shall kill the task. */
  killWanted?: { readonly kill_policy?: KillPolicy | undefined } | undefined;
  /** UUIDs of the last updates of a custom executor, which may send one twice. */
  seen?: string[] | undefined;
  /** Absolute. */
  readonly sandbox: string;
  readonly bootId: string;
  /** `preparing`: its sandbox is made and filled. `starting`: its supervisor was ordered. */
  phase: 'preparing' | 'starting' | 'running' | 'ended';
  /** Of its supervisor, which leads the session of the task. */
  pid?: number | undefined;
  /** ms since 1970, all three. */
  readonly createdAt: number;
  startedAt?: number | undefined;
  endedAt?: number | undefined;
  kill?: Kill | undefined;
  health?: Health | undefined;
  check?: CheckStatus | undefined;
  /** Newest last, at most one per state. */
  statuses: TaskStatus[];
  /** In order; only the first is on its way. */
  pending: TaskStatus[];
  /** Nobody wants to hear of it any more (framework gone). */
  silent?: boolean | undefined;
}

/**
 * The default executor, which is no process of its own, with all groups launched into it. The
 * record of the store.
 */
export interface GroupRun {
  readonly frameworkId: string;
  readonly executor: ExecutorInfo;
  readonly containerId: string;
  readonly sandbox: string;
  /** Containers of its tasks. */
  readonly tasks: string[];
  endedAt?: number | undefined;
}

/** Why a custom executor is ended, and how far that is. */
export interface Shutdown {
  /** ms since 1970: its container is destroyed then. */
  deadline: number;
  /** Said of the tasks that it leaves. */
  readonly state?: TaskState | undefined;
  readonly reason?: string | undefined;
  readonly message?: string | undefined;
}

/** A custom executor: a program of the framework that runs tasks. The record of the store. */
export interface ExecutorRun {
  readonly frameworkId: string;
  readonly executor: ExecutorInfo;
  readonly containerId: string;
  /** Absolute. */
  readonly sandbox: string;
  readonly bootId: string;
  /** `registering`: its process runs and has not subscribed yet. */
  phase: 'preparing' | 'starting' | 'registering' | 'running' | 'ended';
  /** Of its supervisor. */
  pid?: number | undefined;
  readonly createdAt: number;
  endedAt?: number | undefined;
  /** ms since 1970: it is ended unless it has subscribed by then. */
  subscribeBy?: number | undefined;
  /** It was given a task. */
  used?: boolean | undefined;
  shutdown?: Shutdown | undefined;
}

/** An operation that was applied or refused, kept so that a repeated order gets the same answer. */
export interface AppliedOperation {
  readonly uuid: string;
  readonly frameworkId?: string | undefined;
  readonly state: 'OPERATION_FINISHED' | 'OPERATION_ERROR';
  readonly message?: string | undefined;
}

/** When an unacknowledged update is sent again. */
export interface Resend {
  at: number;
  delayMs: number;
}

/** All that the agent's process believes. */
export interface AgentState {
  readonly self: Self;
  /** Source of container ids and of the uuids of updates. */
  readonly random: Random;
  agentId: string | undefined;
  /** Whether a registration holds, so that messages can be sent. */
  linked: boolean;
  /** It was refused: once its last task is gone it forgets its id. */
  refused: boolean;
  /** It goes on purpose, taking its tasks along. */
  stopping: boolean;
  /** After all operations applied. */
  resources: Pool;
  readonly frameworks: Map<string, FrameworkInfo>;
  /** By container id, oldest first. */
  readonly tasks: Map<string, TaskRun>;
  /** By container id. */
  readonly groups: Map<string, GroupRun>;
  /** Custom ones, by container id, oldest first. */
  readonly executors: Map<string, ExecutorRun>;
  /** Containers of the executors whose streams are open. */
  readonly subscribed: Set<string>;
  operations: AppliedOperation[];
  /** Volumes whose data is being removed: `<role>/<id>`. */
  readonly dyingVolumes: Set<string>;
  /** By container id. */
  readonly resends: Map<string, Resend>;
}

/** An agent that has run nothing yet. */
export function empty(self: Self, random: Random): AgentState {
  return {
    self,
    random,
    agentId: undefined,
    linked: false,
    refused: false,
    stopping: false,
    resources: poolOf(self.resources),
    frameworks: new Map(),
    tasks: new Map(),
    groups: new Map(),
    executors: new Map(),
    subscribed: new Set(),
    operations: [],
    dyingVolumes: new Set(),
    resends: new Map(),
  };
}

/** Whether the task still may have a process. */
export function isLive(task: TaskRun): boolean {
  return task.phase !== 'ended';
}

/** The live task of that framework and id, or the newest ended one. */
export function findTask(
  state: AgentState,
  frameworkId: string,
  taskId: string,
): TaskRun | undefined {
  let newest: TaskRun | undefined;
  for (const task of state.tasks.values()) {
    if (task.frameworkId !== frameworkId || task.info.task_id.value !== taskId) continue;
    if (isLive(task)) return task;
    newest = task;
  }
  return newest;
}

/** The default executor of that id that still runs. */
export function findGroup(
  state: AgentState,
  frameworkId: string,
  executorId: string,
): GroupRun | undefined {
  return [...state.groups.values()].find(
    (group) =>
      group.endedAt === undefined &&
      group.frameworkId === frameworkId &&
      group.executor.executor_id.value === executorId,
  );
}

/** The tasks that were launched together with `task`, itself included. */
export function launchedWith(state: AgentState, { tasks }: GroupRun, task: TaskRun): TaskRun[] {
  return tasks
    .flatMap((id) => state.tasks.get(id) ?? [])
    .filter(({ batch }) => batch === task.batch);
}

/** Tasks that still may have a process. */
export function liveTasks(state: AgentState): TaskRun[] {
  return [...state.tasks.values()].filter(isLive);
}

/** Custom executors that still may have a process. */
export function liveExecutors(state: AgentState): ExecutorRun[] {
  return [...state.executors.values()].filter(({ phase }) => phase !== 'ended');
}

/** The tasks of a custom executor, oldest first. */
export function tasksWithin(state: AgentState, { containerId }: ExecutorRun): TaskRun[] {
  return [...state.tasks.values()].filter(({ within }) => within === containerId);
}

/** Whether the task has an executor to itself: the built-in one for commands. */
export function isCommandTask({ parentId, within }: TaskRun): boolean {
  return parentId === undefined && within === undefined;
}

/** Resources of live tasks and of the executors that hold some of their own. */
export function usedResources(state: AgentState): Resource[] {
  const groups = [...state.groups.values()].filter((group) => group.endedAt === undefined);
  return [
    ...liveTasks(state).flatMap((task) => task.info.resources ?? []),
    ...[...groups, ...liveExecutors(state)].flatMap(({ executor }) => executor.resources ?? []),
  ];
}
