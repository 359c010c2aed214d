/** `services` as a whole: Marathon's API in front, a model master behind a real connection. */
import { get } from 'node:http';
import t from 'tap';
import { linesOf } from '../../src/services/journal.js';
import type { Services } from '../../src/services/services.js';
import { aWorld } from '../helpers/services-world.js';

const app = { id: '/web', cmd: 'serve', cpus: 0.5, mem: 64 };

t.test('apps › created, scaled, updated, rolled back, restarted, deleted', async (t) => {
  const { call, services, until, model } = await aWorld(t);
  const idle = (): boolean => services.deployments().length === 0;
  const created = await call('POST', '/v2/apps', {
    ...app,
    instances: 2,
    env: { A: '1', S: { secret: 's' } },
    secrets: { s: { source: 'account/x' } },
    portDefinitions: [{ port: 0, name: 'http' }],
  });
  t.equal(created.status, 201);
  t.match(created.json, {
    id: '/web',
    instances: 2,
    tasks: [],
    deployments: [{ id: created.headers['marathon-deployment-id'] }],
  });
  await until(idle);
  const tasks = services.tasks('/web');
  t.equal(tasks.length, 2);
  t.match(tasks[0], { state: 'TASK_RUNNING', ports: [Number], host: /^host-/ });

  const [info] = [...model.master.tasks.values()].map((task) => task.info);
  const variables = Object.fromEntries(
    (info?.command?.environment?.variables ?? []).map((v) => [v.name, v.value]),
  );
  const port = String(
    info?.resources?.find(({ name }) => name === 'ports')?.ranges?.range?.[0]?.begin,
  );
  t.match(variables, {
    A: '1',
    S: 'the value of account/x',
    PORT0: port,
    PORT: port,
    PORTS: port,
    PORT_HTTP: port,
    PORT_10000: port,
    HOST: /^host-/,
    MARATHON_APP_ID: '/web',
    MARATHON_APP_RESOURCE_CPUS: '0.5',
    MARATHON_APP_RESOURCE_MEM: '64.0',
    MESOS_TASK_ID: info?.task_id.value,
  });
  const labels = Object.fromEntries((info?.labels?.labels ?? []).map((l) => [l.key, l.value]));
  t.match(labels, { DCOS_SERVICE: '/web', DCOS_INSTANCE: /^web\.instance-/ });

  const scaled = await call('PUT', '/v2/apps/web', { instances: 3 });
  t.match(scaled, { status: 200, json: { deploymentId: String, version: String } });
  await until(idle);
  const ids = new Set(services.tasks('/web').map(({ id }) => id));
  t.ok(
    tasks.every(({ id }) => ids.has(id)),
    'scaling restarts nothing',
  );

  const first = (await call('GET', '/v2/apps/web/versions')).json.versions.at(-1);
  await call('PUT', '/v2/apps//web', { cmd: 'serve better' });
  await until(idle);
  t.ok(
    services.tasks('/web').every(({ id }) => !ids.has(id)),
    'another command restarts all',
  );
  t.equal((await call('GET', `/v2/apps/web/versions/${first}`)).json.cmd, 'serve');
  await call('PUT', '/v2/apps/web', { version: first });
  t.match((await call('GET', '/v2/apps/web')).json.app, { cmd: 'serve', instances: 2 });
  await until(idle);

  t.equal((await call('POST', '/v2/apps/web/restart')).status, 200);
  await until(idle);
  t.equal((await call('DELETE', '/v2/apps/web')).status, 200);
  t.match(await call('GET', '/v2/apps/web'), {
    status: 404,
    json: { message: "App '/web' does not exist" },
  });
  await until(idle);
  await until(() => model.master.tasks.size === 0);
});

t.test('mistakes › statuses and bodies as Marathon has them; nothing is changed', async (t) => {
  const { call, services } = await aWorld(t);
  const post = (json: unknown) => call('POST', '/v2/apps', json);
  t.match(await post('{'), { status: 400, json: { message: 'Invalid JSON', details: String } });
  t.match(await post({ cmd: 'x' }), {
    status: 400,
    json: { details: [{ path: '/id', errors: ['error.path.missing'] }] },
  });
  t.match(await post({ ...app, cpus: 'many', cmd: 1 }), {
    status: 400,
    json: {
      message: 'Invalid JSON',
      details: [
        { path: '/cmd', errors: ['error.expected.jsstring'] },
        { path: '/cpus', errors: ['error.expected.jsnumber'] },
      ],
    },
  });
  t.match(await post({ ...app, id: '/Web' }), {
    status: 422,
    json: { message: 'Object is not valid', details: [{ path: '/id' }] },
  });
  t.match(await post({ ...app, mem: -1, constraints: [['a', 'b']] }), {
    status: 422,
    json: {
      details: [
        { path: '/mem' },
        { path: '/constraints(0)', errors: [/^Operator must be one of/] },
      ],
    },
  });
  t.match(
    await post({ ...app, container: { type: 'DOCKER' }, networks: [{ mode: 'container' }] }),
    {
      status: 422,
      json: {
        details: [
          { path: '/container', errors: ['is not supported: this cluster runs command apps only'] },
          { path: '/networks' },
        ],
      },
    },
  );
  t.match(await post({ ...app, labels: { MARATHON_SINGLE_INSTANCE_APP: 'true' } }), {
    status: 422,
    json: { details: [{ path: '/upgradeStrategy' }] },
  });
  t.match(await post({ ...app, env: { A: { secret: 'none' } } }), {
    status: 422,
    json: { details: [{ path: '/env(A)' }] },
  });
  t.equal((await call('PATCH', '/v2/apps/nope', { instances: 1 })).status, 404);
  t.equal((await call('DELETE', '/v2/deployments/nope')).status, 404);
  t.match(await call('POST', '/v2/tasks/delete', { ids: ['nope'] }), { status: 400 });
  t.equal((await call('GET', '/v2/events')).status, 405);
  t.same(services.listApps(), []);
  await post({ ...app, surprise: true, instances: 0 });
  t.match(await post(app), {
    status: 409,
    json: { message: 'An app with id [/web] already exists.' },
  });
});

t.test('waiting › locked by a deployment, reasons in the queue, revert, force', async (t) => {
  const { call, services, until } = await aWorld(t);
  const created = await call('POST', '/v2/apps', { ...app, cpus: 40 });
  const id = created.headers['marathon-deployment-id'];
  await until(() => services.subscribed());
  let queue = (await call('GET', '/v2/queue?embed=lastUnusedOffers')).json.queue;
  while (queue[0]?.processedOffersSummary.unusedOffersCount < 3) {
    queue = (await call('GET', '/v2/queue?embed=lastUnusedOffers')).json.queue;
  }
  t.match(queue[0], {
    count: 1,
    app: { id: '/web' },
    reasons: ['40 cpus asked: 3 of 3 agents have less free, at most 4'],
    lastUnusedOffers: [{ reason: ['InsufficientCpus'] }],
  });
  t.match(
    queue[0].processedOffersSummary.rejectSummaryLastOffers.find(
      (r: { reason: string }) => r.reason === 'InsufficientCpus',
    ),
    { declined: 3, processed: 3 },
  );
  t.match(await call('PUT', '/v2/apps/web', { cpus: 1 }), {
    status: 409,
    json: { message: /^App is locked/, deployments: [{ id }] },
  });
  t.match((await call('GET', '/v2/deployments')).json, [
    { id, affectedApps: ['/web'], totalSteps: 2, currentActions: [{ app: '/web' }] },
  ]);
  t.equal((await call('DELETE', '/v2/queue/web/delay')).status, 204);
  t.equal((await call('DELETE', `/v2/deployments/${id}`)).status, 200, 'reverting a creation');
  await until(() => services.deployments().length === 0);
  t.same(services.listApps(), []);
  await call('POST', '/v2/apps', { ...app, cpus: 40 });
  t.equal((await call('PUT', '/v2/apps/web?force=true', { cpus: 1 })).status, 200);
  await until(() => services.deployments().length === 0);
  t.equal(services.tasks('/web')[0]?.state, 'TASK_RUNNING');
});

t.test(
  'tasks › killed by id, with scale, replaced at once after a failure that is the first',
  async (t) => {
    const { call, services, until, model } = await aWorld(t);
    await call('POST', '/v2/apps', { ...app, instances: 2 });
    await until(() => services.deployments().length === 0);
    const [one, two] = services.tasks('/web');
    t.match((await call('DELETE', `/v2/apps/web/tasks/${one?.id}`)).json, {
      task: { id: one?.id },
    });
    await until(
      () => !services.tasks('/web').some(({ id }) => id === one?.id) && running(services) === 2,
    );
    t.equal(
      (await call('DELETE', `/v2/apps/web/tasks/${two?.id}?scale=true&wipe=true`)).status,
      400,
    );
    t.match((await call('DELETE', `/v2/apps/web/tasks/${two?.id}?scale=true`)).json, {
      deploymentId: String,
    });
    await until(() => services.deployments().length === 0);
    t.equal(services.getApp('/web')?.instances, 1);
    t.notOk(services.tasks('/web').some(({ id }) => id === two?.id));
    const last = [...model.master.tasks.values()].find((task) => task.state === 'TASK_RUNNING');
    if (last) model.master.fail(last);
    await until(() => services.listApps()[0]?.tasksRunning === 0);
    t.match((await call('GET', '/v2/apps/web')).json.app.lastTaskFailure, {
      state: 'TASK_FAILED',
      taskId: last?.info.task_id.value,
    });
    t.match(
      (await call('GET', '/v2/queue')).json.queue,
      [{ delay: { overdue: false } }],
      'it failed at once: a crash loop',
    );
    t.equal((await call('PUT', '/v2/apps/web', { cmd: 'serve better' })).status, 200);
    const { queue } = (await call('GET', '/v2/queue')).json;
    const delayed = queue.filter((entry: { delay: { overdue: boolean } }) => !entry.delay.overdue);
    t.same(delayed, [], 'another configuration does not wait for the failures of this one');
    await until(() => running(services) === 1 && services.deployments().length === 0);
  },
);

const running = (services: Services): number =>
  services.tasks('/web').filter(({ state }) => state === 'TASK_RUNNING').length;

t.test('secrets › one that cannot be had is a failure with its reason, and no task', async (t) => {
  const { call, services, until } = await aWorld(t);
  await call('POST', '/v2/apps', {
    ...app,
    env: { S: { secret: 's' } },
    secrets: { s: { source: 'missing' } },
  });
  let message = '';
  await until(async () => {
    message = (await call('GET', '/v2/apps/web')).json.app.lastTaskFailure?.message ?? '';
    return message !== '';
  });
  t.equal(message, 'there is no secret missing');
  t.equal(running(services), 0);
});

t.test('events › a listener sees the deployment and the states of its tasks', async (t) => {
  const { call, services, until, url } = await aWorld(t);
  const seen: string[] = [];
  const request = get(
    `${url}/v2/events`,
    { headers: { accept: 'text/event-stream' } },
    (response) => {
      response.setEncoding('utf8').on('data', (text: string) => {
        for (const [, name = ''] of text.matchAll(/^event: (\w+)/gm)) seen.push(name);
      });
    },
  );
  request.on('error', () => {});
  t.teardown(() => request.destroy());
  await until(() => seen.includes('event_stream_attached'));
  await call('POST', '/v2/apps', app);
  await until(() => services.deployments().length === 0 && seen.includes('deployment_success'));
  t.ok(
    ['api_post_event', 'deployment_info', 'status_update_event', 'instance_changed_event'].every(
      (name) => seen.includes(name),
    ),
    seen.join(),
  );
});

t.test('lists and groups › filters, selectors, folders', async (t) => {
  const { call } = await aWorld(t);
  const group = {
    id: '/team',
    apps: [{ ...app, id: 'a', labels: { tier: 'front' }, instances: 0 }],
    groups: [{ id: 'inner', apps: [{ ...app, id: 'b', instances: 0 }] }],
  };
  t.equal((await call('POST', '/v2/groups', group)).status, 201);
  t.equal((await call('POST', '/v2/groups', group)).status, 409);
  const listed = async (query: string): Promise<string[]> =>
    (await call('GET', `/v2/apps?${query}`)).json.apps.map(({ id }: { id: string }) => id);
  t.same(await listed(''), ['/team/a', '/team/inner/b']);
  t.same(await listed('label=tier==front'), ['/team/a']);
  t.same(await listed(`label=${encodeURIComponent('tier notin (front, back)')}`), [
    '/team/inner/b',
  ]);
  t.same(await listed('id=inner'), ['/team/inner/b']);
  t.match((await call('GET', '/v2/groups/team')).json, {
    id: '/team',
    apps: [{ id: '/team/a' }],
    groups: [{ id: '/team/inner', apps: [{ id: '/team/inner/b' }] }],
  });
  t.equal((await call('GET', '/v2/groups/none')).status, 404);
  t.equal((await call('DELETE', '/v2/groups/team?force=true')).status, 200);
  t.same(await listed(''), []);
});

t.test(
  'a restart › keeps framework, apps and tasks; a framework that was removed is made anew',
  async (t) => {
    const world = await aWorld(t);
    await world.call('POST', '/v2/apps', { ...app, instances: 2 });
    await world.until(
      () => running(world.services) === 2 && world.services.deployments().length === 0,
    );
    const ids = world.services.tasks('/web').map(({ id }) => id);
    const framework = world.model.master.frameworkId;
    await world.services.stop();
    const again = await aWorld(t, {}, world);
    await again.until(() => again.services.subscribed());
    t.same(
      again.services.tasks('/web').map(({ id }) => id),
      ids,
    );
    t.equal(world.model.master.frameworkId, framework);
    await again.services.stop();
    world.model.master.remove();
    const anew = await aWorld(t, {}, world);
    await anew.until(
      () => world.model.master.frameworkId !== framework && running(anew.services) === 2,
    );
    t.notOk(anew.services.tasks('/web').some(({ id }) => ids.includes(id)));
  },
);

t.test(
  'uninstall › kills every task, tears down, and a second start finds nothing to do',
  async (t) => {
    const world = await aWorld(t);
    await world.call('POST', '/v2/apps', { ...app, instances: 2 });
    await world.until(() => running(world.services) === 2);
    await world.services.stop();
    const leaving = await aWorld(t, { uninstall: true }, world);
    await leaving.until(() => leaving.services.uninstallState() === 'done');
    t.equal(world.model.master.tasks.size, 0);
    t.ok(world.model.calls.some(({ type }) => type === 'TEARDOWN'));
    t.match(await leaving.call('POST', '/v2/apps', app), { status: 409 });
    await leaving.services.stop();
    const subscriptions = (): number =>
      world.model.calls.filter(({ type }) => type === 'SUBSCRIBE').length;
    const before = subscriptions();
    const after = await aWorld(t, { uninstall: true }, world);
    await after.until(() => after.services.uninstallState() === 'done');
    t.equal(subscriptions(), before, 'no new framework');
  },
);

t.test('journal › launches and ends are told, what is passing is not', async (t) => {
  const status = (taskStatus: string): Parameters<typeof linesOf>[0] => ({
    type: 'Publish',
    event: { eventType: 'status_update_event', taskStatus, appId: '/web', taskId: 'web.1' },
  });
  t.match(linesOf(status('TASK_FAILED')), [{ level: 'warn', message: 'task ended' }]);
  t.match(linesOf(status('TASK_KILLED')), [{ level: 'info', fields: { state: 'TASK_KILLED' } }]);
  t.match(linesOf(status('TASK_UNREACHABLE')), [{ level: 'warn' }]);
  t.same(linesOf(status('TASK_STARTING')), []);
  t.same(linesOf({ type: 'Subscribe', frameworkId: undefined }), []);
});
