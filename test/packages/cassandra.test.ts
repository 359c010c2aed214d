/** The package cassandra: how its nodes start and stop, and what its options can't be. */
import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import t from 'tap';
import { parseTemplate, renderTemplate } from '../../src/sdk/render.js';
import { brokenRules } from '../../src/wire/service-rules.js';
import { parseServiceSpec } from '../../src/wire/service-spec.js';
import { root } from '../helpers/paths.js';
import { until } from '../helpers/wait.js';

const registry = join(root, 'packages-registry', 'cassandra');
const versions = readdirSync(registry);
const template = (name: string, version = '5.0.7'): string =>
  readFileSync(join(registry, version, 'templates', name), 'utf8');

t.test('cassandra › its versions differ in nothing but Cassandra and Java', async (t) => {
  t.same(versions, ['4.1.10', '5.0.7']);
  for (const name of readdirSync(join(registry, '5.0.7', 'templates'))) {
    if (name === 'jvm.options' || name === 'cassandra.yaml') continue;
    t.equal(template(name, '4.1.10'), template(name), name);
  }
  const read = (version: string): string =>
    readFileSync(join(registry, version, 'service.yaml'), 'utf8');
  t.equal(read('4.1.10'), read('5.0.7'));
});

interface Start {
  readonly index: number;
  readonly count: number;
  readonly deployed?: boolean;
  readonly replaces?: string;
  readonly seeds?: number;
  readonly authentication?: boolean;
}

const address = (index: number): object => ({
  address: `10.0.0.${index}`,
  ports: { storage: 7000 + index, 'native-client': 9042, jmx: 7199 },
});

/** What templates see of one node of a ring. */
function scopeOf(start: Start) {
  const { index, count, deployed = false, replaces = '', authentication = false } = start;
  const nodes = Array.from({ length: count }, (_, each) => address(each));
  const own = { ...address(index), index, count, replaces, replaces_ports: { storage: 7999 } };
  return {
    NUM_TOKENS: 16,
    AUTHENTICATION: authentication ? '1' : '0',
    COMMITLOG_SYNC: 'periodic',
    COMMITLOG_SYNC_PERIOD_IN_MS: 10000,
    service: { deployed },
    pods: { node: nodes },
    pod: own,
  } as unknown as Parameters<typeof renderTemplate>[1];
}

/** A sandbox with its scripts, and a Java that writes down what it was started with. */
function sandbox(folder: string, start: Start, java: string): NodeJS.ProcessEnv {
  for (const path of ['conf', 'jdk/bin', 'cassandra/lib', 'cassandra/byteman', 'cassandra-data']) {
    mkdirSync(join(folder, path), { recursive: true });
  }
  for (const name of ['start.sh', 'nodetool.sh', 'cql.sh']) {
    const text = renderTemplate(parseTemplate(template(name)), scopeOf(start));
    writeFileSync(join(folder, name), text);
  }
  writeFileSync(join(folder, 'conf/cassandra.yaml'), '');
  writeFileSync(join(folder, 'cassandra/lib/jamm-1.jar'), '');
  writeFileSync(join(folder, 'cassandra/byteman/byteman-1.jar'), '');
  writeFileSync(join(folder, 'jdk/bin/java'), `#!/bin/sh\n${java}\n`, { mode: 0o755 });
  const { index, seeds = 2 } = start;
  return {
    PATH: process.env.PATH,
    POD_INSTANCE_INDEX: String(index),
    SEED_COUNT: String(seeds),
    NODE_HEAP: '256',
    JMX_PORT: '7199',
    REMOTE_SEEDS: '',
  };
}

async function started(folder: string, start: Start): Promise<{ yaml: string; java: string }> {
  const env = sandbox(folder, start, 'case "$*" in *Daemon*) echo "$@" > java-arguments ;; esac');
  await promisify(execFile)('sh', ['./start.sh'], { cwd: folder, env });
  return {
    yaml: readFileSync(join(folder, 'conf/cassandra.yaml'), 'utf8'),
    java: readFileSync(join(folder, 'java-arguments'), 'utf8'),
  };
}

const seedsIn = (yaml: string): string | undefined => /seeds: "(.*)"/.exec(yaml)?.[1];

t.test('start › the first ring: tokens spread evenly, nobody has data to fetch', async (t) => {
  const tokens: bigint[] = [];
  for (const index of [0, 1, 2]) {
    const { yaml, java } = await started(t.testdir(), { index, count: 3 });
    t.match(yaml, /auto_bootstrap: false/);
    t.equal(seedsIn(yaml), '10.0.0.0:7000,10.0.0.1:7001');
    t.match(yaml, /default_keyspace_rf: 3/);
    t.match(java, /skip_wait_for_gossip_to_settle=0/);
    const own = /initial_token: "(.*)"/.exec(yaml)?.[1]?.split(',') ?? [];
    t.equal(own.length, 16);
    tokens.push(...own.map(BigInt));
  }
  const sorted = [...tokens].sort((a, b) => (a < b ? -1 : 1));
  const gaps = sorted.slice(1).map((token, at) => token - (sorted[at] ?? 0n));
  const even = 2n ** 64n / 48n;
  t.equal(gaps.length, 47);
  t.ok(
    gaps.every((gap) => gap > even - 1000n && gap < even + 1000n),
    String(gaps),
  );
});

t.test(
  'start › one that comes later, or takes a place, fetches data: no seed of itself',
  async (t) => {
    const folder = t.testdir();
    const late = await started(folder, { index: 3, count: 4, deployed: true });
    t.notMatch(late.yaml, /auto_bootstrap|initial_token/);
    t.notMatch(late.java, /replace_address|skip_wait/);
    const other = t.testdir({ again: {} });
    const start = { index: 0, count: 3, deployed: true, replaces: '10.9.9.9' };
    const place = await started(join(other, 'again'), start);
    t.match(place.java, /replace_address_first_boot=10\.9\.9\.9:7999/);
    t.equal(seedsIn(place.yaml), '10.0.0.1:7001');
    t.match(place.java, /byteman-1\.jar=script:conf\/rules\.btm/, 'with ports of its own');
    // It is started again when it has joined, and nobody remembers any more whose place it took.
    writeFileSync(join(other, 'again/cassandra-data/joined'), '');
    const again = await started(join(other, 'again'), { index: 0, count: 3, deployed: true });
    t.equal(seedsIn(again.yaml), '10.0.0.0:7000,10.0.0.1:7001');
    t.match(again.java, /replace_address_first_boot=10\.9\.9\.9:7999/);
    t.notMatch(again.java, /byteman/, 'nobody is told any more');
  },
);

t.test('start › the superuser is made once the node has joined, until that succeeds', async (t) => {
  const folder = t.testdir();
  const java = [
    'case "$*" in',
    '*" secure") [ -f cassandra-data/joined ] || touch too-soon',
    '  case "$*" in *-Dsuperuser=conf/superuser*) ;; *) touch without ;; esac',
    '  echo try >> tries; [ "$(grep -c try tries)" -ge 2 ] ;;',
    '*) sleep 0.5; touch cassandra-data/joined',
    '  until [ -f cassandra-data/secured ]; do sleep 0.1; done ;;',
    'esac',
  ].join('\n');
  const env = sandbox(folder, { index: 0, count: 3, authentication: true }, java);
  await promisify(execFile)('sh', ['./start.sh'], { cwd: folder, env });
  t.equal(readFileSync(join(folder, 'tries'), 'utf8'), 'try\ntry\n');
  t.notOk(existsSync(join(folder, 'too-soon')) || existsSync(join(folder, 'without')));
});

t.test('start › the JMX password is made once and for nobody else', async (t) => {
  const folder = t.testdir();
  await started(folder, { index: 0, count: 1 });
  const before = readFileSync(join(folder, 'cassandra-data/jmx.password'), 'utf8');
  t.match(before, /^cassandra [0-9a-f]{48}\n$/);
  const { stdout } = await promisify(execFile)(
    'stat',
    ['-c', '%a', 'cassandra-data/jmx.password'],
    {
      cwd: folder,
    },
  );
  t.equal(stdout.trim(), '600');
  const { java } = await started(folder, { index: 0, count: 1 });
  t.equal(readFileSync(join(folder, 'cassandra-data/jmx.password'), 'utf8'), before);
  t.match(java, /jmxremote\.authenticate=true/);
  t.match(java, /cassandra\.jmx\.local\.port=7199/);
});

t.test('start › SIGTERM drains the node before it ends it', async (t) => {
  const folder = t.testdir();
  // The server runs until it is killed; nodetool says that it was asked.
  const asked = 'case "$*" in *nodetool.bsh*) echo "$@" >> asked; exit 0 ;; esac';
  const java = `${asked}\ntouch up\nexec sleep 600`;
  const env = sandbox(folder, { index: 0, count: 1 }, java);
  const child = spawn('sh', ['./start.sh'], { cwd: folder, env, detached: true, stdio: 'pipe' });
  let said = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    said += text;
  });
  await until(() => existsSync(join(folder, 'up')), { what: 'the server' });
  // As Mesos does it: everything of the task gets the signal.
  process.kill(-(child.pid ?? 0), 'SIGTERM');
  await once(child, 'exit');
  t.match(readFileSync(join(folder, 'asked'), 'utf8'), /-pwf cassandra-data\/jmx\.password drain/);
  t.match(said, /draining\ndrained/);
  t.throws(() => process.kill(-(child.pid ?? 0), 0), { code: 'ESRCH' }, 'nothing of it runs');
});

t.test('rules › what an update may not change', async (t) => {
  const yaml = readFileSync(join(registry, '5.0.7', 'service.yaml'), 'utf8');
  const defaults: Record<string, string> = {
    NODE_COUNT: '3',
    NODE_DISK: '2048',
    NUM_TOKENS: '16',
    AUTHENTICATION: '0',
    AUTHORIZATION: '0',
  };
  const rulesOf = (options: Record<string, string>) => {
    const values = new Proxy({ ...defaults, ...options } as Record<string, string>, {
      has: () => true,
      get: (target, name) => target[String(name)] ?? '1',
      getOwnPropertyDescriptor: (target, name) => ({
        configurable: true,
        enumerable: true,
        value: target[String(name)] ?? '1',
      }),
    });
    const read = parseServiceSpec(yaml, values);
    if (!read.ok) throw new Error(JSON.stringify(read.violations));
    return read.spec.rules ?? [];
  };
  const broken = (options: Record<string, string>): string =>
    brokenRules(rulesOf(options), rulesOf({}))
      .map(({ path, message }) => `${path} ${message}`)
      .join('\n');
  t.equal(broken({ NODE_COUNT: '4' }), '');
  t.match(broken({ NODE_COUNT: '2' }), /nodes\.count cannot fall from 3 to 2; at least 3/);
  t.match(broken({ NODE_DISK: '4096' }), /nodes\.disk cannot change from 2048 to 4096/);
  t.match(broken({ NUM_TOKENS: '8' }), /cassandra\.num_tokens cannot change/);
  t.match(broken({ RACK: 'r2' }), /service\.rack cannot change/);
  t.match(broken({ AUTHORIZATION: '1' }), /authorization\.enabled is 1, but must be at most 0/);
  t.equal(broken({ AUTHORIZATION: '1', AUTHENTICATION: '1' }), '');
});
