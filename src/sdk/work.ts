/** From plans to work: which tasks to stop, what to place, what to give up. Pure. */
import type { Write } from '../core/store/store.js';
import { remainingMs } from '../framework/backoff.js';
import { candidates, type PlanStep } from '../framework/plan.js';
import { leavingRecipe } from './decommission.js';
import { assetsOfInstance, type StepTarget } from './deploy.js';
import type { Effect } from './events.js';
import {
  anyLive,
  isCurrent,
  isLive,
  isRenewed,
  isSticky,
  liveTasks,
  pauseDiffers,
  podOf,
  progressOf,
} from './instances.js';
import { awaitKeys } from './keys.js';
import type { Launch } from './launch.js';
import type { Placement } from './offers.js';
import { unconfirmedMs } from './parts.js';
import { recoveryRecipe } from './recovery.js';
import {
  dropInstance,
  type Instance,
  type KillReason,
  putInstance,
  type State,
  type TaskRecord,
  targetOf,
  withoutReservation,
} from './state.js';
import { heldBack } from './well.js';

/** A task that is to be stopped. */
export interface KillOrder {
  readonly instance: string;
  readonly task: string;
  readonly reason: KillReason;
}

/** What is to be done now. */
export interface Work {
  readonly placements: Placement[];
  readonly kills: KillOrder[];
  /** Key material to be made. */
  readonly issues: Effect[];
  /** When something becomes due by time alone, ms since 1970; absent for nothing. */
  wakeAt?: number;
}

/** What workers share. */
interface Site {
  readonly state: State;
  readonly work: Work;
  readonly writes: Write[];
  readonly now: number;
}

/** Priority among plans that want the same instance (reference/sdk.md §3). */
export function planOrder(state: State): string[] {
  const first = ['deploy', 'recovery', 'decommission'];
  return [...first, ...[...state.plans.keys()].filter((name) => !first.includes(name))];
}

/**
 * What the deploy plan keeps its hands off: instances that are being replaced come back by the
 * recovery plan, which knows how.
 */
export function replacingAssets(state: State): Set<string> {
  const replaced = [...state.instances.values()].filter(({ replacing }) => replacing !== undefined);
  const target = targetOf(state);
  return new Set(
    replaced.flatMap((instance) => assetsOfInstance(instance, podOf(target, instance))),
  );
}

/** The work of all plans. Changes instances that have to give up what they had. */
export function workOf(state: State, writes: Write[], now: number): Work {
  const work: Work = { placements: [], kills: [], issues: [] };
  const site: Site = { state, work, writes, now };
  const dirty = new Set<string>();
  state.holding.clear();
  for (const name of planOrder(state)) {
    const targeted = state.plans.get(name);
    if (targeted === undefined) continue;
    const hands = name === 'deploy' ? replacingAssets(state) : dirty;
    for (const step of candidates(targeted.plan, hands)) {
      const target = targeted.targets.get(step.id);
      // Two steps of one plan may name one task, each in its turn.
      if (target === undefined || step.assets.some((asset) => dirty.has(asset))) continue;
      for (const asset of step.assets) dirty.add(asset);
      const phase = targeted.plan.phases.find(({ steps }) => steps.includes(step));
      const parallel = phase?.strategy.startsWith('parallel') ?? false;
      workOfStep(site, { plan: name, step, target, parallel });
    }
  }
  return work;
}

/** A step that may be worked on. */
interface Turn {
  readonly plan: string;
  readonly step: PlanStep;
  readonly target: StepTarget;
  /** Its phase asks for all at once. */
  readonly parallel: boolean;
}

function workOfStep(site: Site, turn: Turn): void {
  const { state, writes } = site;
  const { target } = turn;
  const instance = state.instances.get(target.instance);
  switch (target.kind) {
    case 'kill':
      if (instance !== undefined) workOfKill(site, turn, instance);
      break;
    case 'unreserve':
      if (instance) dropInstance(state, writes, withoutReservation(state, writes, instance).name);
      break;
    case 'reserve':
      workOfReserve(site, target, instance);
      break;
    case 'launch': {
      const launches = launchesOf(site, turn, instance);
      if (launches.length > 0) workOfLaunch(site, turn, instance, launches);
    }
  }
  const made = state.instances.get(target.instance)?.reservation;
  if (made?.confirmed === false) wake(site, made.madeAt + unconfirmedMs);
}

function wake({ work }: Site, at: number): void {
  work.wakeAt = Math.min(work.wakeAt ?? at, at);
}

function workOfKill(site: Site, { step }: Turn, instance: Instance): void {
  const { state, work } = site;
  const waits = anyLive(instance) && !state.uninstalling;
  const held = waits ? heldBack(state, instance, stopping(work)) : undefined;
  if (held !== undefined) {
    holdBack(state, step, held);
    return;
  }
  for (const [task, { kill }] of liveTasks(instance)) {
    if (kill === undefined) {
      work.kills.push({ instance: instance.name, task, reason: 'decommission' });
    }
  }
}

/** Says why a step is not further, until the next look at all of them. */
function holdBack(state: State, step: PlanStep, reason: string): void {
  state.holding.set(step.id, reason);
  step.message = reason;
}

function stopping({ kills }: Work): Set<string> {
  return new Set(kills.map(({ instance }) => instance));
}

function workOfReserve(site: Site, target: StepTarget, before: Instance | undefined): void {
  const { state, work, writes, now } = site;
  const config = targetOf(state);
  const pod = config?.spec.pods.find(({ type }) => type === target.pod);
  if (config === undefined || pod === undefined) return;
  const instance = before && withoutPhantom(state, writes, before, now);
  if (instance?.reservation !== undefined) return;
  work.placements.push({ kind: 'reserve', instance: target.instance, config, pod, launches: [] });
}

/** The tasks of a step that are not as they shall be, with what to make them from. */
function launchesOf(site: Site, { plan, target }: Turn, instance: Instance | undefined): Launch[] {
  const { state, now } = site;
  const variables = state.started.get(plan) ?? {};
  return target.tasks.flatMap((name): Launch[] => {
    const made = recipeFor(state, plan, target, instance, name);
    if (made === undefined) return [];
    const { config, pod, task } = made;
    const { status } = progressOf(state, instance, config, pod, task, now);
    return status === 'COMPLETE' ? [] : [{ config, pod, task, variables }];
  });
}

function recipeFor(
  state: State,
  plan: string,
  target: StepTarget,
  instance: Instance | undefined,
  name: string,
) {
  if (plan === 'recovery' && instance !== undefined) return recoveryRecipe(state, instance, name);
  const leaving = plan === 'decommission' && instance ? leavingRecipe(state, instance) : undefined;
  const config = leaving?.config ?? targetOf(state);
  const pod = leaving?.pod ?? config?.spec.pods.find(({ type }) => type === target.pod);
  const task = pod?.tasks.find((spec) => spec.name === name);
  return config && pod && task ? { config, pod, task } : undefined;
}

function workOfLaunch(
  site: Site,
  turn: Turn,
  before: Instance | undefined,
  wanted: readonly Launch[],
): void {
  const { state, work, writes, now } = site;
  let instance = before;
  let launches = wanted;
  if (instance !== undefined) {
    instance = cleared(site, turn, instance, launches);
    if (instance === undefined) return;
    launches = launches.filter(({ task }) => !isLive(instance?.tasks[task.name]));
    instance = withoutPhantom(state, writes, instance, now);
    const waits = launches.map(({ task }) => remainingMs(instance?.backoffs?.[task.name], now));
    const waitMs = Math.max(0, ...waits);
    if (waitMs > 0) {
      wake(site, now + waitMs);
      return;
    }
    const owner = ownerOfSets(instance, launches);
    if (owner !== undefined) {
      holdBack(state, turn.step, owner);
      return;
    }
  }
  const [first] = launches;
  if (first === undefined) return;
  if (lacksKeys(site, turn, instance, launches)) return;
  const { config, pod } = first;
  const placement: Placement = {
    kind: 'launch',
    instance: turn.target.instance,
    config,
    pod,
    launches,
  };
  work.placements.push(placement);
}

/**
 * Whether a task waits for its key material. A certificate names where the task runs, so that an
 * instance without a place gets one first.
 */
function lacksKeys(
  site: Site,
  { step, target }: Turn,
  instance: Instance | undefined,
  launches: readonly Launch[],
): boolean {
  const { state, work, now } = site;
  const [first] = launches;
  if (first === undefined || launches.every(({ task }) => task.tls === undefined)) return false;
  if (instance?.reservation === undefined) {
    const { config, pod } = first;
    work.placements.push({ kind: 'reserve', instance: target.instance, config, pod, launches: [] });
    return true;
  }
  const tasks = launches.map(({ task }) => task);
  const awaited = awaitKeys(state, instance, tasks, now);
  if (awaited === undefined) return false;
  work.issues.push(...awaited.effects);
  holdBack(state, step, awaited.reason);
  wake(site, awaited.againAt);
  return true;
}

/**
 * Makes room for `launches`: what still runs of them, and of an instance that is given up, is
 * stopped. `undefined` as long as something has to end first.
 */
function cleared(
  site: Site,
  turn: Turn,
  before: Instance,
  launches: readonly Launch[],
): Instance | undefined {
  const { state, work, writes } = site;
  let instance = before;
  const unreachable = liveTasks(instance).filter(([, task]) => task.state === 'TASK_UNREACHABLE');
  if (unreachable.length > 0) {
    if (!instance.permanentlyFailed && isSticky(instance)) return undefined;
    instance = abandoned(state, writes, instance);
  }
  if (instance.permanentlyFailed) {
    const live = liveTasks(instance);
    for (const [task, { kill }] of live) {
      if (kill === undefined) work.kills.push({ instance: instance.name, task, reason: 'replace' });
    }
    return live.length > 0 ? undefined : renewed(state, writes, instance);
  }
  const ending = launches.filter(
    (launch) =>
      isLive(instance.tasks[launch.task.name]) &&
      reasonToStop(state, instance, launch) !== undefined,
  );
  if (ending.length === 0) return instance;
  stopForLaunch(site, turn, instance, ending);
  return undefined;
}

/** Stops tasks that have to make way for their next run, unless a peer's trouble forbids it. */
function stopForLaunch(
  { state, work }: Site,
  turn: Turn,
  instance: Instance,
  running: readonly Launch[],
): void {
  const due = running.flatMap((launch) => {
    const { name } = launch.task;
    const reason = reasonToStop(state, instance, launch);
    if (reason === undefined || instance.tasks[name]?.kill !== undefined) return [];
    return [{ instance: instance.name, task: name, reason }];
  });
  const byPlan = due.some(({ reason }) => reason === 'update') && !turn.parallel;
  const held = byPlan ? heldBack(state, instance, stopping(work)) : undefined;
  if (held === undefined) work.kills.push(...due);
  else holdBack(state, turn.step, `${held}; 'plan force-restart' does not wait`);
}

function reasonToStop(state: State, instance: Instance, launch: Launch): KillReason | undefined {
  const { config, pod, task } = launch;
  const kill = instance.tasks[task.name]?.kill;
  if (kill !== undefined) return kill.reason;
  if (pauseDiffers(instance, task.name)) {
    return instance.paused?.includes(task.name) ? 'pause' : 'resume';
  }
  if (isRenewed(instance, task.name)) return 'restart';
  return isCurrent(state, instance, config, pod, task) ? undefined : 'update';
}

/** Who still owns a resource set that one of `launches` needs. */
function ownerOfSets(instance: Instance, launches: readonly Launch[]): string | undefined {
  for (const { pod, task } of launches) {
    const owner = pod.tasks.find(
      ({ name, resourceSet }) =>
        name !== task.name && resourceSet === task.resourceSet && isLive(instance.tasks[name]),
    );
    if (owner === undefined) continue;
    return `waits until ${instance.name}-${owner.name} ends, which owns '${task.resourceSet}'`;
  }
  return undefined;
}

/** Gives tasks up whose agent is cut off: should they come back, they are killed. */
function abandoned(state: State, writes: Write[], instance: Instance): Instance {
  const message = 'given up: its agent was unreachable';
  const tasks = Object.entries(instance.tasks).map(([name, task]): [string, TaskRecord] => {
    if (!isLive(task)) return [name, task];
    const { kill: _kill, ...rest } = task;
    return [name, { ...rest, state: 'TASK_LOST', message }];
  });
  const given: Instance = {
    ...instance,
    permanentlyFailed: true,
    tasks: Object.fromEntries(tasks),
  };
  return putInstance(state, writes, given);
}

/**
 * An instance that starts anew elsewhere: what it held is given back when its agent is offered. In
 * its first deployment it has lost what it had done so far, and begins from the first step.
 */
function renewed(state: State, writes: Write[], instance: Instance): Instance {
  const bare = withoutReservation(state, writes, instance);
  const fresh = isSticky(instance) && instance.replacing === undefined;
  if (fresh) {
    const deploy = state.plans.get('deploy');
    for (const step of deploy?.plan.phases.flatMap(({ steps }) => steps) ?? []) {
      if (deploy?.targets.get(step.id)?.instance === instance.name) step.status = 'PENDING';
    }
  }
  const tasks = fresh ? {} : bare.tasks;
  return putInstance(state, writes, { ...bare, tasks, permanentlyFailed: false });
}

/**
 * Forgets a reservation whose ACCEPT came to nothing. Should it turn up after all, it is nobody's
 * and is given back.
 */
function withoutPhantom(state: State, writes: Write[], instance: Instance, now: number): Instance {
  const { reservation, ...rest } = instance;
  if (reservation === undefined || reservation.confirmed) return instance;
  const tasks = Object.values(instance.tasks);
  // A task that was launched with it and has ended without ever starting there.
  const refused = tasks.some((task) => !isLive(task) && task.updatedAt > reservation.madeAt);
  if (!refused && now < reservation.madeAt + unconfirmedMs) return instance;
  if (tasks.some((task) => isLive(task))) return instance;
  return putInstance(state, writes, rest);
}
