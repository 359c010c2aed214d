/** What an operation makes of the answer to its last order. Pure. */
import type { OperationPhase, OperationStep, StepStatus } from '../../wire/operations.js';
import { type Changes, end, touch } from './changes.js';
import type { ObservedApp, ObservedPlan, OperationsEvent } from './events.js';
import { phaseOf, stageAfter, statusOfSteps } from './stages.js';
import { type OperationRecord, type OperationsState, ticksPerSecond } from './state.js';

/**
 * Tries of one order that fails for a passing reason, before its operation fails. Fetching only:
 * servers of ours are waited for.
 */
const maxFetchTries = 4;
/** A service that gets nowhere with its own uninstall for so long is cleaned up after, in ticks. */
const uninstallPatienceTicks = 60 * ticksPerSecond;

/** Events that answer an order. */
export type Observation = Exclude<
  OperationsEvent,
  { type: 'InstallRequested' | 'UpdateRequested' | 'UninstallRequested' | 'HeldFreed' | 'Ticked' }
>;

/** Takes an answer; what comes late, for an operation that has ended or gone on, is ignored. */
export function observe(
  state: OperationsState,
  event: Observation,
  now: number,
  changes: Changes,
): void {
  const record = state.operations.get(event.operationId);
  if (event.type !== 'ArtifactProgressed') state.busy.delete(event.operationId);
  if (record === undefined || record.operation.status !== 'running') return;
  const before = record.stage;
  take(state, record, event, now, changes);
  // The same order again at the next tick, not at once: it asks whether something has moved.
  if (record.stage === before) record.pauseTicks = Math.max(record.pauseTicks, 1);
}

function take(
  state: OperationsState,
  record: OperationRecord,
  event: Observation,
  now: number,
  changes: Changes,
): void {
  switch (event.type) {
    case 'ArtifactProgressed':
      progress(record, event, now, changes);
      break;
    case 'ArtifactsFetched':
      record.assetUrls = event.urls;
      goOn(state, record, now, changes);
      break;
    case 'DependenciesObserved':
      if (event.env === undefined) {
        showPhase(record, 'dependencies', event.steps, undefined, now, changes);
        break;
      }
      record.dependencyEnv = event.env;
      goOn(state, record, now, changes);
      break;
    case 'AppSubmitted':
      goOn(state, record, now, changes);
      break;
    case 'AppObserved':
      observeApp(state, record, event.app, now, changes);
      break;
    case 'PlanObserved':
      observePlan(state, record, event.plan, now, changes);
      break;
    case 'EndpointsCollected':
      record.operation.endpoints = event.endpoints.map((e) => ({
        name: e.name,
        addresses: [...e.addresses],
      }));
      if (event.notes !== undefined) record.operation.notes = event.notes;
      goOn(state, record, now, changes);
      break;
    case 'CleanedUp':
      cleanedUp(state, record, event, now, changes);
      break;
    case 'EffectFailed':
      failed(state, record, event, now, changes);
      break;
  }
}

/** To the next stage; completes the phase that it leaves, and the operation with the last. */
function goOn(
  state: OperationsState,
  record: OperationRecord,
  now: number,
  changes: Changes,
): void {
  const installed = state.installed.get(record.operation.appId);
  if (installed === undefined) return;
  const { kind } = record.operation;
  const from = phaseOf(kind, record.stage);
  record.stage = stageAfter(record, record.next?.facts ?? installed.facts);
  record.tries = 0;
  record.pauseTicks = 0;
  record.stalledTicks = 0;
  const to = record.stage === 'ended' ? undefined : phaseOf(kind, record.stage);
  if (from !== to) completePhase(record, from);
  if (to === undefined) end(state, record, now, changes, 'complete');
  else {
    const phase = phaseNamed(record, to);
    if (phase?.status === 'PENDING') phase.status = 'IN_PROGRESS';
    touch(record, now, changes);
  }
}

function observeApp(
  state: OperationsState,
  record: OperationRecord,
  app: ObservedApp | undefined,
  now: number,
  changes: Changes,
): void {
  if (record.stage === 'delete') {
    if (app === undefined) goOn(state, record, now, changes);
    else showStep(record, 'STARTED', 'waiting for its tasks to end', now, changes);
    return;
  }
  if (app === undefined) {
    // Somebody removed the app: an uninstall goes on, an install has nothing to wait for.
    if (record.operation.kind === 'uninstall') goOn(state, record, now, changes);
    else
      end(
        state,
        record,
        now,
        changes,
        'failed',
        `the app ${record.operation.appId} was removed meanwhile`,
      );
    return;
  }
  const up = !app.deploying && app.running >= app.wanted && app.healthy >= app.wanted;
  if (up) goOn(state, record, now, changes);
  else showStep(record, app.running > 0 ? 'STARTED' : 'STARTING', app.message, now, changes);
}

function observePlan(
  state: OperationsState,
  record: OperationRecord,
  plan: ObservedPlan | { readonly waiting: string },
  now: number,
  changes: Changes,
): void {
  const uninstalling = record.operation.kind === 'uninstall';
  if ('waiting' in plan) showPhase(record, 'deploy', undefined, plan.waiting, now, changes);
  else {
    showPhase(record, 'deploy', plan.steps, undefined, now, changes);
    if (plan.status === 'COMPLETE') {
      goOn(state, record, now, changes);
      return;
    }
    if (plan.status === 'ERROR' && !uninstalling) {
      const why = plan.errors.join('; ') || 'its plan ended with an error';
      end(state, record, now, changes, 'failed', why);
      return;
    }
  }
  // Agents that are gone for good can stop a service from giving back what it held there: what is
  // left is `clean`'s.
  if (uninstalling && record.stalledTicks > uninstallPatienceTicks)
    goOn(state, record, now, changes);
}

function cleanedUp(
  state: OperationsState,
  record: OperationRecord,
  event: Extract<Observation, { type: 'CleanedUp' }>,
  now: number,
  changes: Changes,
): void {
  for (const { agentId, hostname, roles } of event.held) {
    const before = state.held.get(agentId);
    const all = [...new Set([...(before?.roles ?? []), ...roles])];
    const held = { agentId, hostname, roles: all, since: before?.since ?? now };
    state.held.set(agentId, held);
    changes.write(`held/${agentId}`, held);
  }
  if (event.held.length > 0) {
    const names = event.held.map(({ hostname }) => hostname).join(', ');
    const what = `Agents that are gone still hold resources of it: ${names}.`;
    record.operation.notes = `${what} They are given back when the agents return.`;
  }
  if (event.waiting !== undefined) {
    showStep(record, 'STARTED', event.waiting, now, changes);
    return;
  }
  goOn(state, record, now, changes);
}

function failed(
  state: OperationsState,
  record: OperationRecord,
  event: Extract<Observation, { type: 'EffectFailed' }>,
  now: number,
  changes: Changes,
): void {
  record.tries += 1;
  const givenUp = record.stage === 'fetch' && record.tries >= maxFetchTries;
  if (event.final || givenUp) {
    showStep(record, 'ERROR', event.reason, now, changes, event.asset);
    end(state, record, now, changes, 'failed', event.reason);
    return;
  }
  record.pauseTicks = Math.min(ticksPerSecond * 10, 2 ** Math.min(record.tries, 8));
  showStep(record, 'DELAYED', event.reason, now, changes, event.asset);
}

function progress(
  record: OperationRecord,
  { asset, done, total, complete }: Extract<Observation, { type: 'ArtifactProgressed' }>,
  now: number,
  changes: Changes,
): void {
  const phase = phaseNamed(record, 'artifacts');
  if (phase === undefined || record.stage !== 'fetch') return;
  let step = phase.steps.find(({ name }) => name === asset);
  if (step === undefined) {
    step = { name: asset, status: 'PENDING' };
    phase.steps.push(step);
  }
  step.status = complete ? 'COMPLETE' : 'IN_PROGRESS';
  step.progress = { done, total };
  delete step.message;
  phase.status = statusOfSteps(phase.steps) === 'COMPLETE' ? 'COMPLETE' : 'IN_PROGRESS';
  record.stalledTicks = 0;
  // Told, but not kept: a download that is taken up again finds what it has by itself.
  record.operation.revision += 1;
  record.operation.updatedAt = now;
  changes.announce(record);
}

/**
 * Shows one status and message on a step of the present phase: the one of that name, else the
 * first that is not complete.
 */
function showStep(
  record: OperationRecord,
  status: StepStatus,
  message: string | undefined,
  now: number,
  changes: Changes,
  named?: string,
): void {
  const phase = phaseNamed(record, phaseOf(record.operation.kind, record.stage));
  const step =
    phase?.steps.find(({ name }) => name === named) ??
    phase?.steps.find((each) => each.status !== 'COMPLETE') ??
    phase?.steps[0];
  if (phase === undefined || step === undefined) return;
  if (step.status === status && step.message === message) return;
  step.status = status;
  if (message === undefined) delete step.message;
  else step.message = message;
  phase.status = status === 'ERROR' ? 'ERROR' : 'IN_PROGRESS';
  record.stalledTicks = 0;
  touch(record, now, changes);
}

/**
 * Shows the steps of the service's own plan; `steps: undefined` leaves those that were there, with
 * a word of what is waited for.
 */
function showPhase(
  record: OperationRecord,
  name: string,
  steps: readonly OperationStep[] | undefined,
  waiting: string | undefined,
  now: number,
  changes: Changes,
): void {
  const phase = phaseNamed(record, name);
  if (phase === undefined) return;
  const shown =
    steps ??
    (phase.steps.length > 0
      ? phase.steps
      : [{ name: 'plan', status: 'PENDING', message: waiting }]);
  const fresh = JSON.stringify(shown);
  if (fresh === JSON.stringify(phase.steps)) return;
  phase.steps = JSON.parse(fresh) as OperationStep[];
  const status = statusOfSteps(phase.steps);
  phase.status = status === 'PENDING' ? 'IN_PROGRESS' : status;
  record.stalledTicks = 0;
  touch(record, now, changes);
}

function completePhase(record: OperationRecord, name: string): void {
  const phase = phaseNamed(record, name);
  if (phase === undefined) return;
  phase.status = 'COMPLETE';
  for (const step of phase.steps) {
    step.status = 'COMPLETE';
    delete step.message;
  }
}

function phaseNamed(record: OperationRecord, name: string): OperationPhase | undefined {
  return record.operation.phases.find((phase) => phase.name === name);
}
