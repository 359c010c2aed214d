/** From plans to work: which tasks to stop, what to place, what to give up. Pure. */
import type { Write } from '../core/store/store.js';
import { remainingMs } from '../framework/backoff.js';
import { candidates, type PlanStep } from '../framework/plan.js';
import { specHashOf } from './config.js';
import type { StepTarget } from './deploy.js';
import { isLive, isSticky, pauseDiffers } from './instances.js';
import type { Placement } from './offers.js';
import { recoveryConfig } from './recovery.js';
import {
  dropInstance,
  type Instance,
  type KillReason,
  putInstance,
  type ServiceConfig,
  type State,
  type TaskRecord,
  targetOf,
  withoutReservation,
} from './state.js';

/** An ACCEPT that shows no effect for so long (ms) came to nothing. */
export const unconfirmedMs = 10_000;

/** What is to be done now. */
export interface Work {
  readonly placements: Placement[];
  readonly kills: { readonly instance: Instance; readonly reason: KillReason }[];
  /** When something becomes due by time alone, ms since 1970; absent for nothing. */
  readonly wakeAt?: number;
}

/** Priority among plans that want the same instance (reference/sdk.md §3). */
export function planOrder(state: State): string[] {
  const first = ['deploy', 'recovery', 'decommission'];
  return [...first, ...[...state.plans.keys()].filter((name) => !first.includes(name))];
}

/** The work of all plans. Changes instances that have to give up what they had. */
export function workOf(state: State, writes: Write[], now: number): Work {
  const work: Work & { wakeAt?: number } = { placements: [], kills: [] };
  const dirty = new Set<string>();
  for (const name of planOrder(state)) {
    const targeted = state.plans.get(name);
    if (targeted === undefined) continue;
    const steps = candidates(targeted.plan, dirty);
    for (const step of steps) {
      const target = targeted.targets.get(step.id);
      if (target === undefined) continue;
      dirty.add(step.asset);
      const wake = workOfStep(state, name, step, target, work, writes, now);
      if (wake !== undefined) work.wakeAt = Math.min(work.wakeAt ?? wake, wake);
    }
  }
  return work;
}

function workOfStep(
  state: State,
  plan: string,
  step: PlanStep,
  target: StepTarget,
  work: Work,
  writes: Write[],
  now: number,
): number | undefined {
  const instance = state.instances.get(target.instance);
  switch (target.kind) {
    case 'kill':
      if (instance && isLive(instance.task) && instance.task?.kill === undefined) {
        work.kills.push({ instance, reason: 'decommission' });
      }
      return undefined;
    case 'unreserve':
      if (instance) dropInstance(state, writes, withoutReservation(state, writes, instance).name);
      return undefined;
    default: {
      const made = configFor(state, plan, target, instance);
      if (made === undefined) return undefined;
      return workOfLaunch(state, step, target, { ...made, instance }, work, writes, now);
    }
  }
}

function configFor(
  state: State,
  plan: string,
  target: StepTarget,
  instance: Instance | undefined,
): { readonly config: ServiceConfig; readonly pod: Placement['pod'] } | undefined {
  if (plan === 'recovery' && instance !== undefined) return recoveryConfig(state, instance);
  const config = targetOf(state);
  const pod = config?.spec.pods.find(({ type }) => type === target.pod);
  return config && pod ? { config, pod } : undefined;
}

function workOfLaunch(
  state: State,
  step: PlanStep,
  target: StepTarget,
  made: {
    readonly config: ServiceConfig;
    readonly pod: Placement['pod'];
    readonly instance: Instance | undefined;
  },
  work: Work,
  writes: Write[],
  now: number,
): number | undefined {
  const { config, pod } = made;
  let { instance } = made;
  const placement: Placement = { kind: 'launch', instance: target.instance, config, pod };
  const task = instance?.task;
  if (instance !== undefined && task !== undefined && isLive(task)) {
    if (task.state === 'TASK_UNREACHABLE') {
      if (!instance.permanentlyFailed && isSticky(instance)) return undefined;
      instance = abandoned(state, writes, instance, task);
    } else {
      const asked = state.restarts.get(step.id) === task.id;
      const old = task.specHash !== specHashOf(config, pod);
      const pause = pauseDiffers(instance) ? (instance.paused ? 'pause' : 'resume') : undefined;
      if (task.kill === undefined && (asked || old || pause || instance.permanentlyFailed)) {
        const asIs = pause ?? (asked ? 'restart' : 'update');
        const reason = instance.permanentlyFailed ? 'replace' : asIs;
        work.kills.push({ instance, reason });
      }
      return undefined;
    }
  }
  if (instance?.permanentlyFailed) instance = renewed(state, writes, instance);
  if (instance !== undefined) instance = withoutPhantom(state, writes, instance, now);
  if (target.kind === 'reserve') {
    const { reservation } = instance ?? {};
    if (reservation === undefined) work.placements.push({ ...placement, kind: 'reserve' });
    return reservation?.confirmed === false ? reservation.madeAt + unconfirmedMs : undefined;
  }
  const waitMs = remainingMs(instance?.backoff, now);
  if (waitMs > 0) return now + waitMs;
  work.placements.push(placement);
  const reservation = instance?.reservation;
  return reservation?.confirmed === false ? reservation.madeAt + unconfirmedMs : undefined;
}

/** Gives a task up whose agent is cut off: should it come back, it is killed. */
function abandoned(state: State, writes: Write[], instance: Instance, task: TaskRecord): Instance {
  const message = 'given up: its agent was unreachable';
  const { kill: _kill, ...rest } = task;
  const given: Instance = {
    ...instance,
    permanentlyFailed: true,
    task: { ...rest, state: 'TASK_LOST', message },
  };
  return putInstance(state, writes, given);
}

/** An instance that starts anew elsewhere: what it held is given back when its agent is offered. */
function renewed(state: State, writes: Write[], instance: Instance): Instance {
  const bare = withoutReservation(state, writes, instance);
  return putInstance(state, writes, { ...bare, permanentlyFailed: false });
}

/**
 * Forgets a reservation whose ACCEPT came to nothing. Should it turn up after all, it is nobody's
 * and is given back.
 */
function withoutPhantom(state: State, writes: Write[], instance: Instance, now: number): Instance {
  const { reservation, task, ...rest } = instance;
  if (reservation === undefined || reservation.confirmed) return instance;
  // A task that was launched with it and has ended without ever starting there.
  const refused = task !== undefined && !isLive(task) && task.updatedAt > reservation.madeAt;
  if (!refused && now < reservation.madeAt + unconfirmedMs) return instance;
  return putInstance(state, writes, task === undefined ? rest : { ...rest, task });
}
