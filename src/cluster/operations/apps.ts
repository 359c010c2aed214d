/**
 * Apps and service schedulers as `operations` sees them: through the Marathon API and the services'
 * own API, over the gateway like anybody.
 */
import { z } from 'zod';
import { DcosError } from '../../core/errors.js';
import { callJson } from '../../core/http/request.js';
import type { JsonObject } from '../../core/json.js';
import { type OperationStep, stepStatusSchema } from '../../wire/operations.js';
import type { ObservedApp, ObservedPlan } from './events.js';

/** An app as it runs. */
const liveAppSchema = z.looseObject({
  id: z.string(),
  instances: z.number().optional(),
  env: z.record(z.string(), z.unknown()).optional(),
  labels: z.record(z.string(), z.string()).optional(),
  healthChecks: z.array(z.unknown()).optional(),
  tasksStaged: z.number().optional(),
  tasksRunning: z.number().optional(),
  tasksHealthy: z.number().optional(),
  deployments: z.array(z.unknown()).optional(),
  lastTaskFailure: z
    .looseObject({ message: z.string().optional(), state: z.string().optional() })
    .nullish(),
  tasks: z
    .array(
      z.looseObject({
        id: z.string().optional(),
        host: z.string().optional(),
        slaveId: z.string().optional(),
        ports: z.array(z.number()).optional(),
      }),
    )
    .optional(),
});
export type LiveApp = z.infer<typeof liveAppSchema>;

const planSchema = z.looseObject({
  status: z.string(),
  errors: z.array(z.string()).optional(),
  phases: z.array(
    z.looseObject({
      name: z.string(),
      steps: z.array(
        z.looseObject({ name: z.string(), status: z.string(), message: z.string().optional() }),
      ),
    }),
  ),
});

/** Files of a package and the values of its options, as a scheduler judges them. */
export interface Candidate {
  readonly serviceYaml: string;
  readonly templates: Readonly<Record<string, string>>;
  readonly variables: Readonly<Record<string, string>>;
}

const violationsSchema = z.looseObject({
  violations: z.array(z.looseObject({ path: z.string(), message: z.string() })),
});

const endpointSchema = z.looseObject({ address: z.array(z.string()).optional() });

/** Calls of one control plane. Those that are refused throw with the server's own words. */
export interface Apps {
  /** The app; `undefined` where there is none. */
  get(appId: string): Promise<LiveApp | undefined>;
  /** Makes the app, or gives it this form. */
  put(appId: string, app: JsonObject): Promise<void>;
  /** Restarts the app with the order to uninstall itself. */
  orderUninstall(appId: string): Promise<void>;
  /** Removes the app and its tasks; no error where there is none. */
  remove(appId: string): Promise<void>;
  /** A plan of a service, `deploy` by default, or why it can't be seen. */
  plan(serviceName: string, name?: string): Promise<ObservedPlan | { readonly waiting: string }>;
  /**
   * Why a service could not take these files and values; empty when it can, or cannot be asked:
   * then it says so itself, in its deploy plan.
   */
  refusals(serviceName: string, candidate: Candidate): Promise<string[]>;
  /** The endpoints that a service advertises. */
  endpoints(serviceName: string): Promise<{ name: string; addresses: string[] }[]>;
}

const marathon = '/service/marathon/v2/apps';
const embed = ['tasks', 'deployments', 'counts', 'lastTaskFailure']
  .map((what) => `embed=app.${what}`)
  .join('&');

/** Calls the control plane at `url` with tokens of `token`. */
export function createApps(url: string, token: () => string): Apps {
  const call = (method: string, path: string, json?: unknown) =>
    callJson({
      method,
      url: `${url}${path}`,
      headers: { authorization: `token=${token()}` },
      timeoutMs: 30_000,
      ...(json === undefined ? {} : { json }),
    });
  const change = async (method: string, path: string, json?: unknown): Promise<number> => {
    const { status, json: answer } = await call(method, path, json);
    if (status < 300 || status === 404) return status;
    const { message = `status ${status}`, details } = (answer ?? {}) as {
      message?: string;
      details?: unknown;
    };
    const more = details === undefined ? '' : `: ${JSON.stringify(details)}`;
    // Not our caller's fault: a server in between, a deployment that is in the way.
    const passing = status >= 500 || status === 409 || status === 401;
    throw new DcosError(
      passing ? 'unreachable' : 'invalid',
      `the app was refused: ${message}${more}`,
      { status },
    );
  };
  const get = async (appId: string): Promise<LiveApp | undefined> => {
    const { status, json } = await call('GET', `${marathon}${appId}?${embed}`);
    if (status === 404) return undefined;
    if (status !== 200)
      throw new DcosError('unreachable', `services answered ${status} for ${appId}`);
    return z.looseObject({ app: liveAppSchema }).parse(json).app;
  };
  return {
    get,
    put: async (appId, app) => {
      if ((await get(appId)) === undefined) await change('POST', marathon, { ...app, id: appId });
      else
        await change('PUT', `${marathon}${appId}?force=true&partialUpdate=false`, {
          ...app,
          id: appId,
        });
    },
    orderUninstall: async (appId) => {
      const app = await get(appId);
      if (app === undefined || app.env?.SDK_UNINSTALL === 'true') return;
      const env = { ...app.env, SDK_UNINSTALL: 'true' };
      await change('PUT', `${marathon}${appId}?force=true`, { env, instances: app.instances || 1 });
    },
    remove: async (appId) => {
      await change('DELETE', `${marathon}${appId}?force=true`);
    },
    plan: async (serviceName, name = 'deploy') => {
      const { status, json } = await call('GET', `/service/${serviceName}/v1/plans/${name}`);
      return planOf(status, json);
    },
    refusals: async (serviceName, candidate) => {
      const path = `/service/${serviceName}/v1/configurations/validate`;
      const { status, json } = await call('POST', path, candidate);
      const parsed = violationsSchema.safeParse(json);
      if (status !== 200 || !parsed.success) return [];
      return parsed.data.violations.map(({ path: at, message }) => `${at} ${message}`.trim());
    },
    endpoints: (serviceName) => endpointsOf(call, `/service/${serviceName}/v1/endpoints`),
  };
}

type Call = (method: string, path: string) => Promise<{ readonly json: unknown }>;

function planOf(status: number, json: unknown): ObservedPlan | { readonly waiting: string } {
  const parsed = planSchema.safeParse(json);
  if (parsed.success) return observedPlan(parsed.data);
  const { message = `the service answered ${status}` } = (json ?? {}) as { message?: string };
  // The service itself has no such plan: nothing is to be waited for. The gateway's own 404 says
  // only that it does not know the service yet.
  const isGateways = message.startsWith('there is no service');
  if (status === 404 && !isGateways) return { status: 'COMPLETE', errors: [], steps: [] };
  return { waiting: message };
}

async function endpointsOf(call: Call, base: string) {
  const names = z.array(z.string()).safeParse((await call('GET', base)).json);
  const found: { name: string; addresses: string[] }[] = [];
  for (const name of (names.data ?? []).slice(0, 50)) {
    const addresses = await addressesAt(call, `${base}/${encodeURIComponent(name)}`);
    if (addresses !== undefined) found.push({ name, addresses });
  }
  return found;
}

/** `undefined` for an endpoint that is no list of addresses but a file for clients. */
async function addressesAt(call: Call, path: string): Promise<string[] | undefined> {
  try {
    return endpointSchema.safeParse((await call('GET', path)).json).data?.address ?? [];
  } catch (error) {
    // What is not JSON.
    if (error instanceof DcosError && error.code === 'failed') return undefined;
    throw error;
  }
}

/** What of a live app an operation looks at. */
export function observedApp(app: LiveApp): ObservedApp {
  const wanted = app.instances ?? 1;
  const running = app.tasksRunning ?? 0;
  const healthy = (app.healthChecks?.length ?? 0) > 0 ? (app.tasksHealthy ?? 0) : running;
  const message = messageOfApp(app, wanted, running, healthy);
  return {
    deploying: (app.deployments?.length ?? 0) > 0,
    wanted,
    running,
    healthy,
    ...(message === undefined ? {} : { message }),
  };
}

function messageOfApp(
  app: LiveApp,
  wanted: number,
  running: number,
  healthy: number,
): string | undefined {
  const failure = app.lastTaskFailure;
  if (running < wanted && failure)
    return `its last task ended: ${failure.message ?? failure.state ?? 'unknown'}`;
  if ((app.tasksStaged ?? 0) > 0) return 'starting';
  if (running < wanted) return 'waiting for an agent with enough free resources';
  return healthy < wanted ? 'waiting until it is healthy' : undefined;
}

function observedPlan(plan: z.infer<typeof planSchema>): ObservedPlan {
  const steps = plan.phases.flatMap((phase) =>
    phase.steps.map(
      ({ name, status, message }): OperationStep => ({
        name,
        status: statusOf(status),
        ...(message ? { message } : {}),
      }),
    ),
  );
  return { status: statusOf(plan.status), errors: plan.errors ?? [], steps };
}

/** A status that only a newer service has counts as under way. */
function statusOf(text: string): OperationStep['status'] {
  return stepStatusSchema.safeParse(text).data ?? 'IN_PROGRESS';
}
