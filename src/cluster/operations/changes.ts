/**
 * What one event changes, gathered so that the durable records come first; and the two changes that
 * all decisions share.
 */
import type { Json } from '../../core/json.js';
import type { Write } from '../../core/store/store.js';
import type { OperationsEffect } from './events.js';
import {
  type Installed,
  type OperationRecord,
  type OperationsState,
  ticksPerSecond,
} from './state.js';

/** What one event changes: the records to keep, and the effects that follow them. */
export class Changes {
  readonly #writes = new Map<string, Write>();
  readonly effects: OperationsEffect[] = [];

  /** Keeps the operation as it is now, and tells those who watch it. */
  keep(record: OperationRecord): void {
    this.#writes.set(`operation/${record.operation.id}`, {
      key: `operation/${record.operation.id}`,
      value: record as unknown as Json,
    });
    this.announce(record);
  }

  /** Keeps what is installed, or forgets it. */
  keepInstalled(appId: string, installed: Installed | undefined): void {
    const key = `installed${appId}`;
    this.#writes.set(key, { key, value: (installed ?? null) as unknown as Json });
  }

  /** Writes any other record. */
  write(key: string, value: Json): void {
    this.#writes.set(key, { key, value });
  }

  /** Tells those who watch the operation. */
  announce(record: OperationRecord): void {
    this.effects.push({ type: 'Announce', operationId: record.operation.id });
  }

  /** All of it, durable records first. */
  toEffects(): OperationsEffect[] {
    const writes = [...this.#writes.values()];
    return writes.length === 0 ? this.effects : [{ type: 'Persist', writes }, ...this.effects];
  }
}

/** Notes that the operation changed, and keeps it. */
export function touch(record: OperationRecord, now: number, changes: Changes): void {
  const { operation } = record;
  operation.revision += 1;
  operation.updatedAt = now;
  operation.deadline = now + Math.round((record.ticksLeft * 1000) / ticksPerSecond);
  changes.keep(record);
}

/** Ends an operation and gives the installed release the status that follows. */
export function end(
  state: OperationsState,
  record: OperationRecord,
  now: number,
  changes: Changes,
  status: 'complete' | 'failed' | 'cancelled',
  reason?: string,
): void {
  const { operation } = record;
  if (record.stage === 'fetch')
    changes.effects.push({ type: 'AbortFetch', operationId: operation.id });
  operation.status = status;
  operation.endedAt = now;
  record.stage = 'ended';
  if (reason !== undefined) operation.reason = reason;
  touch(record, now, changes);
  const installed = state.installed.get(operation.appId);
  // A newer operation has taken over what this one worked on.
  if (installed === undefined || installed.operationId !== operation.id) return;
  if (operation.kind === 'uninstall' && status === 'complete') {
    state.installed.delete(operation.appId);
    changes.keepInstalled(operation.appId, undefined);
    return;
  }
  installed.status = statusAfter(installed, record, status);
  const next = record.next;
  const complete = status === 'complete';
  const kept = {
    ...installed,
    ...(complete ? next : {}),
    ...(complete && record.dependencyEnv !== undefined ? { wired: record.dependencyEnv } : {}),
  };
  state.installed.set(operation.appId, kept);
  changes.keepInstalled(operation.appId, kept);
}

function statusAfter(
  installed: Installed,
  { operation }: OperationRecord,
  status: 'complete' | 'failed' | 'cancelled',
): Installed['status'] {
  if (operation.kind === 'uninstall') return 'failed';
  if (status === 'complete') return 'installed';
  return operation.kind === 'update' ? installed.status : 'failed';
}
