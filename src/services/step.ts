/**
 * The decisions of `services`: one event in, effects out (DESIGN §3). No I/O, no clock, no chance
 * but the ids' source.
 */
import { DcosError } from '../core/errors.js';
import { freshManners } from '../framework/manners.js';
import {
  beginReconciliation,
  beginSweeps,
  dueReconciliation,
  dueSweep,
} from '../framework/reconcile.js';
import {
  answering,
  applyDifferences,
  cancelDeployment,
  newVersion,
  submitApps,
} from './changes.js';
import { useOffers } from './launch.js';
import type { Effect, Event } from './messages.js';
import { settle, stop } from './settle.js';
import { keys, recordOf, removeInstance, type State } from './state.js';
import { delay, receiveStatus } from './status.js';
import { taskView } from './views.js';

/** Changes `state` for `event` and says what is to be done. */
export function step(state: State, event: Event, now: number): Effect[] {
  const effects = decide(state, event, now);
  return [...effects, ...settle(state, now), ...finishUninstall(state)];
}

function decide(state: State, event: Event, now: number): Effect[] {
  switch (event.type) {
    case 'Subscribed':
      return subscribed(state, event.frameworkId, now);
    case 'Disconnected':
      state.subscribed = false;
      return [{ type: 'Publish', event: { eventType: 'scheduler_disconnected_event' } }];
    case 'FrameworkRemoved':
      return frameworkRemoved(state);
    case 'OffersReceived':
      return useOffers(state, event.offers, now);
    case 'StatusReceived':
      return receiveStatus(state, event.status, now);
    case 'LaunchFailed':
      return launchFailed(state, event, now);
    case 'AppsSubmitted':
      return submitApps(state, event, now);
    case 'DeploymentCancelled':
      return cancelDeployment(state, event, now);
    case 'KillRequested':
      return killTasks(state, event, now);
    case 'DelayReset':
      return resetDelay(state, event);
    case 'UninstallRequested':
      return uninstall(state);
    case 'Ticked':
      return tick(state, now);
  }
}

/** The id is stored before anything can be launched; then the master is asked how all tasks are. */
function subscribed(state: State, frameworkId: string, now: number): Effect[] {
  state.subscribed = true;
  state.manners = freshManners;
  state.told = new Map();
  state.teardownSent = false;
  state.kills.clear();
  state.unknown.clear();
  for (const { appId } of state.instances.values()) state.dirty.add(appId);
  state.reconciliation = beginReconciliation(state.instances.keys(), now);
  state.sweep = beginSweeps(now);
  const again = state.frameworkId === frameworkId;
  state.frameworkId = frameworkId;
  const eventType = again ? 'scheduler_reregistered_event' : 'scheduler_registered_event';
  return [
    ...(again
      ? []
      : [{ type: 'Persist' as const, writes: [recordOf(keys.framework, { id: frameworkId })] }]),
    { type: 'Publish', event: { eventType, frameworkId } },
    ...reconcile(state, now),
  ];
}

/**
 * Asks for tasks that have not been heard of; and for all that the master knows, so that strays
 * are found and killed.
 */
function reconcile(state: State, now: number): Effect[] {
  if (!state.subscribed) return [];
  const { ask, state: reconciliation } = dueReconciliation(
    state.reconciliation,
    () => state.instances.keys(),
    now,
  );
  const { sweep, due } = dueSweep(state.sweep, now);
  state.reconciliation = reconciliation;
  state.sweep = sweep;
  const tasks = ask.flatMap((id) => {
    const instance = state.instances.get(id);
    return instance ? [{ task_id: { value: id }, agent_id: { value: instance.agentId } }] : [];
  });
  const rounds = [...(tasks.length > 0 ? [tasks] : []), ...(due ? [[]] : [])];
  return rounds.map((list) => ({
    type: 'Send',
    call: { type: 'RECONCILE', reconcile: { tasks: list } },
  }));
}

/**
 * The master has torn the framework down: its tasks are gone, a new framework launches them all
 * again.
 */
function frameworkRemoved(state: State): Effect[] {
  state.subscribed = false;
  state.frameworkId = undefined;
  const writes = [recordOf(keys.framework, null)];
  for (const instance of [...state.instances.values()]) {
    removeInstance(state, instance);
    writes.push(recordOf(keys.instance(instance.taskId), null));
  }
  if (state.uninstall !== 'no') {
    state.uninstall = 'done';
    return [{ type: 'Persist', writes }];
  }
  return [
    { type: 'Persist', writes },
    { type: 'Subscribe', frameworkId: undefined },
  ];
}

/** A launch that did not get out (a secret could not be had): the instances never were. */
function launchFailed(
  state: State,
  event: Extract<Event, { type: 'LaunchFailed' }>,
  now: number,
): Effect[] {
  return event.taskIds.flatMap((taskId): Effect[] => {
    const instance = state.instances.get(taskId);
    if (instance === undefined) return [];
    removeInstance(state, instance);
    const writes = [recordOf(keys.instance(taskId), null)];
    const app = state.apps.get(instance.appId);
    if (app !== undefined) {
      delay(state, app, {}, now);
      const { appId, hostname: host, version, agentId: slaveId } = instance;
      const timestamp = new Date(now).toISOString();
      const failure = {
        appId,
        host,
        message: event.reason,
        state: 'TASK_ERROR',
        taskId,
        timestamp,
        version,
        slaveId,
      };
      state.failures.set(appId, failure);
      writes.push(recordOf(keys.failure(appId), failure));
    }
    return [{ type: 'Persist', writes }];
  });
}

/** Kills tasks by id; with `scale` their apps become smaller by as many, in one deployment. */
function killTasks(
  state: State,
  event: Extract<Event, { type: 'KillRequested' }>,
  now: number,
): Effect[] {
  return answering(event.requestId, (reply) => {
    const found = event.taskIds.flatMap((id) => state.instances.get(id) ?? []);
    const tasks = found.map((instance) => taskView(state, instance, now));
    const ids = found.map(({ taskId }) => taskId);
    if (!event.scale) return [...stop(state, ids, 'killed by request', now), reply({ tasks })];
    const counts = new Map<string, number>();
    for (const { appId } of found) counts.set(appId, (counts.get(appId) ?? 0) + 1);
    const version = newVersion(state, [...counts.keys()], now);
    const differences = [...counts].flatMap(([id, count]) => {
      const before = state.apps.get(id);
      if (before === undefined) return [];
      const instances = Math.max(0, before.instances - count);
      const versionInfo = { ...before.versionInfo, lastScalingAt: version };
      const after = { ...before, instances, version, versionInfo };
      return [{ id, before, after, restart: false }];
    });
    const { effects, deploymentId } = applyDifferences(
      state,
      differences,
      version,
      event.force,
      now,
    );
    const kills = stop(state, ids, 'killed by request', now);
    return [...effects, ...kills, reply({ tasks, deploymentId, version })];
  });
}

function resetDelay(state: State, event: Extract<Event, { type: 'DelayReset' }>): Effect[] {
  const waiting = state.demands.has(event.appId);
  const error = new DcosError('not-found', `Application ${event.appId} not found in tasks queue.`);
  if (waiting) state.backoffs.delete(event.appId);
  return [{ type: 'Reply', requestId: event.requestId, result: waiting ? undefined : error }];
}

/** All apps go; `finishUninstall` tears the framework down when no task is left. */
function uninstall(state: State): Effect[] {
  if (state.uninstall !== 'no') return [];
  state.uninstall = 'running';
  const writes = [
    ...[...state.apps.keys()].map((id) => recordOf(keys.app(id), null)),
    ...[...state.deployments.keys()].map((id) => recordOf(keys.deployment(id), null)),
  ];
  for (const id of state.apps.keys()) state.dirty.add(id);
  state.apps.clear();
  state.deployments.clear();
  return writes.length > 0 ? [{ type: 'Persist', writes }] : [];
}

/**
 * Tears the framework down once no task is left. Done only when the master says that it has
 * removed it.
 */
function finishUninstall(state: State): Effect[] {
  if (state.uninstall !== 'running' || state.instances.size > 0) return [];
  if (state.frameworkId === undefined) {
    state.uninstall = 'done';
    return [];
  }
  if (!state.subscribed || state.teardownSent) return [];
  state.teardownSent = true;
  return [{ type: 'Send', call: { type: 'TEARDOWN' } }];
}

/** Looks again at what time alone may change. */
function tick(state: State, now: number): Effect[] {
  for (const { appId, goal, state: task, health } of state.instances.values()) {
    const timed =
      goal === 'stopped' || task === 'TASK_UNREACHABLE' || health.failingSince !== undefined;
    if (timed) state.dirty.add(appId);
  }
  return reconcile(state, now);
}
