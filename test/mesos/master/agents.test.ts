/** Agents that register, fall silent, return and go, with frameworks and operators looking on. */
import t from 'tap';
import type { StoredAgent } from '../../../src/mesos/master/state.js';
import { stateView } from '../../../src/mesos/master/views/state.js';
import type { RunningTask } from '../../../src/wire/agent-link.js';
import type { FrameworkInfo } from '../../../src/wire/mesos/scheduler.js';
import { violations } from '../../helpers/master-rules.js';
import {
  type AgentEnd,
  aFramework,
  agentResources,
  aTask,
  eventsOf,
  lastOffer,
  launch,
  MasterWorld,
  offersTo,
  ports,
  type Scheduler,
  scalar,
  statusesTo,
} from '../../helpers/master-world.js';

/** A master whose framework runs the task `a` on an agent. */
function running(info: FrameworkInfo = aFramework('rec')) {
  const world = new MasterWorld();
  const agent = world.register();
  const scheduler = world.subscribe(info);
  world.accept(scheduler, lastOffer(scheduler), [launch(aTask('a', agent.id))]);
  world.update(agent, scheduler.id, 'a', 'TASK_RUNNING');
  return { world, agent, scheduler };
}

/** What an agent says of a task when it registers again. */
function told(scheduler: Scheduler, agent: AgentEnd, id: string): RunningTask {
  return {
    framework_id: { value: scheduler.id },
    task: aTask(id, agent.id),
    executor_id: { value: id },
    statuses: [{ task_id: { value: id }, state: 'TASK_RUNNING' }],
  };
}

const standingOf = (world: MasterWorld, id: string): string | undefined =>
  (
    world.writes.findLast(({ key }) => key === `agents/${id}`)?.value as
      | StoredAgent
      | null
      | undefined
  )?.standing;

t.test('register › admission is durable before the agent hears of it', async (t) => {
  const world = new MasterWorld();
  const agent = world.register();
  t.equal(standingOf(world, agent.id), 'admitted');
  t.match(agent.orders[0], { type: 'REGISTERED', ping_interval_ms: 1000, max_missed_pings: 5 });
  t.same(violations(world.state), []);
});

t.test('liveness › an agent that misses five pings is unreachable, and may return', async (t) => {
  const { world, agent, scheduler } = running();
  const watched = world.watch();
  world.pass(4);
  world.pong(agent);
  world.pass(5);
  t.equal(world.state.agents.size, 1, 'the count began anew with the answer');
  const before = scheduler.events.length;
  world.pass(1);
  t.equal(standingOf(world, agent.id), 'unreachable');
  t.match(scheduler.events.slice(before), [
    {
      type: 'UPDATE',
      update: {
        status: {
          task_id: { value: 'a' },
          state: 'TASK_UNREACHABLE',
          message: 'health check timed out',
          source: 'SOURCE_MASTER',
          reason: 'REASON_AGENT_REMOVED',
          unreachable_time: { nanoseconds: world.now * 1_000_000 },
        },
      },
    },
    { type: 'RESCIND' },
    { type: 'FAILURE', failure: { agent_id: { value: agent.id } } },
  ]);
  t.match(stateView(world.state), {
    slaves: [],
    unreachable_slaves: 1,
    frameworks: [{ tasks: [], unreachable_tasks: [{ id: 'a', state: 'TASK_UNREACHABLE' }] }],
  });
  t.equal(world.report(agent, { type: 'PONG', sequence: 1 })?.status, 410);
  world.call(scheduler, {
    type: 'RECONCILE',
    reconcile: { tasks: [{ task_id: { value: 'a' }, agent_id: { value: agent.id } }] },
  });
  t.match(statusesTo(scheduler).at(-1), {
    state: 'TASK_UNREACHABLE',
    message: 'Reconciliation: Task is unreachable',
  });

  const again = world.register({ tasks: [told(scheduler, agent, 'a')] }, agent.id);
  t.equal(standingOf(world, agent.id), 'admitted');
  t.match(statusesTo(scheduler).at(-1), {
    state: 'TASK_RUNNING',
    message: 'Unreachable agent re-reregistered',
    reason: 'REASON_AGENT_REREGISTERED',
  });
  t.match(lastOffer(scheduler).resources[0], { scalar: { value: 3.9 } });
  t.notOk(again.orders.some(({ type }) => type === 'KILL_TASK'));
  t.same(
    watched.map(({ type }) => type).filter((type) => type !== 'HEARTBEAT'),
    ['SUBSCRIBED', 'TASK_UPDATED', 'TASK_ADDED', 'AGENT_ADDED'],
  );
  t.same(violations(world.state), []);
});

t.test('liveness › time in which the master itself did not run counts for nothing', async (t) => {
  const { world, agent, scheduler } = running();
  const other = world.subscribe(aFramework('other', { failover_timeout: 20 }));
  world.cut(other.stream);
  world.pass(4);
  world.now += 3_600_000;
  world.feed({ type: 'Ticked' });
  t.equal(world.state.agents.size, 1, 'a laptop slept for an hour');
  world.now -= 7_200_000;
  world.pass(5);
  t.equal(world.state.agents.size, 1, 'the clock was set back');
  t.equal(world.state.frameworks.size, 2, 'no framework is blamed either');
  world.pong(agent);
  world.pass(20, [agent]);
  t.equal(world.state.frameworks.size, 1);
  t.equal(statusesTo(scheduler).length, 1);
});

t.test(
  'liveness › a task of a framework that knows no partitions is killed when it returns',
  async (t) => {
    const { roles: _none, ...info } = aFramework('old', { role: 'old', capabilities: [] });
    const { world, agent, scheduler } = running(info);
    world.cut(agent.stream);
    world.pass(5);
    t.equal(statusesTo(scheduler).at(-1)?.state, 'TASK_LOST');
    const again = world.register({ tasks: [told(scheduler, agent, 'a')] }, agent.id);
    t.ok(again.orders.some(({ type }) => type === 'KILL_TASK'));
    t.same(violations(world.state), []);
  },
);

t.test(
  'register › an agent that restarted keeps its tasks; what it never got is dropped',
  async (t) => {
    const { world, agent, scheduler } = running();
    world.cut(agent.stream);
    t.equal(eventsOf(scheduler, 'RESCIND').length, 1, 'nothing of it is offered meanwhile');
    world.call(scheduler, { type: 'KILL', kill: { task_id: { value: 'a' } } });
    const again = world.register({ tasks: [told(scheduler, agent, 'a')] }, agent.id);
    t.equal(again.id, agent.id);
    t.ok(
      again.orders.some(({ type }) => type === 'KILL_TASK'),
      'it hears of the kill now',
    );
    t.match(lastOffer(scheduler).resources[0], { scalar: { value: 3.9 } });
    t.same(violations(world.state), []);

    world.accept(scheduler, lastOffer(scheduler), [launch(aTask('b', agent.id))]);
    const third = world.register({ tasks: [told(scheduler, agent, 'a')] }, agent.id);
    t.match(statusesTo(scheduler).at(-1), {
      task_id: { value: 'b' },
      state: 'TASK_DROPPED',
      reason: 'REASON_RECONCILIATION',
    });
    t.ok(world.closed.has(again.stream), 'one link at a time');
    world.cut(again.stream);
    t.equal(world.state.agents.get(agent.id)?.link, third.stream);
    t.same(violations(world.state), []);
  },
);

t.test('register › a restarted master rebuilds what agents and frameworks tell it', async (t) => {
  const before = running();
  const { scheduler, agent } = before;
  const records = new Map(before.world.writes.map(({ key, value }) => [key, value as unknown]));
  const world = new MasterWorld({ id: 'second' }, records);
  const info = { ...aFramework('rec'), id: { value: scheduler.id } };
  const early = world.subscribe(aFramework('early'));
  const asked = { task_id: { value: 'x' }, agent_id: { value: agent.id } };
  world.call(early, {
    type: 'RECONCILE',
    reconcile: { tasks: [asked, { task_id: { value: 'y' } }] },
  });
  t.same(statusesTo(early), [], 'its agent may still come back with it');
  t.match(stateView(world.state), { recovered_slaves: [{ id: agent.id }] });

  const executor = { executor_id: { value: 'pod' }, resources: [scalar('cpus', 0.5)] };
  world.register(
    {
      tasks: [told(scheduler, agent, 'a')],
      executors: [{ framework_id: { value: scheduler.id }, executor }],
      frameworks: [info],
    },
    agent.id,
  );
  t.match(stateView(world.state), {
    recovered_slaves: [],
    frameworks: [{}, { id: scheduler.id, active: false, recovered: true, tasks: [{ id: 'a' }] }],
  });
  t.match(lastOffer(early).resources[0], { scalar: { value: 3.4 } }, 'the task holds what it held');
  const again = world.subscribe(aFramework('rec'), 'rec', scheduler.id);
  world.call(again, { type: 'RECONCILE', reconcile: { tasks: [] } });
  t.match(statusesTo(again), [{ task_id: { value: 'a' }, state: 'TASK_RUNNING' }]);
  t.equal(statusesTo(early).length, 0);

  const third = new MasterWorld({ id: 'third' }, records);
  const back = third.register(
    { tasks: [told(scheduler, agent, 'a')], frameworks: [info] },
    agent.id,
  );
  third.pass(61, [back]);
  t.equal(third.state.frameworks.size, 0, 'a framework that never comes back is removed');
  t.match(back.orders.at(-1), { type: 'PING' });
  t.ok(back.orders.some(({ type }) => type === 'SHUTDOWN_FRAMEWORK'));
  const late = third.register(
    { tasks: [told(scheduler, agent, 'a')], frameworks: [info] },
    agent.id,
  );
  t.match(late.orders[0], { shut_down_frameworks: [{ value: scheduler.id }] });
  t.same(violations(third.state), []);
});

t.test('register › agents that do not come back after a restart become unreachable', async (t) => {
  const { world: first, agent } = running();
  const records = new Map(first.writes.map(({ key, value }) => [key, value as unknown]));
  const world = new MasterWorld({ id: 'second', reregisterTimeoutMs: 10_000 }, records);
  world.pass(10);
  t.equal(standingOf(world, agent.id), 'unreachable');
  t.match(stateView(world.state), { recovered_slaves: [], unreachable_slaves: 1 });
});

t.test('register › reservations and volumes are what the agent says', async (t) => {
  const world = new MasterWorld();
  const scheduler = world.subscribe(aFramework('rec'));
  const reservation = { type: 'DYNAMIC' as const, role: 'dev', principal: 'rec' };
  const disk = {
    persistence: { id: 'v' },
    volume: { mode: 'RW' as const, container_path: 'data' },
  };
  const kept = scalar('disk', 64, { reservations: [reservation], disk });
  const agent = world.register({ resources: [...agentResources, kept] });
  t.ok(lastOffer(scheduler).resources.some((one) => one.disk?.persistence?.id === 'v'));
  const { disk: _volume, ...bare } = kept;
  world.accept(scheduler, lastOffer(scheduler), [
    { type: 'DESTROY', id: { value: 'd' }, destroy: { volumes: [kept] } },
    { type: 'UNRESERVE', unreserve: { resources: [bare] } },
  ]);
  world.register({ resources: [...agentResources, kept] }, agent.id);
  t.match(eventsOf(scheduler, 'UPDATE_OPERATION_STATUS').at(-1)?.update_operation_status.status, {
    operation_id: { value: 'd' },
    state: 'OPERATION_DROPPED',
  });
  t.ok(lastOffer(scheduler).resources.some((one) => one.disk?.persistence?.id === 'v'));
  t.same(violations(world.state), []);
});

t.test('register › a new agent at the address of an old one takes its place', async (t) => {
  const { world, agent, scheduler } = running();
  const fresh = world.register();
  t.not(fresh.id, agent.id);
  t.match(statusesTo(scheduler).at(-1), { state: 'TASK_GONE', reason: 'REASON_AGENT_REMOVED' });
  t.ok(world.closed.has(agent.stream));
  t.equal(world.state.agents.size, 1);
  t.equal(standingOf(world, agent.id), undefined);
  t.same(violations(world.state), []);
});

t.test('register › an agent that leaves on purpose is removed at once', async (t) => {
  const { world, agent, scheduler } = running();
  const watched = world.watch();
  world.report(agent, { type: 'UNREGISTER' });
  t.equal(world.state.agents.size, 0);
  t.match(statusesTo(scheduler).at(-1), { state: 'TASK_GONE' });
  t.match(watched.at(-1), {
    type: 'AGENT_REMOVED',
    agent_removed: { agent_id: { value: agent.id } },
  });
  t.same(violations(world.state), []);
});

t.test('operator › an agent marked gone never returns, and its tasks are over', async (t) => {
  const { world, agent, scheduler } = running();
  const gone = {
    type: 'MARK_AGENT_GONE' as const,
    mark_agent_gone: { agent_id: { value: agent.id } },
  };
  t.equal(world.operate(gone).status, 200);
  t.equal(standingOf(world, agent.id), 'gone');
  t.match(scheduler.events.slice(-3), [
    { type: 'UPDATE', update: { status: { state: 'TASK_GONE_BY_OPERATOR' } } },
    { type: 'RESCIND' },
    { type: 'FAILURE' },
  ]);
  t.match(agent.orders.at(-1), { type: 'REFUSED' });
  const records = new Map(world.writes.map(({ key, value }) => [key, value as unknown]));
  for (const master of [world, new MasterWorld({}, records)]) {
    const again = master.register({}, agent.id);
    t.match(again.orders, [{ type: 'REFUSED' }]);
    t.ok(master.closed.has(again.stream));
  }
  t.same(world.operate({ ...gone, mark_agent_gone: { agent_id: { value: 'nope' } } }), {
    status: 404,
    text: "Agent 'nope' not found",
  });
});

t.test(
  'operator › a lost agent can be given up, and what it held be freed when it is back',
  async (t) => {
    const { world, agent, scheduler } = running();
    world.pass(6);
    const agent_id = { value: agent.id };
    world.operate({ type: 'MARK_AGENT_GONE', mark_agent_gone: { agent_id } });
    t.equal(statusesTo(scheduler).at(-1)?.state, 'TASK_GONE_BY_OPERATOR');

    const held = scalar('cpus', 1, {
      reservations: [{ type: 'DYNAMIC', role: 'gone', principal: 'p' }],
    });
    const left = world.register({
      resources: [scalar('cpus', 3), scalar('mem', 64), ports(1, 2), held],
    });
    const answer = world.operate({
      type: 'UNRESERVE_RESOURCES',
      unreserve_resources: { agent_id: { value: left.id }, resources: [held] },
    });
    t.same(answer, { status: 202, text: '' });
    t.match(left.orders.at(-1), { type: 'APPLY_OPERATION', operation: { type: 'UNRESERVE' } });
    t.match(offersTo(scheduler).at(-1)?.resources, [{ name: 'cpus', scalar: { value: 1 } }]);
    t.same(violations(world.state), []);
  },
);

t.test('operator › reserving takes offers back, and never more than there is', async (t) => {
  const world = new MasterWorld();
  const agent = world.register();
  const scheduler = world.subscribe(aFramework('rec'));
  const reserveCpus = (value: number) =>
    world.operate({
      type: 'RESERVE_RESOURCES',
      reserve_resources: {
        agent_id: { value: agent.id },
        resources: [
          scalar('cpus', value, {
            reservations: [{ type: 'DYNAMIC', role: 'ops', principal: 'p' }],
          }),
        ],
      },
    });
  t.same(reserveCpus(999), {
    status: 409,
    text: 'cpus:4; mem:4096; disk:10240; ports:[31000-31100] does not contain cpus:999',
  });
  t.equal(reserveCpus(1).status, 202);
  t.equal(eventsOf(scheduler, 'RESCIND').length, 1);
  t.match(lastOffer(scheduler).resources[0], { name: 'cpus', scalar: { value: 3 } });
  const id = { value: 'nope' };
  t.same(world.operate({ type: 'TEARDOWN', teardown: { framework_id: id } }), {
    status: 400,
    text: 'No framework found with specified ID',
  });
  t.equal(
    world.operate({ type: 'TEARDOWN', teardown: { framework_id: { value: scheduler.id } } }).status,
    200,
  );
  t.same(violations(world.state), []);
});

t.test(
  'liveness › with a limit agents are taken for unreachable one after the other',
  async (t) => {
    const world = new MasterWorld({ removalIntervalMs: 10_000 });
    const agents = ['a', 'b', 'c'].map((host) => world.register({}, undefined, host));
    world.pass(7);
    t.equal(world.state.agents.size, 2, 'one is gone');
    const saved = agents.find(({ id }) => world.state.agents.has(id));
    if (saved === undefined) throw new Error('no agent is left');
    world.pass(12, [saved]);
    t.equal(world.state.agents.size, 1, 'another, some time later');
    t.ok(world.state.agents.has(saved.id), 'an answer saves the last');
  },
);
