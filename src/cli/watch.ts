/**
 * Watches an operation of the server to its end, and says what becomes of it when nobody watches.
 */
import type { Http } from '../client/http.js';
import { watchOperation } from '../client/operations.js';
import { DcosError } from '../core/errors.js';
import type { Operation } from '../wire/operations.js';
import type { Context } from './context.js';
import { operationChanges, operationPicture, unfinished } from './output/operation.js';

/**
 * Shows an operation until it ends; gives its last state. Throws what it ended with: `failed`,
 * `timeout` where its deadline passed, `conflict` where another operation took its place.
 */
export async function watch(context: Context, http: Http, id: string): Promise<Operation> {
  const { io } = context;
  context.interruptNote = [
    'This goes on without you: the cluster does it.',
    `Watch it again with the same command; stop watching changes nothing (operation ${id}).`,
  ].join('\n');
  const progress = await io.progress('waiting for the control plane');
  let last: Operation | undefined;
  try {
    for await (const operation of watchOperation(http, id)) {
      if (io.isTalkTerminal) progress.update(operationPicture(operation));
      else for (const line of operationChanges(last, operation)) io.say(line);
      last = operation;
    }
  } finally {
    progress.end();
    context.interruptNote = undefined;
  }
  if (last === undefined) throw new DcosError('failed', `operation ${id} said nothing`);
  throwIfFailed(last);
  return last;
}

function throwIfFailed(operation: Operation): void {
  if (operation.status === 'complete') return;
  const { kind, packageName, reason = 'no reason is given', deadline, endedAt = 0 } = operation;
  const stuck = unfinished(operation).flatMap((phase) =>
    phase.steps
      .filter((step) => step.status !== 'COMPLETE')
      .map((step) =>
        `${phase.name}: ${step.name} [${step.status}] ${step.message ?? ''}`.trimEnd(),
      ),
  );
  if (operation.status === 'cancelled') {
    throw new DcosError('conflict', `the ${kind} of ${packageName} was cancelled: ${reason}`);
  }
  const isLate = endedAt >= deadline || /deadline|timed? ?out|did not finish within/i.test(reason);
  throw new DcosError(
    isLate ? 'timeout' : 'failed',
    [`the ${kind} of ${packageName} failed: ${reason}`, ...stuck].join('\n  '),
    { hint: 'See what happened: dcos failures, dcos task log <task> stderr' },
  );
}
