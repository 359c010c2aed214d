/** Executors as the master remembers them. */
import type { ExecutorInfo } from '../../wire/mesos/task.js';
import { normalize, poolOf, resourcesOf, unallocated } from '../../wire/resources/pool.js';
import { upgraded } from './resources.js';

/** Without the environment: it may hold secrets, and only the agent needs it. */
export function bareExecutor(info: ExecutorInfo): ExecutorInfo {
  if (info.command === undefined) return info;
  const { environment: _environment, ...command } = info.command;
  return { ...info, command };
}

/** Whether both say the same, the environment aside. */
export function isSameExecutor(a: ExecutorInfo, b: ExecutorInfo): boolean {
  return JSON.stringify(comparable(a)) === JSON.stringify(comparable(b));
}

function comparable(info: ExecutorInfo): unknown {
  const { resources = [], type: _type, framework_id: _framework, ...rest } = bareExecutor(info);
  const pool = poolOf(unallocated(resources.map((one) => normalize(upgraded(one)))));
  const amounts = resourcesOf(pool).map((one) => JSON.stringify(one));
  return sorted({ ...rest, type: info.type ?? 'CUSTOM', resources: amounts.sort() });
}

function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value).filter(([, each]) => each !== undefined);
  return Object.fromEntries(
    entries.sort(([a], [b]) => (a < b ? -1 : 1)).map(([key, each]) => [key, sorted(each)]),
  );
}
