/** The Docker clients of this machine, and how each is run against a swarm. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { chmodSync, cpSync, existsSync, mkdirSync, realpathSync, renameSync } from 'node:fs';
import { homedir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import type { Live, Ran, RunOptions } from '../live.js';

/** A docker client. */
export interface DockerClient {
  readonly path: string;
  /** `20.10.24+dfsg1` */
  readonly version: string;
}

/** Every docker client on the PATH, one of each version. */
export function dockerClients(): DockerClient[] {
  const found = new Map<string, DockerClient>();
  for (const folder of (process.env.PATH ?? '').split(delimiter)) {
    const path = join(folder, 'docker');
    if (!existsSync(path)) continue;
    const client = clientAt(realpathSync(path));
    if (client !== undefined && !found.has(client.version)) found.set(client.version, client);
  }
  return [...found.values()];
}

function clientAt(path: string): DockerClient | undefined {
  const { stdout, status } = spawnSync(path, ['--version'], { encoding: 'utf8', timeout: 10_000 });
  const version = /^Docker version ([^,\s]+)/.exec(stdout)?.[1];
  return status === 0 && version !== undefined ? { path, version } : undefined;
}

/** Whether a program is on the PATH and runs. */
export function hasProgram(name: string, args: readonly string[] = ['--version']): boolean {
  return spawnSync(name, [...args], { stdio: 'ignore', timeout: 20_000 }).status === 0;
}

/** A client against one swarm, by the variables of `dcos swarm env`. */
export class SwarmClient {
  readonly #live: Live;
  readonly #program: string;
  readonly #env: Readonly<Record<string, string>>;

  private constructor(live: Live, program: string, env: Readonly<Record<string, string>>) {
    this.#live = live;
    this.#program = program;
    this.#env = env;
  }

  static async open(live: Live, program: string): Promise<SwarmClient> {
    return new SwarmClient(live, program, await live.json(['swarm', 'env']));
  }

  /** The variables that lead to the swarm. */
  get env(): Readonly<Record<string, string>> {
    return this.#env;
  }

  /** Runs it to its end, whatever its status. */
  run(args: readonly string[], options: RunOptions = {}): Promise<Ran> {
    const env = { ...this.#env, ...options.env };
    return this.#live.exec(this.#program, args, { ...options, env });
  }

  /** What it says on stdout, trimmed; it must succeed. */
  async text(args: readonly string[], options: RunOptions = {}): Promise<string> {
    const { status, stdout, stderr } = await this.run(args, options);
    assert.equal(status, 0, `${this.#program} ${args.join(' ')}: ${stderr}${stdout}`);
    return stdout.trim();
  }

  /** What it shows on a terminal of 33 rows and 101 columns. */
  async onTerminal(command: string): Promise<string> {
    const script = `stty rows 33 cols 101; ${this.#program} ${command}`;
    const ran = await this.#live.exec('script', ['-qec', script, '/dev/null'], {
      env: this.#env,
      timeoutMs: 30_000,
    });
    assert.equal(ran.status, 0, `${command}: ${ran.stdout}${ran.stderr}`);
    // The end of its own input comes as a NUL, which the terminal shows.
    return ran.stdout.replaceAll('\r', '').replaceAll('^@', '').replaceAll('\0', '');
  }
}

/** A program that is built from a Go module, once for this user. */
interface GoProgram {
  readonly name: string;
  readonly module: string;
  readonly version: string;
  /** The package of its `main`. */
  readonly main: string;
  /** The variable that holds its version. */
  readonly versionIn: string;
}

/** The newest docker client whose modules can all be had; it has a `vendor.mod` for a `go.mod`. */
export const newestDocker: GoProgram = {
  name: 'docker',
  module: 'github.com/docker/cli',
  version: 'v29.9.2+incompatible',
  main: './cmd/docker',
  versionIn: 'github.com/docker/cli/cli/version.Version',
};

/** Compose of the second line. */
export const newestCompose: GoProgram = {
  name: 'docker-compose',
  module: 'github.com/docker/compose/v2',
  version: 'v2.40.3',
  main: './cmd',
  versionIn: 'github.com/docker/compose/v2/internal.Version',
};

/** Builds a program with Go where it is not there yet; gives its path. */
export async function builtWithGo(live: Live, program: GoProgram): Promise<string> {
  const { name, module, version, main, versionIn } = program;
  const plain = version.replace(/^v|\+.*/g, '');
  const cache = process.env.XDG_CACHE_HOME ?? join(homedir(), '.cache');
  const path = join(cache, 'dcos', 'clients', `${name}-${plain}`);
  if (existsSync(path)) return path;
  const go = async (args: readonly string[], cwd = live.dir): Promise<string> => {
    const options = { env: { GOFLAGS: '-buildvcs=false -mod=mod' }, timeoutMs: 900_000, cwd };
    const { status, stdout, stderr } = await live.exec('go', args, options);
    assert.equal(status, 0, `go ${args.join(' ')}: ${stderr}`);
    return stdout;
  };
  const answer = await go(['mod', 'download', '-json', `${module}@${version}`]);
  const source = join(live.dir, `source-of-${name}`);
  cpSync((JSON.parse(answer) as { Dir: string }).Dir, source, { recursive: true });
  // Downloaded modules cannot be written to.
  spawnSync('chmod', ['-R', 'u+w', source]);
  for (const ending of ['mod', 'sum']) {
    const vendored = join(source, `vendor.${ending}`);
    if (existsSync(vendored)) renameSync(vendored, join(source, `go.${ending}`));
  }
  const flags = ['-ldflags', `-s -w -X ${versionIn}=${plain}`];
  await go(['build', '-o', 'program.new', ...flags, main], source);
  mkdirSync(dirname(path), { recursive: true });
  cpSync(join(source, 'program.new'), `${path}.new`);
  chmodSync(`${path}.new`, 0o755);
  renameSync(`${path}.new`, path);
  return path;
}
