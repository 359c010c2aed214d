/** Which of a pod is updated last: the one whose readiness check says that it leads. */
import t from 'tap';
import { planStatus, type SimulatedService, Simulation } from '../helpers/sdk-simulation.js';

const service: SimulatedService = {
  yaml: `
name: svc
pods:
  node:
    count: 3
    tasks:
      server:
        goal: RUNNING
        cmd: 'run \${WORD}'
        cpus: 0.5
        memory: 64
        readiness-check: {cmd: ask, interval: 1, leader-exit-code: 3}
plans:
  update: {strategy: serial, phases: {node: {strategy: serial, pod: node}}}
`,
  templates: {},
  options: { WORD: 'one' },
  updates: [],
  ends: () => false,
};

t.test('pods › whoever leads is updated last, also when another one leads by then', async (t) => {
  const simulation = new Simulation(8, service);
  simulation.master.exitCodes.set('node-0-server', 3);
  await simulation.live(30_000);
  t.equal(planStatus(simulation, 'deploy'), 'COMPLETE', 'who leads is ready');
  const launches = (): string[] =>
    simulation.log
      .filter((line) => line.startsWith('task launched'))
      .map((line) => line.split(' ').at(-1) ?? '');
  const update = async (WORD: string): Promise<string[]> => {
    simulation.log.length = 0;
    simulation.options.WORD = WORD;
    simulation.start();
    await simulation.live(30_000);
    t.equal(planStatus(simulation, 'deploy'), 'COMPLETE');
    return launches();
  };
  t.same(await update('two'), ['node-1-server', 'node-2-server', 'node-0-server']);
  simulation.master.exitCodes.clear();
  simulation.master.exitCodes.set('node-1-server', 3);
  t.same(await update('three'), ['node-1-server', 'node-2-server', 'node-0-server']);
  t.same(await update('four'), ['node-0-server', 'node-2-server', 'node-1-server']);
});
