/**
 * A caller's changes of apps: checked all together, stored, and made a deployment (marathon
 * GroupManager, DeploymentPlan). Pure.
 */
import { DcosError } from '../core/errors.js';
import type { App, AppView, DeploymentAction } from '../wire/marathon.js';
import type { Change, Effect, Event } from './messages.js';
import { appOf, isScalingOnly, updateOf, withServicePorts } from './spec.js';
import { addVersion, type Deployment, keys, maxVersions, recordOf, type State } from './state.js';
import { notValid, refusals, violationsOf } from './validate.js';
import { appView } from './views.js';

/** What a caller learns: the deployment, and the apps as they are now. */
export interface ChangeResult {
  readonly deploymentId: string;
  readonly version: string;
  readonly apps: readonly AppView[];
  /** Whether an app was made that was not there before. */
  readonly created: boolean;
}

/** One app before and after; `undefined` where it is not. */
interface Difference {
  readonly id: string;
  readonly before: App | undefined;
  readonly after: App | undefined;
  readonly restart: boolean;
}

/** Carries out `AppsSubmitted`; a caller's mistake is its reply and changes nothing. */
export function submitApps(
  state: State,
  event: Extract<Event, { type: 'AppsSubmitted' }>,
  now: number,
): Effect[] {
  return answering(event.requestId, (reply) => {
    if (state.uninstall !== 'no')
      throw new DcosError('conflict', 'this service is being uninstalled');
    const ids = event.changes.map(({ id }) => id);
    const version = newVersion(state, ids, now);
    const differences = event.changes.map((change) => differenceOf(state, change, version));
    const { effects, deploymentId } = applyDifferences(
      state,
      differences,
      version,
      event.force,
      now,
    );
    const apps = differences.flatMap(({ after }) => (after ? [appView(state, after)] : []));
    const created = differences.some(
      ({ before, after }) => before === undefined && after !== undefined,
    );
    const result: ChangeResult = { deploymentId, version, apps, created };
    return [...effects, reply(result)];
  });
}

/** Does what a caller asked for; a caller's mistake is the reply and changes nothing. */
export function answering(
  requestId: string,
  work: (reply: (result: unknown) => Effect) => Effect[],
): Effect[] {
  const reply = (result: unknown): Effect => ({ type: 'Reply', requestId, result });
  try {
    return work(reply);
  } catch (error) {
    if (error instanceof DcosError) return [reply(error)];
    throw error;
  }
}

/** A version later than any that these apps have: versions are ids. */
export function newVersion(state: State, appIds: readonly string[], now: number): string {
  const last = appIds.map((id) => Date.parse(state.apps.get(id)?.version ?? '') || 0);
  return new Date(Math.max(now, ...last.map((time) => time + 1))).toISOString();
}

function differenceOf(state: State, change: Change, version: string): Difference {
  const { id } = change;
  const before = state.apps.get(id);
  switch (change.kind) {
    case 'create':
      if (before !== undefined) {
        throw new DcosError('conflict', `An app with id [${id}] already exists.`, { status: 409 });
      }
      return {
        id,
        before,
        after: specOf(state, change.given, id, version, undefined),
        restart: false,
      };
    case 'update': {
      if (before === undefined && change.mustExist) throw unknownApp(id);
      const given = rolledBack(state, change);
      const whole =
        change.partial && before ? { ...updateOf(before), ...withoutLegacy(given) } : given;
      return { id, before, after: specOf(state, whole, id, version, before), restart: false };
    }
    case 'restart': {
      if (before === undefined) throw unknownApp(id);
      const versionInfo = { ...before.versionInfo, lastConfigChangeAt: version };
      return { id, before, after: { ...before, version, versionInfo }, restart: true };
    }
    case 'delete':
      if (before === undefined) throw unknownApp(id);
      return { id, before, after: undefined, restart: false };
  }
}

/** The error for an app that is not there, with Marathon's text. */
export function unknownApp(id: string): DcosError {
  return new DcosError('not-found', `App '${id}' does not exist`);
}

type Update = Extract<Change, { kind: 'update' }>;

/** A body of nothing but `version` means that older state of the app. */
function rolledBack(state: State, { id, given }: Update): Update['given'] {
  const others = Object.keys(given).filter((key) => key !== 'version' && key !== 'id');
  if (typeof given.version !== 'string' || others.length > 0) return given;
  const candidates = [...(state.versions.get(id) ?? []), state.apps.get(id)];
  const found = candidates.find((app) => app?.version === given.version);
  if (found === undefined) {
    throw new DcosError('not-found', `App '${id}' does not exist in version ${given.version}`);
  }
  return updateOf(found);
}

/** A legacy field given replaces the new one that it stands for. */
function withoutLegacy(given: Update['given']): Update['given'] {
  return {
    ...given,
    ...(given.ports && !given.portDefinitions ? { portDefinitions: null } : {}),
    ...(given.uris && !given.fetch ? { fetch: null } : {}),
    ...(given.cmd && given.args === undefined ? { args: null } : {}),
    ...(given.args && given.cmd === undefined ? { cmd: null } : {}),
  };
}

function specOf(
  state: State,
  given: Update['given'],
  id: string,
  version: string,
  before: App | undefined,
): App {
  const refused = refusals(given);
  if (refused.length > 0) throw notValid(refused);
  const taken = new Set<number>();
  for (const other of state.apps.values()) {
    if (other.id !== id) for (const { port } of other.portDefinitions) taken.add(port);
  }
  const app = withServicePorts(appOf(given, id, state.role, version), before, taken);
  const violations = violationsOf(app);
  if (violations.length > 0) throw notValid(violations);
  if (before === undefined) return app;
  const scaling = isScalingOnly(before, app);
  if (scaling && before.instances === app.instances) return before;
  const { lastConfigChangeAt } = before.versionInfo;
  const versionInfo = scaling ? { lastScalingAt: version, lastConfigChangeAt } : app.versionInfo;
  return { ...app, versionInfo };
}

/**
 * Stores the differences and their deployment, if they are any. Throws 409 where another
 * deployment has one of the apps.
 */
export function applyDifferences(
  state: State,
  differences: readonly Difference[],
  version: string,
  force: boolean,
  now: number,
): { readonly effects: Effect[]; readonly deploymentId: string } {
  const id = state.random.uuid();
  const real = differences.filter(({ before, after }) => before !== after);
  const conflicting = conflictsWith(
    state,
    real.map((difference) => difference.id),
  );
  if (conflicting.length > 0 && !force) throw locked(conflicting);
  if (real.length === 0) return { effects: [], deploymentId: id };
  const effects: Effect[] = conflicting.flatMap((other) =>
    endDeployment(state, other, 'deployment_failed'),
  );
  const deployment: Deployment = {
    id,
    version,
    startedAt: now,
    steps: stepsOf(real),
    before: Object.fromEntries(real.map(({ id: app, before }) => [app, before?.version ?? null])),
  };
  state.deployments.set(id, deployment);
  const writes = [recordOf(keys.deployment(id), deployment)];
  for (const difference of real) writes.push(...storeDifference(state, difference));
  effects.push({ type: 'Persist', writes });
  effects.push({
    type: 'Publish',
    event: { eventType: 'group_change_success', groupId: '/', version },
  });
  effects.push({
    type: 'Publish',
    event: { eventType: 'deployment_info', plan: { id, version, steps: deployment.steps } },
  });
  return { effects, deploymentId: id };
}

function storeDifference(
  state: State,
  { id, before, after }: Difference,
): ReturnType<typeof recordOf>[] {
  state.dirty.add(id);
  if (after === undefined) {
    const old = state.versions.get(id) ?? [];
    state.apps.delete(id);
    state.versions.delete(id);
    state.failures.delete(id);
    state.backoffs.delete(id);
    // The newest stays for a revert of the deletion, until the deployment ends.
    if (before !== undefined) addVersion(state, before);
    return [
      recordOf(keys.app(id), null),
      recordOf(keys.failure(id), null),
      ...old.map((app) => recordOf(keys.version(id, app.version), null)),
      ...(before ? [recordOf(keys.version(id, before.version), before)] : []),
    ];
  }
  const writes = [recordOf(keys.app(id), after)];
  state.apps.set(id, after);
  if (before !== undefined) {
    addVersion(state, before);
    writes.push(recordOf(keys.version(id, before.version), before));
    const list = state.versions.get(id) ?? [];
    for (const old of list.splice(0, Math.max(0, list.length - maxVersions))) {
      writes.push(recordOf(keys.version(id, old.version), null));
    }
  }
  return writes;
}

function stepsOf(differences: readonly Difference[]): Deployment['steps'] {
  const actions = (
    action: DeploymentAction['action'],
    which: readonly Difference[],
  ): Deployment['steps'] =>
    which.length === 0 ? [] : [{ actions: which.map(({ id: app }) => ({ action, app })) }];
  const removed = differences.filter(({ after }) => after === undefined);
  const created = differences.filter(({ before }) => before === undefined);
  const changed = differences.flatMap(({ id, before, after, restart }): DeploymentAction[] => {
    if (after === undefined) return [];
    const scale =
      before === undefined || after.instances === 0 || (isScalingOnly(before, after) && !restart);
    return [{ action: scale ? 'ScaleApplication' : 'RestartApplication', app: id }];
  });
  return [
    ...actions('StopApplication', removed),
    ...actions('StartApplication', created),
    ...(changed.length > 0 ? [{ actions: changed }] : []),
  ];
}

function conflictsWith(state: State, appIds: readonly string[]): Deployment[] {
  const ids = new Set(appIds);
  return [...state.deployments.values()].filter(({ before }) =>
    Object.keys(before).some((id) => ids.has(id)),
  );
}

function locked(deployments: readonly Deployment[]): DcosError {
  return new DcosError(
    'conflict',
    "App is locked by one or more deployments. Override with the option '?force=true'. " +
      "View details at '/v2/deployments/<DEPLOYMENT_ID>'.",
    { status: 409, data: { deployments: deployments.map(({ id }) => ({ id })) } },
  );
}

/** Ends a deployment, whatever came of it; forgets what was only kept for reverting it. */
export function endDeployment(
  state: State,
  deployment: Deployment,
  eventType: 'deployment_success' | 'deployment_failed',
): Effect[] {
  const { id, version, before } = deployment;
  state.deployments.delete(id);
  const writes = [recordOf(keys.deployment(id), null)];
  for (const appId of Object.keys(before)) {
    state.dirty.add(appId);
    if (state.apps.has(appId) || conflictsWith(state, [appId]).length > 0) continue;
    for (const old of state.versions.get(appId) ?? [])
      writes.push(recordOf(keys.version(appId, old.version), null));
    state.versions.delete(appId);
  }
  const plan = { id, version, steps: deployment.steps };
  return [
    { type: 'Persist', writes },
    { type: 'Publish', event: { eventType, id, plan } },
  ];
}

/**
 * Carries out `DeploymentCancelled`: with force it just stops, else a deployment back to what was
 * before begins.
 */
export function cancelDeployment(
  state: State,
  event: Extract<Event, { type: 'DeploymentCancelled' }>,
  now: number,
): Effect[] {
  return answering(event.requestId, (reply) => {
    const deployment = state.deployments.get(event.id);
    if (deployment === undefined) {
      throw new DcosError('not-found', `DeploymentPlan ${event.id} does not exist`);
    }
    if (event.force)
      return [...endDeployment(state, deployment, 'deployment_failed'), reply(undefined)];
    const differences = Object.entries(deployment.before).map(([id, version]): Difference => {
      const kept = version === null ? [] : (state.versions.get(id) ?? []);
      const old = kept.find((app) => app.version === version);
      return { id, before: state.apps.get(id), after: old, restart: false };
    });
    const version = newVersion(state, Object.keys(deployment.before), now);
    const renewed = differences.map((d) =>
      d.after ? { ...d, after: asNewVersion(d, version) } : d,
    );
    const { effects, deploymentId } = applyDifferences(state, renewed, version, true, now);
    return [...effects, reply({ deploymentId, version })];
  });
}

/**
 * The old configuration keeps its own time of change, so that instances of it that still run are
 * right again.
 */
function asNewVersion({ after, before }: Difference, version: string): App | undefined {
  if (after === undefined) return undefined;
  return before?.version === after.version ? after : { ...after, version };
}
