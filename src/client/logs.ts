/**
 * Files of a task's sandbox, by its agent's files API: the last lines, and whatever is added to
 * them.
 */
import { DcosError } from '../core/errors.js';
import { asList, asObject } from './answers.js';
import type { Http } from './http.js';
import type { TaskView } from './tasks.js';

/** The most bytes that one read asks for. */
const chunkBytes = 64 * 1024;

/** A file in the sandbox of one run of a task. */
export interface SandboxFile {
  readonly agentId: string;
  /** As the agent knows it. */
  readonly path: string;
}

/** Finds a file of a task's sandbox. Throws `not-found` where the sandbox is gone. */
export async function findSandboxFile(
  http: Http,
  task: TaskView,
  file: string,
): Promise<SandboxFile> {
  const { agentId, frameworkId, id } = task;
  const paths = asObject(
    await http.json({ method: 'GET', path: `/agent/${encodeURIComponent(agentId)}/files/debug` }),
  );
  const executor = String(task.task.executor_id || id);
  const run = `/frameworks/${frameworkId}/executors/${executor}/runs/`;
  const candidates = Object.entries(paths).filter(([key]) => key.includes(run));
  const container = containerOf(task);
  const chosen =
    candidates.find(([key]) => container !== undefined && key.endsWith(`${run}${container}`)) ??
    candidates.find(([key]) => key.endsWith(`${run}latest`)) ??
    candidates.at(-1);
  if (chosen === undefined) {
    throw new DcosError('not-found', `the sandbox of task ${id} is no longer there`, {
      hint: 'An agent removes the sandboxes of ended tasks after a while.',
    });
  }
  // In a pod each task has a folder of its own below the executor's.
  const folder =
    task.task.executor_id && task.task.executor_id !== id && isPodTask(task) ? `tasks/${id}/` : '';
  return { agentId, path: `${chosen[0]}/${folder}${file}` };
}

function isPodTask(task: TaskView): boolean {
  const status = asObject(asList(task.task.statuses)[0]);
  const container = asObject(asObject(status.container_status).container_id);
  return container.parent !== undefined;
}

function containerOf(task: TaskView): string | undefined {
  for (const status of asList(task.task.statuses)) {
    const container = asObject(asObject(asObject(status).container_status).container_id);
    const id = asObject(container.parent).value ?? container.value;
    if (typeof id === 'string') return id;
  }
  return undefined;
}

/** The size of a file in bytes. Throws `not-found`. */
export async function fileSize(http: Http, file: SandboxFile): Promise<number> {
  return (await read(http, file, -1, 0)).offset;
}

/**
 * Up to 64 KiB of a file from an offset, as bytes in Latin-1 text or UTF-8 as the agent sends it.
 */
export async function readFrom(http: Http, file: SandboxFile, offset: number): Promise<string> {
  return (await read(http, file, offset, chunkBytes)).data;
}

async function read(
  http: Http,
  file: SandboxFile,
  offset: number,
  length: number,
): Promise<{ data: string; offset: number }> {
  const answer = asObject(
    await http.json({
      method: 'GET',
      path: `/agent/${encodeURIComponent(file.agentId)}/files/read`,
      query: { path: file.path, offset, ...(length > 0 ? { length } : {}) },
    }),
  );
  return { data: String(answer.data ?? ''), offset: Number(answer.offset ?? 0) };
}

/** The last `count` lines of a file, and where the file ended. */
export async function lastLines(
  http: Http,
  file: SandboxFile,
  count: number,
): Promise<{ text: string; end: number }> {
  const size = await fileSize(http, file);
  let text = '';
  let begin = size;
  while (begin > 0 && lineCount(text) <= count) {
    const from = Math.max(0, begin - chunkBytes);
    const { data } = await read(http, file, from, begin - from);
    text = data + text;
    begin = from;
  }
  const lines = text.split('\n');
  const rest = lines.at(-1) === '' ? 1 : 0;
  return { text: count === 0 ? '' : lines.slice(-(count + rest)).join('\n'), end: size };
}

function lineCount(text: string): number {
  return text.split('\n').length - 1;
}
