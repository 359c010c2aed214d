/** A service that needs another: which options name one, and an install that waits for it. */
import t from 'tap';
import { createApps } from '../../src/cluster/operations/apps.js';
import {
  dependenciesOf,
  dependentsOn,
  missingDependencies,
  wiringOf,
} from '../../src/cluster/operations/dependencies.js';
import type { OperationsEffect } from '../../src/cluster/operations/events.js';
import { isRewiringDue, wiredApps } from '../../src/cluster/operations/rewire.js';
import type { AppFacts, Dependency } from '../../src/cluster/operations/state.js';
import { startAnswers } from '../helpers/answers.js';
import { anInstall, release, scheduler, World } from './operations-world.js';

const mark = { package: 'zookeeper', endpoint: 'client', env: 'ZOOKEEPER_ADDRESSES' };
const config = {
  type: 'object',
  properties: {
    zookeeper: { type: 'object', properties: { service: { type: 'string', 'x-service': mark } } },
    other: { type: 'object', properties: { half: { type: 'string', 'x-service': { env: 'X' } } } },
  },
};
const zookeeper: Dependency = {
  option: 'zookeeper.service',
  env: 'ZOOKEEPER_ADDRESSES',
  packageName: 'zookeeper',
  endpoint: 'client',
  serviceName: 'zookeeper',
};
const needing: AppFacts = { ...scheduler, serviceName: 'hadoop', dependencies: [zookeeper] };

t.test('dependencies › an option names a service, addresses, or nothing', async (t) => {
  const of = (service: string) => dependenciesOf(config, { zookeeper: { service } });
  t.same(of('zookeeper'), [zookeeper]);
  t.match(of('/team/zk'), [{ serviceName: 'team/zk' }]);
  t.match(of('10.0.0.1:2181,10.0.0.2:2181'), [{ addresses: '10.0.0.1:2181,10.0.0.2:2181' }]);
  t.same(Object.keys(of('10.0.0.1:2181')[0] ?? {}).includes('serviceName'), false);
  t.match(of(''), [{ env: 'ZOOKEEPER_ADDRESSES' }]);
  t.same(dependenciesOf(config, {}), [], 'no value at all');
  t.same(dependenciesOf(undefined, {}), []);
});

function installZookeeper(world: World): void {
  const definition = { ...release.definition, name: 'zookeeper' };
  world.send(
    anInstall({
      operationId: 'zk',
      appId: '/zookeeper',
      release: { ...release, definition },
      facts: { ...scheduler, serviceName: 'zookeeper' },
    }),
  );
}

t.test('dependencies › missing until it is being installed, and once it goes', async (t) => {
  const world = new World();
  t.same(missingDependencies(world.state, [zookeeper]), [zookeeper]);
  installZookeeper(world);
  t.same(missingDependencies(world.state, [zookeeper]), []);
  world.finish();
  world.send({ type: 'UninstallRequested', requestId: 'r', operationId: 'u', appId: '/zookeeper' });
  t.same(missingDependencies(world.state, [zookeeper]), [zookeeper]);
});

t.test('dependencies › all that use a service are known by app id', async (t) => {
  const world = new World();
  installZookeeper(world);
  world.send(anInstall({ appId: '/hadoop', facts: needing }));
  t.same(dependentsOn(world.state, 'zookeeper'), ['/hadoop']);
  t.same(dependentsOn(world.state, 'hadoop'), []);
  world.send({ type: 'UninstallRequested', requestId: 'r', operationId: 'u', appId: '/hadoop' });
  t.same(dependentsOn(world.state, 'zookeeper'), [], 'one that goes itself is in nobody´s way');
});

t.test('wiring › addresses once the service serves, a step that waits until then', async (t) => {
  const world = new World();
  const wire = (look: object, dependency: Dependency = zookeeper) =>
    wiringOf(world.state, [dependency], new Map([['zookeeper', look]]));
  t.throws(() => wire({ addresses: ['a:1'] }), { code: 'failed', message: /is not installed/ });
  installZookeeper(world);
  t.same(wire({ waiting: 'its deploy plan is PENDING' }), {
    steps: [{ name: 'zookeeper', status: 'STARTED', message: 'its deploy plan is PENDING' }],
  });
  t.match(wire({ addresses: [] }), { steps: [{ message: /no endpoint 'client'/ }] });
  t.same(wire({ addresses: ['a:1', 'b:2'] }).env, { ZOOKEEPER_ADDRESSES: 'a:1,b:2' });
  const { serviceName: _none, ...literal } = zookeeper;
  t.same(wire({}, { ...literal, addresses: 'x:1' }), {
    steps: [],
    env: { ZOOKEEPER_ADDRESSES: 'x:1' },
  });
  t.same(wire({}, literal).env, { ZOOKEEPER_ADDRESSES: '' });
  const failure = { operationId: 'zk', reason: 'no room', final: true };
  world.send({ type: 'EffectFailed', ...failure });
  t.throws(() => wire({ addresses: ['a:1'] }), { message: /could not be installed: no room/ });
});

const submitted = (orders: readonly OperationsEffect[]) =>
  orders.find((order) => order.type === 'SubmitApp');

t.test(
  'install › waits for what it needs, through a crash, and hands on where it is',
  async (t) => {
    const world = new World();
    world.send(anInstall({ appId: '/hadoop', facts: needing }));
    world.goOn();
    t.same(
      world.operation('op1')?.phases.map(({ name }) => name),
      ['artifacts', 'dependencies', 'scheduler', 'deploy'],
    );
    t.match(world.orders, [{ type: 'ObserveDependencies', dependencies: [zookeeper] }]);
    const steps = [{ name: 'zookeeper', status: 'STARTED' as const, message: 'not yet' }];
    world.send({ type: 'DependenciesObserved', operationId: 'op1', steps });
    t.match(world.operation('op1')?.phases[1], { status: 'STARTED', steps });
    t.equal(submitted(world.orders), undefined);
    world.crash();
    world.send({ type: 'Ticked' });
    const env = { ZOOKEEPER_ADDRESSES: 'a:1' };
    world.send({ type: 'DependenciesObserved', operationId: 'op1', steps: [], env });
    t.match(submitted(world.orders), { dependencyEnv: env });
    world.crash();
    world.send({ type: 'Ticked' });
    t.match(submitted(world.orders), { dependencyEnv: env }, 'it is kept');
    world.finish();
    t.equal(world.operation('op1')?.status, 'complete');
  },
);

t.test('rewire › what has moved and stays there is told to who needs it', async (t) => {
  const world = new World();
  world.send(anInstall({ appId: '/hadoop', facts: needing }));
  world.goOn();
  t.same(wiredApps(world.state), [], 'not while it is being installed');
  world.finish();
  world.crash();
  const [installed] = wiredApps(world.state);
  if (installed === undefined) return t.fail('it is wired');
  t.match(installed, { appId: '/hadoop', wired: { ZOOKEEPER_ADDRESSES: '10.0.0.1:2181' } });
  const same = installed.wired ?? {};
  const moved = { ZOOKEEPER_ADDRESSES: '10.0.0.9:2181' };
  t.equal(isRewiringDue(installed, same, same), false);
  t.equal(isRewiringDue(installed, undefined, moved), false, 'seen once');
  t.equal(isRewiringDue(installed, { ZOOKEEPER_ADDRESSES: 'x' }, moved), false, 'under way');
  t.equal(isRewiringDue(installed, moved, moved), true);
  world.send({
    type: 'UpdateRequested',
    requestId: 'r',
    operationId: 'op9',
    appId: '/hadoop',
    userOptions: {},
    facts: needing,
    assets: [],
  });
  t.same(wiredApps(world.state), [], 'not while it is being updated');
});

t.test('install › fails with the reason where what it needs does not come', async (t) => {
  const world = new World();
  world.send(anInstall({ appId: '/hadoop', facts: needing }));
  world.goOn();
  world.send({ type: 'EffectFailed', operationId: 'op1', reason: 'no zookeeper', final: true });
  t.match(world.operation('op1'), { status: 'failed', reason: 'no zookeeper' });
});

t.test('endpoints › a file for clients is none of the addresses that are told', async (t) => {
  const base = 'GET /service/hadoop/v1/endpoints';
  const { url } = await startAnswers(t, {
    [base]: { body: ['hdfs-site.xml', 'name-http'] },
    [`${base}/hdfs-site.xml`]: { body: '<configuration/>' },
    [`${base}/name-http`]: { body: { address: ['10.0.0.1:80'] } },
  });
  const apps = createApps(url, () => 'token');
  t.same(await apps.endpoints('hadoop'), [{ name: 'name-http', addresses: ['10.0.0.1:80'] }]);
});
