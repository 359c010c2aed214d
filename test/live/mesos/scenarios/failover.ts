/** Schedulers that come back, and reconciliation. */
import {
  accept,
  call,
  events,
  type Fields,
  framework,
  get,
  launch,
  offered,
  operator,
  type Scenario,
  type Step,
  scenario,
  subscribed,
  task,
  untilTask,
} from '../steps.js';

const sleep = 'exec sleep 1000';
const runs: readonly Step[] = [
  subscribed(),
  offered(),
  accept(launch(task('t', sleep))),
  untilTask('t', 'TASK_RUNNING'),
];
const again = (as: string, info: Fields = {}): Step => ({
  step: 'subscribe',
  as,
  info: framework('f', info),
  id: '{f}',
});
const reconcile = (as: string, ...tasks: Fields[]): Step => call('RECONCILE', { tasks }, as);
const untilReconciled = (id: string, as = 'f'): Step =>
  events(
    {
      type: 'UPDATE',
      update: { status: { task_id: { value: id }, reason: 'REASON_RECONCILIATION' } },
    },
    as,
  );
const ended = (as: string): Step => ({ step: 'ended', as });
const usual = ['MULTI_ROLE', 'RESERVATION_REFINEMENT', 'TASK_KILLING_STATE'];
const plain: Fields = { capabilities: usual.map((type) => ({ type })) };

/** All of them. */
export const failoverScenarios: readonly Scenario[] = [
  scenario(
    'failover › a second stream of a framework',
    ['SUBSCRIBE'],
    ...runs,
    again('f:2'),
    ended('f'),
    call('KILL', { task_id: { value: 't' } }, 'f:2'),
    untilTask('t', 'TASK_KILLED', {}, 'f:2'),
  ),
  scenario(
    'failover › the old stream may call nothing',
    ['SUBSCRIBE'],
    subscribed(),
    again('f:2'),
    ended('f'),
    call('REVIVE'),
  ),
  scenario('failover › SUBSCRIBE with another id', ['SUBSCRIBE'], {
    step: 'subscribe',
    as: 'f',
    info: framework('f'),
    id: 'never-heard-of',
  }),
  scenario('failover › SUBSCRIBE as another principal', ['SUBSCRIBE'], subscribed(), {
    step: 'subscribe',
    as: 'g',
    info: framework('f'),
    id: '{f}',
  }),
  scenario(
    'failover › another user, name and roles',
    ['SUBSCRIBE'],
    ...runs,
    again('f:2', { user: 'nobody', name: 'other', roles: ['dev', 'ops'], failover_timeout: 120 }),
    ended('f'),
    operator({ type: 'GET_FRAMEWORKS' }),
    get('/frameworks'),
  ),
  scenario(
    'failover › without the role of a task that runs',
    ['SUBSCRIBE'],
    ...runs,
    again('f:2', { roles: ['ops'] }),
    operator({ type: 'GET_ROLES' }),
  ),
  scenario(
    'failover › what is shown while it is away',
    ['GET_FRAMEWORKS'],
    ...runs,
    { step: 'close', as: 'f' },
    operator(
      { type: 'GET_FRAMEWORKS' },
      { until: { get_frameworks: { frameworks: [{ connected: false }] } } },
    ),
    get('/master/state'),
    get('/state-summary'),
    get('/roles'),
    again('f:2'),
    reconcile('f:2'),
    untilReconciled('t', 'f:2'),
  ),
  scenario(
    'failover › time-out 0 ends it at once',
    ['SUBSCRIBE'],
    subscribed({ failover_timeout: 0 }),
    offered(),
    accept(launch(task('t', sleep))),
    untilTask('t', 'TASK_RUNNING'),
    { step: 'close', as: 'f' },
    operator(
      { type: 'GET_FRAMEWORKS' },
      { until: { get_frameworks: { completed_frameworks: [{ framework_info: { name: 'f' } }] } } },
    ),
    again('f:2'),
    ended('f:2'),
  ),
  scenario(
    'failover › an update that was not acknowledged comes to the next stream',
    ['ACKNOWLEDGE'],
    subscribed(),
    offered(),
    { step: 'acknowledging', as: 'f', on: false },
    accept(launch(task('t', 'exit 0'))),
    untilTask('t', 'TASK_STARTING'),
    again('f:2'),
    ended('f'),
    untilTask('t', 'TASK_FINISHED', {}, 'f:2'),
  ),
  scenario(
    'reconciliation › implicit',
    ['RECONCILE'],
    ...runs,
    reconcile('f'),
    untilReconciled('t'),
  ),
  scenario(
    'reconciliation › explicit of one that runs',
    ['RECONCILE'],
    ...runs,
    reconcile('f', { task_id: { value: 't' }, agent_id: { value: '{a1}' } }),
    untilReconciled('t'),
  ),
  scenario(
    'reconciliation › explicit without its agent',
    ['RECONCILE'],
    ...runs,
    reconcile('f', { task_id: { value: 't' } }),
    untilReconciled('t'),
  ),
  scenario(
    'reconciliation › explicit with another agent',
    ['RECONCILE'],
    ...runs,
    reconcile('f', { task_id: { value: 't' }, agent_id: { value: '{a2}' } }),
    untilReconciled('t'),
  ),
  scenario(
    'reconciliation › of a task that never was',
    ['RECONCILE'],
    subscribed(),
    reconcile('f', { task_id: { value: 'x' }, agent_id: { value: '{a1}' } }),
    untilReconciled('x'),
  ),
  scenario(
    'reconciliation › of a task on an agent that never was',
    ['RECONCILE'],
    subscribed(),
    reconcile('f', { task_id: { value: 'x' }, agent_id: { value: 'nobody' } }),
    untilReconciled('x'),
  ),
  scenario(
    'reconciliation › of a framework that is not partition-aware',
    ['RECONCILE'],
    subscribed(plain),
    reconcile('f', { task_id: { value: 'x' }, agent_id: { value: 'nobody' } }),
    untilReconciled('x'),
  ),
  scenario(
    'reconciliation › of one that has ended',
    ['RECONCILE'],
    subscribed(),
    offered(),
    accept(launch(task('t', 'exit 0'))),
    untilTask('t', 'TASK_FINISHED'),
    operator(
      { type: 'GET_TASKS' },
      { until: { get_tasks: { completed_tasks: [{ state: 'TASK_FINISHED' }] } }, unseen: true },
    ),
    reconcile('f', { task_id: { value: 't' }, agent_id: { value: '{a1}' } }),
    untilReconciled('t'),
  ),
  scenario(
    'reconciliation › KILL of a task that never was',
    ['KILL'],
    subscribed(plain),
    call('KILL', { task_id: { value: 'x' }, agent_id: { value: '{a1}' } }),
    untilReconciled('x'),
  ),
  scenario(
    'failover › two frameworks of one name',
    ['SUBSCRIBE'],
    subscribed(),
    { step: 'subscribe', as: 'g', info: framework('f') },
    operator({ type: 'GET_FRAMEWORKS' }, { only: 'get_frameworks.frameworks.0.connected' }),
  ),
];
