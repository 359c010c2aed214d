/**
 * How an app stands: its instances as members in the order in which they should go, and whether a
 * deployment is done with it. Pure.
 */
import { remainingMs } from '../framework/backoff.js';
import { fieldOf, parseConstraints } from '../framework/constraints.js';
import type { App } from '../wire/marathon.js';
import { isHealthy } from './health.js';
import { isSettled, type Member } from './members.js';
import { type Deployment, type Instance, instancesOf, type State } from './state.js';

/** Those that change `appId`. */
export function deploymentsOf(state: State, appId: string): Deployment[] {
  return [...state.deployments.values()].filter(({ before }) => appId in before);
}

/** Whether an app of a deployment is as it should be. */
export function isDone(state: State, appId: string): boolean {
  const app = state.apps.get(appId);
  if (app === undefined)
    return instancesOf(state, appId).every(({ state: s }) => s === 'TASK_UNREACHABLE');
  return isSettled(membersOf(state, app), app.instances, isReplacing(state, appId));
}

/** Whether a deployment restarts the app: else instances of older configurations may stay. */
export function isReplacing(state: State, appId: string): boolean {
  return deploymentsOf(state, appId).some(({ steps }) =>
    steps.some(({ actions }) =>
      actions.some(({ app, action }) => app === appId && action === 'RestartApplication'),
    ),
  );
}

/**
 * The app's instances for `members.ts`, in the order in which they should go. Lost ones are none:
 * they are replaced.
 */
export function membersOf(state: State, app: App): Member[] {
  return orderOfLeaving(app, instancesOf(state, app.id))
    .filter((instance) => !isInactive(app, instance))
    .map((instance) => ({
      id: instance.taskId,
      current: instance.configVersion === app.versionInfo.lastConfigChangeAt,
      healthy: isHealthy(app, instance),
      stopping: instance.goal === 'stopped',
    }));
}

/**
 * Unreachable longer than the app's strategy waits: replaced, and no longer counted. With
 * `disabled` never.
 */
function isInactive(app: App, instance: Instance): boolean {
  return (
    instance.state === 'TASK_UNREACHABLE' &&
    app.unreachableStrategy !== 'disabled' &&
    instance.inactive === true
  );
}

/** Not yet running first, then by GROUP_BY from the fullest group, then by age. */
function orderOfLeaving(app: App, instances: Instance[]): Instance[] {
  const rank = ({ state, goal }: Instance): number => {
    if (goal === 'stopped') return 0;
    return state === 'TASK_UNREACHABLE'
      ? 1
      : state === 'TASK_STAGING'
        ? 2
        : state === 'TASK_STARTING'
          ? 3
          : 4;
  };
  const youngest = app.killSelection === 'YOUNGEST_FIRST' ? -1 : 1;
  const byAge = instances.sort(
    (a, b) =>
      rank(a) - rank(b) || youngest * (startOf(a) - startOf(b)) || (a.taskId < b.taskId ? -1 : 1),
  );
  const group = app.constraints.find((row) => row[1] === 'GROUP_BY');
  return group === undefined
    ? byAge
    : fromFullestGroup(byAge, parseConstraints([group])[0]?.field ?? '', rank);
}

const startOf = (instance: Instance): number => instance.startedAt ?? instance.stagedAt;

function fromFullestGroup(
  instances: readonly Instance[],
  field: string,
  rank: (i: Instance) => number,
): Instance[] {
  const groupOf = (instance: Instance): string => fieldOf(instance, field) ?? '';
  const sizes = new Map<string, number>();
  for (const instance of instances)
    sizes.set(groupOf(instance), (sizes.get(groupOf(instance)) ?? 0) + 1);
  const left = [...instances];
  const order: Instance[] = [];
  while (left.length > 0) {
    const best = left.reduce((a, b) => {
      const byRank = rank(a) - rank(b);
      if (byRank !== 0) return byRank < 0 ? a : b;
      return (sizes.get(groupOf(b)) ?? 0) > (sizes.get(groupOf(a)) ?? 0) ? b : a;
    });
    left.splice(left.indexOf(best), 1);
    sizes.set(groupOf(best), (sizes.get(groupOf(best)) ?? 1) - 1);
    order.push(best);
  }
  return order;
}

/**
 * How long launches of `appId` still wait after failures, in ms; those of an older configuration
 * do not count.
 */
export function launchDelay(state: State, appId: string, now: number): number {
  const known = state.backoffs.get(appId);
  const current = state.apps.get(appId)?.versionInfo.lastConfigChangeAt;
  return known?.configVersion === current ? remainingMs(known?.backoff, now) : 0;
}
