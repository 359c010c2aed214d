/** The recovery plan: one phase per instance that needs tasks of it back. Pure. */
import type { Write } from '../core/store/store.js';
import { candidates, makePhase, makePlan, type PlanPhase } from '../framework/plan.js';
import type { PodSpec, TaskSpec } from '../wire/service-spec.js';
import { peersNamedBy, uuidOf } from './config.js';
import {
  assetOf,
  launchSteps,
  messageOf,
  type StepTarget,
  stepName,
  type TargetedPlan,
} from './deploy.js';
import {
  isCurrent,
  isLive,
  isOver,
  isRenewed,
  leastOf,
  ownSpec,
  type Progress,
  pauseDiffers,
  podOf,
  progressOf,
  withRenewal,
} from './instances.js';
import { missingPeers, peersHashOf } from './peers.js';
import { endReplacement, replaceSteps } from './replacement.js';
import { type Instance, putInstance, type ServiceConfig, type State, targetOf } from './state.js';
import { isWell } from './well.js';

/** The most phases of finished recoveries that are still shown. */
const maxShown = 20;

/** An empty recovery plan. */
export function emptyRecovery(): TargetedPlan {
  const plan = makePlan({ name: 'recovery', strategy: 'parallel', phases: [] });
  return { plan, targets: new Map() };
}

/** A task with the configuration that it is to be made from. */
export interface Recipe {
  readonly config: ServiceConfig;
  readonly pod: PodSpec;
  readonly task: TaskSpec;
}

/**
 * What to bring a task back with: its own configuration, unless the target makes the same task,
 * the instance is a new one, or it does not come up as it was while the deployment is under way:
 * then the new configuration may be what it lacks.
 */
export function recoveryRecipe(state: State, instance: Instance, name: string): Recipe | undefined {
  const target = targetOf(state);
  const pod = podOf(target, instance);
  const task = pod?.tasks.find((spec) => spec.name === name);
  const own = ownSpec(state, instance, name);
  if (target === undefined || pod === undefined || task === undefined) return own;
  const recipe = { config: target, pod, task };
  if (own === undefined || instance.replacing !== undefined) return recipe;
  if (isCurrent(state, instance, target, pod, task)) return recipe;
  const failing = instance.backoffs?.[name] !== undefined;
  return failing && isUnderWay(state, instance) ? recipe : own;
}

/** Whether the deploy plan works on instances of this one's pod now. */
function isUnderWay(state: State, { pod }: Instance): boolean {
  const deploy = state.plans.get('deploy');
  if (deploy === undefined) return false;
  return candidates(deploy.plan).some(({ id }) => deploy.targets.get(id)?.pod === pod);
}

/**
 * Brings the recovery plan up to date. `busy` are the tasks that the deploy plan works on now,
 * `leaving` the instances that are being decommissioned.
 */
export function refreshRecovery(
  state: State,
  busy: ReadonlySet<string>,
  leaving: ReadonlySet<string>,
  writes: Write[],
  now: number,
): void {
  const recovery = state.plans.get('recovery') ?? emptyRecovery();
  const targets = new Map(recovery.targets);
  renewStale(state, busy, leaving, writes);
  let phases = recovery.plan.phases;
  for (const { name } of [...state.instances.values()]) {
    const known = phases.filter(({ steps }) => targets.get(steps[0]?.id ?? '')?.instance === name);
    const others = phases.filter((phase) => !known.includes(phase));
    let kept = leaving.has(name) ? [] : phasesOf(state, name, known, busy, targets, writes);
    const [phase] = kept;
    if (phase !== undefined && !isDone(phase)) {
      const replaced = refreshPhase(state, phase, targets, writes, now);
      // What the replacement did not start is missing from now on.
      if (replaced) kept = phasesOf(state, name, kept, busy, targets, writes);
    }
    phases = [...others, ...kept];
  }
  const alive = phases.filter(({ steps }) =>
    state.instances.has(targets.get(steps[0]?.id ?? '')?.instance ?? ''),
  );
  const shown = alive.length > maxShown ? withoutOldest(alive) : alive;
  const ids = new Set(shown.flatMap(({ steps }) => steps.map(({ id }) => id)));
  for (const id of targets.keys()) if (!ids.has(id)) targets.delete(id);
  state.plans.set('recovery', { plan: { ...recovery.plan, phases: shown }, targets });
}

const isDone = ({ steps }: PlanPhase): boolean =>
  steps.every(({ status }) => status === 'COMPLETE');

/** The phase of an instance, made where one is needed; at most one is kept. */
function phasesOf(
  state: State,
  name: string,
  known: readonly PlanPhase[],
  busy: ReadonlySet<string>,
  targets: Map<string, StepTarget>,
  writes: Write[],
): PlanPhase[] {
  let instance = state.instances.get(name);
  if (instance === undefined) return [];
  const open = known.find((phase) => !isDone(phase));
  if (instance.replacing !== undefined) {
    const permanent = permanentName(instance);
    if (open?.name === permanent && !startsAnew(instance, open)) return [open];
    const made = permanentPhase(state, instance, permanent, targets);
    return made === undefined ? [] : [made];
  }
  const planned = open?.steps.flatMap(({ id }) => targets.get(id)?.tasks ?? []) ?? [];
  const taken = planned.some((task) => busy.has(assetOf(name, task)));
  const lost = lostTasks(state, instance).filter((task) => !busy.has(assetOf(name, task)));
  if (open !== undefined && !taken && lost.every((task) => planned.includes(task))) return [open];
  if (lost.length === 0) return taken ? [] : [...known].slice(-1);
  const together = [...new Set([...lost, ...(taken ? [] : planned)])];
  const live = together.filter((task) => isLive(instance?.tasks[task]));
  const renewed = live.filter((task) => !needsTask(instance as Instance, task));
  if (renewed.length > 0) {
    instance = putInstance(state, writes, withRenewal(instance, renewed));
  }
  const pod = ownSpec(state, instance, lost[0] ?? '')?.pod;
  if (pod === undefined) return [];
  return [recoveryPhase(state, instance, pod, inOrder(pod, together), targets)];
}

function inOrder(pod: PodSpec, tasks: readonly string[]): string[] {
  return pod.tasks.map(({ name }) => name).filter((name) => tasks.includes(name));
}

/** A replaced instance was given up again: its phase begins anew. */
function startsAnew({ permanentlyFailed }: Instance, { steps }: PlanPhase): boolean {
  return permanentlyFailed && steps.some(({ status }) => status === 'COMPLETE');
}

function permanentName({ name }: Instance): string {
  return `permanent-${name}-failure-recovery`;
}

function permanentPhase(
  state: State,
  instance: Instance,
  name: string,
  targets: Map<string, StepTarget>,
): PlanPhase | undefined {
  const target = targetOf(state);
  const pod = podOf(target, instance);
  if (target === undefined || pod === undefined) return undefined;
  const wanted = replaceSteps(target, pod, instance).map((tasks) => {
    return { index: instance.index, tasks };
  });
  const id = uuidOf(['recovery', name, state.random.uuid()]);
  const steps = launchSteps(id, pod, wanted, targets);
  return makePhase({ id, name, strategy: 'serial', steps });
}

function recoveryPhase(
  state: State,
  instance: Instance,
  pod: PodSpec,
  tasks: readonly string[],
  targets: Map<string, StepTarget>,
): PlanPhase {
  const name = stepName(instance.name, tasks);
  const id = uuidOf(['recovery', name, state.random.uuid()]);
  const steps = launchSteps(id, pod, [{ index: instance.index, tasks }], targets);
  return makePhase({ id, name, strategy: 'serial', steps });
}

/** Brings one phase up to date; `true`: a replacement whose last step is done is over. */
function refreshPhase(
  state: State,
  phase: PlanPhase,
  targets: ReadonlyMap<string, StepTarget>,
  writes: Write[],
  now: number,
): boolean {
  for (const step of phase.steps) {
    const target = targets.get(step.id);
    const instance = state.instances.get(target?.instance ?? '');
    if (target === undefined || instance === undefined) continue;
    const permanent = instance.replacing !== undefined;
    // What happens to a task after its step is another recovery's business.
    if (step.status === 'COMPLETE' && permanent) continue;
    const progress = recoveryProgress(state, instance, target, now);
    step.status = progress.status;
    step.message = messageOf(state, step, instance.name, progress);
  }
  const instance = state.instances.get(targets.get(phase.steps[0]?.id ?? '')?.instance ?? '');
  if (instance?.replacing === undefined || instance.permanentlyFailed) return false;
  if (!isDone(phase)) return false;
  endReplacement(state, instance, writes);
  return true;
}

function recoveryProgress(
  state: State,
  instance: Instance,
  { tasks }: StepTarget,
  now: number,
): Progress {
  return leastOf(
    tasks.flatMap((name) => {
      const made = recoveryRecipe(state, instance, name);
      if (made === undefined) return [];
      const { config, pod, task } = made;
      return [{ task: name, ...progressOf(state, instance, config, pod, task, now) }];
    }),
  );
}

function withoutOldest(phases: readonly PlanPhase[]): PlanPhase[] {
  let surplus = phases.length - maxShown;
  return phases.filter((phase) => {
    if (isDone(phase) && surplus > 0) surplus -= 1;
    else return true;
    return false;
  });
}

/**
 * Tasks that are kept running and do not: an essential one that ended by itself takes all others
 * of its instance along.
 */
function lostTasks(state: State, instance: Instance): string[] {
  const kept = Object.keys(instance.tasks).filter(
    (name) => ownSpec(state, instance, name)?.task.goal === 'RUNNING',
  );
  const lost = kept.filter((name) => needsTask(instance, name));
  const whole = lost.some((name) => {
    const task = instance.tasks[name];
    const essential = ownSpec(state, instance, name)?.task.essential ?? true;
    return essential && task !== undefined && isOver(task.state) && task.kill === undefined;
  });
  return whole ? kept : lost;
}

/** Whether a task that is kept running has to be launched (again). */
function needsTask(instance: Instance, name: string): boolean {
  const task = instance.tasks[name];
  if (task === undefined) return false;
  if (instance.permanentlyFailed || task.kill !== undefined) return true;
  if (task.state === 'TASK_UNREACHABLE' || pauseDiffers(instance, name)) return true;
  return !isLive(task) || isRenewed(instance, name);
}

/**
 * Has the instance, if any, start again whose config files name addresses that have changed since
 * (a peer was replaced). One at a time, and only while all of its kind are well, so that a quorum
 * keeps its majority.
 */
function renewStale(
  state: State,
  busy: ReadonlySet<string>,
  leaving: ReadonlySet<string>,
  writes: Write[],
): void {
  const config = targetOf(state);
  if (config === undefined || busy.size > 0) return;
  for (const pod of config.spec.pods) {
    const naming = pod.tasks.filter(
      (task) => task.goal === 'RUNNING' && peersNamedBy(config, task).size > 0,
    );
    if (naming.length === 0) continue;
    const instances = [...state.instances.values()].filter(({ pod: type }) => type === pod.type);
    if (!instances.every((instance) => isWell(state, instance))) continue;
    if (missingPeers(state, config, pod).length > 0) continue;
    const due = instances.find((instance) => {
      const stale = leaving.has(instance.name) ? [] : staleTasks(state, config, naming, instance);
      if (stale.length > 0) putInstance(state, writes, withRenewal(instance, stale));
      return stale.length > 0;
    });
    if (due !== undefined) return;
  }
}

function staleTasks(
  state: State,
  config: ServiceConfig,
  naming: readonly TaskSpec[],
  { tasks }: Instance,
): string[] {
  return naming
    .filter((task) => {
      const record = tasks[task.name];
      const other = record?.peersHash !== peersHashOf(state, config, task);
      return record?.state === 'TASK_RUNNING' && record.configId === config.id && other;
    })
    .map(({ name }) => name);
}
