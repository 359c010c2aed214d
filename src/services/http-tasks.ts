/**
 * `/v2/tasks…`, `/v2/queue…`, `/v2/deployments…` (reference: marathon TasksResource,
 * LaunchQueueResource, DeploymentsResource).
 */
import { z } from 'zod';
import { DcosError } from '../core/errors.js';
import type { Answer, Request, Route } from '../core/http/server.js';
import type { DeploymentResult, TaskView } from '../wire/marathon.js';
import { deploymentAnswer, flag, jsonBody, parse, route } from './answers.js';
import type { Running } from './run.js';
import type { State } from './state.js';
import { deploymentView, queueView, taskView } from './views.js';

/** The routes for tasks, queue and deployments. */
export function taskRoutes(running: Running): Route[] {
  const { state, driver } = running;
  return [
    route('GET', '/v2/tasks', (request) => listTasks(running, request)),
    route('POST', '/v2/tasks/delete', async (request) => {
      const { ids } = parse(
        z.looseObject({ ids: z.array(z.string()).max(100_000) }),
        await jsonBody(request),
      );
      const unknown = ids.find((id) => !state.instances.has(id));
      if (unknown !== undefined)
        throw new DcosError('invalid', `Invalid task id '${unknown}'`, { status: 400 });
      return { status: 200, json: await killAnswer(running, request, ids) };
    }),
    route('GET', '/v2/queue', ({ query }) => {
      const embed = query.getAll('embed').includes('lastUnusedOffers');
      return { status: 200, json: { queue: queueOf(running, embed) } };
    }),
    route('DELETE', '/v2/queue/*rest', async ({ params }) => {
      const id = `/${(params.rest ?? '')
        .replace(/\/delay$/, '')
        .split('/')
        .filter(Boolean)
        .join('/')}`;
      const result = await driver.ask<DcosError | undefined>((requestId) => ({
        type: 'DelayReset',
        requestId,
        appId: id,
      }));
      if (result instanceof DcosError) throw result;
      return { status: 204 };
    }),
    route('GET', '/v2/deployments', () => ({
      status: 200,
      json: [...state.deployments.values()].map((deployment) => deploymentView(state, deployment)),
    })),
    route('DELETE', '/v2/deployments/:id', async (request) => {
      const force = flag(request, 'force');
      const id = request.params.id ?? '';
      const result = await driver.ask<DeploymentResult | DcosError | undefined>((requestId) => ({
        type: 'DeploymentCancelled',
        requestId,
        id,
        force,
      }));
      if (result instanceof DcosError) throw result;
      return result === undefined ? { status: 202 } : deploymentAnswer(result);
    }),
  ];
}

function queueOf({ state, options }: Running, embed: boolean): unknown[] {
  const now = options.clock.now();
  return [...state.demands].flatMap(
    ([id, demand]) => queueView(state, id, demand, embed, now) ?? [],
  );
}

function listTasks({ state, options }: Running, request: Request): Answer {
  const wanted = [...request.query.getAll('status'), ...request.query.getAll('status[]')];
  const now = options.clock.now();
  const tasks = [...state.instances.values()]
    .map((instance) => taskView(state, instance, now))
    .filter(
      ({ state: task }) =>
        wanted.length === 0 || wanted.some((name) => task === `TASK_${name.toUpperCase()}`),
    );
  if (request.headers.accept === 'text/plain')
    return { status: 200, text: endpointsText(state, tasks) };
  return { status: 200, json: { tasks } };
}

/**
 * One line per app and port: id, service port, `host:port` of each running instance (for load
 * balancers' scripts).
 */
function endpointsText(state: State, tasks: readonly TaskView[]): string {
  const lines = [...state.apps.values()].flatMap((app) => {
    const running = tasks.filter((task) => task.appId === app.id && task.state === 'TASK_RUNNING');
    const name = app.id.slice(1).replaceAll('/', '_');
    return app.portDefinitions.map(({ port }, index) =>
      [name, String(port), ...running.map(({ host, ports }) => `${host}:${ports[index]}`), ''].join(
        '\t',
      ),
    );
  });
  return `${lines.join('\n')}\n`;
}

/** Kills tasks as the query says (`scale`, `wipe`, `force`). */
export async function killAnswer(
  { driver }: Running,
  request: Request,
  taskIds: readonly string[],
): Promise<{ tasks: TaskView[] } | DeploymentResult> {
  const scale = flag(request, 'scale');
  if (scale && flag(request, 'wipe')) {
    throw new DcosError('invalid', 'You cannot use scale and wipe at the same time.', {
      status: 400,
    });
  }
  const force = flag(request, 'force');
  type Killed = { tasks: TaskView[] } & Partial<DeploymentResult>;
  const result = await driver.ask<Killed | DcosError>((requestId) => ({
    type: 'KillRequested',
    requestId,
    taskIds,
    scale,
    force,
  }));
  if (result instanceof DcosError) throw result;
  const { deploymentId, version, tasks } = result;
  return deploymentId !== undefined && version !== undefined
    ? { deploymentId, version }
    : { tasks };
}
