/** Quota and weights: what is refused, what is kept, and that the allocator holds to them. */
import fc from 'fast-check';
import t from 'tap';
import { missing, openLedger } from '../../../src/mesos/master/quota/ledger.js';
import { consumptionOf, topOf } from '../../../src/mesos/master/quota/rules.js';
import { dominantShare, RoleShares } from '../../../src/mesos/master/shares.js';
import { quotaStatus, weightInfos } from '../../../src/mesos/master/views/quota.js';
import { rolesView } from '../../../src/mesos/master/views/roles.js';
import { violations } from '../../helpers/master-rules.js';
import {
  aFramework,
  aTask,
  eventsOf,
  lastOffer,
  launch,
  MasterWorld,
  offersTo,
  type Scheduler,
  scalar,
} from '../../helpers/master-world.js';

type Amounts = Record<string, number>;
const values = (amounts: Amounts) =>
  Object.fromEntries(Object.entries(amounts).map(([name, value]) => [name, { value }]));

function setQuota(
  world: MasterWorld,
  role: string,
  guarantees: Amounts,
  limits: Amounts,
  force = false,
) {
  const quota_configs = [{ role, guarantees: values(guarantees), limits: values(limits) }];
  return world.operate({ type: 'UPDATE_QUOTA', update_quota: { force, quota_configs } });
}

function sumOf(scheduler: Scheduler, world: MasterWorld, name: string): number {
  return offersTo(scheduler)
    .filter(({ id }) => world.state.offers.has(id.value))
    .flatMap(({ resources }) => resources)
    .filter((resource) => resource.name === name)
    .reduce((sum, { scalar: amount }) => sum + (amount?.value ?? 0), 0);
}

function restarted(world: MasterWorld): MasterWorld {
  const records = new Map<string, unknown>();
  for (const { key, value } of world.writes) {
    if (value === null) records.delete(key);
    else records.set(key, JSON.parse(JSON.stringify(value)));
  }
  return new MasterWorld({ id: 'next' }, records);
}

t.test('quota › refusals are Mesos’ own', async (t) => {
  const world = new MasterWorld();
  world.register();
  const said = (answer: { status: number; text: string }) => [answer.status, answer.text];
  t.same(said(setQuota(world, 'dev', { cpus: 500 }, { cpus: 1000 })), [
    400,
    "Invalid QuotaConfig: total quota guarantees 'cpus:500' exceed cluster capacity " +
      "'cpus:4; disk:10240; mem:4096' (use 'force' flag to bypass this check)",
  ]);
  t.same(said(setQuota(world, 'a/b', {}, { cpus: 1 })), [
    400,
    "Updating quota on nested role 'a/b' is not supported yet",
  ]);
  t.match(setQuota(world, 'dev', { cpus: -1 }, {}).text, /Negative values not supported$/);
  t.match(setQuota(world, 'dev', {}, { mem: 2 ** 41 }).text, /greater than 1 exabyte/);
  t.match(setQuota(world, '-x', {}, { mem: 1 }).text, /^Invalid QuotaConfig: Invalid 'QuotaC/);
  t.equal(quotaStatus(world.state).configs, undefined, 'nothing was set');

  const request = { role: 'dev', guarantee: [scalar('cpus', 9)] };
  const set = { type: 'SET_QUOTA' as const, set_quota: { quota_request: request } };
  t.same(said(world.operate(set)), [
    409,
    "Quota guarantees overcommit the cluster (use 'force' to bypass this check): Total quota " +
      "guarantees 'cpus:9' exceed cluster capacity 'cpus:4; disk:10240; mem:4096'",
  ]);
  t.equal(
    world.operate({ ...set, set_quota: { quota_request: { ...request, force: true } } }).status,
    200,
  );
  t.match(world.operate(set).text, /Cannot set quota for role 'dev' which already has quota$/);
  const remove = { type: 'REMOVE_QUOTA' as const, remove_quota: { role: 'dev' } };
  t.equal(world.operate(remove).status, 200);
  t.same(said(world.operate(remove)), [400, "Failed to remove quota: Role 'dev' has no quota set"]);
});

t.test('quota › a limit below what is used needs force', async (t) => {
  const world = new MasterWorld();
  const agent = world.register();
  const dev = world.subscribe(aFramework('dev'));
  world.accept(dev, lastOffer(dev), [
    launch(aTask('a', agent.id, { resources: [scalar('cpus', 3), scalar('mem', 32)] })),
  ]);
  t.equal(
    setQuota(world, 'dev', {}, { cpus: 2 }).text,
    "Invalid QuotaConfig: Role 'dev' is already consuming 'cpus:3; mem:32'; this is more than " +
      "the requested limits 'cpus:2' (use 'force' flag to bypass this check)",
  );
  t.equal(setQuota(world, 'dev', {}, { cpus: 2 }, true).status, 200);
  t.equal(sumOf(dev, world, 'cpus'), 0, 'it is over its limit and gets none');
  t.ok(sumOf(dev, world, 'mem') > 0, 'what is not limited is offered');
});

t.test('quota › offers are cut at the limit, for the roles below as well', async (t) => {
  const world = new MasterWorld();
  setQuota(world, 'eng', {}, { cpus: 1.5 });
  const own = world.subscribe(aFramework('own', { roles: ['eng'] }));
  const below = world.subscribe(aFramework('below', { roles: ['eng/web'] }));
  world.register();
  t.equal(sumOf(own, world, 'cpus') + sumOf(below, world, 'cpus'), 1.5);
  const free = world.subscribe(aFramework('free', { roles: ['other'] }));
  t.equal(sumOf(free, world, 'cpus'), 2.5);
  t.same(violations(world.state), []);
});

t.test('quota › what is guaranteed is held back, and given to whom it is for', async (t) => {
  const world = new MasterWorld();
  world.register();
  const greedy = world.subscribe(aFramework('greedy', { roles: ['other'] }));
  t.equal(sumOf(greedy, world, 'cpus'), 4);
  t.equal(setQuota(world, 'eng', { cpus: 3 }, { cpus: 4 }).status, 200);
  t.equal(eventsOf(greedy, 'RESCIND').length, 1, 'the offer is taken back');
  t.equal(sumOf(greedy, world, 'cpus'), 1);
  const eng = world.subscribe(aFramework('eng', { roles: ['eng/web'] }));
  t.equal(sumOf(eng, world, 'cpus'), 3);
  t.same(violations(world.state), []);
});

t.test('quota › quotas and weights outlive the master', async (t) => {
  const world = new MasterWorld();
  world.register();
  setQuota(world, 'eng', { cpus: 1 }, { cpus: 2, mem: 512 });
  setQuota(world, 'gone', {}, { cpus: 2 });
  setQuota(world, 'gone', {}, {});
  const weight_infos = [{ role: 'eng/web', weight: 2.5 }];
  world.operate({ type: 'UPDATE_WEIGHTS', update_weights: { weight_infos } });
  const { state } = restarted(world);
  t.same(quotaStatus(state), quotaStatus(world.state));
  t.same(weightInfos(state), weight_infos);
  t.match(rolesView(state), {
    roles: [
      { name: 'eng', weight: 1, quota: { guarantee: { cpus: 1 }, limit: { cpus: 2, mem: 512 } } },
      { name: 'eng/web', weight: 2.5, quota: { guarantee: {}, limit: {} } },
    ],
  });
});

t.test('weights › refused, and offers of changed roles taken back', async (t) => {
  const world = new MasterWorld();
  world.register();
  const dev = world.subscribe(aFramework('dev'));
  const update = (role: string, weight: number) =>
    world.operate({ type: 'UPDATE_WEIGHTS', update_weights: { weight_infos: [{ role, weight }] } });
  t.equal(
    update('dev', -3).text,
    "Failed to validate update weights request JSON for role 'dev': Invalid weight '-3': " +
      'Weights must be positive',
  );
  t.match(update('a//b', 1).text, /request JSON: Invalid role 'a\/\/b': /);
  update('elsewhere', 2);
  t.equal(eventsOf(dev, 'RESCIND').length, 0);
  update('dev', 2);
  t.equal(eventsOf(dev, 'RESCIND').length, 1);
  t.equal(sumOf(dev, world, 'cpus'), 4, 'and offered anew');
});

t.test('shares › at each level the role with the least by its weight comes first', async () => {
  const role = fc.constantFrom('a', 'b', 'a/x', 'a/y', 'a/x/1', 'c/z');
  const held = fc.record({ role, cpus: fc.integer({ min: 0, max: 50 }) });
  const weight = fc.tuple(role, fc.constantFrom(0.5, 2, 3));
  const total = { cpus: 100, mem: 0, disk: 0, gpus: 0 };
  fc.assert(
    fc.property(fc.array(held, { maxLength: 8 }), fc.array(weight), (list, weights) => {
      const shares = new RoleShares(new Map(weights), total);
      for (const { role: name, cpus } of list) shares.add(name, { ...total, cpus });
      const under = (top: string): number => {
        const sum = list
          .filter((one) => one.role === top || one.role.startsWith(`${top}/`))
          .reduce((cpus, one) => cpus + one.cpus, 0);
        return (
          dominantShare({ ...total, cpus: sum }, total) /
          (new Map<string, number>(weights).get(top) ?? 1)
        );
      };
      const roles = ['a', 'b', 'a/x', 'a/y', 'a/x/1', 'c/z'].sort((x, y) => shares.compare(x, y));
      const tops = [...new Set(roles.map(topOf))];
      const nested = roles.filter((one) => one === 'a/y' || one === 'a/x');
      return [tops, nested].every((order) =>
        order.every((one, index) => under(one) <= under(order[index + 1] ?? one) + 1e-9),
      );
    }),
    { numRuns: 300 },
  );
});

/** One thing that happens to a cluster with quotas. */
const happening = fc.oneof(
  fc.record({ what: fc.constant('agent' as const) }),
  fc.record({
    what: fc.constant('quota' as const),
    role: fc.constantFrom('a', 'b'),
    guarantee: fc.integer({ min: 0, max: 6 }),
    more: fc.integer({ min: 0, max: 6 }),
  }),
  fc.record({
    what: fc.constant('launch' as const),
    index: fc.nat(5),
    cpus: fc.integer({ min: 1, max: 3 }),
    reserve: fc.boolean(),
  }),
  fc.record({ what: fc.constant('decline' as const), index: fc.nat(5) }),
  fc.record({ what: fc.constant('finish' as const), index: fc.nat(5) }),
);

/** A role has a reservation in an offer when its limit comes: the limit counts it once. */
const reservedAndOffered: Happening[] = [
  { what: 'agent' },
  { what: 'launch', index: 0, cpus: 1, reserve: true },
  { what: 'launch', index: 0, cpus: 1, reserve: false },
  { what: 'finish', index: 0 },
  { what: 'agent' },
  { what: 'quota', role: 'a', guarantee: 3, more: 1 },
];

t.test('allocator › limits are never exceeded and guarantees are held back', async () => {
  fc.assert(
    fc.property(fc.array(happening, { maxLength: 40 }), (list) => {
      const world = new MasterWorld({ maxMissedPings: 1000 });
      const schedulers = ['a', 'a/x', 'b', 'c'].map((role) =>
        world.subscribe(aFramework(`of ${role}`, { roles: [role] })),
      );
      const running: { agent: string; framework: string; id: string }[] = [];
      for (const [number, one] of list.entries()) {
        const before = surplusOf(world);
        happen(world, schedulers, running, number, one);
        const problem = quotaProblem(world, before, one.what);
        if (problem !== undefined || violations(world.state).length > 0) {
          throw new Error(problem ?? violations(world.state).join('; '));
        }
      }
    }),
    { numRuns: 150, examples: [[reservedAndOffered]] },
  );
});

type Happening = typeof happening extends fc.Arbitrary<infer One> ? One : never;

function happen(
  world: MasterWorld,
  schedulers: readonly Scheduler[],
  running: { agent: string; framework: string; id: string }[],
  number: number,
  one: Happening,
): void {
  if (one.what === 'agent') world.register({}, undefined, `host-${number}`);
  else if (one.what === 'quota') {
    const limit = one.guarantee + one.more;
    setQuota(world, one.role, { cpus: one.guarantee }, { cpus: limit });
  } else if (one.what === 'finish') {
    const [task] = running.splice(one.index % Math.max(1, running.length), 1);
    if (task) world.update({ id: task.agent }, task.framework, task.id, 'TASK_FINISHED');
  } else {
    const open = schedulers.flatMap((scheduler) =>
      offersTo(scheduler)
        .filter(({ id }) => world.state.offers.has(id.value))
        .map((offer) => ({ scheduler, offer })),
    );
    const picked = open[one.index % Math.max(1, open.length)];
    if (picked === undefined) return;
    const { scheduler, offer } = picked;
    const agent = offer.agent_id.value;
    if (one.what === 'decline') {
      const decline = { offer_ids: [offer.id], filters: { refuse_seconds: 1000 } };
      world.call(scheduler, { type: 'DECLINE', decline });
      return;
    }
    const role = offer.allocation_info?.role ?? '*';
    const reservations = [{ type: 'DYNAMIC' as const, role }];
    const resources = [scalar('cpus', one.cpus), scalar('mem', 32)];
    const reserved = { resources: [scalar('cpus', one.cpus, { reservations })] };
    const task = aTask(`t${number}`, agent, { resources });
    const operation = one.reserve
      ? ({ type: 'RESERVE', reserve: reserved } as const)
      : launch(task);
    world.accept(scheduler, offer, [operation]);
    const started = world.state.frameworks.get(scheduler.id)?.tasks.has(`t${number}`);
    if (started) running.push({ agent, framework: scheduler.id, id: `t${number}` });
  }
}

/** Free common cpus beyond what guarantees still need. */
function surplusOf({ state }: MasterWorld): number {
  const ledger = openLedger(state, () => true);
  return (ledger.available.get('cpus') ?? 0) - (ledger.required.get('cpus') ?? 0);
}

function quotaProblem(world: MasterWorld, before: number, what: string): string | undefined {
  const { state } = world;
  const { used, offered } = consumptionOf(state);
  for (const [role, { limits }] of state.quotas) {
    const has = (used.get(role)?.get('cpus') ?? 0) + (offered.get(role)?.get('cpus') ?? 0);
    const most = limits.get('cpus') ?? Infinity;
    if (has > most) return `${role} has ${has} of ${most}`;
  }
  // A new quota and an ended task of a role that was guaranteed it change what is needed.
  const steady = what !== 'quota' && what !== 'finish';
  const short = [...state.quotas.keys()].some(
    (role) =>
      missing(
        openLedger(state, () => true),
        role,
      ).size > 0,
  );
  const after = surplusOf(world);
  return steady && short && before >= 0 && after < 0
    ? `short of guarantees by ${-after}`
    : undefined;
}
