/**
 * The API of a service's scheduler (reference/sdk.md §5): requests become events, the state
 * becomes answers.
 */
import type { Driver } from '../core/drive.js';
import { DcosError } from '../core/errors.js';
import type { Answer, Request, Route } from '../core/http/server.js';
import { planView } from '../framework/plan.js';
import { endpointFile, endpointFileNames } from './endpoint-files.js';
import {
  byName,
  endpointsOf,
  healthOf,
  podInfo,
  podStatuses,
  tasksOf,
  waitingReasons,
} from './endpoints.js';
import type { CommandResult, Event, PlanVerb, PodVerb } from './events.js';
import type { CommandsFile } from './io.js';
import { type Instance, type State, targetOf } from './state.js';
import { candidateSchema, candidateViolations } from './validate.js';
import { planOrder } from './work.js';

const maxBodyBytes = 64 * 1024;
/** A package's `service.yaml` and templates. */
const maxCandidateBytes = 9 * 1024 * 1024;
const variableName = /^[A-Za-z_][A-Za-z0-9_]*$/;

/** The routes over `state`, which only `driver` changes. */
export function serviceRoutes(state: State, driver: Driver<Event>): Route[] {
  return [...planRoutes(state, driver), ...podRoutes(state, driver), ...stateRoutes(state)];
}

/** `/v1/commands`: what `dcos <service> …` can do besides what every service can. */
export function commandsRoute({ commands, errors }: CommandsFile): Route {
  return get('/v1/commands', () => {
    if (errors.length === 0) return json(commands ?? { commands: {} });
    const message = `the package's commands.yaml is not valid: ${errors.join('; ')}`;
    throw new DcosError('corrupt', message, { status: 500 });
  });
}

const get = (path: string, handle: Route['handle']): Route => ({
  method: 'GET',
  path,
  access: 'token',
  handle,
});
const post = (path: string, handle: Route['handle']): Route => ({
  method: 'POST',
  path,
  access: 'token',
  handle,
});
const json = (value: unknown, status = 200): Answer => ({ status, json: value });

const verbs: Readonly<Record<string, PlanVerb>> = {
  start: 'start',
  stop: 'stop',
  continue: 'continue',
  interrupt: 'interrupt',
  forceComplete: 'forceComplete',
  restart: 'restart',
};

function planRoutes(state: State, driver: Driver<Event>): Route[] {
  const show = (name: string): Answer => {
    const plan = state.plans.get(name)?.plan;
    if (plan === undefined) throw notFound(`Plan ${name} does not exist`, [...state.plans.keys()]);
    const view = planView(plan);
    const status = view.errors.length > 0 ? 417 : view.status === 'COMPLETE' ? 200 : 202;
    return json(view, status);
  };
  const command = async (request: Request, plan: string, verbName: string): Promise<Answer> => {
    const verb = verbs[verbName];
    if (verb === undefined) throw notFound(`${verbName} is no command`, Object.keys(verbs));
    const variables = verb === 'start' ? await variablesOf(request) : undefined;
    const phase = request.query.get('phase') ?? undefined;
    const step = request.query.get('step') ?? undefined;
    const result = await driver.ask<CommandResult>((requestId) => {
      return { type: 'PlanCommanded', requestId, verb, plan, phase, step, variables };
    });
    return json({ message: result.message }, result.status);
  };
  return [
    get('/v1/plans', () => json(planOrder(state).filter((name) => state.plans.has(name)))),
    get('/v1/plans/:plan', ({ params }) => show(params.plan ?? '')),
    post('/v1/plans/:plan/:verb', (request) =>
      command(request, request.params.plan ?? '', request.params.verb ?? ''),
    ),
    get('/v1/plan', () => show('deploy')),
    post('/v1/plan/:verb', (request) => command(request, 'deploy', request.params.verb ?? '')),
  ];
}

/** The body of a start: a map of variables for the tasks that the plan launches. */
async function variablesOf(request: Request): Promise<Record<string, string>> {
  const refuse = (message: string): never => {
    throw new DcosError('invalid', message, { status: 400 });
  };
  const body: unknown = (await request.json(maxBodyBytes)) ?? {};
  if (typeof body !== 'object' || body === null || Array.isArray(body)) {
    return refuse('the body must be a JSON object of variables');
  }
  return Object.fromEntries(
    Object.entries(body).map(([name, value]) => {
      if (!variableName.test(name)) refuse(`'${name}' is not the name of a variable`);
      if (!['string', 'number', 'boolean'].includes(typeof value)) {
        refuse(`the value of '${name}' must be a text`);
      }
      return [name, String(value)];
    }),
  );
}

/** Names of tasks, as a JSON list; no body is an empty list, which stands for all. */
async function taskList(request: Request): Promise<string[]> {
  const body = (await request.json(maxBodyBytes)) ?? [];
  if (Array.isArray(body) && body.every((name) => typeof name === 'string')) return body;
  throw new DcosError('invalid', 'the body must be a JSON list of task names', { status: 400 });
}

function podRoutes(state: State, driver: Driver<Event>): Route[] {
  const instanceOf = ({ params }: Request): Instance => {
    const name = params.name ?? '';
    const instance = state.instances.get(name);
    if (instance !== undefined) return instance;
    throw notFound(`Pod ${name} does not exist`, [...state.instances.keys()].sort());
  };
  const command =
    (verb: PodVerb) =>
    async (request: Request): Promise<Answer> => {
      const instance = request.params.name ?? '';
      const steers = verb === 'pause' || verb === 'resume';
      const tasks = steers ? await taskList(request) : undefined;
      const force = request.query.get('force') === 'true';
      const result = await driver.ask<CommandResult>((requestId) => {
        return { type: 'PodCommanded', requestId, verb, instance, tasks, force };
      });
      const { status, message, hint } = result;
      if (status !== 200) return json({ message, ...(hint && { hint }) }, status);
      return json({ pod: instance, tasks: result.tasks ?? [] });
    };
  return [
    get('/v1/pod', () => json([...state.instances.keys()].sort())),
    get('/v1/pod/status', () => json(podStatuses(state))),
    get('/v1/pod/:name/status', (request) => {
      const instance = instanceOf(request);
      return json({ name: instance.name, tasks: tasksOf(state, instance) });
    }),
    get('/v1/pod/:name/info', (request) => json(podInfo(state, instanceOf(request)))),
    post('/v1/pod/:name/restart', command('restart')),
    post('/v1/pod/:name/replace', command('replace')),
    post('/v1/pod/:name/pause', command('pause')),
    post('/v1/pod/:name/resume', command('resume')),
  ];
}

function stateRoutes(state: State): Route[] {
  const config = (id: string | undefined): Answer => {
    const found = state.configs.get(id ?? '');
    if (found === undefined) throw notFound(`Configuration ${id} does not exist`, []);
    return json({ ...found.spec, templates: found.templates });
  };
  return [
    get('/v1/endpoints', () =>
      json([...endpointsOf(state).keys(), ...endpointFileNames(state)].sort()),
    ),
    get('/v1/endpoints/:name', ({ params }) => {
      const endpoints = endpointsOf(state);
      const found = endpoints.get(params.name ?? '');
      if (found !== undefined) return json(found);
      const text = endpointFile(state, params.name ?? '');
      if (text !== undefined) return { status: 200, text };
      const known = [...endpoints.keys(), ...endpointFileNames(state)].sort();
      throw notFound(`Endpoint ${params.name} does not exist`, known);
    }),
    get('/v1/configurations', () => json([...state.configs.keys()].sort())),
    get('/v1/configurations/target', () => config(targetOf(state)?.id)),
    get('/v1/configurations/targetId', () => json(state.targetId ? [state.targetId] : [])),
    post('/v1/configurations/validate', async (request) => {
      const body = candidateSchema.safeParse(await request.json(maxCandidateBytes));
      if (!body.success) {
        throw new DcosError('invalid', `the body is wrong: ${body.error.issues[0]?.message}`);
      }
      return json({ violations: candidateViolations(state, body.data) });
    }),
    get('/v1/configurations/:id', ({ params }) => config(params.id)),
    get('/v1/state/frameworkId', () => {
      if (state.frameworkId === undefined) throw notFound('There is no framework id yet', []);
      return json([state.frameworkId]);
    }),
    get('/v1/state/properties', () => json(Object.keys(propertiesOf(state)))),
    get('/v1/state/properties/:name', ({ params }) => {
      const known = propertiesOf(state);
      const value = known[params.name ?? ''];
      if (value !== undefined) return json(value);
      throw notFound(`Property ${params.name} does not exist`, Object.keys(known));
    }),
    get('/v1/state/zone/tasks', () => json(zonesOf(state))),
    {
      method: 'PUT',
      path: '/v1/state/refresh',
      access: 'token',
      handle: () => json({ message: 'Received cmd: refresh' }),
    },
    get('/v1/debug/plans', () =>
      json(Object.fromEntries([...state.plans].map(([name, { plan }]) => [name, planView(plan)]))),
    ),
    get('/v1/health', ({ query }) => {
      const { value, reasons } = healthOf(state);
      return json(query.has('verbose') ? { value, reasons } : { value }, value);
    }),
    get('/v1/debug/offers', () => json(waitingReasons(state))),
    get('/v1/debug/taskStatuses', () =>
      json(byName(state).map(({ name, tasks }) => ({ instance: name, tasks }))),
    ),
    get('/v1/debug/reservations', () =>
      json({
        instances: byName(state).map(({ name, reservation }) => ({ instance: name, reservation })),
        leftovers: [...state.leftovers.values()],
      }),
    ),
  ];
}

/** What the scheduler keeps of itself besides instances and configurations. */
function propertiesOf(state: State): Record<string, string | boolean> {
  return {
    deployed: state.deployed,
    uuid: state.serviceUuid,
    uninstalling: state.uninstalling,
  };
}

/** The zone of each task, by its name. */
function zonesOf(state: State): Record<string, string> {
  const tasks = byName(state).flatMap((instance) => {
    const zone = instance.reservation?.place.domain?.fault_domain?.zone.name ?? '';
    return Object.keys(instance.tasks).map((task) => [`${instance.name}-${task}`, zone] as const);
  });
  return Object.fromEntries(tasks);
}

function notFound(message: string, known: readonly string[]): DcosError {
  const hint = known.length > 0 ? `There are: ${known.join(', ')}` : undefined;
  return new DcosError('not-found', message, { status: 404, hint });
}
