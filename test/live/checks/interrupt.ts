/** Ctrl-C in an install, readers that leave early, and places without a terminal. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { until } from '../../helpers/wait.js';
import { embedded } from '../engine.js';
import type { Live, LiveCheck } from '../live.js';
import { runningTasks } from '../state.js';

/** The server owns the operation. */
export const installInterrupted: LiveCheck = {
  name: 'ctrl-C during install',
  seconds: 40,
  kind: 'core',
  run: async (live) => {
    await live.ok(['up']);
    await live.step('ctrl-C ends the command with 130, the install goes on', () => ctrlC(live));
    await live.step('the next install joins it or finds it done', async () => {
      await live.ok(['package', 'install', 'hello-world', '--yes']);
      const tasks = [...runningTasks(await embedded(live).state()).keys()].sort();
      assert.deepEqual(tasks, [
        'hello-0-server',
        'hello-world',
        'world-0-server',
        'world-1-server',
      ]);
    });
  },
};

async function ctrlC(live: Live): Promise<void> {
  const child = live.start(['package', 'install', 'hello-world', '--yes']);
  let said = '';
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    said += text;
  });
  child.stdout?.resume();
  await until(
    async () => {
      const { stdout } = await live.dcos(['package', 'list', '--json']);
      const { stdout: apps } = await live.dcos(['marathon', 'app', 'list', '--json']);
      return /hello-world/.test(stdout + apps);
    },
    { what: 'the install under way', everyMs: 20 },
  );
  child.kill('SIGINT');
  const [status] = child.exitCode === null ? await once(child, 'exit') : [child.exitCode];
  if (status === 0) return;
  assert.equal(status, 130, said);
  assert.match(said, /plan show|goes on|continues/i, 'it says how to follow it');
  await until(
    async () => {
      const ran = await live.dcos(['hello-world', 'plan', 'show', 'deploy', '--json']);
      return ran.status === 0 && /COMPLETE/.test(ran.stdout);
    },
    { what: 'the plan to complete without anybody watching', everyMs: 300 },
  );
}

/** What happens to output on its way. */
export const pipes: LiveCheck = {
  name: 'pipes and terminals',
  seconds: 25,
  kind: 'rotating',
  run: async (live) => {
    await live.ok(['up']);
    const sh = (line: string, env: Record<string, string> = {}): ReturnType<Live['exec']> =>
      live.exec('bash', ['-c', `set -o pipefail; ${line}`], { env: { DCOS: live.bin, ...env } });
    await live.step('a reader that leaves is no error', async () => {
      const ran = await sh('node "$DCOS" --help | head -1');
      assert.equal(ran.status, 0, ran.stderr);
      assert.doesNotMatch(ran.stderr, /EPIPE|Error/);
      const closed = await sh('node "$DCOS" node list | true');
      assert.equal(closed.status, 0, closed.stderr);
    });
    await live.step('no colours where nobody sees them', async () => {
      for (const args of [['node', 'list'], ['--help'], ['status'], ['nonsense']]) {
        const ran = await live.dcos(args, { env: { FORCE_COLOR: '0' } });
        assert.equal((ran.stdout + ran.stderr).includes('\u001b['), false, args.join(' '));
      }
    });
    await live.step('NO_COLOR holds on a terminal', async () => {
      const ran = await sh(`script -qec 'node "$DCOS" status' /dev/null`, { NO_COLOR: '1' });
      for (const colour of ['1m', '31m', '32m', '33m', '36m']) {
        assert.equal(ran.stdout.includes(`\u001b[${colour}`), false, colour);
      }
    });
    await live.step(
      'a question without a terminal is a usage error that names the flag',
      async () => {
        const ran = await live.dcos(['down', '--purge']);
        assert.equal(ran.status, 2, ran.stderr);
        assert.match(ran.stderr, /--yes/);
        assert.equal((await live.dcos(['node', 'list'])).status, 0, 'nothing happened');
      },
    );
  },
};
