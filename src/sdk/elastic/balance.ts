/**
 * Workers come and go: those that are of no use go back to the cluster, a job that has none gets
 * one from the job that has most. Pure.
 */
import type { Write } from '../../core/store/store.js';
import { richest, surplusOf } from './demand.js';
import type { ElasticEffect } from './events.js';
import { hungry, sharesOf, waitingDrivers } from './offers.js';
import { type ElasticState, isOver, putSubmission, putWorker, workersOf } from './state.js';
import { killOf } from './updates.js';

/** Has the next look come at that time (ms since 1970), at the latest. */
export type Wake = (at: number) => void;

/** A worker that no executor is on goes after so long (ms). */
const graceMs = 5_000;
const killAgainMs = 5_000;

/** KILL of a worker, noted. */
function release(state: ElasticState, id: string, writes: Write[], now: number): ElasticEffect[] {
  const worker = state.workers.get(id);
  if (worker === undefined) return [];
  putWorker(state, writes, { ...worker, killedAt: now });
  return [killOf(id, worker.agentId)];
}

/** Workers of jobs that are over go at once, those that are too many once they are idle. */
export function giveBack(
  state: ElasticState,
  writes: Write[],
  now: number,
  wake: Wake,
): ElasticEffect[] {
  const wanted = new Map(sharesOf(state).map((share) => [share.id, share.wanted]));
  const owners = new Set([...state.workers.values()].map(({ submission }) => submission));
  return [...owners].flatMap((owner) => {
    const workers = workersOf(state, owner);
    const most = wanted.get(owner);
    const going =
      most === undefined
        ? workers.map(({ id }) => id)
        : surplusOf(
            workers.map(({ id }) => ({ id, idleSince: state.idleSince.get(id) })),
            most,
            graceMs,
            now,
          );
    if (most !== undefined && workers.length > most) wake(now + graceMs);
    return going.flatMap((id) => release(state, id, writes, now));
  });
}

/**
 * A job that has waited long for its first worker gets one from the job that has most. Spark starts
 * the lost executor's tasks again elsewhere.
 */
export function reclaim(
  state: ElasticState,
  patienceMs: number,
  writes: Write[],
  now: number,
  wake: Wake,
): ElasticEffect[] {
  const shares = sharesOf(state);
  const starving = new Set([
    ...hungry(state, now)
      .filter(({ have }) => have === 0)
      .map(({ id }) => id),
    ...waitingDrivers(state, now).map(({ id }) => id),
  ]);
  for (const id of [...state.starvingSince.keys()]) {
    if (!starving.has(id)) state.starvingSince.delete(id);
  }
  const effects: ElasticEffect[] = [];
  for (const id of starving) {
    const since = state.starvingSince.get(id) ?? now;
    state.starvingSince.set(id, since);
    if (now - since < patienceMs) {
      wake(since + patienceMs);
      continue;
    }
    const rich = richest(shares.filter((share) => share.id !== id));
    const victim = rich && newestOf(state, rich.id);
    if (victim === undefined) continue;
    state.starvingSince.set(id, now);
    wake(now + patienceMs);
    effects.push(...release(state, victim, writes, now));
  }
  return effects;
}

/** The worker that loses least: an idle one, else the one that was started last. */
function newestOf(state: ElasticState, submission: string): string | undefined {
  return workersOf(state, submission).sort(
    (a, b) =>
      Number(state.idleSince.has(b.id)) - Number(state.idleSince.has(a.id)) ||
      b.launchedAt - a.launchedAt,
  )[0]?.id;
}

/** Kills that were not heard, or not done, are sent again. */
export function killAgain(
  state: ElasticState,
  writes: Write[],
  now: number,
  wake: Wake,
): ElasticEffect[] {
  if (!state.connected) return [];
  const effects: ElasticEffect[] = [];
  for (const worker of [...state.workers.values()]) {
    if (worker.killedAt === undefined) continue;
    if (now - worker.killedAt >= killAgainMs) {
      effects.push(...release(state, worker.id, writes, now));
      wake(now + killAgainMs);
    } else wake(worker.killedAt + killAgainMs);
  }
  for (const submission of [...state.submissions.values()]) {
    const { killSentAt, task } = submission;
    if (killSentAt === undefined || task === undefined || isOver(task.state)) continue;
    if (now - killSentAt >= killAgainMs) {
      putSubmission(state, writes, { ...submission, killSentAt: now });
      effects.push(killOf(task.id, task.agentId));
      wake(now + killAgainMs);
    } else wake(killSentAt + killAgainMs);
  }
  return effects;
}
