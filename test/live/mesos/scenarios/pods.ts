/** Task groups of the default executor, and containers inside containers. */
import {
  accept,
  amount,
  call,
  events,
  type Fields,
  get,
  ofAgent,
  offered,
  operator,
  type Scenario,
  type Step,
  scenario,
  sleep,
  subscribed,
  task,
  untilTask,
} from '../steps.js';

const executor = (id: string, more: Fields = {}): Fields => ({
  type: 'DEFAULT',
  executor_id: { value: id },
  framework_id: { value: '{f}' },
  resources: [amount('cpus', 0.1), amount('mem', 32), amount('disk', 16)],
  ...more,
});
const group = (more: Fields, ...tasks: Fields[]): Fields => ({
  type: 'LAUNCH_GROUP',
  launch_group: { executor: executor('e', more), task_group: { tasks } },
});
const ended = (tasks: Readonly<Record<string, string>>, failure = true): Step => ({
  step: 'events',
  as: 'f',
  until: [
    ...Object.entries(tasks).map(([id, state]) => ({
      type: 'UPDATE',
      update: { status: { task_id: { value: id }, state } },
    })),
    ...(failure ? [{ type: 'FAILURE' }] : []),
  ],
});
const running = ended({ a: 'TASK_RUNNING', b: 'TASK_RUNNING' }, false);

function pod(name: string, about: readonly string[], operation: Fields, ...more: Step[]): Scenario {
  const steps = [subscribed(), offered(), accept(operation), ...more];
  return scenario(`pods › ${name}`, ['LAUNCH_GROUP', ...about], ...steps);
}

const shared: Fields = {
  container: {
    type: 'MESOS',
    volumes: [
      {
        mode: 'RW',
        container_path: 'shared',
        source: { type: 'SANDBOX_PATH', sandbox_path: { type: 'PARENT', path: 'common' } },
      },
    ],
  },
};
const inside = { container_id: { value: '{nested}', parent: { value: '{top}' } } };
const learnTop: Step = ofAgent(
  1,
  { type: 'GET_CONTAINERS' },
  {
    until: { get_containers: { containers: [{ executor_id: { value: 'e' } }] } },
    learn: { name: 'top', at: 'get_containers.containers.0.container_id.value' },
    unseen: true,
  },
);
const nested = (id: string): Fields => ({
  container_id: { value: id, parent: { value: '{top}' } },
});
const containerCall = (type: string, fields: Fields): Step =>
  ofAgent(1, { type, [type.toLowerCase()]: fields });

const refused: readonly (readonly [string, Fields])[] = [
  ['an executor without resources', group({ resources: [] }, task('a', sleep))],
  ['an executor with a command', group({ command: { value: 'true' } }, task('a', sleep))],
  ['no task', group({})],
  ['an executor of another framework', group({ framework_id: { value: 'x' } }, task('a', sleep))],
  ['a custom executor without a command', group({ type: 'CUSTOM' }, task('a', sleep))],
  ['a task with an executor', group({}, task('a', sleep, { executor: executor('e') }))],
];

/** All of them. */
export const podScenarios: readonly Scenario[] = [
  pod(
    'both end with 0',
    [],
    group({}, task('a', 'exit 0'), task('b', 'exit 0')),
    ended({ a: 'TASK_FINISHED', b: 'TASK_FINISHED' }),
  ),
  pod(
    'one fails and takes the other along',
    [],
    group({}, task('a', sleep), task('b', 'sleep 1; exit 9')),
    ended({ a: 'TASK_KILLED', b: 'TASK_FAILED' }),
  ),
  pod(
    'one is killed and takes the other along',
    ['KILL'],
    group({}, task('a', sleep), task('b', sleep)),
    running,
    call('KILL', { task_id: { value: 'a' } }),
    // The executor of the one beside leaves the other alive.
    ended({ a: 'TASK_KILLED' }, false),
  ),
  pod(
    'SHUTDOWN of the executor',
    ['SHUTDOWN'],
    group({}, task('a', sleep), task('b', sleep)),
    running,
    call('SHUTDOWN', { executor_id: { value: 'e' }, agent_id: { value: '{a1}' } }),
    events({ type: 'FAILURE' }),
  ),
  pod(
    'tasks share a folder',
    [],
    group(
      {},
      task('a', 'echo 1 > shared/x; exit 0', shared),
      task('b', 'while ! test -s shared/x; do sleep 0.1; done', shared),
    ),
    ended({ a: 'TASK_FINISHED', b: 'TASK_FINISHED' }),
  ),
  pod(
    'a health check that fails kills the pod',
    ['health checks'],
    group(
      {},
      task('a', sleep, {
        health_check: {
          type: 'COMMAND',
          delay_seconds: 0.1,
          interval_seconds: 0.3,
          grace_period_seconds: 0.1,
          consecutive_failures: 1,
          command: { value: 'exit 1' },
        },
      }),
      task('b', sleep),
    ),
    ended({ a: 'TASK_KILLED' }, false),
  ),
  pod(
    'what master and agent show',
    ['GET_STATE'],
    group({}, task('a', sleep), task('b', sleep)),
    running,
    ...['GET_TASKS', 'GET_EXECUTORS', 'GET_FRAMEWORKS', 'GET_AGENTS'].map((type) =>
      operator({ type }),
    ),
    get('/master/state'),
    get('/tasks'),
    ...['GET_TASKS', 'GET_EXECUTORS', 'GET_CONTAINERS'].map((type) => ofAgent(1, { type })),
    ofAgent(1, {
      type: 'GET_CONTAINERS',
      get_containers: { show_nested: true, show_standalone: true },
    }),
    { step: 'ask', ask: { agent: 1, path: '/containers' } },
    { step: 'ask', ask: { agent: 1, path: '/state' } },
  ),
  pod(
    'a second group joins the executor',
    [],
    group({}, task('a', sleep)),
    untilTask('a', 'TASK_RUNNING'),
    offered({ name: 'o' }),
    accept(group({}, task('b', sleep))),
    untilTask('b', 'TASK_RUNNING'),
    operator({ type: 'GET_EXECUTORS' }),
  ),
  ...refused.map(([name, operation]) =>
    pod(
      `refused: ${name}`,
      [],
      operation,
      ...(name === 'no task' ? [operator({ type: 'GET_TASKS' })] : [untilTask('a', 'TASK_ERROR')]),
    ),
  ),
  pod(
    'containers inside: launched, waited for, killed, removed',
    ['LAUNCH_CONTAINER', 'WAIT_CONTAINER', 'KILL_CONTAINER', 'REMOVE_CONTAINER'],
    group({}, task('a', sleep), task('b', sleep)),
    running,
    learnTop,
    containerCall('LAUNCH_CONTAINER', { ...nested('n1'), command: { value: 'exit 3' } }),
    containerCall('WAIT_CONTAINER', nested('n1')),
    containerCall('REMOVE_CONTAINER', nested('n1')),
    containerCall('LAUNCH_NESTED_CONTAINER', { ...nested('n2'), command: { value: sleep } }),
    containerCall('LAUNCH_NESTED_CONTAINER', { ...nested('n2'), command: { value: sleep } }),
    containerCall('REMOVE_NESTED_CONTAINER', nested('n2')),
    containerCall('KILL_NESTED_CONTAINER', nested('n2')),
    containerCall('WAIT_NESTED_CONTAINER', nested('n2')),
    containerCall('KILL_CONTAINER', nested('n2')),
    containerCall('LAUNCH_CONTAINER', { ...nested('n 3'), command: { value: sleep } }),
    containerCall('LAUNCH_CONTAINER', { ...nested('a/b'), command: { value: sleep } }),
    containerCall('LAUNCH_CONTAINER', {
      container_id: { value: 'x', parent: { value: 'nobody' } },
      command: { value: sleep },
    }),
    containerCall('WAIT_CONTAINER', inside),
  ),
];
