/** Drills of tasks: killed, and slow to start. */
import assert from 'node:assert/strict';
import { signal } from '../../helpers/procfs.js';
import { pause, until } from '../../helpers/wait.js';
import {
  anotherTask,
  type Drill,
  healedIncidents,
  recoveryMs,
  runningTask,
  whole,
  workerOf,
} from './drill.js';

/** `kill -9` of one task of each kind: back where its data is. */
export const tasksKilled: Drill = {
  name: 'kill -9 of a task of each kind',
  run: async (ward) => {
    for (const name of ward.service.tasks) {
      const since = Date.now();
      const before = await runningTask(ward, name);
      signal(workerOf(ward, name).pid, 'SIGKILL');
      const after = await anotherTask(ward, name, before.id);
      assert.equal(after.slave_id, before.slave_id, `${name} is where its data is`);
      await whole(ward);
      const incidents = await healedIncidents(ward, since);
      const told = incidents.flatMap(({ lost }) => lost.map(({ taskId }) => taskId));
      assert.ok(told.includes(before.id), `${before.id} is among what was lost: ${told}`);
    }
  },
};

/** The time for which a starting program is held; longer than any readiness check's interval. */
const heldMs = 12_000;

/** A program that hangs while it starts is waited for, and nothing else is touched meanwhile. */
export const slowStart: Drill = {
  name: 'slow start',
  run: async (ward) => {
    const { engine, service } = ward;
    const since = Date.now();
    const [name = ''] = service.tasks;
    const before = await runningTask(ward, name);
    const old = workerOf(ward, name).pid;
    signal(old, 'SIGKILL');
    const started = await until(
      () => {
        const proc = workerOf(ward, name);
        return proc.pid !== old && proc;
      },
      { what: `${name} started again`, timeoutMs: recoveryMs(service), everyMs: 20 },
    );
    signal(started.pid, 'SIGSTOP');
    try {
      const others = (await engine.state()).frameworks.flatMap(({ tasks }) => tasks);
      await pause(heldMs);
      const now = new Set(
        (await engine.state()).frameworks.flatMap(({ tasks }) => tasks.map((task) => task.id)),
      );
      for (const { id, state } of others) {
        if (state === 'TASK_RUNNING' && id !== before.id)
          assert.ok(now.has(id), `${id} still runs`);
      }
    } finally {
      signal(started.pid, 'SIGCONT');
    }
    await whole(ward);
    await healedIncidents(ward, since);
  },
};
