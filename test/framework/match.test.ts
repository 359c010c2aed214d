/**
 * Placement: patterns, constraints, requirement × offer with properties, reasons, back-off,
 *, manners, reservations.
 */
import fc from 'fast-check';
import t from 'tap';
import { afterFailure, remainingMs } from '../../src/framework/backoff.js';
import { explain } from '../../src/framework/explain.js';
import { freshManners, mannersFor } from '../../src/framework/manners.js';
import { match, type OfferView, viewOf } from '../../src/framework/match.js';
import { beginReconciliation, dueReconciliation, heardOf } from '../../src/framework/reconcile.js';
import { nothing, type Requirement } from '../../src/framework/requirement.js';
import { giveBack, leftoversIn } from '../../src/framework/reservations.js';
import type { Resource } from '../../src/wire/mesos/common.js';
import type { Offer } from '../../src/wire/mesos/scheduler.js';
import { conversionOf, convert } from '../../src/wire/resources/convert.js';
import {
  contains,
  copyPool,
  poolOf,
  resourcesOf,
  scalarsOf,
  subtract,
} from '../../src/wire/resources/pool.js';

interface Amounts {
  readonly cpus?: number;
  readonly mem?: number;
  readonly disk?: number;
  readonly ports?: readonly [number, number];
}

function resources({
  cpus = 4,
  mem = 4096,
  disk = 10_000,
  ports = [1000, 1009],
}: Amounts): Resource[] {
  const scalar = (name: string, value: number): Resource => ({
    name,
    type: 'SCALAR',
    scalar: { value },
  });
  return [
    scalar('cpus', cpus),
    scalar('mem', mem),
    scalar('disk', disk),
    { name: 'ports', type: 'RANGES', ranges: { range: [{ begin: ports[0], end: ports[1] }] } },
  ];
}

function anOffer(amounts: Amounts = {}, more: Partial<Offer> = {}): Offer {
  return {
    id: { value: 'offer-1' },
    framework_id: { value: 'f' },
    agent_id: { value: 'a' },
    hostname: 'host-1',
    resources: resources(amounts).map((r) => ({ ...r, allocation_info: { role: 'r' } })),
    ...more,
  };
}

const alone = { others: [], instances: 1 };
const reservation = {
  role: 'r',
  principal: 'p',
  labels: { instance: 'broker-0' },
  existing: false,
};
const reserved: Requirement = {
  ...nothing,
  cpus: 1,
  memMb: 512,
  ports: [{ name: 'broker', port: 0 }],
  volumes: [{ containerPath: 'data', sizeMb: 1000, type: 'ROOT', id: 'v1' }],
  reservation,
};

/**
 * The view after the operations of `found` were carried out; throws if the master would refuse
 * one.
 */
function carriedOut(
  view: OfferView,
  found: { operations: readonly Parameters<typeof conversionOf>[0][] },
): OfferView {
  const pool = copyPool(view.free);
  for (const operation of found.operations) {
    const conversion = conversionOf(operation);
    if (conversion && !convert(pool, conversion))
      throw new Error(`${operation.type} is not possible`);
  }
  return { offer: view.offer, free: pool };
}

t.test('match › what it takes is in the offer, and what is left is the rest', async (t) => {
  const requirement = fc.record({
    cpus: fc.integer({ min: 0, max: 5000 }).map((milli) => milli / 1000),
    memMb: fc.integer({ min: 0, max: 5000 }),
    diskMb: fc.integer({ min: 0, max: 12_000 }),
    ports: fc.uniqueArray(fc.constantFrom(0, 1000, 1005, 1009, 2000), { maxLength: 4 }),
    reserve: fc.boolean(),
  });
  fc.assert(
    fc.property(fc.array(requirement, { minLength: 1, maxLength: 6 }), (asks) => {
      let view = viewOf(anOffer());
      const start = copyPool(view.free);
      for (const [index, { ports, reserve, ...amounts }] of asks.entries()) {
        const wish: Requirement = {
          ...nothing,
          ...amounts,
          ports: ports.map((port, at) => ({ name: String(at), port })),
          ...(reserve ? { reservation: { ...reservation, labels: { i: String(index) } } } : {}),
        };
        const result = match(wish, view, alone);
        if (!result.ok) {
          t.ok(result.shortfalls.length > 0);
          continue;
        }
        const { used, bare } = taken(result.match.resources);
        t.ok(contains(view.free, bare), 'no more than there is');
        t.equal(used.cpus, Math.round(amounts.cpus * 1000));
        t.equal(result.match.ports.length, ports.length);
        t.equal(new Set(result.match.ports).size, ports.length);
        t.ok(
          contains(carriedOut(view, result.match).free, result.match.resources),
          'operations make what is used',
        );
        const rest = copyPool(view.free);
        subtract(rest, bare);
        t.same(scalarsOf(result.left.free), scalarsOf(rest));
        view = result.left;
      }
      t.ok(contains(start, resourcesOf(view.free)));
    }),
    { numRuns: 150 },
  );
});

function taken(list: readonly Resource[]): {
  used: ReturnType<typeof scalarsOf>;
  bare: Resource[];
} {
  const bare = list.map(({ reservations: _r, ...rest }) => rest);
  return { used: scalarsOf(bare), bare };
}

t.test(
  'match › a reserved launch reserves and creates; its relaunch takes the same ports and volume',
  async (t) => {
    const view = viewOf(anOffer());
    const first = match(reserved, view, alone);
    if (!first.ok) throw new Error('no match');
    t.same(
      first.match.operations.map(({ type }) => type),
      ['RESERVE', 'CREATE'],
    );
    t.same(first.match.volumeIds, ['v1']);
    const later = carriedOut(view, first.match);
    const wish: Requirement = {
      ...reserved,
      volumes: [{ containerPath: 'data', sizeMb: 1000, type: 'ROOT', id: 'another' }],
      reservation: { ...reservation, existing: true },
    };
    const again = match(wish, later, alone);
    if (!again.ok) throw new Error('no match again');
    t.same(again.match.operations, []);
    t.same(again.match.ports, first.match.ports);
    t.same(again.match.volumeIds, ['v1'], 'the volume that is there');
    const larger = match({ ...wish, cpus: 2 }, later, alone);
    t.same(larger.ok && larger.match.operations.map(({ type }) => type), ['RESERVE']);
    const smaller = match({ ...wish, cpus: 0.5 }, later, alone);
    t.same(smaller.ok && smaller.match.operations.map(({ type }) => type), ['UNRESERVE']);
    const stranger = { ...reservation, existing: true, labels: { instance: 'broker-1' } };
    const elsewhere = match({ ...wish, reservation: stranger }, later, alone);
    t.match(elsewhere, { ok: false, shortfalls: [{ kind: 'reservation' }, { kind: 'volume' }] });
    const plain = match({ ...nothing, cpus: 3.5 }, later, alone);
    t.match(
      plain,
      { ok: false, shortfalls: [{ kind: 'cpus', free: 3 }] },
      'nobody else may use it',
    );
  },
);

t.test('match › a port within ranges, or the reason why none is', async (t) => {
  const view = viewOf(anOffer({ ports: [1000, 1009] }));
  const asking = (...ranges: (readonly [number, number])[]): Requirement => {
    return { ...nothing, cpus: 1, ports: [{ name: 'p', port: 0, ranges }] };
  };
  const found = match(asking([1, 999], [1004, 1005]), view, alone);
  t.ok(found.ok && [1004, 1005].includes(found.match.ports[0] ?? 0));
  t.match(match(asking([1, 999]), view, alone), {
    ok: false,
    shortfalls: [{ kind: 'ports', text: 'a port in 1-999 asked' }],
  });
  const liking = (preferred: number): Requirement => ({
    ...nothing,
    ports: [{ name: 'p', port: 0, ranges: [[1002, 1009]], preferred }],
  });
  const liked = match(liking(1007), view, alone);
  t.ok(liked.ok && liked.match.ports[0] === 1007, 'the preferred one, where it is free');
  for (const unusable of [2000, 1001]) {
    const other = match(liking(unusable), view, alone);
    t.ok(other.ok && (other.match.ports[0] ?? 0) >= 1002, `another than ${unusable}`);
  }
  const both = {
    ...asking(),
    ports: [1, 2].map((n) => ({ name: `p${n}`, port: 0, ranges: [[1008, 1008] as const] })),
  };
  t.notOk(match(both, view, alone).ok, 'each port is one task’s');
});

t.test('match › a whole disk of the right profile, and a volume that several hold', async (t) => {
  const mount = (value: number, profile?: string): Resource => ({
    name: 'disk',
    type: 'SCALAR',
    scalar: { value },
    allocation_info: { role: 'r' },
    disk: {
      source: { type: 'MOUNT', mount: { root: `/m${value}` }, ...(profile ? { profile } : {}) },
    },
  });
  const offer = anOffer();
  const disks = [mount(2000), mount(3000, 'fast')];
  const view = viewOf({ ...offer, resources: [...offer.resources, ...disks] });
  const volume = { containerPath: 'data', sizeMb: 1000, type: 'MOUNT' as const, id: 'v1' };
  const plain = match({ ...reserved, volumes: [volume] }, view, alone);
  t.equal(plain.ok && scalarsOf(plain.match.resources).disk, 2_000_000, 'the smallest that fits');
  const fast = match({ ...reserved, volumes: [{ ...volume, profiles: ['fast'] }] }, view, alone);
  t.equal(fast.ok && scalarsOf(fast.match.resources).disk, 3_000_000);
  t.notOk(match({ ...reserved, volumes: [{ ...volume, profiles: ['slow'] }] }, view, alone).ok);
  const shared = { ...volume, type: 'ROOT' as const, shared: true };
  const first = match({ ...reserved, volumes: [shared] }, view, alone);
  if (!first.ok) throw new Error('no match');
  const again = { ...reserved, volumes: [shared], reservation: { ...reservation, existing: true } };
  const later = match(
    { ...again, cpus: 0, ports: [], memMb: 0 },
    carriedOut(view, first.match),
    alone,
  );
  if (!later.ok) throw new Error('no match later');
  const third = match({ ...again, cpus: 0, ports: [], memMb: 0 }, later.left, alone);
  t.ok(third.ok, 'whoever comes after may hold it as well');
});

t.test(
  'reservations › leftovers are destroyed and unreserved, and then all is as before',
  async (t) => {
    const view = viewOf(anOffer());
    const first = match(reserved, view, alone);
    if (!first.ok) throw new Error('no match');
    const later = carriedOut(view, first.match);
    t.same(
      leftoversIn(resourcesOf(later.free), 'r', () => true),
      [],
    );
    const operations = giveBack(leftoversIn(resourcesOf(later.free), 'r', () => false));
    t.same(
      operations.map(({ type }) => type),
      ['DESTROY', 'UNRESERVE'],
    );
    t.same(
      resourcesOf(carriedOut(later, { operations }).free),
      resourcesOf(poolOf(resourcesOf(view.free))),
    );
  },
);

t.test(
  'match › roles: a role of its own first, foreign instances never, accepted roles only',
  async (t) => {
    const own = { reservations: [{ type: 'STATIC' as const, role: 'r' }] };
    const offer = anOffer({ cpus: 1 });
    const [cpus] = offer.resources;
    const both = { ...offer, resources: [...offer.resources, { ...cpus, ...own } as Resource] };
    const one = match({ ...nothing, cpus: 1 }, viewOf(both), alone);
    t.match(one.ok && one.match.resources, [{ reservations: [{ role: 'r' }] }]);
    const starOnly = match({ ...nothing, cpus: 2, acceptedRoles: ['*'] }, viewOf(both), alone);
    t.match(starOnly, { ok: false, shortfalls: [{ kind: 'cpus', free: 1 }] });
    const other = match({ ...nothing, cpus: 1, acceptedRoles: ['x'] }, viewOf(both), alone);
    t.match(other, { ok: false, shortfalls: [{ kind: 'role' }, { kind: 'cpus' }] });
  },
);

t.test('explain › asked, best free, by how many agents', async (t) => {
  const on = (amounts: Amounts, wish: Partial<Requirement>) => {
    const result = match({ ...nothing, ...wish }, viewOf(anOffer(amounts)), alone);
    return result.ok ? [] : result.shortfalls;
  };
  const reasons = explain(
    new Map([
      ['a', on({ cpus: 1 }, { cpus: 8, ports: [{ name: 'x', port: 80 }] })],
      ['b', on({ cpus: 4 }, { cpus: 8, ports: [{ name: 'x', port: 80 }] })],
      ['c', on({ cpus: 9, ports: [80, 80] }, { cpus: 8, ports: [{ name: 'x', port: 80 }] })],
    ]),
  );
  t.same(
    reasons.map(({ text }) => text),
    ['8 cpus asked: 2 of 3 agents have less free, at most 4', 'port 80: no on 2 of 3 agents'],
  );
});

t.test('backoff › a good run is free, a crash loop grows to its limit', async (t) => {
  const policy = { initialMs: 1_000, factor: 1.15, maxMs: 300_000 };
  t.equal(afterFailure(policy, undefined, 5_000, 0), undefined);
  let state = afterFailure(policy, undefined, 0, 0);
  t.equal(remainingMs(state, 0), 1_000);
  for (let index = 0; index < 100; index += 1) state = afterFailure(policy, state, 10, 0);
  t.equal(state?.delayMs, 300_000);
  t.equal(remainingMs(state, -1e12), 300_000, 'a clock set back does not prolong it');
  t.equal(remainingMs(state, 300_000), 0);
});

t.test('manners › suppress once when idle, revive on each new demand', async (t) => {
  const idle = mannersFor(freshManners, 0, false);
  t.equal(idle.call, 'SUPPRESS');
  t.equal(mannersFor(idle.manners, 0, false).call, undefined);
  const asking = mannersFor(idle.manners, 2, false);
  t.equal(asking.call, 'REVIVE');
  t.equal(mannersFor(asking.manners, 2, false).call, undefined);
  t.equal(mannersFor(asking.manners, 3, true).call, 'REVIVE');
});

t.test(
  'reconcile › asks again, with growing pauses, only for those that stay silent',
  async (t) => {
    const all = () => ['a', 'b'];
    const first = dueReconciliation(beginReconciliation(all(), 0), all, 0);
    t.same(first.ask, ['a', 'b']);
    const heard = heardOf(first.state, 'a');
    t.same(dueReconciliation(heard, all, 100).ask, []);
    const second = dueReconciliation(heard, all, first.state.nextAt);
    t.same(second.ask, ['b']);
    t.ok(second.state.nextAt - first.state.nextAt > first.state.nextAt);
  },
);
