/** Subscriptions, refusals, fairness and reconciliation as frameworks see them. */
import t from 'tap';
import { rolesView } from '../../../src/mesos/master/views/roles.js';
import { stateView } from '../../../src/mesos/master/views/state.js';
import { violations } from '../../helpers/master-rules.js';
import { missing, shapes, started, without } from '../../helpers/master-shapes.js';
import {
  aFramework,
  aTask,
  eventsOf,
  lastOffer,
  launch,
  MasterWorld,
  offersTo,
  scalar,
  statusesTo,
} from '../../helpers/master-world.js';

t.test(
  'subscribe › SUBSCRIBED, HEARTBEAT, then OFFERS, in the shapes of the recording',
  async (t) => {
    const { scheduler } = started();
    t.same(
      scheduler.events.map(({ type }) => type),
      ['SUBSCRIBED', 'HEARTBEAT', 'OFFERS'],
    );
    const [subscribed, , offers] = scheduler.events;
    t.same(missing(shapes.SUBSCRIBED, subscribed), ['.subscribed.master_info.domain']);
    t.same(missing(shapes.OFFERS, offers), []);
  },
);

t.test('subscribe › another scheduler with the same id takes over', async (t) => {
  const { world, scheduler, offer } = started();
  const second = world.subscribe(aFramework('rec', { roles: ['rec'] }), 'rec', scheduler.id);
  t.same(scheduler.events.at(-1), { type: 'ERROR', error: { message: 'Framework failed over' } });
  t.ok(world.closed.has(scheduler.stream));
  t.equal(second.id, scheduler.id);
  t.not(lastOffer(second).id.value, offer.id.value, 'offers of the first are not good any more');
  t.equal(world.call(scheduler, { type: 'REVIVE' }).status, 400);
  t.same(violations(world.state), []);
});

t.test('subscribe › a removed framework may not come back, not even after a restart', async (t) => {
  const { world, scheduler, agent, offer } = started();
  world.accept(scheduler, offer, [launch(aTask('a', agent.id))]);
  t.equal(world.call(scheduler, { type: 'TEARDOWN' }).status, 202);
  t.ok(world.closed.has(scheduler.stream));
  t.ok(agent.orders.some(({ type }) => type === 'SHUTDOWN_FRAMEWORK'));
  const expected = { type: 'ERROR', error: { message: 'Framework has been removed' } };
  const again = world.subscribe(aFramework('rec'), 'rec', scheduler.id);
  t.same(again.events, [expected]);
  const restarted = new MasterWorld({}, new Map(world.writes.map((one) => [one.key, one.value])));
  t.same(restarted.subscribe(aFramework('rec'), 'rec', scheduler.id).events, [expected]);
  t.same(violations(world.state), []);
  t.match(stateView(world.state), {
    frameworks: [],
    completed_frameworks: [{ id: scheduler.id, completed_tasks: [{ state: 'TASK_KILLED' }] }],
  });
});

t.test('subscribe › what is wrong with a framework is said in Mesos’ words', async (t) => {
  const refusalOf = (more: Parameters<typeof aFramework>[1]): unknown =>
    new MasterWorld().subscribe(aFramework('x', more)).events[0];
  const error = (message: string) => ({ type: 'ERROR', error: { message } });
  t.same(
    refusalOf({ role: 'a' }),
    error("'FrameworkInfo.role' must not be set when the framework is MULTI_ROLE capable"),
  );
  t.same(
    refusalOf({ capabilities: [] }),
    error("'FrameworkInfo.roles' must not be set when the framework is not MULTI_ROLE capable"),
  );
  const invalid = (text: string) => error(`'FrameworkInfo.roles' contains ${text}`);
  const dash = "invalid role: Role component '-b' is invalid because it starts with a dash";
  const late = 'The framework failover_timeout (1.23457e+13) is invalid';
  t.same(
    refusalOf({ roles: ['/a'] }),
    invalid("invalid role: Role '/a' cannot start with a slash"),
  );
  t.same(refusalOf({ roles: ['b', 'a', 'b', 'a'] }), invalid('duplicate items: { a, b }'));
  t.same(refusalOf({ roles: ['a/-b'] }), invalid(dash));
  t.same(refusalOf({ failover_timeout: 12_345_678_901_234 }), error(late));
  t.match(refusalOf({ failover_timeout: -1 }), { type: 'SUBSCRIBED' });
  const world = new MasterWorld();
  const { id } = world.subscribe(aFramework('x'), 'alice');
  t.same(world.subscribe(aFramework('x'), 'bob', id).events, [
    error("Changing framework's principal is not allowed."),
  ]);
});

t.test(
  'decline › a refusal holds for its time, for no more than was refused, and until REVIVE',
  async (t) => {
    const { world, scheduler, agent, offer } = started();
    world.accept(scheduler, offer, [launch(aTask('a', agent.id))], 3600);
    t.equal(offersTo(scheduler).length, 1);
    world.update(agent, scheduler.id, 'a', 'TASK_FAILED');
    t.equal(offersTo(scheduler).length, 2, 'more is free than was refused');
    const decline = (refuse_seconds: number) =>
      world.call(scheduler, {
        type: 'DECLINE',
        decline: { offer_ids: [lastOffer(scheduler).id], filters: { refuse_seconds } },
      });
    decline(5);
    world.pass(4, [agent]);
    t.equal(offersTo(scheduler).length, 2);
    world.pass(1, [agent]);
    t.equal(offersTo(scheduler).length, 3);
    decline(604_800);
    world.pass(60, [agent]);
    t.equal(offersTo(scheduler).length, 3);
    world.call(scheduler, { type: 'SUPPRESS' });
    world.call(scheduler, { type: 'REVIVE', revive: { roles: ['other'] } });
    t.equal(offersTo(scheduler).length, 3);
    world.call(scheduler, { type: 'REVIVE', revive: { roles: ['rec'] } });
    t.equal(offersTo(scheduler).length, 4);
    world.pass(121, [agent]);
    t.equal(eventsOf(scheduler, 'RESCIND').length, 1, 'an offer nobody answers ends');
    t.same(violations(world.state), []);
  },
);

t.test(
  'allocate › lower dominant share is offered first; reserved goes to its role only',
  async (t) => {
    const world = new MasterWorld();
    const first = world.register();
    const rich = world.subscribe(aFramework('rich', { roles: ['rich'] }));
    world.accept(
      rich,
      lastOffer(rich),
      [launch(aTask('big', first.id, { resources: [scalar('cpus', 3), scalar('mem', 1024)] }))],
      3600,
    );
    const poor = world.subscribe(aFramework('poor', { roles: ['poor'] }));
    world.call(poor, {
      type: 'DECLINE',
      decline: { offer_ids: [lastOffer(poor).id], filters: { refuse_seconds: 3600 } },
    });
    const held = scalar('cpus', 1, { reservations: [{ type: 'DYNAMIC', role: 'rich' }] });
    world.register(
      { resources: [scalar('cpus', 3), scalar('mem', 4096), held] },
      undefined,
      'other',
    );
    t.same(
      lastOffer(poor).resources.map(({ name, scalar: amount }) => [name, amount?.value]),
      [
        ['cpus', 3],
        ['mem', 4096],
      ],
    );
    t.same(
      lastOffer(rich).resources.map(({ reservations }) => reservations?.[0]?.role),
      ['rich'],
    );
    const roles = rolesView(world.state).roles as { name: string }[];
    t.same(
      roles.map(({ name }) => name),
      ['poor', 'rich'],
    );
    t.same(violations(world.state), []);
  },
);

t.test('allocate › frameworks of old get offers in the old format and without roles', async (t) => {
  const world = new MasterWorld();
  const held = scalar('cpus', 1, {
    reservations: [{ type: 'DYNAMIC', role: 'old', principal: 'p' }],
  });
  const agent = world.register({ resources: [scalar('cpus', 3), scalar('mem', 64), held] });
  const { roles: _none, ...info } = aFramework('old', { role: 'old', capabilities: [] });
  const old = world.subscribe(info);
  t.same(lastOffer(old).resources, [
    { name: 'cpus', type: 'SCALAR', scalar: { value: 3 }, role: '*' },
    { name: 'mem', type: 'SCALAR', scalar: { value: 64 }, role: '*' },
    {
      name: 'cpus',
      type: 'SCALAR',
      scalar: { value: 1 },
      role: 'old',
      reservation: { principal: 'p' },
    },
  ]);
  t.notOk(lastOffer(old).allocation_info);
  const resources = lastOffer(old).resources;
  world.accept(old, lastOffer(old), [launch(aTask('a', agent.id, { resources }))]);
  t.same(statusesTo(old), []);
  world.cut(agent.stream);
  world.pass(6);
  t.match(statusesTo(old), [{ state: 'TASK_LOST' }], 'it does not know of partitions');
  t.same(violations(world.state), []);
});

t.test('reconcile › the latest state, or what became of the agent, as recorded', async (t) => {
  const { world, scheduler, agent, offer } = started();
  world.accept(scheduler, offer, [launch(aTask('long', agent.id))]);
  world.update(agent, scheduler.id, 'long', 'TASK_RUNNING', {
    container_status: { container_id: { value: 'c' } },
  });
  const before = statusesTo(scheduler).length;
  const ask = (...tasks: { task_id: { value: string }; agent_id?: { value: string } }[]) => {
    world.call(scheduler, { type: 'RECONCILE', reconcile: { tasks } });
    return statusesTo(scheduler).at(-1);
  };
  const changing = ['timestamp', 'agent_id', 'container_status'];
  t.same(
    without(ask({ task_id: { value: 'long' } }), changing),
    without(shapes.status_reconciled, changing),
  );
  t.same(
    without(ask({ task_id: { value: 'unknown-task' } }), changing),
    without(shapes.status_unknown, changing),
  );
  t.equal(ask({ task_id: { value: 'x' }, agent_id: { value: agent.id } })?.state, 'TASK_GONE');
  ask();
  t.equal(statusesTo(scheduler).length, before + 4);
  world.call(scheduler, { type: 'KILL', kill: { task_id: { value: 'never-was' } } });
  t.equal(statusesTo(scheduler).at(-1)?.state, 'TASK_UNKNOWN');
  world.call(scheduler, { type: 'KILL', kill: { task_id: { value: 'long' } } });
  t.match(agent.orders.at(-1), { type: 'KILL_TASK', task_id: { value: 'long' } });
});

t.test('calls › messages, shutdowns and requests go where they belong', async (t) => {
  const { world, scheduler, agent } = started();
  const agent_id = { value: agent.id };
  const executor_id = { value: 'e' };
  const framework_id = { value: scheduler.id };
  world.call(scheduler, { type: 'MESSAGE', message: { agent_id, executor_id, data: 'aGk=' } });
  t.same(agent.orders.at(-1), {
    type: 'FRAMEWORK_MESSAGE',
    framework_id,
    executor_id,
    data: 'aGk=',
  });
  world.call(scheduler, { type: 'SHUTDOWN', shutdown: { executor_id, agent_id } });
  t.same(agent.orders.at(-1), { type: 'SHUTDOWN_EXECUTOR', framework_id, executor_id });
  world.report(agent, { type: 'FRAMEWORK_MESSAGE', framework_id, executor_id, data: 'aG8=' });
  t.same(scheduler.events.at(-1), {
    type: 'MESSAGE',
    message: { agent_id, executor_id, data: 'aG8=' },
  });
  t.equal(world.call(scheduler, { type: 'REQUEST', request: {} }).status, 202);
  world.pass(15, [agent]);
  t.equal(eventsOf(scheduler, 'HEARTBEAT').length, 2, 'every 15 s');
});

t.test(
  'scheduler › RECONCILE_OPERATIONS tells what is known of operations and agents',
  async (t) => {
    const world = new MasterWorld();
    const agent = world.register();
    const dev = world.subscribe(aFramework('dev'));
    const reservations = [{ type: 'DYNAMIC' as const, role: 'dev', principal: 'dev' }];
    const resources = [scalar('cpus', 1, { reservations })];
    world.accept(dev, lastOffer(dev), [
      { type: 'RESERVE', id: { value: 'op' }, reserve: { resources } },
    ]);
    const reconcile = (...asked: [string, string?][]) => {
      const before = eventsOf(dev, 'UPDATE_OPERATION_STATUS').length;
      const operations = asked.map(([id, agentId]) => ({
        operation_id: { value: id },
        ...(agentId === undefined ? {} : { agent_id: { value: agentId } }),
      }));
      const call = { type: 'RECONCILE_OPERATIONS' as const, reconcile_operations: { operations } };
      t.equal(world.call(dev, call).status, 202);
      return eventsOf(dev, 'UPDATE_OPERATION_STATUS')
        .slice(before)
        .map(({ update_operation_status: { status } }) => [status.state, status.message]);
    };
    t.same(reconcile(), [['OPERATION_PENDING', undefined]]);
    t.same(reconcile(['op'], ['x'], ['x', agent.id], ['x', 'nope']), [
      ['OPERATION_PENDING', undefined],
      ['OPERATION_UNKNOWN', "Reconciliation: Operation is unknown and no 'agent_id' was provided"],
      ['OPERATION_UNKNOWN', 'Reconciliation: Operation is unknown'],
      ['OPERATION_UNKNOWN', 'Reconciliation: Both operation and agent are unknown'],
    ]);
    world.pass(8);
    t.same(reconcile(['x', agent.id]), [
      ['OPERATION_UNREACHABLE', 'Reconciliation: Agent is unreachable'],
    ]);
  },
);

t.test('scheduler › UPDATE_FRAMEWORK changes roles, and refuses what may not change', async (t) => {
  const world = new MasterWorld();
  world.register();
  const dev = world.subscribe(aFramework('dev'));
  const update = (more: object, suppressed_roles: string[] = []) => {
    const named = { ...aFramework('dev'), principal: 'dev', id: { value: dev.id } };
    const framework_info = { ...named, ...more };
    const update_framework = { framework_info, suppressed_roles };
    return world.call(dev, { type: 'UPDATE_FRAMEWORK', update_framework });
  };
  t.match(update({ user: 'other' }), {
    status: 400,
    text:
      "FrameworkInfo update is not valid: Updating 'FrameworkInfo.user' is unsupported; " +
      "attempted to update from 'root' to 'other'",
  });
  t.match(update({ checkpoint: false }).text, /from 'true' to 'false'$/);
  // What was filled in at the subscription is not filled in here.
  t.match(update({ principal: undefined }).text, /Changing framework's principal/);
  t.match(update({ principal: 'x' }).text, /Changing framework's principal is not allowed\.$/);
  t.match(update({ roles: ['-'] }).text, /^Supplied FrameworkInfo is not valid: /);
  t.equal(eventsOf(dev, 'RESCIND').length, 0);
  t.equal(update({ roles: ['a', 'b'] }, ['a']).status, 200);
  t.equal(eventsOf(dev, 'RESCIND').length, 1);
  t.equal(lastOffer(dev).allocation_info?.role, 'b');
  const watched = world.watch();
  update({ roles: ['a'], name: 'renamed' });
  t.ok(watched.some(({ type }) => type === 'FRAMEWORK_UPDATED'));
});
