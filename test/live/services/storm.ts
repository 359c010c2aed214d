/** Storm with a topology whose tuples are acknowledged: every number is counted at least once. */
import assert from 'node:assert/strict';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { root } from '../../helpers/paths.js';
import { leavesOf, taskProcs } from '../../helpers/procfs.js';
import { until } from '../../helpers/wait.js';
import type { Live } from '../live.js';
import type { ServiceUnderTest, Workload } from './service.js';

/** Two nimbuses, two supervisors with two workers each. */
export const storm: ServiceUnderTest = {
  name: 'storm',
  needs: ['zookeeper'],
  options: {
    nimbus: { cpus: 0.2, heap: 96, disk: 128 },
    supervisors: { cpus: 0.2, disk: 128 },
    workers: { cpus: 0.2, heap: 96, mem: 256 },
  },
  memMb: 2 * 384 + 2 * (192 + 2 * 256),
  seconds: { install: 45, recover: 60 },
  tasks: ['nimbus-0-server', 'supervisor-1-server'],
  obstacle: withoutCompiler,
  program: /daemon\.(?:nimbus\.Nimbus|supervisor\.Supervisor)$/,
  begin: async (live) => {
    const topology = new CountTopology(live);
    await topology.begin();
    return topology;
  },
};

/** The topology of `storm/CountTopology.java`, compiled against the jars of the running nimbus. */
export class CountTopology implements Workload {
  readonly name = 'count';
  readonly #live: Live;
  readonly #folder: string;

  constructor(live: Live) {
    this.#live = live;
    this.#folder = join(live.dir, 'count');
  }

  /** Compiles and submits it. */
  async begin(workers = 2): Promise<void> {
    const { dir } = this.#live;
    const classes = join(dir, 'classes');
    const jar = join(dir, 'count.jar');
    mkdirSync(this.#folder, { recursive: true });
    const source = join(root, 'test/live/services/storm/CountTopology.java');
    const libs = join(sandboxOf(this.#live, 'nimbus-0-server'), 'storm/lib-worker/*');
    await this.#tool('javac', ['-nowarn', '--release', '17', '-cp', libs, '-d', classes, source]);
    await this.#tool('jar', ['--create', '--file', jar, '-C', classes, '.']);
    const words = [jar, 'live.CountTopology', this.name, this.#folder, String(workers)];
    await this.#live.ok(['storm', 'jar', ...words], { timeoutMs: 240_000 });
    await this.progress(20, 240_000);
  }

  async #tool(program: string, args: readonly string[]): Promise<void> {
    const ran = await this.#live.exec(program, args);
    assert.equal(ran.status, 0, `${program}: ${ran.stderr}`);
  }

  async progress(count: number, timeoutMs = 180_000): Promise<void> {
    const wanted = this.#acknowledged().length + count;
    await until(() => this.#acknowledged().length >= wanted, {
      what: `${count} more numbers acknowledged`,
      timeoutMs,
      everyMs: 250,
    });
  }

  /** Has no more emitted, waits until all are acknowledged, and looks for each. */
  async verify(): Promise<void> {
    writeFileSync(join(this.#folder, 'stop'), '');
    const done = join(this.#folder, 'done');
    await until(() => existsSync(done), {
      what: 'all numbers acknowledged',
      timeoutMs: 240_000,
      everyMs: 250,
    });
    const emitted = Number(readFileSync(done, 'utf8'));
    const counted = new Set(this.#counted());
    const missing = Array.from({ length: emitted }, (_, id) => id).filter((id) => !counted.has(id));
    assert.deepEqual(missing, [], `never counted, of ${emitted}`);
    const unheard = this.#acknowledged().filter((id) => !counted.has(id));
    assert.deepEqual(unheard, [], 'acknowledged, but never counted');
    assert.ok(emitted >= 500, `only ${emitted} were emitted`);
  }

  async stop(): Promise<void> {
    await this.#live.dcos(['storm', 'kill', this.name, '--wait', '0', '--yes']).catch(() => {});
  }

  #acknowledged(): number[] {
    return numbersIn(join(this.#folder, 'acknowledged'));
  }

  #counted(): number[] {
    const files = readdirSync(this.#folder).filter((name) => name.startsWith('counted-'));
    return files.flatMap((name) => numbersIn(join(this.#folder, name)));
  }
}

function numbersIn(path: string): number[] {
  if (!existsSync(path)) return [];
  const lines = readFileSync(path, 'utf8').split('\n');
  // What stands behind the last line's end is being written.
  return lines.slice(0, -1).map(Number);
}

/** The working folder of a task. */
export function sandboxOf(live: Live, task: string): string {
  const [proc] = leavesOf(taskProcs(live.dir, task));
  assert.ok(proc, `no process belongs to ${task}`);
  return proc.folder;
}

/** Why it cannot be compiled here. */
export function withoutCompiler(): string | undefined {
  const found = (process.env.PATH ?? '')
    .split(':')
    .some((folder) => existsSync(join(folder, 'javac')));
  return found ? undefined : 'there is no javac: topologies are compiled';
}
