/** What a declarative service will need, told before anything of it is started. */
import t from 'tap';
import { needsOfService } from '../../src/cluster/operations/service-needs.js';

const yaml = (placement: string): string => `
name: x
pods:
  node:
    count: 2
    placement: '${placement}'
    tasks: {server: {goal: RUNNING, cmd: run, cpus: 0.5, memory: 64}}
`;
const app = { id: '/x', env: {} };

t.test('needs › what a placement spreads over is needed as well', async (t) => {
  t.match(needsOfService(yaml('hostname:UNIQUE'), app, 'install'), [
    {
      name: 'an instance of node',
      count: 2,
      cpus: 0.5,
      memMb: 64,
      spreads: [{ field: 'hostname', operator: 'UNIQUE', number: 1 }],
    },
  ]);
});

t.test(
  'needs › an unreadable placement refuses an install by its path; an update is judged later',
  async (t) => {
    t.throws(() => needsOfService(yaml('a:b:c'), app, 'install'), {
      code: 'invalid',
      message: /^pods\.node\.placement: Operator must be one of/,
    });
    t.match(needsOfService(yaml('a:b:c'), app, 'update'), [{ count: 2, spreads: [] }]);
  },
);
