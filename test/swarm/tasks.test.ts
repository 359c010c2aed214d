/** Containers that have more than one task in their time: which task may do what to them. */
import t from 'tap';
import { seededRandom } from '../../src/core/random.js';
import {
  type ExecutorEffect,
  emptyExecutor,
  holds,
  stepExecutor,
} from '../../src/swarm/executor/step.js';
import type { Effect, Event } from '../../src/swarm/messages.js';
import { type Container, empty, load, type State } from '../../src/swarm/state.js';
import { step } from '../../src/swarm/step.js';
import type { TaskInfo, TaskState, TaskStatus } from '../../src/wire/mesos/task.js';
import { settings } from '../helpers/swarm-cluster.js';

const swarmId = 'a'.repeat(64);
const containerId = 'c'.repeat(64);
const oldTask = 'web.aaaaaaaaaaaa.1';
const newTask = 'web.aaaaaaaaaaaa.2';

const record: Container = {
  swarmId,
  name: 'web',
  phase: 'made',
  agentId: 'agent-0',
  taskId: oldTask,
  containerId,
  formerIds: [],
  formerTasks: [],
  body: { Image: 'busybox' },
  reschedules: false,
  isRunning: true,
  createdAt: 0,
  attempt: 1,
  isMoved: false,
  resumes: false,
};

function aSwarm(given: Partial<Container> = {}): State {
  const state = empty(settings, seededRandom(7));
  load(state, new Map([[`container/${swarmId}`, { ...record, ...given }]]), 0);
  step(state, { type: 'Subscribed', frameworkId: 'framework' }, 0);
  return state;
}

const told = (taskId: string, word: TaskState): Event => ({
  type: 'StatusReceived',
  status: { task_id: { value: taskId }, agent_id: { value: 'agent-0' }, state: word },
});

const killed = (effects: readonly Effect[]): string[] =>
  effects.flatMap((effect) =>
    effect.type === 'Send' && effect.call.type === 'KILL' ? [effect.call.kill.task_id.value] : [],
  );

/** Longer than a task that the master does not know is waited for, ms. */
const longUnknown = 24 * 3_600_000;

function forgotten(): State {
  const state = aSwarm();
  step(state, told(oldTask, 'TASK_UNKNOWN'), 1_000);
  step(state, told(oldTask, 'TASK_UNKNOWN'), longUnknown);
  return state;
}

t.test(
  'swarm › a task that comes back before there is a new one keeps its container',
  async (t) => {
    const state = forgotten();
    t.ok(state.waiting.has(swarmId), 'the container waits for a new task');
    step(state, told(oldTask, 'TASK_RUNNING'), longUnknown + 1_000);
    t.equal(state.containers.get(swarmId)?.phase, 'made');
    t.notOk(state.waiting.has(swarmId), 'it waits for none any more');
  },
);

t.test('swarm › a task that comes back beside the new one is let be', async (t) => {
  const state = forgotten();
  const container = state.containers.get(swarmId);
  t.same(container?.formerTasks, [oldTask]);
  // As its launch leaves it.
  Object.assign(container ?? {}, { phase: 'made', taskId: newTask, attempt: 2 });
  state.tasks.delete(oldTask);
  state.tasks.set(newTask, swarmId);
  const later = longUnknown + 60_000;
  t.same(killed(step(state, told(oldTask, 'TASK_RUNNING'), later)), [], 'a kill would remove it');
  step(state, { type: 'ContainerRemoved', swarmId }, later);
  t.same(killed(step(state, told(oldTask, 'TASK_RUNNING'), later)), [oldTask], 'nothing is left');
});

t.test('swarm › what was made where a container no longer is, is not taken for it', async (t) => {
  const moved = { phase: 'making', containerId: undefined, isMoved: true, reschedules: true };
  const state = aSwarm({ ...moved, taskId: oldTask } as Partial<Container>);
  const again = step(state, told(oldTask, 'TASK_STARTING'), 1_000);
  t.match(again, [{ type: 'MakeAgain', swarmId }]);
  step(state, told(oldTask, 'TASK_UNREACHABLE'), 2_000);
  const container = state.containers.get(swarmId);
  Object.assign(container ?? {}, { phase: 'making', taskId: newTask, agentId: 'agent-1' });
  state.tasks.set(newTask, swarmId);
  state.waiting.delete(swarmId);
  t.match(step(state, told(newTask, 'TASK_STARTING'), 3_000), [{ type: 'MakeAgain', swarmId }]);
  step(state, { type: 'ContainerMade', swarmId, taskId: oldTask, containerId }, 4_000);
  t.equal(container?.containerId, undefined, 'the container of the old place is not its own');
  step(state, { type: 'ContainerRefused', swarmId, taskId: oldTask }, 4_000);
  t.equal(container?.taskId, newTask, 'nor is the refusal of the old place');
  step(state, { type: 'ContainerMade', swarmId, taskId: newTask, containerId: 'd' }, 5_000);
  t.match(container, { phase: 'made', containerId: 'd', agentId: 'agent-1' });
});

function launch(taskId: string, expected?: string): TaskInfo {
  const labels = [
    { key: 'DCOS_SWARM_ID', value: swarmId },
    ...(expected === undefined ? [] : [{ key: 'SWARM_CONTAINER_ID', value: expected }]),
  ];
  const ids = { task_id: { value: taskId }, agent_id: { value: 'agent-0' } };
  return { name: 'web', ...ids, resources: [], labels: { labels } };
}

const updates = (effects: readonly ExecutorEffect[]): Partial<TaskStatus>[] =>
  effects.flatMap((effect) => (effect.type === 'Update' ? [effect.status] : []));

t.test('executor › the end of an old task spares a container that came back', async (t) => {
  const state = emptyExecutor('executor', seededRandom(7));
  stepExecutor(state, { type: 'Launched', task: launch(oldTask) }, 0);
  stepExecutor(state, { type: 'Launched', task: launch(newTask) }, 0);
  const container = { swarmId, containerId, taskId: newTask };
  const created = stepExecutor(state, { type: 'ContainerCreated', container }, 0);
  t.match(updates(created), [{ task_id: { value: newTask }, state: 'TASK_RUNNING' }]);
  const [effect] = stepExecutor(state, { type: 'KillAsked', taskId: oldTask }, 0);
  t.equal(effect?.type, 'Remove');
  if (effect?.type !== 'Remove') return;
  t.notOk(holds(effect.task, container), 'it is the new task that holds it');
  t.ok(holds(effect.task, { ...container, taskId: oldTask }), 'its own it would remove');
  t.ok(holds(effect.task, { ...container, taskId: undefined }), 'and one of an older version');
});

t.test('executor › tasks that hold one container end with it, all of them', async (t) => {
  const state = emptyExecutor('executor', seededRandom(7));
  const container = { swarmId, containerId, taskId: oldTask };
  stepExecutor(state, { type: 'Launched', task: launch(oldTask) }, 0);
  stepExecutor(state, { type: 'ContainerCreated', container }, 0);
  stepExecutor(state, { type: 'Launched', task: launch(newTask, containerId) }, 0);
  stepExecutor(state, { type: 'EngineListed', containers: [container] }, 0);
  const gone = stepExecutor(state, { type: 'ContainerDestroyed', containerId }, 0);
  t.same(
    updates(gone).map(({ task_id, state: word }) => [task_id?.value, word]),
    [
      [oldTask, 'TASK_FINISHED'],
      [newTask, 'TASK_FINISHED'],
    ],
  );
});
