/** Tasks that a master refuses, each for one reason. */
import {
  accept,
  amount,
  call,
  events,
  type Fields,
  launch,
  offered,
  type Scenario,
  scenario,
  sleep,
  subscribed,
  task,
} from '../steps.js';

const grace = (seconds: number): Fields => ({ grace_period: { nanoseconds: seconds * 1e9 } });
const check = (command: string, more: Fields = {}): Fields => ({
  type: 'COMMAND',
  interval_seconds: 0.3,
  command: { command: { value: command } },
  ...more,
});

/** Tasks that look as if they would be refused, and run. */
const taken: readonly (readonly [string, Fields])[] = [
  ['no amount of its resources', { resources: [amount('cpus', 0), amount('mem', 0)] }],
  ['a health check without a type', { health_check: { command: { value: 'true' } } }],
];

const refusedTasks: readonly (readonly [string, Fields])[] = [
  ['too much', { resources: [amount('cpus', 100), amount('mem', 32)] }],
  ['no resources', { resources: [] }],
  ['a negative resource', { resources: [amount('cpus', -1), amount('mem', 32)] }],
  ['another agent', { agent_id: { value: '{a2}' } }],
  ['an id with a slash', { task_id: { value: 'a/b' } }],
  ['an empty id', { task_id: { value: '' } }],
  ['a negative grace period', { kill_policy: grace(-1) }],
  ['a health check without a command', { health_check: { type: 'COMMAND' } }],
  ['a check without a command', { check: { type: 'COMMAND' } }],
  ['a check with a negative delay', { check: check('true', { delay_seconds: -1 }) }],
  [
    'a command and an executor',
    {
      executor: {
        type: 'CUSTOM',
        executor_id: { value: 'e' },
        command: { value: 'true' },
      },
    },
  ],
  ['max_completion_time below 0', { max_completion_time: { nanoseconds: -1 } }],
  ['an unknown role', { resources: [amount('cpus', 0.1, { allocation_info: { role: 'x' } })] }],
  [
    'the same resource twice in different roles',
    {
      resources: [
        amount('cpus', 0.1),
        amount('mem', 32, { reservations: [{ type: 'DYNAMIC', role: 'dev' }] }),
      ],
    },
  ],
];

/** All of them. */
export const refusalScenarios: readonly Scenario[] = [
  ...refusedTasks.map(([name, more], index) => {
    const info = task('t', sleep, more);
    const id = (info.task_id as { value: string }).value;
    return scenario(
      `tasks › refused (${index + 1}): ${name}`,
      ['LAUNCH'],
      subscribed(),
      offered(),
      accept(launch(info)),
      events({ type: 'UPDATE', update: { status: { task_id: { value: id } } } }),
    );
  }),
  ...taken.map(([name, more]) =>
    scenario(
      `tasks › taken: ${name}`,
      ['LAUNCH'],
      subscribed(),
      offered(),
      accept(launch(task('t', sleep, more))),
      events({
        type: 'UPDATE',
        update: { status: { task_id: { value: 't' }, state: 'TASK_RUNNING' } },
      }),
      call('KILL', { task_id: { value: 't' } }),
      events({
        type: 'UPDATE',
        update: { status: { task_id: { value: 't' }, state: 'TASK_KILLED' } },
      }),
    ),
  ),
];
