/** The command line as a whole program, run in a folder of its own. */
import { spawn } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { root } from './paths.js';

/** What a run ended with. */
export interface Run {
  /** The exit status; 128 + n where a signal ended it. */
  readonly status: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** How to run it. */
export interface RunOptions {
  /** `$DCOS_DIR`. */
  readonly home: string;
  readonly env?: Readonly<Record<string, string>>;
  /** The working folder; the test's own if left out. */
  readonly cwd?: string;
  /** Sent to stdin. */
  readonly input?: string;
  /** `bin/dcos.js` of another installation. */
  readonly program?: string;
  readonly timeoutMs?: number;
  /** Told what has been written so far, with a way to send a signal. */
  readonly onOutput?: (text: string, signal: (name: NodeJS.Signals) => void) => void;
}

/** Anything that runs something when a test ends. */
export interface Teardown {
  teardown(work: () => void | Promise<void>): unknown;
}

/** A fresh folder, removed when the test ends. */
export function makeFolder(t: Teardown): string {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), 'dcos-cli-')));
  t.teardown(() => rmSync(folder, { recursive: true, force: true, maxRetries: 5 }));
  return folder;
}

/** Runs `dcos` with these arguments and no terminal. */
export function runDcos(args: readonly string[], options: RunOptions): Promise<Run> {
  const { PATH = '', HOME = '', LANG = 'C.UTF-8' } = process.env;
  const child = spawn(
    process.execPath,
    [options.program ?? join(root, 'bin', 'dcos.js'), ...args],
    {
      env: { PATH, HOME, LANG, DCOS_DIR: options.home, ...options.env },
      ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
      stdio: 'pipe',
      timeout: options.timeoutMs ?? 60_000,
    },
  );
  let stdout = '';
  let stderr = '';
  const seen = (): void =>
    options.onOutput?.(stdout + stderr, (name) => {
      child.kill(name);
    });
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    stdout += text;
    seen();
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr += text;
    seen();
  });
  child.stdin.on('error', () => {});
  child.stdin.end(options.input ?? '');
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (status) => resolve({ status: status ?? 128, stdout, stderr }));
  });
}

/** Makes a cluster known and attached in a home. */
export function attachCluster(
  home: string,
  cluster: { id: string; url: string; name?: string; token?: string },
): void {
  const { id, url, name = 'test', token = 'good-token' } = cluster;
  const folder = join(home, 'clusters', id);
  mkdirSync(folder, { recursive: true });
  const lines = [
    '[core]',
    `dcos_url = "${url}"`,
    `dcos_acs_token = "${token}"`,
    '[cluster]',
    `name = "${name}"`,
  ];
  writeFileSync(join(folder, 'dcos.toml'), lines.join('\n'));
  writeFileSync(join(folder, 'attached'), '');
}

/** A copy of the built command line beside another `dcos-cluster`; gives its `bin/dcos.js`. */
export function installBeside(folder: string, clusterProgram: string): string {
  mkdirSync(join(folder, 'bin'), { recursive: true });
  for (const name of ['dist/dcos.js', 'dist/dcos-chunks', 'package.json', 'bin/dcos.js']) {
    cpSync(join(root, name), join(folder, name), { recursive: true });
  }
  writeFileSync(join(folder, 'bin', 'dcos-cluster.js'), clusterProgram);
  return join(folder, 'bin', 'dcos.js');
}
