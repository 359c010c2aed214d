/**
 * The deploy plan and the spec's own plans: built from the target configuration, refreshed from
 * what instances do. Pure.
 */
import {
  makePhase,
  makePlan,
  makeStep,
  type Plan,
  type PlanPhase,
  type PlanStep,
} from '../framework/plan.js';
import type { PhaseSpec, PlanSpec, PodSpec } from '../wire/service-spec.js';
import { namedIndices, peersNamedBy, uuidOf } from './config.js';
import { instanceName, isLive, type Progress, progressOf } from './instances.js';
import { type ServiceConfig, type State, targetOf } from './state.js';

/** What a step does with its instance. */
export type StepKind = 'reserve' | 'launch' | 'kill' | 'unreserve';

/** What a step is about, by its id; a plan itself knows names only. */
export interface StepTarget {
  readonly kind: StepKind;
  readonly instance: string;
  readonly pod: string;
  readonly index: number;
}

/** A plan with what each of its steps does. */
export interface TargetedPlan {
  readonly plan: Plan;
  readonly targets: ReadonlyMap<string, StepTarget>;
}

/**
 * The plan named `name`: the one of the spec, or the default, serial over pods and their
 * instances.
 */
export function planOf(config: ServiceConfig, name: string, shownAs: string): TargetedPlan {
  const spec = config.spec.plans.find((plan) => plan.name === name);
  const draft: PlanSpec = spec ?? {
    name,
    strategy: 'serial',
    phases: config.spec.pods.map(({ type }) => ({ name: type, pod: type, strategy: 'serial' })),
  };
  const targets = new Map<string, StepTarget>();
  const phases = draft.phases.map((phase) => launchPhase(config, draft.name, phase, targets));
  // Whoever is named in another's configuration needs an address before anybody starts.
  const reserving = reservePhases(config, targets);
  const started = ['deploy', 'update'].includes(name);
  if (reserving.length === 0 || draft.strategy === 'serial') {
    const plan = makePlan({
      name: shownAs,
      strategy: draft.strategy,
      phases: [...reserving, ...phases],
      interrupted: !started,
    });
    return { plan, targets };
  }
  const after = reserving.map((phase) => phase.name);
  const plan = makePlan({
    name: shownAs,
    strategy: 'dependency',
    phases: [...reserving, ...phases.map((phase) => ({ ...phase, after }))],
    interrupted: !started,
  });
  return { plan, targets };
}

function reservePhases(config: ServiceConfig, targets: Map<string, StepTarget>): PlanPhase[] {
  const naming = config.spec.pods.map((pod) => peersNamedBy(config, pod));
  return config.spec.pods
    .filter(({ type }) => naming.some((named) => named.has(type)))
    .map((pod) => {
      const name = `reserve-${pod.type}`;
      const named = new Set(naming.flatMap((peers) => namedIndices(pod, peers.get(pod.type))));
      const chosen = indices(pod).filter((index) => named.has(index));
      const steps = chosen.map((index) =>
        targetedStep(targets, 'reserve', pod, index, uuidOf([config.id, name, index])),
      );
      return makePhase({ id: uuidOf([config.id, name]), name, strategy: 'parallel', steps });
    });
}

function launchPhase(
  config: ServiceConfig,
  plan: string,
  phase: PhaseSpec,
  targets: Map<string, StepTarget>,
): PlanPhase {
  const pod = config.spec.pods.find(({ type }) => type === phase.pod);
  const chosen = pod === undefined ? [] : (phase.instances ?? indices(pod));
  const steps = chosen.flatMap((index) =>
    pod === undefined
      ? []
      : [targetedStep(targets, 'launch', pod, index, uuidOf([config.id, plan, phase.name, index]))],
  );
  return makePhase({
    id: uuidOf([config.id, plan, phase.name]),
    name: phase.name,
    strategy: phase.strategy,
    steps,
  });
}

function targetedStep(
  targets: Map<string, StepTarget>,
  kind: 'reserve' | 'launch',
  pod: PodSpec,
  index: number,
  id: string,
): PlanStep {
  const instance = instanceName(pod.type, index);
  targets.set(id, { kind, instance, pod: pod.type, index });
  const what = kind === 'reserve' ? 'reserve' : pod.task.name;
  return makeStep({ id, name: `${instance}:[${what}]`, asset: instance });
}

function indices(pod: PodSpec): number[] {
  return Array.from({ length: pod.count }, (_, index) => index);
}

/**
 * Brings the steps of a plan up to date with the instances. A step that is complete stays so:
 * what happens to its task afterwards is the recovery plan's business.
 */
export function refreshSteps(state: State, { plan, targets }: TargetedPlan, now: number): void {
  const config = targetOf(state);
  if (config === undefined) return;
  for (const step of plan.phases.flatMap((phase) => phase.steps)) {
    const target = targets.get(step.id);
    const pod = config.spec.pods.find(({ type }) => type === target?.pod);
    if (step.status === 'COMPLETE' || target === undefined || pod === undefined) continue;
    const progress =
      target.kind === 'reserve'
        ? reservationProgress(state, target.instance)
        : launchProgress(state, config, pod, step, target, now);
    step.status = progress.status;
    step.message = progress.message || waitingText(state, target.instance, progress);
    if (progress.status === 'COMPLETE') state.restarts.delete(step.id);
  }
}

function launchProgress(
  state: State,
  config: ServiceConfig,
  pod: PodSpec,
  step: PlanStep,
  target: StepTarget,
  now: number,
): Progress {
  const instance = state.instances.get(target.instance);
  const before = state.restarts.get(step.id);
  // Asked to run again: not before the task of that time has gone.
  if (before !== undefined && before === instance?.task?.id && isLive(instance.task)) {
    if (instance.task.kill === undefined)
      return { status: 'PENDING', message: 'is to start again' };
  }
  return progressOf(instance, config, pod, now);
}

function reservationProgress(state: State, name: string): Progress {
  const reservation = state.instances.get(name)?.reservation;
  if (reservation === undefined) return { status: 'PENDING', message: '' };
  if (reservation.confirmed) return { status: 'COMPLETE', message: '' };
  return { status: 'STARTING', message: `reserves on ${reservation.place.hostname}` };
}

/** Why a pending step is not further: what the agents answered. */
export function waitingText(state: State, instance: string, progress: Progress): string {
  if (progress.status !== 'PENDING') return '';
  const refusals = state.refusals.get(instance);
  if (refusals === undefined || refusals.size === 0) return '';
  const first = [...refusals.values()]
    .slice(0, 3)
    .map(({ hostname, shortfalls }) => `${hostname}: ${shortfalls.map((s) => s.text).join(', ')}`);
  return `waits for an agent that fits (${first.join('; ')})`;
}
