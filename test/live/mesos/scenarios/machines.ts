/** Agents and masters that die, freeze, are drained, are given up. */
import {
  call,
  events,
  type Fields,
  framework,
  get,
  offered,
  operator,
  runs,
  type Scenario,
  type Step,
  scenario,
  subscribed,
  untilTask,
} from '../steps.js';

const onAgent = { agent_id: { value: '{a1}' } };
const machine = (what: Extract<Step, { step: 'machine' }>['do']): Step => ({
  step: 'machine',
  do: what,
  agent: 1,
});
const agentCall = (type: string, more: Fields = {}): Step =>
  operator({ type, [type.toLowerCase()]: { ...onAgent, ...more } });
const agentIs = (fields: Fields): Partial<Extract<Step, { step: 'ask' }>> => ({
  until: { get_agents: { agents: [{ agent_info: { id: { value: '{a1}' } }, ...fields }] } },
});
const window = (...machine_ids: Fields[]): Step =>
  operator({
    type: 'UPDATE_MAINTENANCE_SCHEDULE',
    update_maintenance_schedule: {
      schedule: {
        windows: [{ machine_ids, unavailability: { start: { nanoseconds: 4e18 } } }],
      },
    },
  });
const first = { hostname: '127.0.1.1', ip: '127.0.1.1' };
const form = (path: string, body: string): Step => ({
  step: 'ask',
  ask: { method: 'POST', path, body, headers: { 'content-type': 'application/json' } },
});

/** All of them. */
export const machineScenarios: readonly Scenario[] = [
  scenario(
    'machines › DRAIN_AGENT kills what runs',
    ['DRAIN_AGENT'],
    ...runs,
    agentCall('DRAIN_AGENT'),
    untilTask('t', 'TASK_KILLED'),
    operator({ type: 'GET_AGENTS' }, agentIs({ drain_info: { state: 'DRAINED' } })),
    get('/master/slaves'),
    agentCall('REACTIVATE_AGENT'),
    offered({ fresh: false }),
  ),
  scenario(
    'machines › DRAIN_AGENT of an idle agent',
    ['DRAIN_AGENT'],
    agentCall('DRAIN_AGENT', { max_grace_period: { seconds: 1 } }),
    operator({ type: 'GET_AGENTS' }, agentIs({ drain_info: { state: 'DRAINED' } })),
    agentCall('DRAIN_AGENT'),
    agentCall('REACTIVATE_AGENT'),
    operator({ type: 'GET_AGENTS' }, agentIs({ active: true })),
  ),
  scenario(
    'machines › DEACTIVATE_AGENT takes its offers back',
    ['DEACTIVATE_AGENT', 'REACTIVATE_AGENT'],
    subscribed(),
    offered(),
    agentCall('DEACTIVATE_AGENT'),
    events({ type: 'RESCIND', rescind: { offer_id: { value: '{o}' } } }, 'f', ['RESCIND']),
    operator({ type: 'GET_AGENTS' }),
    agentCall('DEACTIVATE_AGENT'),
    agentCall('REACTIVATE_AGENT'),
    offered({ seen: true }),
  ),
  scenario(
    'machines › a schedule of maintenance',
    [
      'UPDATE_MAINTENANCE_SCHEDULE',
      'GET_MAINTENANCE_SCHEDULE',
      'GET_MAINTENANCE_STATUS',
      '/maintenance/schedule',
      '/maintenance/status',
    ],
    window({ hostname: 'other', ip: '10.0.0.9' }),
    operator({ type: 'GET_MAINTENANCE_SCHEDULE' }),
    operator({ type: 'GET_MAINTENANCE_STATUS' }),
    get('/maintenance/schedule'),
    get('/maintenance/status'),
    window({ hostname: 'other', ip: '10.0.0.9' }, { hostname: 'other', ip: '10.0.0.9' }),
    window({}),
    window(),
  ),
  scenario(
    'machines › a machine that is down and up, by the older paths',
    ['/machine/down', '/machine/up'],
    window({ hostname: 'other', ip: '10.0.0.9' }),
    form('/machine/down', '[{"hostname":"other","ip":"10.0.0.9"}]'),
    get('/maintenance/status'),
    form('/machine/down', '[{"hostname":"other","ip":"10.0.0.9"}]'),
    form('/machine/up', '[{"hostname":"other","ip":"10.0.0.9"}]'),
    form('/machine/up', '[{"hostname":"other","ip":"10.0.0.9"}]'),
    form('/machine/up', '[]'),
    form('/machine/down', '{}'),
    form('/machine/down', 'no'),
    form('/maintenance/schedule', '{"windows":[]}'),
    form('/maintenance/schedule', '[]'),
    form('/maintenance/schedule', 'no'),
  ),
  scenario(
    'machines › inverse offers of a machine',
    ['INVERSE_OFFERS', 'ACCEPT_INVERSE_OFFERS'],
    ...runs,
    window(first),
    events({ type: 'INVERSE_OFFERS' }, 'f', ['INVERSE_OFFERS']),
    get('/maintenance/status'),
  ),
  scenario(
    'machines › kill -9 of an agent, and its task goes on',
    ['recovery'],
    ...runs,
    machine('killAgent'),
    machine('startAgent'),
    operator({ type: 'GET_AGENTS' }, { ...agentIs({ active: true }), unseen: true }),
    {
      step: 'ask',
      ask: { agent: 1, path: '/state' },
      until: { frameworks: [{ executors: [{ id: 't' }] }] },
      unseen: true,
    },
    call('RECONCILE', { tasks: [{ task_id: { value: 't' } }] }),
    untilTask('t', 'TASK_RUNNING', { reason: 'REASON_RECONCILIATION' }),
    call('KILL', { task_id: { value: 't' } }),
    untilTask('t', 'TASK_KILLED'),
  ),
  scenario(
    'machines › kill -9 of the master, and all comes back',
    ['recovery'],
    ...runs,
    machine('killMaster'),
    { step: 'ended', as: 'f' },
    machine('startMaster'),
    { step: 'subscribe', as: 'f:2', info: framework('f'), id: '{f}' },
    operator(
      { type: 'GET_AGENTS' },
      {
        until: {
          get_agents: {
            agents: [
              { agent_info: { id: { value: '{a1}' } } },
              { agent_info: { id: { value: '{a2}' } } },
              { agent_info: { id: { value: '{a3}' } } },
            ],
          },
        },
        unseen: true,
      },
    ),
    call('RECONCILE', { tasks: [{ task_id: { value: 't' }, agent_id: { value: '{a1}' } }] }, 'f:2'),
    untilTask('t', 'TASK_RUNNING', { reason: 'REASON_RECONCILIATION' }, 'f:2'),
    call('KILL', { task_id: { value: 't' } }, 'f:2'),
    untilTask('t', 'TASK_KILLED', {}, 'f:2'),
  ),
  scenario(
    'machines › a frozen agent is unreachable and comes back',
    ['TASK_UNREACHABLE', 'FAILURE'],
    ...runs,
    machine('freezeAgent'),
    {
      step: 'events',
      as: 'f',
      until: [
        {
          type: 'UPDATE',
          update: { status: { task_id: { value: 't' }, state: 'TASK_UNREACHABLE' } },
        },
        { type: 'FAILURE' },
      ],
    },
    operator({ type: 'GET_AGENTS' }),
    operator({ type: 'GET_TASKS' }),
    get('/slaves'),
    get('/tasks'),
    call('RECONCILE', { tasks: [{ task_id: { value: 't' }, agent_id: { value: '{a1}' } }] }),
    untilTask('t', 'TASK_UNREACHABLE', { reason: 'REASON_RECONCILIATION' }),
    machine('thawAgent'),
    untilTask('t', 'TASK_RUNNING'),
    operator({ type: 'GET_AGENTS' }, agentIs({ active: true })),
  ),
  scenario(
    'machines › MARK_AGENT_GONE',
    ['MARK_AGENT_GONE', 'FAILURE'],
    ...runs,
    agentCall('MARK_AGENT_GONE'),
    {
      step: 'events',
      as: 'f',
      until: [
        {
          type: 'UPDATE',
          update: { status: { task_id: { value: 't' }, state: 'TASK_GONE_BY_OPERATOR' } },
        },
        { type: 'FAILURE' },
      ],
    },
    call('RECONCILE', { tasks: [{ task_id: { value: 't' }, agent_id: { value: '{a1}' } }] }),
    untilTask('t', 'TASK_GONE_BY_OPERATOR', { reason: 'REASON_RECONCILIATION' }),
    agentCall('MARK_AGENT_GONE'),
    machine('replaceAgent'),
  ),
];
