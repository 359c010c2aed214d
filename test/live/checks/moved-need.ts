/** A service that another needs moves to another agent: the other is told, without a person. */
import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { until } from '../../helpers/wait.js';
import { embedded } from '../engine.js';
import type { Live, LiveCheck } from '../live.js';
import type { StateTask } from '../state.js';

const slow = { timeoutMs: 300_000 };

/** Two packages of one's own, `user` with the addresses of `used` in its environment. */
export const movedNeed: LiveCheck = {
  name: 'a needed service moves',
  seconds: 60,
  kind: 'rotating',
  run: async (live) => {
    const engine = embedded(live);
    await live.step('up', () => engine.up(5));
    await live.step('install one that needs the other', async () => {
      await live.ok(['package', 'create', 'used']);
      await live.ok(['package', 'build', 'used']);
      await live.ok(['package', 'create', 'user']);
      needing(live);
      await live.ok(['package', 'build', 'user']);
      await live.ok(['package', 'install', 'used', '--yes'], slow);
      await live.ok(['package', 'install', 'user', '--yes'], slow);
    });
    const before = await addresses(live);
    assert.deepEqual(await told(live), before, 'told at the install');
    await live.step(
      'the other’s agent is gone for good: it is told where that is now',
      async () => {
        const task = await aTaskOf(live, 'used');
        assert.ok(task, 'a task of used runs');
        await live.ok(['node', 'decommission', task.slave_id, '--yes']);
        await until(
          async () => {
            const now = await addresses(live);
            return now.join() !== before.join() && (await told(live)).join() === now.join();
          },
          { what: 'the new addresses', timeoutMs: 120_000, everyMs: 1000 },
        );
      },
    );
  },
};

/** Makes the new package `user` one that needs `used`. */
function needing(live: Live): void {
  edit(live, 'config.json', (text) => {
    const config = JSON.parse(text) as { properties: Record<string, unknown> };
    const need = { package: 'used', endpoint: 'api', env: 'USED_ADDRESSES' };
    const service = { type: 'string', description: 'Used.', default: 'used', 'x-service': need };
    config.properties.used = {
      type: 'object',
      description: 'What it uses.',
      properties: { service },
    };
    return JSON.stringify(config);
  });
  edit(live, 'marathon.json.mustache', (text) =>
    text.replace('"env": {', '"env": {\n    "USED_ADDRESSES": "",'),
  );
  edit(live, 'service.yaml', (text) =>
    text.replace('goal: RUNNING', `goal: RUNNING\n        env: {USED: '$${'{USED_ADDRESSES}'}'}`),
  );
}

function edit(live: Live, file: string, change: (text: string) => string): void {
  const path = join(live.dir, 'user', file);
  const text = readFileSync(path, 'utf8');
  const changed = change(text);
  assert.notEqual(changed, text, `${file} is as this check knows it`);
  writeFileSync(path, changed);
}

/** Where `used` says that it is. */
async function addresses(live: Live): Promise<string[]> {
  const { address } = await live.json<{ address: string[] }>(['used', 'endpoints', 'api']);
  return address;
}

/** What a running task of `user` was told. */
async function told(live: Live): Promise<string[]> {
  const task = await aTaskOf(live, 'user');
  if (task === undefined) return [];
  const { stdout } = await live.dcos(['task', 'exec', task.id, 'sh', '-c', 'echo "$USED"']);
  return stdout.trim().split(',');
}

async function aTaskOf(live: Live, service: string): Promise<StateTask | undefined> {
  const { frameworks } = await embedded(live).state();
  const framework = frameworks.find(({ name }) => name === service);
  return framework?.tasks.find(({ state }) => state === 'TASK_RUNNING');
}
