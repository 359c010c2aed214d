/** Who is offered what: roles, weights, quota, filters, suppression. */
import {
  accept,
  amount,
  call,
  decline,
  type Fields,
  framework,
  get,
  launch,
  noOffer,
  offered,
  operator,
  type Scenario,
  type Step,
  scenario,
  subscribed,
  task,
  untilTask,
} from '../steps.js';

const limits = (cpus: number, mem: number): Fields => ({
  cpus: { value: cpus },
  mem: { value: mem },
});
const quota = (...quota_configs: Fields[]): Step =>
  operator({ type: 'UPDATE_QUOTA', update_quota: { quota_configs } });
const weights = (...weight_infos: Fields[]): Step =>
  operator({ type: 'UPDATE_WEIGHTS', update_weights: { weight_infos } });
const shown: readonly Step[] = [
  operator({ type: 'GET_ROLES' }),
  get('/roles'),
  operator({ type: 'GET_QUOTA' }),
  get('/quota'),
];
const form = (method: string, path: string, body?: unknown): Step => ({
  step: 'ask',
  ask: {
    method,
    path,
    ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
    headers: { 'content-type': 'application/json' },
  },
});

/** All of them. */
export const roleScenarios: readonly Scenario[] = [
  scenario(
    'roles › weights',
    ['UPDATE_WEIGHTS', 'GET_WEIGHTS', '/weights'],
    weights({ role: 'dev', weight: 2.5 }, { role: 'ops', weight: 1 }),
    operator({ type: 'GET_WEIGHTS' }),
    get('/weights'),
    operator({ type: 'GET_ROLES' }),
    get('/roles'),
  ),
  scenario(
    'roles › weights by PUT',
    ['/weights'],
    form('PUT', '/weights', [{ role: 'dev', weight: 3 }]),
    get('/weights'),
    form('PUT', '/weights', [{ role: 'dev', weight: -3 }]),
    form('PUT', '/weights', [{ role: '', weight: 3 }]),
    form('PUT', '/weights', '{'),
    form('POST', '/weights', []),
  ),
  scenario(
    'roles › quota with limits',
    ['UPDATE_QUOTA', 'GET_QUOTA', 'GET_ROLES'],
    quota({ role: 'dev', limits: limits(1, 512) }),
    ...shown,
  ),
  scenario(
    'roles › quota with guarantees and limits',
    ['UPDATE_QUOTA'],
    quota({ role: 'dev', guarantees: limits(1, 512), limits: limits(2, 1024) }),
    ...shown,
  ),
  scenario(
    'roles › quota that is taken back',
    ['UPDATE_QUOTA'],
    quota({ role: 'dev', guarantees: limits(1, 512), limits: limits(2, 1024) }),
    quota({ role: 'dev' }),
    operator({ type: 'GET_ROLES' }),
  ),
  scenario(
    'roles › more guarantees than there are',
    ['UPDATE_QUOTA'],
    quota({ role: 'dev', guarantees: limits(10, 512), limits: limits(10, 1024) }),
    quota({ role: 'ops', guarantees: limits(10, 512), limits: limits(10, 1024) }),
    operator({
      type: 'UPDATE_QUOTA',
      update_quota: {
        force: true,
        quota_configs: [{ role: 'ops', guarantees: limits(10, 512), limits: limits(10, 1024) }],
      },
    }),
  ),
  scenario(
    'roles › quota of a role and one below',
    ['UPDATE_QUOTA'],
    quota({ role: 'a', guarantees: limits(1, 64), limits: limits(2, 128) }),
    quota({ role: 'a/b', guarantees: limits(2, 64), limits: limits(2, 128) }),
    quota({ role: 'a/b', guarantees: limits(1, 64), limits: limits(3, 128) }),
    ...shown,
  ),
  scenario(
    'roles › quota in the older form',
    ['SET_QUOTA', 'REMOVE_QUOTA'],
    operator({
      type: 'SET_QUOTA',
      set_quota: { quota_request: { role: 'dev', guarantee: [amount('cpus', 1)] } },
    }),
    operator({
      type: 'SET_QUOTA',
      set_quota: { quota_request: { role: 'dev', guarantee: [amount('cpus', 1)] } },
    }),
    ...shown,
    operator({ type: 'REMOVE_QUOTA', remove_quota: { role: 'dev' } }),
  ),
  scenario(
    'roles › quota by POST and DELETE',
    ['/quota'],
    form('POST', '/quota', { role: 'dev', guarantee: [amount('cpus', 1)] }),
    get('/quota'),
    form('DELETE', '/quota/dev'),
    form('POST', '/quota', { role: 'dev' }),
    form('POST', '/quota', { guarantee: [amount('cpus', 1)] }),
    form('PUT', '/quota', {}),
  ),
  scenario(
    'roles › a limit cuts what is offered',
    ['UPDATE_QUOTA'],
    quota({ role: 'dev', limits: limits(1, 512) }),
    subscribed(),
    { step: 'offer', as: 'f', name: 'o', with: { resources: [{ name: 'cpus' }] } },
    call('SUPPRESS'),
    operator({ type: 'GET_ROLES' }),
  ),
  scenario(
    'roles › a task within a limit',
    ['UPDATE_QUOTA'],
    quota({ role: 'dev', limits: { cpus: { value: 0.1 }, mem: { value: 32 } } }),
    subscribed(),
    {
      step: 'offer',
      as: 'f',
      name: 'o',
      with: {
        resources: [
          { name: 'cpus', scalar: { value: 0.1 } },
          { name: 'mem', scalar: { value: 32 } },
        ],
      },
    },
  ),
  scenario(
    'roles › DECLINE with a filter',
    ['DECLINE'],
    subscribed(),
    offered(),
    decline({ refuse_seconds: 30 }),
    noOffer(1500),
  ),
  scenario(
    'roles › DECLINE without waiting',
    ['DECLINE'],
    subscribed(),
    offered(),
    decline({ refuse_seconds: 0 }),
    offered({ fresh: true, seen: true }),
  ),
  scenario(
    'roles › DECLINE with a negative time is for 5 s',
    ['DECLINE'],
    subscribed(),
    offered(),
    decline({ refuse_seconds: -3 }),
    noOffer(1500),
  ),
  scenario(
    'roles › REVIVE forgets filters',
    ['REVIVE', 'DECLINE'],
    subscribed(),
    offered(),
    decline({ refuse_seconds: 1000 }),
    noOffer(700),
    call('REVIVE'),
    offered({ fresh: false, seen: true }),
  ),
  scenario(
    'roles › SUPPRESS and REVIVE',
    ['SUPPRESS', 'REVIVE'],
    subscribed(),
    offered(),
    call('SUPPRESS'),
    decline({ refuse_seconds: 0 }),
    noOffer(1500),
    operator({ type: 'GET_FRAMEWORKS' }),
    call('REVIVE'),
    offered({ fresh: false }),
  ),
  scenario(
    'roles › SUBSCRIBE with suppressed roles',
    ['SUBSCRIBE'],
    {
      step: 'subscribe',
      as: 'f',
      info: framework('f', { roles: ['dev', 'ops'] }),
      more: { suppressed_roles: ['dev', 'ops'] },
    },
    noOffer(1500),
    call('REVIVE', { roles: ['ops'] }),
    {
      step: 'offer',
      as: 'f',
      name: 'o',
      agent: 1,
      with: { allocation_info: { role: 'ops' } },
      seen: true,
    },
  ),
  scenario(
    'roles › two roles of one framework',
    ['OFFERS'],
    subscribed({ roles: ['dev', 'ops'] }),
    { step: 'offer', as: 'f', name: 'o', agent: 1 },
    operator({ type: 'GET_ROLES' }, { only: 'get_roles.roles.0.name' }),
  ),
  scenario(
    'roles › a nested role is offered',
    ['OFFERS'],
    subscribed({ roles: ['a/b'] }),
    offered({ seen: true }),
    operator({ type: 'GET_ROLES' }),
    get('/roles'),
  ),
  scenario(
    'roles › UPDATE_FRAMEWORK to other roles',
    ['UPDATE_FRAMEWORK'],
    subscribed(),
    offered(),
    call('UPDATE_FRAMEWORK', {
      framework_info: {
        ...framework('f', { principal: 'f', roles: ['ops'] }),
        id: { value: '{f}' },
      },
    }),
    {
      step: 'offer',
      as: 'f',
      name: 'p',
      agent: 1,
      with: { allocation_info: { role: 'ops' } },
      seen: true,
    },
    operator({ type: 'GET_FRAMEWORKS' }),
  ),
  scenario(
    'roles › UPDATE_FRAMEWORK of what can’t change',
    ['UPDATE_FRAMEWORK'],
    subscribed(),
    call('UPDATE_FRAMEWORK', {
      framework_info: {
        ...framework('f', { principal: 'f', user: 'nobody' }),
        id: { value: '{f}' },
      },
    }),
    call('UPDATE_FRAMEWORK', {
      framework_info: {
        ...framework('f', { principal: 'f', checkpoint: false }),
        id: { value: '{f}' },
      },
    }),
    call('UPDATE_FRAMEWORK', {
      framework_info: { ...framework('f', { roles: ['a b'] }), id: { value: '{f}' } },
    }),
    call('UPDATE_FRAMEWORK', { framework_info: framework('f') }),
    // Its principal was filled in when it subscribed; here it is not.
    call('UPDATE_FRAMEWORK', { framework_info: { ...framework('f'), id: { value: '{f}' } } }),
    call('UPDATE_FRAMEWORK', {
      framework_info: { ...framework('f', { principal: 'f' }), id: { value: '{f}' } },
      suppressed_roles: ['other'],
    }),
  ),
  scenario(
    'roles › a task is counted to its role',
    ['GET_ROLES', '/roles', '/state-summary'],
    subscribed({ roles: ['a/b'] }),
    offered(),
    accept(launch(task('t', 'exec sleep 1000'))),
    untilTask('t', 'TASK_RUNNING'),
    call('SUPPRESS'),
    quota({ role: 'a', guarantees: limits(1, 64), limits: limits(8, 8192) }),
    get('/quota'),
  ),
];
