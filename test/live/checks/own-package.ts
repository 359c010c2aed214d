/** A package of one's own: the example of docs/write-a-service.md, from its folder to its end. */
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { root } from '../../helpers/paths.js';
import { leavesOf, signal, taskProcs } from '../../helpers/procfs.js';
import { until } from '../../helpers/wait.js';
import type { LiveCheck } from '../live.js';

const slow = { timeoutMs: 300_000 };

/** Checked, built, installed, used by its own commands, hurt, removed; a new one made as well. */
export const ownPackage: LiveCheck = {
  name: 'a package of one’s own',
  seconds: 90,
  kind: 'rotating',
  run: async (live) => {
    const step = live.step.bind(live);
    const example = join(root, 'docs', 'examples', 'cache');
    await step('lint and build the example', async () => {
      await live.ok(['package', 'lint', example]);
      await live.ok(['package', 'build', example, '--into', 'cache.tgz']);
    });
    await step('install it', () => live.ok(['package', 'install', 'cache', '--yes'], slow));
    await step('put and get by its own commands', async () => {
      await live.ok(['cache', 'put', 'greeting', 'hello; "you" $HOME']);
      const got = await live.ok(['cache', 'get', 'greeting']);
      assert.equal(got.stdout, 'hello; "you" $HOME');
      assert.equal((await live.dcos(['cache', 'get', 'nothing'])).status, 1);
    });
    await step('kill -9 of a node: the other has it, and it comes back', async () => {
      const [node] = leavesOf(taskProcs(live.dir, 'node-0-server'));
      assert.ok(node, 'node-0 runs');
      signal(node.pid, 'SIGKILL');
      await until(
        async () => {
          const plan = await live.json<{ status: string }>(['cache', 'plan', 'show', 'recovery']);
          const [now] = leavesOf(taskProcs(live.dir, 'node-0-server'));
          return plan.status === 'COMPLETE' && now !== undefined && now.pid !== node.pid;
        },
        { what: 'node-0 again', timeoutMs: 120_000, everyMs: 300 },
      );
      assert.match((await live.ok(['cache', 'get', 'greeting'])).stdout, /^hello/);
    });
    await step('uninstall it', () => live.ok(['package', 'uninstall', 'cache', '--yes'], slow));
    await step('a new package runs as it is made', async () => {
      await live.ok(['package', 'create', 'mine']);
      await live.ok(['package', 'build', 'mine']);
      await live.ok(['package', 'install', 'mine', '--yes'], slow);
      const starts = await live.json<{ starts: number }[]>(['mine', 'starts']);
      assert.deepEqual(
        starts.map((one) => one.starts),
        [1, 1],
      );
      await live.ok(['package', 'uninstall', 'mine', '--delete-volumes', '--yes'], slow);
    });
  },
};
