/**
 * Frameworks over libraries that nobody here wrote do a job each on the embedded cluster: PyPI's
 * pymesos (with a custom executor) and avmesos, npm's mesos-framework.
 */
import assert from 'node:assert/strict';
import { existsSync, mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { delimiter, join } from 'node:path';
import { secretOf } from '../../../src/core/credentials.js';
import { root } from '../../helpers/paths.js';
import { until } from '../../helpers/wait.js';
import { embedded, localCluster } from '../engine.js';
import type { Live, LiveCheck } from '../live.js';
import { holdings } from '../state.js';

const programs = join(root, 'test', 'live', 'foreign');
const installMs = 300_000;
const jobMs = 200_000;

/** pymesos is of the time of Python 3.7. */
function python37(): string | undefined {
  const versions = join(homedir(), '.pyenv', 'versions');
  const own = existsSync(versions) ? readdirSync(versions).filter((v) => v.startsWith('3.7.')) : [];
  const places = [
    ...own.map((version) => join(versions, version, 'bin', 'python3.7')),
    ...(process.env.PATH ?? '').split(delimiter).map((folder) => join(folder, 'python3.7')),
  ];
  return places.find((place) => existsSync(place));
}

/** Each library's program runs to its end, and nothing of it is left. */
export const foreignFrameworks: LiveCheck = {
  name: 'foreign frameworks',
  seconds: 120,
  kind: 'rotating',
  obstacle: () => (python37() === undefined ? 'no Python 3.7' : undefined),
  run: async (live) => {
    const engine = embedded(live);
    await live.step('up', () => engine.up());
    const python = join(live.dir, 'python');
    await live.step('install the libraries', async () => {
      await run(live, python37() ?? '', ['-m', 'venv', python]);
      const pip = ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check'];
      await run(live, join(python, 'bin', 'python'), [...pip, 'pymesos==0.3.15', 'avmesos==0.4.2']);
      mkdirSync(join(live.dir, 'npm'));
      const quiet = ['--no-audit', '--no-fund', '--no-progress', '--ignore-scripts'];
      await run(live, 'npm', ['install', ...quiet, 'mesos-framework@0.5.3'], join(live.dir, 'npm'));
    });
    await live.step('pymesos: squares in a custom executor', () => pymesos(live, python));
    await live.step('avmesos: one command after another', () => avmesos(live, python));
    await live.step('mesos-framework: two servers, one replaced', () => npmServers(live));
    await live.step('nothing of them is left', () =>
      until(async () => holdings(await engine.state(), engine.ownFrameworks).length === 0, {
        what: 'all given back',
        timeoutMs: 60_000,
      }),
    );
  },
};

async function run(
  live: Live,
  file: string,
  args: readonly string[],
  cwd = live.dir,
): Promise<string> {
  const ran = await live.exec(file, args, { cwd, timeoutMs: installMs });
  const said = `${ran.stdout.slice(-3000)}\n${ran.stderr.slice(-3000)}`;
  assert.equal(ran.status, 0, `${file} ${args.slice(0, 3).join(' ')}:\n${said}`);
  return ran.stdout;
}

/** The last line that a program printed. */
async function job<Result>(live: Live, file: string, args: readonly string[]): Promise<Result> {
  const ran = await live.exec(file, args, { timeoutMs: jobMs });
  const line = ran.stdout.trim().split('\n').at(-1) ?? '';
  assert.equal(ran.status, 0, `${args[0]}: ${line}\n${ran.stderr.slice(-4000)}`);
  return JSON.parse(line) as Result;
}

const credential = (live: Live, principal: string): [string, string] => {
  const key = readFileSync(join(live.dcosDir, 'local', 'keys', 'cluster.key'), 'utf8').trim();
  return [principal, secretOf(key, principal)];
};
const master = (live: Live): { host: string; port: number } => {
  const place = localCluster(live).master;
  assert.ok(place);
  return place;
};

async function pymesos(live: Live, python: string): Promise<void> {
  const { host, port } = master(live);
  const interpreter = join(python, 'bin', 'python');
  const executor = `exec ${interpreter} ${join(programs, 'pymesos_executor.py')}`;
  const args = [
    join(programs, 'pymesos_framework.py'),
    `${host}:${port}`,
    'squares',
    ...credential(live, 'pymesos'),
    executor,
  ];
  const { results, total, states } = await job<{
    results: Record<string, number>;
    total: number;
    states: Record<string, string[]>;
  }>(live, interpreter, args);
  assert.deepEqual(
    Object.values(results).sort((a, b) => a - b),
    [1, 4, 9, 16, 25],
  );
  assert.equal(total, 55, 'all ran in one executor');
  for (const each of Object.values(states)) {
    assert.deepEqual(each, ['TASK_RUNNING', 'TASK_FINISHED']);
  }
}

async function avmesos(live: Live, python: string): Promise<void> {
  const { host, port } = master(live);
  const { states } = await job<{ states: Record<string, string[]> }>(
    live,
    join(python, 'bin', 'python'),
    [
      join(programs, 'avmesos_framework.py'),
      `http://${host}:${port}`,
      'pipeline',
      ...credential(live, 'avmesos'),
    ],
  );
  const whole = ['TASK_STARTING', 'TASK_RUNNING', 'TASK_FINISHED'];
  assert.deepEqual(states, { first: whole, second: whole });
}

async function npmServers(live: Live): Promise<void> {
  const { host, port } = master(live);
  const { first, second } = await job<{ first: string[]; second: string[] }>(
    live,
    process.execPath,
    [
      join(programs, 'mesos-framework.cjs'),
      join(live.dir, 'npm'),
      host,
      String(port),
      ...credential(live, 'npm-servers'),
    ],
  );
  assert.equal(first.length, 2);
  assert.ok(second.some((id) => !first.includes(id)));
  assert.ok(
    second.some((id) => first.includes(id)),
    'the other went on',
  );
}
