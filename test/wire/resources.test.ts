/** Resource arithmetic: what Mesos' own gives, as properties over anything that may be offered. */
import assert from 'node:assert';
import fc from 'fast-check';
import t from 'tap';
import type { Resource } from '../../src/wire/mesos/common.js';
import type { OfferOperation } from '../../src/wire/mesos/scheduler.js';
import { conversionOf, convert } from '../../src/wire/resources/convert.js';
import {
  add,
  allocatedTo,
  contains,
  copyPool,
  isVolume,
  normalize,
  poolOf,
  type Range,
  rangesOf,
  reservedRoleOf,
  resourcesOf,
  scalarsOf,
  subtract,
  subtractRanges,
  toMilli,
  unallocated,
  unionRanges,
} from '../../src/wire/resources/pool.js';

const cpus = (value: number, more: Partial<Resource> = {}): Resource => ({
  name: 'cpus',
  type: 'SCALAR',
  scalar: { value },
  ...more,
});
const disk = (value: number, more: Partial<Resource> = {}): Resource => ({
  ...cpus(value, more),
  name: 'disk',
});
const ports = (...pairs: Range[]): Resource => ({
  name: 'ports',
  type: 'RANGES',
  ranges: { range: pairs.map(([begin, end]) => ({ begin, end })) },
});
const reservedFor = (role: string): Partial<Resource> => ({
  reservations: [{ type: 'DYNAMIC', role, principal: 'p' }],
});
const volume = (id: string, value: number): Resource =>
  disk(value, {
    ...reservedFor('r'),
    disk: { persistence: { id }, volume: { mode: 'RW', container_path: 'data' } },
  });

const anyScalar = fc
  .tuple(
    fc.constantFrom('cpus', 'mem', 'disk'),
    fc.integer({ min: 0, max: 9_000_000 }),
    fc.constantFrom<Partial<Resource>>({}, reservedFor('a'), reservedFor('b')),
  )
  .map(([name, milli, more]) => ({ ...cpus(milli / 1000, more), name }));
const anyRange = fc
  .tuple(fc.integer({ min: 0, max: 60 }), fc.integer({ min: 0, max: 12 }))
  .map(([begin, length]): Range => [begin, begin + length]);
const anyResources = fc.array(
  fc.oneof(
    anyScalar,
    fc.array(anyRange, { maxLength: 4 }).map((ranges) => ports(...ranges)),
    fc
      .uniqueArray(fc.constantFrom('x', 'y', 'z'))
      .map((item): Resource => ({ name: 'gpus', type: 'SET', set: { item } })),
  ),
  { maxLength: 8 },
);
/** A pool in a form that does not depend on the order in which it was filled. */
const form = (resources: readonly Resource[]): string[] =>
  resourcesOf(poolOf(resources))
    .map((resource) => JSON.stringify(resource))
    .sort();

t.test('ranges › are the sets of numbers that they name', async () => {
  const numbers = (ranges: readonly Range[]): Set<number> => {
    const set = new Set<number>();
    for (const [begin, end] of ranges) for (let n = begin; n <= end; n += 1) set.add(n);
    return set;
  };
  const list = fc.array(anyRange, { maxLength: 6 });
  fc.assert(
    fc.property(list, list, (a, b) => {
      const union = unionRanges(a, b);
      assert.deepStrictEqual(numbers(union), numbers([...union]));
      assert.deepStrictEqual([...numbers(union)].sort(), [...numbers([...a, ...b])].sort());
      for (const [i, range] of union.entries()) {
        const next = union[i + 1];
        assert.ok(next === undefined || range[1] + 1 < next[0], 'sorted, merged, not touching');
      }
      const left = numbers(subtractRanges(unionRanges(a, []), b));
      const inB = numbers(b);
      const expected = [...numbers(a)].filter((n) => !inB.has(n));
      assert.deepStrictEqual([...left].sort(), expected.sort());
    }),
  );
});

t.test('pool › what was added is contained and can be taken out again', async () => {
  fc.assert(
    fc.property(anyResources, anyResources, (a, b) => {
      // Ranges and sets are no multisets: only what is disjoint comes back by taking out.
      const scalars = b.filter(({ type }) => type === 'SCALAR');
      const pool = poolOf(a);
      add(pool, scalars);
      assert.ok(contains(pool, a) && contains(pool, scalars));
      subtract(pool, scalars);
      assert.deepStrictEqual(form(resourcesOf(pool)), form(a));
      subtract(pool, a);
      assert.deepStrictEqual(resourcesOf(pool), []);
    }),
  );
});

t.test('pool › neither order nor splitting of amounts matters', async () => {
  fc.assert(
    fc.property(anyResources, (resources) => {
      assert.deepStrictEqual(form([...resources].reverse()), form(resources));
      assert.deepStrictEqual(form(resourcesOf(poolOf(resources))), form(resources));
      const copy = copyPool(poolOf(resources));
      subtract(copy, resources);
      assert.strictEqual(copy.size, 0);
    }),
  );
});

t.test('pool › counts in thousandths, without the errors of floats', async (t) => {
  const pool = poolOf([cpus(0.1), cpus(0.2)]);
  t.same(resourcesOf(pool), [cpus(0.3)]);
  t.ok(contains(pool, [cpus(0.3)]));
  t.notOk(contains(pool, [cpus(0.301)]));
  for (let n = 0; n < 1000; n += 1) add(pool, [cpus(0.001)]);
  t.same(resourcesOf(pool), [cpus(1.3)]);
  t.equal(toMilli(1.0005), 1001);
  t.equal(scalarsOf([cpus(1.5), cpus(1, reservedFor('a')), disk(10)]).cpus, 2500);
  t.same(rangesOf([ports([1, 3], [9, 9]), ports([4, 5])], 'ports'), [
    [1, 5],
    [9, 9],
  ]);
});

t.test(
  'pool › amounts of other roles, allocations or volumes never stand in for each other',
  async (t) => {
    const pool = poolOf([cpus(2), cpus(2, reservedFor('a')), volume('v1', 64)]);
    t.notOk(contains(pool, [cpus(3)]));
    t.notOk(contains(pool, [cpus(1, reservedFor('b'))]));
    t.notOk(contains(pool, allocatedTo('a', [cpus(1)])));
    t.ok(contains(pool, [volume('v1', 64)]));
    t.notOk(contains(pool, [volume('v1', 32)]), 'a volume is taken whole');
    t.notOk(contains(pool, [volume('v2', 64)]));
    const labelled = (...keys: string[]): Resource =>
      cpus(1, {
        reservations: [{ role: 'a', labels: { labels: keys.map((key) => ({ key, value: '1' })) } }],
      });
    t.ok(contains(poolOf([labelled('x', 'y')]), [labelled('y', 'x')]), 'labels have no order');
    t.notOk(contains(poolOf([labelled('x')]), [labelled('y')]));
  },
);

t.test('pool › old and new forms of a reservation are one', async (t) => {
  const old = cpus(1, { role: 'web' });
  t.same(normalize(old), cpus(1, { reservations: [{ type: 'STATIC', role: 'web' }] }));
  t.same(normalize(cpus(1, { role: '*' })), cpus(1));
  t.equal(reservedRoleOf(old), 'web');
  t.equal(reservedRoleOf(cpus(1)), undefined);
  t.same(unallocated(allocatedTo('web', [cpus(1)])), [cpus(1)]);
  t.ok(isVolume(volume('v', 1)));
  t.notOk(isVolume(disk(1)));
});

const operation = (type: 'RESERVE' | 'UNRESERVE', resources: Resource[]): OfferOperation =>
  type === 'RESERVE'
    ? { type, reserve: { resources } }
    : { type: 'UNRESERVE', unreserve: { resources } };
const onVolumes = (type: 'CREATE' | 'DESTROY', volumes: Resource[]): OfferOperation =>
  type === 'CREATE' ? { type, create: { volumes } } : { type: 'DESTROY', destroy: { volumes } };

t.test('convert › reserving and creating come undone by their opposites', async (t) => {
  const start = [cpus(4), disk(100), ports([1, 10])];
  const reserved = [cpus(1, reservedFor('r')), disk(64, reservedFor('r'))];
  const pool = poolOf(start);
  const apply = (op: OfferOperation): boolean => {
    const conversion = conversionOf(op);
    return conversion !== undefined && convert(pool, conversion);
  };
  t.ok(apply(operation('RESERVE', reserved)));
  t.ok(contains(pool, reserved));
  t.ok(contains(pool, [cpus(3), disk(36), ports([1, 10])]));
  t.ok(apply(onVolumes('CREATE', [volume('v', 64)])));
  t.notOk(contains(pool, [disk(1, reservedFor('r'))]), 'the volume took the reserved disk');
  t.notOk(apply(operation('UNRESERVE', [disk(64, reservedFor('r'))])), 'not under a volume');
  t.ok(apply(onVolumes('DESTROY', [volume('v', 64)])));
  t.ok(apply(operation('UNRESERVE', reserved)));
  t.same(form(resourcesOf(pool)), form(start));
  t.equal(conversionOf({ type: 'LAUNCH', launch: { task_infos: [] } }), undefined);
});

t.test('convert › what is not there converts nothing', async () => {
  fc.assert(
    fc.property(anyResources, anyScalar, (have, want) => {
      const reserved = { ...want, ...reservedFor('new') };
      const pool = poolOf(have);
      const before = form(resourcesOf(pool));
      const conversion = conversionOf(operation('RESERVE', [reserved]));
      assert.ok(conversion !== undefined);
      const possible = contains(pool, [{ ...want, reservations: undefined } as Resource]);
      const done = convert(pool, conversion);
      assert.strictEqual(done, possible);
      if (!done) assert.deepStrictEqual(form(resourcesOf(pool)), before);
      else assert.ok(contains(pool, [reserved]));
    }),
  );
});

t.test(
  'convert › refined reservations are peeled one by one, disks of their own stay',
  async (t) => {
    const both = [
      { type: 'DYNAMIC' as const, role: 'a' },
      { type: 'DYNAMIC' as const, role: 'a/b' },
    ];
    const refined = cpus(1, { reservations: both });
    t.same(conversionOf(operation('UNRESERVE', [refined]))?.produced, [
      cpus(1, { reservations: both.slice(0, 1) }),
    ]);
    const source = { type: 'MOUNT', mount: { root: '/mnt' } };
    const mounted = disk(10, { ...reservedFor('r'), disk: { source, persistence: { id: 'v' } } });
    t.same(conversionOf(onVolumes('DESTROY', [mounted]))?.produced, [
      disk(10, { ...reservedFor('r'), disk: { source } }),
    ]);
  },
);
