/** Small programs of the tests' own, made into one file so that a child process can run them. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { build } from 'esbuild';
import { root } from './paths.js';

/** Bundles `entry` (from the root) into `folder`, which must lie under the root; gives the path. */
export async function bundleProgram(entry: string, folder: string): Promise<string> {
  const outfile = join(folder, 'program.mjs');
  await build({
    entryPoints: [join(root, entry)],
    outfile,
    bundle: true,
    platform: 'node',
    target: 'node20',
    format: 'esm',
    external: ['lmdb'],
    logLevel: 'silent',
  });
  return outfile;
}

/** Starts a bundled program; what it writes on stdout goes to `onLine`, line by line. */
export function startProgram(
  file: string,
  args: readonly string[],
  onLine: (line: string) => void,
): ChildProcess {
  // No NODE_OPTIONS of the test runner: a killed child would leave its bookkeeping half-written.
  const { NODE_OPTIONS: _runner, ...env } = process.env;
  const child = spawn(process.execPath, [file, ...args], {
    stdio: ['ignore', 'pipe', 'inherit'],
    env,
  });
  let rest = '';
  child.stdout?.setEncoding('utf8').on('data', (text: string) => {
    const lines = (rest + text).split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) onLine(line);
  });
  return child;
}

/** Kills with SIGKILL and waits until the process is gone. */
export async function killHard(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const gone = once(child, 'exit');
  child.kill('SIGKILL');
  await gone;
}
