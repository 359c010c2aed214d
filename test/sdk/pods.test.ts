/**
 * Pods of several tasks: who starts when, who goes down with whom, what plans of one's own do, how
 * an instance is replaced; and all of it hurt from seeds.
 */
import t from 'tap';
import type { CommandResult, Event, PlanVerb, PodVerb } from '../../src/sdk/events.js';
import type { ModelTask } from '../helpers/model-agent.js';
import {
  launches,
  planStatus,
  running,
  type SimulatedService,
  Simulation,
} from '../helpers/sdk-simulation.js';

/** As Cassandra and HDFS do it: a server with its sidecars, its data seen by all of them. */
const yaml = `
name: svc
pods:
  node:
    count: \${COUNT}
    allow-decommission: true
    placement: 'hostname:UNIQUE'
    volume: {path: data, type: ROOT, size: 10}
    resource-sets:
      side: {cpus: 0.1, memory: 16}
    tasks:
      server:
        goal: RUNNING
        cmd: 'run \${WORD}'
        cpus: 0.5
        memory: 64
        ports: {peer: {port: 0, env-key: PEER_PORT}}
        transport-encryption: [{name: tls, type: TLS}]
        readiness-check: {cmd: ask, interval: 1}
      format: {goal: ONCE, cmd: format, resource-set: side}
      join: {goal: FINISH, cmd: join, resource-set: side}
      agent: {goal: RUNNING, essential: false, cmd: 'agent \${AGENT}', cpus: 0.1, memory: 16}
      backup: {goal: ONCE, cmd: backup, resource-set: side}
      leave: {goal: ONCE, cmd: leave, resource-set: side}
plans:
  deploy:
    strategy: serial
    phases:
      node:
        strategy: serial
        pod: node
        steps:
          - 0: [[format], [server, agent]]
          - default: [[join], [server, agent]]
  update: {strategy: serial, phases: {node: {strategy: serial, pod: node,
    steps: [{default: [[server, agent]]}]}}}
  replace: {strategy: serial, phases: {node: {pod: node, steps: [{default: [[join], [server]]}]}}}
  decommission: {phases: {node: {pod: node, steps: [{default: [[leave]]}]}}}
  backup: {strategy: serial, phases: {node: {strategy: parallel, pod: node,
    steps: [{default: [[backup]]}]}}}
`;

const service: SimulatedService = {
  yaml,
  templates: {},
  options: { WORD: 'one', AGENT: 'a', COUNT: '3' },
  updates: ['one', 'two'].flatMap((WORD) =>
    ['3', '4'].map((COUNT) => ({ WORD, COUNT, AGENT: WORD })),
  ),
  ends: (name) => /-(?:format|join|backup|leave)$/.test(name),
};

const started = async (seed: number): Promise<Simulation> => {
  const simulation = new Simulation(seed, service);
  await simulation.live(30_000);
  return simulation;
};

const env = ({ info }: ModelTask): Record<string, string> =>
  Object.fromEntries(
    (info.command?.environment?.variables ?? []).map(({ name, value }) => [name, value ?? '']),
  );

const commanded = (simulation: Simulation, verb: PlanVerb, plan: string, variables = {}) =>
  simulation.ask((requestId) => ({ type: 'PlanCommanded', requestId, verb, plan, variables }));

const pod = (simulation: Simulation, verb: PodVerb, instance: string): Promise<CommandResult> =>
  simulation.ask((requestId) => ({ type: 'PodCommanded', requestId, verb, instance }));

t.test('pods › steps start their tasks in order, on one agent and one volume', async (t) => {
  const simulation = await started(1);
  t.equal(planStatus(simulation, 'deploy'), 'COMPLETE');
  t.same(
    simulation.state.plans.get('deploy')?.plan.phases[0]?.steps.map(({ name }) => name),
    [
      'node-0:[format]',
      'node-0:[server, agent]',
      'node-1:[join]',
      'node-1:[server, agent]',
      'node-2:[join]',
      'node-2:[server, agent]',
    ],
  );
  t.same(launches(simulation), [
    'node-0-format',
    'node-0-server',
    'node-0-agent',
    'node-1-join',
    'node-1-server',
    'node-1-agent',
    'node-2-join',
    'node-2-server',
    'node-2-agent',
  ]);
  const [server, agent] = [
    running(simulation, 'node-1-server'),
    running(simulation, 'node-1-agent'),
  ];
  t.equal(server.agent, agent.agent);
  const volumeOf = ({ info }: ModelTask): unknown =>
    info.resources?.find(({ disk }) => disk?.persistence !== undefined)?.disk;
  t.ok(volumeOf(server));
  t.same(volumeOf(server), volumeOf(agent), 'one volume for both');
  t.ok(env(agent).PEER_PORT, 'a sidecar knows the ports of its pod');
});

t.test('pods › only what is essential takes the others along', async (t) => {
  const simulation = await started(2);
  const ids = (): string[] =>
    ['server', 'agent'].map(
      (name) => simulation.state.instances.get('node-0')?.tasks[name]?.id ?? '',
    );
  const [server, agent] = ids();
  simulation.master.fail(running(simulation, 'node-0-agent'));
  await simulation.live(10_000);
  t.equal(ids()[0], server, 'the server goes on');
  t.not(ids()[1], agent);
  simulation.master.fail(running(simulation, 'node-0-server'));
  await simulation.live(10_000);
  t.ok(ids().every((id) => id !== server && id !== agent));
  t.equal(planStatus(simulation, 'recovery'), 'COMPLETE');
  t.same(
    simulation.state.plans.get('recovery')?.plan.phases.map(({ name }) => name),
    ['node-0:[server, agent]'],
  );
});

t.test('pods › an update restarts what has changed and nothing else', async (t) => {
  const simulation = await started(3);
  simulation.log.length = 0;
  simulation.options.AGENT = 'b';
  simulation.start();
  await simulation.live(30_000);
  t.equal(planStatus(simulation, 'deploy'), 'COMPLETE');
  t.same(launches(simulation), ['node-0-agent', 'node-1-agent', 'node-2-agent']);
});

t.test('plans › one of the service’s own runs with its variables, as often as asked', async (t) => {
  const simulation = await started(4);
  t.match(planStatus(simulation, 'backup'), /^WAITING/);
  const seen: string[] = [];
  simulation.watch = () => {
    for (const task of simulation.master.tasks.values()) {
      if (task.info.name === 'node-1-backup') seen.push(env(task).TARGET ?? '');
    }
  };
  t.match(await commanded(simulation, 'start', 'deploy', { A: '1' }), { status: 400 });
  for (const TARGET of ['first', 'second']) {
    t.match(await commanded(simulation, 'start', 'backup', { TARGET }), { status: 200 });
    t.same(simulation.records.get('plan/backup'), { TARGET });
    await simulation.live(5_000);
    t.equal(planStatus(simulation, 'backup'), 'COMPLETE');
    t.notOk(simulation.records.has('plan/backup'));
  }
  t.same([...new Set(seen)], ['first', 'second']);
  t.equal(launches(simulation).filter((name) => name.endsWith('backup')).length, 6);
  t.equal(planStatus(simulation, 'recovery'), 'COMPLETE', 'what ran to its end is not recovered');
});

t.test('plans › one that was started goes on when the scheduler starts again', async (t) => {
  const simulation = await started(5);
  await commanded(simulation, 'start', 'backup', { TARGET: 'x' });
  simulation.start();
  await simulation.live(10_000);
  t.equal(planStatus(simulation, 'backup'), 'COMPLETE');
});

t.test('resource sets › a task waits until the one that owns its set has ended', async (t) => {
  const held: SimulatedService = { ...service, ends: (name) => /-(?:format|join)$/.test(name) };
  const simulation = new Simulation(6, held);
  await simulation.live(30_000);
  await commanded(simulation, 'start', 'backup');
  await simulation.live(5_000);
  const backup = running(simulation, 'node-2-backup');
  await pod(simulation, 'replace', 'node-2');
  await simulation.live(10_000);
  t.notOk([...simulation.master.tasks.values()].includes(backup), 'a replaced pod keeps nothing');
  t.equal(planStatus(simulation, 'recovery'), 'COMPLETE');
});

t.test('replace › goes by the plan `replace`, and tells the new one where it was', async (t) => {
  const simulation = await started(7);
  const before = running(simulation, 'node-1-server');
  const replaced: string[] = [];
  simulation.watch = () => {
    for (const task of simulation.master.tasks.values()) {
      if (task.info.name.startsWith('node-1-') && task !== before) {
        const { POD_REPLACES_ADDRESS = '' } = env(task);
        replaced.push(`${task.info.name} ${POD_REPLACES_ADDRESS}`);
      }
    }
  };
  simulation.log.length = 0;
  await pod(simulation, 'replace', 'node-1');
  await simulation.live(1_000);
  const [phase] = simulation.state.plans.get('recovery')?.plan.phases ?? [];
  t.equal(phase?.name, 'permanent-node-1-failure-recovery');
  t.same(
    phase?.steps.map(({ name }) => name),
    ['node-1:[join]', 'node-1:[server]'],
  );
  await simulation.live(20_000);
  t.equal(planStatus(simulation, 'recovery'), 'COMPLETE');
  t.same(launches(simulation), ['node-1-join', 'node-1-server', 'node-1-agent']);
  const { hostname } = before.agent;
  t.ok(
    replaced.includes(`node-1-join ${hostname}`) && replaced.includes(`node-1-server ${hostname}`),
  );
  t.equal(simulation.state.instances.get('node-1')?.replacing, undefined);
  simulation.log.length = 0;
  simulation.start();
  await simulation.live(10_000);
  t.same(launches(simulation), [], 'that nobody is replaced any more restarts nothing');
});

t.test('templates › a service has a secret of its own, in files of its owner alone', async (t) => {
  const configs = 'configs: {open: {template: open, dest: o}, closed: {template: closed, dest: c}}';
  const simulation = new Simulation(1, {
    ...service,
    yaml: yaml.replace("cmd: 'run ", `${configs}\n        cmd: 'run `),
    templates: { open: 'uuid {{service.uuid}}', closed: 'password {{service.secret}}' },
  });
  await simulation.live(30_000);
  const { info } = running(simulation, 'node-0-server');
  const text = info.command?.value ?? '';
  t.match(text, /\(umask 077; printf %s "\$DCOS_CONFIG_FILE_1" \| base64 -d > 'c'\)/);
  t.match(text, /^printf %s "\$DCOS_CONFIG_FILE_0" \| base64 -d > 'o'/m);
});

t.test('replace › a second one only once the first is whole, unless it has to be', async (t) => {
  const simulation = await started(11);
  t.match(await pod(simulation, 'replace', 'node-1'), { status: 200 });
  const before = running(simulation, 'node-2-server');
  t.match(await pod(simulation, 'replace', 'node-2'), {
    status: 409,
    message: 'node-2 keeps its data for now: it waits for node-1, which is being replaced',
    hint: /--force/,
  });
  t.match(await pod(simulation, 'replace', 'node-1'), { status: 200 }, 'itself, as often as asked');
  await simulation.live(30_000);
  t.equal(running(simulation, 'node-2-server'), before, 'nothing was changed');
  t.match(await pod(simulation, 'replace', 'node-2'), { status: 200 });
  const forced = (requestId: string): Event => {
    return { type: 'PodCommanded', requestId, verb: 'replace', instance: 'node-0', force: true };
  };
  t.match(await simulation.ask(forced), { status: 200 });
  await simulation.live(60_000);
  t.equal(planStatus(simulation, 'recovery'), 'COMPLETE');
});

t.test('replace › on its own machine it takes the ports that it had, freed before', async (t) => {
  let stayed = 0;
  for (const seed of [1, 2, 3, 4]) {
    // As many instances as agents: it has no other place to go to.
    const everywhere = { ...service.options, COUNT: '4' };
    const simulation = new Simulation(seed, { ...service, options: everywhere });
    await simulation.live(60_000);
    const before = running(simulation, 'node-1-server');
    await pod(simulation, 'replace', 'node-1');
    await simulation.live(60_000);
    t.equal(planStatus(simulation, 'recovery'), 'COMPLETE');
    const after = running(simulation, 'node-1-server');
    t.not(after, before);
    if (after.agent !== before.agent) continue;
    stayed += 1;
    t.equal(env(after).PEER_PORT, env(before).PEER_PORT);
  }
  t.equal(stayed, 4, 'always');
});

t.test('policy › what stays away too long is replaced, one after the other', async (t) => {
  const simulation = new Simulation(10, service);
  Object.assign(simulation.options, {
    ENABLE_AUTOMATIC_POD_REPLACEMENT: 'true',
    PERMANENT_FAILURE_TIMEOUT_SECS: '60',
    MIN_REPLACE_DELAY_SECS: '30',
  });
  simulation.start();
  await simulation.live(30_000);
  const before = running(simulation, 'node-1-server').agent;
  simulation.master.cutOff(before);
  await simulation.live(55_000);
  t.match(simulation.state.plans.get('recovery')?.plan.phases[0]?.steps[0]?.message, /waits for/);
  await simulation.live(30_000);
  t.not(running(simulation, 'node-1-server').agent, before);
  t.equal(planStatus(simulation, 'recovery'), 'COMPLETE');
  simulation.master.heal(before);
  await simulation.live(20_000);
  const copies = [...simulation.master.tasks.values()].filter(
    ({ info, state }) => info.name === 'node-1-server' && state === 'TASK_RUNNING',
  );
  t.equal(copies.length, 1, 'the old one ends when its agent comes back');
  t.same([...simulation.state.leftovers.keys()], []);
});

t.test('decommission › the leaving one says goodbye first, beside its server', async (t) => {
  const held: SimulatedService = { ...service, ends: (name) => /-(?:format|join)$/.test(name) };
  const simulation = new Simulation(9, held);
  simulation.options.COUNT = '4';
  simulation.start();
  await simulation.live(40_000);
  simulation.options.COUNT = '3';
  simulation.start();
  await simulation.live(5_000);
  t.same(
    simulation.state.plans.get('decommission')?.plan.phases[0]?.steps.map(({ name }) => name),
    ['node-3:[leave]', 'kill-node-3', 'unreserve-node-3'],
  );
  const leave = running(simulation, 'node-3-leave');
  simulation.master.fail(leave);
  simulation.master.fail(running(simulation, 'node-3-server'));
  await simulation.live(10_000);
  const server = running(simulation, 'node-3-server');
  t.not(running(simulation, 'node-3-leave'), leave, 'tried again');
  t.notOk(server.killed, 'what data has to be moved from is kept alive');
  simulation.master.finish(running(simulation, 'node-3-leave'));
  await simulation.live(10_000);
  t.notOk(simulation.state.instances.has('node-3'));
  t.notOk(simulation.state.plans.has('decommission'));
});

/** No plan stops a server that does its work while another one, as far as is known, does not. */
function quorumRule(): NonNullable<Simulation['judge']> {
  // A kill that is sent again is no new one.
  const judged = new Set<string>();
  return ({ instances, targetId, configs }, now) => {
    const count = configs.get(targetId ?? '')?.spec.pods[0]?.count ?? 0;
    for (const { name, tasks } of instances.values()) {
      const { server } = tasks;
      const ordered = server?.kill?.reason === 'update' && server.kill.sentAt === now;
      if (!ordered || judged.has(server.id)) continue;
      judged.add(server.id);
      if (!server.ready) continue;
      const missing = [...instances.values()].filter(
        ({ name: other, index, tasks: { server } }) => {
          const well =
            server?.state === 'TASK_RUNNING' && server.ready && server.kill === undefined;
          return other !== name && index < count && server !== undefined && !well;
        },
      );
      if (missing.length > 0) {
        throw new Error(`${name} is stopped while ${missing.map((one) => one.name)} is missing`);
      }
    }
  };
}

for (const seed of [21, 22, 23, 24]) {
  t.test(`simulation › seed ${seed}: pods of several tasks, whatever happens`, async (t) => {
    const simulation = new Simulation(seed, service);
    await simulation.live(30_000);
    t.equal(planStatus(simulation, 'deploy'), 'COMPLETE', 'the first deployment');
    simulation.judge = quorumRule();
    for (let round = 0; round < 40; round += 1) {
      if (simulation.random.next() < 0.2) {
        void commanded(simulation, 'start', 'backup').catch(() => undefined);
      }
      await simulation.hurt();
    }
    await simulation.calm(900_000);
    const names = [...simulation.master.tasks.values()]
      .filter(({ state }) => state === 'TASK_RUNNING')
      .map(({ info }) => info.name);
    const all = Array.from({ length: Number(simulation.options.COUNT) }, (_, index) => index);
    const wanted = all.flatMap((i) => [`node-${i}-agent`, `node-${i}-server`]);
    t.same(names.sort(), wanted, `after ${simulation.crashes} crashes`);
    t.equal(planStatus(simulation, 'recovery'), 'COMPLETE', 'recovered');
    t.equal(planStatus(simulation, 'deploy'), 'COMPLETE', 'deployed');
    t.same([...simulation.state.leftovers.keys()], [], 'nothing is held for nobody');
    simulation.uninstalling = true;
    simulation.start();
    await simulation.live(120_000);
    t.same(simulation.reserved(), [], 'nothing is reserved');
    t.same([...simulation.records.keys()], [], 'nothing is stored');
  });
}
