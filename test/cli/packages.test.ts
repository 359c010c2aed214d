/** `dcos package install` and `uninstall` as a whole program against prepared answers. */
import t from 'tap';
import { cluster, complete, installable, kafka, operation } from '../helpers/cluster-answers.js';
import { type Run, runDcos } from '../helpers/command-line.js';

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

t.test('doctor › what packages have yet to download is told by a cluster that is up', async (t) => {
  const found = { name: 'kafka', currentVersion: '3.9.1', versions: { '3.9.1': 0 } };
  const { dcos, server } = await cluster(t, {
    ...installable(),
    'POST /package/search': { body: { packages: [found] } },
  });
  const downloads = async (): Promise<unknown> => {
    const { stdout } = await dcos('doctor', '--json');
    const checks = JSON.parse(stdout) as { name: string }[];
    return checks.find(({ name }) => name === 'downloads');
  };
  t.match(await downloads(), { status: 'ok', detail: 'kafka 45.0 MB' });
  server.answers['POST /package/search'] = { status: 503, body: { message: 'it starts' } };
  t.match(await downloads(), { status: 'warning', detail: /not known: .*it starts/ });
});

t.test('package install › what it needs first is named, checked and installed first', async (t) => {
  const need = { option: 'zookeeper.service', packageName: 'zookeeper', serviceName: 'zk-2' };
  const nothing = { download: { bytes: 0, cachedBytes: 0 }, problems: [], warnings: [] };
  const nameOf = (body: unknown): string => (body as { packageName: string }).packageName;
  const { dcos, server } = await cluster(t, {
    ...installable(),
    'POST /package/describe': ({ body }) => ({
      body: { package: { name: nameOf(body), version: '3.9.1' } },
    }),
    'POST /operations/preflight': ({ body }) => ({
      body: { ...nothing, dependencies: nameOf(body) === 'kafka' ? [need] : [] },
    }),
  });
  const dry = await dcos('package', 'install', 'kafka', '--dry-run');
  t.same(JSON.parse(dry.stdout).first, ['zookeeper']);
  const run = await dcos('package', 'install', 'kafka', '--yes');
  t.equal(run.status, 0, run.stderr);
  t.match(run.stderr, /kafka needs the service 'zk-2' \(option zookeeper\.service\)/);
  const sent = server.asked.filter(({ path }) => path === '/package/install');
  t.match(
    sent.map(({ body }) => body),
    [
      { packageName: 'zookeeper', options: { service: { name: 'zk-2' } } },
      { packageName: 'kafka' },
    ],
  );
  const problem = { code: 'impossible', message: 'no agent is large enough' };
  server.answers['POST /operations/preflight'] = ({ body }) => ({
    body:
      nameOf(body) === 'kafka'
        ? { ...nothing, dependencies: [need] }
        : { ...nothing, problems: [problem] },
  });
  const refused = await dcos('package', 'install', 'kafka', '--yes');
  t.match(refused, { status: 8, stderr: /no agent is large enough/ });
  const asked = server.asked.filter(({ path }) => path === '/package/install').length;
  t.equal(asked, 2, 'nothing was installed');
});

t.test('package uninstall › of what another service uses is refused', async (t) => {
  const { dcos, server } = await cluster(t, {
    ...installable(),
    'POST /operations/uninstall-preview': {
      body: { appId: '/kafka', volumes: [], tasks: [], dependents: ['/storm'] },
    },
  });
  const refused = await dcos('package', 'uninstall', 'kafka', '--yes');
  t.match(refused, { status: 5, stderr: /\/kafka is used by \/storm; nothing was touched/ });
  t.notOk(server.asked.some(({ path }) => path === '/package/uninstall'));
});
