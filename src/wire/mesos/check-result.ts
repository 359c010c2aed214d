/** What a task's check says (mesos.proto, CheckStatusInfo). */
import type { CheckStatus } from './task.js';

/** A result and, in words, why it is no success; `undefined` while there is none. */
export function checkResultOf(
  status: CheckStatus | undefined,
): { readonly passed: boolean; readonly cause: string } | undefined {
  const code = status?.http?.status_code;
  if (code !== undefined)
    return { passed: code >= 200 && code < 400, cause: `HTTP status ${code}` };
  const exit = status?.command?.exit_code;
  if (exit !== undefined)
    return { passed: exit === 0, cause: `command exited with status ${exit}` };
  const succeeded = status?.tcp?.succeeded;
  if (succeeded !== undefined) return { passed: succeeded, cause: 'no TCP connection' };
  return undefined;
}
