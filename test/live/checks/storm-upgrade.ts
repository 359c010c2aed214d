/** Storm of one version becomes another beneath a topology that runs on. */
import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { signal } from '../../helpers/procfs.js';
import { until } from '../../helpers/wait.js';
import { embedded } from '../engine.js';
import { requestUpdate } from '../gateway.js';
import type { Live, LiveCheck } from '../live.js';
import { installPackage } from '../services/service.js';
import { CountTopology, storm, withoutCompiler } from '../services/storm.js';
import { holdings } from '../state.js';
import { daemonOf, daemonPid, ended, listed, settled, slow, uninstalled } from './storm-steps.js';

const daemons = ['nimbus-0', 'nimbus-1', 'supervisor-0', 'supervisor-1'];

/** 2.7 to 2.8, one daemon at a time, a supervisor killed meanwhile: at least once all the same. */
export const stormUpgrade: LiveCheck = {
  name: 'upgrade storm',
  seconds: 300,
  kind: 'rotating',
  obstacle: withoutCompiler,
  run: async (live) => {
    const engine = embedded(live);
    const step = live.step.bind(live);
    await live.ok(['up']);
    await step('install zookeeper and storm 2.7.1', async () => {
      await installPackage(live, 'zookeeper', { servers: { count: 1 } }, slow.timeoutMs);
      await installPackage(live, 'storm', storm.options, slow.timeoutMs, '2.7.1');
      assert.deepEqual(
        versions(live),
        daemons.map(() => '2.7.1'),
      );
    });
    const topology = new CountTopology(live);
    await step('a topology counts', () => topology.begin());
    await step('2.7.1 becomes 2.8.3, a supervisor killed in the middle', async () => {
      const { status, text } = await requestUpdate(live, 'storm', { packageVersion: '2.8.3' });
      assert.equal(status, 200, text);
      await until(() => versionOf(live, 'nimbus-0') === '2.8.3', {
        what: 'the first nimbus of 2.8.3',
        timeoutMs: 180_000,
      });
      signal(daemonPid(live, 'supervisor-1'), 'SIGKILL');
      await until(() => versions(live).every((version) => version === '2.8.3'), {
        what: 'all of 2.8.3',
        timeoutMs: 400_000,
        everyMs: 500,
      });
      await settled(live);
      await topology.progress(300);
    });
    await step('its commands work as before', async () => {
      await listed(live, ({ status, workers }) => status === 'ACTIVE' && workers === 2);
    });
    await step('what cannot change is refused, and changes nothing', () => refused(live));
    await step('every number was counted at least once', () => topology.verify());
    await step('kill, uninstall: nothing is left', async () => {
      await ended(live, topology.name);
      await uninstalled(live);
      assert.deepEqual(holdings(await engine.state(), engine.ownFrameworks), []);
    });
  },
};

/** By the jars in its sandbox; `undefined` while it does not run. */
function versionOf(live: Live, instance: string): string | undefined {
  const folder = daemonOf(live, instance)?.folder;
  if (folder === undefined) return undefined;
  const jars = readdirSync(join(folder, 'storm', 'lib-worker'));
  return jars.flatMap((name) => /^storm-client-(.*)\.jar$/.exec(name)?.[1] ?? [])[0];
}

const versions = (live: Live): (string | undefined)[] =>
  daemons.map((instance) => versionOf(live, instance));

async function refused(live: Live): Promise<void> {
  const before = daemons.map((instance) => daemonPid(live, instance));
  for (const [update, why] of [
    [{ packageVersion: '2.7.1' }, /2\.8\.3 cannot become 2\.7\.1/],
    [{ options: { nimbus: { count: 3 } } }, /nimbus\.count.*2/],
    [{ options: { supervisors: { disk: 256 } } }, /supervisors\.disk.*128/],
    [{ options: { workers: { heap: 200 } } }, /workers.*heap/],
  ] as const) {
    const { status, text } = await requestUpdate(live, 'storm', update);
    assert.equal(status, 400, text);
    assert.match(text, why);
  }
  assert.deepEqual(
    daemons.map((instance) => daemonPid(live, instance)),
    before,
  );
}
