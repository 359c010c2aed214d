/** Offers: a driver and its first worker together, then workers by whose turn it is. Pure. */
import type { Write } from '../../core/store/store.js';
import { remainingMs } from '../../framework/backoff.js';
import { refusalSeconds } from '../../framework/manners.js';
import {
  type Match,
  match,
  type OfferView,
  type Shortfall,
  viewOf,
} from '../../framework/match.js';
import type { Requirement } from '../../framework/requirement.js';
import type { Offer } from '../../wire/mesos/scheduler.js';
import type { TaskInfo } from '../../wire/mesos/task.js';
import { mostOf, nextShare, type Share, wantedOf } from './demand.js';
import type { ElasticContext, ElasticEffect } from './events.js';
import { driverInfo, needOf, workerInfo } from './launch.js';
import {
  type ElasticState,
  isEnded,
  isOver,
  putSubmission,
  putWorker,
  type Submission,
  type TaskPlace,
  type Worker,
  workersOf,
} from './state.js';
import { whyOutdated } from './versions.js';

/** An offer on its way to an answer. */
interface Answer {
  view: OfferView;
  readonly infos: TaskInfo[];
}

interface Spot {
  readonly answer: Answer;
  readonly place: TaskPlace;
  readonly found: Match;
  readonly left: OfferView;
}

/** Submissions whose driver is to be started, oldest first. */
export function waitingDrivers(state: ElasticState, now: number): Submission[] {
  if (state.masters.length === 0) return [];
  return [...state.submissions.values()]
    .filter(
      (submission) =>
        !isEnded(submission) &&
        !submission.killRequested &&
        (submission.task === undefined || isOver(submission.task.state)) &&
        remainingMs(submission.backoff, now) === 0,
    )
    .sort((a, b) => a.submittedAt - b.submittedAt);
}

/** The jobs that run, with how many workers they want and have. */
export function sharesOf(state: ElasticState): Share[] {
  return [...state.submissions.values()].flatMap((submission): Share[] => {
    const { id, submittedAt, demand, worker, task } = submission;
    if (isEnded(submission) || submission.killRequested) return [];
    const runs = task !== undefined && !isOver(task.state);
    const have = workersOf(state, id).length;
    // While a driver is started again its workers stay: the next attempt finds them warm.
    const wanted = runs ? wantedOf(demand, state.asked.get(id)) : Math.min(have, mostOf(demand));
    return [{ id, submittedAt, wanted, have, size: worker }];
  });
}

/**
 * Those of them that may be given another worker now. As many may start at once as are up already,
 * two at least: a driver asks for twice as many every second while none has come up yet, and a
 * hundred that start together come up last.
 */
export function hungry(state: ElasticState, now: number): Share[] {
  return sharesOf(state).filter(({ id, wanted, have }) => {
    const submission = state.submissions.get(id);
    if (submission === undefined || whyOutdated(state, submission) !== undefined) {
      return false;
    }
    const up = workersOf(state, id).filter((worker) => isUp(state, worker)).length;
    const delayed = remainingMs(state.workerBackoff.get(id), now) > 0;
    return have < wanted && !delayed && have - up < Math.max(leastStarting, up);
  });
}

const leastStarting = 2;

/** Whether Spark's master knows it. */
function isUp(state: ElasticState, { address, port }: Worker): boolean {
  return state.busy.has(`${address}:${port}`);
}

/** Answers `offers`; what is placed is in the state. */
export function answerOffers(
  state: ElasticState,
  offers: readonly Offer[],
  context: ElasticContext,
  writes: Write[],
  now: number,
): ElasticEffect[] {
  const answers = offers.map((offer): Answer => ({ view: viewOf(offer), infos: [] }));
  if (offers.length > 0) {
    for (const submission of waitingDrivers(state, now)) {
      placeDriver(state, answers, submission, context, writes, now);
    }
    placeWorkers(state, answers, context, writes, now);
  }
  const waiting = waitingDrivers(state, now).length + hungry(state, now).length;
  const filters = { refuse_seconds: refusalSeconds(waiting) };
  const declined = answers.filter(({ infos }) => infos.length === 0);
  const effects = answers.flatMap(({ view, infos }): ElasticEffect[] => {
    if (infos.length === 0) return [];
    const operations = [{ type: 'LAUNCH' as const, launch: { task_infos: infos } }];
    const accept = { offer_ids: [view.offer.id], operations, filters };
    return [{ type: 'Send', call: { type: 'ACCEPT', accept } }];
  });
  if (declined.length > 0) {
    const decline = { offer_ids: declined.map(({ view }) => view.offer.id), filters };
    effects.push({ type: 'Send', call: { type: 'DECLINE', decline } });
  }
  return effects;
}

/**
 * A driver goes only where room is left for a first worker of its own: drivers alone would fill the
 * cluster, and every one of them would wait for ever.
 */
function placeDriver(
  state: ElasticState,
  answers: readonly Answer[],
  submission: Submission,
  context: ElasticContext,
  writes: Write[],
  now: number,
): void {
  const { id, driver, worker, demand } = submission;
  const spot = find(state, answers, id, needOf('driver', driver, state.role), 'driver');
  if (spot === undefined) return;
  const before = spot.answer.view;
  spot.answer.view = spot.left;
  const alone = mostOf(demand) === 0 || workersOf(state, id).length > 0;
  if (!alone && !find(state, answers, id, needOf('worker', worker, state.role), 'executor')) {
    spot.answer.view = before;
    return;
  }
  const taskId = `${id}__${state.random.uuid()}`;
  const info = driverInfo(state, submission, spot.place, spot.found, taskId, context);
  const [driverPort = 0, block = 0, ui = 0] = spot.found.ports;
  const { backoff: _done, endedAt: _before, ...rest } = submission;
  spot.answer.infos.push(info);
  state.asked.delete(id);
  putSubmission(state, writes, {
    ...rest,
    attempts: submission.attempts + 1,
    message: 'its driver is starting',
    task: {
      ...spot.place,
      id: taskId,
      ports: { driver: driverPort, block, ui },
      state: 'TASK_STAGING',
      launchedAt: now,
      sparkVersion: state.sparkVersion,
      masters: state.masters.join(),
    },
  });
}

function placeWorkers(
  state: ElasticState,
  answers: readonly Answer[],
  context: ElasticContext,
  writes: Write[],
  now: number,
): void {
  const stuck = new Set<string>();
  for (;;) {
    const share = nextShare(hungry(state, now).filter(({ id }) => !stuck.has(id)));
    const submission = share && state.submissions.get(share.id);
    if (submission === undefined) return;
    const { id, worker } = submission;
    const spot = find(state, answers, id, needOf('worker', worker, state.role), 'executor');
    if (spot === undefined) {
      stuck.add(id);
      continue;
    }
    spot.answer.view = spot.left;
    const taskId = `executor-${id}__${state.random.uuid()}`;
    const info = workerInfo(state, submission, spot.place, spot.found, taskId, context);
    spot.answer.infos.push(info);
    putWorker(state, writes, {
      ...spot.place,
      id: taskId,
      submission: id,
      port: spot.found.ports[0] ?? 0,
      state: 'TASK_STAGING',
      launchedAt: now,
    });
  }
}

/** The offer for a task of a job: of those that fit the agent with the fewest tasks of this job. */
function find(
  state: ElasticState,
  answers: readonly Answer[],
  submission: string,
  requirement: Requirement,
  what: 'driver' | 'executor',
): Spot | undefined {
  const refusals = new Map<string, readonly Shortfall[]>(state.refusals.get(submission));
  const count = ({ view }: Answer): number =>
    workersOf(state, submission).filter(({ agentId }) => agentId === view.offer.agent_id.value)
      .length;
  for (const answer of [...answers].sort((a, b) => count(a) - count(b))) {
    const { offer } = answer.view;
    const result = match(requirement, answer.view, { others: [], instances: 1 });
    if (result.ok) {
      if (what === 'executor') state.refusals.delete(submission);
      return { answer, place: placeOf(offer), found: result.match, left: result.left };
    }
    const who = what === 'executor' ? 'for an executor' : 'for the driver';
    const named = result.shortfalls.map((no) => ({ ...no, asked: `${who} ${no.asked}` }));
    refusals.set(offer.agent_id.value, named);
  }
  state.refusals.set(submission, refusals);
  return undefined;
}

function placeOf(offer: Offer): TaskPlace {
  const { address } = offer.url ?? {};
  return {
    agentId: offer.agent_id.value,
    hostname: offer.hostname,
    address: address?.ip ?? address?.hostname ?? offer.hostname,
  };
}
