/** What frameworks do with offers, and how the master shows it, against recorded messages. */
import t from 'tap';
import { answerTo } from '../../../src/mesos/master/views/operator.js';
import { rolesView } from '../../../src/mesos/master/views/roles.js';
import { slavesView, stateView } from '../../../src/mesos/master/views/state.js';
import type { Resource } from '../../../src/wire/mesos/common.js';
import type { OfferOperation, SchedulerEvent } from '../../../src/wire/mesos/scheduler.js';
import { violations } from '../../helpers/master-rules.js';
import { missing, shapes, started, without } from '../../helpers/master-shapes.js';
import {
  aTask,
  eventsOf,
  lastOffer,
  launch,
  offersTo,
  scalar,
  statusesTo,
} from '../../helpers/master-world.js';

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
  'accept › a shared volume is offered while it is in use, and stays while it is',
  async (t) => {
    const { world, scheduler, agent, offer } = started();
    const shared: Resource = { ...volume, shared: {} };
    const task = (id: string): ReturnType<typeof aTask> =>
      aTask(id, agent.id, { resources: [scalar('cpus', 0.1), scalar('mem', 32), shared] });
    world.accept(scheduler, offer, [
      reserve('r', reserved),
      create('c', shared),
      launch(task('a'), task('b')),
    ]);
    t.same(statusesTo(scheduler), [], 'two tasks hold it at once');
    const offered = (): Resource[] =>
      lastOffer(scheduler).resources.filter((resource) => resource.shared !== undefined);
    t.match(offered(), [{ name: 'disk', scalar: { value: 64 } }], 'offered again');
    const destroy = { type: 'DESTROY' as const, destroy: { volumes: [shared] } };
    const texts = (): unknown[] =>
      eventsOf(scheduler, 'UPDATE_OPERATION_STATUS').map(
        (event) => event.update_operation_status.status.message,
      );
    world.accept(scheduler, lastOffer(scheduler), [{ ...destroy, id: { value: 'early' } }]);
    t.same(texts(), ['Persistent volumes in use']);
    world.accept(scheduler, lastOffer(scheduler), [launch(task('c'))]);
    for (const id of ['a', 'b', 'c']) {
      t.equal(offered().length, 1);
      world.update(agent, scheduler.id, id, 'TASK_FINISHED');
      t.same(violations(world.state), []);
    }
    world.accept(scheduler, offersTo(scheduler).at(-1) ?? offer, [{ ...destroy }]);
    t.same(texts().length, 1, 'nothing was refused');
    t.same(offered(), []);
    t.same(violations(world.state), []);
  },
);

t.test('accept › a framework that knows of no shared volumes is not offered any', async (t) => {
  const { world, scheduler, offer } = started();
  const framework = world.state.frameworks.get(scheduler.id);
  if (framework) framework.capabilities = new Set();
  world.accept(scheduler, offer, [reserve('r', reserved), create('c', { ...volume, shared: {} })]);
  t.match(
    eventsOf(scheduler, 'UPDATE_OPERATION_STATUS').at(-1)?.update_operation_status.status.message,
    /with no SHARED_RESOURCES capability/,
  );
  t.same(violations(world.state), []);
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

t.test('accept › texts and amounts as a real Apache Mesos has them', async (t) => {
  const { world, scheduler, agent, offer } = started();
  const task = (id: string, cpus: number) =>
    aTask(id, agent.id, { resources: [scalar('cpus', 0.1), scalar('disk', cpus)] });
  world.accept(scheduler, offer, [launch(task('zero', 0), task('negative', -1), task('a/b', 0))]);
  t.same(
    statusesTo(scheduler).map(({ task_id, message }) => [task_id.value, message]),
    [
      ['negative', "Resource 'disk:-1' is invalid: Invalid scalar resource: value <= 0"],
      ['a/b', "'a/b' contains invalid characters"],
    ],
  );
  const where = `; on agent ${agent.id} at slave(1)@host:5051 (host)`;
  const framework = world.state.frameworks.get(scheduler.id);
  if (framework) framework.info = { ...framework.info, principal: 'rec' };
  const by = (principal: string | undefined): Resource => {
    const { principal: _whose, ...rest } = reservation;
    return scalar('disk', 1, {
      reservations: [principal === undefined ? rest : { ...rest, principal }],
    });
  };
  world.accept(scheduler, lastOffer(scheduler), [
    reserve('none', by(undefined)),
    reserve('other', by('q')),
    reserve('bare', scalar('disk', 1)),
    create('no-volume', by('rec')),
  ]);
  t.same(
    eventsOf(scheduler, 'UPDATE_OPERATION_STATUS').map(
      (event) => event.update_operation_status.status.message,
    ),
    [
      "A reserve operation was attempted by principal 'rec', but there is a reserved resource in " +
        `the request with no principal set${where}`,
      "A reserve operation was attempted by authenticated principal 'rec', which does not match " +
        `a reserved resource in the request with principal 'q'${where}`,
      `Resource disk(allocated: rec):1 is not dynamically reserved${where}`,
      'Not a persistent volume: Resource disk(allocated: rec)(reservations: [(DYNAMIC,rec,rec,' +
        `{svc: kafka})]):1 does not have DiskInfo${where}`,
    ],
  );
  t.same(violations(world.state), []);
});
