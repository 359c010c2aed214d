/**
 * The uninstall plan (reference/sdk.md §10), shown as `deploy`: stop the tasks, give back what is
 * reserved, tear the framework down. An agent that is gone never holds it up: what lies there is
 * written down for later. Pure.
 */
import type { Write } from '../core/store/store.js';
import { makePhase, makePlan, makeStep, type PlanPhase } from '../framework/plan.js';
import { uuidOf } from './config.js';
import type { StepKind, StepTarget, TargetedPlan } from './deploy.js';
import type { Effect } from './events.js';
import { anyLive, liveTasks } from './instances.js';
import {
  asJson,
  dropLeftover,
  type Leftover,
  putInstance,
  recordKeys,
  type State,
  withoutReservation,
} from './state.js';
import { refreshZnodeStep, znodePaths, znodesPhase } from './znodes.js';

/** How long an agent is waited for that offers nothing, in ms. */
const lostAgentMs = 20_000;

/**
 * After so long (ms) what was given back is taken as given back, though its agent was not offered
 * again.
 */
const releasedMs = 2_000;

/** What is held of one reservation, by an instance or left over. */
export function holdings(state: State): Leftover[] {
  const held = [...state.instances.values()].flatMap(({ name, reservation }): Leftover[] => {
    if (reservation === undefined) return [];
    const { resourceId, place } = reservation;
    return [{ resourceId, instance: name, agentId: place.agentId, hostname: place.hostname }];
  });
  return [...held, ...state.leftovers.values()];
}

/** The plan, from what there is at its start. */
function uninstallPlan(state: State): TargetedPlan {
  const targets = new Map<string, StepTarget>();
  const step = (kind: StepKind, phase: string, name: string, instance: string) => {
    const id = uuidOf(['uninstall', phase, name]);
    targets.set(id, { kind, instance, pod: '', index: 0, tasks: [] });
    return makeStep({ id, name });
  };
  const live = [...state.instances.values()].filter(anyLive);
  const kills = live.map(({ name }) => step('kill', 'kill-tasks', `kill-task-${name}`, name));
  const phases: PlanPhase[] = [phaseOf('kill-tasks', kills, [])];
  const byHost = new Map<string, Leftover[]>();
  for (const held of holdings(state)) {
    byHost.set(held.hostname, [...(byHost.get(held.hostname) ?? []), held]);
  }
  const paths = znodePaths(state);
  if (paths.length > 0) {
    const steps = paths.map((path) => step('kill', znodesPhase, `remove-${path}`, ''));
    phases.push(phaseOf(znodesPhase, steps, ['kill-tasks']));
  }
  for (const [hostname, list] of [...byHost].sort(([a], [b]) => (a < b ? -1 : 1))) {
    const name = `unreserve-resources-${hostname}`;
    const steps = list.map(({ resourceId, instance }) =>
      step('unreserve', name, `unreserve-${instance}-${resourceId}`, resourceId),
    );
    phases.push(phaseOf(name, steps, ['kill-tasks']));
  }
  const all = phases.map(({ name }) => name);
  const last = step('kill', 'deregister-service', 'deregister', '');
  phases.push(phaseOf('deregister-service', [last], all));
  return { plan: makePlan({ name: 'deploy', strategy: 'dependency', phases }), targets };
}

function phaseOf(name: string, steps: PlanPhase['steps'], after: readonly string[]): PlanPhase {
  return makePhase({ id: uuidOf(['uninstall', name]), name, strategy: 'parallel', steps, after });
}

/** Brings the plan up to date. `lost` are resource ids whose agents did not come back in time. */
function refreshUninstall(
  state: State,
  { plan, targets }: TargetedPlan,
  lost: ReadonlySet<string>,
): void {
  const held = new Set(holdings(state).map(({ resourceId }) => resourceId));
  for (const phase of plan.phases) {
    for (const step of phase.steps) {
      const target = targets.get(step.id);
      if (step.status === 'COMPLETE' || target === undefined) continue;
      if (phase.name === 'deregister-service') {
        step.status = state.erased ? 'COMPLETE' : 'PENDING';
      } else if (phase.name === znodesPhase) refreshZnodeStep(state.znodes, step);
      else if (target.kind === 'kill') refreshKill(state, step, target.instance);
      else if (lost.has(target.instance)) {
        step.status = 'COMPLETE';
        step.message = 'its agent is gone; what is reserved there is noted, to be given back later';
      } else if (!held.has(target.instance)) step.status = 'COMPLETE';
      else if (state.releasing.has(target.instance)) step.status = 'STARTING';
      else step.message = 'waits for an offer of its agent';
    }
  }
}

function refreshKill(state: State, step: PlanPhase['steps'][number], name: string): void {
  const instance = state.instances.get(name);
  const live = instance === undefined ? [] : liveTasks(instance);
  if (live.length === 0) step.status = 'COMPLETE';
  else if (live.every(([, task]) => task.state === 'TASK_UNREACHABLE')) {
    step.status = 'COMPLETE';
    step.message = 'its agent is unreachable; the task ends when the agent returns';
  } else if (live.some(([, task]) => task.kill !== undefined)) step.status = 'PREPARED';
}

/**
 * Resource ids on agents that have not offered them in time, or whose task's agent is unreachable
 * for as long.
 */
function lostHoldings(state: State, now: number): Set<string> {
  const since = state.uninstallSince;
  if (since === undefined || now - since < lostAgentMs) return new Set();
  const pending = holdings(state).filter(({ resourceId }) => !state.releasing.has(resourceId));
  return new Set(pending.map(({ resourceId }) => resourceId));
}

/**
 * Makes the uninstall plan, once, and brings it up to date; instances without a task let go of
 * what they hold.
 */
export function refreshUninstalling(state: State, writes: Write[], now: number): void {
  const plan = state.plans.get('deploy') ?? uninstallPlan(state);
  state.plans.set('deploy', plan);
  for (const instance of [...state.instances.values()]) {
    const live = liveTasks(instance);
    if (live.some(([, task]) => task.state !== 'TASK_UNREACHABLE')) continue;
    if (instance.reservation)
      putInstance(state, writes, withoutReservation(state, writes, instance));
  }
  // An ACCEPT on a live agent is done long before: its offers simply went to somebody else.
  for (const [resourceId, sentAt] of [...state.releasing]) {
    if (now - sentAt < releasedMs) continue;
    state.releasing.delete(resourceId);
    dropLeftover(state, writes, resourceId);
  }
  const lost = lostHoldings(state, now);
  refreshUninstall(state, plan, lost);
  for (const held of holdings(state)) {
    if (!lost.has(held.resourceId)) continue;
    dropLeftover(state, writes, held.resourceId);
    const value = asJson({ ...held, role: state.role });
    writes.push({ key: recordKeys.lost(held.resourceId), value });
  }
}

/**
 * TEARDOWN once nothing else is left to do; a service that never registered has nothing to tear
 * down.
 */
export function teardownDue(state: State, now: number, wake: (at: number) => void): Effect[] {
  if (state.erased || state.tearingDown) return [];
  for (const sentAt of state.releasing.values()) wake(sentAt + releasedMs);
  if (state.uninstallSince !== undefined) {
    const due = state.uninstallSince + lostAgentMs;
    if (due > now) wake(due);
  }
  const deploy = state.plans.get('deploy')?.plan;
  const others = deploy?.phases.filter(({ name }) => name !== 'deregister-service') ?? [];
  if (!others.every(({ steps }) => steps.every(({ status }) => status === 'COMPLETE'))) return [];
  if (state.frameworkId !== undefined && !state.connected) return [];
  state.tearingDown = true;
  return [{ type: 'Teardown' }];
}
