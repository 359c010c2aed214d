/** Asks `dcos-cluster package …`, which needs no cluster, and reads its answer. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { DcosError, type ErrorCode, exitStatusByCode } from '../../core/errors.js';
import { clusterProgram } from './paths.js';

/** The report of one verb; `tell` hears what it says meanwhile. Throws what it ended with. */
export async function askAuthor(
  words: readonly string[],
  tell: (line: string) => void,
): Promise<Record<string, unknown>> {
  const child = spawn(process.execPath, [clusterProgram(), 'package', ...words], {
    stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
  });
  let report: unknown;
  let stderr = '';
  child.on('message', (message) => {
    report = message;
  });
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    stderr += text;
  });
  const [status] = (await once(child, 'close')) as [number | null];
  const lines = stderr.trimEnd().split('\n');
  if (status === 0) {
    for (const line of lines) if (line !== '') tell(line);
    return (report ?? {}) as Record<string, unknown>;
  }
  const at = Math.max(
    0,
    lines.findIndex((line) => line.startsWith('dcos-cluster: ')),
  );
  const [message = '', ...hint] = lines.slice(at);
  const details = hint.filter((line) => line.startsWith('  '));
  const rest = hint.filter((line) => !line.startsWith('  ')).join('\n');
  throw new DcosError(
    codeOf(status),
    [message.replace('dcos-cluster: ', ''), ...details].join('\n'),
    rest === '' ? {} : { hint: rest },
  );
}

function codeOf(status: number | null): ErrorCode {
  const codes = Object.entries(exitStatusByCode) as [ErrorCode, number][];
  return codes.find(([code, exit]) => exit === status && code !== 'usage')?.[0] ?? 'failed';
}
