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
import { type PhaseSpec, type PlanSpec, type PodSpec, stepsOfPhase } from '../wire/service-spec.js';
import { namedIndices, peersOfPod, uuidOf } from './config.js';
import { instanceName, isLive, leastOf, type Progress, progressOf } from './instances.js';
import { type Instance, type ServiceConfig, type State, targetOf } from './state.js';

/** What a step does with its instance. */
export type StepKind = 'reserve' | 'launch' | 'kill' | 'unreserve';

/** What a step is about, by its id; a plan itself knows names only. */
export interface StepTarget {
  readonly kind: StepKind;
  readonly instance: string;
  readonly pod: string;
  readonly index: number;
  /** Of a launch: names of the tasks that it starts. */
  readonly tasks: readonly string[];
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
  const isOrdered = phases.some(({ after }) => after.length > 0);
  if (draft.strategy === 'serial' || (reserving.length === 0 && !isOrdered)) {
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
    phases: [
      ...reserving,
      ...phases.map((phase) => ({ ...phase, after: [...after, ...phase.after] })),
    ],
    interrupted: !started,
  });
  return { plan, targets };
}

function reservePhases(config: ServiceConfig, targets: Map<string, StepTarget>): PlanPhase[] {
  const naming = config.spec.pods.map((pod) => peersOfPod(config, pod));
  return config.spec.pods
    .filter(({ type }) => naming.some((named) => named.has(type)))
    .map((pod) => {
      const name = `reserve-${pod.type}`;
      const named = new Set(naming.flatMap((peers) => namedIndices(pod, peers.get(pod.type))));
      const chosen = indices(pod).filter((index) => named.has(index));
      const steps = chosen.map((index) => {
        const instance = instanceName(pod.type, index);
        const id = uuidOf([config.id, name, index]);
        targets.set(id, { kind: 'reserve', instance, pod: pod.type, index, tasks: [] });
        return makeStep({ id, name: `${instance}:[reserve]`, assets: assetsOf(instance, pod) });
      });
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
  const id = uuidOf([config.id, plan, phase.name]);
  const steps = pod === undefined ? [] : launchSteps(id, pod, stepsOfPhase(pod, phase), targets);
  const { name, strategy, after = [] } = phase;
  return makePhase({ id, name, strategy, after, steps });
}

/**
 * Steps that launch tasks, named as the SDK names them: `node-0:[server, agent]`. Those of one
 * instance follow one another whatever the strategy.
 */
export function launchSteps(
  phaseId: string,
  pod: PodSpec,
  wanted: readonly { readonly index: number; readonly tasks: readonly string[] }[],
  targets: Map<string, StepTarget>,
): PlanStep[] {
  const last = new Map<number, string>();
  return wanted.map(({ index, tasks }, position) => {
    const instance = instanceName(pod.type, index);
    const id = uuidOf([phaseId, index, tasks, position]);
    targets.set(id, { kind: 'launch', instance, pod: pod.type, index, tasks });
    const before = last.get(index);
    last.set(index, id);
    return makeStep({
      id,
      name: stepName(instance, tasks),
      assets: tasks.map((task) => assetOf(instance, task)),
      after: before === undefined ? [] : [before],
    });
  });
}

/** `node-0:[server, agent]` */
export function stepName(instance: string, tasks: readonly string[]): string {
  return `${instance}:[${tasks.join(', ')}]`;
}

/** A task of an instance as an asset of plans. */
export function assetOf(instance: string, task: string): string {
  return `${instance}-${task}`;
}

/** All of an instance, for what works on it as a whole. */
export function assetsOf(instance: string, pod: PodSpec | undefined): string[] {
  return [instance, ...(pod?.tasks ?? []).map(({ name }) => assetOf(instance, name))];
}

/** All of an instance, by the tasks that it has had besides. */
export function assetsOfInstance(instance: Instance, pod: PodSpec | undefined): string[] {
  const had = Object.keys(instance.tasks).map((task) => assetOf(instance.name, task));
  return [...new Set([...assetsOf(instance.name, pod), ...had])];
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
        : launchProgress(state, config, pod, target, now);
    step.status = progress.status;
    step.message = messageOf(state, step, target.instance, progress);
  }
  for (const phase of plan.phases) putLeadersLast(state, phase, targets);
}

/**
 * Of the steps that are not begun, those of instances that lead their pod go behind the others: a
 * quorum that is restarted elects once, not every time.
 */
function putLeadersLast(
  state: State,
  { strategy, steps }: PlanPhase,
  targets: TargetedPlan['targets'],
): void {
  if (strategy !== 'serial') return;
  const leads = ({ id }: PlanStep): boolean => {
    const instance = state.instances.get(targets.get(id)?.instance ?? '');
    return Object.values(instance?.tasks ?? {}).some((task) => task.leads && isLive(task));
  };
  const waiting = steps.filter(({ status }) => status === 'PENDING');
  const order = [...waiting.filter((step) => !leads(step)), ...waiting.filter(leads)];
  const places = steps.flatMap(({ status }, at) => (status === 'PENDING' ? [at] : []));
  for (const [at, place] of places.entries())
    steps[place] = order[at] ?? (steps[place] as PlanStep);
}

/** How far a step is that launches tasks. */
export function launchProgress(
  state: State,
  config: ServiceConfig,
  pod: PodSpec,
  target: StepTarget,
  now: number,
): Progress {
  const instance = state.instances.get(target.instance);
  return leastOf(
    pod.tasks
      .filter(({ name }) => target.tasks.includes(name))
      .map((task) => ({
        task: task.name,
        ...progressOf(state, instance, config, pod, task, now),
      })),
  );
}

function reservationProgress(state: State, name: string): Progress {
  const reservation = state.instances.get(name)?.reservation;
  if (reservation === undefined) return { status: 'PENDING', message: '' };
  if (reservation.confirmed) return { status: 'COMPLETE', message: '' };
  return { status: 'STARTING', message: `reserves on ${reservation.place.hostname}` };
}

/** Why a step is not further: what holds it back, where it is, what the agents answered. */
export function messageOf(
  state: State,
  step: PlanStep,
  instance: string,
  progress: Progress,
): string {
  if (progress.status === 'COMPLETE') return '';
  const held = state.holding.get(step.id);
  return held ?? (progress.message || waitingText(state, instance, progress));
}

function waitingText(state: State, instance: string, progress: Progress): string {
  if (progress.status !== 'PENDING') return '';
  const refusals = state.refusals.get(instance);
  if (refusals === undefined || refusals.size === 0) return '';
  const first = [...refusals.values()]
    .slice(0, 3)
    .map(({ hostname, shortfalls }) => `${hostname}: ${shortfalls.map((s) => s.text).join(', ')}`);
  return `waits for an agent that fits (${first.join('; ')})`;
}
