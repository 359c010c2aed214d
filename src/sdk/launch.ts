/** From an instance and a match to a TaskInfo: environment, config files, checks, labels. Pure. */
import { messageOf } from '../core/errors.js';
import type { Constraint } from '../framework/constraints.js';
import { parseConstraints } from '../framework/constraints.js';
import type { Match } from '../framework/match.js';
import { nothing, type Requirement } from '../framework/requirement.js';
import { toLabels } from '../framework/reservations.js';
import type { CheckInfo, HealthCheck, TaskInfo } from '../wire/mesos/task.js';
import type { PodSpec, SpecViolation } from '../wire/service-spec.js';
import { namedIndices, peersNamedBy, specHashOf, uuidOf } from './config.js';
import { instanceName } from './instances.js';
import { parseTemplate, renderTemplate, type TemplateScope } from './render.js';
import type { AgentPlace, Instance, Reservation, ServiceConfig, State } from './state.js';

/**
 * What a launch, or the reservation for one, needs. `resourceId` is that of the reservation, new
 * or old.
 */
export function requirementOf(
  state: State,
  instance: Instance,
  pod: PodSpec,
  resourceId: string,
): Requirement {
  const { reservation } = instance;
  const { task } = pod;
  return {
    ...nothing,
    cpus: task.cpus,
    memMb: task.memMb,
    ports: task.ports.map(({ name, port }) => ({
      name,
      port: reservation?.ports[name] ?? port,
    })),
    volumes: task.volumes.map(({ path, sizeMb }, index) => ({
      containerPath: path,
      sizeMb,
      type: 'ROOT',
      id: reservation?.volumeIds[index] ?? state.random.uuid(),
    })),
    // Where it has its reservation it stays, whatever the rules say by now.
    constraints: reservation === undefined ? placementOf(pod) : [],
    reservation: {
      role: state.role,
      principal: state.principal,
      labels: { resource_id: resourceId, instance: instance.name },
      existing: reservation !== undefined,
    },
  };
}

function placementOf(pod: PodSpec): Constraint[] {
  return pod.placement === '' ? [] : parseConstraints(pod.placement);
}

/** The reservation that a match makes or finds. */
export function reservationOf(
  pod: PodSpec,
  match: Match,
  place: AgentPlace,
  resourceId: string,
  now: number,
): Reservation {
  const ports = pod.task.ports.map(({ name }, index) => [name, match.ports[index] ?? 0] as const);
  return {
    resourceId,
    place,
    ports: Object.fromEntries(ports),
    volumeIds: match.volumeIds,
    confirmed: false,
    madeAt: now,
  };
}

/**
 * The pod types that must be reserved before `pod` may start, and are not yet: `broker-1,
 * broker-2`.
 */
export function missingPeers(state: State, config: ServiceConfig, pod: PodSpec): string[] {
  const named = peersNamedBy(config, pod);
  return config.spec.pods
    .filter(({ type }) => named.has(type))
    .flatMap((peer) =>
      namedIndices(peer, named.get(peer.type)).map((index) => instanceName(peer.type, index)),
    )
    .filter((name) => state.instances.get(name)?.reservation === undefined);
}

/**
 * Hash of the addresses that a pod's config files name; another hash means that they are out of
 * date.
 */
export function peersHashOf(state: State, config: ServiceConfig, pod: PodSpec): string {
  const named = peersNamedBy(config, pod);
  const pods = podsScope(state, config);
  const peersOf = (type: string): unknown => {
    const pod = config.spec.pods.find((other) => other.type === type);
    if (pod === undefined || named.get(type) === 'all') return pods[type];
    // Which of them is the last is no matter to who names one alone: the pod may grow.
    const peers = namedIndices(pod, named.get(type)).map((index) => pods[type]?.[index]);
    return peers.map((peer) => [peer?.name, peer?.address, peer?.ports]);
  };
  return uuidOf([...named.keys()].sort().map(peersOf));
}

/**
 * What templates see: options, `pods.<type>.<index>.{address,port,ports}`, `pod`, `service`, and
 * the task's environment.
 */
function scopeOf(
  state: State,
  config: ServiceConfig,
  pod: PodSpec,
  instance: Instance,
  env: Readonly<Record<string, string>>,
): TemplateScope {
  const pods = podsScope(state, config);
  const own = pods[pod.type]?.[instance.index];
  return {
    ...config.variables,
    ...env,
    service: {
      name: state.serviceName,
      uuid: state.serviceUuid,
      role: state.role,
      deployed: state.deployed,
    },
    pods,
    pod: { ...(own ?? { name: instance.name, index: instance.index }), count: pod.count },
  };
}

function podsScope(state: State, config: ServiceConfig): Record<string, TemplateScope[]> {
  const entries = config.spec.pods.map(({ type, count, task }) => {
    const items = Array.from({ length: count }, (_, index): TemplateScope => {
      const name = instanceName(type, index);
      const reservation = state.instances.get(name)?.reservation;
      const ports = reservation?.ports ?? {};
      const first = ports[task.ports[0]?.name ?? ''];
      return {
        name,
        index,
        first: index === 0,
        last: index === count - 1,
        ...(reservation === undefined
          ? {}
          : { address: reservation.place.address, hostname: reservation.place.hostname, ports }),
        ...(first === undefined ? {} : { port: first }),
      };
    });
    return [type, items] as const;
  });
  return Object.fromEntries(entries);
}

/** The task to launch. Throws `invalid` where a template names what does not exist. */
export function taskInfoOf(
  state: State,
  config: ServiceConfig,
  pod: PodSpec,
  instance: Instance,
  match: Match,
  taskId: string,
): TaskInfo {
  const { task } = pod;
  const place = instance.reservation?.place;
  const env = environmentOf(state, pod, instance);
  const files = renderFiles(config, pod, scopeOf(state, config, pod, instance, env));
  const user = config.spec.user === undefined ? {} : { user: config.spec.user };
  const { paused = false } = instance;
  const check = !paused && task.readinessCheck && readinessOf(task.readinessCheck, env);
  const health = !paused && task.healthCheck && healthOf(task.healthCheck, env);
  return {
    name: `${instance.name}-${task.name}`,
    task_id: { value: taskId },
    agent_id: { value: place?.agentId ?? '' },
    resources: [...match.resources],
    command: {
      shell: true,
      value: withFiles(paused ? idleCmd : task.cmd, pod),
      environment: variablesOf({ ...env, ...files }),
      ...(pod.uris.length === 0
        ? {}
        : { uris: pod.uris.map((value) => ({ value, extract: true, cache: true })) }),
      ...user,
    },
    ...(check ? { check } : {}),
    ...(health ? { health_check: health } : {}),
    kill_policy: { grace_period: { nanoseconds: task.killGracePeriodS * 1e9 } },
    labels: toLabels({
      ...task.labels,
      DCOS_SERVICE: state.serviceName,
      DCOS_INSTANCE: instance.name,
      target_configuration: config.id,
      spec_hash: specHashOf(config, pod),
      task_type: pod.type,
      index: String(instance.index),
      offer_hostname: place?.hostname ?? '',
      ...zoneLabels(place),
    }),
    discovery: discoveryOf(state, pod, instance),
  };
}

/** What a paused task does: nothing, with its volumes and config files in place. */
const idleCmd = 'echo "This task is paused."; while true; do sleep 5; done';

function zoneLabels(place: AgentPlace | undefined): Record<string, string> {
  const domain = place?.domain?.fault_domain;
  return domain ? { offer_zone: domain.zone.name, offer_region: domain.region.name } : {};
}

function environmentOf(state: State, pod: PodSpec, instance: Instance): Record<string, string> {
  const { task } = pod;
  const domain = instance.reservation?.place.domain?.fault_domain;
  const ports: Record<string, string> = {};
  for (const { name, envKey } of task.ports) {
    if (envKey !== undefined) ports[envKey] = String(instance.reservation?.ports[name] ?? 0);
  }
  const taskName = `${instance.name}-${task.name}`;
  return {
    TASK_NAME: taskName,
    FRAMEWORK_NAME: state.serviceName,
    SCHEDULER_API_HOSTNAME: state.api.host,
    SCHEDULER_API_PORT: String(state.api.port),
    POD_INSTANCE_INDEX: String(instance.index),
    POD_ADDRESS: instance.reservation?.place.address ?? '',
    ZONE: domain?.zone.name ?? '',
    REGION: domain?.region.name ?? '',
    [taskName.replace(/[^A-Za-z0-9_]/g, '_')]: 'true',
    ...ports,
    ...task.env,
  };
}

/** The name of the variable that carries the config file at `position`. */
const fileVariable = (position: number): string => `DCOS_CONFIG_FILE_${position}`;

function renderFiles(
  config: ServiceConfig,
  pod: PodSpec,
  scope: TemplateScope,
): Record<string, string> {
  const files = pod.task.configs.map(({ template }, position) => {
    const text = renderTemplate(parseTemplate(config.templates[template] ?? ''), scope);
    return [fileVariable(position), Buffer.from(text).toString('base64')] as const;
  });
  return Object.fromEntries(files);
}

/**
 * The command behind a prelude that writes the config files. Their texts travel base64-encoded in
 * variables, so that nothing in them ever meets a shell; the variables are gone when the command
 * itself starts.
 */
function withFiles(cmd: string, pod: PodSpec): string {
  const lines = pod.task.configs.flatMap(({ dest }, position) => {
    const variable = fileVariable(position);
    const folder = dest.includes('/') ? dest.replace(/\/[^/]*$/, '') : '';
    return [
      ...(folder === '' ? [] : [`mkdir -p ${quoted(folder)} || exit 1`]),
      `printf %s "$${variable}" | base64 -d > ${quoted(dest)} || exit 1`,
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
  check: NonNullable<PodSpec['task']['readinessCheck']>,
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
  check: NonNullable<PodSpec['task']['healthCheck']>,
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
  instance: Instance,
): NonNullable<TaskInfo['discovery']> {
  const { discovery, ports, name } = pod.task;
  const listed = ports.map((port) => ({
    number: instance.reservation?.ports[port.name] ?? 0,
    name: port.name,
    protocol: 'tcp',
    visibility: port.advertise ? 'EXTERNAL' : 'CLUSTER',
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
  for (const { type, count, task } of config.spec.pods) {
    for (let index = 0; index < count; index += 1) {
      const name = instanceName(type, index);
      const ports = Object.fromEntries(task.ports.map((port) => [port.name, 1]));
      const held = { resourceId: 'r', place, ports, volumeIds: [], confirmed: true, madeAt: 0 };
      instances.set(name, { name, pod: type, index, permanentlyFailed: false, reservation: held });
    }
  }
  const trial: State = { ...state, instances };
  return config.spec.pods.flatMap((pod): SpecViolation[] => {
    const instance = instances.get(instanceName(pod.type, 0));
    if (instance === undefined) return [];
    try {
      const env = environmentOf(trial, pod, instance);
      renderFiles(config, pod, scopeOf(trial, config, pod, instance, env));
      return [];
    } catch (error) {
      return [
        { path: `pods.${pod.type}.tasks.${pod.task.name}.configs`, message: messageOf(error) },
      ];
    }
  });
}
