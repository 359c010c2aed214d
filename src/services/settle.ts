/**
 * Wanted × actual for every app that changed: kills to send, launches to want, deployments that
 * are done, what to tell the master. Pure.
 */
import { mannersFor } from '../framework/manners.js';
import type { App } from '../wire/marathon.js';
import { endDeployment } from './changes.js';
import { killReason } from './health.js';
import { keepCount, type Moves, replaceAll } from './members.js';
import type { Effect } from './messages.js';
import { deploymentsOf, isDone, isReplacing, launchDelay, membersOf } from './standing.js';
import {
  type Instance,
  instancesOf,
  keys,
  putInstance,
  recordOf,
  removeInstance,
  type State,
} from './state.js';

/** A kill is sent again when the task is still there after so long. */
const killRepeatMs = 5_000;

/** Does what all dirty apps need, and leaves none dirty. */
export function settle(state: State, now: number): Effect[] {
  const effects: Effect[] = [];
  // Ending a deployment makes its apps dirty again, once.
  for (let round = 0; round < 3 && state.dirty.size > 0; round += 1) {
    const ids = [...state.dirty];
    state.dirty.clear();
    for (const id of ids) effects.push(...settleApp(state, id, now));
    for (const deployment of [...state.deployments.values()]) {
      const apps = Object.keys(deployment.before);
      if (apps.some((id) => ids.includes(id)) && apps.every((id) => isDone(state, id))) {
        effects.push(...endDeployment(state, deployment, 'deployment_success'));
      }
    }
  }
  return [...effects, ...tellMaster(state, now)];
}

function settleApp(state: State, id: string, now: number): Effect[] {
  const app = state.apps.get(id);
  const effects = expungeLost(state, app, id, now);
  if (app === undefined) {
    state.demands.delete(id);
    const taskIds = instancesOf(state, id).map(({ taskId }) => taskId);
    effects.push(...stop(state, taskIds, 'the app was deleted', now));
    return [...effects, ...repeatKills(state, id, now)];
  }
  effects.push(...killIll(state, app, now));
  const moves = movesOf(state, app);
  effects.push(...stop(state, moves.stop, 'not wanted any more', now));
  effects.push(...repeatKills(state, id, now));
  want(state, app, moves.start, now);
  return effects;
}

function movesOf(state: State, app: App): Moves {
  const members = membersOf(state, app);
  const deployments = deploymentsOf(state, app.id);
  const blocked = deployments.some(({ before }) =>
    app.dependencies.some((id) => id in before && id !== app.id && !isDone(state, id)),
  );
  if (blocked) return { start: 0, stop: [] };
  return isReplacing(state, app.id)
    ? replaceAll(members, app.instances, app.upgradeStrategy)
    : keepCount(members, app.instances);
}

/**
 * Marks what has been unreachable long enough, and forgets what may be: should it return, it is
 * nobody's, and killed.
 */
function expungeLost(state: State, app: App | undefined, id: string, now: number): Effect[] {
  const effects: Effect[] = [];
  for (const instance of instancesOf(state, id)) {
    if (instance.state !== 'TASK_UNREACHABLE' || instance.unreachableAt === undefined) continue;
    const strategy = app?.unreachableStrategy ?? {
      inactiveAfterSeconds: 0,
      expungeAfterSeconds: 0,
    };
    if (strategy === 'disabled' && instance.goal === 'running') continue;
    const { inactiveAfterSeconds = 0, expungeAfterSeconds = 0 } =
      strategy === 'disabled' ? {} : strategy;
    const lostMs = now - instance.unreachableAt;
    if (instance.goal === 'stopped' || lostMs >= expungeAfterSeconds * 1000) {
      removeInstance(state, instance);
      effects.push({ type: 'Persist', writes: [recordOf(keys.instance(instance.taskId), null)] });
    } else if (!instance.inactive && lostMs >= inactiveAfterSeconds * 1000) {
      const inactive = { ...instance, inactive: true };
      putInstance(state, inactive);
      effects.push({
        type: 'Persist',
        writes: [recordOf(keys.instance(instance.taskId), inactive)],
      });
    }
  }
  return effects;
}

/**
 * Kills instances whose checks fail, unless most of the app's fail at once: then the fault is
 * hardly theirs (users-ask 36).
 */
function killIll(state: State, app: App, now: number): Effect[] {
  const live = instancesOf(state, app.id).filter(({ goal }) => goal === 'running');
  const ill = live.flatMap((instance) => {
    const reason = killReason(app, instance, now);
    return reason === undefined ? [] : [{ instance, reason }];
  });
  const hold = live.length >= 3 && ill.length * 2 > live.length;
  const effects: Effect[] = [];
  if (hold && !state.held.has(app.id)) {
    const many = `${ill.length} of ${live.length} instances`;
    const reason = `${many} fail their health checks at once: kills are held`;
    effects.push({
      type: 'Publish',
      event: { eventType: 'unhealthy_instance_kill_held_event', appId: app.id, reason },
    });
  }
  if (hold) state.held.add(app.id);
  else state.held.delete(app.id);
  if (hold) return effects;
  for (const { instance, reason } of ill) {
    const { appId, taskId, instanceId, version, hostname: host, agentId: slaveId } = instance;
    effects.push(...stop(state, [taskId], reason, now));
    effects.push({
      type: 'Publish',
      event: {
        eventType: 'unhealthy_instance_kill_event',
        appId,
        taskId,
        instanceId,
        version,
        reason,
        host,
        slaveId,
      },
    });
  }
  return effects;
}

/** Gives instances up and kills them; the decision is stored before the kill goes out. */
export function stop(
  state: State,
  taskIds: readonly string[],
  reason: string,
  now: number,
): Effect[] {
  const effects: Effect[] = [];
  for (const taskId of taskIds) {
    const instance = state.instances.get(taskId);
    if (instance === undefined || instance.goal === 'stopped') continue;
    const stopped: Instance = { ...instance, goal: 'stopped', stopReason: reason };
    putInstance(state, stopped);
    effects.push({ type: 'Persist', writes: [recordOf(keys.instance(taskId), stopped)] });
    effects.push(...kill(state, stopped, now));
  }
  return effects;
}

function repeatKills(state: State, appId: string, now: number): Effect[] {
  return instancesOf(state, appId).flatMap((instance) => {
    if (instance.goal !== 'stopped') return [];
    const last = state.kills.get(instance.taskId);
    const due = last === undefined || now - last >= killRepeatMs || now < last;
    return due ? kill(state, instance, now) : [];
  });
}

function kill(state: State, instance: Instance, now: number): Effect[] {
  if (!state.subscribed) return [];
  state.kills.set(instance.taskId, now);
  const grace = state.apps.get(instance.appId)?.taskKillGracePeriodSeconds;
  return [
    {
      type: 'Send',
      call: {
        type: 'KILL',
        kill: {
          task_id: { value: instance.taskId },
          agent_id: { value: instance.agentId },
          ...(grace === undefined
            ? {}
            : { kill_policy: { grace_period: { nanoseconds: grace * 1e9 } } }),
        },
      },
    },
  ];
}

function want(state: State, app: App, count: number, now: number): void {
  const known = state.demands.get(app.id);
  if (count === 0) state.demands.delete(app.id);
  else if (known !== undefined) known.count = count;
  else {
    state.demands.set(app.id, {
      count,
      since: now,
      processed: 0,
      unused: 0,
      lastUnusedAt: undefined,
      lastUsedAt: undefined,
      shortfalls: new Map(),
    });
  }
}

/** Apps that may launch at `now`, longest waiting first. */
export function dueDemands(state: State, now: number): [string, number][] {
  return [...state.demands]
    .filter(([id]) => launchDelay(state, id, now) === 0)
    .sort(([, a], [, b]) => a.since - b.since)
    .map(([id, { count }]) => [id, count]);
}

function tellMaster(state: State, now: number): Effect[] {
  if (!state.subscribed) return [];
  const due = new Map(dueDemands(state, now));
  const fresh = [...due].some(([id, count]) => count > (state.told.get(id) ?? 0));
  const wanted = [...due.values()].reduce((total, count) => total + count, 0);
  const { manners, call } = mannersFor(state.manners, wanted, fresh);
  state.manners = manners;
  state.told = due;
  return call === undefined ? [] : [{ type: 'Send', call: { type: call } }];
}
