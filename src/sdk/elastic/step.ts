/**
 * `step` of the elastic part: jobs come and end, drivers are started, workers follow what the
 * drivers ask for and go back to the cluster when they are idle. Pure.
 */
import type { Step } from '../../core/drive.js';
import type { Write } from '../../core/store/store.js';
import { remainingMs } from '../../framework/backoff.js';
import { explain } from '../../framework/explain.js';
import { freshManners, mannersFor } from '../../framework/manners.js';
import { beginReconciliation, dueReconciliation } from '../../framework/reconcile.js';
import type { Offer } from '../../wire/mesos/scheduler.js';
import { giveBack, killAgain, reclaim, type Wake } from './balance.js';
import type { ElasticAnswer, ElasticContext, ElasticEffect, ElasticEvent } from './events.js';
import { answerOffers, hungry, waitingDrivers } from './offers.js';
import {
  type ElasticState,
  elasticKeys,
  isEnded,
  isOver,
  putSubmission,
  type Submission,
} from './state.js';
import { driverEnded, killOf, taskUpdated } from './updates.js';
import { startAnew } from './versions.js';

/** So many ended submissions are remembered. */
const keptEnded = 200;
/** So many may wait or run at once. */
export const mostSubmissions = 1_000;
/** A worker that never registered with Spark's master counts as idle after so long (ms). */
const startMs = 60_000;
/** For so long (ms) after its start a driver may ask for nothing and keeps its first worker. */
const firstJobMs = 120_000;
/** A supervised driver is given up when its agent was away for so long (ms), any other later. */
const unreachableMs = { supervised: 30_000, alone: 600_000 };

/** The step for a scheduler with these settings. */
export function elasticStep(
  context: ElasticContext,
): Step<ElasticState, ElasticEvent, ElasticEffect> {
  return (state, event, now) => {
    const writes: Write[] = [];
    const after: ElasticEffect[] = [];
    const offers: Offer[] = [];
    apply(state, event, { writes, after, offers }, now);
    const settled = settle(state, offers, context, writes, now);
    const persist: ElasticEffect[] = writes.length > 0 ? [{ type: 'Persist', writes }] : [];
    return [...persist, ...settled, ...after];
  };
}

interface Notes {
  readonly writes: Write[];
  readonly after: ElasticEffect[];
  readonly offers: Offer[];
}

function apply(state: ElasticState, event: ElasticEvent, notes: Notes, now: number): void {
  switch (event.type) {
    case 'Subscribed':
      subscribed(state, event.frameworkId, notes, now);
      break;
    case 'Disconnected':
      state.connected = false;
      break;
    case 'FrameworkRemoved':
      frameworkRemoved(state, notes, now);
      break;
    case 'OffersReceived':
      notes.offers.push(...event.offers);
      break;
    case 'TaskUpdated':
      taskUpdated(state, event.status, notes.writes, notes.after, now);
      break;
    case 'MastersFound':
      state.masters = event.masters;
      break;
    case 'Observed':
      noteAsked(state, event.asked, now);
      if (event.workers !== undefined) noteIdle(state, new Map(event.workers), now);
      break;
    case 'JobSubmitted':
      submitted(state, event, notes, now);
      break;
    case 'KillAsked':
      killAsked(state, event, notes, now);
      break;
    case 'Ticked':
      break;
  }
}

function subscribed(state: ElasticState, id: string, { writes, after }: Notes, now: number): void {
  state.connected = true;
  state.subscribedAt = now;
  if (state.frameworkId !== id) {
    state.frameworkId = id;
    writes.push({ key: elasticKeys.framework, value: { id } });
  }
  state.manners = freshManners;
  state.wanted = new Set();
  state.unknown.clear();
  state.reconciliation = beginReconciliation(liveTasks(state).keys(), now);
  after.push({ type: 'Send', call: { type: 'RECONCILE', reconcile: { tasks: [] } } });
}

function frameworkRemoved(state: ElasticState, { writes, after }: Notes, now: number): void {
  state.connected = false;
  state.frameworkId = undefined;
  writes.push({ key: elasticKeys.framework, value: null });
  const message = 'the master has forgotten this framework';
  for (const taskId of liveTasks(state).keys()) {
    const status = { task_id: { value: taskId }, state: 'TASK_LOST' as const, message };
    taskUpdated(state, status, writes, after, now);
  }
  after.push({ type: 'SubscribeAnew' });
}

/** Live tasks with their agents. */
function liveTasks(state: ElasticState): Map<string, string> {
  const drivers = [...state.submissions.values()].flatMap(({ task }) =>
    task !== undefined && !isOver(task.state) ? [[task.id, task.agentId] as const] : [],
  );
  const workers = [...state.workers.values()].map(({ id, agentId }) => [id, agentId] as const);
  return new Map([...drivers, ...workers]);
}

function submitted(
  state: ElasticState,
  event: Extract<ElasticEvent, { type: 'JobSubmitted' }>,
  { writes, after }: Notes,
  now: number,
): void {
  const { job, plan, user, requestId } = event;
  const answer = (result: ElasticAnswer): void => {
    after.push({ type: 'Reply', requestId, result });
  };
  const active = [...state.submissions.values()].filter((each) => !isEnded(each)).length;
  if (active >= mostSubmissions) {
    answer({ success: false, id: '', message: `${active} jobs wait or run already` });
    return;
  }
  const stamp = new Date(now).toISOString().replace(/\D/g, '').slice(0, 14);
  const id = `driver-${stamp}-${String(state.next).padStart(4, '0')}`;
  state.next = (state.next % 9_999) + 1;
  writes.push({ key: elasticKeys.next, value: { next: state.next } });
  putSubmission(state, writes, {
    ...plan,
    id,
    user,
    job,
    submittedAt: now,
    state: 'SUBMITTED',
    message: '',
    attempts: 0,
  });
  answer({ success: true, id, message: `Driver successfully submitted as ${id}` });
}

function killAsked(
  state: ElasticState,
  { requestId, id }: Extract<ElasticEvent, { type: 'KillAsked' }>,
  { writes, after }: Notes,
  now: number,
): void {
  const submission = state.submissions.get(id);
  const answer = (success: boolean, message: string): void => {
    const result: ElasticAnswer = { success, id, message };
    after.push({ type: 'Reply', requestId, result });
  };
  if (submission === undefined) {
    answer(false, `there is no submission ${id}`);
    return;
  }
  if (isEnded(submission)) {
    answer(false, `${id} has ended already: ${submission.state}`);
    return;
  }
  const asked: Submission = { ...submission, killRequested: true };
  const { task } = submission;
  if (task === undefined || isOver(task.state)) {
    driverEnded(state, asked, { state: 'TASK_KILLED' }, writes, now);
  } else {
    putSubmission(state, writes, { ...asked, killSentAt: now, message: 'it is being killed' });
    after.push(killOf(task.id, task.agentId));
  }
  answer(true, `Kill request for ${id} submitted`);
}

/**
 * A driver that has just come up asks for nothing before its first job: the worker that was started
 * beside it is kept for a while.
 */
function noteAsked(
  state: ElasticState,
  asked: readonly (readonly [string, number])[],
  now: number,
): void {
  for (const [id, executors] of asked) {
    const since = state.submissions.get(id)?.task?.runningSince ?? now;
    const early = !state.asked.has(id) && now - since < firstJobMs;
    if (executors > 0 || !early) state.asked.set(id, executors);
  }
}

/** Notes since when workers are of no use, by what Spark's master says of them. */
function noteIdle(state: ElasticState, busy: ReadonlyMap<string, boolean>, now: number): void {
  state.busy = busy;
  for (const worker of state.workers.values()) {
    const seen = busy.get(`${worker.address}:${worker.port}`);
    const idle = seen === undefined ? now - worker.launchedAt > startMs : !seen;
    if (!idle) state.idleSince.delete(worker.id);
    else if (!state.idleSince.has(worker.id)) state.idleSince.set(worker.id, now);
  }
}

function settle(
  state: ElasticState,
  offers: readonly Offer[],
  context: ElasticContext,
  writes: Write[],
  now: number,
): ElasticEffect[] {
  let wakeAt: number | undefined;
  const wake = (at: number): void => {
    wakeAt = Math.min(wakeAt ?? at, Math.max(at, now));
  };
  giveUpUnreachable(state, writes, now, wake);
  const effects: ElasticEffect[] = [
    ...(state.connected ? startAnew(state, writes, now) : []),
    ...giveBack(state, writes, now, wake),
    ...reclaim(state, context.settings.patienceSeconds * 1_000, writes, now, wake),
    ...killAgain(state, writes, now, wake),
    ...answerOffers(state, offers, context, writes, now),
  ];
  forgetEnded(state, writes);
  noteDelays(state, now, wake);
  effects.push(...tellManners(state, now), ...reconcile(state, now, wake));
  if (wakeAt !== undefined) effects.push({ type: 'WakeAt', at: wakeAt });
  return effects;
}

/** A job goes on elsewhere, or has failed, when its driver's agent stays away. */
function giveUpUnreachable(state: ElasticState, writes: Write[], now: number, wake: Wake): void {
  for (const submission of [...state.submissions.values()]) {
    const { task } = submission;
    if (task?.unreachableSince === undefined || isOver(task.state)) continue;
    const soon = submission.supervise || submission.killRequested;
    const due = task.unreachableSince + unreachableMs[soon ? 'supervised' : 'alone'];
    if (due > now) {
      wake(due);
      continue;
    }
    const lost: Submission = { ...submission, task: { ...task, state: 'TASK_LOST' } };
    driverEnded(state, lost, { state: 'TASK_UNREACHABLE' }, writes, now);
  }
}

function forgetEnded(state: ElasticState, writes: Write[]): void {
  const ended = [...state.submissions.values()].filter(isEnded);
  const over = ended
    .sort((a, b) => (a.endedAt ?? 0) - (b.endedAt ?? 0))
    .slice(0, Math.max(0, ended.length - keptEnded));
  for (const { id } of over) {
    state.submissions.delete(id);
    writes.push({ key: elasticKeys.submission(id), value: null });
  }
  for (const map of [state.asked, state.refusals, state.workerBackoff, state.starvingSince]) {
    for (const id of [...map.keys()]) {
      const submission = state.submissions.get(id);
      if (submission === undefined || isEnded(submission)) map.delete(id);
    }
  }
}

/** Delays that end by themselves need a look then. */
function noteDelays(state: ElasticState, now: number, wake: Wake): void {
  for (const { backoff, state: shown } of state.submissions.values()) {
    if (shown === 'RELAUNCHING' && backoff !== undefined && remainingMs(backoff, now) > 0) {
      wake(now + remainingMs(backoff, now));
    }
  }
  for (const backoff of state.workerBackoff.values()) {
    if (remainingMs(backoff, now) > 0) wake(now + remainingMs(backoff, now));
  }
}

function tellManners(state: ElasticState, now: number): ElasticEffect[] {
  if (!state.connected) return [];
  const wanted = new Set([
    ...waitingDrivers(state, now).map(({ id, attempts }) => `driver ${id} ${attempts}`),
    ...hungry(state, now).map(({ id, wanted: count, have }) => `worker ${id} ${count} ${have}`),
  ]);
  const fresh = [...wanted].some((name) => !state.wanted.has(name));
  state.wanted = wanted;
  const { manners, call } = mannersFor(state.manners, wanted.size, fresh);
  state.manners = manners;
  if (call === undefined) return [];
  return [
    call === 'REVIVE'
      ? { type: 'Send', call: { type: 'REVIVE', revive: { roles: [state.role] } } }
      : { type: 'Send', call: { type: 'SUPPRESS', suppress: { roles: [state.role] } } },
  ];
}

function reconcile(state: ElasticState, now: number, wake: Wake): ElasticEffect[] {
  if (!state.connected || state.reconciliation === undefined) return [];
  const live = liveTasks(state);
  const due = dueReconciliation(state.reconciliation, () => live.keys(), now);
  state.reconciliation = due.state;
  wake(due.state.nextAt);
  if (due.ask.length === 0) return [];
  const tasks = due.ask.map((id) => {
    const agentId = live.get(id);
    const agent = agentId === undefined ? {} : { agent_id: { value: agentId } };
    return { task_id: { value: id }, ...agent };
  });
  return [{ type: 'Send', call: { type: 'RECONCILE', reconcile: { tasks } } }];
}

/** What a submission waits for, in words; empty while it waits for nothing. */
export function waitingFor(state: ElasticState, submission: Submission): string {
  if (isEnded(submission)) return '';
  if (state.masters.length === 0) return "Spark's master is not up yet";
  const refusals = state.refusals.get(submission.id);
  if (refusals === undefined || refusals.size === 0) return submission.message;
  const [reason] = explain(refusals);
  return reason === undefined ? submission.message : `waiting: ${reason.text}`;
}
