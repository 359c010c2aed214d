/** Drills of machines: a rack cut off and back again, an agent lost for good, a disk full. */
import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { LocalAgent } from '../../../src/wire/local-cluster.js';
import { allProcs, belongsTo, signal } from '../../helpers/procfs.js';
import { pause, until } from '../../helpers/wait.js';
import { localCluster, serverPid } from '../engine.js';
import type { Live } from '../live.js';
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

/** The agent of `cluster.json` on which a task runs. */
async function agentOf(ward: Ward, task: string): Promise<LocalAgent> {
  const index = await ward.engine.agentOf((await runningTask(ward, task)).slave_id);
  const agent = localCluster(ward.live).agents.find((one) => one.index === index);
  assert.ok(agent, `agent ${index} is in cluster.json`);
  return agent;
}

const lastOf = ({ service }: Ward): string => service.tasks.at(-1) ?? '';

/** Every agent of one rack is frozen until it counts as lost, and comes back. */
export const rackLost: Drill = {
  name: 'a rack lost, and back',
  run: async (ward) => {
    const { live, engine } = ward;
    const since = Date.now();
    const { rack } = await agentOf(ward, lastOf(ward));
    const { agents } = localCluster(live);
    const frozen = agents.filter((agent) => agent.rack === rack);
    const pids = frozen.map(({ index }) => serverPid(live, `agent-${index}`));
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
    const { live } = ward;
    const since = Date.now();
    const last = lastOf(ward);
    const before = await runningTask(ward, last);
    loseMachine(live, (await agentOf(ward, last)).index);
    await live.ok(['node', 'decommission', before.slave_id, '--yes']);
    const after = await anotherTask(ward, last, before.id);
    assert.notEqual(after.slave_id, before.slave_id, 'on another agent');
    await whole(ward);
    await healedIncidents(ward, since);
  },
};

/** Ends an agent, its loop and all of its tasks, as when the machine burns. */
function loseMachine(live: Live, index: number): void {
  const folder = join(live.dcosDir, 'local', `agent-${index}`);
  // The loop first: it would start the agent again.
  const loop = Number.parseInt(readFileSync(join(folder, 'loop'), 'utf8'), 10);
  signal(loop, 'SIGKILL');
  signal(serverPid(live, `agent-${index}`), 'SIGKILL');
  const work = join(folder, 'work');
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
    const { live, engine } = ward;
    const [name = ''] = ward.service.tasks;
    const before = await runningTask(ward, name);
    const folder = volumesOf(live, (await agentOf(ward, name)).index);
    assert.ok(existsSync(folder), `${folder} is there`);
    const makeRoom = fillDisk(folder);
    // Some programs end of it, some only complain: both are given their time.
    const end = Date.now() + fullMs;
    while (Date.now() < end) {
      const ids = (await engine.state()).frameworks.flatMap(({ tasks }) => tasks);
      if (!ids.some(({ id, state }) => id === before.id && state === 'TASK_RUNNING')) break;
      await pause(500);
    }
    makeRoom();
    await until(async () => (await engine.state()).slaves.every((agent) => agent.active), {
      what: 'every agent active',
      timeoutMs: recoveryMs(ward.service),
    });
    await whole(ward);
  },
};
