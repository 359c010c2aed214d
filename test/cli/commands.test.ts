/** The command line as a whole program: usage, lists, errors and their exit statuses. */
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import t from 'tap';
import { startAnswers } from '../helpers/answers.js';
import { cluster, installable, kafka, state } from '../helpers/cluster-answers.js';
import { attachCluster, makeFolder, type Run, runDcos } from '../helpers/command-line.js';

t.test('command line › knows itself without a cluster', async (t) => {
  const home = makeFolder(t);
  const dcos = (...args: string[]): Promise<Run> => runDcos(args, { home });
  t.match(await dcos('--version'), { status: 0, stdout: /^dcoscli\.version=\d+\.\d+\.\d+\n$/ });
  t.match(await dcos(), { status: 0, stdout: /Usage: dcos[\s\S]*package[\s\S]*Examples:/ });
  t.match(await dcos('package'), { status: 0, stdout: /install +install a package/ });
  t.match(await dcos('help', 'task', 'log'), { status: 0, stdout: /Usage: dcos task log/ });
  t.match(await dcos('kafka', 'plan', '--help'), { status: 0, stdout: /force-restart/ });
  t.match(await dcos('completion', 'bash'), { status: 0, stdout: /complete -F _dcos dcos/ });
  t.match(await dcos('cluster', 'list', '--json'), { status: 0, stdout: '[]\n' });
  t.match(await dcos('config', 'keys', '-q'), { status: 0, stdout: /^core\.dcos_url\n/ });
  const unattached = await dcos('task', 'list');
  t.match(unattached, { status: 6, stdout: '', stderr: /no cluster is attached\n.*dcos up/ });
  const forbidden = await dcos('package', 'install', 'kafka', '--yes', '--no-up');
  t.match(forbidden, { status: 6, stderr: /--no-up forbids[\s\S]*dcos up/ });
  const unasked = await dcos('package', 'install', 'kafka');
  t.match(unasked, { status: 2, stderr: /--yes/ }, 'no cluster is started for a usage error');
});

t.test('command line › every command has help with an example', async (t) => {
  const home = makeFolder(t);
  const { tree } = await import('../../src/cli/tree.js');
  type Node = typeof tree | { load: () => Promise<{ examples: readonly string[] }> };
  const missing: string[] = [];
  const visit = async (node: Node, path: string): Promise<void> => {
    if (!('children' in node)) {
      const { examples } = await node.load();
      if (examples.length === 0 || !examples.every((line) => line.includes('dcos '))) {
        missing.push(path);
      }
      return;
    }
    if (node.examples.length === 0) missing.push(path);
    for (const [name, child] of Object.entries(node.children))
      await visit(child, `${path} ${name}`);
  };
  await visit(tree, 'dcos');
  t.same(missing, []);
  const help = await runDcos(['package', 'install', '--help'], { home });
  t.match(help, { status: 0, stdout: /Usage: dcos package install[\s\S]*Examples:\n {2}dcos/ });
});

t.test('command line › wrong usage exits 2 and says what may be meant', async (t) => {
  const home = makeFolder(t);
  const cases: [string[], RegExp][] = [
    [['pakage'], /'pakage' is not a dcos command\nDid you mean 'package'\?/],
    [['package', 'instal'], /'package instal' is not a dcos command\nDid you mean 'install'\?/],
    [['task', 'lst'], /Did you mean 'list'\?/],
    [['install', 'kafka'], /'install' is not a dcos command\nDid you mean 'package install'\?/],
    [['app', 'update', '/web', 'memm=3'], /'memm' is not a field of an app\nDid you mean 'mem'\?/],
    [['app', 'add'], /the app is missing: the standard input is empty\n.*stdin/],

    [['up', '--agnets', '3'], /unknown option '--agnets'\nDid you mean '--agents'\?/],
    [['--verison'], /unknown option '--verison'\nDid you mean '--version'\?/],
    [['package', 'describe'], /missing required argument 'package'/],
    [['up', '--agents', 'x'], /--agents must be a whole number of at least 1, not 'x'/],
    [['up', '--agents', '2', '--racks', '3'], /--racks must be a whole number from 1 to/],
    [['up', '--mesos', 'zk://a'], /names no path in ZooKeeper/],
    [['up', '--advertise', 'a'], /together with --mesos/],
    [['task', 'list', '-o', 'xml'], /json, yaml, name, wide/],
    [['task', 'list', '--all', '--completed'], /cannot be given together/],
    [['package', 'install', 'kafka', '--set', 'x', '--yes'], /--set x is not of the form/],
    [['service', 'plan', 'pause', 'kafka'], /missing: <plan>/],
    [['config', 'set', 'core.tmeout', '3'], /Did you mean 'core.timeout'\?/],
    [['completion', 'fish'], /bash and zsh/],
    [['cluster', 'remove'], /give exactly one of/],
  ];
  const { url } = await startAnswers(t, {});
  attachCluster(home, { id: 'c-1', url });
  const runs = await Promise.all(cases.map(([args]) => runDcos(args, { home })));
  for (const [at, [args, text]] of cases.entries()) {
    const run = runs[at];
    t.match(run, { status: 2, stdout: '', stderr: text }, args.join(' '));
    t.notMatch(run?.stderr, /\n\s+at /, 'no stack');
  }
});

t.test('settings file › names the cluster, the form and the size, and is checked', async (t) => {
  const { home, server } = await cluster(t, {
    'GET /mesos/master/state': { body: state },
  });
  attachCluster(home, { id: 'c-2', url: 'http://127.0.0.1:1', name: 'far' });
  attachCluster(home, { id: 'c-3', url: server.url, name: 'near' });
  const project = join(makeFolder(t), 'project');
  const cwd = join(project, 'below', 'here');
  mkdirSync(cwd, { recursive: true });
  // What a settings file must never do is to run.
  mkdirSync(join(cwd, '.config'));
  const trap = `require('node:fs').writeFileSync(${JSON.stringify(join(project, 'ran'))}, '')`;
  for (const name of ['.dcosrc.js', 'dcos.config.js', '.config/config.js', '.config/config.cjs']) {
    writeFileSync(join(cwd, name), trap);
  }
  const dcos = (env: Record<string, string>, ...args: string[]): Promise<Run> =>
    runDcos(args, { home, env, cwd });
  const file = join(project, '.dcosrc');
  writeFileSync(file, 'cluster: near\noutput: json\nup:\n  agents: 2\n');
  const list = await dcos({}, '-v', 'task', 'list');
  t.match(list, { status: 0, stderr: `Settings: ${file}` });
  t.equal(JSON.parse(list.stdout).length, 1);
  t.match(await dcos({}, 'task', 'list', '-o', 'wide'), { status: 0, stdout: /NAME/ });
  t.equal((await dcos({}, 'task', 'list', '-q')).stdout, 'web.instance-1._app.1\n');
  t.match(await dcos({ DCOS_CLUSTER: 'far' }, 'task', 'list'), { status: 6 });
  writeFileSync(join(cwd, 'dcos.config.json'), '{"cluster": "nowhere"}');
  const nearer = await dcos({}, 'task', 'list');
  t.match(nearer, { status: 4, stderr: /'nowhere' of .*here\/dcos\.config\.json is not known/ });
  writeFileSync(join(cwd, '.dcosrc.yaml'), 'clutser: a\noutput: xml\nup: {agents: 0, rack: 1}\n');
  const wrong = await dcos({}, 'task', 'list');
  t.match(wrong, { status: 2, stdout: '', stderr: /\.dcosrc\.yaml is not right:\n/ });
  t.match(wrong.stderr, /'clutser' is not a known key\. Did you mean 'cluster'\?\n/);
  t.match(wrong.stderr, /output must be one of .*, not "xml"\n/);
  t.match(wrong.stderr, /up\.agents must be a whole number of at least 1, not 0\n/);
  t.match(wrong.stderr, /'up\.rack' is not a known key\. Did you mean 'racks'\?\n/);
  writeFileSync(join(cwd, '.dcosrc.yaml'), 'up: {racks: 9}\n');
  t.match(await dcos({}, 'up'), { status: 2, stderr: /\.dcosrc\.yaml: up\.racks must be/ });
  writeFileSync(join(cwd, '.dcosrc.yaml'), '$import: ./.dcosrc.js\n');
  t.match(await dcos({}, 'task', 'list'), { status: 2, stderr: /is a program/ });
  writeFileSync(join(cwd, '.dcosrc.yaml'), '{"a":\n');
  const broken = await dcos({}, 'task', 'list');
  t.match(broken, { status: 2, stderr: /^Error: .*\.dcosrc\.yaml: [^\n]+\nIt holds JSON or YAML/ });
  t.notOk(existsSync(join(project, 'ran')), 'nothing was executed');
  t.match(await dcos({}, '--version'), { status: 0 }, 'no settings are needed for this');
});

t.test('command line › an options file must be there and hold a JSON object', async (t) => {
  const { home, dcos, server } = await cluster(t, installable());
  const file = join(home, 'options.json');
  const install = (): Promise<Run> =>
    dcos('package', 'install', 'kafka', '--yes', '--options', file);
  t.match(await install(), { status: 2, stderr: /options file .*options\.json: no such file/ });
  writeFileSync(file, '{"a":');
  t.match(await install(), { status: 2, stderr: /options\.json is not JSON/ });
  writeFileSync(file, '[1]');
  t.match(await install(), { status: 2, stderr: /must hold a JSON object, not a list/ });
  t.same(server.asked, [], 'nothing was asked of the cluster');
});

t.test('command line › lists: table, JSON, names, wide, YAML', async (t) => {
  const { dcos } = await cluster(t, {
    'GET /mesos/master/state': { body: state },
    'POST /package/search': { body: { packages: [kafka] } },
  });
  const table = await dcos('task', 'list');
  t.equal(table.status, 0);
  t.match(table.stdout, /^ +NAME +HOST +USER +STATE +ID +AGENT ID +REGION +ZONE\n/);
  t.match(
    table.stdout,
    /\n {2}web +agent-1 +nobody +TASK_RUNNING +web\.instance-1\._app\.1 +S1 +eu/,
  );
  const json = await dcos('task', '--json');
  t.equal(json.stdout, `${JSON.stringify(state.frameworks[0]?.tasks, null, 4)}\n`);
  t.equal((await dcos('task', 'list', 'nothing', '--json')).stdout, '[]\n');
  t.equal((await dcos('task', 'list', '--completed', '-q')).stdout, 'old.instance-1\n');
  t.equal((await dcos('task', 'w*1', '-o', 'name')).stdout, 'web.instance-1._app.1\n');
  t.match((await dcos('task', 'list', '-o', 'wide')).stdout, /FRAMEWORK ID\n.* F1\n/);
  t.match((await dcos('node', 'list', '-o', 'yaml')).stdout, /^- id: S1\n/);
  const nodes = await dcos('node', 'list', '--field', 'attributes.rack');
  t.match(nodes.stdout, /agent-1 +10\.0\.0\.2 +- +S1 +agent +ACTIVE +eu +r1 +r1\n/);
  t.match(nodes.stdout, /master-1 +10\.0\.0\.1 +- +M +master \(leader\) +ACTIVE/);
  t.match((await dcos('service')).stdout, /services +h +True +1 +0\.5 +64 +0 +F1\n/);
  const search = await dcos('package', 'search');
  t.match(search.stdout, /kafka +3\.9\.1 +false +true +A log x+\.\.\.\n/, 'cut and harmless');
  t.notOk(search.stdout.includes('\u001b'));
  t.notOk((await dcos('package', 'search', '--json')).stdout.includes('\u001b'));
});

t.test('command line › a token that is not accepted, a right that is missing', async (t) => {
  const { dcos, server } = await cluster(t, {
    'GET /mesos/master/state': { status: 401, body: { message: 'it has expired' } },
    'GET /failures': { status: 403, body: {} },
    'GET /status': { status: 500, body: { message: 'no disk', code: 'io', hint: 'Make room.' } },
    'GET /service/marathon/v2/apps': {
      status: 422,
      body: { message: 'Object is not valid', details: [{ path: '/cpus', errors: ['too many'] }] },
    },
  });
  const expired = await dcos('task', 'list');
  t.match(expired, { status: 3, stderr: /it has expired\n.*dcos auth login/ });
  t.equal(server.asked[0]?.headers.authorization, 'token=good-token');
  t.match(await dcos('failures'), { status: 3, stderr: /not authorized/ });
  t.match(await dcos('status'), { status: 1, stderr: /^Error: no disk\nMake room\.\n$/ });
  t.match(await dcos('app', 'list'), { status: 2, stderr: /not valid\n {2}\/cpus: too many/ });
});

t.test('command line › a cluster that is not there, or does not answer', async (t) => {
  const home = makeFolder(t);
  const probe = createServer();
  await new Promise<void>((resolve) => probe.listen(0, '127.0.0.1', resolve));
  const { port } = probe.address() as { port: number };
  await new Promise((resolve) => probe.close(resolve));
  attachCluster(home, { id: 'c-1', url: `http://127.0.0.1:${port}` });
  const gone = await runDcos(['task', 'list'], { home });
  const text = new RegExp(`cannot reach the cluster at http://127.0.0.1:${port}: nothing listens`);
  t.match(gone, { status: 6, stdout: '', stderr: text });
  t.match(gone.stderr, /dcos up/);
  const { url } = await startAnswers(t, { 'GET /mesos/master/state': 'hang' });
  attachCluster(home, { id: 'c-1', url });
  const slow = await runDcos(['task', 'list'], { home, env: { DCOS_TIMEOUT: '1' } });
  t.match(slow, { status: 7, stderr: /did not answer GET \/mesos\/master\/state in time/ });
});

t.test('command line › a reader that has seen enough is no error', async (t) => {
  const tasks = Array.from({ length: 20_000 }, (_, at) => ({
    id: `t${at}`,
    name: 'n',
    state: 'x',
  }));
  const { home } = await cluster(t, {
    'GET /mesos/master/state': { body: { frameworks: [{ id: 'F', tasks }] } },
  });
  const { execFile } = await import('node:child_process');
  const { root } = await import('../helpers/paths.js');
  const program = `"${process.execPath}" "${root}/bin/dcos.js"`;
  const line = `${program} task list | head -1; echo "\${PIPESTATUS[0]}"`;
  const env = { PATH: process.env.PATH ?? '', DCOS_DIR: home };
  const [stdout, stderr] = await new Promise<[string, string]>((resolve, reject) => {
    execFile('bash', ['--norc', '-c', line], { env }, (error, out, err) =>
      error === null ? resolve([out, err]) : reject(error),
    );
  });
  t.match(stdout, /^ +NAME.*\n0\n$/);
  t.equal(stderr, '');
  const closed = await new Promise<number>((resolve) => {
    execFile('bash', ['--norc', '-c', `${program} task list >&-`], {
      env,
    }).on('close', (status) => resolve(status ?? 128));
  });
  t.equal(closed, 0);
});
