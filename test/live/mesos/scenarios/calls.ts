/** Calls that are refused, and what they are refused with. */
import type { Json } from '../../../../src/core/json.js';
import {
  type Ask,
  call,
  type Fields,
  framework,
  ofAgent,
  operator,
  type Scenario,
  type Step,
  scenario,
  subscribed,
} from '../steps.js';

const json = { 'content-type': 'application/json', accept: 'application/json' };

function raw(name: string, about: string, ask: Ask): Scenario {
  return scenario(`calls › ${name}`, [about], { step: 'ask', ask });
}

const doors: readonly { readonly of: string; readonly ask: Omit<Ask, 'body'> }[] = [
  { of: 'the master', ask: { path: '/api/v1' } },
  { of: 'an agent', ask: { agent: 1, path: '/api/v1' } },
  { of: 'schedulers', ask: { path: '/api/v1/scheduler', as: 'f' } },
];

/** What every door is tried with. */
const forms: readonly (readonly [string, Json, Record<string, string>])[] = [
  ['no JSON', '{"type": GET', json],
  ['an empty body', '', json],
  ['a list', '[]', json],
  ['a text', '"GET_HEALTH"', json],
  ['no type', '{}', json],
  ['an unknown type', '{"type":"NO_SUCH_CALL"}', json],
  ['a type that is a number', '{"type":1e308}', json],
  ['a type of another kind', '{"type":{"a":1}}', json],
  ['a wrong content type', '{"type":"GET_HEALTH"}', { 'content-type': 'text/plain' }],
  ['no content type', '{"type":"GET_HEALTH"}', {}],
  ['a wrong accept', '{"type":"GET_HEALTH"}', { ...json, accept: 'text/html' }],
];

const agentId = { agent_id: { value: 'nobody-S1' } };
const disk = (role: string): Fields => ({
  name: 'disk',
  type: 'SCALAR',
  scalar: { value: 32 },
  reservations: [{ type: 'DYNAMIC', role, principal: 'control' }],
});

/** Calls of operators that can't be. */
const refused: readonly (readonly [string, Fields])[] = [
  ['TEARDOWN', {}],
  ['TEARDOWN', { framework_id: { value: 'nobody' } }],
  ['MARK_AGENT_GONE', {}],
  ['MARK_AGENT_GONE', agentId],
  ['DRAIN_AGENT', agentId],
  ['DRAIN_AGENT', { agent_id: { value: '{a1}' }, max_grace_period: '60s' }],
  ['DEACTIVATE_AGENT', agentId],
  ['REACTIVATE_AGENT', agentId],
  ['REACTIVATE_AGENT', { agent_id: { value: '{a1}' } }],
  ['RESERVE_RESOURCES', { ...agentId, resources: [disk('dev')] }],
  ['RESERVE_RESOURCES', { agent_id: { value: '{a1}' }, resources: [] }],
  [
    'RESERVE_RESOURCES',
    { agent_id: { value: '{a1}' }, resources: [{ ...disk('dev'), scalar: { value: 1e6 } }] },
  ],
  [
    'RESERVE_RESOURCES',
    { agent_id: { value: '{a1}' }, resources: [{ ...disk('dev'), scalar: { value: -1 } }] },
  ],
  ['UNRESERVE_RESOURCES', { agent_id: { value: '{a1}' }, resources: [disk('dev')] }],
  ['CREATE_VOLUMES', { agent_id: { value: '{a1}' }, volumes: [disk('dev')] }],
  ['CREATE_VOLUMES', { agent_id: { value: '{a1}' }, volumes: [] }],
  ['DESTROY_VOLUMES', { agent_id: { value: '{a1}' }, volumes: [disk('dev')] }],
  ['UPDATE_WEIGHTS', { weight_infos: [{ role: 'dev', weight: 0 }] }],
  ['UPDATE_WEIGHTS', { weight_infos: [{ role: 'dev', weight: -1 }] }],
  ['UPDATE_WEIGHTS', { weight_infos: [{ role: 'a b', weight: 2 }] }],
  ['UPDATE_WEIGHTS', { weight_infos: [] }],
  ['UPDATE_QUOTA', {}],
  ['UPDATE_QUOTA', { quota_configs: [{ role: '*' }] }],
  ['UPDATE_QUOTA', { quota_configs: [{ role: 'dev', limits: { cpus: { value: -1 } } }] }],
  [
    'UPDATE_QUOTA',
    {
      quota_configs: [
        { role: 'dev', guarantees: { cpus: { value: 2 } }, limits: { cpus: { value: 1 } } },
      ],
    },
  ],
  ['UPDATE_QUOTA', { quota_configs: [{ role: 'dev', guarantees: { cpus: { value: 1000 } } }] }],
  ['SET_QUOTA', {}],
  ['SET_QUOTA', { quota_request: { role: 'dev', guarantee: [] } }],
  ['SET_LOGGING_LEVEL', { level: 1 }],
  ['LIST_FILES', {}],
  ['LIST_FILES', { path: '/nowhere' }],
  ['READ_FILE', { path: '/nowhere', offset: 0 }],
  ['READ_FILE', {}],
  ['START_MAINTENANCE', { machines: [{ hostname: 'x', ip: '10.0.0.9' }] }],
  ['STOP_MAINTENANCE', { machines: [{ hostname: 'x', ip: '10.0.0.9' }] }],
  ['START_MAINTENANCE', { machines: [] }],
  // Without a time-out the one beside waits for ever for a number that it never gets.
  ['GET_METRICS', { timeout: { nanoseconds: 1e9 } }],
];

function refusal([type, fields]: readonly [string, Fields], index: number): Scenario {
  const body = { type, [type.toLowerCase()]: fields };
  return scenario(`calls › ${type} that can’t be (${index + 1})`, [type], operator(body));
}

const ofAgents: readonly (readonly [string, Fields])[] = [
  ['GET_METRICS', { timeout: { nanoseconds: 1e9 } }],
  ['LIST_FILES', { path: '/nowhere' }],
  ['READ_FILE', { path: '/nowhere', offset: 0 }],
  ['WAIT_CONTAINER', { container_id: { value: 'nobody' } }],
  ['WAIT_NESTED_CONTAINER', { container_id: { value: 'x', parent: { value: 'nobody' } } }],
  ['KILL_CONTAINER', { container_id: { value: 'nobody' } }],
  ['KILL_NESTED_CONTAINER', { container_id: { value: 'x', parent: { value: 'nobody' } } }],
  ['REMOVE_CONTAINER', { container_id: { value: 'x', parent: { value: 'nobody' } } }],
  ['LAUNCH_CONTAINER', { container_id: { value: 'x', parent: { value: 'nobody' } } }],
  ['LAUNCH_NESTED_CONTAINER', { container_id: { value: 'x' } }],
  ['SET_LOGGING_LEVEL', { level: 0, duration: { nanoseconds: 1e9 } }],
];

const subscriptions: readonly (readonly [string, Fields])[] = [
  ['with no role and no capability', { roles: [], capabilities: [] }],
  ['with roles and role', { role: 'x', roles: ['dev'] }],
  ['with a role but MULTI_ROLE', { role: 'x', roles: [] }],
  ['with a role with a space', { roles: ['a b'] }],
  ['with the role ..', { roles: ['..'] }],
  ['with a role twice', { roles: ['dev', 'dev'] }],
  ['with a role that begins with a slash', { roles: ['/dev'] }],
  ['with a role that ends with a slash', { roles: ['dev/'] }],
  ['with a role that begins with -', { roles: ['-dev'] }],
  ['with a nested role', { roles: ['a/b/c'] }],
  ['for another principal', { principal: 'g' }],
  ['for its own principal', { principal: 'f' }],
  ['with a negative failover time-out', { failover_timeout: -1 }],
  ['with a large failover time-out', { failover_timeout: 1e300 }],
  ['without a user', { user: '' }],
  ['without a name', { name: '' }],
  ['with an unknown capability', { capabilities: [{ type: 'NEVER_HEARD' }] }],
];

function subscription([name, info]: readonly [string, Fields]): Scenario {
  const step: Step = { step: 'subscribe', as: 'f', info: framework('f', info) };
  return scenario(`calls › SUBSCRIBE ${name}`, ['SUBSCRIBE'], step);
}

/** Calls of a framework that can't be. */
const ofFrameworks: readonly (readonly [string, Fields, string?])[] = [
  ['KILL of nobody', { type: 'KILL', kill: { task_id: { value: 'nobody' } } }],
  ['without a stream id', { type: 'REVIVE' }, 'none'],
  ['with another stream id', { type: 'REVIVE' }, '11111111-2222-3333-4444-555555555555'],
  ['ACCEPT without a body', { type: 'ACCEPT' }],
  ['DECLINE of nothing', { type: 'DECLINE', decline: { offer_ids: [] } }],
  ['DECLINE of an unknown offer', { type: 'DECLINE', decline: { offer_ids: [{ value: 'x' }] } }],
  ['ACCEPT of nothing', { type: 'ACCEPT', accept: { offer_ids: [] } }],
  ['of an unknown framework', { type: 'REVIVE', framework_id: { value: 'nobody' } }],
  ['REVIVE of a role not its own', { type: 'REVIVE', revive: { roles: ['other'] } }],
  ['SUPPRESS of a role not its own', { type: 'SUPPRESS', suppress: { roles: ['other'] } }],
  ['SUPPRESS of a bad role', { type: 'SUPPRESS', suppress: { roles: ['a b'] } }],
  [
    'ACKNOWLEDGE with a bad uuid',
    {
      type: 'ACKNOWLEDGE',
      acknowledge: { agent_id: { value: 'a' }, task_id: { value: 't' }, uuid: 'eA==' },
    },
  ],
  [
    'ACKNOWLEDGE of nothing known',
    {
      type: 'ACKNOWLEDGE',
      acknowledge: {
        agent_id: { value: '{a1}' },
        task_id: { value: 't' },
        uuid: 'AAAAAAAAAAAAAAAAAAAAAA==',
      },
    },
  ],
  [
    'ACKNOWLEDGE_OPERATION_STATUS with a bad uuid',
    {
      type: 'ACKNOWLEDGE_OPERATION_STATUS',
      acknowledge_operation_status: { operation_id: { value: 'o' }, uuid: 'eA==' },
    },
  ],
  ['REQUEST', { type: 'REQUEST', request: { requests: [] } }],
  ['REQUEST without a body', { type: 'REQUEST' }],
  [
    'MESSAGE to nobody',
    {
      type: 'MESSAGE',
      message: { agent_id: { value: '{a1}' }, executor_id: { value: 'x' }, data: 'eA==' },
    },
  ],
  [
    'SHUTDOWN of nobody',
    { type: 'SHUTDOWN', shutdown: { agent_id: { value: '{a1}' }, executor_id: { value: 'x' } } },
  ],
  ['SHUTDOWN without a body', { type: 'SHUTDOWN' }],
  ['KILL without a body', { type: 'KILL' }],
  ['MESSAGE without a body', { type: 'MESSAGE' }],
  ['RECONCILE without a body', { type: 'RECONCILE' }],
  ['UPDATE_FRAMEWORK without a body', { type: 'UPDATE_FRAMEWORK' }],
  ['RECONCILE_OPERATIONS without a body', { type: 'RECONCILE_OPERATIONS' }],
];

/** All of them. */
export const callScenarios: readonly Scenario[] = [
  ...doors.flatMap(({ of, ask }) =>
    forms.map(([name, body, headers]) =>
      raw(`${name} to ${of}`, 'malformed calls', { ...ask, method: 'POST', body, headers }),
    ),
  ),
  ...doors.map(({ of, ask }) =>
    raw(`PUT to ${of}`, 'malformed calls', { ...ask, method: 'PUT', body: {} }),
  ),
  ...['TEARDOWN', 'UPDATE_WEIGHTS', 'MARK_AGENT_GONE', 'RESERVE_RESOURCES'].map((type) =>
    scenario(`calls › ${type} without a body`, [type], operator({ type })),
  ),
  ...refused.map(refusal),
  ...ofAgents.map(([type, fields]) => {
    const body = { type, [type.toLowerCase()]: fields };
    return scenario(`calls › ${type} that can’t be, of an agent`, [type], ofAgent(1, body));
  }),
  ...subscriptions.map(subscription),
  ...ofFrameworks.map(([name, body, stream]) =>
    scenario(`calls › ${name}`, [String(body.type)], subscribed(), {
      step: 'call',
      as: 'f',
      call: body,
      ...(stream === undefined ? {} : { stream }),
    }),
  ),
  scenario('calls › TEARDOWN ends the stream', ['TEARDOWN'], subscribed(), call('TEARDOWN'), {
    step: 'ended',
    as: 'f',
  }),
  scenario(
    'calls › SUBSCRIBE after TEARDOWN',
    ['SUBSCRIBE'],
    subscribed(),
    call('TEARDOWN'),
    { step: 'ended', as: 'f' },
    { step: 'subscribe', as: 'f:2', info: framework('f'), id: '{f}' },
    { step: 'ended', as: 'f:2' },
  ),
];
