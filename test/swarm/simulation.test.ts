/**
 * The pure core of a swarm against a pretended cluster, with a crash after any effect: what was not
 * stored is forgotten, what was not done stays undone. At rest there is no container without its
 * record and task, no record without its container, and no container twice.
 */
import t from 'tap';
import { runSeed } from '../helpers/swarm-simulation.js';

t.test('swarm › crashes at any effect leave nothing half-made', async (t) => {
  const problems: string[] = [];
  let [crashes, made, moved] = [0, 0, 0];
  for (let seed = 1; seed <= 60; seed += 1) {
    const result = runSeed(seed);
    problems.push(...result.problems.map((problem) => `seed ${seed}: ${problem}`));
    crashes += result.crashes;
    made += result.made;
    moved += result.moved;
  }
  t.same(problems.slice(0, 5), []);
  t.ok(crashes > 100, `${crashes} crashes`);
  t.ok(made > 100, `${made} containers made`);
  t.ok(moved > 10, `${moved} containers moved`);
});
