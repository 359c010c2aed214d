/** The program `dcos-swarm`: the manager of a swarm, or with the word `executor` its executor. */
import { DcosError, messageOf } from '../core/errors.js';
import { runExecutor } from './executor/run.js';
import { runManager } from './run.js';

async function main(): Promise<void> {
  if (process.argv[2] === 'executor') {
    runExecutor(process.env);
    return;
  }
  const server = await runManager(process.env);
  for (const signal of ['SIGTERM', 'SIGINT'] as const) {
    process.on(signal, () => void server.stop().then(() => process.exit(0)));
  }
}

main().catch((error: unknown) => {
  const known = error instanceof DcosError ? error : undefined;
  const hint = known?.hint === undefined ? '' : `\n${known.hint}`;
  process.stderr.write(`dcos-swarm: ${messageOf(error)}${hint}\n`);
  process.exit(known?.exitStatus ?? 1);
});
