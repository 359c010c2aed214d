/** A service of three kinds of pods through all that can happen to it, from seeds. */
import t from 'tap';
import { planStatus, type SimulatedService, Simulation } from '../helpers/sdk-simulation.js';

const templates = { peers: '{{#pods.node}}{{name}}={{address}}:{{port}} {{/pods.node}}{{WORD}}' };

/** Two pods: `node`, whose members name each other and hold data, and `web`, which may shrink. */
const yaml = `
name: svc
pods:
  node:
    count: 3
    placement: 'hostname:UNIQUE'
    tasks:
      server:
        goal: RUNNING
        cmd: run
        cpus: 0.5
        memory: 64
        ports: {peer: {port: 0, advertise: true}}
        volume: {path: data, type: ROOT, size: 10}
        configs: {peers: {template: peers, dest: peers.txt}}
  web:
    count: \${WEBS}
    allow-decommission: true
    tasks: {server: {goal: RUNNING, cmd: 'web \${WORD}', cpus: 0.2, memory: 32}}
  init:
    count: 1
    tasks: {once: {goal: ONCE, cmd: init, cpus: 0.1, memory: 16}}
zookeeper-nodes: {servers: 'zk:2181', paths: [/svc]}
plans:
  deploy: {strategy: serial, phases: {nodes: {strategy: parallel, pod: node},
    webs: {pod: web}, init: {pod: init}}}
  update: {strategy: serial, phases: {nodes: {pod: node}, webs: {pod: web}, init: {pod: init}}}
`;

const updates = ['1', '2', '3'].flatMap((WEBS) => ['one', 'two'].map((WORD) => ({ WEBS, WORD })));
const service: SimulatedService = {
  yaml,
  templates,
  options: { WEBS: '2', WORD: 'one' },
  updates,
  ends: (name) => name.startsWith('init'),
};

const nameOf = (info: { name: string }): string => info.name;

for (const seed of [1, 2, 3, 4]) {
  t.test(`simulation › seed ${seed}: whatever happens, it comes to what was asked`, async (t) => {
    const simulation = new Simulation(seed, service);
    await simulation.live(20_000);
    t.equal(planStatus(simulation, 'deploy'), 'COMPLETE', 'the first deployment');
    for (let round = 0; round < 40; round += 1) await simulation.hurt();
    // Back-offs of what failed and reconciliations of what was lost take their time.
    await simulation.calm(900_000);
    const running = [...simulation.master.tasks.values()]
      .filter(({ state }) => state === 'TASK_RUNNING')
      .map(({ info }) => nameOf(info))
      .filter((name) => !name.startsWith('init'))
      .sort();
    const webs = Number(simulation.options.WEBS);
    const wanted = [
      ...[0, 1, 2].map((index) => `node-${index}-server`),
      ...Array.from({ length: webs }, (_, index) => `web-${index}-server`),
    ];
    t.same(running, wanted, `after ${simulation.crashes} crashes`);
    t.equal(planStatus(simulation, 'recovery'), 'COMPLETE', 'recovered');
    t.same([...simulation.state.leftovers.keys()], [], 'nothing is held for nobody');
    simulation.uninstalling = true;
    simulation.zookeeperAway = seed % 3;
    simulation.start();
    await simulation.live(120_000);
    t.equal(planStatus(simulation, 'deploy'), 'COMPLETE', 'uninstalled');
    t.same(simulation.znodes, [], 'nothing is left in ZooKeeper');
    t.same(simulation.reserved(), [], 'nothing is reserved');
    t.same([...simulation.records.keys()], [], 'nothing is stored');
  });
}

t.test('uninstall › a ZooKeeper that is gone does not hold it up, and is named', async (t) => {
  const simulation = new Simulation(13, service);
  await simulation.live(20_000);
  simulation.uninstalling = true;
  simulation.zookeeperAway = Number.POSITIVE_INFINITY;
  simulation.start();
  await simulation.live(30_000);
  t.not(planStatus(simulation, 'deploy'), 'COMPLETE', 'it is tried for a minute');
  await simulation.live(60_000);
  const plan = simulation.state.plans.get('deploy')?.plan;
  t.equal(planStatus(simulation, 'deploy'), 'COMPLETE');
  const steps = plan?.phases.find(({ name }) => name === 'remove-zookeeper-nodes')?.steps;
  t.match(steps, [
    { name: 'remove-/svc', message: 'left in ZooKeeper, to be removed by hand: no answer' },
  ]);
  t.same([...simulation.records.keys()], [], 'nothing is stored');
});

t.test('uninstall › an agent that is gone does not hold it up, and is written down', async (t) => {
  const simulation = new Simulation(11, service);
  await simulation.live(20_000);
  const lost = simulation.master.agents.find((agent) =>
    [...simulation.master.tasks.values()].some((task) => task.agent === agent),
  );
  if (lost === undefined) return t.fail('no task runs');
  simulation.master.cutOff(lost);
  await simulation.live(5_000);
  simulation.uninstalling = true;
  simulation.start();
  await simulation.live(60_000);
  t.equal(planStatus(simulation, 'deploy'), 'COMPLETE');
  const kept = [...simulation.records];
  t.ok(kept.length > 0);
  for (const [key, value] of kept) {
    t.match(key, /^lost\//);
    t.match(value, { agentId: lost.id, role: 'svc-role' });
  }
});

t.test('recovery › nothing is left over on an agent that is marked gone', async (t) => {
  const simulation = new Simulation(14, service);
  await simulation.live(20_000);
  const task = [...simulation.master.tasks.values()].find(
    ({ info }) => info.name === 'node-1-server',
  );
  if (task === undefined) return t.fail('node-1 runs');
  simulation.master.markGone(task.agent);
  await simulation.live(60_000);
  t.equal(planStatus(simulation, 'recovery'), 'COMPLETE', 'replaced on another agent');
  t.same([...simulation.state.leftovers.keys()], []);
  simulation.uninstalling = true;
  simulation.start();
  await simulation.live(10_000);
  t.equal(planStatus(simulation, 'deploy'), 'COMPLETE', 'an uninstall waits for no such agent');
  t.same([...simulation.records.keys()], [], 'nothing is noted to be given back later');
});

t.test('recovery › a cut-off agent: data waits for it, what holds nothing moves', async (t) => {
  const simulation = new Simulation(12, service);
  await simulation.live(20_000);
  const holder = [...simulation.master.tasks.values()].find(
    ({ info }) => info.name === 'node-1-server',
  );
  if (holder === undefined) return t.fail('node-1 does not run');
  simulation.master.cutOff(holder.agent);
  await simulation.live(30_000);
  const recovery = simulation.state.plans.get('recovery')?.plan;
  const step = recovery?.phases
    .flatMap(({ steps }) => steps)
    .find(({ name }) => name === 'node-1:[server]');
  t.match(step?.message, /waits for agent host-\d, which is unreachable; 'pod replace node-1'/);
  const webs = [...simulation.master.tasks.values()].filter(
    ({ info, agent, state }) =>
      info.name.startsWith('web-') && agent.reachable && state === 'TASK_RUNNING',
  );
  t.equal(webs.length, 2, 'both web instances run elsewhere');
  simulation.master.heal(holder.agent);
  await simulation.live(5_000);
  t.equal(simulation.state.instances.get('node-1')?.tasks.server?.id, holder.info.task_id.value);
  t.equal(planStatus(simulation, 'recovery'), 'COMPLETE');
});

t.test('journal › each thing is told once, and a reconciliation tells nothing new', async (t) => {
  const simulation = new Simulation(13, service);
  await simulation.live(20_000);
  const count = (text: string): number => simulation.log.filter((line) => line === text).length;
  for (const name of ['node-0', 'node-1', 'node-2', 'web-0', 'web-1', 'init-0']) {
    const task = name.startsWith('init') ? `${name}-once` : `${name}-server`;
    t.equal(count(`task launched ${task}`), 1, `${name} launched`);
  }
  t.equal(count('configuration accepted '), 1);
  t.equal(count('plan complete deploy'), 1);
  t.equal(count('task ended init-0-once'), 1);
  simulation.log.length = 0;
  simulation.start();
  await simulation.live(20_000);
  t.same(simulation.log, ['configuration unchanged ', 'subscribed to the Mesos master ']);
  simulation.log.length = 0;
  const [web] = [...simulation.master.tasks.values()].filter(({ info, state }) => {
    return info.name === 'web-1-server' && state === 'TASK_RUNNING';
  });
  if (web === undefined) return t.fail('web-1 does not run');
  simulation.master.fail(web);
  await simulation.live(20_000);
  const begun = [
    'task ended web-1-server',
    'recovery begun web-1:[server]',
    'task launched web-1-server',
  ];
  t.same(simulation.log.slice(0, 3).sort(), [...begun].sort());
  t.same(simulation.log.filter((line) => line.startsWith('recovery done')).length, 1);
});

t.test(
  'simulation › members that name each other start with the offers that show their places',
  async (t) => {
    const simulation = new Simulation(5, service);
    await simulation.live(5_000);
    t.equal(planStatus(simulation, 'deploy'), 'COMPLETE', 'no time-out had to pass');
  },
);
