/** The suite that compares two engines: its comparison, its scenarios, its page. */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { root } from '../helpers/paths.js';
import { compare, type Known } from '../live/mesos/compare.js';
import { Normal } from '../live/mesos/normal.js';
import { groups } from '../live/mesos/scenarios/index.js';
import { contains } from '../live/mesos/steps.js';
import { conformancePage } from '../live/mesos/table.js';

const uuid = (digit: string) => `${digit.repeat(8)}-0000-0000-0000-${digit.repeat(12)}`;

t.test('compare › ids and times aside, everything counts', async (t) => {
  const shown = (id: string, more: Record<string, unknown>) => {
    const normal = new Normal();
    normal.name(`${id}-S1`, 'a1');
    const answer = { agent_id: { value: `${id}-S1` }, timestamp: Math.random(), ...more };
    return [{ step: 'GET_X', saw: normal.json(answer) }];
  };
  const ours = shown(uuid('1'), { b: 1, list: [{ name: 'x' }, { name: 'y' }] });
  const same = shown(uuid('2'), { b: 1, list: [{ name: 'y' }, { name: 'x' }] });
  t.same(compare('s', ours, same, []), []);
  const other = shown(uuid('2'), { b: 2, c: true, list: [{ name: 'y' }] });
  t.same(
    compare('s', ours, other, []).map(({ where, embedded, apache }) => [where, embedded, apache]),
    [
      ['s | GET_X | b', '1', '2'],
      ['s | GET_X | list[x].name', '"x"', undefined],
      ['s | GET_X | c', undefined, 'true'],
    ],
  );
  const reason: Known = { where: /\| c$/, about: 'c', why: 'for fun', kind: 'own' };
  const known = compare('s', ours, other, [reason]).map((one) => one.known?.why);
  t.same(known, [undefined, undefined, 'for fun']);
  t.ok(compare('s', ours, [], []).length >= 4, 'a missing step is a difference');
});

t.test('contains › fields at any depth, entries of lists anywhere', async (t) => {
  const found = { a: { b: [{ c: 1, d: 2 }, { c: 3 }] } };
  t.ok(contains(found, { a: { b: [{ c: 3 }] } }));
  t.notOk(contains(found, { a: { b: [{ c: 4 }] } }));
  t.notOk(contains(found, { a: { x: {} } }));
});

t.test('scenarios › enough, and each of its own name', async (t) => {
  const names = Object.values(groups).flatMap((list) => list.map(({ name }) => name));
  t.ok(names.length >= 150, `${names.length} scenarios`);
  t.equal(new Set(names).size, names.length);
});

t.test('page › docs/mesos-conformance.md says what is played', async (t) => {
  const file = join(root, 'docs', 'mesos-conformance.md');
  if (process.env.DCOS_WRITE_DOCS !== undefined) writeFileSync(file, conformancePage());
  const page = existsSync(file) ? readFileSync(file, 'utf8') : '';
  t.ok(page === conformancePage(), 'written anew by DCOS_WRITE_DOCS=1 npx tap on this file');
});
