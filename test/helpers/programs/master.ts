/**
 * The embedded master as the process of a test: `<dir>`; writes `ready` once it serves, or its
 * error.
 */
import { DcosError, messageOf } from '../../../src/core/errors.js';
import { runMaster } from '../../../src/mesos/master/main.js';

try {
  const server = await runMaster(process.argv[2] ?? '');
  process.on('SIGTERM', () => void server.stop().then(() => process.exit(0)));
  process.stdout.write('ready\n');
} catch (error) {
  process.stdout.write(
    `error ${error instanceof DcosError ? error.code : ''}: ${messageOf(error)}\n`,
  );
  process.exit(error instanceof DcosError ? error.exitStatus : 1);
}
