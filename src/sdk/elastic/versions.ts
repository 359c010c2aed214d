/**
 * Jobs whose driver was started by another version of Spark than this service has now: executors
 * and masters of this version cannot speak to it. Pure.
 */
import type { Write } from '../../core/store/store.js';
import type { ElasticEffect } from './events.js';
import {
  type ElasticState,
  isEnded,
  isOver,
  putSubmission,
  putWorker,
  type Submission,
  workersOf,
} from './state.js';
import { killOf } from './updates.js';

/** Whether its driver, which runs, is of another version. */
export function isOutdated({ sparkVersion }: ElasticState, { task }: Submission): boolean {
  if (task === undefined || isOver(task.state) || task.sparkVersion === undefined) return false;
  return task.sparkVersion !== sparkVersion;
}

/**
 * Drivers that are started again when they end are ended, with their workers; all others go on
 * with the executors that they have, and users are told so.
 */
export function startAnew(state: ElasticState, writes: Write[], now: number): ElasticEffect[] {
  return [...state.submissions.values()].flatMap((submission): ElasticEffect[] => {
    const { task, supervise, killSentAt, killRequested } = submission;
    const isAsked = killRequested || killSentAt !== undefined;
    if (task === undefined || isEnded(submission) || isAsked) return [];
    if (!isOutdated(state, submission)) return [];
    if (supervise) {
      const message = `it is started again with Spark ${state.sparkVersion}`;
      putSubmission(state, writes, { ...submission, killSentAt: now, message });
      const workers = workersOf(state, submission.id);
      for (const worker of workers) putWorker(state, writes, { ...worker, killedAt: now });
      return [task, ...workers].map(({ id, agentId }) => killOf(id, agentId));
    }
    const message = `its Spark is ${task.sparkVersion}: it gets no more executors`;
    if (submission.message !== message) putSubmission(state, writes, { ...submission, message });
    return [];
  });
}
