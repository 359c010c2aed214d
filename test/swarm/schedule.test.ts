/** Where containers go: expressions, filters, strategies, and classic Swarm's texts. */
import t from 'tap';
import { seededRandom } from '../../src/core/random.js';
import { checkCreate, checkVolume } from '../../src/swarm/create/policy.js';
import { cpusOf, readCreate } from '../../src/swarm/create/want.js';
import { checkName, inventName, resolveContainer } from '../../src/swarm/names.js';
import { holds, parseExpressions } from '../../src/swarm/schedule/expressions.js';
import { schedule } from '../../src/swarm/schedule/schedule.js';
import { rank, strategyOf } from '../../src/swarm/schedule/strategies.js';
import type { NodeView, PlacedContainer } from '../../src/swarm/schedule/view.js';
import type { CreateBody } from '../../src/wire/docker.js';

const random = seededRandom(7);
const gib = 1024 ** 3;

function aContainer(given: Partial<PlacedContainer> = {}): PlacedContainer {
  return {
    swarmId: 'c'.repeat(64),
    containerId: 'd'.repeat(64),
    name: 'web',
    image: 'busybox',
    labels: {},
    cpus: 0,
    memBytes: 0,
    hostPorts: [],
    isHostMode: false,
    exposed: [],
    isRunning: true,
    ...given,
  };
}

function aNode(name: string, given: Partial<NodeView> = {}): NodeView {
  return {
    id: `id-${name}`,
    name,
    engineId: `engine-${name}`,
    labels: {},
    isHealthy: true,
    error: undefined,
    failures: 0,
    cpus: 4,
    memBytes: 4 * gib,
    containers: [],
    images: [],
    ...given,
  };
}

const placeOf = (body: CreateBody, nodes: readonly NodeView[]) => {
  const placement = schedule(readCreate(body).want, nodes, 'spread', random);
  return placement.ok ? placement.nodes.map(({ name }) => name) : placement.message;
};

t.test('expressions › globs are anchored, /re/ is sought, ~ is soft', async (t) => {
  const one = (text: string) => {
    const [parsed] = parseExpressions('constraint', [text]);
    if (parsed === undefined) throw new Error('nothing parsed');
    return parsed;
  };
  t.ok(holds(one('region==us-*'), ['us-east']));
  t.notOk(holds(one('region==us'), ['us-east']));
  t.ok(holds(one('region==/us/'), ['eu-us-1']));
  t.ok(holds(one('node==/(?i)NODE/'), ['my-node-1']));
  t.ok(holds(one('region!=us'), ['eu']));
  t.notOk(holds(one('region!=us'), ['eu', 'us']));
  t.ok(one('node==~a').isSoft);
  const wrong = (text: string) => () => parseExpressions('constraint', [text]);
  const syntax = /constraint filter: One of operator ==, != is expected/;
  t.throws(wrong('region=us'), { message: syntax, code: 'invalid' });
  t.throws(wrong('1region==us'), { message: /Key '1region' is invalid/ });
  t.throws(wrong('region==us#'), { message: /Value 'us#' is invalid/ });
  // A pattern that would take an engine with backtracking for ever.
  const evil = one(`name==/${'(a*)*'.repeat(8)}b/`);
  t.notOk(holds(evil, ['a'.repeat(2000)]));
});

t.test('filters › what no node fulfils is told in Swarm’s words, with a reason each', async (t) => {
  const nodes = [aNode('node-0', { labels: { region: 'eu' } }), aNode('node-1')];
  const body = { Env: ['constraint:node==node-9', 'constraint:region==us', 'A=b'] };
  t.equal(
    placeOf(body, nodes),
    [
      'Unable to find a node that satisfies the following conditions ',
      '[available container slots]',
      '[node==node-9 region==us]',
      'node-0: has node id-node-0, node-0, asked is node==node-9',
      'node-1: has node id-node-1, node-1, asked is node==node-9',
    ].join('\n'),
  );
  t.same(placeOf({ Env: ['constraint:region==eu'] }, nodes), ['node-0']);
  t.same(placeOf({ Env: ['constraint:region==~us'] }, nodes), ['node-0', 'node-1']);
  const labels = { 'com.docker.swarm.constraints': '["region==eu"]' };
  t.same(placeOf({ Labels: labels }, nodes), ['node-0']);
  const list = { 'com.docker.swarm.whitelists': '["node==node-1|node-7"]' };
  t.same(placeOf({ Labels: list }, nodes), ['node-1']);
  const idle = nodes.map((node) => ({ ...node, isHealthy: false }));
  t.match(placeOf({}, idle), /^No healthy node available in the cluster/);
});

t.test('filters › affinities, dependencies, ports, slots', async (t) => {
  const web = aContainer({
    hostPorts: [{ ip: '', port: 80, protocol: 'tcp' }],
    labels: { tier: 'front' },
  });
  const nodes = [
    aNode('node-0', { containers: [web], images: ['redis:6', 'redis'] }),
    aNode('node-1', { labels: { containerslots: '0' } }),
    aNode('node-2'),
  ];
  const name = (body: CreateBody) => placeOf(body, nodes);
  t.same(name({ Env: ['affinity:container==web'] }), ['node-0']);
  t.same(name({ Env: ['affinity:container!=web'] }), ['node-2']);
  t.same(name({ Env: ['affinity:image==redis'] }), ['node-0']);
  t.same(name({ Env: ['affinity:tier==front'] }), ['node-0']);
  t.match(name({ Env: ['affinity:container==db'] }), /\[container==db \(soft=false\)\]/);
  t.same(name({ HostConfig: { Links: ['/web:w'] } }), ['node-0']);
  t.match(name({ HostConfig: { VolumesFrom: ['db:ro'] } }), /\[--volumes-from=db:ro\]/);
  const bind = (port: string, ip = '') => ({
    HostConfig: { PortBindings: { [port]: [{ HostIp: ip, HostPort: '80' }] } },
  });
  t.same(name(bind('80/tcp')), ['node-2']);
  t.same(name(bind('53/udp')), ['node-2', 'node-0'], 'another protocol is no clash');
  const onlyFirst = [nodes[0] ?? aNode('x')];
  t.match(placeOf(bind('80/tcp', '10.0.0.1'), onlyFirst), /\[port 80 \(Bridge mode\)\]/);
  // Compose makes the new one before the old one goes, whose port it is to have.
  const compose = (more: Record<string, string> = {}) => ({
    'com.docker.compose.project': 'shop',
    'com.docker.compose.service': 'web',
    'com.docker.compose.container-number': '1',
    ...more,
  });
  const old = { ...web, labels: compose() };
  const held = [aNode('node-0', { containers: [old] })];
  const replacing = { ...bind('80/tcp'), Labels: compose({ 'com.docker.compose.replace': 'x' }) };
  t.same(placeOf(replacing, held), ['node-0'], 'compose 2 says what it replaces');
  t.match(placeOf({ ...bind('80/tcp'), Labels: compose() }, held), /taken by web/);
  const stopped = [aNode('node-0', { containers: [{ ...old, isRunning: false }] })];
  const again = { ...bind('80/tcp'), Labels: compose() };
  t.same(placeOf(again, stopped), ['node-0'], 'compose 1 has stopped it before');
  t.match(placeOf(bind('80/tcp'), stopped), /taken by web/);
  // Two nodes of one engine have one machine's ports.
  const shared = [aNode('a', { engineId: 'e', containers: [web] }), aNode('b', { engineId: 'e' })];
  t.match(placeOf(bind('80/tcp'), shared), /b: port 80\/tcp is taken by web/);
});

t.test('strategies › spread, binpack, resources, and what lacks them', async (t) => {
  const nodes = [
    aNode('small', { cpus: 1, memBytes: gib }),
    aNode('busy', { containers: [aContainer({ cpus: 2, memBytes: gib })] }),
    aNode('idle'),
  ];
  const order = (strategy: 'spread' | 'binpack', cpus: number) =>
    rank(strategy, { cpus, memBytes: 0 }, nodes, random).map(
      ({ node, refused }) => `${node.name}${refused === undefined ? '' : '!'}`,
    );
  t.same(order('spread', 1), ['idle', 'busy', 'small']);
  t.same(order('binpack', 1), ['small', 'busy', 'idle']);
  t.same(order('spread', 2), ['idle', 'busy', 'small!']);
  const body = { HostConfig: { NanoCpus: 9e9, Memory: 9 * gib } };
  t.match(placeOf(body, nodes), /^no resources available to schedule container\nidle|busy|small/);
  t.equal(strategyOf('binpacking'), 'binpack');
  t.equal(strategyOf('best'), undefined);
  t.equal(cpusOf({ CpuShares: 2 }), 2);
  t.equal(cpusOf({ CpuShares: 512 }), 0.5);
  t.equal(cpusOf({ CpuQuota: 50_000 }), 0.5);
});

t.test('create › expressions leave the environment, policies are checked', async (t) => {
  const { body, reschedules } = readCreate({
    Env: ['constraint:a_b==1', 'reschedule:on-node-failure', 'PATH=/bin'],
  });
  t.same(body.Env, ['PATH=/bin']);
  t.equal(body.Labels?.['com.docker.swarm.constraints'], '["a_b==1"]');
  t.ok(reschedules);
  t.same(readCreate(body).body.Labels, body.Labels, 'read again it is the same');
  t.throws(() => readCreate({ Env: ['reschedule:always'] }), {
    message: 'invalid reschedule policy: always',
  });
  const two = { Env: ['reschedule:off', 'reschedule:on-node-failure'] };
  t.throws(() => readCreate(two), { message: 'too many reschedule policies' });
  const bad = { HostConfig: { PortBindings: { '80/tcp': [{ HostPort: '70000' }] } } };
  t.throws(() => readCreate(bad), { code: 'invalid' });
});

t.test('policy › nothing that amounts to root on the agent gets through', async (t) => {
  const none = { hostPaths: false, privileged: false, hostNetwork: false };
  const all = { hostPaths: true, privileged: true, hostNetwork: true };
  const hosts: NonNullable<CreateBody['HostConfig']>[] = [
    { Binds: ['/:/host'] },
    { Binds: ['../x:/host'] },
    { Mounts: [{ Type: 'bind', Source: '/', Target: '/host' }] },
    { Mounts: [{ Type: 'npipe', Source: 'x', Target: '/host' }] },
    {
      Mounts: [
        {
          Type: 'volume',
          Target: '/host',
          VolumeOptions: { DriverConfig: { Options: { type: 'none', o: 'bind', device: '/' } } },
        },
      ],
    },
    { VolumeDriver: 'other' },
    { Privileged: true },
    { CapAdd: ['sys_admin'] },
    { CapAdd: ['ALL'] },
    { Devices: [{ PathOnHost: '/dev/sda' }] },
    { DeviceCgroupRules: ['a *:* rwm'] },
    { DeviceRequests: [{ Count: -1 }] },
    { SecurityOpt: ['seccomp=unconfined'] },
    { PidMode: 'host' },
    { IpcMode: 'host' },
    { UTSMode: 'host' },
    { UsernsMode: 'host' },
    { CgroupnsMode: 'host' },
    { MaskedPaths: [] },
    { ReadonlyPaths: [] },
    { CgroupParent: '/' },
    { Runtime: 'other' },
    { OomScoreAdj: -1000 },
    { NetworkMode: 'host' },
  ];
  for (const HostConfig of hosts) {
    const text = JSON.stringify(HostConfig);
    t.throws(() => checkCreate({ HostConfig }, none), { code: 'refused' }, text);
    t.doesNotThrow(() => checkCreate({ HostConfig }, all), text);
  }
  const plain = {
    Binds: ['data:/data:ro'],
    Mounts: [
      { Type: 'tmpfs', Target: '/t' },
      { Type: 'volume', Source: 'v', Target: '/v' },
    ],
    CapAdd: ['NET_BIND_SERVICE'],
    SecurityOpt: ['no-new-privileges'],
    IpcMode: 'private',
  };
  t.doesNotThrow(() => checkCreate({ HostConfig: plain }, none));
  const disguised = { type: 'none', o: 'bind', device: '/' };
  t.throws(() => checkVolume('local', disguised, none), { code: 'refused' });
  t.throws(() => checkVolume('local', { type: 'tmpfs', o: 'bind' }, none), { code: 'refused' });
  t.doesNotThrow(() => checkVolume('local', { type: 'tmpfs' }, none));
});

t.test('names › references in their order, prefixes only where they are unique', async (t) => {
  const item = (swarmId: string, containerId: string, name: string, formerIds: string[] = []) => ({
    swarmId,
    containerId,
    formerIds,
    name,
    nodeId: 'agent-1',
    nodeName: 'node-1',
  });
  const items = [
    item('a'.repeat(64), `b1${'b'.repeat(62)}`, 'web'),
    item('c'.repeat(64), `b2${'d'.repeat(62)}`, 'b1', ['e'.repeat(64)]),
  ];
  const found = (reference: string) => resolveContainer(items, reference).name;
  t.equal(found('web'), 'web');
  t.equal(found('/web'), 'web');
  t.equal(found('node-1/web'), 'web');
  t.equal(found('agent-1/web'), 'web');
  t.equal(found('b1'), 'b1', 'a name wins over a prefix');
  t.equal(found('aaa'), 'web');
  t.equal(found('e'.repeat(64)), 'b1', 'an id from before it moved');
  t.throws(() => found('b'), { message: /Multiple IDs found with provided prefix: b/ });
  t.throws(() => found('nobody'), { code: 'not-found' });
  t.throws(() => found(''), { code: 'not-found' });
  t.throws(() => checkName('a b'), { message: /Invalid container name/ });
  t.throws(() => checkName(`x${'y'.repeat(10_000)}`), { message: /has 10001 characters/ });
  const taken = new Set<string>();
  for (let count = 0; count < 500; count += 1) taken.add(inventName(taken, random.next));
  t.equal(taken.size, 500);
});
