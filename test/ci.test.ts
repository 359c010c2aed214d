/**
 * The tools that judge a commit: their sums must be true, and every rotating check must get its
 * turn.
 */
import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import t from 'tap';
import { root } from './helpers/paths.js';
import { matrix } from './live/drills/cells.js';
import type { LiveCheck } from './live/live.js';
import { slice } from './live/runner.js';

const aCheck = (name: string, seconds: number): LiveCheck => ({
  name,
  seconds,
  kind: 'rotating',
  run: async () => {},
});

t.test(
  'slice › takes what fits, names what does not, and starts elsewhere for another commit',
  async (t) => {
    const checks = [aCheck('a', 10), aCheck('b', 20), aCheck('c', 30)];
    const names = (list: readonly LiveCheck[]): string => list.map(({ name }) => name).join('');
    const at = (commit: string, budget: number): [string, string] => {
      const { taken, leftOut } = slice(checks, commit, budget);
      return [names(taken), names(leftOut)];
    };
    t.same(at('0000000', 60), ['abc', '']);
    t.same(at('0000001', 60), ['bca', '']);
    t.same(at('0000002', 40), ['ca', 'b']);
    t.same(at('0000000', 0), ['', 'abc']);
    t.same(slice([], 'abcdef0', 100), { taken: [], leftOut: [] });
    fc.assert(
      fc.property(fc.array(fc.nat(50)), fc.nat(0xfffffff), fc.nat(200), (sizes, commit, budget) => {
        const all = sizes.map((seconds, at) => aCheck(`c${at}`, seconds));
        const { taken, leftOut } = slice(all, commit.toString(16).padStart(7, '0'), budget);
        const used = taken.reduce((sum, { seconds }) => sum + seconds, 0);
        return used <= budget && taken.length + leftOut.length === all.length;
      }),
    );
  },
);

t.test(
  'matrix › the last time of each drill in whole seconds, and what has not passed',
  async (t) => {
    const cells = [
      { drill: 'slow start', ms: 9000 },
      { drill: 'slow start', ms: 13_400 },
      { drill: 'another one of old', ms: 1 },
    ];
    t.equal(
      matrix([{ name: 'zookeeper', cells }], ['disk full', 'slow start']),
      '|  | disk full | slow start |\n| --- | ---: | ---: |\n| zookeeper | – | 13 |\n',
    );
  },
);

/** What `scripts/tap-sum.js` prints last for a stream. */
function sumOf(folder: string, stream: string, status = '0'): string {
  const file = join(folder, 'stream.tap');
  writeFileSync(file, stream);
  const script = join(root, 'scripts', 'tap-sum.js');
  const ran = spawnSync(process.execPath, [script, file, status], { encoding: 'utf8' });
  return ran.stdout.trimEnd().split('\n').at(-1) ?? '';
}

t.test('tap sum › counts assertions, not the lines that sum them up', async (t) => {
  const folder = t.testdir();
  const stream = [
    'TAP version 14',
    '# Subtest: a.test.ts',
    '    # Subtest: a › one',
    '        ok 1 - x',
    '        not ok 2 - y',
    '          ---',
    '          found: "ok 3 - not a line of ours"',
    '          ...',
    '        1..2',
    '    not ok 1 - a › one',
    '    # Subtest: a › two',
    '        ok 1 - z # SKIP not here',
    '        1..1',
    '    ok 2 - a › two',
    '    1..2',
    'not ok 1 - a.test.ts',
    '1..1',
  ].join('\n');
  t.equal(sumOf(folder, stream, '1'), '2 passed, 1 failed');
  t.equal(sumOf(folder, '    ok 1 - x\nok 1 - a\n', '0'), '1 passed, 0 failed');
  t.equal(sumOf(folder, '    ok 1 - x\nok 1 - a\n', '1'), '1 passed, 1 failed');
  t.equal(sumOf(folder, '', '124'), '0 passed, 1 failed', 'a runner that never began');
});
