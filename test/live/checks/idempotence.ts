/** `up` and `down` again and again, after crashes of everything and sleeps of the control plane. */
import assert from 'node:assert/strict';
import { existsSync, readFileSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { allProcs, belongsTo, leavesOf, procOf, signal, taskProcs } from '../../helpers/procfs.js';
import { pause, until } from '../../helpers/wait.js';
import { embedded, serverPid } from '../engine.js';
import type { Live, LiveCheck } from '../live.js';
import { runningTasks } from '../state.js';

const servers = ['master', 'control', 'agent-1', 'agent-2', 'agent-3'];
const serverPids = (live: Live): number[] => servers.map((name) => serverPid(live, name));

/** A cluster of three agents with hello-world on it. */
export const idempotence: LiveCheck = {
  name: 'up, down, crashes and sleep',
  seconds: 110,
  kind: 'core',
  run: async (live) => {
    const step = live.step.bind(live);
    await step('up, and up again', () => upTwice(live));
    await live.ok(['package', 'install', 'hello-world', '--yes']);
    await step('a control plane frozen for 30 s loses nothing', () => frozen(live));
    await step('kill -9 of everything, then up: every service is back', () => crashed(live));
    await step('down, and down again', () => downTwice(live));
    await step('up brings the services back', async () => {
      await live.ok(['up']);
      await helloIsBack(live);
    });
    await step('down --purge, and again', async () => {
      await live.ok(['down', '--purge', '--yes']);
      assert.equal(existsSync(join(live.dcosDir, 'local', 'cluster.json')), false);
      await live.ok(['down', '--purge', '--yes']);
    });
    await step('a half-written cluster.json is said, not stumbled over', () => halfWritten(live));
  },
};

async function upTwice(live: Live): Promise<void> {
  await live.ok(['up']);
  const before = serverPids(live);
  const again = await live.ok(['up']);
  assert.match(again.stdout + again.stderr, /already|nothing/i, 'it says what it found');
  assert.deepEqual(serverPids(live), before);
}

async function frozen(live: Live): Promise<void> {
  const engine = embedded(live);
  const before = [...runningTasks(await engine.state()).values()].map(({ id }) => id).sort();
  const pid = serverPid(live, 'control');
  signal(pid, 'SIGSTOP');
  try {
    // The time is the point here: longer than any detection.
    await pause(30_000);
  } finally {
    signal(pid, 'SIGCONT');
  }
  await until(async () => (await live.dcos(['task', 'list', '--json'])).status === 0, {
    what: 'the control plane to answer again',
  });
  const after = [...runningTasks(await engine.state()).values()].map(({ id }) => id).sort();
  assert.deepEqual(after, before);
}

async function crashed(live: Live): Promise<void> {
  // As when the power goes: everything at once, loops, servers and tasks; pid files stay.
  const all = (): ReturnType<typeof allProcs> =>
    allProcs().filter((proc) => proc.pid !== process.pid && belongsTo(proc, live.dir));
  for (let round = 0; round < 3; round += 1) for (const { pid } of all()) signal(pid, 'SIGKILL');
  await until(() => all().length === 0, { what: 'nothing to run' });
  // A pid file that names somebody else now, as after a reboot.
  const stale = join(live.dcosDir, 'local', 'master', 'pid');
  writeFileSync(stale, `${process.pid} 1\n`);
  await live.ok(['up']);
  assert.ok(procOf(process.pid), 'who has that pid now is left alone');
  await helloIsBack(live);
}

async function helloIsBack(live: Live): Promise<void> {
  const engine = embedded(live);
  await until(
    async () => {
      const tasks = runningTasks(await engine.state());
      const names = ['hello-0-server', 'world-0-server', 'world-1-server'];
      return names.every((name) => tasks.has(name) && taskProcs(live.dir, name).length > 0);
    },
    { what: 'hello-world running again', timeoutMs: 60_000 },
  );
  assert.equal(leavesOf(taskProcs(live.dir, 'hello-0-server')).length, 1, 'one copy of it');
}

async function downTwice(live: Live): Promise<void> {
  await live.ok(['down']);
  await live.assertQuiet();
  const again = await live.ok(['down']);
  assert.match(again.stdout + again.stderr, /already|not running|nothing|no /i);
}

async function halfWritten(live: Live): Promise<void> {
  await live.ok(['up']);
  await live.ok(['down']);
  const file = join(live.dcosDir, 'local', 'cluster.json');
  const whole = readFileSync(file, 'utf8');
  truncateSync(file, Math.floor(whole.length / 2));
  const ran = await live.dcos(['up']);
  assert.notEqual(ran.status, 0);
  assert.match(ran.stderr, /cluster\.json/);
  assert.doesNotMatch(ran.stderr, /\n\s+at .+:\d+:\d+/, 'no stack trace');
  await live.assertQuiet();
  writeFileSync(file, whole);
  await live.ok(['up']);
}
