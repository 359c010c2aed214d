/**
 * The master's HTTP surface: requests become calls and events, state becomes answers. Nothing is
 * decided here.
 */
import { randomUUID } from 'node:crypto';
import type { Driver } from '../../core/drive.js';
import { DcosError } from '../../core/errors.js';
import type { Answer, Request, Route } from '../../core/http/server.js';
import { agentMessageSchema, registerMessageSchema } from '../../wire/agent-link.js';
import { encodeMessage } from '../../wire/protobuf/codec.js';
import { accepted, type Encoding, encodingOf, mediaTypes } from '../../wire/protobuf/media.js';
import { fileRoutes } from '../shell/file-routes.js';
import { createFiles, type Files, listFiles, readFileCall } from '../shell/files.js';
import { type LoggingLevel, loggingRoute } from '../shell/logging.js';
import { systemStats } from '../shell/system.js';
import {
  notAcceptable,
  type OperatorCall,
  type Parsed,
  parseOperatorCall,
  parseSchedulerCall,
  readCall,
  refusalOfRequest,
  wrongMethod,
} from './calls.js';
import type { CallAnswer, MasterEvent } from './events.js';
import { olderRoutes } from './http-older.js';
import { alsoUnderMaster, quotaRoutes } from './http-quota.js';
import type { FileCall } from './operator-calls.js';
import type { MasterState } from './state.js';
import type { Streams } from './streams.js';
import { flagsOf } from './views/flags.js';
import { maintenanceStatus, scheduleView } from './views/maintenance.js';
import { metricsOf } from './views/metrics.js';
import { answerTo } from './views/operator.js';
import { registryView } from './views/registry.js';
import { rolesView } from './views/roles.js';
import { frameworksView, slavesView, stateView, summaryView, tasksView } from './views/state.js';
import { versionOf } from './views/version.js';

/** Who may change the cluster by operator calls, and who may be an agent. */
const operatorPrincipal = 'control';
const agentPrincipal = 'agent';

/** What the routes work with. */
export interface HttpContext {
  readonly state: MasterState;
  readonly driver: Pick<Driver<MasterEvent>, 'ask' | 'submit'>;
  readonly streams: Streams;
  /** The file that this process logs to, which is `/master/log` to clients. */
  readonly logFile?: string;
}

/** Every path that the master serves; each of Mesos' also under `/master`. */
export function routesOf(context: HttpContext): Route[] {
  const { state } = context;
  const files = filesOf(context);
  const view = (path: string, show: (request: Request) => unknown): Route[] =>
    ['', '/master'].map((prefix) => ({
      method: 'GET',
      path: `${prefix}${path}`,
      access: 'token',
      handle: (request) => jsonp(request, show(request)),
    }));
  const health = (): Answer => ({ status: 200 });
  const redirect = (): Answer => ({
    status: 307,
    headers: { location: `//${state.options.host}:${state.options.port}` },
  });
  return [
    ...alsoUnderMaster('/api/v1/scheduler', (request) => schedulerRequest(context, request)),
    ...alsoUnderMaster('/api/v1', (request) => operatorRequest(context, request)),
    ...view('/state', () => stateView(state)),
    ...view('/state.json', () => stateView(state)),
    ...view('/state-summary', () => summaryView(state)),
    ...view('/slaves', () => slavesView(state, true)),
    ...view('/frameworks', () => frameworksView(state)),
    ...view('/tasks', ({ query }) => tasksView(state, query)),
    ...view('/tasks.json', ({ query }) => tasksView(state, query)),
    ...view('/roles', () => rolesView(state)),
    ...view('/maintenance/status', () => maintenanceStatus(state)),
    ...view('/system/stats.json', systemStats),
    ...view('/version', () => versionOf(state)),
    ...view('/flags', () => ({ flags: flagsOf(state) })),
    ...view('/metrics/snapshot', () => metricsOf(state)),
    ...quotaRoutes(state, (request, call) => act(context, request, call)),
    ...olderRoutes(
      () => scheduleView(state),
      (request, call) => act(context, request, call),
    ),
    ...registryRoutes(state),
    loggingRoute(loggingOf(context)),
    ...fileRoutes(files, () => attached(context)).map(ofOperators),
    ...alsoUnderMaster('/teardown', (request) => teardownForm(context, request)),
    ...['/health', '/master/health'].map(
      (path): Route => ({ method: 'GET', path, access: 'open', handle: health }),
    ),
    ...['/redirect', '/master/redirect'].map(
      (path): Route => ({ method: 'GET', path, access: 'open', handle: redirect }),
    ),
    {
      method: 'POST',
      path: '/internal/agents',
      access: 'token',
      handle: (request) => registerRequest(context, request),
    },
    {
      method: 'POST',
      path: '/internal/agents/:id',
      access: 'token',
      handle: (request) => agentRequest(context, request),
    },
  ];
}

function loggingOf(context: HttpContext): LoggingLevel {
  const nanosecondsPerMs = 1_000_000;
  return {
    level: () => context.state.logging.level,
    raise: (level, durationMs, request) => {
      const duration = { nanoseconds: durationMs * nanosecondsPerMs };
      return act(context, request, {
        type: 'SET_LOGGING_LEVEL',
        set_logging_level: { level, duration },
      });
    },
  };
}

/** Also as libraries encode the path. */
function registryRoutes(state: MasterState): Route[] {
  return ['/registrar(1)/registry', '/registrar%281%29/registry'].map((path) => ({
    method: 'GET',
    path,
    access: 'token',
    handle: (request) => jsonp(request, registryView(state)),
  }));
}

/** The log is the only file of the master that can be seen, by the control plane alone. */
const logPath = '/master/log';

function attached({ logFile }: HttpContext): Record<string, string> {
  return logFile === undefined ? {} : { [logPath]: logFile };
}

function filesOf({ logFile }: HttpContext): Files {
  return createFiles({
    roots: logFile === undefined ? [] : [logFile],
    real: (path) => (path === logPath && logFile !== undefined ? logFile : path),
  });
}

function ofOperators(route: Route): Route {
  return {
    ...route,
    handle: (request) => {
      checkOperator(request);
      return route.handle(request);
    },
  };
}

function checkOperator({ caller }: Request): void {
  if (caller?.uid === operatorPrincipal) return;
  const text = `principal ${caller?.uid} may not make operator calls`;
  throw new DcosError('forbidden', text, { status: 403 });
}

/** An answer of the operator API in the encoding that was asked for. */
function shownAs(encoding: Encoding, json: unknown): Answer {
  if (encoding === 'json') return { status: 200, json };
  const bytes = encodeMessage('master.Response', json);
  return { status: 200, bytes, headers: { 'content-type': mediaTypes.protobuf } };
}

async function fileAnswer(
  context: HttpContext,
  request: Request,
  call: FileCall,
): Promise<unknown> {
  checkOperator(request);
  const files = filesOf(context);
  const { type } = call;
  if (type === 'LIST_FILES') {
    const list_files = await listFiles(files, call.list_files.path);
    return { type, list_files };
  }
  const { path, offset, length } = call.read_file;
  const read_file = await readFileCall(files, path, offset, length);
  return { type, read_file };
}

/** How an error of the server itself is answered: as text, in Mesos' words where it has some. */
export function errorAnswer(error: DcosError, request: Request): Answer {
  const status = error.status ?? (error.code === 'auth' ? 401 : undefined);
  if (error.code === 'not-found') {
    // A file that is not there is answered with nothing.
    const isFile = /\/files\/(?:browse|read|download|debug)|\/api\/v1$/.test(request.path);
    return { status: 404, text: isFile ? error.message : '404 Not Found.' };
  }
  if (status === 401) return { status, text: 'Unauthorized' };
  if (status === 405) return { status, text: `405 Method Not Allowed. ${error.message}` };
  return { status: status ?? (error.code === 'forbidden' ? 403 : 500), text: error.message };
}

function jsonp(request: Request, json: unknown): Answer {
  const name = request.query.get('jsonp');
  if (name === null || !/^[\w.$]{1,64}$/.test(name)) return { status: 200, json };
  const bytes = Buffer.from(`${name}(${JSON.stringify(json)});`);
  return { status: 200, bytes, headers: { 'content-type': 'text/javascript' } };
}

function asAnswer({ status, text }: CallAnswer): Answer {
  return text === '' ? { status } : { status, text };
}

async function parsed<Call>(
  request: Request,
  name: 'scheduler.Call' | 'master.Call',
  parse: (body: Record<string, unknown>) => Parsed<Call>,
): Promise<{ call: Call; encoding: Encoding } | { answer: Answer }> {
  const early = refusalOfRequest(request.method, request.headers, name);
  if (early !== undefined) {
    const { headers = {}, ...answer } = early;
    return { answer: { ...asAnswer(answer), headers } };
  }
  const { headers: given } = request;
  const body = readCall(encodingOf(given['content-type']) ?? 'json', name, await request.body());
  const result = 'refusal' in body ? body : parse(body.call);
  return 'refusal' in result
    ? { answer: asAnswer(result.refusal) }
    : { call: result.call, encoding: accepted(given.accept) ?? 'json' };
}

async function schedulerRequest(
  { driver, streams }: HttpContext,
  request: Request,
): Promise<Answer | undefined> {
  const principal = request.caller?.uid ?? '';
  const result = await parsed(request, 'scheduler.Call', (body) =>
    parseSchedulerCall(body, principal),
  );
  if ('answer' in result) return result.answer;
  const { call, encoding } = result;
  const header = request.headers['mesos-stream-id'];
  const stream = typeof header === 'string' ? header : undefined;
  if (call.type !== 'SUBSCRIBE') {
    return asAnswer(
      await driver.ask<CallAnswer>((requestId) => ({
        type: 'SchedulerCalled',
        requestId,
        principal,
        stream,
        call,
      })),
    );
  }
  if (stream !== undefined) {
    const text = "Subscribe calls should not include the 'Mesos-Stream-Id' header";
    return { status: 400, text };
  }
  if (accepted(request.headers.accept) === undefined) return asAnswer(notAcceptable);
  const fresh = randomUUID();
  const headers = { 'mesos-stream-id': fresh };
  streams.open(fresh, request.response, headers, { encoding, name: 'scheduler.Event' });
  driver.submit({ type: 'SchedulerSubscribed', stream: fresh, principal, call });
  return undefined;
}

async function operatorRequest(
  context: HttpContext,
  request: Request,
): Promise<Answer | undefined> {
  const result = await parsed<OperatorCall>(request, 'master.Call', parseOperatorCall);
  if ('answer' in result) return result.answer;
  const { call, encoding } = result;
  const shown = (json: unknown): Answer => shownAs(encoding, json);
  if (call.kind === 'query') return shown(answerTo(context.state, call.type));
  if (call.kind === 'action') return act(context, request, call.action);
  if (call.kind === 'files') return shown(await fileAnswer(context, request, call.call));
  const stream = randomUUID();
  context.streams.open(stream, request.response, {}, { encoding, name: 'master.Event' });
  context.driver.submit({ type: 'OperatorSubscribed', stream });
  return undefined;
}

async function act(
  { driver }: HttpContext,
  request: Request,
  call: Extract<OperatorCall, { kind: 'action' }>['action'],
): Promise<Answer> {
  checkOperator(request);
  const answer = await driver.ask<CallAnswer>((requestId) => ({
    type: 'OperatorCalled',
    requestId,
    call,
  }));
  return asAnswer(answer);
}

/** The older form of TEARDOWN: `frameworkId=…` as a form. */
async function teardownForm(context: HttpContext, request: Request): Promise<Answer> {
  if (request.method !== 'POST') {
    const { headers, ...answer } = wrongMethod(request.method);
    return { ...asAnswer(answer), headers };
  }
  const form = new URLSearchParams((await request.body(64 * 1024)).toString('utf8'));
  const id = form.get('frameworkId');
  if (id === null || id === '') {
    return { status: 400, text: "Missing 'frameworkId' query parameter in the request body" };
  }
  return act(context, request, { type: 'TEARDOWN', teardown: { framework_id: { value: id } } });
}

function checkAgent(request: Request): void {
  if (request.caller?.uid === agentPrincipal) return;
  throw new DcosError('forbidden', `principal ${request.caller?.uid} is no agent`, { status: 403 });
}

async function registerRequest(
  { driver, streams }: HttpContext,
  request: Request,
): Promise<Answer | undefined> {
  checkAgent(request);
  const message = registerMessageSchema.safeParse(await request.json(64 * 1024 * 1024));
  if (!message.success) return { status: 400, text: message.error.message };
  const stream = randomUUID();
  streams.open(stream, request.response, {});
  driver.submit({ type: 'AgentRegistered', stream, message: message.data });
  return undefined;
}

async function agentRequest({ driver }: HttpContext, request: Request): Promise<Answer> {
  checkAgent(request);
  const message = agentMessageSchema.safeParse(await request.json());
  if (!message.success) return { status: 400, text: message.error.message };
  const agentId = request.params.id ?? '';
  const answer = await driver.ask<CallAnswer>((requestId) => ({
    type: 'AgentReported',
    requestId,
    agentId,
    message: message.data,
  }));
  return asAnswer(answer);
}
