/**
 * The decommission plan: instances that the target has no place for leave, after the steps that
 * the spec's plan `decommission` has for them. Pure.
 */
import { makePhase, makePlan, makeStep, type PlanStep } from '../framework/plan.js';
import { type PodSpec, stepsOfPhase } from '../wire/service-spec.js';
import { uuidOf } from './config.js';
import {
  assetsOfInstance,
  launchProgress,
  launchSteps,
  messageOf,
  type StepTarget,
  type TargetedPlan,
} from './deploy.js';
import { anyLive, liveTasks, podOf } from './instances.js';
import { type Instance, type ServiceConfig, type State, targetOf } from './state.js';

/** Instances that the target configuration has no place for, the highest index first. */
export function leavingInstances(state: State): Instance[] {
  const target = targetOf(state);
  if (target === undefined) return [];
  return [...state.instances.values()]
    .filter((instance) => podOf(target, instance) === undefined)
    .sort((a, b) => (a.pod === b.pod ? b.index - a.index : a.pod < b.pod ? -1 : 1));
}

/**
 * Instances that are not kept alive any more: they leave, and have done what comes before. Until
 * then they are needed, since data can only be moved away by what runs.
 */
export function givenUp(state: State): Set<string> {
  const decommission = state.plans.get('decommission');
  const waiting = new Set(
    (decommission?.plan.phases ?? [])
      .flatMap(({ steps }) => steps)
      .filter(({ id, status }) => {
        return decommission?.targets.get(id)?.kind === 'launch' && status !== 'COMPLETE';
      })
      .map(({ id }) => decommission?.targets.get(id)?.instance),
  );
  const leaving = leavingInstances(state).map(({ name }) => name);
  return new Set(leaving.filter((name) => !waiting.has(name)));
}

/** What the tasks of a leaving instance are made from: the target where it knows the pod. */
export function leavingRecipe(
  state: State,
  instance: Instance,
): { readonly config: ServiceConfig; readonly pod: PodSpec } | undefined {
  const ids = Object.values(instance.tasks).map(({ configId }) => configId);
  const configs = [targetOf(state), ...ids.map((id) => state.configs.get(id))];
  for (const config of configs) {
    const pod = config?.spec.pods.find(({ type }) => type === instance.pod);
    if (config !== undefined && pod !== undefined) return { config, pod };
  }
  return undefined;
}

/**
 * Makes the decommission plan when instances have to leave, brings it up to date, and drops it
 * when they have left.
 */
export function refreshDecommission(state: State, now: number): void {
  const leaving = leavingInstances(state);
  const known = state.plans.get('decommission');
  if (leaving.length === 0) {
    state.plans.delete('decommission');
    return;
  }
  const planned = new Set(known?.plan.phases.map(({ name }) => name));
  if (known === undefined || leaving.some(({ name }) => !planned.has(name))) {
    state.plans.set('decommission', decommissionPlan(state, leaving));
  }
  const { plan, targets } = state.plans.get('decommission') ?? decommissionPlan(state, leaving);
  for (const { steps } of plan.phases) {
    for (const step of steps) {
      const target = targets.get(step.id);
      if (step.status === 'COMPLETE' || target === undefined) continue;
      const instance = state.instances.get(target.instance);
      if (instance === undefined) step.status = 'COMPLETE';
      else if (target.kind === 'launch') refreshLaunch(state, step, target, instance, now);
      else refreshKill(state, step, target, instance);
      // That nothing runs at the moment counts only once it is its turn to be stopped.
      if (step.status !== 'COMPLETE') break;
    }
  }
}

function refreshLaunch(
  state: State,
  step: PlanStep,
  target: StepTarget,
  instance: Instance,
  now: number,
): void {
  const made = leavingRecipe(state, instance);
  // Nothing is known any more that could be run.
  if (made === undefined) {
    step.status = 'COMPLETE';
    return;
  }
  const progress = launchProgress(state, made.config, made.pod, target, now);
  step.status = progress.status;
  step.message = messageOf(state, step, instance.name, progress);
}

function refreshKill(state: State, step: PlanStep, { kind }: StepTarget, instance: Instance): void {
  step.message = state.holding.get(step.id) ?? '';
  if (kind === 'kill' && !anyLive(instance)) step.status = 'COMPLETE';
  else if (liveTasks(instance).some(([, { kill }]) => kill !== undefined)) {
    step.status = 'PREPARED';
  }
}

function decommissionPlan(state: State, leaving: readonly Instance[]): TargetedPlan {
  const targets = new Map<string, StepTarget>();
  const phases = leaving.map((instance) => {
    const { name, pod, index } = instance;
    const id = uuidOf(['decommission', name]);
    const before = launchesBefore(state, instance, id, targets);
    const steps = (['kill', 'unreserve'] as const).map((kind) => {
      const stepId = uuidOf([id, kind]);
      targets.set(stepId, { kind, instance: name, pod, index, tasks: [] });
      const assets = assetsOfInstance(instance, undefined);
      return makeStep({ id: stepId, name: `${kind}-${name}`, assets });
    });
    return makePhase({ id, name, strategy: 'serial', steps: [...before, ...steps] });
  });
  const plan = makePlan({ name: 'decommission', strategy: 'serial', phases });
  return { plan, targets };
}

/** What the spec has the instance do before it is stopped. */
function launchesBefore(
  state: State,
  instance: Instance,
  phaseId: string,
  targets: Map<string, StepTarget>,
): PlanStep[] {
  const made = leavingRecipe(state, instance);
  // An instance of which nothing ever ran has nothing to move away.
  if (made === undefined || Object.keys(instance.tasks).length === 0) return [];
  const { config, pod } = made;
  const plan = config.spec.plans.find(({ name }) => name === 'decommission');
  const wanted = (plan?.phases ?? [])
    .filter((phase) => phase.pod === pod.type)
    .flatMap((phase) => stepsOfPhase(pod, phase, Math.max(pod.count, instance.index + 1)))
    .filter(({ index }) => index === instance.index);
  return launchSteps(phaseId, pod, wanted, targets);
}
