/** The program `dcos-service`: the scheduler of one declarative service. */
import { DcosError, messageOf } from '../core/errors.js';
import { runService } from './run.js';

async function main(): Promise<void> {
  const server = await runService();
  for (const signal of ['SIGTERM', 'SIGINT'] as const) {
    process.on(signal, () => void server.stop().then(() => process.exit(0)));
  }
}

main().catch((error: unknown) => {
  const known = error instanceof DcosError ? error : undefined;
  const hint = known?.hint === undefined ? '' : `\n${known.hint}`;
  process.stderr.write(`dcos-service: ${messageOf(error)}${hint}\n`);
  process.exit(known?.exitStatus ?? 1);
});
