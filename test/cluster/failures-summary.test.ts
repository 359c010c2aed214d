/** What an incident says of itself once more of the same has failed. */
import t from 'tap';
import { aTask, World } from './failures-world.js';

t.test('failures › a crash loop says how often, and which tasks of the service', async (t) => {
  const world = new World();
  const fail = (id: string): void => {
    world.run(id, 'a1', '/x');
    world.update(id, 'TASK_FAILED', { message: 'Command exited with status 3' });
  };
  fail('x-1');
  const first = world.only().summary;
  t.match(first, /^task .* of \/x failed on host-a1$/);
  for (const id of ['x-2', 'x-3']) fail(id);
  t.match(world.only(), { lost: { length: 3 }, cause: 'Command exited with status 3' });
  t.equal(world.only().summary, 'tasks x-1, x-2, x-3 of /x failed');
  fail('x-3');
  fail('x-4');
  t.equal(world.only().summary, '4 tasks of /x failed');
  const loop = new World();
  for (const id of ['y.1', 'y.2', 'y.3']) {
    loop.send({ type: 'TaskAdded', task: { ...aTask(id, 'a1', '/y'), name: 'y' } });
    loop.update(id, 'TASK_RUNNING');
    loop.update(id, 'TASK_FAILED');
  }
  t.equal(loop.only().summary, 'task y of /y failed 3 times');
});
