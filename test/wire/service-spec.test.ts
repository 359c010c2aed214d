/** `service.yaml`: what is read, and everything that is wrong with it at once. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { parseServiceSpec, type ServiceSpec, stepsOfPhase } from '../../src/wire/service-spec.js';
import { root } from '../helpers/paths.js';

const small = `
name: \${NAME}
pods:
  node:
    count: \${COUNT}
    tasks:
      server:
        goal: RUNNING
        cmd: run $\${HOME} \${WHAT}
        cpus: 0.5
        memory: 64
`;

function read(yaml: string, variables: Record<string, string> = {}): ServiceSpec {
  const result = parseServiceSpec(yaml, variables);
  if (!result.ok) throw new Error(JSON.stringify(result.violations));
  return result.spec;
}

function wrongs(yaml: string, variables: Record<string, string> = {}): string[] {
  const result = parseServiceSpec(yaml, variables);
  return result.ok ? [] : result.violations.map(({ path, message }) => `${path}: ${message}`);
}

/** A service of one pod and task, with lines put into each. */
function aService(task = '', pod = '', more = ''): string {
  return `name: x
pods:
  node:
    count: 1
${pod}
    tasks:
      server:
        goal: RUNNING
        cmd: run
        cpus: 1
        memory: 64
${task}
${more}`;
}

t.test('parse › options are put into scalars, and a value cannot break out', async (t) => {
  const what = `"}\npods: {evil: {count: 1}} # \${COUNT}`;
  const spec = read(small, { NAME: 'team', COUNT: '3', WHAT: what });
  t.equal(spec.name, 'team');
  t.same(
    spec.pods.map(({ type, count }) => [type, count]),
    [['node', 3]],
  );
  t.equal(spec.pods[0]?.tasks[0]?.cmd, `run \${HOME} ${what}`);
});

t.test('parse › an unknown option is named, with the nearest one', async (t) => {
  const list = wrongs(small, { NAME: 'a', COUNTS: '1', WHAT: '' });
  t.match(list.join(), /pods.node.count: names the option 'COUNT'.*did you mean 'COUNTS'/);
});

t.test('parse › all that is wrong is said at once', async (t) => {
  const list = wrongs(`name: Bad__Name
podz: {}
pods:
  node:
    count: lots
    image: x
    tasks:
      server:
        goal: RUN
        cmd: ''
        cpus: -1
        memroy: 5
        ports:
          api: {port: 99999, vip: {port: 1}, ranges: [{begin: 5}]}
        volume: {path: ../x, type: DISK, size: 1.5}
        configs:
          c: {template: /etc/passwd, dest: a/../../b}
`);
  const text = list.join('\n');
  for (const wanted of [
    /^name: 'Bad__Name'/m,
    /^podz: is not a known key; did you mean 'pods'\?/m,
    /^pods\.node\.count: must be a whole number from 0 to 10000, not 'lots'/m,
    /^pods\.node\.image: is a key of the SDK that this version does not support/m,
    /^pods\.node\.tasks\.server\.goal: must be RUNNING, FINISH, ONCE, not 'RUN'/m,
    /^pods\.node\.tasks\.server\.cmd: must not be empty/m,
    /^pods\.node\.tasks\.server\.cpus: must be a number/m,
    /^pods\.node\.tasks\.server\.memroy: is not a known key; did you mean 'memory'\?/m,
    /^pods\.node\.tasks\.server\.memory: is missing/m,
    /ports\.api\.ranges: need port: 0/,
    /ports\.api\.port: must be a whole number from 0 to 65535/,
    /volume\.type: must be ROOT, MOUNT, not 'DISK'/,
    /volume\.path: '\.\.\/x' must be a path inside the sandbox/,
    /volume\.size: must be a whole number/,
    /configs\.c\.dest: .*inside the sandbox/,
    /configs\.c\.template: .*inside the sandbox/,
  ]) {
    t.match(text, wanted);
  }
});

t.test('parse › what holds over the whole file', async (t) => {
  t.match(
    wrongs(aService('', '', 'plans: {deploy: {phases: {a: {pod: nodes}}}}')).join(),
    /plans.deploy.phases.a.pod: 'nodes' is not among the pods/,
  );
  t.match(
    wrongs(
      aService('', '', 'plans: {x: {phases: {a: {pod: node, steps: [{3: [[server]]}]}}}}'),
    ).join(),
    /names instance 3, but 'node' has 1/,
  );
  const twice = `name: x
pods:
  a: {count: 1, tasks: {t: {goal: ONCE, cmd: x, cpus: 1, memory: 1, ports: {p: {port: 0}}}}}
  b: {count: 1, tasks: {t: {goal: ONCE, cmd: x, cpus: 1, memory: 1, ports: {p: {port: 0}}}}}
`;
  t.match(wrongs(twice).join(), /pods.b.ports.p: has the name of a port of pod 'a'/);
  t.match(wrongs('a: [').join(), /^: is not YAML/);
  t.match(wrongs('').join(), /name: is missing/);
  t.match(wrongs('- 1').join(), /must be a mapping, not a list/);
});

t.test('parse › pods of several tasks: what each step starts, and who owns what', async (t) => {
  const yaml = (plans: string): string => `name: x
pods:
  node:
    count: 3
    volume: {path: data, type: ROOT, size: 7}
    resource-sets:
      side: {cpus: 0.5, memory: 50}
    tasks:
      format: {goal: ONCE, cmd: f, resource-set: side}
      server: {goal: RUNNING, cmd: s, cpus: 1, memory: 100, ports: {api: {port: 0}}}
      agent: {goal: RUNNING, essential: false, cmd: a, resource-set: side}
${plans}`;
  const steps = (text: string): string =>
    yaml(`plans: {deploy: {phases: {all: {pod: node, steps: ${text}}}}}`);
  const spec = read(steps('[{0: [[format], [server, agent]]}, {default: [[server]]}]'));
  const [pod] = spec.pods;
  const [phase] = spec.plans[0]?.phases ?? [];
  if (pod === undefined || phase === undefined) return t.fail('nothing read');
  t.same(
    pod.sets.map(({ name }) => name),
    ['side', 'server'],
    'each once, the first task’s first',
  );
  t.match(pod.volumes, [{ path: 'data', sizeMb: 7 }]);
  t.same(
    stepsOfPhase(pod, phase).map(({ index, tasks }) => [index, ...tasks]),
    [
      [0, 'format'],
      [0, 'server', 'agent'],
      [1, 'server'],
      [2, 'server'],
    ],
  );
  t.match(wrongs(steps('[{default: [[format, agent]]}]')).join(), /both own the set 'side'/);
  t.match(wrongs(steps('[{default: [[servr]]}]')).join(), /names the task 'servr'; 'node' has: f/);
  t.match(wrongs(steps('[{default: [server]}]')).join(), /must be 'default' or an instance's/);
  t.match(wrongs(yaml('')).join(), /both own the set 'side'; a plan 'deploy' has to start them/);
  const unknown = yaml('').replace('resource-set: side}', 'resource-set: sied}');
  t.match(wrongs(unknown).join(), /names 'sied', which is not among the pod's resource-sets/);
});

t.test('parse › resource sets, TASKCFG, labels and plans', async (t) => {
  const yaml = `name: x
pods:
  data-node:
    count: 2
    resource-sets:
      main: {cpus: 2, memory: 100, volume: {path: d, type: ROOT, size: 7}}
    tasks:
      server:
        goal: FINISH
        cmd: x
        resource-set: main
        labels: 'a:1, b:2:3'
        env: {A: one, N: 5, YES: true}
        health-check: {cmd: h, interval: 1, grace-period: 2, max-consecutive-failures: 3}
plans:
  deploy:
    strategy: parallel
    phases:
      first: {pod: data-node, strategy: canary, steps: [{1: [[server]]}, {0: [[server]]}]}
`;
  const spec = read(yaml, { TASKCFG_ALL_A: 'all', TASKCFG_DATA_NODE_A: 'own', TASKCFG_X: 'no' });
  const pod = spec.pods[0];
  t.match(pod?.sets, [{ name: 'main', cpus: 2, memMb: 100, volumes: [{ path: 'd', sizeMb: 7 }] }]);
  t.match(pod?.tasks[0], {
    essential: true,
    resourceSet: 'main',
    labels: { a: '1', b: '2:3' },
    env: { A: 'own', N: '5', YES: 'true' },
    healthCheck: { timeoutS: 20, delayS: 0, maxConsecutiveFailures: 3 },
  });
  t.match(spec.plans[0]?.phases[0], {
    strategy: 'serial-canary',
    steps: [{ instance: 1 }, { instance: 0 }],
  });
});

t.test('parse › an amount may be a sum of products of options', async (t) => {
  const yaml = aService().replace('memory: 64', () => `memory: \${OWN} + \${SLOTS} * \${EACH}`);
  const sized = { OWN: '192', SLOTS: '3', EACH: '256' };
  t.equal(read(yaml, sized).pods[0]?.sets[0]?.memMb, 960);
  const cpus = aService().replace('cpus: 1', "cpus: '0.1 + 3 * 0.1'");
  t.equal(read(cpus).pods[0]?.sets[0]?.cpus, 0.4, 'to three decimals');
  for (const wrong of ['192 -', '192 + ', '1 + two', '2 * -1', '2 * (1 + 1)', '*', '+']) {
    t.match(
      wrongs(yaml, { ...sized, OWN: wrong }).join(),
      /memory: must be a whole number from 1/,
      wrong,
    );
  }
});

t.test('parse › a port with a count is so many ports', async (t) => {
  const ports = (slot: string): string =>
    aService(`        ports: {api: {port: 0}, slot: ${slot}}`);
  t.same(read(ports('{port: 0, count: 2, env-key: SLOT_PORT}')).pods[0]?.sets[0]?.ports, [
    { name: 'api', port: 0, advertise: false },
    { name: 'slot-0', port: 0, envKey: 'SLOT_PORT_0', advertise: false },
    { name: 'slot-1', port: 0, envKey: 'SLOT_PORT_1', advertise: false },
  ]);
  const fixed = read(ports('{port: 6700, count: 2, advertise: true}')).pods[0]?.sets[0]?.ports;
  t.same(
    fixed?.map(({ port, advertise }) => [port, advertise]),
    [
      [0, false],
      [6700, true],
      [6701, true],
    ],
  );
  t.equal(read(ports('{port: 0, count: 0}')).pods[0]?.sets[0]?.ports.length, 1);
  t.equal(read(ports('{port: 0, enabled: false}')).pods[0]?.sets[0]?.ports.length, 1);
  t.match(wrongs(ports('{port: 65535, count: 2}')).join(), /count: goes beyond 65535/);
  t.match(wrongs(ports('{port: 0, count: 1001}')).join(), /count: must be a whole number/);
});

t.test('parse › nodes of a ZooKeeper: never the root, nothing without servers', async (t) => {
  const nodes = (text: string): string => aService('', '', `zookeeper-nodes: ${text}`);
  t.same(read(nodes("{servers: 'a:1,b:2', paths: [/x/y-1, /z]}")).zookeeperNodes, {
    servers: 'a:1,b:2',
    paths: ['/x/y-1', '/z'],
  });
  t.equal(read(nodes("{servers: '', paths: [/x]}")).zookeeperNodes, undefined);
  for (const path of ['/', 'x', '/x/', '//x', '/..', '/x/../y', '/a b', "''"]) {
    t.match(wrongs(nodes(`{servers: 'a:1', paths: [${path}]}`)).join(), /paths.0: /, path);
  }
  t.match(wrongs(nodes("{servers: 'a', paths: [/x]}")).join(), /servers: 'a' must be of the form/);
  t.match(wrongs(nodes("{servers: 'a:1'}")).join(), /paths: must name a node/);
});

t.test(
  'packages › every service.yaml of the registry is valid with its default options',
  async (t) => {
    const registry = join(root, 'packages-registry');
    for (const name of readdirSync(registry)) {
      for (const version of readdirSync(join(registry, name))) {
        const folder = join(registry, name, version);
        if (!readdirSync(folder).includes('service.yaml')) continue;
        const options = new Proxy({} as Record<string, string>, {
          get: (_target, key) =>
            /COUNT|PARTITIONS|SIZE|FACTOR|REPLICAS|SLOTS/.test(String(key)) ? '3' : textFor(key),
          has: () => true,
          getOwnPropertyDescriptor: () => ({ configurable: true, enumerable: true, value: '' }),
          ownKeys: () => [],
        });
        const spec = read(readFileSync(join(folder, 'service.yaml'), 'utf8'), options);
        t.ok(spec.pods.length > 0, `${name} ${version}`);
      }
    }
  },
);

function textFor(key: string | symbol): string {
  const name = String(key);
  if (/(?:EN|DIS)ABLED$/.test(name)) return 'true';
  if (name === 'DCOS_SERVICE_NAME') return 'service';
  if (/^ZOOKEEPER_(?:SERVERS|ADDRESSES)$/.test(name)) return '127.0.0.1:2181';
  if (name === 'ZOOKEEPER_PATH') return '/dcos-service';
  return /CPUS|MEM|HEAP|DISK|PORT|PERIOD|VCORES|AUTHENTICATION/.test(name) ? '1' : 'text';
}

t.test('docs › the example of docs/service-yaml.md is valid', async (t) => {
  const text = readFileSync(join(root, 'docs/service-yaml.md'), 'utf8');
  const example = /```yaml\n(.*?)```/s.exec(text)?.[1] ?? '';
  const options = {
    DCOS_SERVICE_NAME: 'x',
    NODE_COUNT: '3',
    SOFTWARE_URI: 'u',
    TLS_ENABLED: 'true',
  };
  const spec = read(example, options);
  t.same(
    spec.plans.map(({ name }) => name),
    ['deploy', 'update', 'replace', 'decommission', 'backup'],
  );
  t.equal(spec.pods[0]?.tasks.length, 5);
});
