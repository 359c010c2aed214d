/**
 * Jobs whose driver can get no more executors: it was started by another version of Spark than this
 * service has now, or knows a master that has moved for good. Pure.
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

/** Why its driver, which runs, gets no more executors; `undefined` if it does. */
export function whyOutdated(state: ElasticState, { task }: Submission): string | undefined {
  if (task === undefined || isOver(task.state)) return undefined;
  const { sparkVersion = state.sparkVersion, masters } = task;
  if (sparkVersion !== state.sparkVersion) return `its Spark is ${sparkVersion}`;
  // A master that is replaced knows nobody, and nobody knows where it is. One that starts again is
  // where it was.
  const moved = masters !== undefined && state.masters.length > 0;
  return moved && masters !== state.masters.join() ? 'its master is gone for good' : undefined;
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
    const why = whyOutdated(state, submission);
    if (why === undefined) return [];
    if (supervise) {
      const message = `${why}: it is started again`;
      putSubmission(state, writes, { ...submission, killSentAt: now, message });
      const workers = workersOf(state, submission.id);
      for (const worker of workers) putWorker(state, writes, { ...worker, killedAt: now });
      return [task, ...workers].map(({ id, agentId }) => killOf(id, agentId));
    }
    const message = `${why}: it gets no more executors`;
    if (submission.message !== message) putSubmission(state, writes, { ...submission, message });
    return [];
  });
}
