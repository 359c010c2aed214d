/** Reservations, volumes, and what becomes of them. */
import {
  accept,
  amount,
  call,
  events,
  type Fields,
  get,
  launch,
  offered,
  operator,
  type Scenario,
  type Step,
  scenario,
  subscribed,
  task,
  untilOperation,
  untilTask,
} from '../steps.js';

const held = (role: string, principal = 'f'): Fields => ({
  reservations: [{ type: 'DYNAMIC', role, principal }],
});
const reserve = (id: string, ...resources: Fields[]): Fields => ({
  type: 'RESERVE',
  id: { value: id },
  reserve: { resources },
});
const unreserve = (id: string, ...resources: Fields[]): Fields => ({
  type: 'UNRESERVE',
  id: { value: id },
  unreserve: { resources },
});
const volume = (id: string, mb: number, more: Fields = {}): Fields =>
  amount('disk', mb, {
    ...held('dev'),
    disk: {
      persistence: { id, principal: 'f' },
      volume: { container_path: 'data', mode: 'RW' },
    },
    ...more,
  });
const create = (id: string, ...volumes: Fields[]): Fields => ({
  type: 'CREATE',
  id: { value: id },
  create: { volumes },
});
const destroy = (id: string, ...volumes: Fields[]): Fields => ({
  type: 'DESTROY',
  id: { value: id },
  destroy: { volumes },
});

/** One operation on a fresh offer, with its outcome. */
function operation(name: string, about: string, body: Fields, state: string): Scenario {
  const id = (body.id as { value: string }).value;
  const steps: Step[] = [subscribed(), offered(), accept(body), untilOperation(id, state)];
  return scenario(`resources › ${name}`, [about], ...steps);
}

const finished = 'OPERATION_FINISHED';
const error = 'OPERATION_ERROR';
const isReserved = { resources: [{ name: 'disk', reservations: [{ role: 'dev' }] }] };
const hasVolume = { resources: [{ disk: { persistence: { id: 'v' } } }] };

/** Reserves 64 MB and makes the volume v. */
const made: readonly Step[] = [
  subscribed(),
  offered(),
  accept(reserve('r', amount('disk', 64, held('dev'))), create('c', volume('v', 64))),
  {
    step: 'events',
    as: 'f',
    until: ['r', 'c'].map((id) => ({
      type: 'UPDATE_OPERATION_STATUS',
      update_operation_status: { status: { operation_id: { value: id } } },
    })),
  },
  offered({ fresh: false, with: hasVolume, seen: true }),
];

/** Calls of an operator about resources of agent 1. */
function byOperator(type: string, field: string, ...list: Fields[]): Step {
  const name = type.toLowerCase();
  return operator({ type, [name]: { agent_id: { value: '{a1}' }, [field]: list } });
}
const own = (mb: number): Fields => amount('disk', mb, held('dev', 'control'));
const ownVolume = amount('disk', 64, {
  ...held('dev', 'control'),
  disk: {
    persistence: { id: 'w', principal: 'control' },
    volume: { container_path: 'data', mode: 'RW' },
  },
});

const form = (path: string, body: string): Step => ({
  step: 'ask',
  ask: {
    path,
    method: 'POST',
    body,
    headers: { 'content-type': 'application/x-www-form-urlencoded' },
  },
});
const encoded = (value: unknown): string => encodeURIComponent(JSON.stringify(value));
const oldForm = { name: 'cpus', type: 'SCALAR', scalar: { value: 1 }, role: 'dev' };
const oldReservation = { ...oldForm, reservation: { principal: 'control' } };

/** All of them. */
export const resourceScenarios: readonly Scenario[] = [
  operation('RESERVE', 'RESERVE', reserve('r', amount('cpus', 1, held('dev'))), finished),
  operation('RESERVE too much', 'RESERVE', reserve('r', amount('cpus', 99, held('dev'))), error),
  operation(
    'RESERVE for a role not its own',
    'RESERVE',
    reserve('r', amount('cpus', 1, held('x'))),
    error,
  ),
  operation(
    'RESERVE as another principal',
    'RESERVE',
    reserve('r', amount('cpus', 1, held('dev', 'g'))),
    error,
  ),
  operation('RESERVE of nothing', 'RESERVE', reserve('r'), error),
  operation('RESERVE without a reservation', 'RESERVE', reserve('r', amount('cpus', 1)), error),
  operation(
    'RESERVE a negative amount',
    'RESERVE',
    reserve('r', amount('cpus', -1, held('dev'))),
    error,
  ),
  operation(
    'RESERVE refined for a role below',
    'RESERVE',
    reserve(
      'r',
      amount('cpus', 1, {
        reservations: [
          { type: 'DYNAMIC', role: 'dev', principal: 'f' },
          { type: 'DYNAMIC', role: 'dev/x', principal: 'f' },
        ],
      }),
    ),
    error,
  ),
  operation(
    'UNRESERVE what is not reserved',
    'UNRESERVE',
    unreserve('u', amount('cpus', 1, held('dev'))),
    error,
  ),
  operation(
    'UNRESERVE without a reservation',
    'UNRESERVE',
    unreserve('u', amount('cpus', 1)),
    error,
  ),
  operation('CREATE on what is not reserved', 'CREATE', create('c', volume('v', 32)), error),
  operation(
    'CREATE without a reservation',
    'CREATE',
    create(
      'c',
      amount('disk', 32, {
        disk: { persistence: { id: 'v' }, volume: { container_path: 'data', mode: 'RW' } },
      }),
    ),
    error,
  ),
  operation(
    'CREATE without a volume',
    'CREATE',
    create('c', amount('disk', 32, held('dev'))),
    error,
  ),
  operation('DESTROY what is not there', 'DESTROY', destroy('d', volume('v', 32)), error),
  operation(
    'CREATE_DISK',
    'CREATE_DISK',
    {
      type: 'CREATE_DISK',
      id: { value: 'k' },
      create_disk: { source: amount('disk', 32), target_type: 'MOUNT' },
    },
    error,
  ),
  operation(
    'DESTROY_DISK',
    'DESTROY_DISK',
    {
      type: 'DESTROY_DISK',
      id: { value: 'k' },
      destroy_disk: { source: amount('disk', 32) },
    },
    error,
  ),
  scenario(
    'resources › RESERVE and UNRESERVE, and what is offered between them',
    ['RESERVE', 'UNRESERVE'],
    subscribed(),
    offered(),
    accept(reserve('r', amount('disk', 64, held('dev')))),
    untilOperation('r', finished),
    offered({ with: isReserved, seen: true }),
    get('/master/slaves'),
    operator({ type: 'GET_OPERATIONS' }),
    operator({ type: 'GET_AGENTS' }),
    accept(unreserve('u', amount('disk', 64, held('dev')))),
    untilOperation('u', finished),
    operator({ type: 'GET_AGENTS' }),
  ),
  scenario(
    'resources › a volume, a task that writes to it, and DESTROY',
    ['CREATE', 'DESTROY', 'LAUNCH'],
    ...made,
    accept(
      launch(
        task('t', 'echo hello > data/file && test -s data/file', {
          resources: [amount('cpus', 0.1), amount('mem', 32), volume('v', 64)],
        }),
      ),
    ),
    untilTask('t', 'TASK_FINISHED'),
    offered({ with: hasVolume }),
    accept(
      launch(
        task('u', 'grep hello data/file', {
          resources: [amount('cpus', 0.1), amount('mem', 32), volume('v', 64)],
        }),
      ),
    ),
    untilTask('u', 'TASK_FINISHED'),
    offered({ with: hasVolume }),
    accept(destroy('d', volume('v', 64)), unreserve('x', amount('disk', 64, held('dev')))),
    untilOperation('x', finished),
    get('/master/slaves'),
  ),
  scenario(
    'resources › a volume of one’s own grows and shrinks',
    ['GROW_VOLUME', 'SHRINK_VOLUME'],
    subscribed(),
    offered(),
    accept(reserve('r', amount('disk', 128, held('dev'))), create('c', volume('v', 64))),
    untilOperation('c', finished),
    offered({ with: hasVolume }),
    accept({
      type: 'GROW_VOLUME',
      id: { value: 'g' },
      grow_volume: { volume: volume('v', 64), addition: amount('disk', 64, held('dev')) },
    }),
    untilOperation('g', finished),
    offered({
      fresh: false,
      with: { resources: [{ scalar: { value: 128 }, disk: { persistence: { id: 'v' } } }] },
      seen: true,
    }),
    accept({
      type: 'SHRINK_VOLUME',
      id: { value: 's' },
      shrink_volume: { volume: volume('v', 128), subtract: { value: 96 } },
    }),
    untilOperation('s', finished),
    operator({ type: 'GET_AGENTS' }),
  ),
  scenario(
    'resources › CREATE of an id that is taken',
    ['CREATE'],
    subscribed(),
    offered(),
    accept(reserve('r', amount('disk', 128, held('dev'))), create('c', volume('v', 64))),
    untilOperation('c', finished),
    offered({ with: hasVolume }),
    accept(create('c2', volume('v', 64))),
    untilOperation('c2', error),
  ),
  scenario(
    'resources › operations without ids say nothing',
    ['RESERVE'],
    subscribed(),
    offered(),
    accept({ type: 'RESERVE', reserve: { resources: [amount('disk', 64, held('dev'))] } }),
    offered({ with: isReserved, seen: true }),
    operator({ type: 'GET_OPERATIONS' }),
  ),
  scenario(
    'resources › RESERVE and LAUNCH in one accept',
    ['RESERVE', 'LAUNCH'],
    subscribed(),
    offered(),
    accept(
      reserve('r', amount('cpus', 1, held('dev'))),
      launch(
        task('t', 'exec sleep 1000', {
          resources: [amount('cpus', 1, held('dev')), amount('mem', 32)],
        }),
      ),
    ),
    untilTask('t', 'TASK_RUNNING'),
    get('/master/slaves'),
    operator({ type: 'GET_ROLES' }),
    call('KILL', { task_id: { value: 't' } }),
    untilTask('t', 'TASK_KILLED'),
  ),
  scenario(
    'resources › RECONCILE_OPERATIONS of one that is known and one that is not',
    ['RECONCILE_OPERATIONS'],
    subscribed(),
    offered(),
    { step: 'acknowledging', as: 'f', on: false },
    accept(reserve('r', amount('disk', 64, held('dev')))),
    untilOperation('r', finished),
    call('RECONCILE_OPERATIONS', {
      operations: [
        { operation_id: { value: 'r' }, agent_id: { value: '{a1}' } },
        { operation_id: { value: 'never' }, agent_id: { value: '{a1}' } },
      ],
    }),
    untilOperation('never', 'OPERATION_UNKNOWN'),
    { step: 'acknowledging', as: 'f', on: true },
    call('ACKNOWLEDGE_OPERATION_STATUS', {
      agent_id: { value: '{a1}' },
      operation_id: { value: 'r' },
      uuid: '{uuid:r}',
    }),
  ),
  scenario(
    'resources › operators reserve, make a volume, and give both back',
    ['RESERVE_RESOURCES', 'CREATE_VOLUMES', 'DESTROY_VOLUMES', 'UNRESERVE_RESOURCES'],
    byOperator('RESERVE_RESOURCES', 'resources', own(64)),
    operator(
      { type: 'GET_AGENTS' },
      {
        until: {
          get_agents: { agents: [{ total_resources: [{ reservations: [{ role: 'dev' }] }] }] },
        },
      },
    ),
    byOperator('CREATE_VOLUMES', 'volumes', ownVolume),
    byOperator('UNRESERVE_RESOURCES', 'resources', own(64)),
    byOperator('DESTROY_VOLUMES', 'volumes', ownVolume),
    byOperator('DESTROY_VOLUMES', 'volumes', ownVolume),
    byOperator('UNRESERVE_RESOURCES', 'resources', own(64)),
    get('/master/slaves'),
  ),
  scenario(
    'resources › operators take back what is offered',
    ['RESERVE_RESOURCES', 'RESCIND'],
    subscribed(),
    offered(),
    byOperator('RESERVE_RESOURCES', 'resources', own(64)),
    events({ type: 'RESCIND' }, 'f', ['RESCIND']),
    offered({ with: isReserved, seen: true }),
    byOperator('UNRESERVE_RESOURCES', 'resources', own(64)),
  ),
  scenario(
    'resources › the older forms',
    ['/reserve', '/unreserve', '/create-volumes', '/destroy-volumes'],
    form('/master/reserve', `slaveId={a1}&resources=${encoded([oldReservation])}`),
    get('/master/slaves'),
    form('/master/unreserve', `slaveId={a1}&resources=${encoded([oldReservation])}`),
    form('/master/reserve', `slaveId={a1}`),
    form('/master/reserve', `resources=[]`),
    form('/master/reserve', `slaveId={a1}&resources=no`),
    form('/master/reserve', `slaveId={a1}&resources={}`),
    form('/master/reserve', `slaveId=nobody&resources=[]`),
    form('/master/unreserve', `slaveId={a1}`),
    form('/master/create-volumes', `slaveId={a1}`),
    form('/master/create-volumes', `slaveId={a1}&volumes=[]`),
    form('/master/destroy-volumes', ''),
  ),
];
