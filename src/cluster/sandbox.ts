/**
 * Where a task's sandbox is, and what it wrote there: by the agent's own API, embedded or Apache
 * Mesos alike.
 */
import { z } from 'zod';
import { DcosError } from '../core/errors.js';
import { callJson } from '../core/http/request.js';

const executorSchema = z.looseObject({
  id: z.string().optional(),
  directory: z.string().optional(),
  tasks: z.array(z.looseObject({ id: z.string() })).optional(),
  completed_tasks: z.array(z.looseObject({ id: z.string() })).optional(),
  queued_tasks: z.array(z.looseObject({ id: z.string() })).optional(),
});
const frameworkSchema = z.looseObject({
  id: z.string().optional(),
  executors: z.array(executorSchema).optional(),
  completed_executors: z.array(executorSchema).optional(),
});
const stateSchema = z.looseObject({
  frameworks: z.array(frameworkSchema).optional(),
  completed_frameworks: z.array(frameworkSchema).optional(),
});
const readSchema = z.looseObject({ data: z.string(), offset: z.number() });

/** How agents are called. */
export interface AgentCalls {
  /** `http://host:port`. */
  readonly origin: string;
  readonly authorization: string;
}

/**
 * The folders in which a task may have written, most specific first. Throws `not-found` where the
 * agent knows no such task.
 */
export async function sandboxesOf(agent: AgentCalls, taskId: string): Promise<string[]> {
  const { status, json } = await callJson({
    method: 'GET',
    url: `${agent.origin}/state`,
    headers: { authorization: agent.authorization },
  });
  if (status !== 200)
    throw new DcosError('unreachable', `the agent answered ${status} for its state`);
  const state = stateSchema.parse(json);
  const frameworks = [...(state.frameworks ?? []), ...(state.completed_frameworks ?? [])];
  const executors = frameworks.flatMap((each) => [
    ...(each.executors ?? []),
    // The last run is the one that is meant.
    ...[...(each.completed_executors ?? [])].reverse(),
  ]);
  for (const { id, directory, ...lists } of executors) {
    if (directory === undefined) continue;
    if (id === taskId) return [directory];
    const tasks = [lists.tasks, lists.completed_tasks, lists.queued_tasks].flatMap(
      (list) => list ?? [],
    );
    // Tasks of a pod have folders of their own below their executor's.
    if (tasks.some((task) => task.id === taskId))
      return [`${directory}/tasks/${taskId}`, directory];
  }
  throw new DcosError('not-found', `the agent knows no task ${taskId} any more`);
}

/**
 * A piece of a file; `undefined` where there is none. An offset of -1 gives no data, and the size
 * as offset.
 */
export async function readFile(
  agent: AgentCalls,
  path: string,
  offset: number,
  length: number,
): Promise<{ data: string; offset: number } | undefined> {
  const query = new URLSearchParams({ path, offset: String(offset), length: String(length) });
  const { status, json } = await callJson({
    method: 'GET',
    url: `${agent.origin}/files/read?${query}`,
    headers: { authorization: agent.authorization },
  });
  const parsed = readSchema.safeParse(json);
  return status === 200 && parsed.success ? parsed.data : undefined;
}

/**
 * The last lines of a file, at most `maxBytes` of it, and where it ends; `undefined` where there is
 * none.
 */
export async function readTail(
  agent: AgentCalls,
  path: string,
  lines: number,
  maxBytes: number,
): Promise<{ lines: string[]; end: number } | undefined> {
  const end = (await readFile(agent, path, -1, 0))?.offset;
  if (end === undefined) return undefined;
  const from = Math.max(0, end - maxBytes);
  const text = (await readFile(agent, path, from, end - from))?.data ?? '';
  const all = text.split('\n');
  if (all.at(-1) === '') all.pop();
  // The first line of a piece is not whole.
  if (from > 0 && all.length > 1) all.shift();
  return { lines: lines <= 0 ? [] : all.slice(-lines), end };
}
