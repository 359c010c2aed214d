/**
 * Why the control plane of the local cluster does not answer: stopped on purpose, or the last words
 * of a server that keeps dying. Read when a call has failed, never before.
 */
import { join } from 'node:path';
import { DcosError } from '../../core/errors.js';
import { readIfThere } from './files.js';

/** How a server that ends on its own account begins its last line (src/cluster/main.ts). */
const lastWords = 'dcos-cluster: ';

/** `error` with what the local cluster in `localDir` can tell about it. */
export function withReasonOfLocal(error: DcosError, localDir: string): DcosError {
  const details = { cause: error.cause, status: error.status, data: error.data };
  if (readIfThere(join(localDir, 'stop')) !== undefined) {
    return new DcosError('unreachable', 'the local cluster is stopped', {
      ...details,
      hint: 'Start it, with everything that ran on it: dcos up',
    });
  }
  const words = lastWordsIn(readIfThere(join(localDir, 'control', 'log')) ?? '');
  if (words === undefined) return error;
  return new DcosError('unreachable', `${error.message}\nits control plane ended: ${words}`, {
    ...details,
    hint: 'It is started again by itself, with growing pauses; at once: dcos up',
  });
}

/** The reason of the newest end in a log, unless a start that serves came after it. */
export function lastWordsIn(log: string): string | undefined {
  for (const line of log.trimEnd().split('\n').reverse()) {
    // Not only at its start: what a library wrote before it may lack an end of line.
    const at = line.lastIndexOf(lastWords);
    if (at >= 0) return line.slice(at + lastWords.length);
    if (line.includes('"message":"serving"')) return undefined;
  }
  return undefined;
}
