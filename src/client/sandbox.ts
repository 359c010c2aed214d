/** Files of a task's sandbox: what is there, and bringing them here. */
import type { IncomingMessage } from 'node:http';
import { DcosError } from '../core/errors.js';
import { asList, asObject, errorOfAnswer } from './answers.js';
import type { Http } from './http.js';
import { findSandboxFile } from './logs.js';
import type { TaskView } from './tasks.js';

/** One entry of a folder. */
export interface SandboxEntry {
  /** The last part of its path. */
  readonly name: string;
  /** As the agent knows it. */
  readonly path: string;
  /** `-rw-r--r--`, as `ls` writes it. */
  readonly mode: string;
  readonly links: number;
  readonly uid: string;
  readonly gid: string;
  /** Bytes. */
  readonly size: number;
  /** Seconds since 1970. */
  readonly mtime: number;
}

/**
 * What is in a folder of the sandbox, `''` for the sandbox itself. Throws `not-found` for one that
 * is not there.
 */
export async function listSandbox(
  http: Http,
  task: TaskView,
  folder: string,
): Promise<SandboxEntry[]> {
  const { agentId, path } = await findSandboxFile(http, task, folder);
  const answer = await http.answer({
    method: 'GET',
    path: `/agent/${encodeURIComponent(agentId)}/files/browse`,
    query: { path: path.replace(/\/+$/, '') },
  });
  if (answer.status === 404 && folder !== '') {
    throw new DcosError('not-found', `the task ${task.id} has no folder '${folder}'`, {
      hint: `See what it has: dcos task ls ${task.id}`,
    });
  }
  if (answer.status >= 400) throw errorOfAnswer(answer, http.connection.url);
  return asList(answer.data).map((given) => {
    const { path, mode, nlink, uid, gid, size, mtime } = asObject(given);
    const whole = String(path ?? '');
    return {
      name: whole.slice(whole.lastIndexOf('/') + 1),
      path: whole,
      mode: String(mode ?? ''),
      links: Number(nlink ?? 0),
      uid: String(uid ?? ''),
      gid: String(gid ?? ''),
      size: Number(size ?? 0),
      mtime: Number(mtime ?? 0),
    };
  });
}

/** A file's content as it streams in. */
export function downloadFile(
  http: Http,
  task: TaskView,
  entry: SandboxEntry,
): Promise<IncomingMessage> {
  return http.stream({
    method: 'GET',
    path: `/agent/${encodeURIComponent(task.agentId)}/files/download`,
    query: { path: entry.path },
    timeoutMs: 0,
  });
}
