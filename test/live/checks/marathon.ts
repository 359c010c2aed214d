/** A second, separate Marathon, installed as a service for another team. */
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { leavesOf, procOf, signal, taskProcs } from '../../helpers/procfs.js';
import { until } from '../../helpers/wait.js';
import { embedded } from '../engine.js';
import { gatewayUrl } from '../gateway.js';
import type { Live, LiveCheck } from '../live.js';
import { holdings, runningTasks } from '../state.js';

const service = 'marathon-user';

/** Its apps are not the control plane's, outlive it, and go with it. */
export const secondMarathon: LiveCheck = {
  name: 'a second marathon',
  seconds: 40,
  kind: 'rotating',
  run: async (live) => {
    const engine = embedded(live);
    await live.step('install', () => live.ok(['package', 'install', 'marathon', '--yes']));
    await live.step('an app of its own', async () => {
      const url = `${gatewayUrl(live)}/service/${service}`;
      await live.ok(['config', 'set', 'marathon.url', url]);
      const app = join(live.dir, 'app.json');
      writeFileSync(
        app,
        JSON.stringify({ id: '/theirs', cmd: 'exec sleep 100000', cpus: 0.1, mem: 32 }),
      );
      await live.ok(['marathon', 'app', 'add', app]);
      await until(async () => runningTasks(await engine.state()).has('theirs'), {
        what: 'the app running',
      });
      const names = await appIds(live);
      assert.deepEqual(names, ['/theirs']);
      await live.ok(['config', 'unset', 'marathon.url']);
      assert.equal((await appIds(live)).includes('/theirs'), false, 'not an app of ours');
      const state = await engine.state();
      const owner = state.frameworks.find(({ tasks }) =>
        tasks.some(({ name }) => name === 'theirs'),
      );
      assert.equal(owner?.name, service);
    });
    await live.step('kill -9 of it: its app goes on', () => killed(live));
    await live.step('uninstall takes its apps along and leaves nothing', async () => {
      await live.ok(['package', 'uninstall', 'marathon', '--delete-volumes', '--yes']);
      assert.deepEqual(holdings(await engine.state(), engine.ownFrameworks), []);
    });
  },
};

async function appIds(live: Live): Promise<string[]> {
  const apps = await live.json<{ id: string }[]>(['marathon', 'app', 'list']);
  return apps.map(({ id }) => id);
}

async function killed(live: Live): Promise<void> {
  const engine = embedded(live);
  const [app] = leavesOf(taskProcs(live.dir, '/theirs', 'MARATHON_APP_ID'));
  const [itself] = leavesOf(taskProcs(live.dir, `/${service}`, 'MARATHON_APP_ID'));
  assert.ok(app && itself, 'both run');
  signal(itself.pid, 'SIGKILL');
  await until(
    async () => {
      const [now] = leavesOf(taskProcs(live.dir, `/${service}`, 'MARATHON_APP_ID'));
      const state = await engine.state();
      const active = state.frameworks.find(({ name }) => name === service)?.active;
      return now !== undefined && now.pid !== itself.pid && active;
    },
    { what: 'it to be back', timeoutMs: 40_000 },
  );
  assert.ok(procOf(app.pid), 'the app has not noticed');
}
