/**
 * What a service's software keeps in a ZooKeeper is removed once all tasks are stopped: else a
 * later service of that name would find it. A ZooKeeper that is gone never holds an uninstall up.
 * Pure.
 */
import type { PlanStep } from '../framework/plan.js';
import type { Effect } from './events.js';
import { type State, targetOf, type ZnodeRemoval } from './state.js';

/** The phase of the uninstall plan. */
export const znodesPhase = 'remove-zookeeper-nodes';

/** ms until another try, and until the nodes are left where they are. */
const againMs = 3_000;
const giveUpMs = 60_000;

/** The nodes that an uninstall has to remove. */
export function znodePaths(state: State): readonly string[] {
  return targetOf(state)?.spec.zookeeperNodes?.paths ?? [];
}

/** Orders the removal, when the tasks are stopped and it is time for a try. */
export function znodesDue(state: State, now: number, wake: (at: number) => void): Effect[] {
  const nodes = targetOf(state)?.spec.zookeeperNodes;
  const phases = state.plans.get('deploy')?.plan.phases ?? [];
  const kills = phases.find(({ name }) => name === 'kill-tasks');
  if (nodes === undefined || kills?.steps.some(({ status }) => status !== 'COMPLETE')) return [];
  const { znodes } = state;
  if (znodes !== undefined && znodes.status !== 'failed') return [];
  const due = znodes === undefined ? now : znodes.triedAt + againMs;
  if (due > now) {
    wake(due);
    return [];
  }
  state.znodes = { status: 'asked', since: znodes?.since ?? now, triedAt: now };
  return [{ type: 'RemoveZnodes', nodes }];
}

/** What a try came to. */
export function znodesRemoved(state: State, error: string | undefined, now: number): void {
  const { since = now, triedAt = now } = state.znodes ?? {};
  const late = now - since >= giveUpMs;
  state.znodes =
    error === undefined
      ? { status: 'removed', since, triedAt }
      : { status: late ? 'given-up' : 'failed', since, triedAt, message: error };
}

/** Brings a step of the phase up to date. */
export function refreshZnodeStep(znodes: ZnodeRemoval | undefined, step: PlanStep): void {
  if (znodes === undefined) return;
  step.status =
    znodes.status === 'removed' || znodes.status === 'given-up' ? 'COMPLETE' : 'STARTING';
  const { status, message } = znodes;
  if (message === undefined) return;
  step.message =
    status === 'given-up' ? `left in ZooKeeper, to be removed by hand: ${message}` : message;
}
