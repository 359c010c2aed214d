/**
 * Commands of people to plans and pods (reference/sdk.md §5), with the answers that dcos-commons
 * gives. Pure.
 */
import type { Write } from '../core/store/store.js';
import {
  findElement,
  forceComplete,
  interrupt,
  type PlanElement,
  proceed,
  restart,
  statusOfElement,
  stepsOf,
} from '../framework/plan.js';
import { volumesOf } from '../wire/service-spec.js';
import type { TargetedPlan } from './deploy.js';
import type { CommandResult, PlanVerb, PodVerb } from './events.js';
import {
  liveTasks,
  ownSpec,
  podOf,
  withoutBackoff,
  withoutRenewal,
  withRenewal,
} from './instances.js';
import { type Instance, putInstance, putStarted, type State, targetOf } from './state.js';
import { heldBack } from './well.js';
import type { KillOrder } from './work.js';

/** What is asked of a plan. */
export interface PlanCommand {
  readonly verb: PlanVerb;
  readonly plan: string;
  readonly phase?: string | undefined;
  readonly step?: string | undefined;
  /** Of a start. */
  readonly variables?: Readonly<Record<string, string>> | undefined;
}

/** Plans that the scheduler itself runs; all others are started by people. */
const ownPlans: ReadonlySet<string> = new Set(['deploy', 'recovery', 'decommission']);

/** Carries a command out on a plan; what has to start again is noted in its instances. */
export function commandPlan(state: State, command: PlanCommand, writes: Write[]): CommandResult {
  const targeted = state.plans.get(command.plan);
  if (targeted === undefined) {
    return { status: 404, message: `Plan ${command.plan} does not exist` };
  }
  if (command.step !== undefined && command.phase === undefined) {
    return { status: 400, message: 'Missing phase' };
  }
  const element = findElement(targeted.plan, command.phase, command.step);
  if (element === undefined) {
    const what = command.step ?? command.phase ?? '';
    return { status: 404, message: `${what} is no single phase or step of plan ${command.plan}` };
  }
  const { variables = {}, verb, plan } = command;
  if (Object.keys(variables).length > 0 && ownPlans.has(plan)) {
    return { status: 400, message: `Plan ${plan} takes no variables` };
  }
  const done = carryOut(state, targeted, element, command, writes);
  return done
    ? { status: 200, message: `Received cmd: ${verb}` }
    : { status: 208, message: `Plan ${plan}: nothing to do for ${verb}` };
}

function carryOut(
  state: State,
  targeted: TargetedPlan,
  element: PlanElement,
  { verb, plan, variables = {} }: PlanCommand,
  writes: Write[],
): boolean {
  switch (verb) {
    case 'continue':
      return proceed(element);
    case 'interrupt':
      return interrupt(element);
    case 'forceComplete':
      renewTasks(state, targeted, element, false, writes);
      return forceComplete(element);
    case 'restart':
      return startAgain(state, targeted, element, writes);
    case 'start':
      if (statusOfElement(element) === 'COMPLETE') startAgain(state, targeted, element, writes);
      proceed(element);
      if (!ownPlans.has(plan)) putStarted(state, writes, plan, variables);
      return true;
    case 'stop':
      interrupt(element);
      restart(element);
      renewTasks(state, targeted, element, false, writes);
      putStarted(state, writes, plan, undefined);
      return true;
  }
}

function startAgain(
  state: State,
  targeted: TargetedPlan,
  element: PlanElement,
  writes: Write[],
): boolean {
  renewTasks(state, targeted, element, true, writes);
  return restart(element);
}

/** Has the tasks of all steps of `element` run anew, or takes that back. */
function renewTasks(
  state: State,
  { targets }: TargetedPlan,
  element: PlanElement,
  anew: boolean,
  writes: Write[],
): void {
  for (const { id } of stepsOf(element)) {
    const target = targets.get(id);
    const instance = state.instances.get(target?.instance ?? '');
    if (target?.kind !== 'launch' || instance === undefined) continue;
    const change = anew ? withRenewal : withoutRenewal;
    putInstance(state, writes, change(instance, target.tasks));
  }
}

/** What is asked of a pod instance. */
export interface PodCommand {
  readonly verb: PodVerb;
  readonly instance: string;
  readonly tasks?: readonly string[] | undefined;
  readonly force?: boolean;
}

/** `broker-1-broker`, as the task is called in Mesos. */
export function fullName(instance: Instance, task: string): string {
  return `${instance.name}-${task}`;
}

/**
 * Pauses tasks of an instance, or lets them go on: the plans restart them accordingly. Nothing
 * changes for a task that only runs to its end.
 */
function pausePod(
  state: State,
  found: Instance,
  { verb, tasks: asked = [] }: PodCommand,
  writes: Write[],
): CommandResult {
  const specs = Object.keys(found.tasks).flatMap((name) => {
    const spec = ownSpec(state, found, name)?.task;
    return spec === undefined ? [] : [spec];
  });
  const names = specs.map(({ name }) => name);
  const short = asked.map((task) => names.find((name) => fullName(found, name) === task) ?? task);
  const unknown = short.find((task) => !names.includes(task));
  if (unknown !== undefined) {
    const list = names.join(', ') || 'none';
    return { status: 404, message: `Task ${unknown} does not exist; ${found.name} has: ${list}` };
  }
  const kept = specs.filter(({ goal }) => goal === 'RUNNING').map(({ name }) => name);
  const ending = short.find((task) => !kept.includes(task));
  if (ending !== undefined || kept.length === 0) {
    const which = ending === undefined ? `${found.name} has no task that` : `Task ${ending}`;
    const message = `${which} runs to its end: only what is kept running can be paused`;
    return { status: 400, message: ending === undefined ? `${which} is kept running` : message };
  }
  const meant = short.length === 0 ? kept : short;
  const before = found.paused ?? [];
  const pause = verb === 'pause';
  const after = pause
    ? [...new Set([...before, ...meant])]
    : before.filter((name) => !meant.includes(name));
  if (after.length === before.length) {
    return { status: 208, message: `${found.name} is ${pause ? '' : 'not '}paused already` };
  }
  const { paused: _before, ...rest } = withoutBackoff(found);
  putInstance(state, writes, after.length > 0 ? { ...rest, paused: after } : rest);
  return { status: 200, message: '', tasks: meant.map((task) => fullName(found, task)) };
}

/**
 * Why an instance with data is not given up: it is well and another of its pod is not. Two at once
 * could be what a majority of a quorum, or the last copy of a record, was on.
 */
function lastCopyOf(state: State, found: Instance): CommandResult | undefined {
  const pod = podOf(targetOf(state), found);
  const held = heldBack(state, found, new Set());
  if (pod === undefined || volumesOf(pod).length === 0 || held === undefined) return undefined;
  return {
    status: 409,
    message: `${found.name} keeps its data for now: it ${held}`,
    hint: 'Replace it once the plan recovery is COMPLETE; --force gives its data up at once.',
  };
}

/**
 * Restarts a pod instance in place, or replaces it: its data is given up before its tasks are
 * stopped.
 */
export function commandPod(
  state: State,
  command: PodCommand,
  writes: Write[],
): { readonly result: CommandResult; readonly kills: readonly KillOrder[] } {
  const found = state.instances.get(command.instance);
  if (found === undefined) {
    const known = [...state.instances.keys()].sort().join(', ');
    const message = `Pod ${command.instance} does not exist; there are: ${known || 'none'}`;
    return { result: { status: 404, message }, kills: [] };
  }
  const { verb } = command;
  if (verb === 'pause' || verb === 'resume') {
    return { result: pausePod(state, found, command, writes), kills: [] };
  }
  const refused = verb === 'replace' && !command.force && lastCopyOf(state, found);
  if (refused) return { result: refused, kills: [] };
  const replaced = verb === 'replace' || found.permanentlyFailed;
  const running = Object.keys(found.tasks).filter(
    (name) => ownSpec(state, found, name)?.task.goal === 'RUNNING',
  );
  const renewed = replaced ? found : withRenewal(found, running);
  const instance = putInstance(state, writes, {
    ...withoutBackoff(renewed),
    permanentlyFailed: replaced,
  });
  // What runs to its end goes on while the others restart in place.
  const stopped = liveTasks(instance)
    .filter(([name]) => replaced || running.includes(name))
    .filter(([, { state: now }]) => now !== 'TASK_UNREACHABLE')
    .map(([task]) => ({ instance: instance.name, task, reason: verb }));
  const tasks = Object.keys(instance.tasks).map((name) => fullName(instance, name));
  return { result: { status: 200, message: '', tasks }, kills: stopped };
}
