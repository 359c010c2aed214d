/** Waits for the end of a job, showing its driver's output meanwhile. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Http } from '../../../client/http.js';
import { endStates, type JobStatus, jobStatus } from '../../../client/job-service.js';
import { findSandboxFile, readFrom, type SandboxFile } from '../../../client/logs.js';
import { listTasks } from '../../../client/tasks.js';
import { DcosError } from '../../../core/errors.js';
import type { Context } from '../../context.js';
import { clean } from '../../output/clean.js';

const lookEveryMs = 700;
/** So often in a row the cluster may be out of reach before the waiting ends. */
const patience = 120;

/** Which job, and whether its output is shown. */
export interface Following {
  readonly service: string;
  readonly id: string;
  readonly shows: boolean;
}

/** The job's last status. Throws `unreachable` where the cluster stays away. */
export async function followJob(
  context: Context,
  http: Http,
  { service, id, shows }: Following,
): Promise<JobStatus> {
  const output = new Output(context, http);
  let told = '';
  let failures = 0;
  for (;;) {
    let status: JobStatus;
    try {
      status = await jobStatus(http, service, id);
      failures = 0;
    } catch (error) {
      failures += 1;
      const lost = error instanceof DcosError && error.code === 'not-found';
      if (lost || failures >= patience) throw error;
      await sleep(lookEveryMs);
      continue;
    }
    const line = `${status.state}${status.message === '' ? '' : `: ${status.message}`}`;
    if (line !== told && shows) context.io.say(clean(line));
    told = line;
    const ended = endStates.has(status.state);
    if (shows) await output.show(status.taskId, ended);
    if (ended) return status;
    await sleep(lookEveryMs);
  }
}

/** The standard output of the driver's tasks, one after the other. */
class Output {
  readonly #context: Context;
  readonly #http: Http;
  #taskId: string | undefined;
  #file: SandboxFile | undefined;
  #offset = 0;

  constructor(context: Context, http: Http) {
    this.#context = context;
    this.#http = http;
  }

  /** Shows what has come; of an ended job all that there is, if its sandbox can be reached. */
  async show(taskId: string | undefined, isLast: boolean): Promise<void> {
    if (taskId === undefined) return;
    if (taskId !== this.#taskId) {
      this.#taskId = taskId;
      this.#file = undefined;
      this.#offset = 0;
    }
    try {
      this.#file ??= await this.#find(taskId);
      if (this.#file === undefined) return;
      for (;;) {
        const text = await readFrom(this.#http, this.#file, this.#offset);
        if (text === '') return;
        this.#offset += Buffer.byteLength(text);
        this.#context.io.write(clean(text));
        if (!isLast) return;
      }
    } catch (error) {
      if (!(error instanceof DcosError)) throw error;
      if (isLast) this.#context.io.warn(`the driver's output cannot be read: ${error.message}`);
    }
  }

  async #find(taskId: string): Promise<SandboxFile | undefined> {
    const [task] = await listTasks(this.#http, { word: taskId, kind: 'all' });
    return task === undefined ? undefined : findSandboxFile(this.#http, task, 'stdout');
  }
}
