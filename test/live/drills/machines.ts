/** Drills of machines: a rack cut off and back again, an agent lost for good, a disk full. */
import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { allProcs, belongsTo, signal } from '../../helpers/procfs.js';
import { pause, until } from '../../helpers/wait.js';
import type { Machine } from '../engine.js';
import { fillDisk, mayMount, volumesOf } from '../small-disks.js';
import {
  anotherTask,
  type Drill,
  healedIncidents,
  recoveryMs,
  runningTask,
  type Ward,
  whole,
} from './drill.js';

/** The machine on which a task runs. */
async function machineOf({ engine, ...ward }: Ward, task: string): Promise<Machine> {
  const index = await engine.agentOf((await runningTask({ engine, ...ward }, task)).slave_id);
  const machine = engine.machines().find((one) => one.index === index);
  assert.ok(machine, `agent ${index} was started`);
  return machine;
}

const lastOf = ({ service }: Ward): string => service.tasks.at(-1) ?? '';

/** Every agent of one rack is frozen until it counts as lost, and comes back. */
export const rackLost: Drill = {
  name: 'a rack lost, and back',
  run: async (ward) => {
    const { engine } = ward;
    const since = Date.now();
    const { rack } = await machineOf(ward, lastOf(ward));
    const frozen = engine.machines().filter((machine) => machine.rack === rack);
    const pids = frozen.map(({ index }) => engine.agentPid(index));
    const active = async (): Promise<number> =>
      (await engine.state()).slaves.filter((agent) => agent.active).length;
    const before = await active();
    for (const pid of pids) signal(pid, 'SIGSTOP');
    try {
      await until(async () => (await active()) === before - frozen.length, {
        what: `${rack} lost`,
        timeoutMs: 60_000,
        everyMs: 200,
      });
    } finally {
      for (const pid of pids) signal(pid, 'SIGCONT');
    }
    await whole(ward);
    const incidents = await healedIncidents(ward, since);
    const told = incidents.map(({ summary }) => summary);
    assert.equal(incidents.length, 1, `one incident, not ${told}`);
  },
};

/** A machine is gone with all that ran on it, and the operator says so. */
export const agentLost: Drill = {
  name: 'an agent lost for good',
  run: async (ward) => {
    const { live, engine } = ward;
    const since = Date.now();
    const last = lastOf(ward);
    const before = await runningTask(ward, last);
    const machine = await machineOf(ward, last);
    loseMachine(machine, engine.agentPid(machine.index));
    await live.ok(['node', 'decommission', before.slave_id, '--yes']);
    const after = await anotherTask(ward, last, before.id);
    assert.notEqual(after.slave_id, before.slave_id, 'on another agent');
    await whole(ward);
    await healedIncidents(ward, since);
  },
};

/** Ends an agent, its loop and all of its tasks, as when the machine burns. */
export function loseMachine({ work, loop }: Machine, agent: number): void {
  // The loop first: it would start the agent again.
  if (loop !== undefined) signal(loop, 'SIGKILL');
  signal(agent, 'SIGKILL');
  for (const proc of allProcs()) {
    if (proc.pid !== process.pid && belongsTo(proc, work)) signal(proc.pid, 'SIGKILL');
  }
}

/** For how long a disk stays full when nothing dies of it, in ms. */
const fullMs = 20_000;

/** The disk of one instance fills up and is given room again. */
export const diskFull: Drill = {
  name: 'disk full',
  obstacle: () => (mayMount() ? undefined : 'needs root, for a small file system'),
  run: async (ward) => {
    const { engine } = ward;
    const [name = ''] = ward.service.tasks;
    const before = await runningTask(ward, name);
    const folder = volumesOf(await machineOf(ward, name));
    assert.ok(existsSync(folder), `${folder} is there`);
    const since = Date.now();
    const makeRoom = fillDisk(folder);
    // Some programs end of it, some only complain: both are given their time.
    const end = Date.now() + fullMs;
    let ended = false;
    while (!ended && Date.now() < end) {
      const ids = (await engine.state()).frameworks.flatMap(({ tasks }) => tasks);
      ended = !ids.some(({ id, state }) => id === before.id && state === 'TASK_RUNNING');
      await pause(500);
    }
    makeRoom();
    await until(async () => (await engine.state()).slaves.every((agent) => agent.active), {
      what: 'every agent active',
      timeoutMs: recoveryMs(ward.service),
    });
    await whole(ward);
    if (ended) await healedIncidents(ward, since);
  },
};
