/** Folds one event into the state of a swarm and says what is to be done (README). Pure. */
import { DcosError } from '../core/errors.js';
import { freshManners, mannersFor, refusalSeconds } from '../framework/manners.js';
import { viewOf } from '../framework/match.js';
import {
  beginReconciliation,
  beginSweeps,
  dueReconciliation,
  dueSweep,
} from '../framework/reconcile.js';
import { giveUp, place } from './launch.js';
import type { Effect, Event } from './messages.js';
import { nameTaken } from './names.js';
import { agentsListed, inventoried, nodeAnswered, nodeFailed } from './nodes.js';
import {
  addContainer,
  awaitPlace,
  type Container,
  containerWrite,
  dropContainer,
  keys,
  type State,
} from './state.js';
import { dropAndKill, killOf, statusReceived } from './status.js';

/** How long offers are kept while nothing waits, so that a burst of creates finds them, ms. */
const lingerMs = 500;
const maxContainers = 100_000;
/** How often an uninstall orders its kills again, ms. */
const killAgainMs = 2_000;
/** How long offers are looked at before they go back, though something waits, ms. */
const longestHoldMs = 2_000;

/** The step of the loop. */
export function step(state: State, event: Event, now: number): Effect[] {
  const effects = fold(state, event, now);
  return [...effects, ...mannersEffects(state)];
}

function fold(state: State, event: Event, now: number): Effect[] {
  switch (event.type) {
    case 'Subscribed':
      return subscribed(state, event.frameworkId, now);
    case 'Disconnected':
      state.isSubscribed = false;
      state.offers.clear();
      return [];
    case 'FrameworkRemoved':
      return frameworkRemoved(state, now);
    case 'OffersReceived':
      for (const offer of event.offers) state.offers.set(offer.id.value, viewOf(offer));
      state.offersSince ??= now;
      return [...place(state, now), ...returnOffers(state, now)];
    case 'OfferRescinded':
      state.offers.delete(event.offerId);
      return [];
    case 'StatusReceived':
      return statusReceived(state, event.status, now);
    case 'AgentsListed':
      return state.uninstall === 'no' ? agentsListed(state, event.agents) : [];
    case 'NodeAnswered':
      return nodeAnswered(state, event.agentId, event.facts, now);
    case 'NodeFailed':
      return nodeFailed(state, event.agentId, event.error);
    case 'NodeInventoried':
      return inventoried(state, event.agentId, event.found, now);
    case 'PlacementDue':
      return place(state, now);
    case 'Ticked':
      return ticked(state, now);
    case 'UninstallRequested':
      state.uninstall = state.frameworkId === undefined ? 'done' : 'killing';
      return [];
    default:
      return foldContainer(state, event, now);
  }
}

type ContainerEvent = Extract<
  Event,
  { type: `Container${string}` | `Rename${string}` | `Running${string}` }
>;

function foldContainer(state: State, event: ContainerEvent, now: number): Effect[] {
  switch (event.type) {
    case 'ContainerRequested':
      return requested(state, event, now);
    case 'ContainerMade':
      return made(state, event);
    case 'ContainerRefused': {
      const container = state.containers.get(event.swarmId);
      state.inMaking.delete(event.taskId);
      const isCurrent = container?.taskId === event.taskId;
      const effects = container && isCurrent ? refused(state, container, now) : [];
      return [...effects, ...reply(event.requestId, undefined)];
    }
    case 'RenameRequested':
      return renamed(state, event);
    case 'ContainerRemoved': {
      const container = state.containers.get(event.swarmId);
      const effects = container === undefined ? [] : dropAndKill(state, container);
      return [...effects, ...reply(event.requestId, undefined)];
    }
    case 'RunningChanged': {
      const { containerId, isRunning } = event;
      const container = [...state.containers.values()].find(
        (one) => one.containerId === containerId,
      );
      if (container === undefined || container.isRunning === isRunning) return [];
      container.isRunning = isRunning;
      return [{ type: 'Persist', writes: [containerWrite(container)] }];
    }
  }
}

const reply = (requestId: string | undefined, result: unknown): Effect[] =>
  requestId === undefined ? [] : [{ type: 'Reply', requestId, result }];

function subscribed(state: State, frameworkId: string, now: number): Effect[] {
  const isNew = state.frameworkId !== frameworkId;
  state.frameworkId = frameworkId;
  state.isSubscribed = true;
  state.manners = freshManners;
  state.offers.clear();
  state.offersSince = undefined;
  state.reconciliation = beginReconciliation(taskIdsOf(state), now);
  state.sweep = beginSweeps(now);
  return isNew
    ? [{ type: 'Persist', writes: [{ key: keys.framework, value: { id: frameworkId } }] }]
    : [];
}

function* taskIdsOf(state: State): Generator<string> {
  for (const { task } of state.nodes.values()) if (task !== undefined) yield task.taskId;
  yield* state.tasks.keys();
}

/** The master has forgotten us: a new framework, whose tasks begin anew on what engines hold. */
function frameworkRemoved(state: State, now: number): Effect[] {
  if (state.uninstall !== 'no') {
    state.uninstall = 'done';
    return [];
  }
  state.frameworkId = undefined;
  const effects: Effect[] = [{ type: 'Persist', writes: [{ key: keys.framework, value: null }] }];
  for (const node of state.nodes.values()) node.task = undefined;
  for (const container of state.containers.values()) {
    if (container.phase !== 'made') continue;
    container.phase = 'placing';
    container.isMoved = true;
    awaitPlace(state, container, now);
    effects.push({ type: 'Persist', writes: [containerWrite(container)] });
  }
  return [...effects, { type: 'Subscribe', frameworkId: undefined }];
}

type Requested = Extract<Event, { type: 'ContainerRequested' }>;

function requested(state: State, event: Requested, now: number): Effect[] {
  const { requestId, swarmId, name, body, reschedules } = event;
  if (state.uninstall !== 'no') {
    return reply(requestId, new DcosError('refused', 'this swarm is being uninstalled'));
  }
  if (state.names.has(name)) return reply(requestId, nameTaken(name));
  if (state.containers.size >= maxContainers) {
    return reply(
      requestId,
      new DcosError('refused', `this swarm has ${maxContainers} containers already`, {
        status: 503,
      }),
    );
  }
  const container: Container = {
    swarmId,
    name,
    phase: 'placing',
    agentId: undefined,
    taskId: undefined,
    containerId: undefined,
    formerIds: [],
    formerTasks: [],
    body,
    reschedules,
    isRunning: false,
    createdAt: now,
    attempt: 0,
    isMoved: false,
    resumes: false,
  };
  addContainer(state, container);
  state.pins.set(swarmId, event.pins);
  awaitPlace(state, container, now, { requestId, deadline: now + state.settings.offerTimeoutMs });
  return [{ type: 'PlaceSoon' }];
}

function made(state: State, event: Extract<Event, { type: 'ContainerMade' }>): Effect[] {
  const container = state.containers.get(event.swarmId);
  state.inMaking.delete(event.taskId);
  if (container === undefined) {
    return reply(event.requestId, new DcosError('conflict', 'it was removed while it was made'));
  }
  if (container.taskId !== event.taskId) {
    // What was made there goes with its task: that is killed as soon as it is heard of.
    return reply(event.requestId, new DcosError('conflict', 'its node was lost meanwhile'));
  }
  container.containerId = event.containerId;
  container.phase = 'made';
  container.isMoved = false;
  return [
    { type: 'Persist', writes: [containerWrite(container)] },
    ...reply(event.requestId, undefined),
  ];
}

/** The engine would not make it. What moved waits and tries again; else nothing of it stays. */
function refused(state: State, container: Container, now: number): Effect[] {
  if (!container.isMoved) return dropAndKill(state, container);
  const { taskId, agentId } = container;
  if (taskId !== undefined) state.tasks.delete(taskId);
  container.taskId = undefined;
  container.agentId = undefined;
  container.phase = 'placing';
  awaitPlace(state, container, now);
  const kill = taskId === undefined ? [] : [killOf(taskId, agentId)];
  return [{ type: 'Persist', writes: [containerWrite(container)] }, ...kill];
}

function renamed(state: State, event: Extract<Event, { type: 'RenameRequested' }>): Effect[] {
  const { requestId, swarmId, name } = event;
  const container = state.containers.get(swarmId);
  if (container === undefined) {
    return reply(requestId, new DcosError('not-found', `No such container: ${swarmId}`));
  }
  const owner = state.names.get(name);
  if (owner !== undefined && owner !== swarmId) return reply(requestId, nameTaken(name));
  state.names.delete(container.name);
  container.name = name;
  state.names.set(name, swarmId);
  return [{ type: 'Persist', writes: [containerWrite(container)] }, ...reply(requestId, undefined)];
}

function ticked(state: State, now: number): Effect[] {
  const effects: Effect[] = [...expire(state, now)];
  if (state.isSubscribed) effects.push(...reconcile(state, now));
  if (state.uninstall === 'killing') effects.push(...uninstallStep(state, now));
  else if (state.waiting.size > 0) effects.push(...place(state, now));
  return [...effects, ...returnOffers(state, now)];
}

function expire(state: State, now: number): Effect[] {
  return [...state.waiting.values()].flatMap(({ swarmId, deadline, requestId, reason }) => {
    const container = state.containers.get(swarmId);
    if (deadline === undefined || now < deadline || requestId === undefined) return [];
    if (container === undefined) return [];
    const seconds = state.settings.offerTimeoutMs / 1000;
    const text = `container failed to start after ${seconds}s: ${reason}`;
    return giveUp(state, container, requestId, new DcosError('failed', text, { status: 503 }));
  });
}

function reconcile(state: State, now: number): Effect[] {
  const effects: Effect[] = [];
  const due = dueReconciliation(
    state.reconciliation ?? beginReconciliation([], now),
    () => taskIdsOf(state),
    now,
  );
  state.reconciliation = due.state;
  if (due.ask.length > 0) {
    const tasks = due.ask.map((value) => ({ task_id: { value } }));
    effects.push({ type: 'Send', call: { type: 'RECONCILE', reconcile: { tasks } } });
  }
  const sweep = dueSweep(state.sweep ?? beginSweeps(now), now);
  state.sweep = sweep.sweep;
  if (sweep.due)
    effects.push({ type: 'Send', call: { type: 'RECONCILE', reconcile: { tasks: [] } } });
  return effects;
}

/** Containers first, then executors, then the framework. */
function uninstallStep(state: State, now: number): Effect[] {
  const isDue = now - state.killedAt >= killAgainMs || now < state.killedAt;
  if (!state.isSubscribed || (state.containers.size > 0 && !isDue)) return [];
  state.killedAt = now;
  const effects: Effect[] = [];
  for (const container of [...state.containers.values()]) {
    const { taskId, agentId, phase } = container;
    if (taskId === undefined || phase === 'placing' || phase === 'lost') {
      effects.push({ type: 'Persist', writes: [dropContainer(state, container)] });
    } else effects.push(killOf(taskId, agentId));
  }
  if (state.containers.size > 0) return effects;
  state.uninstall = 'tearing';
  return [...effects, { type: 'Teardown' }];
}

/** Offers that nothing waits for go back soon, those that are of no use a little later. */
function returnOffers(state: State, now: number): Effect[] {
  if (state.offers.size === 0) {
    state.offersSince = undefined;
    return [];
  }
  const wanted = wantedOf(state);
  const heldMs = now - (state.offersSince ?? now);
  if (heldMs < (wanted > 0 ? longestHoldMs : lingerMs)) return [];
  const offer_ids = [...state.offers.keys()].map((value) => ({ value }));
  state.offers.clear();
  state.offersSince = undefined;
  const filters = { refuse_seconds: refusalSeconds(wanted) };
  return [{ type: 'Send', call: { type: 'DECLINE', decline: { offer_ids, filters } } }];
}

function wantedOf(state: State): number {
  if (state.uninstall !== 'no') return 0;
  const engines = [...state.nodes.values()].filter(({ task }) => task === undefined).length;
  return engines + state.waiting.size;
}

function mannersEffects(state: State): Effect[] {
  if (!state.isSubscribed) return [];
  const { manners, call } = mannersFor(state.manners, wantedOf(state), state.hasFreshDemand);
  state.manners = manners;
  state.hasFreshDemand = false;
  if (call === undefined) return [];
  return [{ type: 'Send', call: { type: call, [call.toLowerCase()]: {} } as never }];
}
