/**
 * `npm run bench`: the project's figures, medians of one run beside `node -e 0` of the same run.
 * `--kafka` (or another of `services.ts`) adds that service, `--services` all of them, `--only`
 * leaves out everything else; `--rounds N` takes more measurements.
 */
import { writeFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { join } from 'node:path';
import { allProcs, belongsTo, leavesOf, memoryOf, signal, taskProcs } from '../helpers/procfs.js';
import { until } from '../helpers/wait.js';
import { apacheMesos, embedded, serverPid } from '../live/engine.js';
import type { Live } from '../live/live.js';
import { mesosInstall, mesosObstacle, mesosScripts } from '../live/mesos-install.js';
import { runningTasks } from '../live/state.js';
import { type Figure, median, tableOf, timeByTurns } from './measure.js';
import { bin, timed, withLive } from './place.js';
import { serviceFigures } from './services.js';

const words = process.argv.slice(2);
const rounds = Number(words[words.indexOf('--rounds') + 1] ?? 5) || 5;
const figures: Figure[] = [];

const ratio = (value: number, to: number, name: string): string =>
  `${(value / to).toFixed(2)} x ${name}`;

/** How long a real Mesos takes to start with three agents, for comparison. */
async function realMesosStart(): Promise<number | undefined> {
  if (mesosObstacle() !== undefined) return undefined;
  const install = mesosInstall();
  return withLive(async (live) => {
    const engine = apacheMesos(live, mesosScripts, install);
    const took = await timed(() => engine.startMesos());
    await engine.stop();
    return took;
  });
}

async function startUp(): Promise<void> {
  const ups: number[] = [];
  const installs: number[] = [];
  for (let round = 0; round < Math.min(rounds, 3); round += 1) {
    await withLive(async (live) => {
      ups.push(await timed(() => live.ok(['up'])));
      const args = ['package', 'install', 'hello-world', '--yes'];
      installs.push(await timed(() => live.ok(args)));
    });
  }
  const up = median(ups);
  const real = await realMesosStart();
  const note =
    real === undefined ? undefined : ratio(up, real, `real Mesos (${Math.round(real)} ms)`);
  figures.push({
    what: 'dcos up, three agents',
    value: up,
    unit: 'ms',
    limit: 3000,
    ...(note === undefined ? {} : { note }),
  });
  figures.push({
    what: 'install hello-world until its plan is complete',
    value: median(installs),
    unit: 'ms',
    limit: 3000,
  });
}

function listings(live: Live): void {
  const env = { ...live.env };
  const times = timeByTurns(
    {
      node: ['-e', '0'],
      version: [bin, '--version'],
      tasks: [bin, 'task', 'list', '--json'],
      nodes: [bin, 'node', 'list'],
      apps: [bin, 'marathon', 'app', 'list'],
      packages: [bin, 'package', 'list'],
      services: [bin, 'service', 'list'],
    },
    env,
    rounds,
  );
  const node = times.node ?? Number.NaN;
  const add = (what: string, name: string, limit: number): void => {
    const value = times[name] ?? Number.NaN;
    figures.push({ what, value, unit: 'ms', limit, note: ratio(value, node, 'node -e 0') });
  };
  figures.push({ what: 'node -e 0', value: node, unit: 'ms' });
  add('dcos --version', 'version', 1.25 * node);
  add('dcos task list --json', 'tasks', 2.5 * node);
  add('dcos node list', 'nodes', 300);
  add('dcos marathon app list', 'apps', 300);
  add('dcos package list', 'packages', 300);
  add('dcos service list', 'services', 300);
}

function memory(live: Live): void {
  const mb = (kb: number): number => kb / 1024;
  const limits: Record<string, number> = { control: 120, master: 80 };
  for (const name of ['control', 'master', 'agent-1', 'agent-2', 'agent-3']) {
    const value = mb(memoryOf(serverPid(live, name)).rssKb);
    figures.push({ what: `${name}, resident`, value, unit: 'MB', limit: limits[name] ?? 80 });
  }
  const all = allProcs().filter((proc) => proc.pid !== process.pid && belongsTo(proc, live.dir));
  const pss = all.reduce((sum, { pid }) => sum + memoryOf(pid).pssKb, 0);
  figures.push({
    what: `the whole cluster, ${all.length} processes, proportional`,
    value: mb(pss),
    unit: 'MB',
    limit: 450,
  });
}

async function healing(live: Live): Promise<void> {
  const engine = embedded(live);
  const times: number[] = [];
  const find = (): number | undefined => leavesOf(taskProcs(live.dir, 'world-0-server'))[0]?.pid;
  const before = find() ?? 0;
  times.push(
    await timed(async () => {
      signal(before, 'SIGKILL');
      await until(
        async () => {
          const now = find();
          const state = runningTasks(await engine.state()).get('world-0-server');
          return now !== undefined && now !== before && state !== undefined;
        },
        { what: 'the replacement', everyMs: 10 },
      );
    }),
  );
  figures.push({
    what: 'kill -9 of a task until its replacement runs',
    value: median(times),
    unit: 'ms',
    limit: 1000,
  });
  await frozenAgent(live);
}

async function frozenAgent(live: Live): Promise<void> {
  const engine = embedded(live);
  const file = join(live.dir, 'web.json');
  const app = { id: '/web', cmd: 'exec sleep 100000', cpus: 0.1, mem: 32, instances: 3 };
  writeFileSync(file, JSON.stringify(app));
  await live.ok(['marathon', 'app', 'add', file]);
  const web = async (): Promise<{ id: string; slave_id: string }[]> => {
    const all = (await engine.state()).frameworks.flatMap(({ tasks }) => tasks);
    return all.filter(({ id, state }) => id.startsWith('web.') && state === 'TASK_RUNNING');
  };
  await until(async () => (await web()).length === 3, { what: 'three instances' });
  const victim = (await web())[0]?.slave_id ?? '';
  const pid = engine.agentPid(await engine.agentOf(victim));
  const took = await timed(async () => {
    signal(pid, 'SIGSTOP');
    const elsewhere = async (): Promise<boolean> =>
      (await web()).filter(({ slave_id }) => slave_id !== victim).length === 3;
    await until(elsewhere, { what: 'the replacement', everyMs: 10, timeoutMs: 30_000 });
  });
  signal(pid, 'SIGCONT');
  figures.push({
    what: 'frozen agent until the replacement runs',
    value: took,
    unit: 'ms',
    // Five pings of a second each, the wait for the next one, and half a second.
    limit: engine.detectionMs + 1500,
  });
}

async function ownFigures(): Promise<void> {
  await startUp();
  await withLive(async (live) => {
    await live.ok(['up']);
    memory(live);
    await live.ok(['package', 'install', 'hello-world', '--yes']);
    listings(live);
    await healing(live);
  });
}

if (!words.includes('--only')) await ownFigures();
for (const [name, measure] of Object.entries(serviceFigures)) {
  const wanted = words.includes(`--${name}`) || words.includes('--services');
  if (wanted) figures.push(...(await measure(Math.min(rounds, 3))));
}
process.stdout.write(
  `${cpus().length} cores of ${cpus()[0]?.model ?? '?'}, node ${process.version}\n`,
);
process.stdout.write(`${tableOf(figures)}\n`);
