/**
 * Operations decide by stages: what is accepted, what comes next, and that a crash at any moment
 * changes nothing of the end.
 */
import fc from 'fast-check';
import t from 'tap';
import type { OperationsEvent } from '../../src/cluster/operations/events.js';
import { feasibilityOf } from '../../src/cluster/operations/feasibility.js';
import { effectOf } from '../../src/cluster/operations/stages.js';
import { deadlineTicks, installedReleases } from '../../src/cluster/operations/state.js';
import { stepOperations } from '../../src/cluster/operations/step.js';
import { anInstall, now, plainApp, scheduler, up, World } from './operations-world.js';

t.test('install › goes artifacts, scheduler, deploy, and ends with how to reach it', async (t) => {
  const world = new World();
  world.send(anInstall());
  t.match(world.replies, [{ accepted: true, operationId: 'op1' }]);
  t.equal(world.operation('op1')?.phases[0]?.steps[0]?.name, 'kafka');
  world.finish();
  const operation = world.operation('op1');
  t.equal(operation?.status, 'complete');
  t.same(
    operation?.phases.map(({ name, status }) => [name, status]),
    [
      ['artifacts', 'COMPLETE'],
      ['scheduler', 'COMPLETE'],
      ['deploy', 'COMPLETE'],
    ],
  );
  t.same(operation?.endpoints, [{ name: 'broker', addresses: ['127.0.0.1:1'] }]);
  t.equal(world.state.installed.get('/kafka')?.status, 'installed');
});

t.test(
  'install › of what is installed is refused; while it runs the refusal names it',
  async (t) => {
    const world = new World();
    world.send(anInstall());
    world.send(anInstall({ operationId: 'op2' }));
    t.same(world.replies.at(-1), { accepted: false, reason: 'installed', running: 'op1' });
    world.finish();
    world.send(anInstall({ operationId: 'op3' }));
    t.same(world.replies.at(-1), { accepted: false, reason: 'installed' });
    t.equal(world.operation('op3'), undefined);
  },
);

t.test(
  'install › a failed one keeps its reason, and can be installed again or uninstalled',
  async (t) => {
    for (const again of ['install', 'uninstall'] as const) {
      const world = new World();
      world.send(anInstall());
      world.send({
        type: 'EffectFailed',
        operationId: 'op1',
        reason: 'checksum mismatch',
        final: true,
      });
      t.match(world.operation('op1'), { status: 'failed', reason: 'checksum mismatch' });
      t.equal(world.state.installed.get('/kafka')?.status, 'failed');
      world.orders = [];
      if (again === 'install') world.send(anInstall({ operationId: 'op2' }));
      else
        world.send({
          type: 'UninstallRequested',
          requestId: 'r2',
          operationId: 'op2',
          appId: '/kafka',
        });
      world.finish();
      t.equal(world.operation('op2')?.status, 'complete');
      const status = world.state.installed.get('/kafka')?.status;
      t.equal(status, again === 'install' ? 'installed' : undefined);
    }
  },
);

t.test('install › what could not be fetched is named, and is not shown as installed', async (t) => {
  const world = new World();
  world.send(anInstall());
  const told = { type: 'ArtifactProgressed' as const, operationId: 'op1', done: 0, total: 9 };
  world.send({ ...told, asset: 'kafka', complete: false });
  world.send({ ...told, asset: 'jdk', complete: false });
  const failure = { operationId: 'op1', reason: 'pip is needed', final: true, asset: 'jdk' };
  world.send({ type: 'EffectFailed', ...failure });
  const steps = world.operation('op1')?.phases[0]?.steps ?? [];
  t.equal(steps.find(({ status }) => status === 'ERROR')?.name, 'jdk');
  t.same(installedReleases(world.state), []);
  world.send(anInstall({ operationId: 'op2' }));
  t.match(installedReleases(world.state), [{ appId: '/kafka' }], 'while it is tried again');
});

t.test(
  'install › its deadline is counted in ticks of its own, and ends it with the last that was known',
  async (t) => {
    const world = new World();
    world.send(anInstall());
    world.send({ type: 'EffectFailed', operationId: 'op1', reason: 'no answer', final: false });
    for (let tick = 0; tick < deadlineTicks - 1; tick += 1) {
      stepOperations(world.state, { type: 'Ticked' }, now + 10 ** 12);
    }
    t.equal(world.operation('op1')?.status, 'running', 'whatever the clock says');
    world.send({ type: 'Ticked' });
    const operation = world.operation('op1');
    t.match(operation, { status: 'failed', reason: /within 30 minutes.*kafka: no answer/ });
  },
);

t.test('install › a passing failure pauses and tries again, fetching not for ever', async (t) => {
  const world = new World();
  world.send(anInstall());
  for (let tries = 1; tries <= 3; tries += 1) {
    world.send({ type: 'EffectFailed', operationId: 'op1', reason: 'offline', final: false });
    t.equal(world.operation('op1')?.phases[0]?.steps[0]?.status, 'DELAYED');
    const before = world.history.length;
    for (let tick = 0; tick < 2 ** tries; tick += 1) world.send({ type: 'Ticked' });
    t.equal(world.history.length, before + 1, `tried again after ${2 ** tries} ticks`);
  }
  world.send({ type: 'EffectFailed', operationId: 'op1', reason: 'offline', final: false });
  t.match(world.operation('op1'), { status: 'failed', reason: 'offline' });
});

t.test('install › an order is asked again at the next tick, not at once', async (t) => {
  const world = new World();
  world.send(anInstall());
  world.goOn();
  world.goOn();
  t.equal(world.orders.shift()?.type, 'ObserveApp');
  world.send({
    type: 'AppObserved',
    operationId: 'op1',
    app: { ...up, running: 0, message: 'starting' },
  });
  t.same(world.orders, []);
  t.equal(world.operation('op1')?.phases[1]?.steps[0]?.message, 'starting');
  world.send({ type: 'Ticked' });
  t.equal(world.orders[0]?.type, 'ObserveApp');
});

t.test('install › a plan with errors fails it', async (t) => {
  const world = new World();
  world.send(anInstall());
  while (world.orders[0]?.type !== 'ObservePlan') world.goOn();
  world.send({
    type: 'PlanObserved',
    operationId: 'op1',
    plan: { status: 'ERROR', errors: ['count must not shrink'], steps: [] },
  });
  t.match(world.operation('op1'), { status: 'failed', reason: 'count must not shrink' });
});

t.test(
  'uninstall › orders, waits for the plan, deletes, cleans, and leaves no record of it',
  async (t) => {
    const world = new World();
    world.send(anInstall());
    world.finish();
    world.history.length = 0;
    world.send({
      type: 'UninstallRequested',
      requestId: 'r2',
      operationId: 'op2',
      appId: '/kafka',
    });
    world.send({
      type: 'UninstallRequested',
      requestId: 'r3',
      operationId: 'op3',
      appId: '/kafka',
    });
    t.same(world.replies.at(-1), { accepted: true, operationId: 'op2' }, 'a second one joins');
    world.finish();
    t.same(world.history, ['OrderUninstall', 'ObserveApp', 'ObservePlan', 'DeleteApp', 'CleanUp']);
    t.equal(world.operation('op2')?.status, 'complete');
    t.notOk(world.records.has('installed/kafka'));
  },
);

t.test('uninstall › supersedes a running install, of a plain app too', async (t) => {
  const world = new World();
  world.send(anInstall({ facts: plainApp }));
  world.send({ type: 'UninstallRequested', requestId: 'r2', operationId: 'op2', appId: '/kafka' });
  t.match(world.operation('op1'), { status: 'cancelled', reason: /superseded by operation op2/ });
  t.ok(world.history.includes('AbortFetch'));
  world.finish();
  t.equal(world.operation('op2')?.status, 'complete');
  t.equal(world.state.installed.size, 0);
});

t.test(
  'uninstall › ends although an agent is gone, and writes down what it holds until it is freed',
  async (t) => {
    const world = new World();
    world.send(anInstall());
    world.finish();
    world.send({
      type: 'UninstallRequested',
      requestId: 'r2',
      operationId: 'op2',
      appId: '/kafka',
    });
    while (world.orders[0]?.type !== 'ObservePlan') world.goOn();
    for (let tick = 0; tick < 1000; tick += 1) {
      const order = world.orders.shift();
      if (order?.type !== 'ObservePlan' && order !== undefined) {
        world.orders.unshift(order);
        break;
      }
      world.send(
        order === undefined
          ? { type: 'Ticked' }
          : { type: 'PlanObserved', operationId: 'op2', plan: { waiting: 'unreserve on agent-3' } },
      );
    }
    t.equal(world.orders[0]?.type, 'DeleteApp', 'its own plan is not waited for without end');
    world.goOn();
    world.orders = [];
    const held = [{ agentId: 'a3', hostname: 'agent-3', roles: ['kafka-role'] }];
    world.send({ type: 'CleanedUp', operationId: 'op2', held });
    t.match(world.operation('op2'), { status: 'complete', notes: /agent-3/ });
    world.crash();
    t.match(world.state.held.get('a3'), { roles: ['kafka-role'], since: now });
    world.send({ type: 'HeldFreed', agentId: 'a3' });
    t.notOk(world.records.has('held/a3'));
  },
);

t.test(
  'update › takes the new options only when it completes, and supersedes an older one',
  async (t) => {
    const world = new World();
    world.send(anInstall());
    world.finish();
    const update = (operationId: string, count: number): OperationsEvent => ({
      type: 'UpdateRequested',
      requestId: operationId,
      operationId,
      appId: '/kafka',
      userOptions: { count },
      facts: scheduler,
      assets: [],
    });
    world.send(update('op2', 1));
    t.same(world.state.installed.get('/kafka')?.userOptions, {});
    world.send(update('op3', 2));
    t.equal(world.operation('op2')?.status, 'cancelled');
    world.finish();
    t.equal(world.operation('op3')?.status, 'complete');
    t.same(world.state.installed.get('/kafka')?.userOptions, { count: 2 });
    t.equal(world.state.installed.get('/kafka')?.status, 'installed');
  },
);

t.test('update › to another version: its release is fetched and rendered, and kept', async (t) => {
  const world = new World();
  world.send(anInstall());
  world.finish();
  const before = world.state.installed.get('/kafka')?.release;
  if (before === undefined) return t.fail('nothing is installed');
  const release = { ...before, definition: { ...before.definition, version: '9.9' } };
  const facts = scheduler;
  const ids = { requestId: 'op2', operationId: 'op2', appId: '/kafka' };
  const event = { type: 'UpdateRequested', ...ids, release, userOptions: {}, facts } as const;
  world.send({ ...event, assets: [] });
  t.equal(world.operation('op2')?.packageVersion, '9.9');
  t.equal(
    world.state.installed.get('/kafka')?.release.definition.version,
    before.definition.version,
  );
  const record = world.state.operations.get('op2');
  const installed = world.state.installed.get('/kafka');
  if (record === undefined || installed === undefined) return t.fail('no operation');
  for (const stage of ['fetch', 'create'] as const) {
    t.match(effectOf({ ...record, stage }, installed), {
      release: { definition: { version: '9.9' } },
    });
  }
  world.finish();
  t.equal(world.state.installed.get('/kafka')?.release.definition.version, '9.9');
});

t.test(
  'operations › a crash at any moment leads to the end that a crash-free run reaches',
  async () => {
    fc.assert(
      fc.property(fc.array(fc.nat(12), { maxLength: 6 }), fc.boolean(), (crashes, isUninstall) => {
        const world = new World();
        world.send(anInstall());
        if (isUninstall) {
          world.finish();
          world.send({
            type: 'UninstallRequested',
            requestId: 'r',
            operationId: 'op2',
            appId: '/kafka',
          });
        }
        for (const steps of crashes) {
          for (let count = 0; count < steps; count += 1) world.goOn();
          world.crash();
        }
        world.finish();
        const statuses = world.all().map(({ status }) => status);
        const installed = world.state.installed.get('/kafka')?.status;
        return (
          statuses.every((status) => status === 'complete') &&
          installed === (isUninstall ? undefined : 'installed')
        );
      }),
      { seed: 4, numRuns: 300 },
    );
  },
);

t.test(
  'operations › never two orders under way for one operation, never an order for an ended one',
  async () => {
    const noise = fc.constantFrom<OperationsEvent>(
      { type: 'Ticked' },
      { type: 'AppObserved', operationId: 'op1', app: { ...up, running: 0 } },
      { type: 'AppObserved', operationId: 'op1', app: undefined },
      { type: 'PlanObserved', operationId: 'op1', plan: { waiting: 'x' } },
      { type: 'EffectFailed', operationId: 'op1', reason: 'x', final: false },
      { type: 'EffectFailed', operationId: 'op1', reason: 'x', final: true },
      { type: 'UninstallRequested', requestId: 'r', operationId: 'op9', appId: '/kafka' },
    );
    fc.assert(
      fc.property(fc.array(noise, { maxLength: 60 }), (events) => {
        const world = new World();
        world.send(anInstall());
        for (const event of events) {
          // Only what was asked is answered.
          const id = 'operationId' in event ? event.operationId : undefined;
          const order = world.orders.findIndex(
            (each) => 'operationId' in each && each.operationId === id,
          );
          if (id === 'op1' && order < 0) continue;
          if (id === 'op1') world.orders.splice(order, 1);
          world.send(event);
          const under = world.orders
            .filter(({ type }) => type !== 'AbortFetch')
            .map((each) => ('operationId' in each ? each.operationId : ''));
          if (new Set(under).size !== under.length) return false;
        }
        return true;
      }),
      { seed: 4, numRuns: 300 },
    );
  },
);

t.test(
  'feasibility › names the largest agent and what is missing; what is only taken waits',
  async (t) => {
    const agent = (hostname: string, memMb: number, freeMb: number) => ({
      hostname,
      zone: undefined,
      attributes: {},
      total: { cpus: 4, memMb, diskMb: 1000 },
      free: { cpus: 4, memMb: freeMb, diskMb: 1000 },
    });
    const agents = [agent('small', 1000, 1000), agent('large', 4000, 500)];
    const need = { name: 'a broker', count: 1, cpus: 1, memMb: 5000, diskMb: 0 };
    t.same(feasibilityOf([need], agents).impossible, [
      'a broker needs 1 cpus, 5000 MB memory; the largest agent, large, ' +
        'has 4 cpus, 4000 MB memory, 1000 MB disk: 1000 MB memory missing',
    ]);
    const taken = feasibilityOf([{ ...need, memMb: 2000 }], agents);
    t.same(taken.impossible, []);
    t.match(taken.waiting, [/a broker .*must wait/]);
    const unique = [{ field: 'hostname', operator: 'UNIQUE', number: 1 }] as const;
    const apart = feasibilityOf([{ ...need, count: 3, memMb: 10, spreads: unique }], agents);
    t.match(apart.impossible, [
      /3 × a broker must each have a hostname of their own, and only 2 would do; at most 2$/,
    ]);
    const spread = (operator: 'MAX_PER' | 'GROUP_BY', number: number): readonly string[] => {
      const spreads = [{ field: 'hostname', operator, number }];
      return feasibilityOf([{ ...need, count: 5, memMb: 10, spreads }], agents).impossible;
    };
    t.same(spread('MAX_PER', 2), [
      '5 × a broker must be 2 per hostname at most, and only 2 would do; at most 4',
    ]);
    t.same(spread('MAX_PER', 3), []);
    t.same(spread('GROUP_BY', 3), [
      '5 × a broker must be spread over 3 hostname, and only 2 would do; at most 2',
    ]);
    t.same(spread('GROUP_BY', 2), []);
    t.same(feasibilityOf([{ ...need, count: 2, memMb: 400 }], agents), {
      impossible: [],
      waiting: [],
    });
  },
);
