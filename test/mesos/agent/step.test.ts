/** The decisions of an agent, without processes: updates, kills, recovery, collection, records. */
import fc from 'fast-check';
import t from 'tap';
import { seededRandom } from '../../../src/core/random.js';
import type { AgentEffect, Found } from '../../../src/mesos/agent/events.js';
import { restore } from '../../../src/mesos/agent/records.js';
import { registerMessageOf } from '../../../src/mesos/agent/registration.js';
import { empty, type TaskRun } from '../../../src/mesos/agent/state.js';
import { stateView } from '../../../src/mesos/agent/views/state.js';
import { registerMessageSchema } from '../../../src/wire/agent-link.js';
import { terminalTaskStates } from '../../../src/wire/mesos/task.js';
import { Agent, anAgent, framework_id, self } from '../../helpers/pure-agent.js';

t.test('updates › are sent again after 10 s, then at growing intervals', async (t) => {
  const agent = anAgent();
  const task = agent.start('t');
  const sentAt: number[] = [];
  for (let second = 0; second <= 80; second += 1) {
    const before = agent.sent().length;
    agent.tell({ type: 'Ticked' });
    if (agent.sent().length > before) sentAt.push(second);
    agent.now += 1000;
  }
  t.same(sentAt, [10, 30, 70]);
  t.same(new Set(agent.sent()), new Set(['TASK_STARTING']));
  agent.acknowledgeAll(task);
  t.same(agent.sent().at(-1), 'TASK_RUNNING');
  const count = agent.sent().length;
  agent.now += 3_600_000;
  agent.tell({ type: 'Ticked' });
  t.equal(agent.sent().length, count, 'nothing is left to be sent');
});

t.test(
  'updates › nothing is sent while there is no registration, all heads at the next',
  async (t) => {
    const agent = anAgent();
    agent.tell({ type: 'LinkLost' });
    agent.start('a');
    agent.start('b');
    t.same(agent.sent(), []);
    agent.register();
    t.same(agent.sent(), ['TASK_STARTING', 'TASK_STARTING']);
  },
);

t.test('kill › a second order can shorten the grace only; force is repeated', async (t) => {
  const agent = anAgent();
  const task = agent.start('t');
  const kill = (ms: number): AgentEffect[] =>
    agent.order({
      type: 'KILL_TASK',
      framework_id,
      task_id: { value: 't' },
      kill_policy: { grace_period: { nanoseconds: ms * 1e6 } },
    });
  const forced = (): number =>
    agent.effects.filter((each) => each.type === 'Terminate' && each.force).length;
  t.ok(kill(5000).some((each) => each.type === 'Terminate' && !each.force));
  kill(60_000);
  kill(2000);
  agent.now += 1999;
  agent.tell({ type: 'Ticked' });
  t.equal(forced(), 0);
  agent.now += 1;
  agent.tell({ type: 'Ticked' });
  t.equal(forced(), 1);
  agent.now += 1000;
  agent.tell({ type: 'Ticked' });
  t.equal(forced(), 2);
  const exit = { kind: 'signal', signal: 9 } as const;
  agent.tell({ type: 'Exited', containerId: task.containerId, exit });
  t.match(task.statuses.at(-1), { state: 'TASK_KILLED' });
});

t.test(
  'kill › before the start it is over at once, and the late sandbox starts nothing',
  async (t) => {
    const agent = anAgent();
    const task = agent.run('t');
    agent.order({ type: 'KILL_TASK', framework_id, task_id: { value: 't' } });
    t.match(task.statuses, [{ state: 'TASK_KILLED', reason: 'REASON_TASK_KILLED_DURING_LAUNCH' }]);
    t.same(agent.tell({ type: 'Prepared', containerId: task.containerId }), []);
  },
);

t.test('recovery › each task is taken up as it is found', async (t) => {
  const cases: { name: string; started: boolean; found: Found; last: string; effect?: string }[] = [
    {
      name: 'alive',
      started: true,
      found: { kind: 'running', pid: 7 },
      last: 'TASK_RUNNING',
      effect: 'Watch',
    },
    {
      name: 'started unseen',
      started: false,
      found: { kind: 'running', pid: 7 },
      last: 'TASK_RUNNING',
      effect: 'Watch',
    },
    {
      name: 'never started',
      started: false,
      found: { kind: 'unstarted' },
      last: '',
      effect: 'Prepare',
    },
    {
      name: 'ended',
      started: true,
      found: { kind: 'exited', exit: { kind: 'code', code: 0 }, pid: 7 },
      last: 'TASK_FINISHED',
    },
    {
      name: 'ended unseen',
      started: false,
      found: { kind: 'exited', exit: { kind: 'code', code: 2 }, pid: 7 },
      last: 'TASK_FAILED',
    },
    {
      name: 'vanished',
      started: true,
      found: { kind: 'exited', exit: { kind: 'lost' }, pid: 7 },
      last: 'TASK_FAILED',
    },
    {
      name: 'rebooted',
      started: true,
      found: { kind: 'exited', exit: { kind: 'rebooted' } },
      last: 'TASK_FAILED',
    },
  ];
  for (const { name, started, found, last, effect } of cases) {
    const before = anAgent();
    const { containerId } = started ? before.start('t') : before.run('t');
    const after = new Agent(before.store, 2);
    after.tell({ type: 'Recovered', found: new Map([[containerId, found]]) });
    const task = after.state.tasks.get(containerId);
    t.equal(task?.statuses.at(-1)?.state ?? '', last, name);
    if (effect !== undefined)
      t.ok(
        after.effects.some((each) => each.type === effect),
        name,
      );
    t.ok(
      after.effects.some((each) => each.type === 'Connect'),
      name,
    );
    t.equal(registerMessageOf(after.state).agent.id?.value, 'A', name);
  }
});

t.test(
  'recovery › after a restart of the machine a task says so, and a kill goes on',
  async (t) => {
    const before = anAgent();
    const { containerId } = before.start('t');
    const rebooted = new Agent(before.store);
    const lost: Found = { kind: 'exited', exit: { kind: 'rebooted' } };
    rebooted.tell({ type: 'Recovered', found: new Map([[containerId, lost]]) });
    t.match(rebooted.state.tasks.get(containerId)?.statuses.at(-1), {
      state: 'TASK_FAILED',
      message: 'The machine was restarted',
      reason: 'REASON_EXECUTOR_TERMINATED',
      source: 'SOURCE_AGENT',
    });
    before.order({ type: 'KILL_TASK', framework_id, task_id: { value: 't' } });
    const again = new Agent(before.store);
    again.tell({ type: 'Recovered', found: new Map([[containerId, { kind: 'running', pid: 7 }]]) });
    t.ok(again.effects.some((each) => each.type === 'Terminate'));
  },
);

t.test('records › one damaged record is left out, the others are kept', async (t) => {
  const agent = anAgent();
  agent.start('t');
  const records = new Map<string, unknown>([
    ...agent.store,
    ['task/x', { containerId: 'x', info: 7, pending: [] }],
    ['group/x', null],
    ['framework/x', 'text'],
    ['strange', 1],
  ]);
  const state = empty(self, seededRandom(1));
  t.same(restore(state, records), ['task/x', 'group/x', 'framework/x', 'strange']);
  t.equal(state.tasks.size, 1);
  t.equal(state.agentId, 'A');
});

t.test(
  'collection › keeps the last five of a name, and only the young under pressure',
  async (t) => {
    const agent = anAgent();
    const exit = { kind: 'code', code: 0 } as const;
    for (let index = 0; index < 8; index += 1) {
      const task = agent.start(`t${index}`);
      agent.tell({ type: 'Exited', containerId: task.containerId, exit });
      if (index !== 0) agent.acknowledgeAll(task);
      agent.now += 1000;
    }
    agent.tell({ type: 'DiskMeasured', freeFraction: 0.5 });
    t.equal(agent.state.tasks.size, 8, 'what has just ended stays');
    agent.now += 120_000;
    agent.tell({ type: 'DiskMeasured', freeFraction: 0.5 });
    const left = (): string[] =>
      [...agent.state.tasks.values()].map((task) => task.info.task_id.value);
    t.same(left(), ['t0', 't3', 't4', 't5', 't6', 't7'], 'what was not acknowledged stays too');
    agent.now += 25 * 3600 * 1000;
    agent.tell({ type: 'DiskMeasured', freeFraction: 0.05 });
    t.same(left(), ['t0']);
    t.equal(agent.effects.filter((each) => each.type === 'RemoveRun').length, 7);
  },
);

t.test('registration › carries no environment, and is what the link expects', async (t) => {
  const agent = anAgent();
  const variables = [{ name: 'PASSWORD', value: 'hunter2' }];
  agent.start('t', { command: { value: 'x', environment: { variables } } });
  const message = registerMessageOf(agent.state);
  t.ok(registerMessageSchema.safeParse(message).success);
  t.notMatch(JSON.stringify(message), 'hunter2');
  t.notMatch(JSON.stringify(stateView(agent.state)), 'hunter2');
});

t.test('registration › a framework that is gone takes its tasks along in silence', async (t) => {
  const agent = anAgent();
  const task = agent.start('t');
  const count = agent.sent().length;
  agent.order({ type: 'SHUTDOWN_FRAMEWORK', framework_id });
  t.ok(agent.effects.some((each) => each.type === 'Terminate'));
  const exit = { kind: 'signal', signal: 15 } as const;
  agent.tell({ type: 'Exited', containerId: task.containerId, exit });
  agent.now += 60_000;
  agent.tell({ type: 'Ticked' });
  t.equal(agent.sent().length, count);
  agent.now += 120_000;
  for (let run = 0; run < 6; run += 1) agent.tell({ type: 'DiskMeasured', freeFraction: 1 });
  t.same(registerMessageOf(agent.state).tasks, []);
});

t.test(
  'health › failures in the grace period count for nothing before the first success',
  async (t) => {
    const agent = anAgent();
    const task = agent.start('t', {
      health_check: {
        type: 'TCP',
        tcp: { port: 1 },
        grace_period_seconds: 5,
        consecutive_failures: 2,
      },
    });
    agent.acknowledgeAll(task);
    const check = (healthy: boolean): boolean => {
      agent.tell({ type: 'HealthChecked', containerId: task.containerId, healthy });
      return task.kill !== undefined;
    };
    t.notOk(check(false) || check(false) || check(false));
    t.equal(task.statuses.at(-1)?.healthy, undefined);
    agent.now += 5000;
    t.notOk(check(false));
    t.notOk(check(true) || check(false), 'a success starts the count anew');
    t.ok(check(false));
  },
);

/** What may happen to three tasks, in any order. */
const anyEvent = fc.oneof(
  fc.constantFrom('a', 'b', 'c').map((id) => ({ what: 'run' as const, id })),
  fc.record({
    what: fc.constantFrom('prepared', 'started', 'exited', 'failed', 'kill', 'ack'),
    id: fc.constantFrom('a', 'b', 'c'),
  }),
  fc.constantFrom('tick', 'lost', 'register', 'restart').map((what) => ({ what, id: '' })),
);

function apply(agent: Agent, what: string, id: string): void {
  const task = [...agent.state.tasks.values()].findLast((each) => each.info.task_id.value === id);
  agent.now += 700;
  if (what === 'run') agent.run(id);
  else if (what === 'tick') agent.tell({ type: 'Ticked' });
  else if (what === 'lost') agent.tell({ type: 'LinkLost' });
  else if (what === 'register') agent.register();
  if (task === undefined) return;
  const { containerId } = task;
  if (what === 'prepared') agent.tell({ type: 'Prepared', containerId });
  if (what === 'started' && task.phase === 'starting') {
    agent.tell({ type: 'Started', containerId, pid: 9 });
  }
  if (what === 'exited' && task.phase === 'running') {
    agent.tell({ type: 'Exited', containerId, exit: { kind: 'code', code: 1 } });
  }
  if (what === 'failed' && task.phase === 'preparing') {
    agent.tell({ type: 'PrepareFailed', containerId, message: 'x' });
  }
  if (what === 'kill') {
    agent.order({ type: 'KILL_TASK', framework_id, task_id: { value: id } });
  }
  const uuid = task.pending[0]?.uuid;
  if (what === 'ack' && uuid !== undefined) {
    agent.order({ type: 'ACKNOWLEDGE', framework_id, task_id: { value: id }, uuid });
  }
}

t.test(
  'agent › whatever happens, what is sent was stored, in order, the last word once',
  async () => {
    fc.assert(
      fc.property(fc.array(anyEvent, { maxLength: 60 }), (events) => {
        let agent = anAgent();
        for (const { what, id } of events) {
          const seen = agent.effects.length;
          if (what === 'restart') agent = new Agent(agent.store, 3);
          else apply(agent, what, id);
          for (const effect of agent.effects.slice(seen)) {
            if (effect.type !== 'Send' || effect.message.type !== 'UPDATE') continue;
            const { status } = effect.message;
            if (status.uuid === undefined) continue;
            const stored = [...agent.store.values()] as Partial<TaskRun>[];
            const holder = stored.find((each) => each.pending?.some((p) => p.uuid === status.uuid));
            if (holder?.pending?.[0]?.uuid !== status.uuid) return false;
          }
          for (const task of agent.state.tasks.values()) {
            const words = task.pending.map((each) => terminalTaskStates.has(each.state));
            if (words.slice(0, -1).includes(true)) return false;
            const last = task.statuses.filter((each) => terminalTaskStates.has(each.state));
            if (last.length !== (task.phase === 'ended' ? 1 : 0)) return false;
          }
        }
        return true;
      }),
      { numRuns: 300 },
    );
  },
);
