/** Where a local cluster lies on disk (docs/architecture.md, "A local cluster on disk"). */
import { existsSync } from 'node:fs';
import { homedir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { DcosError } from '../../core/errors.js';

/** `$DCOS_DIR`, absolute; `~/.dcos` where it is not set. */
export function dcosDirOf(env: NodeJS.ProcessEnv): string {
  return env.DCOS_DIR ? resolve(env.DCOS_DIR) : join(homedir(), '.dcos');
}

/** The folder of the local cluster under `dcosDir`. */
export function localDirOf(dcosDir: string): string {
  return join(dcosDir, 'local');
}

/**
 * The program that runs every local server: `bin/dcos-cluster.js` of the package that this code
 * belongs to.
 */
export function clusterProgram(): string {
  let folder = dirname(fileURLToPath(import.meta.url));
  while (folder !== dirname(folder)) {
    const program = join(folder, 'bin', 'dcos-cluster.js');
    if (existsSync(program)) return program;
    folder = dirname(folder);
  }
  throw new DcosError('failed', 'bin/dcos-cluster.js is missing from this installation of dcos', {
    hint: 'Install dcos again: npm install -g dcos',
  });
}
