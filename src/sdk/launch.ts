/** From an instance and a match to a TaskInfo: environment, config files, checks, labels. Pure. */
import { messageOf } from '../core/errors.js';
import { toLabels } from '../framework/reservations.js';
import type { Resource } from '../wire/mesos/common.js';
import type { CheckInfo, HealthCheck, TaskInfo } from '../wire/mesos/task.js';
import {
  type PodSpec,
  portsOf,
  type SpecViolation,
  setOf,
  type TaskSpec,
} from '../wire/service-spec.js';
import { taskHashOf } from './config.js';
import { endpointViolations } from './endpoint-files.js';
import { instanceName } from './instances.js';
import { type KeyMaterial, keyFilesOf } from './keys.js';
import { podScope, podsScope } from './peers.js';
import { parseTemplate, renderTemplate, type TemplateScope } from './render.js';
import type { AgentPlace, Instance, ServiceConfig, State } from './state.js';

/** A task that is to be launched, with what it is made from. */
export interface Launch {
  readonly config: ServiceConfig;
  readonly pod: PodSpec;
  readonly task: TaskSpec;
  /** Of the plan that launches it: put into its environment above all else. */
  readonly variables: Readonly<Record<string, string>>;
}

/**
 * What templates see: options, `pods.<type>.<index>.{address,port,ports}`, `pod` (with
 * `replaces` and `replaces_ports`, the address and ports that a permanently replaced instance had),
 * `service`, and the task's environment. A file that names `service.secret` is its owner's alone.
 */
function scopeOf(
  state: State,
  config: ServiceConfig,
  pod: PodSpec,
  instance: Instance,
  env: Readonly<Record<string, string>>,
): TemplateScope {
  const pods = podsScope(state, config);
  return {
    ...config.variables,
    ...env,
    service: {
      name: state.serviceName,
      uuid: state.serviceUuid,
      role: state.role,
      deployed: state.deployed,
      secret: state.secret,
    },
    pods,
    pod: {
      ...podScope(state, pod, instance.index),
      count: pod.count,
      replaces: instance.replacing?.address ?? '',
      replaces_ports: { ...instance.reservation?.ports, ...instance.replacing?.ports },
    },
  };
}

/** The task to launch. Throws `invalid` where a template names what does not exist. */
export function taskInfoOf(
  state: State,
  launch: Launch,
  instance: Instance,
  given: {
    readonly id: string;
    readonly resources: readonly Resource[];
    readonly keys?: KeyMaterial | undefined;
  },
): TaskInfo {
  const { config, pod, task } = launch;
  const place = instance.reservation?.place;
  const env = environmentOf(state, launch, instance);
  const rendered = renderFiles(config, task, scopeOf(state, config, pod, instance, env));
  const files = [...rendered, ...keyFiles(task, given.keys)];
  const user = config.spec.user === undefined ? {} : { user: config.spec.user };
  const paused = instance.paused?.includes(task.name) ?? false;
  const check = !paused && task.readinessCheck && readinessOf(task.readinessCheck, env);
  const health = !paused && task.healthCheck && healthOf(task.healthCheck, env);
  return {
    name: `${instance.name}-${task.name}`,
    task_id: { value: given.id },
    agent_id: { value: place?.agentId ?? '' },
    resources: [...given.resources],
    command: {
      shell: true,
      value: withFiles(paused ? idleCmd : task.cmd, files),
      environment: variablesOf({ ...env, ...contents(files) }),
      ...(pod.uris.length === 0
        ? {}
        : { uris: pod.uris.map((value) => ({ value, extract: true, cache: true })) }),
      ...user,
    },
    ...containerOf(pod),
    ...(check ? { check } : {}),
    ...(health ? { health_check: health } : {}),
    kill_policy: { grace_period: { nanoseconds: task.killGracePeriodS * 1e9 } },
    labels: toLabels({
      ...task.labels,
      DCOS_SERVICE: state.serviceName,
      DCOS_INSTANCE: instance.name,
      ...readyLabel(task),
      target_configuration: config.id,
      spec_hash: taskHashOf(config, pod, task),
      task_type: pod.type,
      index: String(instance.index),
      offer_hostname: place?.hostname ?? '',
      ...zoneLabels(place),
    }),
    discovery: discoveryOf(state, pod, task, instance),
  };
}

/** The container around a task, where its pod asks for one. */
function containerOf({ hostVolumes = [], rlimits = [] }: PodSpec): Pick<TaskInfo, 'container'> {
  if (hostVolumes.length === 0 && rlimits.length === 0) return {};
  const volumes = hostVolumes.map(({ hostPath, path, mode }) => ({
    host_path: hostPath,
    container_path: path,
    mode,
  }));
  const limits = rlimits.map(({ type, ...numbers }) => ({ type: `RLMT_${type}`, ...numbers }));
  return {
    container: {
      type: 'MESOS',
      ...(volumes.length > 0 ? { volumes } : {}),
      ...(limits.length > 0 ? { rlimit_info: { rlimits: limits } } : {}),
    },
  };
}

/** For whoever sees nothing but Mesos: which exit of the check means ready besides 0. */
function readyLabel({ readinessCheck }: TaskSpec): Record<string, string> {
  const code = readinessCheck?.leaderExitCode;
  return code === undefined ? {} : { DCOS_READY_EXIT_CODE: String(code) };
}

/** What a paused task does: nothing, with its volumes and config files in place. */
const idleCmd = 'echo "This task is paused."; while true; do sleep 5; done';

function zoneLabels(place: AgentPlace | undefined): Record<string, string> {
  const domain = place?.domain?.fault_domain;
  return domain ? { offer_zone: domain.zone.name, offer_region: domain.region.name } : {};
}

function environmentOf(
  state: State,
  { pod, task, variables }: Omit<Launch, 'config'>,
  instance: Instance,
): Record<string, string> {
  const domain = instance.reservation?.place.domain?.fault_domain;
  const ports: Record<string, string> = {};
  // Those of the whole pod: its tasks are on one agent, and a sidecar has to find its server.
  for (const { name, envKey } of portsOf(pod)) {
    const port = instance.reservation?.ports[name];
    if (envKey !== undefined && port !== undefined) ports[envKey] = String(port);
  }
  const taskName = `${instance.name}-${task.name}`;
  return {
    TASK_NAME: taskName,
    FRAMEWORK_NAME: state.serviceName,
    SCHEDULER_API_HOSTNAME: state.api.host,
    SCHEDULER_API_PORT: String(state.api.port),
    POD_INSTANCE_INDEX: String(instance.index),
    POD_ADDRESS: instance.reservation?.place.address ?? '',
    POD_REPLACES_ADDRESS: instance.replacing?.address ?? '',
    ZONE: domain?.zone.name ?? '',
    REGION: domain?.region.name ?? '',
    [taskName.replace(/[^A-Za-z0-9_]/g, '_')]: 'true',
    ...ports,
    ...task.env,
    ...variables,
  };
}

/** A file that is in the sandbox before the command starts. */
interface TaskFile {
  readonly dest: string;
  /** Base64. */
  readonly content: string;
  /** For its owner's eyes only. */
  readonly secret: boolean;
}

/** The name of the variable that carries the file at `position`. */
const fileVariable = (position: number): string => `DCOS_CONFIG_FILE_${position}`;

function renderFiles(config: ServiceConfig, task: TaskSpec, scope: TemplateScope): TaskFile[] {
  return task.configs.map(({ template, dest }) => {
    const source = config.templates[template] ?? '';
    const text = renderTemplate(parseTemplate(source), scope);
    const secret = source.includes('service.secret');
    return { dest, content: Buffer.from(text).toString('base64'), secret };
  });
}

function keyFiles(task: TaskSpec, keys: KeyMaterial | undefined): TaskFile[] {
  return keyFilesOf(task).map((dest) => ({
    dest,
    content: keys?.files[dest] ?? '',
    secret: true,
  }));
}

function contents(files: readonly TaskFile[]): Record<string, string> {
  return Object.fromEntries(
    files.map(({ content }, position) => [fileVariable(position), content] as const),
  );
}

/**
 * The command behind a prelude that writes the config files. Their texts travel base64-encoded in
 * variables, so that nothing in them ever meets a shell; the variables are gone when the command
 * itself starts.
 */
function withFiles(cmd: string, files: readonly TaskFile[]): string {
  const lines = files.flatMap(({ dest, secret }, position) => {
    const variable = fileVariable(position);
    const folder = dest.includes('/') ? dest.replace(/\/[^/]*$/, '') : '';
    const write = `printf %s "$${variable}" | base64 -d > ${quoted(dest)}`;
    return [
      ...(folder === '' ? [] : [`mkdir -p ${quoted(folder)} || exit 1`]),
      `${secret ? `(umask 077; ${write})` : write} || exit 1`,
      `unset ${variable}`,
    ];
  });
  return [...lines, cmd].join('\n');
}

function quoted(path: string): string {
  return `'${path.replaceAll("'", "'\\''")}'`;
}

function variablesOf(env: Readonly<Record<string, string>>): {
  variables: { name: string; value: string }[];
} {
  return { variables: Object.entries(env).map(([name, value]) => ({ name, value })) };
}

function readinessOf(
  check: NonNullable<TaskSpec['readinessCheck']>,
  env: Readonly<Record<string, string>>,
): CheckInfo {
  return {
    type: 'COMMAND',
    command: { command: { shell: true, value: check.cmd, environment: variablesOf(env) } },
    delay_seconds: check.delayS,
    interval_seconds: check.intervalS,
    timeout_seconds: check.timeoutS,
  };
}

function healthOf(
  check: NonNullable<TaskSpec['healthCheck']>,
  env: Readonly<Record<string, string>>,
): HealthCheck {
  return {
    type: 'COMMAND',
    command: { shell: true, value: check.cmd, environment: variablesOf(env) },
    delay_seconds: check.delayS,
    interval_seconds: check.intervalS,
    timeout_seconds: check.timeoutS,
    grace_period_seconds: check.gracePeriodS,
    consecutive_failures: check.maxConsecutiveFailures,
  };
}

function discoveryOf(
  state: State,
  pod: PodSpec,
  task: TaskSpec,
  instance: Instance,
): NonNullable<TaskInfo['discovery']> {
  const { discovery, name } = task;
  const listed = setOf(pod, task).ports.map((port) => ({
    number: instance.reservation?.ports[port.name] ?? 0,
    name: port.name,
    protocol: 'tcp',
    visibility: port.advertise ? 'EXTERNAL' : 'CLUSTER',
    ...(port.vip === undefined ? {} : { labels: toLabels({ VIP_0: port.vip }) }),
  }));
  return {
    visibility: discovery?.visibility ?? 'CLUSTER',
    name: discovery?.prefix
      ? `${discovery.prefix}-${instance.index}`
      : `${instance.name}-${name}.${state.serviceName}`,
    ...(listed.length > 0 ? { ports: { ports: listed } } : {}),
  };
}

/**
 * What is wrong with the templates of a configuration, tried with made-up addresses for every
 * instance.
 */
export function templateViolations(state: State, config: ServiceConfig): SpecViolation[] {
  const place: AgentPlace = { agentId: 'a', hostname: 'host', address: '127.0.0.1' };
  const instances = new Map<string, Instance>();
  for (const pod of config.spec.pods) {
    for (let index = 0; index < pod.count; index += 1) {
      const name = instanceName(pod.type, index);
      const ports = Object.fromEntries(portsOf(pod).map((port) => [port.name, 1]));
      const held = { resourceId: 'r', place, ports, volumeIds: [], sets: [], madeAt: 0 };
      const reservation = { ...held, confirmed: true };
      const known = { name, pod: pod.type, index, permanentlyFailed: false, tasks: {} };
      instances.set(name, { ...known, reservation });
    }
  }
  const trial: State = { ...state, instances };
  const ofTasks = config.spec.pods.flatMap((pod) =>
    pod.tasks.flatMap((task): SpecViolation[] => {
      const instance = instances.get(instanceName(pod.type, 0));
      if (instance === undefined) return [];
      try {
        const env = environmentOf(trial, { pod, task, variables: {} }, instance);
        renderFiles(config, task, scopeOf(trial, config, pod, instance, env));
        return [];
      } catch (error) {
        const path = `pods.${pod.type}.tasks.${task.name}.configs`;
        return [{ path, message: messageOf(error) }];
      }
    }),
  );
  return [...ofTasks, ...endpointViolations(trial, config)];
}
