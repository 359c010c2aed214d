/**
 * Jobs of a service that takes them by Spark's submission protocol (`/v1/submissions`), and the
 * files that go with them.
 */
import { createReadStream } from 'node:fs';
import { asObject } from './answers.js';
import type { Http } from './http.js';
import { callService } from './services.js';

/** What is submitted, as the protocol has it. */
export interface JobRequest {
  readonly appResource: string;
  readonly mainClass: string;
  readonly appArgs: readonly string[];
  readonly sparkProperties: Readonly<Record<string, string>>;
  readonly environmentVariables: Readonly<Record<string, string>>;
}

/** How a submission is. */
export interface JobStatus {
  readonly id: string;
  readonly state: string;
  readonly message: string;
  readonly executors: number;
  readonly taskId?: string;
  readonly ui?: string;
}

/** States in which nothing more happens. */
export const endStates: ReadonlySet<string> = new Set(['FINISHED', 'FAILED', 'KILLED', 'ERROR']);

/** Submits a job; its id. Throws `invalid` with what is wrong with it. */
export async function submitJob(http: Http, service: string, job: JobRequest): Promise<string> {
  const body = { action: 'CreateSubmissionRequest', clientSparkVersion: '', ...job };
  const call = { method: 'POST' as const, rest: 'submissions/create', body };
  const { data } = await callService(http, service, call);
  return String(asObject(data).submissionId);
}

/** How a submission is. Throws `not-found`. */
export async function jobStatus(http: Http, service: string, id: string): Promise<JobStatus> {
  const rest = `submissions/status/${encodeURIComponent(id)}`;
  const found = asObject((await callService(http, service, { method: 'GET', rest })).data);
  const text = (name: string): string => String(found[name] ?? '');
  return {
    id: text('submissionId'),
    state: text('driverState'),
    message: text('message'),
    executors: Number(found.executors ?? 0),
    ...(found.taskId === undefined ? {} : { taskId: text('taskId') }),
    ...(found.ui === undefined ? {} : { ui: text('ui') }),
  };
}

/**
 * Hands a file of this machine in; the URI by which agents fetch it. Throws `invalid` where it is
 * too large, `io` where it cannot be read.
 */
export async function uploadFile(
  http: Http,
  path: string,
  name: string,
  size: number,
): Promise<string> {
  const answer = await http.json({
    method: 'POST',
    path: `/artifacts/uploads/${encodeURIComponent(name)}`,
    bodyStream: createReadStream(path),
    headers: { 'Content-Type': 'application/octet-stream', 'Content-Length': String(size) },
    timeoutMs: 0,
  });
  return String(asObject(answer).url);
}
