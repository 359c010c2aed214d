/** Records of earlier versions are taken over, and what runs by them goes on. */
import t from 'tap';
import { seededRandom } from '../../src/core/random.js';
import { stateOf } from '../../src/sdk/state.js';
import {
  launches,
  planStatus,
  running,
  type SimulatedService,
  Simulation,
} from '../helpers/sdk-simulation.js';

t.test(
  'records › a pod of one task from an earlier version is taken over as it runs',
  async (t) => {
    const options = {
      serviceName: 'svc',
      role: 'r',
      principal: 'svc',
      api: { host: 'h', port: 1 },
      uninstalling: false,
      random: seededRandom(8),
    };
    const task = { id: 'node-0-server__1', configId: 'c', specHash: 'h', state: 'TASK_RUNNING' };
    const pods = [
      { type: 'node', count: 1, task: { name: 'server', cpus: 1, volumes: [], ports: [] } },
    ];
    const reservation = { resourceId: 'r', ports: {}, volumeIds: ['v'], confirmed: true };
    const state = stateOf(
      options,
      new Map<string, unknown>([
        ['config/c', { id: 'c', spec: { name: 'svc', pods, plans: [] }, templates: {} }],
        [
          'instance/node-0',
          { name: 'node-0', pod: 'node', index: 0, task, reservation, paused: true },
        ],
      ]),
    );
    t.match(state.configs.get('c')?.spec.pods[0], {
      tasks: [{ name: 'server', essential: true, resourceSet: 'server' }],
      sets: [{ name: 'server', cpus: 1 }],
    });
    t.match(state.instances.get('node-0'), {
      tasks: { server: { id: 'node-0-server__1' } },
      reservation: { sets: [''] },
      paused: ['server'],
    });
  },
);

t.test(
  'records › an update of dcos itself restarts nothing of an older installation',
  async (t) => {
    const single: SimulatedService = {
      yaml: `name: svc
pods:
  node:
    count: 2
    tasks:
      server: {goal: RUNNING, cmd: run, cpus: 0.5, memory: 64, ports: {p: {port: 0}},
        volume: {path: data, type: ROOT, size: 10}, configs: {c: {template: c, dest: c}}}
`,
      templates: { c: '{{#pods.node}}{{address}} {{/pods.node}}' },
      options: {},
      updates: [],
      ends: () => false,
    };
    const simulation = new Simulation(12, single);
    await simulation.live(20_000);
    t.equal(planStatus(simulation, 'deploy'), 'COMPLETE');
    // Its records as they were when a pod had one task.
    for (const [key, value] of [...simulation.records]) {
      simulation.records.set(key, asBefore(key, structuredClone(value)));
    }
    t.match(simulation.records.get('instance/node-0'), { task: { state: 'TASK_RUNNING' } });
    simulation.log.length = 0;
    simulation.start();
    await simulation.live(20_000);
    t.same(launches(simulation), []);
    t.equal(planStatus(simulation, 'deploy'), 'COMPLETE');
    simulation.master.fail(running(simulation, 'node-1-server'));
    await simulation.live(20_000);
    t.same(launches(simulation), ['node-1-server'], 'on what it had reserved');
    t.same([...simulation.state.leftovers.keys()], []);
  },
);

// biome-ignore lint/suspicious/noExplicitAny: records of another time have no type
function asBefore(key: string, value: any): any {
  if (key.startsWith('config/')) {
    for (const pod of value.spec.pods) {
      const { essential: _e, resourceSet: _r, ...task } = pod.tasks[0];
      const { name: _n, ...held } = pod.sets[0];
      pod.task = { ...task, ...held };
      for (const gone of ['tasks', 'sets', 'volumes']) delete pod[gone];
    }
  }
  if (key.startsWith('instance/')) {
    value.task = { ...value.tasks.server, specHash: 'x' };
    delete value.tasks;
    delete value.reservation.sets;
  }
  return value;
}
