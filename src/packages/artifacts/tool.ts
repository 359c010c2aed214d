/**
 * Runs the user's own package tools (mvn, pip, npm), and says what went wrong in words that help.
 */
import { spawn } from 'node:child_process';
import { DcosError, systemCodeOf } from '../../core/errors.js';

/** One run of a tool. */
export interface ToolRun {
  /** As users know it. */
  readonly name: string;
  readonly command: string;
  readonly args: readonly string[];
  readonly cwd: string;
  /** Added to the user's environment, of which nothing of ours (`DCOS_…`) is passed on. */
  readonly env?: Readonly<Record<string, string>>;
  readonly signal: AbortSignal;
  /** How to come by the tool; said when it is missing. */
  readonly install: string;
  /** The config key of a repository base URL that makes the tool unnecessary. */
  readonly baseUrlKey: string;
  readonly onLine?: (line: string) => void;
}

const timeLimitMs = 30 * 60 * 1000;
const keptOutput = 256 * 1024;

const offline = new RegExp(
  [
    ...['UnknownHost', 'Name or service not known', 'name resolution', 'ENOTFOUND', 'EAI_AGAIN'],
    ...['ECONNREFUSED', 'ECONNRESET', 'ETIMEDOUT', 'Connection refused', 'Connection timed out'],
    ...['Connect timed out', 'Network is unreachable', 'No route to host', 'new connection'],
    ...['Max retries exceeded', 'offline mode', 'ENOTCACHED', 'from versions: none'],
  ].join('|'),
  'i',
);

/**
 * Runs a tool to its end; its output. Throws `failed` (missing, failed), `unreachable` (offline),
 * `io` (disk full), `interrupted`, `timeout`.
 */
export function runTool(run: ToolRun): Promise<string> {
  return new Promise((resolve, reject) => {
    if (run.signal.aborted) {
      reject(interrupted(run));
      return;
    }
    const child = spawn(run.command, run.args, {
      cwd: run.cwd,
      env: { ...environment(), NO_COLOR: '1', ...run.env },
      stdio: ['ignore', 'pipe', 'pipe'],
      // A group of its own, so that the Java or Python behind a wrapper script dies with it.
      detached: true,
    });
    let output = '';
    let rest = '';
    let timedOut = false;
    const stop = (): void => killGroup(child.pid);
    const timer = setTimeout(() => {
      timedOut = true;
      stop();
    }, timeLimitMs);
    const take = (chunk: Buffer): void => {
      const text = chunk.toString('utf8');
      output = (output + text).slice(-keptOutput);
      const lines = (rest + text).split('\n');
      rest = (lines.pop() ?? '').slice(-4096);
      for (const line of lines) run.onLine?.(line);
    };
    child.stdout.on('data', take);
    child.stderr.on('data', take);
    run.signal.addEventListener('abort', stop, { once: true });
    const done = (): void => {
      clearTimeout(timer);
      run.signal.removeEventListener('abort', stop);
    };
    child.on('error', (error) => {
      done();
      reject(systemCodeOf(error) === 'ENOENT' ? missing(run) : failed(run, String(error)));
    });
    child.on('close', (code) => {
      done();
      if (code === 0) resolve(output);
      else if (run.signal.aborted) reject(interrupted(run));
      else if (timedOut) reject(new DcosError('timeout', `${run.name} ran for more than 30 min`));
      else reject(failed(run, output));
    });
  });
}

function killGroup(pid: number | undefined): void {
  if (pid === undefined) return;
  try {
    process.kill(-pid, 'SIGKILL');
  } catch {
    // It has ended by itself.
  }
}

function environment(): NodeJS.ProcessEnv {
  const kept = Object.entries(process.env).filter(([name]) => !name.startsWith('DCOS_'));
  return Object.fromEntries(kept);
}

function interrupted(run: ToolRun): DcosError {
  return new DcosError('interrupted', `${run.name} was stopped`);
}

function missing(run: ToolRun): DcosError {
  return new DcosError(
    'failed',
    `${run.name} is needed to fetch this package: ${run.command} was not found`,
    {
      hint: `${run.install}, or ${nameRepository(run)}`,
    },
  );
}

function nameRepository({ baseUrlKey }: ToolRun): string {
  return `name a repository with the same layout: dcos config set ${baseUrlKey} <base URL>`;
}

function failed(run: ToolRun, output: string): DcosError {
  const data = { output: output.slice(-4000) };
  if (/No space left on device|ENOSPC/.test(output)) {
    return new DcosError('io', `the disk is full: ${run.name} could not store what it fetched`, {
      hint: 'free some space and try again; what was fetched completely is kept',
      data,
    });
  }
  if (offline.test(output)) {
    return new DcosError(
      'unreachable',
      `${run.name} could not reach its repository, or found nothing there`,
      {
        hint: `check its network, proxy and mirror settings, or ${nameRepository(run)}`,
        data,
      },
    );
  }
  return new DcosError('failed', `${run.name} failed: ${telling(output)}`, { data });
}

/** The line of the output that says most. */
function telling(output: string): string {
  const lines = output.split('\n').map((line) => line.trim());
  const telltale = lines.find((line) => /^(\[ERROR\]|ERROR:?|npm (error|ERR!))\s+\S/.test(line));
  const line = telltale ?? lines.filter((text) => text !== '').at(-1) ?? 'it said nothing';
  return line.replace(/^(\[ERROR\]|ERROR:?|npm (error|ERR!))\s+/, '').slice(0, 300);
}
