/**
 * From an app as it was sent to an app with every default (reference: marathon raml/app.raml;
 * DESIGN §5). Pure.
 */
import type { App, AppUpdate, HealthCheck, PortDefinition } from '../wire/marathon.js';

/**
 * Fields of Marathon's apps that need containers or its own network; this cluster runs command
 * apps only.
 */
export const refusedFields = [
  'container',
  'ipAddress',
  'residency',
  'readinessChecks',
  'resourceLimits',
  'executorResources',
  'tty',
] as const;

const defaultNumbers = {
  cpus: 1,
  mem: 128,
  disk: 0,
  gpus: 0,
  instances: 1,
  backoffSeconds: 1,
  backoffFactor: 1.15,
  maxLaunchDelaySeconds: 300,
} as const;

/** The app that `given` means, `id` being absolute. The version is the caller's to set. */
export function appOf(given: AppUpdate, id: string, role: string, version: string): App {
  const numbers = { ...defaultNumbers };
  for (const key of Object.keys(defaultNumbers) as (keyof typeof defaultNumbers)[]) {
    const value = given[key];
    if (typeof value === 'number') (numbers as Record<string, number>)[key] = value;
  }
  const ports = portDefinitionsOf(given);
  return {
    id,
    ...optional('cmd', given.cmd),
    ...optional('args', given.args),
    ...optional('user', given.user),
    env: given.env ?? {},
    secrets: given.secrets ?? {},
    labels: given.labels ?? {},
    ...numbers,
    executor: '',
    fetch: fetchesOf(given),
    networks: [{ mode: 'host' }],
    portDefinitions: ports,
    requirePorts: given.requirePorts ?? false,
    healthChecks: (given.healthChecks ?? []).map((check) => healthCheckOf(check, ports.length > 0)),
    ...optional('check', given.check),
    constraints: given.constraints ?? [],
    ...optional('acceptedResourceRoles', given.acceptedResourceRoles),
    role: given.role ?? role,
    dependencies: given.dependencies ?? [],
    upgradeStrategy: {
      minimumHealthCapacity: given.upgradeStrategy?.minimumHealthCapacity ?? 1,
      maximumOverCapacity: given.upgradeStrategy?.maximumOverCapacity ?? 1,
    },
    killSelection: given.killSelection ?? 'YOUNGEST_FIRST',
    unreachableStrategy: unreachableOf(given),
    ...optional('taskKillGracePeriodSeconds', given.taskKillGracePeriodSeconds),
    version,
    versionInfo: { lastScalingAt: version, lastConfigChangeAt: version },
  };
}

function optional<Key extends string, Value>(
  key: Key,
  value: Value | null | undefined,
): { [K in Key]?: Value } {
  return value === null || value === undefined ? {} : ({ [key]: value } as { [K in Key]?: Value });
}

function fetchesOf(given: AppUpdate): App['fetch'] {
  const legacy = (given.uris ?? []).map((uri) => ({ uri }));
  return (given.fetch ?? legacy).map((entry: { uri: string } & Partial<App['fetch'][number]>) => ({
    uri: entry.uri,
    extract: entry.extract ?? true,
    executable: entry.executable ?? false,
    cache: entry.cache ?? false,
    ...optional('destPath', entry.destPath),
  }));
}

function portDefinitionsOf(given: AppUpdate): PortDefinition[] {
  type Given = NonNullable<AppUpdate['portDefinitions']>[number];
  const legacy = given.ports?.map((port): Given => ({ port }));
  const entries: Given[] = given.portDefinitions ?? legacy ?? [{ port: 0 }];
  return entries.map((entry) => ({
    port: entry.port ?? 0,
    protocol: entry.protocol ?? 'tcp',
    ...optional('name', entry.name),
    ...optional('labels', entry.labels),
  }));
}

function healthCheckOf(
  given: NonNullable<AppUpdate['healthChecks']>[number],
  hasPorts: boolean,
): HealthCheck {
  const protocol = given.protocol ?? 'HTTP';
  const usesPort = protocol !== 'COMMAND';
  return {
    protocol,
    ...optional('path', given.path ?? (protocol.includes('HTTP') ? '/' : undefined)),
    ...optional('port', given.port),
    ...optional(
      'portIndex',
      given.portIndex ?? (usesPort && hasPorts && given.port === undefined ? 0 : undefined),
    ),
    ...optional('command', given.command),
    gracePeriodSeconds: given.gracePeriodSeconds ?? 300,
    intervalSeconds: given.intervalSeconds ?? 60,
    timeoutSeconds: given.timeoutSeconds ?? 20,
    maxConsecutiveFailures: given.maxConsecutiveFailures ?? 3,
    delaySeconds: given.delaySeconds ?? 15,
    ...optional('ignoreHttp1xx', given.ignoreHttp1xx),
  };
}

function unreachableOf(given: AppUpdate): App['unreachableStrategy'] {
  const strategy = given.unreachableStrategy;
  if (strategy === 'disabled') return strategy;
  const inactiveAfterSeconds = strategy?.inactiveAfterSeconds ?? 0;
  return {
    inactiveAfterSeconds,
    expungeAfterSeconds: strategy?.expungeAfterSeconds ?? inactiveAfterSeconds,
  };
}

/** The whole app again as it could have been sent: the ground for partial updates. */
export function updateOf(app: App): AppUpdate {
  const {
    version: _version,
    versionInfo: _info,
    networks: _networks,
    executor: _executor,
    ...rest
  } = app;
  return rest as unknown as AppUpdate;
}

/** Whether only the number of instances differs: a scaling, which restarts nothing. */
export function isScalingOnly(before: App, after: App): boolean {
  return configText(before) === configText(after);
}

function configText(app: App): string {
  const { instances: _instances, version: _version, versionInfo: _info, ...config } = app;
  return stableText(config);
}

function stableText(value: unknown): string {
  return JSON.stringify(value, (_key, inner: unknown) => {
    if (typeof inner !== 'object' || inner === null || Array.isArray(inner)) return inner;
    return Object.fromEntries(Object.entries(inner).sort(([a], [b]) => (a < b ? -1 : 1)));
  });
}

const firstServicePort = 10_000;
const lastServicePort = 20_000;

/**
 * Gives every port 0 a service port that no other app has, as Marathon does; ports of `before`
 * stay.
 */
export function withServicePorts(
  app: App,
  before: App | undefined,
  taken: ReadonlySet<number>,
): App {
  const own = new Set(app.portDefinitions.map(({ port }) => port));
  let next = firstServicePort;
  const portDefinitions = app.portDefinitions.map((definition, index) => {
    if (definition.port !== 0 || app.requirePorts) return definition;
    const kept = before?.portDefinitions[index]?.port;
    if (kept !== undefined && kept !== 0 && !own.has(kept)) {
      own.add(kept);
      return { ...definition, port: kept };
    }
    while (next <= lastServicePort && (taken.has(next) || own.has(next))) next += 1;
    own.add(next);
    return { ...definition, port: next };
  });
  return { ...app, portDefinitions };
}
