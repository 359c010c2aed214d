/**
 * Services, apps, logs, clusters, logins and failures as a whole program against prepared answers.
 */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { startAnswers } from '../helpers/answers.js';
import { cluster, operation, state } from '../helpers/cluster-answers.js';
import { makeFolder, type Run, runDcos } from '../helpers/command-line.js';

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

  const cases: [string[], RegExp][] = [
    [['kafka', 'plann'], /'plann' is not a command of kafka\nDid you mean 'plan'\?/],
    [['kafka', 'frobnicate'], /'frobnicate' is not a command of kafka\nSee: dcos kafka --help/],
    [['kakfa', 'plann'], /no command and no service 'kakfa'\nDid you mean 'kafka'\?/],
    [['kakfa'], /no command and no service 'kakfa'\nDid you mean 'kafka'\?/],
    [['xyzzy', 'plan2'], /'xyzzy' is not a dcos command\nSee: dcos --help/],
    [['pakage', 'plan2'], /'pakage' is not a dcos command\nDid you mean 'package'\?/],
  ];
  for (const [args, text] of cases) {
    t.match(await dcos(...args), { status: 2, stdout: '', stderr: text }, args.join(' '));
  }
  const help = /^Usage: dcos kafka <command>[\s\S]*plan +show and steer[\s\S]*dcos kafka plan show/;
  t.match(await dcos('kafka'), { status: 0, stdout: help });
  t.match(await dcos('kafka', '--help'), { status: 0, stdout: help });
  const alone = await runDcos(['kafka', 'plann'], { home: makeFolder(t) });
  t.match(alone, { status: 2, stderr: /'plann' is not a command of kafka\nDid you mean 'plan'\?/ });
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
        services: [
          {
            framework: 'services',
            service: '/web',
            wanted: 2,
            running: 1,
            used: { cpus: 0.5, memMb: 128, diskMb: 0 },
            agents: 1,
          },
        ],
        sharing: { services: 2, machines: 3, separate: 5 },
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
  t.match(status.stdout, /\/web +1\/2 +0\.5 +128 +0 +1 +services +AWAY/);
  t.match(status.stdout, /2 services on 3 machines; each on its own, they would take 5\./);
  t.match(status.stdout, /install of kafka \(\/kafka\): deploy WAITING/);
  t.equal(JSON.parse((await dcos('status', '--json')).stdout).services[0].running, 1);
});
