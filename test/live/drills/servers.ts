/** Drills of the system's own programs: scheduler, agent, control plane. */
import assert from 'node:assert/strict';
import { leavesOf, procOf, signal, taskProcs } from '../../helpers/procfs.js';
import { until } from '../../helpers/wait.js';
import {
  type Drill,
  healedIncidents,
  recoveryMs,
  runningTask,
  type Ward,
  whole,
  workerOf,
} from './drill.js';

/** The pids of one task of each kind. */
const pidsOf = (ward: Ward): number[] => ward.service.tasks.map((name) => workerOf(ward, name).pid);

/** `kill -9` of the service's scheduler: its tasks do not notice. */
export const schedulerKilled: Drill = {
  name: 'kill -9 of the scheduler',
  run: async (ward) => {
    const { live, service } = ward;
    const since = Date.now();
    const before = pidsOf(ward);
    const id = `/${service.name}`;
    const scheduler = (): number | undefined =>
      leavesOf(taskProcs(live.dir, id, 'MARATHON_APP_ID'))[0]?.pid;
    const old = scheduler();
    assert.ok(old, 'the scheduler runs');
    signal(old, 'SIGKILL');
    await until(() => scheduler() !== undefined && scheduler() !== old, {
      what: 'another scheduler',
      timeoutMs: 60_000,
    });
    await whole(ward);
    assert.deepEqual(pidsOf(ward), before, 'no task was started anew');
    const incidents = await healedIncidents(ward, since);
    const told = incidents.map(({ kind, summary }) => `${kind}: ${summary}`);
    assert.ok(
      told.some((line) => /^scheduler: scheduler of .* failed/.test(line)),
      `${told}`,
    );
  },
};

/** `kill -9` of an agent: its tasks go on and are found again. */
export const agentKilled: Drill = {
  name: 'kill -9 of an agent',
  run: async (ward) => {
    const { engine, service } = ward;
    const before = pidsOf(ward);
    const [name = ''] = service.tasks;
    const task = await runningTask(ward, name);
    await engine.killAgent(await engine.agentOf(task.slave_id));
    await until(
      async () => (await engine.state()).slaves.find(({ id }) => id === task.slave_id)?.active,
      { what: 'the agent registered again', timeoutMs: recoveryMs(service), everyMs: 200 },
    );
    await whole(ward);
    assert.equal((await runningTask(ward, name)).id, task.id, 'the same task');
    assert.deepEqual(pidsOf(ward), before, 'the same processes');
  },
};

/** `kill -9` of the control plane while a plan is under way: it goes on where it was. */
export const controlKilled: Drill = {
  name: 'kill -9 of the control plane in a plan',
  run: async (ward) => {
    const { live, engine, service } = ward;
    const [name = ''] = service.tasks;
    const instance = name.split('-').slice(0, 2).join('-');
    const before = workerOf(ward, name).pid;
    await live.ok([service.name, 'pod', 'restart', instance]);
    await engine.killControl();
    await until(() => procOf(before) === undefined && workerOf(ward, name).pid !== before, {
      what: `another ${name}`,
      timeoutMs: recoveryMs(service),
      everyMs: 200,
    });
    await whole(ward);
  },
};
