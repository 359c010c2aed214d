/** What the figures of services are made of. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { Starts, startingMs } from './bench/starts.js';
import type { Live } from './live/live.js';

t.test('startingMs › what overlaps counts once, gaps do not count', async (t) => {
  const start = (at: number, servedAt?: number) => ({
    task: 'broker-0-broker',
    container: 'c',
    at,
    ...(servedAt === undefined ? {} : { servedAt }),
  });
  t.equal(startingMs([], 100), 0);
  t.equal(startingMs([start(10, 30), start(15, 20), start(25, 40), start(50, 60)], 100), 40);
  t.equal(startingMs([start(90)], 100), 10, 'what never served counts to the end');
  t.equal(startingMs([start(90, 120)], 100), 10);
});

t.test(
  'Starts › tasks of services by their claims, ready by their words or their end',
  async (t) => {
    const dcosDir = t.testdir({ local: { 'cluster.json': '{"agents":[{"index":1}]}' } });
    const work = join(dcosDir, 'local', 'agent-1', 'work');
    const starts = new Starts({ dcosDir } as Live, /Kafka Server started/);
    const run = (id: string, container: string): string => {
      const sandbox = join(work, 'slaves/a/frameworks/f/executors', id, 'runs', container);
      mkdirSync(sandbox, { recursive: true });
      mkdirSync(join(work, 'meta', container), { recursive: true });
      writeFileSync(join(work, 'meta', container, 'claim'), '1 1\n');
      return sandbox;
    };
    const uuid = '00000000-0000-0000-0000-000000000000';
    const broker = run(`broker-0-broker__${uuid}`, 'one');
    run(`broker-1-format__${uuid}`, 'two');
    run('kafka.instance-1._app.1', 'three');
    const served = () => starts.look().map(({ task, servedAt }) => [task, servedAt !== undefined]);
    t.same(served(), [
      ['broker-0-broker', false],
      ['broker-1-format', false],
    ]);
    writeFileSync(join(broker, 'stderr'), '12:00:00 INFO Kafka Server started\n');
    writeFileSync(join(work, 'meta', 'two', 'exit'), '0\n');
    t.same(served(), [
      ['broker-0-broker', true],
      ['broker-1-format', true],
    ]);
  },
);
