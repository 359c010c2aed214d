/**
 * The package `marathon`: `services` alone, as an app of another `services` (docs/architecture.md,
 * "Apps that are our own programs").
 */
import { systemClock } from '../core/clock.js';
import { DcosError, messageOf } from '../core/errors.js';
import { type Answer, type Route, startServer } from '../core/http/server.js';
import { trustAuthority } from '../core/http/trust.js';
import { createLogger } from '../core/logger.js';
import type { RunningServer } from '../core/running.js';
import { openHttpStore } from '../core/store/http.js';
import type { Store } from '../core/store/store.js';
import { tokenOf, verifyToken } from '../core/tokens.js';
import { tokenSource } from '../framework/account.js';
import { type Environment, serviceEnvironmentOf } from '../framework/service-environment.js';
import { createServices, type Services } from './services.js';

/**
 * Starts it from the environment; it serves once this resolves. Throws `usage` naming every
 * variable that is missing.
 */
export async function runServices(env: Environment = process.env): Promise<RunningServer> {
  const settings = serviceEnvironmentOf(env);
  const log = createLogger('services');
  if (settings.mesosAuthority !== undefined) trustAuthority(settings.mesosAuthority);
  const { principal, controlUrl: url, host, port, publicKey } = settings;
  const token = tokenSource(settings, systemClock.now);
  const store = await openHttpStore({ url, namespace: principal, token, log });
  const services = await createServices({
    store,
    mesosUrl: settings.mesosUrl,
    frameworkName: settings.serviceName,
    hostname: host,
    role: settings.role,
    ...settings.mesos,
    uninstall: settings.uninstalling,
    clock: systemClock,
    log,
    resolveSecret: (source) => {
      throw new DcosError('not-found', `the secret ${source} is not known to this service`);
    },
    onFatal: (error) => {
      log.error('the service ends and starts again from its records', { error: messageOf(error) });
      process.exit(1);
    },
  });
  let erased = false;
  log.info(settings.uninstalling ? 'uninstalling' : 'started', { service: settings.serviceName });
  if (settings.uninstalling) {
    void eraseWhenGone(services, store).then(
      () => {
        log.info('the framework is torn down, all records are erased');
        erased = true;
      },
      (error) => log.error('uninstalling failed', { error: messageOf(error) }),
    );
  }
  const plan = (): Answer => planAnswer(services, settings.uninstalling, erased);
  const planRoute: Route = {
    method: 'GET',
    path: '/v1/plans/deploy',
    access: 'token',
    handle: plan,
  };
  const server = await startServer({
    host,
    port,
    routes: [...services.routes, planRoute],
    authenticate: async (headers) => {
      const given = tokenOf(headers.authorization);
      return given === undefined ? undefined : verifyToken(given, publicKey, systemClock.now());
    },
    wwwAuthenticate: 'acsjwt',
    log,
  });
  const stop = async (): Promise<void> => {
    await server.close();
    await services.stop();
  };
  return { host: server.host, port: server.port, stop };
}

const pollMs = 200;

/**
 * Erases the records once tasks and framework are gone. A restart in between begins again and
 * finds less to do.
 */
async function eraseWhenGone(services: Services, store: Store): Promise<void> {
  while (services.uninstallState() !== 'done') {
    await new Promise((resolve) => setTimeout(resolve, pollMs));
  }
  await services.stop();
  const records = await store.load('');
  await store.commit([...records.keys()].map((key) => ({ key, value: null })));
}

/** The plan as operations and the SDK's command lines read it: 200 when complete, 202 before. */
function planAnswer(services: Services, uninstalling: boolean, erased: boolean): Answer {
  const torn = services.uninstallState() === 'done';
  const steps: [string, boolean][] = uninstalling
    ? [
        ['kill-tasks', torn],
        ['deregister-service', erased],
      ]
    : [['register', services.subscribed()]];
  const phases = steps.map(([name, done]) => {
    const status = done ? 'COMPLETE' : 'IN_PROGRESS';
    const one = { id: name, name, status: done ? 'COMPLETE' : 'PENDING', message: '' };
    return { id: name, name, steps: [one], strategy: 'serial', status };
  });
  const complete = steps.every(([, done]) => done);
  return {
    status: complete ? 200 : 202,
    json: { phases, errors: [], strategy: 'serial', status: complete ? 'COMPLETE' : 'IN_PROGRESS' },
  };
}
