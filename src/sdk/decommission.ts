/** The decommission plan: instances that the target has no place for leave. Pure. */
import { makePhase, makePlan, makeStep } from '../framework/plan.js';
import { uuidOf } from './config.js';
import { assetsOfInstance, type StepTarget, type TargetedPlan } from './deploy.js';
import { anyLive, liveTasks, podOf } from './instances.js';
import { type Instance, type State, targetOf } from './state.js';

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
    else if (target?.kind === 'kill' && !anyLive(instance)) step.status = 'COMPLETE';
    else if (liveTasks(instance).some(([, { kill }]) => kill !== undefined)) {
      step.status = 'PREPARED';
    }
  }
}

function decommissionPlan(leaving: readonly Instance[]): TargetedPlan {
  const targets = new Map<string, StepTarget>();
  const phases = leaving.map((instance) => {
    const { name, pod, index } = instance;
    const id = uuidOf(['decommission', name]);
    const steps = (['kill', 'unreserve'] as const).map((kind) => {
      const stepId = uuidOf([id, kind]);
      targets.set(stepId, { kind, instance: name, pod, index, tasks: [] });
      const assets = assetsOfInstance(instance, undefined);
      return makeStep({ id: stepId, name: `${kind}-${name}`, assets });
    });
    return makePhase({ id, name, strategy: 'serial', steps });
  });
  const plan = makePlan({ name: 'decommission', strategy: 'serial', phases });
  return { plan, targets };
}
