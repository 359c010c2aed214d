/** Placement rules: patterns in linear time, three syntaxes, every operator. */
import fc from 'fast-check';
import t from 'tap';
import { type Constraint, parseConstraints, violation } from '../../src/framework/constraints.js';
import { compilePattern } from '../../src/framework/pattern.js';
import type { Place } from '../../src/framework/requirement.js';

t.test('pattern › agrees with RegExp on whole texts, for any pattern that both read', async (t) => {
  const atom = fc.constantFrom(
    'a',
    'b',
    '.',
    '[ab]',
    '[^a]',
    '\\d',
    'a*',
    'b+',
    'a?',
    '(a|b)',
    '(?:ab)*',
    'a{2}',
    'b{1,2}',
  );
  const pattern = fc.array(atom, { maxLength: 6 }).map((atoms) => atoms.join(''));
  const text = fc.string({ unit: fc.constantFrom('a', 'b', 'c', '1'), maxLength: 8 });
  fc.assert(
    fc.property(pattern, text, (source, value) => {
      t.equal(
        compilePattern(source).matches(value),
        new RegExp(`^(?:${source})$`, 's').test(value),
        `${source} on ${value}`,
      );
    }),
    { numRuns: 300 },
  );
});

t.test('pattern › catastrophic ones are harmless, unreadable ones are refused', async (t) => {
  const before = performance.now();
  t.notOk(compilePattern('(a*)*(a*)*(a|a)*c').matches('a'.repeat(500)));
  t.ok(performance.now() - before < 2_000);
  t.ok(compilePattern('(?i)RACK-[1-3]').matches('rack-2'));
  t.notOk(compilePattern('rack').matches('rack-1'), 'the whole text must match');
  for (const wrong of [
    '(',
    '[a',
    '*a',
    'a{2,1}',
    '(?=a)',
    '\\1',
    'a'.repeat(2000),
    '((a{500}){500})',
  ]) {
    t.throws(() => compilePattern(wrong), { code: 'invalid' }, wrong.slice(0, 20));
  }
});

t.test('constraints › three syntaxes are one', async (t) => {
  const expected: Constraint[] = [
    { field: 'hostname', operator: 'UNIQUE' },
    { field: 'rack', operator: 'LIKE', value: 'a:.*,\\d' },
  ];
  t.same(
    parseConstraints([
      ['hostname', 'UNIQUE'],
      ['rack', 'LIKE', 'a:.*,\\d'],
    ]),
    expected,
  );
  t.same(parseConstraints('[["hostname","UNIQUE"],["rack","LIKE","a:.*,\\\\d"]]'), expected);
  t.same(parseConstraints('hostname:UNIQUE,rack:LIKE:a\\:.*\\,\\d'), expected);
  t.same(parseConstraints(['hostname', 'unique']), [{ field: 'hostname', operator: 'UNIQUE' }]);
  t.same(parseConstraints(''), []);
  for (const wrong of [
    'hostname',
    'a:FOO',
    'a:MAX_PER:x',
    'a:UNIQUE:b',
    'a:LIKE',
    'a:LIKE:(',
    '[1]',
    7,
  ]) {
    t.throws(() => parseConstraints(wrong), { code: 'invalid' }, String(wrong));
  }
});

t.test('constraints › each operator', async (t) => {
  const place = (hostname: string, rack?: string): Place => ({
    hostname,
    attributes: rack === undefined ? [] : [{ name: 'rack', type: 'TEXT', text: { value: rack } }],
    domain: { fault_domain: { region: { name: 'east' }, zone: { name: `zone-${rack}` } } },
  });
  const here = place('h1', 'r1');
  const others = [place('h1', 'r1'), place('h2', 'r1'), place('h3', 'r2')];
  const allowed = (row: string, where: Place = here, among = others, instances = 6): boolean =>
    parseConstraints(row).every((one) => violation(one, where, among, instances) === undefined);
  t.notOk(allowed('hostname:UNIQUE'));
  t.ok(allowed('@hostname:UNIQUE', place('h4')));
  t.ok(allowed('rack:CLUSTER'));
  t.notOk(allowed('rack:CLUSTER:r2'));
  t.ok(allowed('rack:LIKE:r[12]'));
  t.notOk(allowed('rack:UNLIKE:r.'));
  t.ok(allowed('rack:UNLIKE:r.', place('h9')), 'an agent without the attribute');
  t.notOk(allowed('rack:LIKE:.*', place('h9')));
  t.notOk(allowed('rack:MAX_PER:2'));
  t.ok(allowed('rack:MAX_PER:3'));
  t.ok(allowed('@zone:IS:zone-r1,@region:IS:east'));
  t.notOk(allowed('@region:IS_NOT:east'));
  t.notOk(allowed('rack:GROUP_BY'), 'r1 has more than r2');
  t.ok(allowed('rack:GROUP_BY', place('h', 'r2')));
  t.notOk(allowed('rack:GROUP_BY:3'), 'its share of 2 is full');
  t.ok(allowed('rack:GROUP_BY:3', here, others, 7), 'one of three groups gets one more');
  t.notOk(allowed('rack:GROUP_BY:2', place('h', 'r3')), 'no third group');
  t.match(
    violation({ field: 'hostname', operator: 'UNIQUE' }, here, others, 3),
    /runs on h1 already/,
  );
});
