/** What a live check is, and what it gets: a folder of its own and the built program. */
import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { allProcs, belongsTo, signal } from '../helpers/procfs.js';
import { until } from '../helpers/wait.js';

/** One thing that must hold of the real programs. */
export interface LiveCheck {
  /** Few words; unique. */
  readonly name: string;
  /** What it takes on two idle cores. It is stopped at three times that. */
  readonly seconds: number;
  /**
   * `core` runs on every change, `rotating` when its turn comes, `drill` by `npm run drills` alone:
   * it has not passed as a whole yet.
   */
  readonly kind: 'core' | 'rotating' | 'drill';
  /** Why it can't run on this machine; absent or `undefined` if it can. */
  readonly obstacle?: () => string | undefined;
  /** Throws where something does not hold. */
  readonly run: (live: Live) => Promise<void>;
}

/** What a command did. */
export interface Ran {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
  readonly ms: number;
}

/** How a command is run. */
export interface RunOptions {
  readonly env?: Readonly<Record<string, string>>;
  readonly input?: string;
  readonly cwd?: string;
  /** 120 s by default. */
  readonly timeoutMs?: number;
}

/** The surroundings of one check. */
export class Live {
  /** A folder of its own; gone afterwards. */
  readonly dir: string;
  /** `$DCOS_DIR`. */
  readonly dcosDir: string;
  /** The program `dcos`. */
  readonly bin: string;
  /** The environment of every command. */
  readonly env: Readonly<Record<string, string>>;

  readonly #tidying: (() => Promise<void>)[] = [];

  constructor(dir: string, bin: string) {
    this.dir = dir;
    this.bin = bin;
    this.dcosDir = join(dir, 'dcos');
    mkdirSync(join(dir, 'home'), { recursive: true });
    const inherited = Object.entries(process.env).filter(
      (entry): entry is [string, string] =>
        entry[1] !== undefined && !/^(?:DCOS_|NODE_OPTIONS$|TAP)/.test(entry[0]),
    );
    this.env = { ...Object.fromEntries(inherited), DCOS_DIR: this.dcosDir };
  }

  /** Says what is being looked at, and how long it took. */
  async step<Result>(name: string, look: () => Promise<Result>): Promise<Result> {
    const begun = performance.now();
    try {
      const result = await look();
      process.stdout.write(`  ok   ${name} (${seconds(performance.now() - begun)})\n`);
      return result;
    } catch (error) {
      process.stdout.write(`  FAIL ${name} (${seconds(performance.now() - begun)})\n`);
      throw error;
    }
  }

  /** Starts `dcos` and leaves it to the caller. */
  start(args: readonly string[], options: RunOptions = {}): ChildProcess {
    return spawn(process.execPath, [this.bin, ...args], {
      cwd: options.cwd ?? this.dir,
      env: { ...this.env, ...options.env },
      stdio: [options.input === undefined ? 'ignore' : 'pipe', 'pipe', 'pipe'],
    });
  }

  /** Runs `dcos` to its end, whatever its status. */
  dcos(args: readonly string[], options: RunOptions = {}): Promise<Ran> {
    return finish(this.start(args, options), `dcos ${args.join(' ')}`, options);
  }

  /** Runs any other program to its end. */
  exec(file: string, args: readonly string[], options: RunOptions = {}): Promise<Ran> {
    const child = spawn(file, [...args], {
      cwd: options.cwd ?? this.dir,
      env: { ...this.env, ...options.env },
      stdio: [options.input === undefined ? 'ignore' : 'pipe', 'pipe', 'pipe'],
    });
    return finish(child, [file, ...args].join(' '), options);
  }

  /** Runs `dcos`, which must succeed. */
  async ok(args: readonly string[], options: RunOptions = {}): Promise<Ran> {
    const ran = await this.dcos(args, options);
    assert.equal(ran.status, 0, `dcos ${args.join(' ')} ended with ${ran.status}:\n${ran.stderr}`);
    return ran;
  }

  /** Runs `dcos … --json`, which must succeed, and reads its result. */
  async json<Result>(args: readonly string[], options: RunOptions = {}): Promise<Result> {
    const { stdout } = await this.ok([...args, '--json'], options);
    return JSON.parse(stdout) as Result;
  }

  /** Has `work` done at the end, after the cluster was brought down. */
  onTidy(work: () => Promise<void>): void {
    this.#tidying.push(work);
  }

  /** Brings everything down for good; it never throws. */
  async tidy(): Promise<void> {
    if (existsSync(join(this.dcosDir, 'local', 'cluster.json'))) {
      await this.dcos(['down', '--purge', '--yes'], { timeoutMs: 60_000 }).catch(() => {});
    }
    for (const work of this.#tidying) await work().catch(() => {});
  }

  /** What of this check still runs, this process excepted. */
  leftovers(): string[] {
    return allProcs()
      .filter((proc) => proc.pid !== process.pid && belongsTo(proc, this.dir))
      .map(({ pid, command }) => `${pid} ${command.slice(0, 160)}`);
  }

  /** Nothing of this check runs any more, or only for the moment that its end takes. */
  async assertQuiet(): Promise<void> {
    await until(() => this.leftovers().length === 0, { what: 'quiet', timeoutMs: 3000 }).catch(() =>
      assert.deepEqual(this.leftovers(), [], 'nothing runs'),
    );
  }

  /** Ends whatever is left, hard. */
  kill(): void {
    // The loops first: they would start their servers again.
    const left = allProcs().filter((p) => p.pid !== process.pid && belongsTo(p, this.dir));
    const loopsFirst = left.sort((a, b) => Number(isLoop(b.command)) - Number(isLoop(a.command)));
    for (const { pid } of loopsFirst) signal(pid, 'SIGKILL');
  }

  /** The log of a local server. */
  log(server: string): string {
    const path = join(this.dcosDir, 'local', server, 'log');
    return existsSync(path) ? readFileSync(path, 'utf8') : '';
  }
}

const isLoop = (command: string): boolean => command.includes('dcos-loop-');

/** `ms` for people. */
export function seconds(ms: number): string {
  return `${(ms / 1000).toFixed(1)} s`;
}

async function finish(child: ChildProcess, what: string, options: RunOptions): Promise<Ran> {
  const begun = performance.now();
  const timeoutMs = options.timeoutMs ?? 120_000;
  let stdout = '';
  let stderr = '';
  child.stdout?.setEncoding('utf8').on('data', (text: string) => {
    stdout += text;
  });
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    stderr += text;
  });
  child.stdin?.on('error', () => {});
  child.stdin?.end(options.input ?? '');
  let late = false;
  const timer = setTimeout(() => {
    late = true;
    child.kill('SIGKILL');
  }, timeoutMs);
  // `exit`, not `close`: what it left running may hold its output open.
  const [status] = (await once(child, 'exit')) as [number | null];
  clearTimeout(timer);
  await Promise.race([once(child, 'close'), new Promise((done) => setTimeout(done, 200))]);
  if (late) assert.fail(`${what} did not end within ${timeoutMs} ms:\n${stderr.slice(-2000)}`);
  return { status, stdout, stderr, ms: performance.now() - begun };
}
