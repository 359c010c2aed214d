/** The one exit: turns whatever was thrown into text on stderr and a status. */
import { DcosError, exitStatusByCode, messageOf, systemCodeOf } from '../core/errors.js';
import { clean } from './output/clean.js';

/**
 * The text for an error: what failed, why, what to do next; with `-v` the cause, with `-vv` its
 * stack.
 */
export function explain(error: unknown, verbosity: number): string {
  const lines = [`Error: ${clean(messageOf(error))}`];
  if (error instanceof DcosError && error.hint !== undefined) lines.push(clean(error.hint));
  if (verbosity >= 1 && error instanceof Error && error.cause !== undefined) {
    lines.push(`Cause: ${clean(messageOf(error.cause))}`);
  }
  if (verbosity >= 2 && error instanceof Error) lines.push(clean(error.stack ?? ''));
  return lines.join('\n');
}

/** The exit status for an error. */
export function statusOf(error: unknown): number {
  if (error instanceof DcosError) return error.exitStatus;
  return systemCodeOf(error) === 'EPIPE' ? 0 : exitStatusByCode.internal;
}
