/**
 * From an app and a match to the TaskInfo that Mesos launches, environment and checks included
 * (reference: marathon TaskBuilder, EnvironmentHelper). Pure.
 */
import type { Match } from '../framework/match.js';
import { toLabels } from '../framework/reservations.js';
import type { App, HealthCheck } from '../wire/marathon.js';
import type { Offer } from '../wire/mesos/scheduler.js';
import type { CheckInfo, HealthCheck as MesosHealthCheck, TaskInfo } from '../wire/mesos/task.js';
import { marathonCheckOf, mesosCheckOf } from './health.js';

/**
 * Keys and values near this length do not become environment (marathon
 * EnvironmentHelper.maxVariableLength).
 */
const maxVariableLength = 512;

/** Marathon's ids: `/team/web` → `team_web.instance-<uuid>`, its task `….​_app.1`. */
export function instanceIdOf(appId: string, uuid: string): string {
  return `${appId.slice(1).replaceAll('/', '_')}.instance-${uuid}`;
}

/** The TaskInfo. Variables that come from secrets are left out: `secretSources` names them. */
export function taskInfoOf(
  app: App,
  instanceId: string,
  taskId: string,
  offer: Offer,
  match: Match,
): TaskInfo {
  const checks = checkInfoOf(app, match.ports);
  const health = mesosCheckOf(app);
  const grace = app.taskKillGracePeriodSeconds;
  return {
    name: app.id.slice(1).split('/').reverse().join('.'),
    task_id: { value: taskId },
    agent_id: offer.agent_id,
    resources: [...match.resources],
    command: {
      ...commandOf(app),
      ...(app.user === undefined ? {} : { user: app.user }),
      uris: app.fetch.map(({ uri, extract, executable, cache, destPath }) => ({
        value: uri,
        extract,
        executable,
        cache,
        ...(destPath === undefined ? {} : { output_file: destPath }),
      })),
      environment: { variables: environmentOf(app, taskId, offer.hostname, match.ports) },
    },
    ...(checks ? { check: checks } : {}),
    ...(health ? { health_check: mesosHealthOf(health, match.ports) } : {}),
    ...(grace === undefined ? {} : { kill_policy: { grace_period: { nanoseconds: grace * 1e9 } } }),
    labels: toLabels({ ...app.labels, DCOS_SERVICE: app.id, DCOS_INSTANCE: instanceId }),
    discovery: discoveryOf(app, match.ports),
  };
}

function commandOf(app: App): { shell: boolean; value: string; arguments?: string[] } {
  if (app.cmd !== undefined) return { shell: true, value: app.cmd };
  const args = [...(app.args ?? [])];
  return { shell: false, value: args[0] ?? '', arguments: args };
}

function discoveryOf(app: App, ports: readonly number[]): NonNullable<TaskInfo['discovery']> {
  return {
    visibility: 'FRAMEWORK',
    name: app.id.slice(1).split('/').reverse().join('.'),
    ports: {
      ports: ports.map((number, index) => {
        const { name, protocol = 'tcp', labels } = app.portDefinitions[index] ?? {};
        return {
          number,
          protocol,
          ...(name === undefined ? {} : { name }),
          ...(labels === undefined ? {} : { labels: toLabels(labels) }),
        };
      }),
    },
  };
}

/** Where each secret variable's value comes from. */
export function secretSources(app: App): Record<string, string> {
  const sources: Record<string, string> = {};
  for (const [name, value] of Object.entries(app.env)) {
    if (typeof value !== 'string') sources[name] = app.secrets[value.secret]?.source ?? '';
  }
  return sources;
}

function environmentOf(
  app: App,
  taskId: string,
  host: string,
  ports: readonly number[],
): { name: string; type: 'VALUE'; value: string }[] {
  const own = Object.entries(app.env).filter(
    (entry): entry is [string, string] => typeof entry[1] === 'string',
  );
  const all: Record<string, string> = {
    ...labelVariables(app),
    ...Object.fromEntries(own),
    ...portVariables(app, ports),
    HOST: host,
    MESOS_TASK_ID: taskId,
    MARATHON_APP_ID: app.id,
    MARATHON_APP_VERSION: app.version,
    MARATHON_APP_RESOURCE_CPUS: decimal(app.cpus),
    MARATHON_APP_RESOURCE_MEM: decimal(app.mem),
    MARATHON_APP_RESOURCE_DISK: decimal(app.disk),
    MARATHON_APP_RESOURCE_GPUS: String(app.gpus),
  };
  return Object.entries(all).map(([name, value]) => ({ name, type: 'VALUE', value }));
}

/** As Scala writes a Double. */
function decimal(value: number): string {
  return Number.isInteger(value) ? `${value}.0` : String(value);
}

const sanitised = (name: string): string => name.toUpperCase().replaceAll(/[^A-Z0-9_]/g, '_');

function portVariables(app: App, ports: readonly number[]): Record<string, string> {
  const variables: Record<string, string> = {};
  for (const [index, port] of ports.entries()) {
    const { port: declared = 0, name } = app.portDefinitions[index] ?? {};
    variables[`PORT${index}`] = String(port);
    if (declared !== 0) variables[`PORT_${declared}`] = String(port);
    if (name !== undefined && name !== '') variables[`PORT_${sanitised(name)}`] = String(port);
  }
  const [first] = ports;
  if (first !== undefined) variables.PORT = String(first);
  variables.PORTS = ports.join(',');
  return variables;
}

function labelVariables(app: App): Record<string, string> {
  const short = Object.entries(app.labels).filter(
    ([key, value]) => key.length < maxVariableLength && value.length < maxVariableLength,
  );
  const variables: Record<string, string> = {
    MARATHON_APP_LABELS: short.map(([key]) => sanitised(key)).join(' '),
  };
  for (const [key, value] of short) variables[`MARATHON_APP_LABEL_${sanitised(key)}`] = value;
  return variables;
}

function portOf(
  check: { readonly port?: number | undefined; readonly portIndex?: number | undefined },
  ports: readonly number[],
): number {
  return check.port ?? ports[check.portIndex ?? 0] ?? 0;
}

/**
 * A Marathon-level health check, or the app's `check`, as the Mesos check that reports and never
 * kills.
 */
function checkInfoOf(app: App, ports: readonly number[]): CheckInfo | undefined {
  const health = marathonCheckOf(app);
  if (health !== undefined) {
    const times = {
      delay_seconds: 0,
      interval_seconds: health.intervalSeconds,
      timeout_seconds: health.timeoutSeconds,
    };
    if (health.protocol === 'COMMAND') {
      return {
        type: 'COMMAND',
        command: { command: { shell: true, value: health.command?.value ?? '' } },
        ...times,
      };
    }
    const port = portOf(health, ports);
    if (health.protocol === 'TCP') return { type: 'TCP', tcp: { port }, ...times };
    return { type: 'HTTP', http: { port, path: health.path ?? '/' }, ...times };
  }
  const { check } = app;
  if (check === undefined) return undefined;
  const times = {
    delay_seconds: check.delaySeconds ?? 15,
    interval_seconds: check.intervalSeconds ?? 60,
    timeout_seconds: check.timeoutSeconds ?? 20,
  };
  if (check.http)
    return {
      type: 'HTTP',
      http: { port: portOf(check.http, ports), path: check.http.path ?? '/' },
      ...times,
    };
  if (check.tcp) return { type: 'TCP', tcp: { port: portOf(check.tcp, ports) }, ...times };
  const { shell, argv } = check.exec?.command ?? {};
  const command =
    shell === undefined
      ? { shell: false, value: argv?.[0] ?? 'true', arguments: argv ?? [] }
      : { shell: true, value: shell };
  return { type: 'COMMAND', command: { command }, ...times };
}

function mesosHealthOf(health: HealthCheck, ports: readonly number[]): MesosHealthCheck {
  const port = portOf(health, ports);
  const scheme = health.protocol === 'MESOS_HTTPS' ? 'https' : 'http';
  const kind: MesosHealthCheck =
    health.protocol === 'MESOS_TCP'
      ? { type: 'TCP', tcp: { port } }
      : { type: 'HTTP', http: { port, path: health.path ?? '/', scheme } };
  return {
    ...kind,
    delay_seconds: health.delaySeconds,
    interval_seconds: health.intervalSeconds,
    timeout_seconds: health.timeoutSeconds,
    grace_period_seconds: health.gracePeriodSeconds,
    consecutive_failures: health.maxConsecutiveFailures,
  };
}
