/** Requests to an agent, at `/` and under `/slave(1)/` (recordings: agent/). */
import { join } from 'node:path';
import { systemClock } from '../../core/clock.js';
import { principalOf } from '../../core/credentials.js';
import { DcosError } from '../../core/errors.js';
import {
  type Answer,
  type Request,
  type Route,
  type Server,
  startServer,
  statusOf,
} from '../../core/http/server.js';
import type { Logger } from '../../core/logger.js';
import { tokenOf } from '../../core/tokens.js';
import { fileRoutes } from '../shell/file-routes.js';
import { createFiles } from '../shell/files.js';
import { type LoggingLevel, loggingRoute } from '../shell/logging.js';
import { measureSystem, systemStats } from '../shell/system.js';
import { containerOfToken } from './executor/token.js';
import { type ExecutorApiOptions, executorRoute } from './shell/executor-api.js';
import type { NestedContainers } from './shell/nested.js';
import { measureNow } from './shell/usage.js';
import { answerCall } from './shell/v1.js';
import type { AgentState } from './state.js';
import { containersView, statisticsView } from './views/containers.js';
import { flagsView, metricsView, stateView, versionView } from './views/state.js';

/** The caller of an executor's request; its claim `container` says of which. */
const executorUid = 'executor';

/**
 * Who may ask an agent besides executors: operators through the control plane, and agents
 * themselves.
 */
const principals: readonly string[] = ['control', 'agent'];

/** What the server shows, and who may see it. */
export interface ServeOptions {
  readonly state: AgentState;
  readonly nested: NestedContainers;
  readonly executors: ExecutorApiOptions;
  readonly logging: LoggingLevel;
  readonly clusterKey: string;
  readonly log: Logger;
}

/** Starts the agent's server on its own address. Throws `conflict` if the port is taken. */
export function serveAgent(options: ServeOptions): Promise<Server> {
  const { state, executors, clusterKey, log } = options;
  const routes = [executorRoute(executors), ...routesOf(options).map(onlyContainers)];
  return startServer({
    host: state.self.host,
    port: state.self.port,
    // libprocess' name of the agent, as clients write it and as libraries encode it.
    routes: ['', '/slave(1)', '/slave%281%29'].flatMap((prefix) =>
      routes.map((route) => ({ ...route, path: prefix + route.path })),
    ),
    authenticate: async (headers) => {
      const container = containerOfToken(executors.key, tokenOf(headers.authorization) ?? '');
      if (container !== undefined) return { uid: executorUid, claims: { container } };
      const uid = principalOf(headers, clusterKey);
      if (uid !== undefined && !principals.includes(uid)) {
        throw new DcosError('forbidden', `${uid} may not ask an agent`);
      }
      return uid === undefined ? undefined : { uid };
    },
    wwwAuthenticate: 'Basic realm="mesos-agent-readonly"',
    errorAnswer: answerError,
    log,
  });
}

/** Executors may launch containers inside their own, and see nothing else. */
function onlyContainers(route: Route): Route {
  return {
    ...route,
    handle: (request) => {
      if (request.caller?.uid === executorUid && route.path !== '/api/v1') {
        throw new DcosError('forbidden', 'executors may not ask this');
      }
      return route.handle(request);
    },
  };
}

function routesOf({ state, nested, logging }: ServeOptions): Route[] {
  const { workDir } = state.self;
  const files = createFiles({
    roots: ['slaves', 'volumes'].map((name) => join(workDir, name)),
    // `/frameworks/<f>/executors/<e>/runs/…` is the same in short (Mesos' virtual paths).
    real: (path) =>
      path.startsWith('/frameworks/') ? join(workDir, 'slaves', state.agentId ?? '', path) : path,
  });
  const sandboxes = (): Record<string, string> =>
    Object.fromEntries([...state.tasks.values()].map(({ sandbox }) => [sandbox, sandbox]));
  const show = (path: string, view: () => unknown): Route => ({
    method: 'GET',
    path,
    access: 'token',
    handle: () => ({ status: 200, json: view() }),
  });
  const stateRoutes = ['/state', '/state.json'].map((path) => show(path, () => stateView(state)));
  const statistics = ['/monitor/statistics', '/monitor/statistics.json'].map((path) =>
    show(path, () => statisticsView(state, measureNow(), systemClock.now())),
  );
  return [
    { method: 'GET', path: '/health', access: 'open', handle: () => ({ status: 200 }) },
    ...stateRoutes,
    ...statistics,
    show('/containers', () => containersView(state, measureNow(), systemClock.now())),
    show('/version', () => versionView(state)),
    show('/system/stats.json', systemStats),
    show('/flags', () => ({ flags: flagsView(state) })),
    show('/metrics/snapshot', () => metricsView(state, measureSystem(), systemClock.now())),
    ...fileRoutes(files, sandboxes),
    loggingRoute(logging),
    {
      method: '*',
      path: '/api/v1',
      access: 'token',
      handle: (request) => answerCall({ state, files, nested, logging }, request),
    },
  ];
}

/** Mesos answers errors in plain text, and with nothing where a file is missing. */
function answerError(error: DcosError, request: Request): Answer {
  const status = statusOf(error);
  const isFile = /\/files\/(?:browse|read|download|debug)|\/api\/v1$/.test(request.path);
  if (status === 404 && !isFile) return { status, text: '404 Not Found.' };
  if (status >= 500) return { status, text: 'an internal error' };
  return { status, text: error.message };
}
