/**
 * The decisions of `operations`: requests are accepted or not, each operation goes on by one order
 * at a time. Pure.
 */
import { Changes, end, touch } from './changes.js';
import type { OperationsEffect, OperationsEvent } from './events.js';
import { observe } from './observe.js';
import { acceptInstall, acceptUninstall, acceptUpdate } from './requests.js';
import { effectOf } from './stages.js';
import {
  deadlineTicks,
  maxEnded,
  type OperationRecord,
  type OperationsState,
  ticksPerSecond,
} from './state.js';

/** Changes `state` for `event` at `now` (ms since 1970); see `drive`. */
export function stepOperations(
  state: OperationsState,
  event: OperationsEvent,
  now: number,
): OperationsEffect[] {
  const changes = new Changes();
  switch (event.type) {
    case 'InstallRequested':
      acceptInstall(state, event, now, changes);
      break;
    case 'UpdateRequested':
      acceptUpdate(state, event, now, changes);
      break;
    case 'UninstallRequested':
      acceptUninstall(state, event, now, changes);
      break;
    case 'HeldFreed':
      if (state.held.delete(event.agentId)) changes.write(`held/${event.agentId}`, null);
      break;
    case 'Ticked':
      tick(state, now, changes);
      break;
    default:
      observe(state, event, now, changes);
  }
  forgetEnded(state, changes);
  orderNext(state, changes);
  return changes.toEffects();
}

/**
 * Every running operation that has no order under way and no pause gets its next one. `busy` is not
 * stored: after a crash the order of the stored stage is given once more, so each order must do no
 * harm when it was carried out before.
 */
function orderNext(state: OperationsState, changes: Changes): void {
  for (const record of state.operations.values()) {
    const { id, appId, status } = record.operation;
    if (status !== 'running' || state.busy.has(id) || record.pauseTicks > 0) continue;
    const installed = state.installed.get(appId);
    const effect = installed === undefined ? undefined : effectOf(record, installed);
    if (effect === undefined) continue;
    state.busy.add(id);
    changes.effects.push(effect);
  }
}

/** Counts down; a deadline that has passed ends an operation with the last that was known of it. */
function tick(state: OperationsState, now: number, changes: Changes): void {
  for (const record of state.operations.values()) {
    if (record.operation.status !== 'running') continue;
    record.ticksLeft -= 1;
    record.stalledTicks += 1;
    record.pauseTicks = Math.max(0, record.pauseTicks - 1);
    if (record.ticksLeft <= 0) end(state, record, now, changes, 'failed', deadlineReason(record));
    // Kept now and then only: after a crash an operation has at most so much more time.
    else if (record.ticksLeft % (30 * ticksPerSecond) === 0) touch(record, now, changes);
  }
}

function deadlineReason(record: OperationRecord): string {
  const minutes = deadlineTicks / ticksPerSecond / 60;
  const last = record.operation.phases
    .flatMap((phase) => phase.steps)
    .find((step) => step.status !== 'COMPLETE');
  const waiting =
    last === undefined ? '' : `; it was at ${last.name}${last.message ? `: ${last.message}` : ''}`;
  return `it did not finish within ${minutes} minutes${waiting}`;
}

/** Bounded history: the operations that ended longest ago are forgotten. */
function forgetEnded(state: OperationsState, changes: Changes): void {
  if (state.operations.size <= maxEnded) return;
  const ended = [...state.operations.values()]
    .filter((record) => record.operation.status !== 'running')
    .sort((a, b) => a.operation.createdAt - b.operation.createdAt);
  for (const { operation } of ended.slice(0, Math.max(0, ended.length - maxEnded))) {
    state.operations.delete(operation.id);
    changes.write(`operation/${operation.id}`, null);
  }
}
