/**
 * What belongs together is one incident, what was ordered is none, and what was lost is followed
 * until it is whole.
 */
import fc from 'fast-check';
import t from 'tap';
import { emptyFailures, limits, loadFailures } from '../../src/cluster/failures/state.js';
import {
  patienceForFrameworks,
  patienceForUnseen,
  stepFailures,
} from '../../src/cluster/failures/step.js';
import { sharingOf, usageByService } from '../../src/cluster/usage.js';
import type { TaskState } from '../../src/wire/mesos/task.js';
import { aTask, World } from './failures-world.js';

t.test(
  'failures › a task that failed is an incident with cause and evidence, whole when replaced',
  async (t) => {
    const world = new World();
    world.run('web-1', 'a1');
    world.run('web-2', 'a3');
    world.update('web-1', 'TASK_FAILED', { message: 'Command exited with status 3' });
    const incident = world.only();
    t.match(incident, {
      kind: 'task',
      status: 'open',
      cause: 'Command exited with status 3',
      agent: { id: 'a1', hostname: 'host-a1', rack: 'r1' },
      services: [{ framework: 'services', service: '/web', missing: 1 }],
    });
    t.match(world.effects, [{ type: 'GatherEvidence', taskId: 'web-1', agentId: 'a1' }]);
    world.send({ type: 'EvidenceFound', incidentId: incident.id, lines: ['stderr: boom'] });
    world.run('web-3', 'a2');
    const healed = world.only();
    t.equal(healed.status, 'healed');
    t.ok(healed.evidence.includes('stderr: boom'));
    t.match(healed.actions, [{ text: 'started web-3 on host-a2' }]);
    t.match(healed.services, [{ missing: 0, wholeAt: world.now }]);
  },
);

t.test('failures › whole again means that the replacement has passed its check', async (t) => {
  const world = new World();
  const check = (exit_code?: number) => ({
    check_status: {
      type: 'COMMAND' as const,
      command: exit_code === undefined ? {} : { exit_code },
    },
  });
  world.send({ type: 'TaskAdded', task: aTask('b-1', 'a1') });
  world.update('b-1', 'TASK_RUNNING', check());
  world.update('b-1', 'TASK_RUNNING', check(0));
  world.update('b-1', 'TASK_FAILED');
  world.send({ type: 'TaskAdded', task: aTask('b-2', 'a1') });
  world.update('b-2', 'TASK_RUNNING', check());
  t.equal(world.only().status, 'open', 'it runs, but does not serve');
  world.update('b-2', 'TASK_RUNNING', check(1));
  t.equal(world.only().status, 'open');
  world.update('b-2', 'TASK_RUNNING', check(0));
  t.match(world.only(), { status: 'healed', services: [{ missing: 0, wholeAt: world.now }] });
  world.update('b-2', 'TASK_RUNNING', check(1));
  t.equal(world.only().status, 'healed', 'what fails later is the check owner’s business');
});

t.test('failures › out of memory and a failed health check are named', async (t) => {
  const world = new World();
  world.run('x', 'a1', '/x');
  world.update('x', 'TASK_FAILED', {
    reason: 'REASON_CONTAINER_LIMITATION_MEMORY',
    message: 'Memory limit',
  });
  t.equal(world.only().cause, 'out of memory');
  const other = new World();
  other.run('y', 'a1', '/y');
  other.update('y', 'TASK_KILLED', { healthy: false });
  t.equal(other.only().cause, 'its health check failed');
});

t.test(
  'failures › an agent with all its tasks is one incident, its rack one with its neighbour',
  async (t) => {
    const world = new World();
    for (let count = 0; count < 20; count += 1) world.run(`web-${count}`, count % 2 ? 'a1' : 'a3');
    world.look(['a1', 'a2', 'a3']);
    for (let count = 1; count < 20; count += 2) {
      world.update(`web-${count}`, 'TASK_UNREACHABLE', { message: 'health check timed out' });
    }
    world.send({ type: 'AgentRemoved', agentId: 'a1' });
    world.look(['a2', 'a3']);
    t.match(world.only(), {
      kind: 'agent',
      summary: 'agent host-a1 (r1) is unreachable',
      cause: 'health check timed out',
      agent: { id: 'a1' },
      services: [{ service: '/web', missing: 10 }],
    });
    t.equal(world.only().lost.length, 10);
    world.look(['a3']);
    t.match(world.only(), { kind: 'rack', summary: /rack r1: 2 agents are unreachable/ });
    for (let count = 0; count < 10; count += 1) world.run(`new-${count}`, 'a3');
    t.match(world.only(), { status: 'healed', services: [{ missing: 0 }] });
    t.equal(world.only().actions.length, 10);
  },
);

t.test(
  'failures › agents of different racks, or long after one another, are incidents of their own',
  async (t) => {
    const world = new World();
    world.look(['a1', 'a2', 'a3']);
    world.look(['a1', 'a2']);
    world.look(['a1']);
    t.equal(world.incidents().length, 2);
    world.now += 60_000;
    world.look([]);
    t.equal(world.incidents().length, 3);
  },
);

t.test(
  'failures › an idle agent is missed by comparing, and its incident ends when it is back',
  async (t) => {
    const world = new World();
    world.look(['a1', 'a2', 'a3']);
    world.look(['a1', 'a2']);
    t.match(world.only(), { kind: 'agent', status: 'open', services: [] });
    world.look(['a1', 'a2', 'a3']);
    t.match(world.only(), { status: 'healed', actions: [{ text: 'agent host-a3 is back' }] });
  },
);

t.test('failures › what was ordered is no incident', async (t) => {
  const world = new World();
  world.run('web-1', 'a1');
  world.update('web-1', 'TASK_KILLING');
  world.update('web-1', 'TASK_FAILED', { message: 'Command terminated with signal Killed' });
  world.run('web-2', 'a1');
  world.update('web-2', 'TASK_KILLED');
  world.run('batch', 'a1', '/batch');
  world.update('batch', 'TASK_FINISHED');
  world.run('k', 'a1', 'kafka', 'kafka');
  world.send({ type: 'FrameworkRemoved', frameworkId: 'f-kafka' });
  t.same(world.incidents(), []);
});

t.test('failures › wanting less, or tearing the framework down, ends what is missed', async (t) => {
  for (const way of ['wanted', 'removed'] as const) {
    const world = new World();
    world.run('w-1', 'a1');
    world.run('w-2', 'a1');
    world.update('w-1', 'TASK_FAILED');
    if (way === 'wanted') {
      world.send({
        type: 'WantedObserved',
        framework: 'services',
        wanted: new Map([['services /web', 1]]),
      });
    }
    if (way === 'removed') world.send({ type: 'FrameworkRemoved', frameworkId: 'f-services' });
    t.equal(world.only().status, 'healed', way);
  }
});

t.test(
  'failures › a crash loop is one incident; the same failure soon after goes on with it',
  async (t) => {
    const world = new World();
    for (let round = 0; round < 10; round += 1) {
      world.run(`web-${round}`, 'a1');
      world.update(`web-${round}`, 'TASK_FAILED', { message: 'Command exited with status 1' });
      world.now += 2_000;
    }
    t.equal(world.only().lost.length, 10);
    world.run('web-last', 'a1');
    t.equal(world.only().status, 'healed');
    world.now += 3_600_000;
    world.update('web-last', 'TASK_FAILED', { message: 'Command exited with status 1' });
    t.equal(world.incidents().length, 2);
  },
);

t.test(
  'failures › a scheduler that fails is an incident until it is connected again',
  async (t) => {
    const world = new World();
    world.run('kafka.1', 'a1', '/kafka');
    world.update('kafka.1', 'TASK_FAILED', { message: 'Command terminated with signal Killed' });
    t.match(world.only(), { kind: 'scheduler', summary: 'scheduler of kafka failed on host-a1' });
    world.look(['a1', 'a2', 'a3'], 'kafka');
    world.run('kafka.2', 'a1', '/kafka');
    t.equal(world.only().status, 'open', 'it runs but is not connected');
    world.look(['a1', 'a2', 'a3']);
    t.equal(world.only().status, 'healed');
  },
);

t.test(
  'failures › a framework that is away for several looks is an incident, a short restart is none',
  async (t) => {
    const world = new World();
    const all = ['a1', 'a2', 'a3'];
    for (let look = 1; look < patienceForFrameworks; look += 1) world.look(all, 'kafka');
    world.look(all);
    t.same(world.incidents(), []);
    for (let look = 0; look < patienceForFrameworks + 3; look += 1) world.look(all, 'kafka');
    t.match(world.only(), { kind: 'scheduler', summary: 'scheduler of kafka is disconnected' });
    world.look(all);
    t.equal(world.only().status, 'healed');
  },
);

t.test(
  'failures › a lost master is an incident, its return with tasks still running makes no other',
  async (t) => {
    const world = new World();
    world.run('web-1', 'a1');
    world.send({ type: 'Disconnected' });
    world.send({ type: 'MasterUnreachable', url: 'http://m', reason: 'nothing listens there' });
    world.send({ type: 'MasterUnreachable', url: 'http://m', reason: 'nothing listens there' });
    t.match(world.only(), { kind: 'master', status: 'open' });
    // A new master: it has heard of one agent, and still waits for the others.
    world.connect(['a2'], [], ['a1', 'a3']);
    t.equal(world.only().status, 'healed');
    for (let look = 0; look < 3; look += 1) world.look(['a2']);
    world.send({ type: 'TaskAdded', task: { ...aTask('web-1', 'a1'), state: 'TASK_RUNNING' } });
    world.look(['a1', 'a2', 'a3']);
    t.equal(world.incidents().length, 1);
    t.equal(world.state.running.get('services /web'), 1);
  },
);

t.test('failures › a master that never answered yet is only starting', async (t) => {
  const state = emptyFailures();
  stepFailures(state, { type: 'MasterUnreachable', url: 'http://m', reason: 'x' }, 1);
  t.equal(state.incidents.size, 0);
});

t.test(
  'failures › own blindness makes no incident, what is really gone is found in time',
  async (t) => {
    const world = new World();
    world.run('web-1', 'a1');
    world.run('web-2', 'a2');
    world.send({ type: 'Disconnected' });
    world.connect(['a1', 'a2'], [{ ...aTask('web-9', 'a2'), state: 'TASK_RUNNING' }]);
    t.same(world.incidents(), [], 'tasks were replaced while nobody looked');
    t.equal(world.state.running.get('services /web'), 1);
    for (let look = 1; look < patienceForUnseen; look += 1) world.look(['a1', 'a2']);
    t.same(world.incidents(), []);
    world.look(['a1', 'a2']);
    t.match(world.only(), { kind: 'agent', agent: { id: 'a3' } });
  },
);

t.test(
  'failures › open incidents survive a restart of the control plane and heal after it',
  async (t) => {
    const world = new World();
    world.run('web-1', 'a1');
    world.run('web-2', 'a3');
    world.update('web-1', 'TASK_UNREACHABLE', { message: 'health check timed out' });
    world.state = loadFailures(structuredClone(world.records));
    world.connect(['a2', 'a3'], [{ ...aTask('web-2', 'a3'), state: 'TASK_RUNNING' }]);
    t.match(world.only(), { status: 'open', services: [{ missing: 1 }] });
    world.run('web-3', 'a2');
    t.equal(world.only().status, 'healed');
    for (let look = 0; look < patienceForUnseen + 2; look += 1) world.look(['a2', 'a3']);
    t.equal(world.incidents().length, 1, 'the loss of its agent is known already');
  },
);

t.test(
  'failures › whatever comes: bounded, running counts true, nothing open whose services are whole',
  async () => {
    const task = fc.nat(5).map((n) => `t${n}`);
    const agent = fc.constantFrom('a1', 'a2', 'a3');
    const state = fc.constantFrom<TaskState>(
      'TASK_RUNNING',
      'TASK_FAILED',
      'TASK_KILLING',
      'TASK_KILLED',
      'TASK_UNREACHABLE',
      'TASK_FINISHED',
      'TASK_GONE',
      'TASK_LOST',
    );
    const act = fc.oneof(
      fc.record({ do: fc.constant('add' as const), task, agent }),
      fc.record({ do: fc.constant('update' as const), task, state }),
      fc.record({ do: fc.constant('look' as const), agents: fc.subarray(['a1', 'a2', 'a3']) }),
      fc.record({ do: fc.constant('connect' as const), agents: fc.subarray(['a1', 'a2', 'a3']) }),
    );
    fc.assert(
      fc.property(fc.array(act, { maxLength: 120 }), (acts) => {
        const world = new World();
        for (const each of acts) {
          if (each.do === 'add')
            world.send({ type: 'TaskAdded', task: aTask(each.task, each.agent) });
          if (each.do === 'update') world.update(each.task, each.state);
          if (each.do === 'look') world.look(each.agents);
          if (each.do === 'connect') world.connect(each.agents);
        }
        const { tasks, running, incidents } = world.state;
        const counted = [...tasks.values()].filter((one) => one.state === 'TASK_RUNNING').length;
        const open = world.incidents().filter(({ status }) => status === 'open');
        const idle = open.filter(
          ({ services }) => services.length > 0 && services.every(({ missing }) => missing === 0),
        );
        return (
          counted === (running.get('services /web') ?? 0) &&
          incidents.size <= limits.incidents &&
          idle.length === 0
        );
      }),
      { seed: 4, numRuns: 300 },
    );
  },
);

t.test('failures › the oldest healed incident makes room for a new one', async (t) => {
  const world = new World();
  for (let count = 0; count < limits.incidents + 20; count += 1) {
    world.run(`s${count}`, 'a1', `/s${count}`);
    world.update(`s${count}`, 'TASK_FAILED');
    if (count > 0) world.run(`s${count}-again`, 'a1', `/s${count}`);
  }
  t.equal(world.state.incidents.size, limits.incidents);
  t.equal(
    [...world.records.keys()].filter((key) => key.startsWith('incident/')).length,
    limits.incidents,
  );
  t.ok(world.state.incidents.has('i-1'), 'an open one is kept');
});

t.test('usage › who has what, and what silos would take', async (t) => {
  const world = new World();
  const add = (id: string, agent: string, service: string, framework: string, mem: number) => {
    const resources = [
      { name: 'cpus', type: 'SCALAR' as const, scalar: { value: 0.5 } },
      { name: 'mem', type: 'SCALAR' as const, scalar: { value: mem } },
    ];
    world.send({ type: 'TaskAdded', task: { ...aTask(id, agent, service, framework), resources } });
    world.update(id, 'TASK_RUNNING', {}, framework);
  };
  add('kafka.1', 'a1', '/kafka', 'services', 64);
  add('b0', 'a1', 'kafka', 'kafka', 512);
  add('b1', 'a2', 'kafka', 'kafka', 512);
  add('web.1', 'a2', '/web', 'services', 32);
  const usage = usageByService(world.state);
  t.match(usage.get('kafka kafka'), {
    cpus: 1,
    memMb: 1024,
    diskMb: 0,
    agents: new Set(['a1', 'a2']),
  });
  t.same(sharingOf(world.state), { services: 2, machines: 2, separate: 3 });
  world.update('b1', 'TASK_UNREACHABLE', {}, 'kafka');
  t.match(usageByService(world.state).get('kafka kafka'), { memMb: 512 });
  world.update('web.1', 'TASK_KILLED');
  t.same(sharingOf(world.state), { services: 1, machines: 1, separate: 1 });
});

t.test('failures › a check that says "ready, and leads" counts as ready', async (t) => {
  const world = new World();
  const labels = [
    { key: 'DCOS_SERVICE', value: 'zk' },
    { key: 'DCOS_READY_EXIT_CODE', value: '3' },
  ];
  const checked = (exit_code?: number) => ({
    check_status: {
      type: 'COMMAND' as const,
      command: exit_code === undefined ? {} : { exit_code },
    },
  });
  const task = { ...aTask('node-0', 'a1', 'zk', 'kafka'), labels: { labels } };
  world.send({ type: 'TaskAdded', task });
  world.update('node-0', 'TASK_RUNNING', checked(1), 'kafka');
  t.equal(world.state.running.get('kafka zk'), undefined);
  world.update('node-0', 'TASK_RUNNING', checked(3), 'kafka');
  t.equal(world.state.running.get('kafka zk'), 1);

  // Its agent was frozen in the middle of a check: it is back before the next one has an answer.
  world.update('node-0', 'TASK_UNREACHABLE', {}, 'kafka');
  t.match(world.only(), { status: 'open', services: [{ missing: 1 }] });
  const statuses = [{ task_id: task.task_id, state: 'TASK_RUNNING' as const, ...checked() }];
  world.send({ type: 'TaskAdded', task: { ...task, state: 'TASK_RUNNING', statuses } });
  t.equal(world.state.running.get('kafka zk'), 1);
  t.match(world.only(), { services: [{ missing: 0 }] });
});
