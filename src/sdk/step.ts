/**
 * `step` of a service's scheduler: every event changes the state, then everything is brought in
 * line (`settle`): plans with instances, work with plans, offers with work. Pure.
 */
import type { Step } from '../core/drive.js';
import type { Write } from '../core/store/store.js';
import { candidates, isComplete, makePlan } from '../framework/plan.js';
import { beginReconciliation, heardOf, mayComeBack } from '../framework/reconcile.js';
import type { Offer } from '../wire/mesos/scheduler.js';
import type { TaskStatus } from '../wire/mesos/task.js';
import type { SpecViolation } from '../wire/service-spec.js';
import {
  againKilled,
  kill,
  killOf,
  liveTaskIds,
  reconcile,
  tellManners,
  unconfirmed,
  unreleased,
} from './calls.js';
import { commandPlan, commandPod } from './commands.js';
import { violationsOf } from './config.js';
import { givenUp, refreshDecommission } from './decommission.js';
import { planOf, refreshSteps, type TargetedPlan } from './deploy.js';
import type { Effect, Event } from './events.js';
import { isOver, liveTasks, ownerOf, ownSpec, withStatus, withTask } from './instances.js';
import { templateViolations } from './launch.js';
import { answerOffers } from './offers.js';
import { applyPolicy } from './policy.js';
import { emptyRecovery, refreshRecovery } from './recovery.js';
import { beginReplacements } from './replacement.js';
import { readOffers } from './seen.js';
import {
  asJson,
  putInstance,
  putStarted,
  recordKeys,
  type ServiceConfig,
  type State,
  type TaskRecord,
} from './state.js';
import { holdings, refreshUninstalling, teardownDue } from './uninstall.js';
import { replacingAssets, type Work, workOf } from './work.js';
import { znodesDue, znodesRemoved } from './znodes.js';

/** One step of the scheduler. */
export const step: Step<State, Event, Effect> = (state, event, now) => {
  const writes: Write[] = [];
  const offers: Offer[] = [];
  const after: Effect[] = [];
  apply(state, event, now, { writes, offers, after });
  const settled = settle(state, offers, writes, now);
  const persist: Effect[] = writes.length > 0 ? [{ type: 'Persist', writes }] : [];
  // Acknowledgements and replies stand behind what they imply: it is durable by then.
  return [...persist, ...settled, ...after];
};

interface Notes {
  readonly writes: Write[];
  readonly offers: Offer[];
  readonly after: Effect[];
}

function apply(state: State, event: Event, now: number, notes: Notes): void {
  switch (event.type) {
    case 'Configured':
      configured(state, event.config, notes.writes);
      break;
    case 'ConfigRefused':
      refuse(state, event.violations.map(violationText), notes.writes);
      break;
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
      taskUpdated(state, event.status, notes, now);
      break;
    case 'Erased':
      state.erased = true;
      for (const key of allKeys(state)) notes.writes.push({ key, value: null });
      break;
    case 'ZnodesRemoved':
      znodesRemoved(state, event.error, now);
      break;
    case 'PlanCommanded': {
      const result = commandPlan(state, event, notes.writes);
      notes.after.push({ type: 'Reply', requestId: event.requestId, result });
      break;
    }
    case 'PodCommanded':
      podCommanded(state, event, notes, now);
      break;
    case 'KeysIssued': {
      const { asset, address, files } = event;
      state.keys.set(asset, { address, files, madeAt: now });
      state.keyRequests.delete(asset);
      break;
    }
    case 'KeysRefused': {
      const asked = state.keyRequests.get(event.asset);
      if (asked) state.keyRequests.set(event.asset, { ...asked, failure: event.reason });
      break;
    }
    case 'Ticked':
      break;
  }
}

function podCommanded(
  state: State,
  event: Extract<Event, { type: 'PodCommanded' }>,
  { writes, after }: Notes,
  now: number,
): void {
  const { result, kills } = commandPod(state, event, writes);
  for (const order of kills) after.push(...kill(state, order, writes, now));
  after.push({ type: 'Reply', requestId: event.requestId, result });
}

function violationText({ path, message }: SpecViolation): string {
  return `${path} ${message}`.trim();
}

/** Every key that may have been written; deleting one that is not there does nothing. */
function allKeys(state: State): string[] {
  return [
    recordKeys.service,
    recordKeys.framework,
    recordKeys.target,
    recordKeys.deployed,
    recordKeys.policy,
    ...[...state.configs.keys()].map(recordKeys.config),
    ...[...state.instances.keys()].map(recordKeys.instance),
    ...[...state.started.keys()].map(recordKeys.plan),
    ...[...state.leftovers.keys()].map(recordKeys.leftover),
  ];
}

/** A new target, if it may follow the old one; else the old one goes on and the plan says why. */
function configured(state: State, config: ServiceConfig, writes: Write[]): void {
  if (state.serviceUuid === '') {
    state.serviceUuid = Buffer.from(state.random.uuid().replaceAll('-', ''), 'hex').toString(
      'base64url',
    );
    writes.push({ key: recordKeys.service, value: { uuid: state.serviceUuid } });
  }
  const before = state.configs.get(state.targetId ?? '');
  const violations =
    before?.id === config.id
      ? []
      : [...violationsOf(config, before), ...templateViolations(state, config)];
  if (violations.length > 0) {
    refuse(state, violations.map(violationText), writes);
    return;
  }
  if (before?.id !== config.id) {
    state.configs.set(config.id, config);
    state.targetId = config.id;
    writes.push({ key: recordKeys.config(config.id), value: asJson(config) });
    writes.push({ key: recordKeys.target, value: { id: config.id } });
  }
  forgetConfigs(state, writes);
  makePlans(state, config, [], writes);
}

function refuse(state: State, errors: string[], writes: Write[]): void {
  const target = state.configs.get(state.targetId ?? '');
  if (target !== undefined) {
    makePlans(state, target, errors, writes);
    return;
  }
  const plan = makePlan({ name: 'deploy', strategy: 'serial', phases: [], errors });
  state.plans.set('deploy', { plan, targets: new Map() });
  state.plans.set('recovery', emptyRecovery());
}

/** Plans of a spec that other plans take their steps from. */
const partsOfOthers: ReadonlySet<string> = new Set(['deploy', 'update', 'decommission']);

function makePlans(state: State, config: ServiceConfig, errors: string[], writes: Write[]): void {
  const updating = state.deployed && config.spec.plans.some(({ name }) => name === 'update');
  const deploy = planOf(config, updating ? 'update' : 'deploy', 'deploy');
  deploy.plan.errors = errors;
  state.plans.set('deploy', deploy);
  state.plans.set('recovery', state.plans.get('recovery') ?? emptyRecovery());
  for (const { name } of config.spec.plans) {
    if (partsOfOthers.has(name)) continue;
    const custom = planOf(config, name, name);
    // It was started before this start of the scheduler, and goes on.
    if (state.started.has(name)) custom.plan.interrupted = false;
    state.plans.set(name, custom);
  }
  for (const name of [...state.started.keys()]) {
    if (!state.plans.has(name)) putStarted(state, writes, name, undefined);
  }
}

/** Configurations that no task was made from and that are not the target are of no use any more. */
function forgetConfigs(state: State, writes: Write[]): void {
  const used = new Set(
    [...state.instances.values()].flatMap(({ tasks }) =>
      Object.values(tasks).map(({ configId }) => configId),
    ),
  );
  for (const id of [...state.configs.keys()]) {
    if (id === state.targetId || used.has(id)) continue;
    state.configs.delete(id);
    writes.push({ key: recordKeys.config(id), value: null });
  }
}

function subscribed(
  state: State,
  frameworkId: string,
  { writes, after }: Notes,
  now: number,
): void {
  state.connected = true;
  state.subscribedAt = now;
  if (state.frameworkId !== frameworkId) {
    state.frameworkId = frameworkId;
    writes.push({ key: recordKeys.framework, value: { id: frameworkId } });
  }
  // What the master was told before belongs to another subscription; nothing is known to be wanted.
  state.manners = { suppressed: false, wanted: 0 };
  state.wanted = new Set();
  state.releasing.clear();
  state.unknown.clear();
  state.reconciliation = beginReconciliation(liveTaskIds(state), now);
  // All that the master knows of, so that a task is found (and killed) that came back with its
  // agent while nobody was subscribed, after another had taken its place.
  after.push({ type: 'Send', call: { type: 'RECONCILE', reconcile: { tasks: [] } } });
  if (state.uninstalling) state.uninstallSince = now;
}

/**
 * The master has forgotten the framework (its failover time-out passed): so are its tasks; its
 * reservations are not.
 */
function frameworkRemoved(state: State, { writes, after }: Notes, now: number): void {
  state.connected = false;
  state.frameworkId = undefined;
  writes.push({ key: recordKeys.framework, value: null });
  for (const before of [...state.instances.values()]) {
    let instance = before;
    for (const [name, task] of liveTasks(before)) {
      const message = 'the master has forgotten this framework';
      const lost: TaskRecord = { ...task, state: 'TASK_LOST', message, updatedAt: now };
      instance = putInstance(state, writes, withTask(instance, name, lost));
    }
  }
  const needed = !state.uninstalling || holdings(state).length > 0;
  if (needed) after.push({ type: 'SubscribeAnew' });
}

function taskUpdated(
  state: State,
  status: TaskStatus,
  { writes, after }: Notes,
  now: number,
): void {
  const taskId = status.task_id.value;
  const { uuid, agent_id } = status;
  if (uuid !== undefined && agent_id !== undefined) {
    const acknowledge = { agent_id, task_id: status.task_id, uuid };
    after.push({ type: 'Send', call: { type: 'ACKNOWLEDGE', acknowledge } });
  }
  const owner = ownerOf(state, taskId);
  const task = owner?.task;
  const doubtful = task?.runningSince !== undefined && task.kill === undefined;
  if (doubtful && !isOver(task.state) && mayComeBack(state.unknown, status, now)) return;
  state.unknown.delete(taskId);
  if (state.reconciliation) state.reconciliation = heardOf(state.reconciliation, taskId);
  if (owner === undefined || task === undefined || isOver(task.state)) {
    // Nobody's, or given up: it must not run beside the one that took its place.
    if (!isOver(status.state) && status.state !== 'TASK_UNREACHABLE') {
      after.push(killOf(taskId, agent_id?.value));
    }
    return;
  }
  const { instance, name } = owner;
  const spec = ownSpec(state, instance, name)?.task;
  // A paused task has no check, and is never ready.
  const readiness = spec?.readinessCheck !== undefined || task.paused === true;
  const checked = { readiness, leaderExitCode: spec?.readinessCheck?.leaderExitCode };
  putInstance(state, writes, withStatus(instance, name, task, status, checked, now));
}

/** Brings everything in line, and tells the master. */
function settle(state: State, offers: readonly Offer[], writes: Write[], now: number): Effect[] {
  const opened = readOffers(state, offers, writes, now);
  let wakeAt: number | undefined;
  const wake = (at: number): void => {
    wakeAt = Math.min(wakeAt ?? at, at);
  };
  if (!state.uninstalling) applyPolicy(state, writes, now, wake);
  refreshPlans(state, writes, now);
  const effects: Effect[] = [];
  // Without a subscription no call would be heard: everything waits for the next one.
  const idle: Work = { placements: [], kills: [], issues: [] };
  const work = state.connected ? workOf(state, writes, now) : idle;
  if (work.wakeAt !== undefined) wake(work.wakeAt);
  effects.push(...work.issues);
  for (const order of work.kills) effects.push(...kill(state, order, writes, now));
  effects.push(...againKilled(state, writes, now, wake));
  const { effects: answers, waiting } = answerOffers(state, opened, work.placements, writes, now);
  effects.push(...answers);
  if (answers.length > 0 || work.kills.length > 0) refreshPlans(state, writes, now);
  const wanted = new Set([
    ...waiting.map(({ kind, instance }) => `${kind} ${instance}`),
    ...unconfirmed(state, wake),
    ...unreleased(state, now, wake),
  ]);
  effects.push(...tellManners(state, wanted));
  effects.push(...reconcile(state, now, wake));
  if (state.uninstalling) {
    effects.push(...znodesDue(state, now, wake), ...teardownDue(state, now, wake));
  }
  if (wakeAt !== undefined) effects.push({ type: 'WakeAt', at: wakeAt });
  return effects;
}

function refreshPlans(state: State, writes: Write[], now: number): void {
  if (state.uninstalling) {
    refreshUninstalling(state, writes, now);
    return;
  }
  const deploy = state.plans.get('deploy');
  if (deploy === undefined) return;
  refreshSteps(state, deploy, now);
  for (const [name, targeted] of state.plans) {
    if (['deploy', 'recovery', 'decommission'].includes(name)) continue;
    refreshSteps(state, targeted, now);
    if (state.started.has(name) && isComplete(targeted.plan)) {
      putStarted(state, writes, name, undefined);
    }
  }
  beginReplacements(state, deployingFirst(state, deploy), writes);
  const busy = new Set(
    candidates(deploy.plan, replacingAssets(state)).flatMap(({ assets }) => assets),
  );
  refreshDecommission(state, now);
  refreshRecovery(state, busy, givenUp(state), writes, now);
  noteDeployed(state, deploy, writes);
}

/** Instances that have steps of their first deployment to do yet. */
function deployingFirst(state: State, { plan, targets }: TargetedPlan): Set<string> {
  if (state.deployed) return new Set();
  const open = plan.phases.flatMap(({ steps }) =>
    steps.filter(({ status }) => status !== 'COMPLETE'),
  );
  return new Set(open.flatMap(({ id }) => targets.get(id)?.instance ?? []));
}

function noteDeployed(state: State, { plan }: TargetedPlan, writes: Write[]): void {
  if (state.deployed || plan.phases.length === 0 || !isComplete(plan)) return;
  state.deployed = true;
  writes.push({ key: recordKeys.deployed, value: true });
}
