/**
 * The recovery plan (one phase per instance that needs its task back) and the decommission plan
 * (instances that leave). Pure.
 */
import { makePhase, makePlan, makeStep, type PlanPhase } from '../framework/plan.js';
import type { PodSpec } from '../wire/service-spec.js';
import { peersNamedBy, specHashOf, uuidOf } from './config.js';
import { type StepKind, type StepTarget, type TargetedPlan, waitingText } from './deploy.js';
import { isLive, ownConfig, pauseDiffers, podOf, progressOf } from './instances.js';
import { missingPeers, peersHashOf } from './launch.js';
import { type Instance, type ServiceConfig, type State, targetOf } from './state.js';

/** The most phases of finished recoveries that are still shown. */
const maxShown = 20;

/** An empty recovery plan. */
export function emptyRecovery(): TargetedPlan {
  const plan = makePlan({ name: 'recovery', strategy: 'parallel', phases: [] });
  return { plan, targets: new Map() };
}

/**
 * The configuration and pod to bring an instance back with: its own, unless the target makes the
 * same task.
 */
export function recoveryConfig(
  state: State,
  instance: Instance,
): { readonly config: ServiceConfig; readonly pod: PodSpec } | undefined {
  const target = targetOf(state);
  const wanted = podOf(target, instance);
  if (target && wanted && instance.task?.specHash === specHashOf(target, wanted)) {
    return { config: target, pod: wanted };
  }
  const own = ownConfig(state, instance);
  const pod = podOf(own, instance);
  return own && pod ? { config: own, pod } : undefined;
}

/**
 * Brings the recovery plan up to date. `busy` are instances that the deploy plan works on now,
 * `leaving` those that
 * are being decommissioned.
 */
export function refreshRecovery(
  state: State,
  busy: ReadonlySet<string>,
  leaving: ReadonlySet<string>,
  now: number,
): void {
  const recovery = state.plans.get('recovery') ?? emptyRecovery();
  const targets = new Map(recovery.targets);
  let phases = recovery.plan.phases;
  const stale = staleInstance(state, busy, leaving);
  for (const instance of state.instances.values()) {
    if (busy.has(instance.name) || leaving.has(instance.name)) {
      phases = phases.filter(({ steps }) => steps[0]?.asset !== instance.name);
      continue;
    }
    const made = recoveryConfig(state, instance);
    if (made === undefined || instance.task === undefined) continue;
    const progress = progressOf(instance, made.config, made.pod, now);
    const outOfDate = instance.name === stale;
    const existing = phases.find(({ steps }) => steps[0]?.asset === instance.name);
    const open = existing?.steps[0]?.status !== 'COMPLETE' ? existing : undefined;
    if (open === undefined) {
      if (!outOfDate && !needsTask(instance, made.pod)) continue;
      phases = phases.filter((phase) => phase !== existing);
      phases.push(recoveryPhase(state, instance, made.pod, targets));
    }
    const step = phases.find(({ steps }) => steps[0]?.asset === instance.name)?.steps[0];
    if (step === undefined) continue;
    step.status = outOfDate ? 'PENDING' : progress.status;
    step.message = outOfDate
      ? 'is to learn the new addresses of its peers'
      : progress.message || waitingText(state, instance.name, progress);
    if (outOfDate) state.restarts.set(step.id, instance.task.id);
    else if (progress.status === 'COMPLETE') state.restarts.delete(step.id);
  }
  const kept = phases.filter(({ steps }) => state.instances.has(steps[0]?.asset ?? ''));
  const shown = kept.length > maxShown ? withoutOldest(kept) : kept;
  state.plans.set('recovery', { plan: { ...recovery.plan, phases: shown }, targets });
}

function withoutOldest(phases: readonly PlanPhase[]): PlanPhase[] {
  let surplus = phases.length - maxShown;
  return phases.filter((phase) => {
    const done = phase.steps[0]?.status === 'COMPLETE';
    if (done && surplus > 0) surplus -= 1;
    else return true;
    return false;
  });
}

function needsTask(instance: Instance, pod: PodSpec): boolean {
  const { task } = instance;
  if (task === undefined) return false;
  if (instance.permanentlyFailed || task.kill !== undefined) return true;
  if (task.state === 'TASK_UNREACHABLE' || pauseDiffers(instance)) return true;
  if (isLive(task)) return false;
  return pod.task.goal === 'RUNNING' || task.state !== 'TASK_FINISHED';
}

/**
 * The instance, if any, whose config files name addresses that have changed since (a peer was
 * replaced). One at a time, and only while all of its kind are well, so that a quorum keeps its
 * majority.
 */
function staleInstance(
  state: State,
  busy: ReadonlySet<string>,
  leaving: ReadonlySet<string>,
): string | undefined {
  const config = targetOf(state);
  if (config === undefined || busy.size > 0) return undefined;
  for (const pod of config.spec.pods) {
    if (peersNamedBy(config, pod).size === 0) continue;
    const instances = [...state.instances.values()].filter(({ pod: type }) => type === pod.type);
    const well = instances.every(
      ({ task }) => task?.state === 'TASK_RUNNING' && task.ready && task.kill === undefined,
    );
    if (!well || missingPeers(state, config, pod).length > 0) continue;
    const hash = peersHashOf(state, config, pod);
    const stale = instances.find(
      ({ name, task }) =>
        !leaving.has(name) && task?.peersHash !== hash && task?.configId === config.id,
    );
    if (stale !== undefined) return stale.name;
  }
  return undefined;
}

function recoveryPhase(
  state: State,
  instance: Instance,
  pod: PodSpec,
  targets: Map<string, StepTarget>,
): PlanPhase {
  const name = `${instance.name}:[${pod.task.name}]`;
  const id = uuidOf(['recovery', name, state.random.uuid()]);
  const stepId = uuidOf([id, 'step']);
  targets.set(stepId, targetOfInstance('launch', instance));
  return makePhase({
    id,
    name,
    strategy: 'serial',
    steps: [makeStep({ id: stepId, name, asset: instance.name })],
  });
}

function targetOfInstance(kind: StepKind, { name, pod, index }: Instance): StepTarget {
  return { kind, instance: name, pod, index };
}

/** Instances that the target configuration has no place for, the highest index first. */
export function leavingInstances(state: State): Instance[] {
  const target = targetOf(state);
  if (target === undefined) return [];
  return [...state.instances.values()]
    .filter((instance) => podOf(target, instance) === undefined)
    .sort((a, b) => (a.pod === b.pod ? b.index - a.index : a.pod < b.pod ? -1 : 1));
}

/**
 * Makes the decommission plan when instances have to leave, brings it up to date, and drops it
 * when they have left.
 */
export function refreshDecommission(state: State): void {
  const leaving = leavingInstances(state);
  const known = state.plans.get('decommission');
  if (leaving.length === 0) {
    state.plans.delete('decommission');
    return;
  }
  const planned = new Set(known?.plan.phases.map(({ name }) => name));
  if (known === undefined || leaving.some(({ name }) => !planned.has(name))) {
    state.plans.set('decommission', decommissionPlan(leaving));
  }
  const { plan, targets } = state.plans.get('decommission') ?? decommissionPlan(leaving);
  for (const step of plan.phases.flatMap((phase) => phase.steps)) {
    const target = targets.get(step.id);
    const instance = state.instances.get(target?.instance ?? '');
    if (step.status === 'COMPLETE') continue;
    if (instance === undefined) step.status = 'COMPLETE';
    else if (target?.kind === 'kill' && !isLive(instance.task)) step.status = 'COMPLETE';
    else if (instance.task?.kill !== undefined) step.status = 'PREPARED';
  }
}

function decommissionPlan(leaving: readonly Instance[]): TargetedPlan {
  const targets = new Map<string, StepTarget>();
  const phases = leaving.map((instance) => {
    const id = uuidOf(['decommission', instance.name]);
    const steps = (['kill', 'unreserve'] as const).map((kind) => {
      const stepId = uuidOf([id, kind]);
      targets.set(stepId, targetOfInstance(kind, instance));
      return makeStep({ id: stepId, name: `${kind}-${instance.name}`, asset: instance.name });
    });
    return makePhase({ id, name: instance.name, strategy: 'serial', steps });
  });
  const plan = makePlan({ name: 'decommission', strategy: 'serial', phases });
  return { plan, targets };
}
