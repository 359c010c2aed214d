/** Draining, deactivating and reactivating agents. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { answerTo } from '../../../src/mesos/master/views/operator.js';
import { slavesView } from '../../../src/mesos/master/views/state.js';
import { violations } from '../../helpers/master-rules.js';
import {
  type AgentEnd,
  aFramework,
  aTask,
  eventsOf,
  lastOffer,
  launch,
  MasterWorld,
  offersTo,
  type Scheduler,
  statusesTo,
} from '../../helpers/master-world.js';
import { root } from '../../helpers/paths.js';

/** What of an agent that had been drained an Apache Mesos showed. */
function recorded(): Record<string, unknown> {
  const file = join(root, 'test/mesos/master/fixtures/drained-agent.json');
  return JSON.parse(readFileSync(file, 'utf8'));
}

const idOf = (agent: AgentEnd) => ({ value: agent.id });

function drain(world: MasterWorld, agent: AgentEnd, more: object = {}) {
  return world.operate({ type: 'DRAIN_AGENT', drain_agent: { agent_id: idOf(agent), ...more } });
}

function reactivate(world: MasterWorld, agent: AgentEnd) {
  return world.operate({ type: 'REACTIVATE_AGENT', reactivate_agent: { agent_id: idOf(agent) } });
}

function shown(world: MasterWorld, agent: AgentEnd): Record<string, unknown> {
  const answer = answerTo(world.state, 'GET_AGENTS') as {
    get_agents: { agents: { agent_info: { id: { value: string } } }[] };
  };
  return answer.get_agents.agents.find((one) => one.agent_info.id.value === agent.id) ?? {};
}

function withTask(world: MasterWorld): { agent: AgentEnd; dev: Scheduler } {
  const agent = world.register();
  const dev = world.subscribe(aFramework('dev'));
  const kill_policy = { grace_period: { nanoseconds: 5e9 } };
  const tasks = [aTask('a', agent.id), aTask('b', agent.id, { kill_policy })];
  world.accept(dev, lastOffer(dev), [launch(...tasks)]);
  return { agent, dev };
}

function recordsOf(world: MasterWorld): Map<string, unknown> {
  const records = new Map<string, unknown>();
  for (const { key, value } of world.writes) {
    if (value === null) records.delete(key);
    else records.set(key, JSON.parse(JSON.stringify(value)));
  }
  return records;
}

t.test('drain › offers end, tasks are killed in time, then the agent is DRAINED', async (t) => {
  const world = new MasterWorld();
  const { agent, dev } = withTask(world);
  const offers = offersTo(dev).length;
  t.equal(drain(world, agent, { max_grace_period: { seconds: 1 } }).status, 200);
  t.same(
    agent.orders.filter(({ type }) => type === 'KILL_TASK'),
    ['a', 'b'].map((value) => ({
      type: 'KILL_TASK',
      framework_id: { value: dev.id },
      task_id: { value },
      kill_policy: { grace_period: { nanoseconds: 1e9 } },
      reason: 'REASON_AGENT_DRAINING',
    })),
  );
  t.match(shown(world, agent), {
    active: false,
    deactivated: true,
    drain_info: { state: 'DRAINING', config: { mark_gone: false } },
    estimated_drain_start_time: { nanoseconds: world.now * 1_000_000 },
  });
  t.match(reactivate(world, agent), { status: 400, text: 'Agent is still in the DRAINING state' });
  for (const id of ['a', 'b']) {
    const reason = 'REASON_AGENT_DRAINING';
    const uuid = world.update(agent, dev.id, id, 'TASK_KILLED', { reason });
    t.match(shown(world, agent), { drain_info: { state: 'DRAINING' } });
    world.acknowledge(dev, agent.id, id, uuid);
  }
  t.match(shown(world, agent), { active: false, drain_info: { state: 'DRAINED' } });
  const ours = shown(world, agent);
  const known = recorded();
  t.match(ours, { active: known.active, deactivated: known.deactivated });
  const elsewhere = ['agent_info', 'total_resources', 'capabilities', 'reregistered_time'];
  t.same(
    new Set([...Object.keys(ours), ...elsewhere]),
    new Set([...Object.keys(known), ...elsewhere]),
    'it is shown as Mesos shows one',
  );
  t.match(slavesView(world.state, true).slaves, [{ deactivated: true, active: false }]);
  world.pass(2, [agent]);
  t.equal(offersTo(dev).length, offers, 'nothing is offered');
  t.equal(reactivate(world, agent).status, 200);
  t.equal(offersTo(dev).length, offers + 1, 'and then it is');
  t.match(reactivate(world, agent), { status: 400, text: 'Agent is not deactivated' });
  t.notOk('drain_info' in shown(world, agent));
  t.same(violations(world.state), []);
});

t.test('drain › an agent that was to be given up is gone once it is empty', async (t) => {
  const world = new MasterWorld();
  const { agent, dev } = withTask(world);
  drain(world, agent, { mark_gone: true });
  const reason = 'REASON_AGENT_DRAINING';
  for (const id of ['a', 'b']) {
    const uuid = world.update(agent, dev.id, id, 'TASK_KILLED', { reason });
    world.acknowledge(dev, agent.id, id, uuid);
  }
  t.same(
    statusesTo(dev).map(({ state }) => state),
    ['TASK_GONE_BY_OPERATOR', 'TASK_GONE_BY_OPERATOR'],
  );
  t.equal(eventsOf(dev, 'FAILURE').length, 1);
  t.ok(world.state.goneAgents.has(agent.id) && world.state.drains.size === 0);
  t.match(agent.orders.at(-1), { type: 'REFUSED' });
});

t.test('drain › outlives the master, and an agent that was away', async (t) => {
  const world = new MasterWorld();
  const { agent } = withTask(world);
  drain(world, agent);
  const next = new MasterWorld({ id: 'next' }, recordsOf(world));
  const task = aTask('a', agent.id);
  const told = { framework_id: { value: 'f' }, task, executor_id: task.task_id, statuses: [] };
  const frameworks = [{ ...aFramework('dev'), id: { value: 'f' } }];
  const again = next.register({ tasks: [told], frameworks }, agent.id);
  t.match(again.orders.at(-1), { type: 'KILL_TASK', reason: 'REASON_AGENT_DRAINING' });
  t.match(shown(next, again), { deactivated: true, drain_info: { state: 'DRAINING' } });
  next.pass(8);
  t.ok(next.state.unreachableAgents.has(agent.id));
  const last = new MasterWorld({ id: 'last' }, recordsOf(next));
  const back = last.register({}, agent.id);
  t.match(shown(last, back), { deactivated: true, drain_info: { state: 'DRAINED' } });
});

t.test('drain › deactivated: tasks go on, nothing is offered', async (t) => {
  const world = new MasterWorld();
  const { agent, dev } = withTask(world);
  const deactivate = (value: string) =>
    world.operate({ type: 'DEACTIVATE_AGENT', deactivate_agent: { agent_id: { value } } });
  t.match(deactivate('nope'), { status: 400, text: 'Unknown agent' });
  t.match(drain(world, { ...agent, id: 'nope' }), { status: 400, text: 'Unknown agent' });
  t.equal(deactivate(agent.id).status, 200);
  t.equal(eventsOf(dev, 'RESCIND').length, 1);
  t.equal(agent.orders.filter(({ type }) => type === 'KILL_TASK').length, 0);
  const { state } = new MasterWorld({ id: 'next' }, recordsOf(world));
  t.ok(state.deactivated.has(agent.id));
  t.equal(reactivate(world, agent).status, 200);
  world.cut(agent.stream);
  world.pass(8);
  deactivate(agent.id);
  t.match(reactivate(world, agent), { status: 409 }, 'it is unreachable');
});
