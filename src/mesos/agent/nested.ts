/**
 * Containers inside the containers of tasks, and standalone ones: how they are named, which may be
 * launched, and where they run (apache/mesos docs/nested-container-and-task-group.md).
 */
import { DcosError } from '../../core/errors.js';
import type { ContainerId } from '../../wire/mesos/process-io.js';
import type { TaskInfo } from '../../wire/mesos/task.js';
import { isPathSafe } from './layout.js';
import { type AgentState, type ExecutorRun, isLive, type TaskRun } from './state.js';

/** How deep containers may be nested, the outermost included. */
const maxDepth = 32;
/** Containers of this kind that may live at one time on one agent. */
export const maxLiveNested = 256;
/** Ended ones whose status is kept. */
export const maxEndedNested = 1_000;

/** `<parent>.<child>`, as Mesos writes it. */
export function nameOf({ value, parent }: ContainerId): string {
  return parent === undefined ? value : `${nameOf(parent)}.${value}`;
}

/** A container's name from a call; `field` says where it stood. Throws `invalid`. */
export function containerIdOf(given: unknown, field: string, depth = 1): ContainerId {
  const invalid = (text: string): DcosError =>
    new DcosError('invalid', `Failed to validate agent::Call: ${text}`, { status: 400 });
  const { value, parent } = (given ?? {}) as { value?: unknown; parent?: unknown };
  if (typeof value !== 'string') throw invalid(`Expecting '${field}' to be present`);
  if (value === '') throw invalid(`'${field}' is invalid: ID must not be empty`);
  if (/[/\\]/.test(value))
    throw invalid(`'${field}' is invalid: '${value}' contains invalid characters`);
  if (!isPathSafe(value) || /[. ]/.test(value)) {
    const text = `'ContainerID.value' '${value}' contains invalid characters`;
    throw invalid(`'${field}' is invalid: ${text}`);
  }
  if (depth > maxDepth) throw invalid(`'${field}' is invalid: it is nested too deeply`);
  if (parent === undefined) return { value };
  return { value, parent: containerIdOf(parent, `${field}.parent`, depth + 1) };
}

/** What a container runs inside of. */
export interface Surroundings {
  /** Where a session runs; others have a folder below it. */
  readonly sandbox: string;
  /** Whose environment is inherited. */
  readonly task: TaskRun;
}

/**
 * What a nested container under `parent`, which is no nested one itself, finds around it;
 * `undefined` where no such container lives. Only the tasks' own containers are looked at, those of
 * groups' executors included.
 */
export function surroundingsOf(state: AgentState, parent: ContainerId): Surroundings | undefined {
  const task = state.tasks.get(parent.value);
  if (task !== undefined && task.within === undefined) {
    const ofParent = task.parentId === undefined || task.parentId === parent.parent?.value;
    return isLive(task) && ofParent ? { sandbox: task.sandbox, task } : undefined;
  }
  const custom = parent.parent === undefined ? state.executors.get(parent.value) : undefined;
  if (custom !== undefined) return withinExecutor(state, custom);
  const group = parent.parent === undefined ? state.groups.get(parent.value) : undefined;
  const first = group?.tasks.map((id) => state.tasks.get(id)).find((each) => each !== undefined);
  if (group === undefined || group.endedAt !== undefined || first === undefined) return undefined;
  // The executor's own surroundings hold nothing of what its tasks were given.
  const { task_id, agent_id, name } = first.info;
  const info: TaskInfo = { task_id, agent_id, name };
  const executor = { ...first, info, containerId: group.containerId, sandbox: group.sandbox };
  return { sandbox: group.sandbox, task: executor };
}

function withinExecutor(state: AgentState, run: ExecutorRun): Surroundings | undefined {
  if (run.phase !== 'registering' && run.phase !== 'running') return undefined;
  const { frameworkId, containerId, sandbox, bootId, createdAt } = run;
  const task: TaskRun = {
    frameworkId,
    executorId: run.executor.executor_id.value,
    info: { name: '', task_id: { value: '' }, agent_id: { value: state.agentId ?? '' } },
    containerId,
    sandbox,
    bootId,
    phase: 'running',
    createdAt,
    statuses: [],
    pending: [],
  };
  return { sandbox, task };
}

/** How a process ended, as wait(2) gives it: exit code × 256, or the number of a signal. */
export function waitStatusOf(code: number | null, signal: number | undefined): number {
  return code === null ? (signal ?? 9) : code * 256;
}
