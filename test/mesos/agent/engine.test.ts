/** Docker engines of agents that start at once. */
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import t from 'tap';
import type { Logger } from '../../../src/core/logger.js';
import { openEngine } from '../../../src/mesos/agent/shell/engine.js';
import { root } from '../../helpers/paths.js';

t.test('engine › one starts at a time; a collision in iptables is waited out', async (t) => {
  // Paths of sockets must be short.
  const folder = mkdtempSync(join(tmpdir(), 'engines-'));
  mkdirSync(join(folder, 'bin'));
  const program = join(root, 'test/helpers/programs/dockerd.mjs');
  chmodSync(program, 0o755);
  symlinkSync(program, join(folder, 'bin', 'dockerd'));
  // No bridges of the machine are made.
  symlinkSync('/bin/false', join(folder, 'bin', 'ip'));
  const before = { ...process.env };
  process.env.PATH = `${join(folder, 'bin')}${delimiter}${before.PATH}`;
  process.env.ENGINE_NOTES = join(folder, 'notes');
  process.env.ENGINE_FAILED = join(folder, 'failed');
  t.teardown(() => {
    rmSync(folder, { recursive: true, force: true });
    process.env.PATH = before.PATH;
    delete process.env.ENGINE_NOTES;
    delete process.env.ENGINE_FAILED;
  });
  const said: string[] = [];
  const say = (message: string): void => void said.push(message);
  const log: Logger = { debug: say, info: say, warn: say, error: say };
  const engines = await Promise.all(
    [0, 1, 2].map((index) => {
      const place = join(folder, `agent-${index}`);
      mkdirSync(place);
      const docker = { socket: join(place, 'docker.sock'), isOwn: true };
      return openEngine({ index, host: '127.0.250.1', docker } as never, place, log);
    }),
  );
  t.same(
    engines.map((engine) => engine?.version),
    ['20.10.24', '20.10.24', '20.10.24'],
  );
  const words = readFileSync(join(folder, 'notes'), 'utf8').trim().split('\n');
  t.same(
    words.map((line) => line.split(' ')[0]),
    ['begins', 'fails', 'begins', 'up', 'begins', 'up', 'begins', 'up'],
  );
  t.ok(said.some((text) => text.includes('could not make its rules for iptables')));
  t.ok(said.some((text) => text.includes('another Docker engine starts at the moment')));
  await Promise.all(engines.map((engine) => engine?.stop()));
});
