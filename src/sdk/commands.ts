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
import type { TargetedPlan } from './deploy.js';
import type { CommandResult, PlanVerb, PodVerb } from './events.js';
import { isLive, ownConfig, podOf } from './instances.js';
import { type Instance, type KillReason, putInstance, type State } from './state.js';

/** What is asked of a plan. */
export interface PlanCommand {
  readonly verb: PlanVerb;
  readonly plan: string;
  readonly phase?: string | undefined;
  readonly step?: string | undefined;
}

/** Carries a command out on a plan; whatever has to start again is noted in `state.restarts`. */
export function commandPlan(state: State, command: PlanCommand): CommandResult {
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
  const done = carryOut(state, targeted, element, command.verb);
  return done
    ? { status: 200, message: `Received cmd: ${command.verb}` }
    : { status: 208, message: `Plan ${command.plan}: nothing to do for ${command.verb}` };
}

function carryOut(
  state: State,
  targeted: TargetedPlan,
  element: PlanElement,
  verb: PlanVerb,
): boolean {
  switch (verb) {
    case 'continue':
      return proceed(element);
    case 'interrupt':
      return interrupt(element);
    case 'forceComplete':
      for (const { id } of stepsOf(element)) state.restarts.delete(id);
      return forceComplete(element);
    case 'restart':
      return startAgain(state, targeted, element);
    case 'start':
      if (statusOfElement(element) === 'COMPLETE') startAgain(state, targeted, element);
      proceed(element);
      return true;
    case 'stop':
      interrupt(element);
      restart(element);
      return true;
  }
}

function startAgain(state: State, { targets }: TargetedPlan, element: PlanElement): boolean {
  for (const { id } of stepsOf(element)) {
    const target = targets.get(id);
    const task = state.instances.get(target?.instance ?? '')?.task;
    if (target?.kind === 'launch') state.restarts.set(id, task?.id);
  }
  return restart(element);
}

/** What is asked of a pod instance. */
export interface PodCommand {
  readonly verb: PodVerb;
  readonly instance: string;
  readonly tasks?: readonly string[] | undefined;
}

/**
 * Pauses an instance, or lets it go on: the plans restart its task accordingly. Nothing changes for
 * a task that only runs to its end.
 */
function pausePod(
  state: State,
  found: Instance,
  { verb, tasks: asked = [] }: PodCommand,
  writes: Write[],
): CommandResult {
  const pod = podOf(ownConfig(state, found), found);
  const name = pod?.task.name ?? '';
  const unknown = asked.find((task) => task !== name && task !== `${found.name}-${name}`);
  if (unknown !== undefined) {
    return { status: 404, message: `Task ${unknown} does not exist; ${found.name} has: ${name}` };
  }
  if (pod?.task.goal !== 'RUNNING') {
    const message = `Task ${name} runs to its end: only what is kept running can be paused`;
    return { status: 400, message };
  }
  const paused = verb === 'pause';
  if ((found.paused ?? false) === paused) {
    return { status: 208, message: `${found.name} is ${paused ? '' : 'not '}paused already` };
  }
  const { backoff: _cleared, paused: _before, ...rest } = found;
  putInstance(state, writes, paused ? { ...rest, paused } : rest);
  return { status: 200, message: '', tasks: [`${found.name}-${name}`] };
}

/**
 * Restarts a pod instance in place, or replaces it: its data is given up before its task is
 * stopped.
 */
export function commandPod(
  state: State,
  command: PodCommand,
  writes: Write[],
): {
  readonly result: CommandResult;
  readonly kills: readonly { readonly instance: Instance; readonly reason: KillReason }[];
} {
  const found = state.instances.get(command.instance);
  if (found === undefined) {
    const known = [...state.instances.keys()].sort().join(', ');
    const message = `Pod ${command.instance} does not exist; there are: ${known || 'none'}`;
    return { result: { status: 404, message }, kills: [] };
  }
  if (command.verb === 'pause' || command.verb === 'resume') {
    return { result: pausePod(state, found, command, writes), kills: [] };
  }
  const { backoff: _cleared, ...rest } = found;
  const replaced = command.verb === 'replace' || found.permanentlyFailed;
  const instance = putInstance(state, writes, { ...rest, permanentlyFailed: replaced });
  const tasks = taskNames(instance);
  const live = isLive(instance.task) && instance.task?.state !== 'TASK_UNREACHABLE';
  return {
    result: { status: 200, message: '', tasks },
    kills: live ? [{ instance, reason: command.verb }] : [],
  };
}

/** `broker-1-broker`, as the task is called in Mesos. */
export function taskNames(instance: Instance): string[] {
  return instance.task === undefined ? [] : [instance.task.id.replace(/__[^_]*$/, '')];
}
