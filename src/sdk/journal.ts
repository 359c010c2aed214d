/**
 * What an operator wants to read in the scheduler's own log, told from what changed in its state
 * since the last look: a status that is heard again, after a reconciliation, tells nothing. Pure.
 */
import type { LogLevel } from '../core/logger.js';
import { type Plan, type PlanStep, statusOfPlan } from '../framework/plan.js';
import type { Event } from './events.js';
import { isOver } from './instances.js';
import { type Instance, type State, type TaskRecord, targetOf } from './state.js';

/** One line of the log. */
export interface JournalLine {
  readonly level: Extract<LogLevel, 'info' | 'warn'>;
  readonly message: string;
  readonly fields: Readonly<Record<string, unknown>>;
}

/** Remembers what was told. */
export interface Journal {
  /** Lines for what `event` has changed; `state` is as it left it. */
  after(event: Event): JournalLine[];
}

type Tell = (level: JournalLine['level'], message: string, fields: JournalLine['fields']) => void;

/** A journal of `state`: what is there already is known and not told. */
export function createJournal(state: State, master: string): Journal {
  const instances = new Map(state.instances);
  const steps = new Map<string, PlanStep['status']>();
  const plans = new Map<string, string>();
  let targetId = state.targetId;
  return {
    after: (event) => {
      const lines: JournalLine[] = [];
      const tell: Tell = (level, message, fields) => lines.push({ level, message, fields });
      tellEvent(state, event, master, targetId, tell);
      targetId = state.targetId;
      for (const [name, instance] of state.instances) {
        const before = instances.get(name);
        if (before === instance) continue;
        instances.set(name, instance);
        tellInstance(before, instance, tell);
      }
      for (const name of instances.keys()) {
        if (state.instances.has(name)) continue;
        instances.delete(name);
        tell('info', 'instance has left', { instance: name });
      }
      tellPlans(state, steps, plans, tell);
      return lines;
    },
  };
}

function tellEvent(
  state: State,
  event: Event,
  master: string,
  before: string | undefined,
  tell: Tell,
): void {
  switch (event.type) {
    case 'Subscribed':
      tell('info', 'subscribed to the Mesos master', { master, frameworkId: event.frameworkId });
      break;
    case 'FrameworkRemoved':
      tell('warn', 'the master has forgotten this framework: its tasks are started anew', {});
      break;
    case 'Configured':
    case 'ConfigRefused':
      tellConfiguration(state, before, tell);
      break;
    case 'PlanCommanded': {
      const { verb, plan, phase, step } = event;
      tell('info', 'a plan was commanded', { verb, plan, phase, step });
      break;
    }
    case 'PodCommanded':
      tell('info', 'a pod was commanded', { verb: event.verb, instance: event.instance });
      break;
    case 'Erased':
      tell('info', 'the framework is torn down, all records are erased', {});
      break;
    default:
      break;
  }
}

function tellConfiguration(state: State, before: string | undefined, tell: Tell): void {
  const reasons = state.plans.get('deploy')?.plan.errors ?? [];
  if (reasons.length > 0) {
    tell('warn', 'configuration refused: the one before goes on', { target: before, reasons });
    return;
  }
  const target = targetOf(state);
  const pods = Object.fromEntries(target?.spec.pods.map(({ type, count }) => [type, count]) ?? []);
  const message = before === target?.id ? 'configuration unchanged' : 'configuration accepted';
  tell('info', message, { target: target?.id, pods });
}

function tellInstance(before: Instance | undefined, after: Instance, tell: Tell): void {
  const { name: instance, reservation } = after;
  const place = { agent: reservation?.place.agentId, hostname: reservation?.place.hostname };
  if (reservation !== undefined && reservation.resourceId !== before?.reservation?.resourceId) {
    tell('info', 'resources reserved', { instance, ...place });
  }
  if (after.permanentlyFailed && !before?.permanentlyFailed) {
    tell('warn', 'instance is replaced: what it held is given up', { instance });
  }
  if (after.replacing !== undefined && before?.replacing === undefined) {
    tell('info', 'instance takes the place of one', { instance, ...after.replacing });
  }
  for (const [name, task] of Object.entries(after.tasks)) {
    const earlier = before?.tasks[name];
    if (task !== earlier) tellTask(earlier, task, name, after, tell);
  }
}

function tellTask(
  earlier: TaskRecord | undefined,
  task: TaskRecord,
  name: string,
  after: Instance,
  tell: Tell,
): void {
  const { name: instance, reservation } = after;
  const place = { agent: reservation?.place.agentId, hostname: reservation?.place.hostname };
  const known = task.id === earlier?.id ? earlier : undefined;
  const facts = { instance, task: task.id };
  if (known === undefined) tell('info', 'task launched', { ...facts, ...place });
  if (task.kill !== undefined && known?.kill?.reason !== task.kill.reason) {
    tell('info', 'task is stopped', { ...facts, reason: task.kill.reason });
  }
  if (known !== undefined && known.state !== task.state) tellState(task, name, facts, after, tell);
  if (task.ready && known?.ready === false) tell('info', 'task ready', facts);
  if (task.healthy === false && known?.healthy !== false) tell('warn', 'task unhealthy', facts);
}

function tellState(
  task: TaskRecord,
  name: string,
  facts: Readonly<Record<string, unknown>>,
  { backoffs, reservation }: Instance,
  tell: Tell,
): void {
  const { state, message } = task;
  if (state === 'TASK_UNREACHABLE') {
    const hostname = reservation?.place.hostname;
    tell('warn', 'the agent of the task is unreachable', { ...facts, hostname });
  } else if (state === 'TASK_RUNNING') tell('info', 'task running', facts);
  else if (isOver(state)) {
    const wanted = task.kill !== undefined || state === 'TASK_FINISHED';
    const backoff = backoffs?.[name];
    const delay = backoff === undefined ? {} : { delayMs: backoff.delayMs };
    tell(wanted ? 'info' : 'warn', 'task ended', { ...facts, state, text: message, ...delay });
  }
}

/** Steps that begin or end, plans that are complete; what is complete at first sight is no news. */
function tellPlans(
  state: State,
  steps: Map<string, PlanStep['status']>,
  plans: Map<string, string>,
  tell: Tell,
): void {
  const shown = new Set<string>();
  for (const { plan } of state.plans.values()) {
    for (const phase of plan.phases) {
      for (const step of phase.steps) {
        shown.add(step.id);
        const before = steps.get(step.id);
        if (before === step.status) continue;
        steps.set(step.id, step.status);
        tellStep(plan, phase.name, step, before, tell);
      }
    }
    const status = statusOfPlan(plan);
    const before = plans.get(plan.name);
    plans.set(plan.name, status);
    const news = before !== undefined && before !== status && status === 'COMPLETE';
    if (news && plan.phases.length > 0) tell('info', 'plan complete', { plan: plan.name });
  }
  for (const id of steps.keys()) if (!shown.has(id)) steps.delete(id);
}

function tellStep(
  { name: plan }: Plan,
  phase: string,
  { name: step, status, message }: PlanStep,
  before: PlanStep['status'] | undefined,
  tell: Tell,
): void {
  const text = message === '' ? {} : { text: message };
  if (status === 'COMPLETE') {
    const done = plan === 'recovery' ? 'recovery done' : 'step complete';
    if (before !== undefined) tell('info', done, { plan, phase, step, ...text });
  } else if (before === undefined && plan === 'recovery') {
    tell('warn', 'recovery begun', { step, ...text });
  } else if (status === 'DELAYED' || status === 'ERROR') {
    tell('warn', `step ${status.toLowerCase()}`, { plan, phase, step, ...text });
  }
}
