/**
 * What a rendered app tells about the service that it starts: its plans, its framework, what it
 * will need. Pure.
 */
import { z } from 'zod';
import { DcosError } from '../../core/errors.js';
import type { JsonObject } from '../../core/json.js';
import type { Need } from './feasibility.js';
import type { AppFacts, Dependency } from './state.js';

const renderedSchema = z.looseObject({
  id: z.string(),
  instances: z.number().nullish(),
  cpus: z.number().nullish(),
  mem: z.number().nullish(),
  disk: z.number().nullish(),
  labels: z.record(z.string(), z.string()).nullish(),
  env: z.record(z.string(), z.unknown()).nullish(),
  constraints: z.array(z.array(z.string())).nullish(),
});
/** What is read of a rendered app. */
export type RenderedApp = z.infer<typeof renderedSchema>;

/** Reads a rendered app; its id comes out absolute. Throws `invalid` where it is no app. */
export function parseRendered(app: JsonObject): RenderedApp {
  const parsed = renderedSchema.safeParse(app);
  if (!parsed.success) {
    const issue = parsed.error.issues[0];
    throw new DcosError(
      'invalid',
      `the package renders no valid app: ${issue?.path.join('.')}: ${issue?.message}`,
    );
  }
  const { id } = parsed.data;
  return { ...parsed.data, id: id.startsWith('/') ? id : `/${id}` };
}

/** The facts that the labels and the environment of an app tell. */
export function factsOf(app: RenderedApp, dependencies: readonly Dependency[] = []): AppFacts {
  const labels = app.labels ?? {};
  const account = labels.DCOS_SERVICE_ACCOUNT || undefined;
  const framework = labels.DCOS_PACKAGE_FRAMEWORK_NAME || undefined;
  const serviceName = labels.DCOS_SERVICE_NAME?.replace(/^\/+|\/+$/g, '') || undefined;
  const named = app.env?.DCOS_ROLE;
  const role =
    framework === undefined
      ? undefined
      : typeof named === 'string' && named !== ''
        ? named
        : `${framework.replace(/^\/+/, '').replaceAll('/', '__')}-role`;
  return {
    hasPlan: labels.DCOS_COMMONS_API_VERSION !== undefined && serviceName !== undefined,
    uninstallsItself: labels.DCOS_COMMONS_UNINSTALL !== undefined,
    ...(framework === undefined ? {} : { framework }),
    ...(role === undefined ? {} : { role }),
    ...(account === undefined ? {} : { account }),
    ...(serviceName === undefined ? {} : { serviceName }),
    ...(dependencies.length === 0 ? {} : { dependencies }),
  };
}

/** What our own programs get to know of the cluster. */
export interface ClusterFacts {
  readonly url: string;
  readonly mesosUrl: string;
  readonly publicKey: string;
  /** As whom all speak to the master; absent where each does as itself. */
  readonly mesosPrincipal?: string | undefined;
  /** PEM of the authority that signs for the masters. */
  readonly mesosAuthority?: string | undefined;
}

/** The source of the secret that proves `mesosPrincipal`. */
export const mesosSecretSource = 'mesos/secret';

/**
 * The app with what our own programs get to know of the cluster (docs/architecture.md, "Apps that
 * are our own programs").
 */
export function withServiceAccount(app: JsonObject, cluster: ClusterFacts): JsonObject {
  const account = parseRendered(app).labels?.DCOS_SERVICE_ACCOUNT;
  if (!account) return app;
  const env = (app.env ?? {}) as JsonObject;
  const secrets = (app.secrets ?? {}) as JsonObject;
  return {
    ...app,
    env: {
      ...env,
      DCOS_URL: cluster.url,
      DCOS_MESOS_URL: cluster.mesosUrl,
      DCOS_SERVICE_ACCOUNT: account,
      DCOS_SERVICE_SECRET: { secret: 'account' },
      DCOS_PUBLIC_KEY: cluster.publicKey,
      ...(cluster.mesosPrincipal === undefined
        ? {}
        : {
            DCOS_MESOS_PRINCIPAL: cluster.mesosPrincipal,
            DCOS_MESOS_SECRET: { secret: 'mesos' },
          }),
      ...(cluster.mesosAuthority === undefined ? {} : { DCOS_MESOS_CA: cluster.mesosAuthority }),
    },
    secrets: {
      ...secrets,
      account: { source: `account/${account}` },
      ...(cluster.mesosPrincipal === undefined ? {} : { mesos: { source: mesosSecretSource } }),
    },
  };
}

/** The app with where the services are that it needs, for its scheduler to pass on. */
export function withDependencies(
  app: JsonObject,
  dependencyEnv: Readonly<Record<string, string>>,
): JsonObject {
  if (Object.keys(dependencyEnv).length === 0) return app;
  return { ...app, env: { ...((app.env ?? {}) as JsonObject), ...dependencyEnv } };
}

/** What the app itself needs. */
export function needsOfApp(app: RenderedApp): Need[] {
  const unique = app.constraints?.find(([, operator]) => operator === 'UNIQUE')?.[0];
  return [
    {
      name: `the app ${app.id}`,
      count: app.instances ?? 1,
      cpus: app.cpus ?? 0,
      memMb: app.mem ?? 0,
      diskMb: app.disk ?? 0,
      spreads: unique === undefined ? [] : [{ field: unique, operator: 'UNIQUE', number: 1 }],
    },
  ];
}
