/** How an agent's state lies in its store, one record per entity, and how it is read back. */
import type { Persist } from '../../core/drive.js';
import type { Json } from '../../core/json.js';
import type { Write } from '../../core/store/store.js';
import { idSchema, resourceSchema } from '../../wire/mesos/common.js';
import { type FrameworkInfo, frameworkInfoSchema } from '../../wire/mesos/scheduler.js';
import { executorInfoSchema, taskInfoSchema } from '../../wire/mesos/task.js';
import { add, type Pool, poolOf, resourcesOf, subtract } from '../../wire/resources/pool.js';
import type { AgentState, AppliedOperation, ExecutorRun, GroupRun, TaskRun } from './state.js';

/** The largest task that is taken, in bytes of JSON: its record has to hold its updates too. */
export const maxTaskBytes = 512 * 1024;

const write = (key: string, value: unknown): Write => ({ key, value: value as Json });

/** Writes these records, before anything else of the batch is done. */
export function persist(...writes: Write[]): Persist {
  return { type: 'Persist', writes };
}

/** Id, resources and operations: what survives every task. */
export function selfRecord(state: AgentState): Write {
  return write('agent', {
    id: state.agentId,
    base: state.self.resources,
    resources: resourcesOf(state.resources),
    operations: state.operations,
    dyingVolumes: [...state.dyingVolumes],
  });
}

/** The record of a task; a copy, since the task changes. */
export function taskRecord(task: TaskRun): Write {
  return write(`task/${task.containerId}`, structuredClone(task));
}

/** The record of a group's executor. */
export function groupRecord(group: GroupRun): Write {
  return write(`group/${group.containerId}`, structuredClone(group));
}

/** The record of a custom executor. */
export function executorRecord(run: ExecutorRun): Write {
  return write(`executor/${run.containerId}`, structuredClone(run));
}

/** The record of a framework. */
export function frameworkRecord(framework: FrameworkInfo): Write {
  return write(`framework/${framework.id?.value ?? ''}`, framework);
}

/** Removes a record. */
export function gone(kind: 'task' | 'group' | 'executor' | 'framework', id: string): Write {
  return { key: `${kind}/${id}`, value: null };
}

/**
 * Fills `state` from the records of its store. A record that makes no sense is left out and its key
 * returned: one damaged entity must not stop the agent and all others with it.
 */
export function restore(state: AgentState, records: ReadonlyMap<string, unknown>): string[] {
  const damaged: string[] = [];
  for (const [key, value] of records) {
    const kind = key.split('/', 1)[0] ?? '';
    if (!(readers[kind]?.(state, value) ?? false)) damaged.push(key);
  }
  const oldestFirst = [...state.tasks.values()].sort((a, b) => a.createdAt - b.createdAt);
  state.tasks.clear();
  for (const task of oldestFirst) state.tasks.set(task.containerId, task);
  return damaged;
}

type Reader = (state: AgentState, value: unknown) => boolean;

const readers: Record<string, Reader | undefined> = {
  agent: (state, value) => {
    if (!isObject(value)) return false;
    const resources = resourceSchema.array().safeParse(value.resources);
    if (!resources.success) return false;
    if (typeof value.id === 'string') state.agentId = value.id;
    const base = resourceSchema.array().safeParse(value.base);
    state.resources = rebase(
      poolOf(resources.data),
      poolOf(base.success ? base.data : state.self.resources),
      poolOf(state.self.resources),
    );
    if (Array.isArray(value.operations)) state.operations = value.operations as AppliedOperation[];
    for (const volume of Array.isArray(value.dyingVolumes) ? value.dyingVolumes : []) {
      state.dyingVolumes.add(String(volume));
    }
    return true;
  },
  task: (state, value) => {
    if (!isObject(value) || !taskInfoSchema.safeParse(value.info).success) return false;
    if (typeof value.containerId !== 'string' || !Array.isArray(value.pending)) return false;
    const task = value as unknown as TaskRun;
    state.tasks.set(task.containerId, task);
    return true;
  },
  group: (state, value) => {
    if (!isObject(value) || typeof value.containerId !== 'string') return false;
    if (!Array.isArray(value.tasks)) return false;
    const group = value as unknown as GroupRun;
    state.groups.set(group.containerId, group);
    return true;
  },
  executor: (state, value) => {
    if (!isObject(value) || !executorInfoSchema.safeParse(value.executor).success) return false;
    if (typeof value.containerId !== 'string' || typeof value.phase !== 'string') return false;
    const run = value as unknown as ExecutorRun;
    state.executors.set(run.containerId, run);
    return true;
  },
  framework: (state, value) => {
    const parsed = frameworkInfoSchema.safeParse(value);
    const id = idSchema.safeParse(parsed.data?.id);
    if (!parsed.success || !id.success) return false;
    state.frameworks.set(id.data.value, parsed.data);
    return true;
  },
};

/**
 * The pool after `up` gave the agent other resources: what is unreserved changes, reservations
 * stay.
 */
function rebase(held: Pool, before: Pool, now: Pool): Pool {
  const pool = poolOf(resourcesOf(held));
  subtract(pool, resourcesOf(before));
  const carved = poolOf(resourcesOf(before));
  subtract(carved, resourcesOf(held));
  // What had been carved out of the old base is carved out of the new one.
  const rest = poolOf(resourcesOf(now));
  subtract(rest, resourcesOf(carved));
  add(pool, resourcesOf(rest));
  return pool;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}
