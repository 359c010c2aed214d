/** What a drill is: one way to hurt a running service, after which it must be whole by itself. */
import assert from 'node:assert/strict';
import type { Incident } from '../../../src/wire/incidents.js';
import { leavesOf, type Proc, taskProcs } from '../../helpers/procfs.js';
import { until } from '../../helpers/wait.js';
import type { Engine } from '../engine.js';
import type { Live } from '../live.js';
import type { ServiceUnderTest, Workload } from '../services/service.js';
import { runningTasks, type StateTask } from '../state.js';

/** A service that runs, and a client that uses it all the time. */
export interface Ward {
  readonly live: Live;
  readonly engine: Engine;
  readonly service: ServiceUnderTest;
  readonly workload: Workload;
}

/** One way to hurt. */
export interface Drill {
  /** As it stands in the table of drills. */
  readonly name: string;
  /** Why it can't be done to this service or on this machine; `undefined` if it can. */
  readonly obstacle?: (service: ServiceUnderTest) => string | undefined;
  /** Hurts, waits until the system has healed it, and looks at what it says of it. */
  readonly run: (ward: Ward) => Promise<void>;
}

/** A loaded machine takes several times as long as an idle one. */
const patience = 6;

/** How long a service may take to be whole again, in ms. */
export function recoveryMs({ seconds }: ServiceUnderTest): number {
  return Math.max(90, seconds.recover * patience) * 1000;
}

/** Waits for the running task of this name, other than `before`. */
export function anotherTask(
  { engine, service }: Ward,
  name: string,
  before: string,
): Promise<StateTask> {
  return until(
    async () => {
      const task = runningTasks(await engine.state()).get(name);
      return task !== undefined && task.id !== before && task;
    },
    { what: `${name} started again`, timeoutMs: recoveryMs(service), everyMs: 200 },
  );
}

/** The running task of this name. */
export async function runningTask({ engine }: Ward, name: string): Promise<StateTask> {
  const task = runningTasks(await engine.state()).get(name);
  assert.ok(task, `${name} runs`);
  return task;
}

/** The process that does the work of a task. */
export function workerOf({ live, service: { program } }: Ward, task: string): Proc {
  const procs = taskProcs(live.dir, task);
  const [found] = program ? procs.filter(({ command }) => program.test(command)) : leavesOf(procs);
  assert.ok(found, `no process belongs to ${task}`);
  return found;
}

/** Waits until no plan of the service has anything to do and its client gets on. */
export async function whole(ward: Ward): Promise<void> {
  const { live, service, workload } = ward;
  await until(
    async () => {
      for (const plan of ['deploy', 'recovery']) {
        const args = [service.name, 'plan', 'show', plan];
        const { status } = await live.json<{ status: string }>(args);
        if (status !== 'COMPLETE') return false;
      }
      return true;
    },
    { what: `${service.name} whole again`, timeoutMs: recoveryMs(service), everyMs: 500 },
  );
  await workload.progress(5, recoveryMs(service));
}

/**
 * The incidents that have gone on since `since` (ms since 1970) and name the service, once all of
 * them are healed. There must be one at least: what happened is shown for what it was. One that
 * began before counts where the service failed again in the same way.
 */
export async function healedIncidents(ward: Ward, since: number): Promise<Incident[]> {
  const { live, service } = ward;
  const names = (entry: { framework: string; service: string }): boolean =>
    entry.framework === service.name || entry.service === `/${service.name}`;
  return until(
    async () => {
      const answer = await live.json<Incident[]>(['failures', '--all']);
      const found = answer.filter(
        ({ startedAt, endedAt = since, services, lost }) =>
          Math.max(startedAt, endedAt) >= since && [...services, ...lost].some(names),
      );
      return found.length > 0 && found.every(({ status }) => status === 'healed') && found;
    },
    { what: `an incident of ${service.name}, healed`, timeoutMs: 60_000, everyMs: 500 },
  );
}
