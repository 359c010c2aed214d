/** The embedded agent as a program: what `dcos-cluster agent` runs. */
import { DcosError } from '../../core/errors.js';
import type { RunningServer } from '../../core/running.js';

/** Starts it from the folder `dir` (`$DCOS_DIR/local`); resolves once it serves. pid and ready files are the caller's work. */
export async function runAgent(dir: string, index: number): Promise<RunningServer> {
  throw new DcosError('failed', `not ready yet: ${dir} ${index}`);
}
