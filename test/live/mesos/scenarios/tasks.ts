/** Lives of command tasks. */
import {
  accept,
  acceptOf,
  call,
  events,
  type Fields,
  get,
  launch,
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

/** A task that is launched and followed to its end. */
function life(
  name: string,
  about: readonly string[],
  info: Fields,
  ends: string,
  ...more: readonly Step[]
): Scenario {
  const id = (info.task_id as { value: string }).value;
  return scenario(
    `tasks › ${name}`,
    ['LAUNCH', ...about],
    subscribed(),
    offered(),
    accept(launch(info)),
    ...more,
    untilTask(id, ends),
  );
}

const running = untilTask('t', 'TASK_RUNNING');
const kill = (more: Fields = {}): Step => call('KILL', { task_id: { value: 't' }, ...more });
const grace = (seconds: number): Fields => ({ grace_period: { nanoseconds: seconds * 1e9 } });
const check = (command: string, more: Fields = {}): Fields => ({
  type: 'COMMAND',
  delay_seconds: 0.1,
  interval_seconds: 0.3,
  timeout_seconds: 5,
  command: { command: { value: command } },
  ...more,
});
const health = (command: string, more: Fields = {}): Fields => ({
  type: 'COMMAND',
  delay_seconds: 0.1,
  interval_seconds: 0.3,
  timeout_seconds: 5,
  grace_period_seconds: 0.1,
  consecutive_failures: 2,
  command: { value: command },
  ...more,
});

/** Tasks of the command executor. */
export const taskScenarios: readonly Scenario[] = [
  life('ends with 0', [], task('t', 'exit 0'), 'TASK_FINISHED'),
  life('ends with 3', [], task('t', 'exit 3'), 'TASK_FAILED'),
  life('ends by a signal', [], task('t', 'kill -9 $$'), 'TASK_FAILED'),
  life('is killed', ['KILL'], task('t', sleep), 'TASK_KILLED', running, kill()),
  life(
    'ignores SIGTERM and is killed by SIGKILL',
    ['KILL'],
    task('t', 'trap "" TERM; touch up; while true; do sleep 0.1; done', { kill_policy: grace(1) }),
    'TASK_KILLED',
    running,
    kill(),
  ),
  life(
    'is killed with a grace of its own',
    ['KILL'],
    task('t', 'trap "" TERM; while true; do sleep 0.1; done', { kill_policy: grace(60) }),
    'TASK_KILLED',
    running,
    kill({ kill_policy: grace(0.5) }),
  ),
  life(
    'ends with 0 on SIGTERM',
    ['KILL'],
    task('t', 'trap "exit 0" TERM; while true; do sleep 0.1; done'),
    'TASK_KILLED',
    running,
    kill(),
  ),
  life(
    'has arguments and no shell',
    [],
    task('t', '', {
      command: { shell: false, value: '/bin/sh', arguments: ['sh', '-c', 'exit 4'] },
    }),
    'TASK_FAILED',
  ),
  life(
    'has an environment',
    [],
    task('t', '', {
      command: {
        value: 'test "$A" = "b c" && test -n "$MESOS_SANDBOX"',
        environment: { variables: [{ name: 'A', value: 'b c' }] },
      },
    }),
    'TASK_FINISHED',
  ),
  life(
    'has a secret by value',
    [],
    task('t', '', {
      command: {
        value: 'test "$A" = secret',
        environment: {
          variables: [
            { name: 'A', type: 'SECRET', secret: { type: 'VALUE', value: { data: 'c2VjcmV0' } } },
          ],
        },
      },
    }),
    'TASK_FINISHED',
  ),
  life(
    'a program that is not there',
    [],
    task('t', '', { command: { shell: false, value: '/nowhere', arguments: ['nowhere'] } }),
    'TASK_FAILED',
  ),
  life(
    'a URI that is not there',
    [],
    task('t', '', { command: { value: 'true', uris: [{ value: 'file:///nowhere/at/all' }] } }),
    'TASK_FAILED',
  ),
  life(
    'labels and discovery are kept',
    ['GET_TASKS'],
    task('t', sleep, {
      labels: { labels: [{ key: 'a', value: 'b' }, { key: 'c' }] },
      discovery: {
        visibility: 'CLUSTER',
        name: 'n',
        ports: { ports: [{ number: 80, name: 'http', protocol: 'tcp' }] },
      },
    }),
    'TASK_KILLED',
    running,
    operator({ type: 'GET_TASKS' }),
    get('/master/tasks'),
    kill(),
  ),
  life(
    'a check that ends with 0',
    ['checks'],
    task('t', sleep, { check: check('exit 0') }),
    'TASK_KILLED',
    untilTask('t', 'TASK_RUNNING', { check_status: { command: { exit_code: 0 } } }),
    kill(),
  ),
  life(
    'a check that ends with 5',
    ['checks'],
    task('t', sleep, { check: check('exit 5') }),
    'TASK_KILLED',
    untilTask('t', 'TASK_RUNNING', { check_status: { command: { exit_code: 5 } } }),
    kill(),
  ),
  life(
    'a TCP check',
    ['checks'],
    task('t', sleep, { check: { ...check(''), type: 'TCP', command: null, tcp: { port: 1 } } }),
    'TASK_KILLED',
    untilTask('t', 'TASK_RUNNING', { check_status: { tcp: { succeeded: false } } }),
    kill(),
  ),
  life(
    'an HTTP check',
    ['checks'],
    task('t', sleep, {
      check: { ...check(''), type: 'HTTP', command: null, http: { port: 1, path: '/' } },
    }),
    'TASK_KILLED',
    untilTask('t', 'TASK_RUNNING', { check_status: { type: 'HTTP' } }),
    kill(),
  ),
  life(
    'a health check that holds',
    ['health checks'],
    task('t', sleep, { health_check: health('true') }),
    'TASK_KILLED',
    untilTask('t', 'TASK_RUNNING', { healthy: true }),
    kill(),
  ),
  life(
    'a health check that fails',
    ['health checks'],
    task('t', sleep, { health_check: health('exit 7') }),
    'TASK_KILLED',
  ),
  life(
    'a TCP health check that fails',
    ['health checks'],
    task('t', sleep, {
      health_check: { ...health(''), type: 'TCP', command: null, tcp: { port: 1 } },
    }),
    'TASK_KILLED',
  ),
  life(
    'a health check that fails within its grace',
    ['health checks'],
    task('t', 'sleep 2; exec sleep 1000', {
      health_check: health('test -e up', {
        grace_period_seconds: 30,
        command: { value: 'test -e ../up || { touch ../up; false; }' },
      }),
    }),
    'TASK_KILLED',
    untilTask('t', 'TASK_RUNNING', { healthy: true }),
    kill(),
  ),
  scenario(
    'tasks › two with one id in one accept',
    ['LAUNCH'],
    subscribed(),
    offered(),
    accept(launch(task('t', sleep), task('t', sleep))),
    {
      step: 'events',
      as: 'f',
      until: [
        { type: 'UPDATE', update: { status: { task_id: { value: 't' }, state: 'TASK_ERROR' } } },
        { type: 'UPDATE', update: { status: { task_id: { value: 't' }, state: 'TASK_RUNNING' } } },
      ],
    },
  ),
  scenario(
    'tasks › a second one with the id of one that runs',
    ['LAUNCH'],
    subscribed(),
    offered(),
    accept(launch(task('t', sleep))),
    running,
    offered({ name: 'p', fresh: false }),
    acceptOf('p', [launch(task('t', sleep))]),
    untilTask('t', 'TASK_ERROR'),
  ),
  scenario(
    'tasks › an offer that is gone',
    ['LAUNCH'],
    subscribed(),
    offered(),
    accept(launch(task('t', 'exit 0'))),
    untilTask('t', 'TASK_FINISHED'),
    accept(launch(task('u', 'exit 0'))),
    events({ type: 'UPDATE', update: { status: { task_id: { value: 'u' } } } }),
  ),
  scenario(
    'tasks › three at once',
    ['LAUNCH'],
    subscribed(),
    offered(),
    accept(launch(task('t', 'exit 0'), task('u', 'exit 1')), launch(task('v', 'exit 2'))),
    {
      step: 'events',
      as: 'f',
      until: [
        { type: 'UPDATE', update: { status: { task_id: { value: 't' }, state: 'TASK_FINISHED' } } },
        { type: 'UPDATE', update: { status: { task_id: { value: 'u' }, state: 'TASK_FAILED' } } },
        { type: 'UPDATE', update: { status: { task_id: { value: 'v' }, state: 'TASK_FAILED' } } },
      ],
    },
  ),
  scenario(
    'tasks › a framework that knows no TASK_KILLING',
    ['KILL'],
    subscribed({ capabilities: [{ type: 'MULTI_ROLE' }, { type: 'RESERVATION_REFINEMENT' }] }),
    offered(),
    accept(launch(task('t', sleep))),
    running,
    kill(),
    untilTask('t', 'TASK_KILLED'),
  ),
  scenario(
    'tasks › a framework with one role and no capability',
    ['LAUNCH'],
    {
      step: 'subscribe',
      as: 'f',
      info: { user: 'root', name: 'f', role: 'old', failover_timeout: 60, checkpoint: true },
    },
    offered({ seen: true }),
    accept(launch(task('t', 'exit 0'))),
    untilTask('t', 'TASK_FINISHED'),
    operator({ type: 'GET_FRAMEWORKS' }),
    get('/frameworks'),
  ),
  scenario(
    'tasks › an update comes again until it is acknowledged',
    ['ACKNOWLEDGE'],
    subscribed(),
    offered(),
    { step: 'acknowledging', as: 'f', on: false },
    accept(launch(task('t', 'exit 0'))),
    untilTask('t', 'TASK_STARTING'),
    {
      step: 'none',
      as: 'f',
      of: { type: 'UPDATE', update: { status: { state: 'TASK_FINISHED' } } },
      ms: 1500,
    },
    untilTask('t', 'TASK_STARTING'),
    { step: 'acknowledging', as: 'f', on: true },
    call('ACKNOWLEDGE', { agent_id: { value: '{a1}' }, task_id: { value: 't' }, uuid: '{uuid:t}' }),
    untilTask('t', 'TASK_FINISHED'),
  ),
  scenario(
    'tasks › what master and agent show of one that runs',
    ['GET_STATE', 'GET_TASKS', 'GET_EXECUTORS', 'GET_CONTAINERS'],
    subscribed(),
    offered({ seen: true }),
    accept(launch(task('t', sleep))),
    running,
    ...['GET_STATE', 'GET_FRAMEWORKS', 'GET_AGENTS', 'GET_TASKS', 'GET_EXECUTORS', 'GET_ROLES'].map(
      (type) => operator({ type }),
    ),
    ...['/master/state', '/state-summary', '/master/slaves', '/frameworks', '/tasks', '/roles'].map(
      (path) => get(path),
    ),
    ...[
      'GET_STATE',
      'GET_FRAMEWORKS',
      'GET_AGENT',
      'GET_TASKS',
      'GET_EXECUTORS',
      'GET_CONTAINERS',
    ].map((type) => ofAgent(1, { type })),
    ...['/state', '/containers', '/monitor/statistics'].map(
      (path): Step => ({ step: 'ask', ask: { agent: 1, path } }),
    ),
  ),
  scenario(
    'tasks › what master and agent show of one that has ended',
    ['GET_STATE', 'GET_TASKS'],
    subscribed(),
    offered(),
    accept(launch(task('t', 'exit 1'))),
    untilTask('t', 'TASK_FAILED'),
    operator(
      { type: 'GET_TASKS' },
      { until: { get_tasks: { completed_tasks: [{ state: 'TASK_FAILED' }] } } },
    ),
    get('/tasks'),
    get('/frameworks'),
    ofAgent(
      1,
      { type: 'GET_TASKS' },
      { until: { get_tasks: { completed_tasks: [{ state: 'TASK_FAILED' }] } } },
    ),
  ),
];
