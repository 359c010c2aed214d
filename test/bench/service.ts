/** The figures of one data service, installed again and again, a task of it killed each time. */
import { leavesOf, memoryOf, procOf, signal, taskProcs } from '../helpers/procfs.js';
import { until } from '../helpers/wait.js';
import type { Live } from '../live/live.js';
import { services } from '../live/services/index.js';
import { installPackage, type ServiceUnderTest } from '../live/services/service.js';
import { type Figure, median } from './measure.js';
import { timed, withLive } from './place.js';
import { type Start, Starts, startingMs } from './starts.js';

/** What is measured of a service, and by what. */
export interface ServiceBench {
  readonly service: ServiceUnderTest;
  /** The most that an install may take until it says that all is there, caches warm. */
  readonly readyMs: number;
  /**
   * In what each of its tasks writes, once the software itself serves. What an install takes beside
   * the time from the start of a process to there is the system's own; not measured without it.
   */
  readonly serves?: RegExp;
}

/** What is measured in each round, its unit and its limit for every service. */
const rows = {
  ready: { what: 'ready', unit: 'ms', limit: undefined },
  overhead: { what: 'scheduler overhead', unit: 'ms', limit: 3000 },
  resident: { what: 'scheduler resident', unit: 'MB', limit: 90 },
  restart: { what: 'restart delay after kill -9', unit: 'ms', limit: 1000 },
} as const;

type Round = { readonly [Key in keyof typeof rows]?: number };

const installMs = 580_000;

/** Installs once for the caches of downloads and agents, then `rounds` times to measure. */
export async function measureService(bench: ServiceBench, rounds: number): Promise<Figure[]> {
  const { service } = bench;
  return withLive(async (live) => {
    await live.ok(['up']);
    for (const name of service.needs) {
      const options = services.find((one) => one.name === name)?.options ?? {};
      await installPackage(live, name, options, installMs);
    }
    const first = await timed(() => installPackage(live, service.name, service.options, installMs));
    const all: Round[] = [];
    for (let round = 0; round < rounds; round += 1) {
      await uninstall(live, service);
      all.push(await oneRound(live, bench));
    }
    return figuresOf(bench, first, all);
  });
}

function figuresOf({ service, readyMs }: ServiceBench, first: number, all: Round[]): Figure[] {
  return (Object.keys(rows) as (keyof typeof rows)[]).flatMap((key): Figure[] => {
    const values = all.flatMap((round) => round[key] ?? []);
    if (values.length === 0) return [];
    const { what, unit, limit = readyMs } = rows[key];
    const figure = { what: `${service.name} ${what}`, value: median(values), unit, limit };
    const note = `${(first / 1000).toFixed(1)} s on a new cluster`;
    return [key === 'ready' ? { ...figure, note } : figure];
  });
}

async function oneRound(live: Live, { service, serves }: ServiceBench): Promise<Round> {
  const starts = new Starts(live, serves ?? /^/);
  let ended = false;
  const watching = starts.watch(() => ended);
  const install = (): Promise<unknown> =>
    installPackage(live, service.name, service.options, installMs);
  const ready = await timed(install).finally(() => {
    ended = true;
  });
  const end = Date.now();
  const seen = await watching;
  const silent = seen.filter(({ servedAt }) => servedAt === undefined).map(({ task }) => task);
  if (seen.length === 0 || silent.length > 0) {
    throw new Error(
      `${service.name}: nothing said ${serves} of ${silent} (${seen.length} started)`,
    );
  }
  const [scheduler] = leavesOf(taskProcs(live.dir, `/${service.name}`, 'MARATHON_APP_ID'));
  if (scheduler === undefined) throw new Error(`${service.name}: no process is its scheduler's`);
  return {
    ready,
    ...(serves === undefined ? {} : { overhead: ready - startingMs(seen, end) }),
    resident: memoryOf(scheduler.pid).rssKb / 1024,
    restart: await restart(live, service, seen),
  };
}

/** A run that is shorter is taken for a crash loop, in ms; see `framework/backoff.ts`. */
const goodRunMs = 6_000;

/** From the death of a task's process to the start of the next one, in ms. */
async function restart(
  live: Live,
  { name, tasks }: ServiceUnderTest,
  seen: readonly Start[],
): Promise<number> {
  const [task = ''] = tasks;
  const begun = Math.max(...seen.filter((one) => one.task === task).map(({ at }) => at));
  await until(() => Date.now() > begun + goodRunMs, { what: `${task} has run for a while` });
  const [victim] = leavesOf(taskProcs(live.dir, task));
  if (victim === undefined) throw new Error(`${name}: no process belongs to ${task}`);
  const starts = new Starts(live, /^/);
  signal(victim.pid, 'SIGKILL');
  await until(() => procOf(victim.pid) === undefined, { what: `${task} dead`, everyMs: 1 });
  const died = Date.now();
  const next = await until(() => starts.look().find((one) => one.task === task), {
    what: `${task} started again`,
    timeoutMs: 60_000,
    everyMs: 20,
  });
  return next.at - died;
}

async function uninstall(live: Live, { name }: ServiceUnderTest): Promise<void> {
  const args = ['package', 'uninstall', name, '--delete-volumes', '--yes'];
  await live.ok(args, { timeoutMs: installMs });
}
