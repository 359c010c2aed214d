/**
 * `/v2/apps…`: apps, their tasks and versions (reference: marathon AppsResource,
 * AppTasksResource, AppVersionsResource).
 */
import { DcosError } from '../core/errors.js';
import type { Answer, Request, Route } from '../core/http/server.js';
import type { App, AppUpdate, AppView } from '../wire/marathon.js';
import { deploymentAnswer, flag, jsonBody, parseApp, parseApps, route } from './answers.js';
import { unknownApp } from './changes.js';
import { killAnswer } from './http-tasks.js';
import type { Change } from './messages.js';
import { type Running, submitChanges } from './run.js';
import { selectorOf } from './selector.js';
import { instancesOf, type State } from './state.js';
import { absoluteId } from './validate.js';
import { appView, tasksOf } from './views.js';

/** The routes under `/v2/apps`. */
export function appRoutes(running: Running): Route[] {
  const { state } = running;
  return [
    route('GET', '/v2/apps', (request) => ({
      status: 200,
      json: { apps: listed(running, request) },
    })),
    route('POST', '/v2/apps', (request) => createApp(running, request)),
    route('PUT', '/v2/apps', (request) =>
      updateApps(running, request, flag(request, 'partialUpdate', true), false),
    ),
    route('PATCH', '/v2/apps', (request) => updateApps(running, request, true, true)),
    route('*', '/v2/apps/*rest', (request) => {
      const { id, part, item } = splitRest(request.params.rest ?? '');
      const method = request.method === 'HEAD' ? 'GET' : request.method;
      if (part === 'restart' && method === 'POST')
        return changed(running, { kind: 'restart', id }, flag(request, 'force'));
      if (part === 'tasks') return appTasks(running, request, id, item);
      if (part === 'versions' && method === 'GET') return versions(state, id, item);
      if (part === undefined) return oneApp(running, request, method, id);
      throw new DcosError('usage', `${request.method} is not allowed here`, { status: 405 });
    }),
  ];
}

/** `/team/web/tasks/x` → app `/team/web`, part `tasks`, item `x`. */
function splitRest(rest: string): { id: string; part?: string; item?: string } {
  const path = `/${rest.split('/').filter(Boolean).join('/')}`;
  const found = /^(\/.+?)\/(restart|tasks|versions)(?:\/([^/]+))?$/.exec(path);
  if (found === null) return { id: path };
  const [, id = path, part, item] = found;
  return { id, ...(part === undefined ? {} : { part }), ...(item === undefined ? {} : { item }) };
}

function listed({ state, options }: Running, { query }: Request): AppView[] {
  const cmd = query.get('cmd');
  const id = query.get('id');
  const selects = selectorOf(query.get('label') ?? '');
  const embed = embedsOf(query);
  return [...state.apps.values()]
    .filter((app) => cmd === null || (app.cmd ?? '').includes(cmd))
    .filter((app) => id === null || app.id.includes(id))
    .filter((app) => selects(app.labels))
    .map((app) => embedded(state, app, embed, options.clock.now()));
}

/** `embed=apps.tasks` and `embed=app.tasks`, as `tasks`. */
function embedsOf(query: URLSearchParams): Set<string> {
  return new Set(
    query
      .getAll('embed')
      .flatMap((value) => value.split(',').map((name) => name.replace(/^apps?\./, ''))),
  );
}

function embedded(state: State, app: App, embed: ReadonlySet<string>, now: number): AppView {
  const failure = state.failures.get(app.id);
  const failures = embed.has('lastTaskFailure') || embed.has('failures');
  return {
    ...appView(state, app),
    ...(embed.has('tasks') || embed.has('failures') ? { tasks: tasksOf(state, app.id, now) } : {}),
    ...(failures && failure ? { lastTaskFailure: failure } : {}),
  };
}

async function createApp(running: Running, request: Request): Promise<Answer> {
  const given = parseApp(await jsonBody(request));
  if (given.id === undefined) {
    const details = [{ path: '/id', errors: ['error.path.missing'] }];
    throw new DcosError('invalid', 'Invalid JSON', { status: 400, data: details });
  }
  const id = absoluteId(given.id);
  const result = await submitChanges(
    running,
    [{ kind: 'create', id, given }],
    flag(request, 'force'),
  );
  const [app] = result.apps;
  running.events.publish({ eventType: 'api_post_event', uri: request.path, appDefinition: app });
  return {
    ...deploymentAnswer(result, 201, { ...app, tasks: [] }),
    headers: { location: `/v2/apps${id}`, 'marathon-deployment-id': result.deploymentId },
  };
}

async function updateApps(
  running: Running,
  request: Request,
  partial: boolean,
  mustExist: boolean,
): Promise<Answer> {
  const changes = parseApps(await jsonBody(request)).map(
    (given): Change => ({
      kind: 'update',
      id: absoluteId(given.id ?? ''),
      given,
      partial,
      mustExist,
    }),
  );
  return deploymentAnswer(await submitChanges(running, changes, flag(request, 'force')));
}

async function changed(running: Running, change: Change, force: boolean): Promise<Answer> {
  const result = await submitChanges(running, [change], force);
  return deploymentAnswer(result, result.created ? 201 : 200);
}

async function oneApp(
  running: Running,
  request: Request,
  method: string,
  id: string,
): Promise<Answer> {
  if (method === 'GET') return showApp(running, request, id);
  if (method === 'DELETE') {
    return changed(running, { kind: 'delete', id: absoluteId(id) }, flag(request, 'force', true));
  }
  if (method !== 'PUT' && method !== 'PATCH') {
    throw new DcosError('usage', `${request.method} is not allowed here`, { status: 405 });
  }
  const given: AppUpdate = parseApp(await jsonBody(request));
  const own = absoluteId(id);
  if (given.id !== undefined && absoluteId(given.id, own) !== own) {
    throw new DcosError(
      'invalid',
      'Illegal app id: the id of the body differs from that of the path',
      { status: 422 },
    );
  }
  const partial = method === 'PATCH' || flag(request, 'partialUpdate', true);
  const change: Change = { kind: 'update', id: own, given, partial, mustExist: method === 'PATCH' };
  return changed(running, change, flag(request, 'force'));
}

function showApp({ state, options }: Running, { query }: Request, id: string): Answer {
  const now = options.clock.now();
  if (id.endsWith('/*')) {
    const prefix = id.slice(0, -1);
    const apps = [...state.apps.values()].filter((app) => app.id.startsWith(prefix));
    return {
      status: 200,
      json: { '*': apps.map((app) => embedded(state, app, embedsOf(query), now)) },
    };
  }
  const app = state.apps.get(id);
  if (app === undefined) throw unknownApp(id);
  const embed = new Set([...embedsOf(query), 'tasks', 'lastTaskFailure']);
  return { status: 200, json: { app: embedded(state, app, embed, now) } };
}

async function appTasks(
  running: Running,
  request: Request,
  id: string,
  taskId: string | undefined,
): Promise<Answer> {
  const { state, options } = running;
  if (!state.apps.has(id)) throw unknownApp(id);
  if (request.method === 'GET' && taskId === undefined) {
    return { status: 200, json: { tasks: tasksOf(state, id, options.clock.now()) } };
  }
  if (request.method !== 'DELETE')
    throw new DcosError('usage', `${request.method} is not allowed here`, { status: 405 });
  const host = request.query.get('host');
  const mine = instancesOf(state, id).filter((instance) =>
    taskId === undefined ? host === null || instance.hostname === host : instance.taskId === taskId,
  );
  if (taskId !== undefined && mine.length === 0) {
    throw new DcosError('not-found', `Task '${taskId}' does not exist`);
  }
  const tasks = await killAnswer(
    running,
    request,
    mine.map((instance) => instance.taskId),
  );
  if (taskId === undefined || 'deploymentId' in tasks) return { status: 200, json: tasks };
  return { status: 200, json: { task: tasks.tasks[0] } };
}

function versions(state: State, id: string, version: string | undefined): Answer {
  const app = state.apps.get(id);
  if (app === undefined) throw unknownApp(id);
  const all = [app, ...(state.versions.get(id) ?? []).toReversed()];
  if (version === undefined)
    return { status: 200, json: { versions: all.map((one) => one.version) } };
  const found = all.find((one) => one.version === version);
  if (found === undefined)
    throw new DcosError('not-found', `App '${id}' does not exist in version ${version}`);
  return { status: 200, json: found };
}
