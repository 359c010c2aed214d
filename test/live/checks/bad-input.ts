/** Bad input: an exit code of its class, words on stderr, nothing changed, no stack trace. */
import assert from 'node:assert/strict';
import { chmodSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { embedded, localCluster, serverPid } from '../engine.js';
import type { Live, LiveCheck, RunOptions } from '../live.js';

/** A command line, the status it must end with, and what stderr must say. */
interface Row {
  readonly args: readonly string[];
  readonly status: number;
  readonly says: RegExp;
  readonly options?: RunOptions;
}

const install = (...more: string[]): string[] => ['package', 'install', ...more, '--yes'];

/** The table of the issue, on a cluster and without one. */
export const badInput: LiveCheck = {
  name: 'bad input',
  seconds: 70,
  kind: 'core',
  run: async (live) => {
    const file = (name: string, text: string): string => {
      const path = join(live.dir, name);
      writeFileSync(path, text);
      return path;
    };
    await live.step('without a cluster', () => table(live, withoutCluster(file)));
    await live.assertQuiet();
    await live.step('a state folder that cannot be used', () => unusable(live));
    await live.ok(['up']);
    await live.step('with a cluster', () => table(live, withCluster(live, file)));
    await live.step('what is only taken at the moment waits, and says so', () => waits(live, file));
    await live.step('a wrong token and a lost cluster', () => access(live));
    await live.step('a port in use', () => portInUse(live));
    await live.step('corrupt state', () => corrupt(live));
  },
};

type MakeFile = (name: string, text: string) => string;

function withoutCluster(file: MakeFile): Row[] {
  const none = file('none.toml', '');
  return [
    { args: ['nonsense'], status: 2, says: /nonsense/ },
    { args: ['pakage', 'install', 'kafka'], status: 2, says: /package/ },
    { args: ['package', 'instal', 'kafka'], status: 2, says: /install/ },
    { args: ['up', '--agnets', '3'], status: 2, says: /--agents/ },
    { args: ['up', '--agents', 'many'], status: 2, says: /many/ },
    { args: ['up', '--agents', '0'], status: 2, says: /0/ },
    { args: ['up', '--agents', '2', '--racks', '5'], status: 2, says: /--racks/ },
    { args: ['up', '--advertise', '10.0.0.1'], status: 2, says: /--mesos/ },
    { args: ['up', '--mesos', 'not a url'], status: 2, says: /not a url/ },
    { args: ['up', '--mesos', 'http://127.0.0.1:9'], status: 6, says: /127\.0\.0\.1:9/ },
    { args: ['package', 'install'], status: 2, says: /package/i },
    { args: ['status'], status: 6, says: /up/ },
    { args: ['task', 'list'], status: 6, says: /up/ },
    { args: install('hello-world', '--no-up'), status: 6, says: /up/ },
    { args: ['cluster', 'attach', none], status: 4, says: /none\.toml/ },
  ];
}

function withCluster(live: Live, file: MakeFile): Row[] {
  const wrongTypes = JSON.stringify({
    service: { cpus: 'many' },
    hello: { count: 0, colour: 'red' },
  });
  const tooMuch = JSON.stringify({ hello: { mem: 1_000_000 } });
  const options = (path: string): string[] => install('hello-world', '--options', path);
  return [
    { args: install('kafak'), status: 4, says: /kafka/ },
    { args: install('no-such-package-at-all'), status: 4, says: /no-such-package-at-all/ },
    { args: install('hello-world', '--package-version', '9.9.9'), status: 4, says: /9\.9\.9/ },
    { args: options(join(live.dir, 'missing.json')), status: 2, says: /missing\.json/ },
    { args: options(live.dir), status: 2, says: /dcos-live/ },
    { args: options(file('broken.json', '{"hello":')), status: 2, says: /broken\.json/ },
    { args: options(file('list.json', '[1]')), status: 2, says: /object/ },
    {
      args: options(file('types.json', wrongTypes)),
      status: 2,
      says: /(?=.*\/service\/cpus)(?=.*\/hello\/count)(?=.*colour)/s,
    },
    {
      args: options(file('near.json', JSON.stringify({ hello: { cuont: 1 } }))),
      status: 2,
      says: /count/,
    },
    { args: options(file('much.json', tooMuch)), status: 8, says: /agent/ },
    { args: install('hello-world', '--set', 'hello.cuont=2'), status: 2, says: /count/ },
    { args: install('hello-world', '--set', 'nonsense'), status: 2, says: /nonsense/ },
    {
      args: install('kafka', '--set', 'brokers.heap=512'),
      status: 2,
      says: /at most 409: a fifth/,
    },
    {
      args: install('kafka', '--set', 'kafka.defaultReplicationFactor=4'),
      status: 2,
      says: /at most 3: each copy needs a broker/,
    },
    {
      args: install('kafka', '--set', 'service.security.sasl.enabled=true'),
      status: 2,
      says: /transport_encryption\.enabled is false, but must be true/,
    },
    { args: install('zookeeper', '--set', 'servers.count=2'), status: 2, says: /servers\/count/ },
    { args: install('hello-world', '--nonsense'), status: 2, says: /--nonsense/ },
    { args: ['package', 'describe', 'hello-wrld'], status: 4, says: /hello-world/ },
    { args: ['package', 'uninstall', 'hello-world', '--yes'], status: 4, says: /hello-world/ },
    { args: ['task', 'log', 'no-such-task'], status: 4, says: /no-such-task/ },
    { args: ['marathon', 'app', 'show', '/no-such-app'], status: 4, says: /no-such-app/ },
    { args: ['marathon', 'app', 'remove', '/no-such-app'], status: 4, says: /no-such-app/ },
    { args: ['marathon', 'app', 'scale', '/x', 'many'], status: 2, says: /many/ },
    { args: ['marathon', 'app', 'add', file('bad-app.json', '{"id":5}')], status: 2, says: /id/ },
    { args: ['kafka', 'plan', 'show', 'deploy'], status: 4, says: /kafka/ },
    { args: ['config', 'show', 'no.such.key'], status: 4, says: /no\.such\.key/ },
    { args: ['node', 'list', 'extra'], status: 2, says: /extra/ },
    { args: ['down', '--purge'], status: 2, says: /--yes/ },
  ];
}

async function table(live: Live, rows: readonly Row[]): Promise<void> {
  const wrong: string[] = [];
  for (const { args, status, says, options } of rows) {
    const ran = await live.dcos(args, options);
    const line = `dcos ${args.join(' ')}`;
    if (ran.status !== status) wrong.push(`${line}: ended with ${ran.status}, not ${status}`);
    if (!says.test(ran.stderr)) wrong.push(`${line}: does not say ${says}: ${ran.stderr.trim()}`);
    if (/\n\s+at .+:\d+:\d+/.test(ran.stderr)) wrong.push(`${line}: shows a stack trace`);
    if (ran.stdout.trim() !== '') wrong.push(`${line}: talks on stdout: ${ran.stdout.trim()}`);
  }
  if (live.leftovers().length > 0) {
    const apps = await live.dcos(['marathon', 'app', 'list', '--json']);
    if (apps.stdout.trim() !== '[]') wrong.push(`something was changed: ${apps.stdout}`);
  }
  assert.deepEqual(wrong, []);
}

async function unusable(live: Live): Promise<void> {
  const readOnly = join(live.dir, 'read-only');
  mkdirSync(readOnly);
  chmodSync(readOnly, 0o500);
  writeFileSync(join(live.dir, 'a-file'), '');
  // Root may write anywhere, so a file in the way stands for the folder it can't make.
  const folders = [join(live.dir, 'a-file', 'dcos'), '/proc/dcos'];
  if (process.getuid?.() !== 0) folders.push(readOnly);
  for (const folder of folders) {
    const ran = await live.dcos(['up'], { env: { DCOS_DIR: folder } });
    assert.equal(ran.status, 1, `${folder}: ${ran.stderr}`);
    assert.ok(ran.stderr.includes(folder), ran.stderr);
    assert.doesNotMatch(ran.stderr, /\n\s+at .+:\d+:\d+/);
  }
}

async function waits(live: Live, file: MakeFile): Promise<void> {
  const { agents } = localCluster(live);
  const cpus = agents[0]?.cpus ?? 4;
  const big = { id: '/big', cmd: 'sleep 1000', cpus, mem: 32, instances: agents.length + 1 };
  await live.ok(['marathon', 'app', 'add', file('big.json', JSON.stringify(big))]);
  const shown = await live.ok(['marathon', 'app', 'show', '/big']);
  assert.match(shown.stdout, /"tasksRunning"/);
  await live.ok(['marathon', 'app', 'remove', '/big']);
  const state = await embedded(live).state();
  assert.ok(state.slaves.every(({ active }) => active));
}

async function access(live: Live): Promise<void> {
  const stale = await live.dcos(['node', 'list'], { env: { DCOS_CLUSTER: 'no-such-cluster' } });
  assert.notEqual(stale.status, 0);
  await live.ok(['config', 'set', 'core.dcos_url', 'http://127.0.0.1:9']);
  const lost = await live.dcos(['node', 'list']);
  assert.equal(lost.status, 6, lost.stderr);
  assert.match(lost.stderr, /127\.0\.0\.1:9/);
  const { control } = localCluster(live);
  await live.ok(['config', 'set', 'core.dcos_url', `http://127.0.0.1:${control.port}`]);
  await live.ok(['config', 'set', 'core.dcos_acs_token', 'abc.def.ghi']);
  const renewed = await live.dcos(['node', 'list']);
  assert.ok(renewed.status === 0 || renewed.status === 3, renewed.stderr);
  await live.ok(['auth', 'login', '--username', 'admin'].slice(0, 2));
  await live.ok(['node', 'list']);
}

async function portInUse(live: Live): Promise<void> {
  await live.ok(['down']);
  const { master } = localCluster(live);
  const taken = createServer();
  await new Promise<void>((done) => taken.listen(master?.port, master?.host, done));
  try {
    const ran = await live.dcos(['up']);
    assert.equal(ran.status, 5, ran.stderr);
    assert.match(ran.stderr, new RegExp(String(master?.port)));
    await live.assertQuiet();
  } finally {
    await new Promise((done) => taken.close(done));
  }
}

async function corrupt(live: Live): Promise<void> {
  const data = join(live.dcosDir, 'local', 'control', 'store', 'data.mdb');
  const whole = readFileSync(data);
  writeFileSync(data, Buffer.alloc(whole.length, 'not a database '));
  const ran = await live.dcos(['up'], { timeoutMs: 90_000 });
  assert.notEqual(ran.status, 0);
  assert.match(ran.stderr, /store|state/);
  assert.doesNotMatch(ran.stderr, /\n\s+at .+:\d+:\d+/);
  await live.assertQuiet();
  writeFileSync(data, whole);
  await live.ok(['up']);
  assert.ok(serverPid(live, 'control') > 1);
}
