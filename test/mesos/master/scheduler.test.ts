import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { answerTo } from '../../../src/mesos/master/views/operator.js';
import { rolesView } from '../../../src/mesos/master/views/roles.js';
import { slavesView, stateView } from '../../../src/mesos/master/views/state.js';
import type { Resource } from '../../../src/wire/mesos/common.js';
import type { OfferOperation, SchedulerEvent } from '../../../src/wire/mesos/scheduler.js';
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
  violations,
} from '../../helpers/master-world.js';
import { root } from '../../helpers/paths.js';

const shapes = JSON.parse(
  readFileSync(join(root, 'test/mesos/master/fixtures/shapes.json'), 'utf8'),
);

/** Keys of `recorded` (at any depth, first items of lists) that `ours` lacks or has with another type. */
function missing(recorded: unknown, ours: unknown, path = ''): string[] {
  if (Array.isArray(recorded)) {
    if (!Array.isArray(ours)) return [`${path} is no list`];
    const [first] = recorded;
    return first === undefined || ours.length === 0 ? [] : missing(first, ours[0], `${path}[0]`);
  }
  if (typeof recorded === 'object' && recorded !== null) {
    if (typeof ours !== 'object' || ours === null) return [`${path} is no object`];
    return Object.entries(recorded).flatMap(([key, value]) =>
      // The first resource is ports there and cpus here.
      key === 'ranges' || key in ours
        ? key === 'ranges'
          ? []
          : missing(value, (ours as Record<string, unknown>)[key], `${path}.${key}`)
        : [`${path}.${key}`],
    );
  }
  return typeof recorded === typeof ours ? [] : [`${path} is ${typeof ours}`];
}

/** The value with what differs from run to run made equal. */
function without(value: unknown, names: readonly string[]): unknown {
  const text = JSON.stringify(value, (key, inner) => (names.includes(key) ? '*' : inner));
  return JSON.parse(text);
}

/** A master with one agent and one framework in the role `rec` that has its first offer. */
function started() {
  const world = new MasterWorld();
  const agent = world.register();
  const scheduler = world.subscribe(aFramework('rec', { roles: ['rec'] }));
  return { world, agent, scheduler, offer: lastOffer(scheduler) };
}

const reservation = {
  type: 'DYNAMIC' as const,
  role: 'rec',
  principal: 'rec',
  labels: { labels: [{ key: 'svc', value: 'kafka' }] },
};
const reserved: Resource = scalar('disk', 64, { reservations: [reservation] });
const volume: Resource = {
  ...reserved,
  disk: {
    persistence: { id: 'vol-1', principal: 'rec' },
    volume: { mode: 'RW', container_path: 'data' },
  },
};
const reserve = (value: string, ...resources: Resource[]): OfferOperation => ({
  type: 'RESERVE',
  id: { value },
  reserve: { resources },
});
const create = (value: string, ...volumes: Resource[]): OfferOperation => ({
  type: 'CREATE',
  id: { value },
  create: { volumes },
});

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
  t.same(refusalOf({ roles: ['/a'] }), error("Role '/a' cannot start with a slash"));
  const world = new MasterWorld();
  const { id } = world.subscribe(aFramework('x'), 'alice');
  t.same(world.subscribe(aFramework('x'), 'bob', id).events, [
    error("Changing framework's principal is not allowed."),
  ]);
});

t.test('accept › a launch reaches the agent and its updates the framework', async (t) => {
  const { world, scheduler, agent, offer } = started();
  const watched = world.watch();
  world.accept(scheduler, offer, [launch(aTask('a', agent.id))]);
  t.match(agent.orders.at(-1), {
    type: 'RUN_TASK',
    framework: { id: { value: scheduler.id } },
    task: { task_id: { value: 'a' }, resources: [{ allocation_info: { role: 'rec' } }, {}] },
  });
  t.match(lastOffer(scheduler).resources[0], { name: 'cpus', scalar: { value: 3.9 } });
  const running = world.update(agent, scheduler.id, 'a', 'TASK_RUNNING');
  world.acknowledge(scheduler, agent.id, 'a', running);
  t.same(agent.orders.at(-1), {
    type: 'ACKNOWLEDGE',
    framework_id: { value: scheduler.id },
    task_id: { value: 'a' },
    uuid: running,
  });
  const finished = world.update(agent, scheduler.id, 'a', 'TASK_FINISHED');
  t.match(offersTo(scheduler).at(-1)?.resources, [
    { name: 'cpus', scalar: { value: 0.1 } },
    { name: 'mem', scalar: { value: 32 } },
  ]);
  t.match(stateView(world.state), { frameworks: [{ tasks: [{ state: 'TASK_FINISHED' }] }] });
  world.acknowledge(scheduler, agent.id, 'a', finished);
  t.match(stateView(world.state), { frameworks: [{ tasks: [], completed_tasks: [{ id: 'a' }] }] });
  t.same(
    watched.map(({ type }) => type),
    ['SUBSCRIBED', 'HEARTBEAT', 'TASK_ADDED', 'TASK_UPDATED', 'TASK_UPDATED'],
  );
  t.same(missing(shapes.operator.TASK_ADDED, watched[2]), []);
  t.same(
    missing(shapes.operator.TASK_UPDATED, watched[3]),
    ['executor_id', 'container_status'].map((name) => `.task_updated.status.${name}`),
    'these come from the agent',
  );
  t.same(violations(world.state), []);
});

t.test('accept › invalid tasks get the recorded status', async (t) => {
  const { world, scheduler, agent, offer } = started();
  const changing = ['timestamp', 'agent_id', 'message'];
  const toobig = aTask('toobig', agent.id, {
    resources: [scalar('cpus', 1000), scalar('mem', 32)],
  });
  world.accept(scheduler, offer, [
    launch(toobig, aTask('nores', agent.id, { resources: [] })),
    launch(aTask('dup', agent.id), aTask('dup', agent.id)),
  ]);
  const statuses = statusesTo(scheduler);
  t.same(
    statuses.map((status) => without(status, changing)),
    ['toobig', 'nores', 'dup'].map((name) => without(shapes[`status_${name}`], changing)),
  );
  t.equal(
    statuses[0]?.message,
    'Total resources cpus(allocated: rec):1000; mem(allocated: rec):32 required by task and its ' +
      'executor is more than available cpus(allocated: rec):4; mem(allocated: rec):4096; ' +
      'disk(allocated: rec):10240; ports(allocated: rec):[31000-31100]',
  );
  t.equal(statuses[1]?.message, shapes.status_nores.message);
  t.equal(statuses[2]?.message, shapes.status_dup.message);
  t.equal(agent.orders.filter(({ type }) => type === 'RUN_TASK').length, 1);

  world.accept(scheduler, { ...offer, id: { value: 'stale-offer' } }, [
    launch(aTask('stale', agent.id)),
  ]);
  const names = ['timestamp', 'agent_id'];
  t.same(without(statusesTo(scheduler).at(-1), names), without(shapes.status_stale, names));
  t.same(violations(world.state), []);
});

t.test('accept › operations see what those before them produced', async (t) => {
  const { world, scheduler, agent, offer } = started();
  const task = aTask('w', agent.id, {
    resources: [scalar('cpus', 0.1), scalar('mem', 32), volume],
  });
  world.accept(scheduler, offer, [reserve('op-r', reserved), create('op-c', volume), launch(task)]);
  const orders = agent.orders.filter(({ type }) => type !== 'REGISTERED');
  t.same(
    orders.map(({ type }) => type),
    ['APPLY_OPERATION', 'APPLY_OPERATION', 'RUN_TASK'],
  );
  for (const order of orders) {
    if (order.type !== 'APPLY_OPERATION') continue;
    const { operation_uuid } = order;
    world.report(agent, { type: 'OPERATION_UPDATE', operation_uuid, state: 'OPERATION_FINISHED' });
  }
  const changing = ['uuid', 'agent_id'];
  const outcomes = (): SchedulerEvent[] => eventsOf(scheduler, 'UPDATE_OPERATION_STATUS');
  t.same(
    outcomes().map((event) => without(event, changing)),
    shapes.operations.slice(0, 2).map((event: unknown) => without(event, changing)),
  );
  t.match(slavesView(world.state, true), {
    slaves: [
      {
        reserved_resources: { rec: { disk: 64, cpus: 0 } },
        unreserved_resources: { disk: 10176 },
        reserved_resources_full: {
          rec: [{ role: 'rec', reservation: { principal: 'rec' }, disk: volume.disk as object }],
        },
      },
    ],
  });
  t.match(rolesView(world.state), { roles: [{ name: 'rec', reserved: { disk: 64 } }] });

  world.pass(11, [agent]);
  t.equal(outcomes().length, 4, 'told again until acknowledged');
  const [first] = outcomes();
  if (first?.type === 'UPDATE_OPERATION_STATUS') {
    const { operation_id, uuid } = first.update_operation_status.status;
    world.call(scheduler, {
      type: 'ACKNOWLEDGE_OPERATION_STATUS',
      acknowledge_operation_status: {
        operation_id: operation_id ?? { value: '' },
        uuid: uuid?.value ?? '',
      },
    });
  }
  world.pass(30, [agent]);
  t.equal(outcomes().length, 5, 'the other one only, at growing intervals');
  t.same(violations(world.state), []);
});

t.test(
  'accept › an impossible operation is an OPERATION_ERROR, silent without an id',
  async (t) => {
    const { world, scheduler, offer } = started();
    const huge = { ...reserved, scalar: { value: 99999 } };
    const { id: _none, ...silent } = reserve('', huge);
    world.accept(scheduler, offer, [reserve('op-bad', huge), silent as OfferOperation]);
    const errors = eventsOf(scheduler, 'UPDATE_OPERATION_STATUS');
    t.equal(errors.length, 1);
    t.same(without(errors[0], ['message']), without(shapes.operations.at(-1), ['message']));
    t.match(
      errors[0]?.update_operation_status.status.message,
      /^cpus\(allocated: rec\):4; .* does not contain disk\(allocated: rec\):99999$/,
    );
    t.same(violations(world.state), []);
  },
);

t.test(
  'accept › a group is launched whole or not at all; its executor holds resources of its own',
  async (t) => {
    const { world, scheduler, agent, offer } = started();
    const group = (...ids: string[]): OfferOperation => ({
      type: 'LAUNCH_GROUP',
      launch_group: {
        executor: {
          type: 'DEFAULT',
          executor_id: { value: 'pod-1' },
          resources: [scalar('cpus', 0.1), scalar('mem', 32)],
        },
        task_group: { tasks: ids.map((id) => aTask(id, agent.id)) },
      },
    });
    world.accept(scheduler, offer, [group('a', 'a')]);
    t.same(
      statusesTo(scheduler).map(({ state, reason }) => [state, reason]),
      [
        ['TASK_ERROR', 'REASON_TASK_GROUP_INVALID'],
        ['TASK_ERROR', 'REASON_TASK_GROUP_INVALID'],
      ],
    );
    world.accept(scheduler, lastOffer(scheduler), [group('a', 'b')]);
    t.match(agent.orders.at(-1), { type: 'RUN_TASK_GROUP', tasks: [{}, {}] });
    t.match(lastOffer(scheduler).resources[0], { scalar: { value: 3.7 } });
    t.same(lastOffer(scheduler).executor_ids, [{ value: 'pod-1' }]);
    const framework_id = { value: scheduler.id };
    const executor_id = { value: 'pod-1' };
    world.update(agent, scheduler.id, 'a', 'TASK_FAILED');
    world.update(agent, scheduler.id, 'b', 'TASK_KILLED');
    world.report(agent, { type: 'EXECUTOR_EXITED', framework_id, executor_id, status: 0 });
    t.same(eventsOf(scheduler, 'FAILURE').at(-1)?.failure, {
      agent_id: { value: agent.id },
      executor_id,
      status: 0,
    });
    t.same(violations(world.state), []);
  },
);

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

t.test('views › every field of the recorded answers is there', async (t) => {
  const { world, scheduler, agent, offer } = started();
  world.accept(scheduler, offer, [launch(aTask('a', agent.id), aTask('b', agent.id))]);
  const container_status = shapes.task.statuses[0].container_status;
  for (const task of ['a', 'b']) {
    const more = { container_status, executor_id: { value: task } };
    world.update(agent, scheduler.id, task, 'TASK_STARTING', more);
    world.update(agent, scheduler.id, task, 'TASK_RUNNING', more);
  }
  const uuid = world.update(agent, scheduler.id, 'b', 'TASK_FINISHED', { container_status });
  world.acknowledge(scheduler, agent.id, 'b', uuid);
  const lacking = missing(shapes.state, stateView(world.state));
  t.same(lacking, [
    '.git_sha',
    '.git_branch',
    '.domain',
    '.leader_info.domain',
    '.log_dir',
    '.slaves[0].attributes.ssd',
  ]);
  const slaves = slavesView(world.state, true).slaves as unknown[];
  t.same(missing(shapes.slave, slaves[0]), ['.attributes.ssd']);
  const all = answerTo(world.state, 'GET_STATE').get_state as Record<
    string,
    Record<string, unknown[]>
  >;
  t.same(missing(shapes.agent, all.get_agents?.agents?.[0]), ['.agent_info.checkpoint']);
  t.same(missing(shapes.framework, all.get_frameworks?.frameworks?.[0]), []);
  t.same(missing(shapes.task, all.get_tasks?.tasks?.[0]), []);
  t.same(missing(shapes.role, (rolesView(world.state).roles as unknown[])[0]), [
    '.quota.consumed.disk',
    '.reserved.disk',
  ]);
  t.same(missing(shapes.master, answerTo(world.state, 'GET_MASTER')), [
    '.get_master.master_info.domain',
  ]);
  t.ok(
    Array.isArray(
      (answerTo(world.state, 'GET_METRICS').get_metrics as { metrics: unknown }).metrics,
    ),
  );
});
