/** The command line as a whole program against prepared answers: output, errors, exit statuses. */
import { writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { type AnswerServer, type Answers, startAnswers } from '../helpers/answers.js';
import { attachCluster, makeFolder, type Run, runDcos } from '../helpers/command-line.js';

const state = {
  hostname: 'master-1',
  id: 'M',
  pid: 'master@10.0.0.1:5050',
  version: '1.11.0',
  slaves: [
    {
      id: 'S1',
      hostname: 'agent-1',
      pid: 'slave(1)@10.0.0.2:5051',
      active: true,
      attributes: { rack: 'r1' },
      domain: { fault_domain: { region: { name: 'eu' }, zone: { name: 'r1' } } },
    },
  ],
  frameworks: [
    {
      id: 'F1',
      name: 'services',
      active: true,
      hostname: 'h',
      user: 'nobody',
      resources: { cpus: 0.5, mem: 64, disk: 0 },
      tasks: [
        {
          id: 'web.instance-1._app.1',
          name: 'web',
          state: 'TASK_RUNNING',
          slave_id: 'S1',
          framework_id: 'F1',
          statuses: [
            {
              state: 'TASK_RUNNING',
              container_status: { container_id: { value: 'C1' } },
            },
          ],
        },
      ],
      completed_tasks: [
        { id: 'old.instance-1', name: 'old', state: 'TASK_FAILED', slave_id: 'S1' },
      ],
    },
  ],
};

const kafka = {
  name: 'kafka',
  currentVersion: '3.9.1',
  versions: { '3.9.1': 0 },
  description: `A log\u001b[31m ${'x'.repeat(90)}`,
  framework: true,
  selected: false,
};

const operation = {
  id: 'op-1',
  kind: 'install',
  packageName: 'kafka',
  packageVersion: '3.9.1',
  appId: '/kafka',
  createdAt: 1,
  updatedAt: 1,
  deadline: 9e15,
  phases: [
    {
      name: 'deploy',
      status: 'COMPLETE',
      steps: [{ name: 'broker-0:[broker]', status: 'COMPLETE' }],
    },
  ],
};

const complete = {
  ...operation,
  status: 'complete',
  revision: 2,
  endpoints: [{ name: 'broker', addresses: ['10.0.0.2:9092'] }],
  notes: 'Enjoy.',
};

/** The answers of a cluster where kafka can be installed. */
function installable(): Answers {
  return {
    'POST /package/describe': { body: { package: { name: 'kafka', version: '3.9.1' } } },
    'POST /operations/preflight': {
      body: { download: { bytes: 46e6, cachedBytes: 1e6 }, problems: [], warnings: ['it waits'] },
    },
    'POST /package/render': { body: { marathonJson: { id: '/kafka' } } },
    'POST /package/install': {
      body: { packageName: 'kafka', packageVersion: '3.9.1', appId: '/kafka' },
      headers: { 'dcos-operation-id': 'op-1' },
    },
    'GET /operations/op-1': { body: complete },
    'POST /package/list': {
      body: {
        packages: [
          {
            appId: '/kafka',
            packageInformation: { packageDefinition: { name: 'kafka', version: '3.9.1' } },
          },
        ],
      },
    },
    'POST /cosmos/service/describe': { body: { userProvidedOptions: { brokers: { count: 1 } } } },
  };
}

/** A cluster of prepared answers and a way to run commands against it. */
async function cluster(
  t: Test,
  answers: Answers,
): Promise<{
  server: AnswerServer;
  home: string;
  dcos: (...args: string[]) => Promise<Run>;
}> {
  const home = makeFolder(t);
  const server = await startAnswers(t, answers);
  attachCluster(home, { id: 'c-1', url: server.url });
  return { server, home, dcos: (...args) => runDcos(args, { home }) };
}

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
  const { tree, isGroup } = await import('../../src/cli/tree.js');
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
  t.ok(isGroup(tree));
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
    [['up', '--agnets', '3'], /unknown option '--agnets'\nDid you mean '--agents'\?/],
    [['--verison'], /unknown option '--verison'\nDid you mean '--version'\?/],
    [['package', 'describe'], /missing required argument 'package'/],
    [['up', '--agents', 'x'], /--agents must be a whole number of at least 1, not 'x'/],
    [['up', '--agents', '2', '--racks', '3'], /--racks must be a whole number from 1 to/],
    [['up', '--mesos', 'zk://a/mesos'], /ZooKeeper is not supported/],
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

t.test('package install › watches to the end and says how to reach it', async (t) => {
  const running = { ...operation, status: 'running', revision: 1 };
  const step = { name: 'kafka', status: 'IN_PROGRESS', progress: { done: 23e6, total: 46e6 } };
  const { dcos, server } = await cluster(t, {
    ...installable(),
    'GET /operations/op-1': ({ query }) =>
      query.has('revision')
        ? { body: complete }
        : {
            body: {
              ...running,
              phases: [{ name: 'artifacts', status: 'IN_PROGRESS', steps: [step] }],
            },
          },
  });
  const run = await dcos('package', 'install', 'kafka', '--yes', '--set', 'brokers.count=1');
  t.equal(run.status, 0, run.stderr);
  t.equal(run.stdout, 'broker: 10.0.0.2:9092\nEnjoy.\n');
  t.match(run.stderr, /To be downloaded: 45\.0 MB[\s\S]*Warning: it waits/);
  t.match(run.stderr, /package \[kafka\] version \[3\.9\.1\]/);
  t.match(run.stderr, /artifacts: kafka 23\.0 of 46\.0 MB \[IN_PROGRESS\]\n/);
  t.match(run.stderr, /deploy: complete\nkafka 3\.9\.1 is installed as \/kafka/);
  const sent = server.asked.find(({ path }) => path === '/package/install');
  t.match(sent?.body, {
    packageName: 'kafka',
    packageVersion: '3.9.1',
    options: { brokers: { count: 1 } },
  });
  t.match(sent?.headers['content-type'], /vnd\.dcos\.package\.install-request\+json/);
});

t.test('package install › ends with the outcome of the operation', async (t) => {
  const { dcos, server } = await cluster(t, installable());
  const install = (...more: string[]): Promise<Run> =>
    dcos('package', 'install', 'kafka', '--yes', ...more);
  const end = (fields: object): void => {
    server.answers['GET /operations/op-1'] = { body: { ...complete, ...fields } };
  };
  end({ status: 'failed', reason: 'checksum mismatch of a.jar' });
  t.match(await install(), {
    status: 1,
    stdout: '',
    stderr: /failed: checksum mismatch of a\.jar/,
  });
  end({ status: 'failed', reason: 'too late', deadline: 5, endedAt: 5 });
  t.match(await install(), { status: 7 });
  end({ status: 'cancelled', reason: 'uninstalled meanwhile' });
  t.match(await install(), { status: 5, stderr: /cancelled: uninstalled meanwhile/ });
  t.match(await install('--detach'), { status: 0, stdout: 'op-1\n' });
  const dry = await install('--dry-run');
  t.same(JSON.parse(dry.stdout), { options: {}, app: { id: '/kafka' } });
  const asked = server.asked.filter(({ path }) => path === '/package/install').length;
  t.equal(asked, 4, 'a dry run installs nothing');
});

t.test('package install › what is installed or on its way is joined or refused', async (t) => {
  const { dcos, server } = await cluster(t, installable());
  const install = (...more: string[]): Promise<Run> =>
    dcos('package', 'install', 'kafka', '--yes', ...more);
  const body = { type: 'PackageAlreadyInstalled', message: 'Package is already installed' };
  server.answers['POST /package/install'] = { status: 409, body };
  const same = await install('--set', 'brokers.count=1');
  t.match(same, { status: 0, stderr: /with the same options: nothing to do/ });
  const json = await install('--set', 'brokers.count=1', '--json');
  t.match(JSON.parse(json.stdout), { changed: false, appId: '/kafka' });
  const other = await install('--set', 'brokers.count=2');
  t.match(other, { status: 5, stderr: /another version or other options[\s\S]*--app-id/ });
  const headers = { 'dcos-operation-id': 'op-1' };
  server.answers['POST /package/install'] = { status: 409, body, headers };
  const joined = await install('--set', 'brokers.count=1');
  t.match(joined, { status: 0, stdout: /^broker: /, stderr: /already running: watching it/ });
  server.answers['GET /operations/op-1'] = { body: { ...complete, kind: 'uninstall' } };
  t.match(await install(), { status: 5, stderr: /is being uninstalled/ });
});

t.test('package install › refuses what preflight finds, all at once', async (t) => {
  const { dcos, server } = await cluster(t, installable());
  const find = (...problems: object[]): void => {
    server.answers['POST /operations/preflight'] = {
      body: { download: { bytes: 0, cachedBytes: 0 }, problems, warnings: [] },
    };
  };
  const install = (): Promise<Run> => dcos('package', 'install', 'kafka', '--yes');
  find(
    { code: 'invalid', message: '/brokers/cuont: not allowed', hint: "Did you mean 'count'?" },
    { code: 'invalid', message: '/brokers/mem: not a number' },
  );
  const options = await install();
  t.match(options, {
    status: 2,
    stderr: /2 problems:\n {2}\/brokers\/cuont.*\n {2}\/brokers\/mem/,
  });
  t.match(options.stderr, /Did you mean 'count'\?/);
  find({ code: 'impossible', message: 'a broker needs 99 cpus; the largest agent has 4' });
  t.match(await install(), { status: 8, stderr: /needs 99 cpus; the largest agent has 4/ });
  t.notOk(
    server.asked.some(({ path }) => path === '/package/install'),
    'nothing was begun',
  );
  server.answers['POST /package/describe'] = {
    status: 400,
    body: { type: 'PackageNotFound', message: 'Package [kafak] not found' },
  };
  server.answers['POST /package/search'] = { body: { packages: [kafka] } };
  const unknown = await dcos('package', 'install', 'kafak', '--yes');
  t.match(unknown, { status: 4, stderr: /\[kafak\] not found\nDid you mean 'kafka'\?/ });
});

t.test('package install › ctrl-C leaves it to the cluster', async (t) => {
  const { home, server } = await cluster(t, installable());
  server.answers['GET /operations/op-1'] = ({ query }) =>
    query.has('revision') ? 'hang' : { body: { ...operation, status: 'running', revision: 1 } };
  const run = await runDcos(['package', 'install', 'kafka', '--yes'], {
    home,
    onOutput: (text, signal) => {
      if (text.includes('deploy: complete')) signal('SIGINT');
    },
  });
  t.match(run, { status: 130, stderr: /goes on without you[\s\S]*op-1/ });
});

t.test('package uninstall › destroys data by explicit order only', async (t) => {
  const volume = {
    agent: 'agent-1',
    id: 'v-1',
    role: 'kafka-role',
    sizeMb: 512,
    containerPath: 'data',
  };
  const { dcos, server } = await cluster(t, {
    ...installable(),
    'POST /operations/uninstall-preview': {
      body: { appId: '/kafka', volumes: [volume], tasks: [] },
    },
    'POST /package/uninstall': { body: { results: [] }, headers: { 'dcos-operation-id': 'op-1' } },
    'GET /operations/op-1': { body: { ...complete, kind: 'uninstall', notes: 'Bye.' } },
  });
  const refused = await dcos('package', 'uninstall', 'kafka', '--yes');
  t.match(refused, { status: 8, stderr: /v-1 +data +512 +agent-1[\s\S]*nothing was touched/ });
  t.match(refused.stderr, /--delete-volumes/);
  const unasked = await dcos('package', 'uninstall', 'kafka', '--delete-volumes');
  t.match(unasked, { status: 2, stderr: /--yes/ });
  t.notOk(server.asked.some(({ path }) => path === '/package/uninstall'));
  const done = await dcos('package', 'uninstall', 'kafka', '--delete-volumes', '--yes');
  t.match(done, { status: 0, stderr: /Uninstalled package \[kafka\] version \[3\.9\.1\]\nBye\./ });
  const unknown = await dcos('package', 'uninstall', 'kafak', '--yes');
  t.match(unknown, { status: 4, stderr: /'kafak' is not installed\nDid you mean 'kafka'\?/ });
});

t.test('service › plans, pods and endpoints of any service', async (t) => {
  const deploy = {
    strategy: 'serial',
    status: 'IN_PROGRESS',
    errors: [],
    phases: [
      {
        id: '1',
        name: 'broker',
        strategy: 'serial',
        status: 'IN_PROGRESS',
        steps: [
          { id: '2', name: 'broker-0:[broker]', status: 'COMPLETE', message: '' },
          { id: '3', name: 'broker-1:[broker]', status: 'STARTING', message: '' },
        ],
      },
    ],
  };
  const { dcos, server } = await cluster(t, {
    'GET /service/kafka/v1/plans/deploy': { status: 202, body: deploy },
    'POST /service/kafka/v1/plans/deploy/restart': { body: { message: 'ok' } },
    'POST /service/kafka/v1/plans/deploy/interrupt': { status: 208, body: {} },
    'POST /service/kafka/v1/pod/broker-1/replace': { body: { pod: 'broker-1', tasks: [] } },
    'GET /service/kafka/v1/endpoints': { body: ['broker'] },
    'GET /service/marathon/v2/apps': {
      body: { apps: [{ id: '/kafka', labels: { DCOS_SERVICE_NAME: 'kafka' } }] },
    },
  });
  const tree = [
    'deploy (serial strategy) (IN_PROGRESS)',
    '└─ broker (serial strategy) (IN_PROGRESS)',
    '   ├─ broker-0:[broker] (COMPLETE)',
    '   └─ broker-1:[broker] (STARTING)',
    '',
  ].join('\n');
  t.equal((await dcos('kafka', 'plan', 'show', 'deploy')).stdout, tree);
  t.equal((await dcos('service', 'plan', 'status', 'deploy', 'kafka')).stdout, tree);
  t.same(JSON.parse((await dcos('kafka', 'plan', 'show', '--json')).stdout), deploy);
  const again = await dcos(
    'kafka',
    'plan',
    'force-restart',
    'deploy',
    'broker',
    'broker-0:[broker]',
  );
  t.match(again, { status: 0, stderr: /has been restarted/ });
  t.equal(server.asked.at(-1)?.query.get('step'), 'broker-0:[broker]');
  t.match(await dcos('kafka', 'plan', 'pause', 'deploy'), {
    status: 0,
    stderr: /paused or complete/,
  });
  t.match(await dcos('kafka', 'pod', 'replace', 'broker-1'), { status: 0, stdout: /"broker-1"/ });
  t.same(JSON.parse((await dcos('kafka', 'endpoints')).stdout), ['broker']);
  const unknown = await dcos('kakfa', 'plan', 'list');
  t.match(unknown, { status: 4, stderr: /no service 'kakfa'\nDid you mean 'kafka'\?/ });
});

t.test('app › changes answer with their deployment', async (t) => {
  const { home, dcos, server } = await cluster(t, {
    'GET /service/marathon/v2/apps': {
      body: { apps: [{ id: '/web', instances: 2, tasksRunning: 1 }] },
    },
    'GET /service/marathon/v2/deployments': {
      body: [{ id: 'd', currentActions: [{ app: '/web', action: 'ScaleApplication' }] }],
    },
    'GET /service/marathon/v2/queue': {
      body: { queue: [{ pod: { id: '/p' } }, { app: { id: '/web' } }] },
    },
    'POST /service/marathon/v2/apps': {
      status: 201,
      body: { id: '/web', deployments: [{ id: 'd-1' }] },
    },
    'PUT /service/marathon/v2/apps/team/web': { body: { deploymentId: 'd-2', version: 'v' } },
    'DELETE /service/marathon/v2/apps/web': { body: { deploymentId: 'd-3', version: 'v' } },
  });
  const list = await dcos('marathon', 'app', 'list');
  t.match(list.stdout, /\/web +1\/2 +--- +scale +true +mesos/);
  const file = join(home, 'web.json');
  writeFileSync(file, '{"id":"/web"}');
  t.match(await dcos('app', 'add', file), { status: 0, stdout: 'Created deployment d-1\n' });
  const update = await dcos('app', 'update', 'team/web', 'mem=64', 'env={"A":"1"}', 'cmd=sleep 1');
  t.match(update, { status: 0, stdout: 'Created deployment d-2\n' });
  t.same(server.asked.at(-1)?.body, { mem: 64, env: { A: '1' }, cmd: 'sleep 1' });
  t.match(await dcos('app', 'scale', 'team/web', '3'), { status: 0 });
  t.same(server.asked.at(-1)?.body, { instances: 3 });
  t.match(await dcos('app', 'remove', '/web'), { status: 0, stdout: 'Created deployment d-3\n' });
  const unknown = await dcos('app', 'show', '/wbe');
  t.match(unknown, { status: 4, stderr: /Did you mean '\/web'\?/ });
});

t.test('task log › the last lines, and what follows by whatever replaces a task', async (t) => {
  const body = 'one\ntwo\nthree\n';
  let second = '';
  const task = state.frameworks[0]?.tasks[0];
  const next = { ...task, id: 'web.instance-2._app.1' };
  const { home, dcos, server } = await cluster(t, {
    'GET /mesos/master/state': { body: state },
    'GET /agent/S1/files/debug': {
      body: {
        '/frameworks/F1/executors/web.instance-1._app.1/runs/C1': '/w/1',
        '/frameworks/F1/executors/web.instance-2._app.1/runs/C1': '/w/2',
      },
    },
    'GET /agent/S1/files/read': ({ query }) => {
      const path = query.get('path') ?? '';
      if (path.endsWith('/nofile')) return { status: 404, body: 'No such file' };
      const text = path.includes('instance-2') ? second : body;
      const offset = Number(query.get('offset'));
      return {
        body: offset < 0 ? { data: '', offset: text.length } : { data: text.slice(offset), offset },
      };
    },
  });
  t.equal((await dcos('task', 'log', 'web', '--lines', '2')).stdout, 'two\nthree\n');
  t.match(await dcos('task', 'log', 'web', 'nofile'), {
    status: 4,
    stderr: /has no file 'nofile'/,
  });
  t.match(await dcos('task', 'log', 'wbe'), { status: 4, stderr: /Did you mean 'web'\?/ });
  let isReplaced = false;
  const run = await runDcos(['task', 'log', '--follow', 'web', '--lines', '1'], {
    home,
    onOutput: (text, signal) => {
      if (!isReplaced && text.includes('three')) {
        isReplaced = true;
        second = 'new life\n';
        const frameworks = [{ ...state.frameworks[0], tasks: [next] }];
        server.answers['GET /mesos/master/state'] = { body: { ...state, frameworks } };
      }
      if (text.includes('new life')) signal('SIGINT');
    },
  });
  t.match(run, { status: 130, stdout: 'three\nnew life\n', stderr: /==> web\.instance-2/ });
});

t.test('cluster, auth, config › set up, log in, keep it in the files of DC/OS', async (t) => {
  const home = makeFolder(t);
  const { url, asked } = await startAnswers(t, {
    'HEAD /': {},
    'HEAD /pkgpanda/active.buildinfo.full.json': { status: 401 },
    'GET /acs/api/v1/auth/providers': {
      body: {
        'dcos-users': {
          'authentication-type': 'dcos-uid-password',
          config: { start_flow_url: '/acs/api/v1/auth/login' },
        },
      },
    },
    'POST /acs/api/v1/auth/login': ({ body }) =>
      (body as { password?: string }).password === 'right'
        ? { body: { token: 'fresh' } }
        : { status: 401, body: { title: 'Unauthorized', description: 'wrong password' } },
    'GET /metadata': { body: { CLUSTER_ID: 'id-1', PUBLIC_IPV4: '127.0.0.1' } },
    'GET /mesos/state-summary': { body: { cluster: 'prod' } },
    'GET /dcos-metadata/dcos-version.json': { body: { version: '2.2.0' } },
  });
  const dcos = (...args: string[]): Promise<Run> => runDcos(args, { home });
  const setup = (password: string, ...more: string[]): Promise<Run> =>
    dcos('cluster', 'setup', url, '--username', 'admin', '--password', password, ...more);
  t.match(await setup('bad'), { status: 3, stderr: /wrong password/ });
  t.equal((await dcos('cluster', 'list', '--json')).stdout, '[]\n', 'nothing half-done');
  t.match(await setup('right'), { status: 0, stdout: '' });
  const list = JSON.parse((await dcos('cluster', 'list', '--json')).stdout);
  t.same(list, [
    {
      attached: true,
      cluster_id: 'id-1',
      name: 'prod',
      url,
      status: 'AVAILABLE',
      version: '2.2.0',
    },
  ]);
  const shown = await dcos('config', 'show');
  t.match(shown.stdout, /core\.dcos_acs_token \*{8}\n/);
  t.equal((await dcos('config', 'show', 'core.dcos_acs_token')).stdout, 'fresh\n');
  t.match(await dcos('config', 'set', 'core.timeout', '9'), { status: 0, stdout: '' });
  t.equal((await dcos('config', 'show', 'core.timeout')).stdout, '9\n');
  t.match(await dcos('config', 'set', 'core.timeout', 'x'), { status: 2 });
  t.match(await dcos('config', 'unset', 'core.timeout'), { status: 0 });
  t.match(await dcos('config', 'show', 'core.timeout'), { status: 4 });
  t.match(await dcos('auth', 'logout'), { status: 0 });
  t.match(await dcos('config', 'show', 'core.dcos_acs_token'), { status: 4 });
  t.match(await dcos('auth', 'login'), { status: 2, stderr: /--username/ }, 'never a prompt');
  const file = join(home, 'password');
  writeFileSync(file, 'right\n', { mode: 0o644 });
  const login = (): Promise<Run> =>
    dcos('auth', 'login', '--username', 'admin', '--password-file', file);
  t.match(await login(), { status: 8, stderr: /others may read/ });
  const { chmodSync } = await import('node:fs');
  chmodSync(file, 0o600);
  t.match(await login(), { status: 0 });
  t.match(await dcos('cluster', 'rename', 'prod', 'main'), { status: 0 });
  t.match(await dcos('cluster', 'attach', 'mian'), { status: 4, stderr: /'mian' is not known/ });
  t.match(await dcos('cluster', 'remove', 'main'), { status: 0 });
  t.notOk(
    asked.some(({ path }) => path.includes('right')),
    'no secret in a path',
  );
  writeFileSync(join(home, 'clusters', 'x'), '');
  t.equal((await dcos('cluster', 'list', '--json')).stdout, '[]\n', 'a stray file is no cluster');
});

t.test('status, failures › what is broken, in words', async (t) => {
  const incident = {
    id: 'i-1',
    kind: 'agent',
    summary: 'agent agent-1 (rack r1) is unreachable',
    evidence: ['no pong for 5 s'],
    lost: [
      {
        framework: 'services',
        service: '/web',
        taskId: 'web.1',
        taskName: 'web',
        state: 'TASK_UNREACHABLE',
      },
    ],
    actions: [{ at: 1000, text: 'started web.2 on agent-2' }],
    services: [{ framework: 'services', service: '/web', missing: 0, wholeAt: 6500 }],
    startedAt: 1000,
    endedAt: 6500,
    status: 'healed',
  };
  const { dcos } = await cluster(t, {
    'GET /failures': ({ query }) => ({ body: { incidents: query.get('all') ? [incident] : [] } }),
    'GET /failures/i-1': { body: incident },
    'GET /status': {
      body: {
        cluster: { id: 'c-1', name: 'test' },
        version: '0.1.0',
        mesos: { url: 'http://m', version: '1.11.0', connected: true },
        agents: [
          { id: 'S1', hostname: 'agent-1', rack: 'r1', state: 'unreachable', tasksRunning: 0 },
        ],
        frameworks: [{ id: 'F', name: 'services', connected: false, tasksRunning: 1 }],
        services: [{ framework: 'services', service: '/web', wanted: 2, running: 1 }],
        incidents: [{ ...incident, status: 'open' }],
        operations: [
          {
            ...operation,
            status: 'running',
            revision: 1,
            phases: [{ name: 'deploy', status: 'WAITING', steps: [] }],
          },
        ],
      },
    },
  });
  t.match(await dcos('failures'), { status: 0, stdout: '', stderr: /Nothing is broken/ });
  t.match((await dcos('failures', '--all')).stdout, /i-1 +healed .*after 5\.5 s +1 +agent agent-1/);
  const shown = await dcos('failures', 'show', 'i-1');
  t.match(shown.stdout, /^agent agent-1 .*\nsince 1970-01-01 00:00:01, healed .*after 5\.5 s/);
  t.match(shown.stdout, /Lost:\n {2}web of \/web[\s\S]*Done:[\s\S]*whole again after 5\.5 s/);
  t.match(await dcos('failures', 'show', 'i-2'), { status: 4, stderr: /Did you mean 'i-1'\?/ });
  const status = await dcos('status');
  t.match(status.stdout, /agent-1 +r1 +unreachable +0 +---/);
  t.match(status.stdout, /\/web +1\/2 +services +AWAY/);
  t.match(status.stdout, /install of kafka \(\/kafka\): deploy WAITING/);
  t.equal(JSON.parse((await dcos('status', '--json')).stdout).services[0].running, 1);
});
