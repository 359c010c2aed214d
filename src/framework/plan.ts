/**
 * Plan › Phase › Step: what is to be done, in which order, and how far it is. A plan is data;
 * nothing here acts.
 * Statuses and how they add up follow dcos-commons (reference/sdk.md §3), so that existing tools
 * read them.
 * A status that is derived (WAITING, IN_PROGRESS) is never stored.
 */
import type { StepStatus } from '../wire/operations.js';

export type { StepStatus };

/** What a step may store; the other statuses are derived. */
export type StoredStatus = Exclude<StepStatus, 'WAITING' | 'IN_PROGRESS'>;

/**
 * Order among phases: `dependency` starts a phase once all that it names in `after` are complete.
 */
export type PlanStrategy = 'serial' | 'parallel' | 'dependency';

/**
 * Order among steps. The canary forms hold back the first two pending steps, each until told to go
 * on.
 */
export type PhaseStrategy = 'serial' | 'parallel' | 'serial-canary' | 'parallel-canary';

/** One thing to do. */
export interface PlanStep {
  readonly id: string;
  readonly name: string;
  /**
   * What it works on; two steps with an asset in common never run at the same time (SDK: "dirty
   * assets").
   */
  readonly assets: readonly string[];
  /** Ids of the steps of its phase that must be complete before, whatever the strategy. */
  readonly after: readonly string[];
  status: StoredStatus;
  interrupted: boolean;
  /** What it waits for or what went wrong, fit for a user. */
  message: string;
}

/** Steps that belong together. */
export interface PlanPhase {
  readonly id: string;
  readonly name: string;
  readonly strategy: PhaseStrategy;
  /** Names of phases that must be complete before; only with the plan strategy `dependency`. */
  readonly after: readonly string[];
  readonly steps: PlanStep[];
  interrupted: boolean;
  /** Ids of the steps that are held back, and how many of them were let go. */
  readonly canary: readonly string[];
  released: number;
}

/** A whole plan. */
export interface Plan {
  readonly name: string;
  readonly strategy: PlanStrategy;
  readonly phases: PlanPhase[];
  /** Why it cannot be carried out; not empty means ERROR. */
  errors: string[];
  interrupted: boolean;
}

/** What a step is made from. */
export interface StepDraft {
  readonly id: string;
  readonly name: string;
  /** The name alone by default. */
  readonly assets?: readonly string[];
  readonly after?: readonly string[];
  readonly status?: StoredStatus;
  readonly message?: string;
}

/** Makes a step; PENDING by default. */
export function makeStep(draft: StepDraft): PlanStep {
  const { id, name, assets = [name], after = [], status = 'PENDING', message = '' } = draft;
  return { id, name, assets, after, status, interrupted: false, message };
}

/** Makes a phase; a canary one holds back its first two steps that are not complete. */
export function makePhase(draft: {
  readonly id: string;
  readonly name: string;
  readonly strategy: PhaseStrategy;
  readonly steps: PlanStep[];
  readonly after?: readonly string[];
}): PlanPhase {
  const held = draft.strategy.endsWith('-canary')
    ? draft.steps.filter((step) => step.status !== 'COMPLETE').slice(0, 2)
    : [];
  return {
    ...draft,
    after: draft.after ?? [],
    interrupted: false,
    canary: held.map((step) => step.id),
    released: 0,
  };
}

/** Makes a plan. Plans that wait to be started by hand are made `interrupted`. */
export function makePlan(draft: {
  readonly name: string;
  readonly strategy: PlanStrategy;
  readonly phases: PlanPhase[];
  readonly errors?: string[];
  readonly interrupted?: boolean;
}): Plan {
  return { errors: [], interrupted: false, ...draft };
}

/** A step's status as it is shown: WAITING while it is interrupted. */
function statusOfStep(step: PlanStep): StepStatus {
  if (step.status === 'ERROR' || step.status === 'COMPLETE') return step.status;
  return step.interrupted ? 'WAITING' : step.status;
}

/** A phase's status. */
export function statusOfPhase(phase: PlanPhase): StepStatus {
  const held = heldCanary(phase);
  const shown = (step: PlanStep): StepStatus =>
    step === held && step.status !== 'ERROR' ? 'WAITING' : statusOfStep(step);
  return aggregate({
    failed: false,
    interrupted: phase.interrupted,
    children: phase.steps.map(shown),
    offered: offeredSteps(phase).map(shown),
  });
}

/** A plan's status. */
export function statusOfPlan(plan: Plan): StepStatus {
  return aggregate({
    failed: plan.errors.length > 0,
    interrupted: plan.interrupted,
    children: plan.phases.map(statusOfPhase),
    offered: offeredPhases(plan).map(statusOfPhase),
  });
}

/**
 * How statuses add up; the first rule that matches is taken (reference/sdk.md §3, "Aggregate
 * rule").
 * `offered` are the children that the parent's strategy lets run at the moment.
 */
export function aggregate(of: {
  readonly failed: boolean;
  readonly interrupted: boolean;
  readonly children: readonly StepStatus[];
  readonly offered: readonly StepStatus[];
}): StepStatus {
  const { children, offered } = of;
  const any = (list: readonly StepStatus[], ...wanted: StepStatus[]): boolean =>
    list.some((status) => wanted.includes(status));
  if (of.failed || any(children, 'ERROR')) return 'ERROR';
  if (children.every((status) => status === 'COMPLETE')) return 'COMPLETE';
  if (of.interrupted) return 'WAITING';
  if (offered.length > 0 && offered.every((status) => status === 'DELAYED')) return 'DELAYED';
  if (any(children, 'PREPARED')) return 'IN_PROGRESS';
  if (any(offered, 'WAITING')) return 'WAITING';
  if (any(offered, 'IN_PROGRESS')) return 'IN_PROGRESS';
  const begun = any(children, 'COMPLETE') && any(offered, 'PENDING', 'STARTING', 'STARTED');
  if (begun) return 'IN_PROGRESS';
  if (any(offered, 'PENDING')) return 'PENDING';
  if (any(children, 'WAITING')) return 'WAITING';
  if (any(offered, 'STARTING')) return 'STARTING';
  if (any(offered, 'STARTED')) return 'STARTED';
  // Some children delayed, the rest of those that may run complete: it will go on by itself.
  return any(offered, 'DELAYED') ? 'DELAYED' : 'ERROR';
}

/** Whether nothing is left to do. An empty plan is complete. */
export function isComplete(plan: Plan): boolean {
  return statusOfPlan(plan) === 'COMPLETE';
}

/**
 * The steps that may be worked on now, in order: none that is complete, failed or interrupted,
 * none behind an earlier one where the strategy is serial, none with an asset in `dirty` (a plan of
 * higher priority works on it).
 */
export function candidates(plan: Plan, dirty: ReadonlySet<string> = new Set()): PlanStep[] {
  if (plan.interrupted || plan.errors.length > 0) return [];
  return offeredPhases(plan)
    .filter((phase) => !phase.interrupted)
    .flatMap((phase) => {
      const held = heldCanary(phase);
      return offeredSteps(phase).filter(
        (step) =>
          step !== held &&
          !step.interrupted &&
          step.status !== 'ERROR' &&
          !step.assets.some((asset) => dirty.has(asset)),
      );
    });
}

function offeredPhases(plan: Plan): PlanPhase[] {
  const left = plan.phases.filter((phase) => !phase.steps.every(isDone));
  if (plan.strategy === 'parallel') return left;
  if (plan.strategy === 'serial') return left.slice(0, 1);
  const undone = new Set(left.map((phase) => phase.name));
  return left.filter((phase) => !phase.after.some((name) => undone.has(name)));
}

/** The steps that the strategy lets run, a held canary step among them. */
function offeredSteps(phase: PlanPhase): PlanStep[] {
  if (phase.released < phase.canary.length) {
    const free = phase.canary.slice(0, phase.released);
    const running = phase.steps.filter((step) => free.includes(step.id) && !isDone(step));
    const held = heldCanary(phase);
    return running.length > 0 || held === undefined ? running : [held];
  }
  const left = phase.steps.filter((step) => !isDone(step));
  if (!phase.strategy.startsWith('parallel')) return left.slice(0, 1);
  const undone = new Set(left.map((step) => step.id));
  return left.filter((step) => !step.after.some((id) => undone.has(id)));
}

/** The canary step whose turn it is to be let go, once those before it are complete. */
function heldCanary(phase: PlanPhase): PlanStep | undefined {
  const id = phase.canary[phase.released];
  return id === undefined ? undefined : phase.steps.find((step) => step.id === id && !isDone(step));
}

function isDone(step: PlanStep): boolean {
  return step.status === 'COMPLETE';
}

/** A part of a plan that a command is about: the plan, one of its phases, or one step. */
export type PlanElement =
  | { readonly kind: 'plan'; readonly plan: Plan }
  | { readonly kind: 'phase'; readonly phase: PlanPhase }
  | { readonly kind: 'step'; readonly phase: PlanPhase; readonly step: PlanStep };

/**
 * Finds a phase or step by name or id. `undefined` where there is none, or where a name fits more
 * than one.
 * Without `phase` it is the plan itself.
 */
export function findElement(
  plan: Plan,
  phaseName: string | undefined,
  stepName: string | undefined,
): PlanElement | undefined {
  if (phaseName === undefined) return { kind: 'plan', plan };
  const phase = only(plan.phases, phaseName);
  if (phase === undefined || stepName === undefined) return phase && { kind: 'phase', phase };
  const step = only(phase.steps, stepName);
  return step && { kind: 'step', phase, step };
}

function only<Named extends { readonly id: string; readonly name: string }>(
  list: readonly Named[],
  wanted: string,
): Named | undefined {
  const found = list.filter(({ id, name }) => id === wanted || name === wanted);
  return found.length === 1 ? found[0] : undefined;
}

/** The status of any part of a plan. */
export function statusOfElement(element: PlanElement): StepStatus {
  if (element.kind === 'plan') return statusOfPlan(element.plan);
  return element.kind === 'phase' ? statusOfPhase(element.phase) : statusOfStep(element.step);
}

/** Holds it back. `false`: it was already, or it is complete. */
export function interrupt(element: PlanElement): boolean {
  const target = flagged(element);
  if (target.interrupted || statusOfElement(element) === 'COMPLETE') return false;
  target.interrupted = true;
  return true;
}

/**
 * Lets it go on; of a canary phase, lets the next held step go. `false`: it ran already, or it is
 * complete.
 */
export function proceed(element: PlanElement): boolean {
  if (statusOfElement(element) === 'COMPLETE') return false;
  const target = flagged(element);
  if (target.interrupted) {
    target.interrupted = false;
    return true;
  }
  if (element.kind === 'step') return releaseUpTo(element.phase, element.step);
  const phases = element.kind === 'plan' ? offeredPhases(element.plan) : [element.phase];
  let changed = false;
  for (const phase of phases) {
    if (phase.interrupted && element.kind === 'plan') phase.interrupted = false;
    else if (phase.released < phase.canary.length) phase.released += 1;
    else continue;
    changed = true;
  }
  return changed;
}

function releaseUpTo(phase: PlanPhase, step: PlanStep): boolean {
  if (phase.canary[phase.released] !== step.id) return false;
  phase.released += 1;
  return true;
}

/** Counts it as done without doing it. `false`: it was complete. */
export function forceComplete(element: PlanElement): boolean {
  if (statusOfElement(element) === 'COMPLETE') return false;
  for (const step of stepsOf(element)) {
    step.status = 'COMPLETE';
    step.message = 'completed by force';
  }
  return true;
}

/** Has it done again from the beginning. `false`: all of it was pending. */
export function restart(element: PlanElement): boolean {
  const steps = stepsOf(element);
  const changed = steps.some((step) => step.status !== 'PENDING');
  for (const step of steps) {
    step.status = 'PENDING';
    step.message = '';
  }
  return changed;
}

/** The steps of any part of a plan. */
export function stepsOf(element: PlanElement): readonly PlanStep[] {
  if (element.kind === 'step') return [element.step];
  const phases = element.kind === 'phase' ? [element.phase] : element.plan.phases;
  return phases.flatMap((phase) => phase.steps);
}

function flagged(element: PlanElement): { interrupted: boolean } {
  if (element.kind === 'plan') return element.plan;
  return element.kind === 'phase' ? element.phase : element.step;
}

/** A plan as `GET /v1/plans/{plan}` shows it. */
export interface PlanView {
  readonly phases: readonly {
    readonly id: string;
    readonly name: string;
    readonly steps: readonly {
      readonly id: string;
      readonly status: StepStatus;
      readonly name: string;
      readonly message: string;
    }[];
    readonly strategy: string;
    readonly status: StepStatus;
  }[];
  readonly errors: readonly string[];
  readonly strategy: string;
  readonly status: StepStatus;
}

/** The plan as JSON, with every status worked out. */
export function planView(plan: Plan): PlanView {
  return {
    phases: plan.phases.map((phase) => {
      const held = heldCanary(phase);
      return {
        id: phase.id,
        name: phase.name,
        steps: phase.steps.map((step) => ({
          id: step.id,
          status: step === held && step.status === 'PENDING' ? 'WAITING' : statusOfStep(step),
          name: step.name,
          message: step.message,
        })),
        strategy: phase.strategy,
        status: statusOfPhase(phase),
      };
    }),
    errors: plan.errors,
    strategy: plan.strategy,
    status: statusOfPlan(plan),
  };
}
