/** The decisions of an agent about custom executors, without processes. */
import t from 'tap';
import { registerMessageOf } from '../../../src/mesos/agent/registration.js';
import { type ExecutorRun, type TaskRun, usedResources } from '../../../src/mesos/agent/state.js';
import { stateView } from '../../../src/mesos/agent/views/state.js';
import type { ExecutorEvent } from '../../../src/wire/mesos/executor.js';
import type { ExecutorInfo, TaskStatus } from '../../../src/wire/mesos/task.js';
import { Agent, anAgent, aTask, framework_id } from '../../helpers/pure-agent.js';

const executor: ExecutorInfo = {
  executor_id: { value: 'e' },
  command: { value: './run', environment: { variables: [{ name: 'A', value: 'secret' }] } },
  resources: [{ name: 'cpus', type: 'SCALAR', scalar: { value: 0.5 } }],
};

function launch(agent: Agent, id: string): TaskRun {
  const { command: _none, ...task } = aTask(id, { executor });
  const framework = { user: 'u', name: 'f', id: framework_id, roles: ['r'] };
  agent.order({ type: 'RUN_TASK', framework, task });
  return [...agent.state.tasks.values()].at(-1) as TaskRun;
}

const runOf = (agent: Agent): ExecutorRun =>
  [...agent.state.executors.values()].at(-1) as ExecutorRun;

/** The executor's process runs; the tasks' volumes are there. */
function started(agent: Agent, ...tasks: TaskRun[]): ExecutorRun {
  const run = runOf(agent);
  agent.tell({ type: 'Prepared', containerId: run.containerId });
  agent.tell({ type: 'Started', containerId: run.containerId, pid: 77 });
  for (const { containerId } of tasks) agent.tell({ type: 'Prepared', containerId });
  return run;
}

const subscribe = (agent: Agent, tasks: string[] = [], updates: TaskStatus[] = []): void => {
  const executor = runOf(agent).containerId;
  agent.tell({ type: 'ExecutorSubscribed', executor, tasks, updates });
};

const told = (agent: Agent): ExecutorEvent[] =>
  agent.effects.flatMap((each) => (each.type === 'Tell' ? [each.event] : []));

const status = (id: string, state: TaskStatus['state'], byte = 1): TaskStatus => ({
  task_id: { value: id },
  state,
  source: 'SOURCE_EXECUTOR',
  uuid: Buffer.alloc(16, byte).toString('base64'),
});
const sent = (agent: Agent): TaskStatus[] =>
  agent.effects.flatMap((each) =>
    each.type === 'Send' && each.message.type === 'UPDATE' ? [each.message.status] : [],
  );

t.test('executors › are given nothing before they have subscribed', async (t) => {
  const agent = anAgent();
  const task = launch(agent, 'a');
  started(agent, task);
  t.same(told(agent), []);
  t.equal(usedResources(agent.state).length, 2, 'the executor holds resources of its own');
  subscribe(agent);
  t.same(
    told(agent).map(({ type }) => type),
    ['SUBSCRIBED', 'LAUNCH'],
  );
  const update = status('a', 'TASK_RUNNING');
  const from = runOf(agent).containerId;
  agent.tell({ type: 'ExecutorUpdated', executor: from, status: update });
  agent.tell({ type: 'ExecutorUpdated', executor: from, status: update });
  t.same(agent.sent(), ['TASK_RUNNING'], 'an update that comes twice is told once');
  t.equal(told(agent).filter(({ type }) => type === 'ACKNOWLEDGED').length, 2);
  const { executors, tasks } = registerMessageOf(agent.state);
  t.match(executors, [{ executor: { executor_id: { value: 'e' } } }]);
  t.notMatch(JSON.stringify([executors, tasks, stateView(agent.state)]), 'secret');
});

t.test('executors › that do not subscribe in time are ended, their tasks with them', async (t) => {
  const agent = anAgent();
  const run = started(agent, launch(agent, 'a'));
  agent.now += 59_000;
  agent.tell({ type: 'Ticked' });
  t.notOk(agent.effects.some(({ type }) => type === 'Terminate'));
  agent.now += 1_000;
  agent.tell({ type: 'Ticked' });
  t.match(
    agent.effects.find(({ type }) => type === 'Terminate'),
    { force: true },
  );
  agent.tell({ type: 'Exited', containerId: run.containerId, exit: { kind: 'signal', signal: 9 } });
  t.match(sent(agent).at(-1), {
    state: 'TASK_FAILED',
    reason: 'REASON_EXECUTOR_REGISTRATION_TIMEOUT',
    message: 'Executor did not register within 1mins',
  });
  t.same(usedResources(agent.state), []);
});

t.test('executors › that do not come back after a restart of the agent are ended', async (t) => {
  const before = anAgent();
  const task = launch(before, 'a');
  const { containerId } = started(before, task);
  subscribe(before);
  const agent = new Agent(before.store);
  const found = new Map([[containerId, { kind: 'running' as const, pid: 77 }]]);
  agent.tell({ type: 'Recovered', found });
  agent.register();
  t.ok(agent.effects.some(({ type }) => type === 'WatchExecutor'));
  agent.now += 15_000;
  agent.tell({ type: 'Ticked' });
  agent.tell({ type: 'Exited', containerId, exit: { kind: 'lost' } });
  t.match(sent(agent).at(-1), { reason: 'REASON_EXECUTOR_REREGISTRATION_TIMEOUT' });
});

t.test('executors › come back: what was lost on the way is told, what waited comes', async (t) => {
  const before = anAgent();
  const [lost, kept, killed] = [launch(before, 'a'), launch(before, 'b'), launch(before, 'c')];
  const { containerId } = started(before, lost, kept, killed);
  subscribe(before);
  const running = { type: 'ExecutorUpdated', executor: containerId } as const;
  before.tell({ ...running, status: status('c', 'TASK_RUNNING') });
  const waiting = launch(before, 'd');
  const agent = new Agent(before.store);
  agent.tell({
    type: 'Recovered',
    found: new Map([[containerId, { kind: 'running', pid: 77 }]]),
  });
  agent.register();
  agent.tell({ type: 'Prepared', containerId: waiting.containerId });
  agent.order({ type: 'KILL_TASK', framework_id, task_id: { value: 'c' } });
  t.same(told(agent), []);
  subscribe(agent, ['b'], [status('b', 'TASK_RUNNING', 2)]);
  t.same(
    told(agent).map(({ type }) => type),
    ['SUBSCRIBED', 'ACKNOWLEDGED', 'KILL', 'LAUNCH'],
  );
  t.match(
    sent(agent).find(({ task_id }) => task_id.value === 'a'),
    { state: 'TASK_LOST', reason: 'REASON_SLAVE_RESTARTED' },
  );
  t.match(told(agent).at(-1), { launch: { task: { task_id: { value: 'd' } } } });
  t.ok(agent.sent().includes('TASK_RUNNING'));
});

t.test('executors › a kill before delivery ends the task, an idle executor with it', async (t) => {
  const agent = anAgent();
  const run = started(agent, launch(agent, 'a'));
  agent.order({ type: 'KILL_TASK', framework_id, task_id: { value: 'a' } });
  t.match(sent(agent).at(-1), {
    state: 'TASK_KILLED',
    message: 'Killed before delivery to the executor',
    reason: 'REASON_TASK_KILLED_DURING_LAUNCH',
  });
  t.match(
    agent.effects.find(({ type }) => type === 'Terminate'),
    { force: false },
  );
  subscribe(agent);
  t.same(
    told(agent).map(({ type }) => type),
    ['SHUTDOWN'],
  );
  agent.tell({ type: 'Exited', containerId: run.containerId, exit: { kind: 'code', code: 0 } });
  t.equal(run.phase, 'ended');
});

t.test('executors › what cannot be fetched fails its tasks', async (t) => {
  const agent = anAgent();
  launch(agent, 'a');
  const { containerId } = runOf(agent);
  agent.tell({ type: 'PrepareFailed', containerId, message: 'no such file' });
  t.match(sent(agent).at(-1), {
    state: 'TASK_FAILED',
    reason: 'REASON_CONTAINER_LAUNCH_FAILED',
    message: 'Failed to launch container: no such file',
  });
  const exited = agent.effects.find(
    (each) => each.type === 'Send' && each.message.type === 'EXECUTOR_EXITED',
  );
  t.match(exited, { message: { status: -1 } });
});

t.test('executors › go with their framework, with their agent, and from the disk', async (t) => {
  const agent = anAgent();
  const task = launch(agent, 'a');
  const run = started(agent, task);
  subscribe(agent);
  agent.order({ type: 'SHUTDOWN_FRAMEWORK', framework_id });
  t.same(told(agent).at(-1), { type: 'SHUTDOWN' });
  agent.now += 5_000;
  agent.tell({ type: 'Ticked' });
  agent.tell({ type: 'Exited', containerId: run.containerId, exit: { kind: 'signal', signal: 9 } });
  t.same(agent.sent(), [], 'nobody is left to be told');
  agent.now += 1_000_000;
  for (let index = 0; index < 6; index += 1) {
    const next = launch(agent, `n${index}`);
    const { containerId } = started(agent, next);
    subscribe(agent);
    agent.tell({
      type: 'ExecutorUpdated',
      executor: containerId,
      status: status(`n${index}`, 'TASK_FINISHED'),
    });
    agent.acknowledgeAll(next);
    agent.tell({ type: 'Exited', containerId, exit: { kind: 'code', code: 0 } });
    agent.now += 61_000;
  }
  agent.tell({ type: 'DiskMeasured', freeFraction: 0.5 });
  t.equal(agent.state.executors.size, 5);
  t.ok(agent.effects.some((each) => each.type === 'RemoveRun' && each.sandbox === run.sandbox));
  t.notOk([...agent.store.keys()].includes(`executor/${run.containerId}`));

  started(agent, launch(agent, 'last'));
  subscribe(agent);
  agent.tell({ type: 'StopRequested' });
  t.notOk(agent.effects.some(({ type }) => type === 'Leave'));
  const last = runOf(agent).containerId;
  agent.tell({ type: 'Exited', containerId: last, exit: { kind: 'code', code: 0 } });
  t.ok(agent.effects.some(({ type }) => type === 'Leave'));
  const again = new Agent(agent.store);
  again.register();
  t.match(sent(again).at(-1), { state: 'TASK_KILLED', message: 'agent stopped' });
});
