/** Custom executors as the master sees them: checked, started once, accounted for. */
import t from 'tap';
import { stateView } from '../../../src/mesos/master/views/state.js';
import type { OfferOperation } from '../../../src/wire/mesos/scheduler.js';
import { violations } from '../../helpers/master-rules.js';
import { started } from '../../helpers/master-shapes.js';
import {
  aTask,
  eventsOf,
  lastOffer,
  launch,
  offersTo,
  scalar,
  statusesTo,
} from '../../helpers/master-world.js';

t.test('accept › a custom executor is started once and holds its resources', async (t) => {
  const { world, scheduler, agent, offer } = started();
  const executor = {
    executor_id: { value: 'e' },
    command: { value: './run', environment: { variables: [{ name: 'A', value: 'secret' }] } },
    resources: [scalar('cpus', 0.1), scalar('mem', 32)],
  };
  const within = (id: string, own: object = executor): OfferOperation => {
    const { command: _none, ...task } = aTask(id, agent.id);
    return launch({ ...task, executor: own as typeof executor });
  };
  world.accept(scheduler, offer, [within('a')]);
  t.match(agent.orders.at(-1), {
    type: 'RUN_TASK',
    launch_executor: true,
    task: { executor: { framework_id: { value: scheduler.id }, command: executor.command } },
  });
  t.match(lastOffer(scheduler).resources[0], { scalar: { value: 3.8 } });
  t.same(lastOffer(scheduler).executor_ids, [{ value: 'e' }]);
  t.notMatch(JSON.stringify(stateView(world.state)), 'secret');
  world.accept(scheduler, lastOffer(scheduler), [within('b')]);
  t.match(agent.orders.at(-1), { type: 'RUN_TASK', launch_executor: false });
  t.match(lastOffer(scheduler).resources[0], { scalar: { value: 3.7 } });

  const refused: [string, object, RegExp][] = [
    ['c', { ...executor, command: { value: './other' } }, /^ExecutorInfo is not compatible/],
    ['d', { executor_id: { value: 'n' } }, /must be set for 'CUSTOM' executor$/],
    ['f', { ...executor, framework_id: { value: 'x' } }, /invalid FrameworkID \(Actual: x vs/],
    ['g', { ...executor, executor_id: { value: '../e' } }, /contains invalid characters$/],
    [
      'h',
      { ...executor, executor_id: { value: 'n' }, shutdown_grace_period: { nanoseconds: -1 } },
      /must be non-negative$/,
    ],
  ];
  for (const [id, other, text] of refused) {
    world.accept(scheduler, lastOffer(scheduler), [within(id, other)]);
    const { state, message, reason } = statusesTo(scheduler).at(-1) ?? {};
    t.same([state, reason], ['TASK_ERROR', 'REASON_TASK_INVALID']);
    t.match(message, text);
  }
  const exited = { framework_id: { value: scheduler.id }, executor_id: { value: 'e' }, status: 9 };
  world.report(agent, { type: 'EXECUTOR_EXITED', ...exited });
  t.match(eventsOf(scheduler, 'FAILURE').at(-1)?.failure, { status: 9 });
  t.match(lastOffer(scheduler).resources[0], { scalar: { value: 0.1 } });
  const [before, freed] = offersTo(scheduler).slice(-2);
  const offer_ids = [before?.id ?? offer.id, freed?.id ?? offer.id];
  world.call(scheduler, { type: 'ACCEPT', accept: { offer_ids, operations: [within('i')] } });
  t.match(agent.orders.at(-1), { type: 'RUN_TASK', launch_executor: true });
  t.same(violations(world.state), []);
});
