/**
 * Which requests are accepted: one operation at a time works on an app; a newer one supersedes by
 * rule. Pure.
 */
import type { Operation } from '../../wire/operations.js';
import { type Changes, end, touch } from './changes.js';
import type { OperationsEvent, RequestOutcome } from './events.js';
import { firstPhases, stagesOf } from './stages.js';
import {
  type AppFacts,
  deadlineTicks,
  type Installed,
  type OperationRecord,
  type OperationsState,
  runningOn,
  ticksPerSecond,
} from './state.js';

type Of<Type extends OperationsEvent['type']> = Extract<OperationsEvent, { type: Type }>;

/**
 * An app id that is installed, or being installed or removed, is refused; what failed before is
 * superseded.
 */
export function acceptInstall(
  state: OperationsState,
  event: Of<'InstallRequested'>,
  now: number,
  changes: Changes,
): void {
  const { requestId, operationId, appId, release, userOptions, facts, assets } = event;
  const before = state.installed.get(appId);
  if (before !== undefined && before.status !== 'failed') {
    const reason = before.status === 'uninstalling' ? 'uninstalling' : 'installed';
    refuse(changes, requestId, reason, runningOn(state, appId)?.operation.id);
    return;
  }
  const installed: Installed = {
    appId,
    release,
    userOptions,
    facts,
    status: 'installing',
    operationId,
  };
  begin(state, changes, now, { requestId, kind: 'install', installed, facts, assets });
}

/**
 * The options of an installed release change, or its version; an install or update that is under
 * way is superseded.
 */
export function acceptUpdate(
  state: OperationsState,
  event: Of<'UpdateRequested'>,
  now: number,
  changes: Changes,
): void {
  const { requestId, operationId, appId, userOptions, facts, assets, release } = event;
  const before = state.installed.get(appId);
  if (before === undefined || before.status === 'uninstalling') {
    refuse(
      changes,
      requestId,
      before === undefined ? 'absent' : 'uninstalling',
      runningOn(state, appId)?.operation.id,
    );
    return;
  }
  supersede(state, appId, operationId, now, changes);
  const installed: Installed = { ...before, operationId };
  begin(state, changes, now, {
    requestId,
    kind: 'update',
    installed,
    facts,
    assets,
    next: { userOptions, facts, ...(release === undefined ? {} : { release }) },
  });
}

/** An uninstall joins one that is under way, and supersedes anything else. */
export function acceptUninstall(
  state: OperationsState,
  event: Of<'UninstallRequested'>,
  now: number,
  changes: Changes,
): void {
  const { requestId, operationId, appId } = event;
  const before = state.installed.get(appId);
  const running = runningOn(state, appId);
  if (before === undefined) {
    refuse(changes, requestId, 'absent');
    return;
  }
  if (running?.operation.kind === 'uninstall') {
    reply(changes, requestId, { accepted: true, operationId: running.operation.id });
    return;
  }
  supersede(state, appId, operationId, now, changes);
  const installed: Installed = { ...before, status: 'uninstalling', operationId };
  begin(state, changes, now, {
    requestId,
    kind: 'uninstall',
    installed,
    facts: before.facts,
    assets: [],
  });
}

interface Beginning {
  readonly requestId: string;
  readonly kind: Operation['kind'];
  /** As it is from now on; `operationId` is the new operation's. */
  readonly installed: Installed;
  readonly facts: AppFacts;
  readonly assets: readonly { readonly asset: string; readonly bytes: number }[];
  readonly next?: NonNullable<OperationRecord['next']>;
}

function begin(state: OperationsState, changes: Changes, now: number, given: Beginning): void {
  const { installed, kind, facts, next } = given;
  const { appId, operationId: id } = installed;
  const { definition } = next?.release ?? installed.release;
  const record: OperationRecord = {
    operation: {
      id,
      kind,
      packageName: definition.name,
      packageVersion: definition.version,
      appId,
      status: 'running',
      createdAt: now,
      updatedAt: now,
      deadline: now + (deadlineTicks * 1000) / ticksPerSecond,
      revision: 0,
      phases: firstPhases(kind, appId, facts, given.assets),
    },
    stage: stagesOf(kind, facts)[0] ?? 'ended',
    ticksLeft: deadlineTicks,
    stalledTicks: 0,
    tries: 0,
    pauseTicks: 0,
    ...(next === undefined ? {} : { next }),
  };
  state.operations.set(id, record);
  state.installed.set(appId, installed);
  touch(record, now, changes);
  changes.keepInstalled(appId, installed);
  reply(changes, given.requestId, { accepted: true, operationId: id });
}

function supersede(
  state: OperationsState,
  appId: string,
  by: string,
  now: number,
  changes: Changes,
): void {
  const running = runningOn(state, appId);
  if (running !== undefined)
    end(state, running, now, changes, 'cancelled', `superseded by operation ${by}`);
}

function refuse(
  changes: Changes,
  requestId: string,
  reason: 'installed' | 'uninstalling' | 'absent',
  running?: string,
): void {
  reply(changes, requestId, {
    accepted: false,
    reason,
    ...(running === undefined ? {} : { running }),
  });
}

function reply(changes: Changes, requestId: string, result: RequestOutcome): void {
  changes.effects.push({ type: 'Reply', requestId, result });
}
