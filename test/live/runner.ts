/** Runs live checks, each in a process of its own with a limit of time, and counts. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, realpathSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Live, type LiveCheck, seconds } from './live.js';
import { unmountUnder } from './small-disks.js';

/** How a check ended. */
export interface Outcome {
  readonly name: string;
  readonly passed: boolean;
  readonly ms: number;
}

/**
 * The checks of one turn that fit into `budgetSeconds`, starting where `commit` points; what did
 * not fit is left out.
 */
export function slice(
  checks: readonly LiveCheck[],
  commit: string,
  budgetSeconds: number,
): { taken: LiveCheck[]; leftOut: LiveCheck[] } {
  const start = checks.length === 0 ? 0 : Number.parseInt(commit.slice(0, 7), 16) % checks.length;
  const turn = [...checks.slice(start), ...checks.slice(0, start)];
  const taken: LiveCheck[] = [];
  const leftOut: LiveCheck[] = [];
  let used = 0;
  for (const check of turn) {
    const fits = used + check.seconds <= budgetSeconds;
    if (fits) used += check.seconds;
    (fits ? taken : leftOut).push(check);
  }
  return { taken, leftOut };
}

/**
 * Runs this very program again for one check, with more environment; stops it at three times its
 * own measure.
 */
export async function runApart(
  check: LiveCheck,
  env: Readonly<Record<string, string>> = {},
): Promise<Outcome> {
  const begun = performance.now();
  process.stdout.write(`# ${check.name} (about ${check.seconds} s)\n`);
  const child = spawn(process.execPath, [process.argv[1] ?? '', 'one', check.name], {
    stdio: ['ignore', 'inherit', 'inherit'],
    detached: true,
    env: { ...process.env, ...env },
  });
  // It tidies up after itself on SIGTERM; its own process group keeps a ctrl-C from its children.
  const end = (): void => {
    child.kill('SIGTERM');
  };
  const timer = setTimeout(() => {
    process.stdout.write(`  FAIL it took longer than ${check.seconds * 3} s\n`);
    end();
  }, check.seconds * 3000);
  process.once('SIGINT', end).once('SIGTERM', end);
  const [status] = (await once(child, 'exit')) as [number | null];
  clearTimeout(timer);
  process.off('SIGINT', end).off('SIGTERM', end);
  const ms = performance.now() - begun;
  const passed = status === 0;
  process.stdout.write(`${passed ? 'ok' : 'not ok'} - ${check.name} (${seconds(ms)})\n`);
  return { name: check.name, passed, ms };
}

/** Runs one check here, tidies up, and gives the exit status. */
export async function runHere(check: LiveCheck, bin: string): Promise<number> {
  // The real path: that is what /proc shows.
  const dir = realpathSync(mkdtempSync(join(tmpdir(), 'dcos-live-')));
  const live = new Live(dir, bin);
  let failure: unknown;
  const stop = (): void => {
    live.kill();
    unmountUnder(dir);
    rmSync(dir, { recursive: true, force: true });
    process.exit(1);
  };
  process.once('SIGTERM', stop);
  process.once('SIGINT', stop);
  try {
    await check.run(live);
  } catch (error) {
    failure = error;
    showFailure(live, error);
  }
  if (failure !== undefined && process.env.DCOS_LIVE_KEEP !== undefined) {
    process.stdout.write(`  kept, and perhaps running: DCOS_DIR=${live.dcosDir}\n`);
    return 1;
  }
  await live.tidy();
  await live.assertQuiet().catch(() => {});
  const left = live.leftovers();
  if (left.length > 0) {
    process.stdout.write(`  FAIL left running:\n${left.map((line) => `    ${line}\n`).join('')}`);
    live.kill();
  }
  unmountUnder(dir);
  rmSync(dir, { recursive: true, force: true });
  return failure === undefined && left.length === 0 ? 0 : 1;
}

function showFailure(live: Live, error: unknown): void {
  const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
  process.stdout.write(`${text.replaceAll(/^/gm, '    ')}\n`);
  for (const server of ['master', 'control', 'agent-1']) {
    const lines = live.log(server).trimEnd().split('\n').slice(-12).join('\n');
    if (lines !== '')
      process.stdout.write(`  ${server} says:\n${lines.replaceAll(/^/gm, '    ')}\n`);
  }
}
