/** The disk of a local cluster's state fills up and is given room again. */
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { until } from '../../helpers/wait.js';
import { embedded } from '../engine.js';
import type { Live, LiveCheck } from '../live.js';
import { fillDisk, makeSmallDisk, mayMount } from '../small-disks.js';
import { runningTasks } from '../state.js';

/** Enough for a cluster with some apps. */
const sizeMb = 48;
/** More than a full disk can take. */
const maxApps = 30;

/** What was said to be done is done; what can't be done says why; nothing that runs is touched. */
export const diskFull: LiveCheck = {
  name: 'disk full under the state',
  seconds: 30,
  kind: 'rotating',
  obstacle: () => (mayMount() ? undefined : 'needs root, for a small file system'),
  run: async (live) => {
    const engine = embedded(live);
    makeSmallDisk(live.dcosDir, sizeMb);
    await live.step('up on a small disk', () => live.ok(['up']));
    await live.step('an app', () => add(live, 'one'));
    const before = await until(async () => runningTasks(await engine.state()).get('one')?.id, {
      what: 'one running',
    });
    const makeRoom = fillDisk(live.dcosDir);
    const accepted: string[] = [];
    try {
      await live.step('full: refused, with the reason', () => untilRefused(live, accepted));
    } finally {
      makeRoom();
    }
    await live.step('with room again, all goes on', async () => {
      await until(async () => (await live.dcos(['app', 'list'])).status === 0, {
        what: 'the control plane back',
        timeoutMs: 60_000,
        everyMs: 300,
      });
      await add(live, 'last');
      const tasks = await until(
        async () => {
          const running = runningTasks(await engine.state());
          return [...accepted, 'last'].every((name) => running.has(name)) && running;
        },
        { what: 'every accepted app running', timeoutMs: 60_000 },
      );
      assert.equal(tasks.get('one')?.id, before, 'the first was not touched');
    });
  },
};

/** A store has some room in what it has already: a few apps may still be taken, for good. */
async function untilRefused(live: Live, accepted: string[]): Promise<void> {
  for (let count = 0; count < maxApps; count += 1) {
    const name = `more-${count}`;
    const ran = await live.dcos(['app', 'add', appFile(live, name)]);
    if (ran.status === 0) {
      accepted.push(name);
      continue;
    }
    assert.match(ran.stderr, /space|full/i);
    assert.doesNotMatch(ran.stderr, /\n\s+at .+:\d+:\d+/, 'no stack trace');
    return;
  }
  assert.fail(`${maxApps} apps were taken on a full disk`);
}

function appFile(live: Live, name: string): string {
  const file = join(live.dir, `${name}.json`);
  writeFileSync(
    file,
    JSON.stringify({ id: `/${name}`, cmd: 'exec sleep 100000', cpus: 0.1, mem: 32 }),
  );
  return file;
}

const add = (live: Live, name: string): Promise<unknown> =>
  live.ok(['app', 'add', appFile(live, name)]);
