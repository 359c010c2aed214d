/**
 * What the master is told besides answers to offers: kills, demand, questions about tasks. Pure.
 */
import type { Write } from '../core/store/store.js';
import { mannersFor } from '../framework/manners.js';
import { dueReconciliation } from '../framework/reconcile.js';
import type { Effect } from './events.js';
import { anyLive, isLive, liveTasks, withTask } from './instances.js';
import { unconfirmedMs } from './parts.js';
import { missingMs } from './seen.js';
import { putInstance, type State } from './state.js';
import type { KillOrder } from './work.js';

/** KILL is sent again this often (ms) until the task has ended. */
const killAgainMs = 5_000;

/** Ids of the tasks that run, will run or may come back. */
export function liveTaskIds(state: State): string[] {
  return [...state.instances.values()].flatMap((instance) =>
    liveTasks(instance).map(([, task]) => task.id),
  );
}

/** KILL of a task, whoever's it is. */
export function killOf(taskId: string, agentId: string | undefined): Effect {
  const agent = agentId === undefined ? {} : { agent_id: { value: agentId } };
  return { type: 'Send', call: { type: 'KILL', kill: { task_id: { value: taskId }, ...agent } } };
}

/** KILL of an instance's task, noted so that it is sent until the task has ended. */
export function kill(
  state: State,
  { instance: name, task: taskName, reason }: KillOrder,
  writes: Write[],
  now: number,
): Effect[] {
  const instance = state.instances.get(name);
  const task = instance?.tasks[taskName];
  if (instance === undefined || task === undefined || !isLive(task)) return [];
  const killed = { ...task, kill: { reason, sentAt: now } };
  putInstance(state, writes, withTask(instance, taskName, killed));
  return [killOf(task.id, instance.reservation?.place.agentId)];
}

/** Kills that were not heard, or not done, are sent again. */
export function againKilled(
  state: State,
  writes: Write[],
  now: number,
  wake: (at: number) => void,
): Effect[] {
  const effects: Effect[] = [];
  if (!state.connected) return effects;
  for (const { instance, task, order } of killing(state)) {
    const { reason, sentAt } = order;
    if (sentAt < state.subscribedAt || now - sentAt >= killAgainMs || sentAt > now) {
      effects.push(...kill(state, { instance, task, reason }, writes, now));
      wake(now + killAgainMs);
    } else wake(sentAt + killAgainMs);
  }
  return effects;
}

function killing(state: State) {
  return [...state.instances.values()].flatMap((instance) =>
    liveTasks(instance).flatMap(([task, { kill: order }]) =>
      order === undefined ? [] : [{ instance: instance.name, task, order }],
    ),
  );
}

/** Reservations that were sent and not seen yet: their offers are wanted. */
export function unconfirmed(state: State, wake: (at: number) => void): string[] {
  return [...state.instances.values()].flatMap((instance) => {
    const { name, reservation } = instance;
    if (reservation === undefined || reservation.confirmed || anyLive(instance)) return [];
    wake(reservation.madeAt + unconfirmedMs);
    return [`confirm ${name} ${reservation.resourceId}`];
  });
}

/**
 * What is to be given back; each turn that it takes is new demand, so that its agent is offered
 * again.
 */
export function unreleased(state: State, now: number, wake: (at: number) => void): string[] {
  return [...state.leftovers.keys()].map((id) => {
    const due = (state.missing.get(id) ?? now) + missingMs;
    if (state.missing.has(id) && due > now) wake(due);
    return `release ${id} ${state.releasing.get(id) ?? ''} ${due <= now ? due : ''}`;
  });
}

/** SUPPRESS or REVIVE, by what waits for offers now. */
export function tellManners(state: State, wanted: ReadonlySet<string>): Effect[] {
  if (!state.connected) return [];
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

/** RECONCILE of the tasks that were not heard of, when it is time. */
export function reconcile(state: State, now: number, wake: (at: number) => void): Effect[] {
  if (!state.connected || state.reconciliation === undefined) return [];
  const due = dueReconciliation(state.reconciliation, () => liveTaskIds(state), now);
  state.reconciliation = due.state;
  wake(due.state.nextAt);
  if (due.ask.length === 0) return [];
  const byId = new Map(
    [...state.instances.values()].flatMap((instance) =>
      liveTasks(instance).map(([, task]) => [task.id, instance] as const),
    ),
  );
  const tasks = due.ask.map((id) => {
    const agentId = byId.get(id)?.reservation?.place.agentId;
    const agent = agentId === undefined ? {} : { agent_id: { value: agentId } };
    return { task_id: { value: id }, ...agent };
  });
  return [{ type: 'Send', call: { type: 'RECONCILE', reconcile: { tasks } } }];
}
