/** From the text of `service.yaml` to a `ServiceSpec`, or to everything that is wrong with it. */
import { parse } from 'yaml';
import { messageOf } from '../core/errors.js';
import type {
  ConfigSpec,
  HealthCheckSpec,
  PodSpec,
  PortSpec,
  ReadinessCheckSpec,
  ServiceSpec,
  SpecResult,
  SpecViolation,
  TaskSpec,
  VolumeSpec,
} from './service-spec.js';
import { type Reading, SpecNode } from './service-spec-node.js';
import { checkPhase, readPlan } from './service-spec-plans.js';

const maxFileBytes = 256 * 1024;
const maxInstances = 10_000;
const seconds = { min: 0, max: 86_400, whole: false } as const;

/**
 * Reads a `service.yaml`: YAML first, then `${OPTION}` is replaced inside scalars from `variables`.
 * `TASKCFG_ALL_X` and `TASKCFG_<POD>_X` among the variables become `X` in the tasks' environment
 * (reference/sdk.md §1).
 */
export function parseServiceSpec(
  yamlText: string,
  variables: Readonly<Record<string, string>>,
): SpecResult {
  const violations: SpecViolation[] = [];
  const document = parseYaml(yamlText, violations);
  if (document === undefined) return { ok: false, violations };
  const reading: Reading = { violations, variables };
  const spec = readService(new SpecNode(reading, '', document), variables);
  checkWhole(spec, violations);
  return violations.length > 0 ? { ok: false, violations } : { ok: true, spec };
}

function parseYaml(text: string, violations: SpecViolation[]): unknown {
  if (Buffer.byteLength(text) > maxFileBytes) {
    violations.push({ path: '', message: `is larger than ${maxFileBytes} bytes` });
    return undefined;
  }
  try {
    return parse(text, { maxAliasCount: 100 }) ?? {};
  } catch (error) {
    violations.push({ path: '', message: `is not YAML: ${messageOf(error)}` });
    return undefined;
  }
}

function readService(root: SpecNode, variables: Readonly<Record<string, string>>): ServiceSpec {
  root.keys(['name', 'web-url', 'scheduler', 'pods', 'plans']);
  const scheduler = root.child('scheduler');
  scheduler?.keys(['user'], ['principal', 'zookeeper']);
  const user = scheduler?.text('user', '') ?? '';
  const name = root.text('name').replace(/^\//, '');
  if (name.includes('__') || !/^[a-z0-9]([a-z0-9/_.-]*[a-z0-9])?$/.test(name)) {
    root.wrong('name', `'${name}' must be lower-case letters, digits, '-' and '/', without '__'`);
  }
  if (!root.has('pods')) root.wrong('pods', 'is missing');
  const webUrl = root.text('web-url', '');
  return {
    name,
    ...(webUrl ? { webUrl } : {}),
    ...(user ? { user } : {}),
    pods: root.children('pods').map(({ name: type, node }) => readPod(type, node, variables)),
    plans: root.children('plans').map(({ name: plan, node }) => readPlan(plan, node)),
  };
}

const podKeys = ['count', 'tasks', 'placement', 'uris', 'resource-sets', 'volume', 'volumes'];
const refusedPodKeys = [
  'image',
  'networks',
  'rlimits',
  'host-volumes',
  'external-volumes',
  'secrets',
  'pre-reserved-role',
  'share-pid-namespace',
  'seccomp-unconfined',
  'seccomp-profile-name',
  'ipc-mode',
  'shm-size',
];

function readPod(
  type: string,
  node: SpecNode,
  variables: Readonly<Record<string, string>>,
): PodSpec {
  node.keys([...podKeys, 'allow-decommission'], refusedPodKeys);
  checkName(node, type, 'a pod');
  const sets = new Map(node.children('resource-sets').map(({ name, node: set }) => [name, set]));
  const tasks = node.children('tasks');
  if (tasks.length === 0) node.wrong('tasks', 'must name a task');
  if (tasks.length > 1) {
    node.wrong('tasks', 'has several tasks, which this version does not support: one per pod');
  }
  for (const set of sets.values()) set.keys(resourceKeys, refusedResourceKeys);
  const read = tasks.map(({ name, node: task }) => readTask(name, task, sets));
  const podVolumes = readVolumes(node);
  const first = read[0] ?? emptyTask;
  return {
    type,
    count: node.number('count', { min: 0, max: maxInstances }),
    placement: node.text('placement', ''),
    uris: node.texts('uris'),
    allowDecommission: node.flag('allow-decommission', false),
    task: {
      ...first,
      env: { ...first.env, ...forwarded(type, variables) },
      volumes: [...podVolumes, ...first.volumes],
    },
  };
}

/**
 * What `TASKCFG_ALL_X` and `TASKCFG_<POD>_X` ask to be given to a pod's tasks; the more special
 * wins.
 */
function forwarded(
  type: string,
  variables: Readonly<Record<string, string>>,
): Record<string, string> {
  const env: Record<string, string> = {};
  for (const prefix of ['TASKCFG_ALL_', `TASKCFG_${type.toUpperCase().replaceAll('-', '_')}_`]) {
    for (const [name, value] of Object.entries(variables)) {
      if (name.startsWith(prefix)) env[name.slice(prefix.length)] = value;
    }
  }
  return env;
}

const resourceKeys = ['cpus', 'memory', 'ports', 'volume', 'volumes'];
const refusedResourceKeys = ['gpus', 'resource-limits'];
const taskKeys = [
  'goal',
  'essential',
  'cmd',
  'env',
  'labels',
  'configs',
  'resource-set',
  'health-check',
  'readiness-check',
  'discovery',
  'kill-grace-period',
];
const refusedTaskKeys = ['transport-encryption', 'ipc-mode', 'shm-size'];

const emptyTask: TaskSpec = {
  name: '',
  goal: 'RUNNING',
  cmd: '',
  env: {},
  labels: {},
  configs: [],
  cpus: 0,
  memMb: 0,
  ports: [],
  volumes: [],
  killGracePeriodS: 0,
};

function readTask(name: string, node: SpecNode, sets: ReadonlyMap<string, SpecNode>): TaskSpec {
  node.keys([...taskKeys, ...resourceKeys], [...refusedTaskKeys, ...refusedResourceKeys]);
  checkName(node, name, 'a task');
  // The only task of its pod is essential by nature; saying so is allowed.
  if (!node.flag('essential', true)) node.wrong('essential', 'must be true: it is the only task');
  const discovery = node.child('discovery');
  discovery?.keys(['prefix', 'visibility']);
  const healthCheck = readHealthCheck(node.child('health-check'));
  const readinessCheck = readReadinessCheck(node.child('readiness-check'));
  const resources = resourcesOf(node, sets);
  return {
    name,
    goal: node.choice('goal', ['RUNNING', 'FINISH', 'ONCE']),
    cmd: node.text('cmd'),
    env: readEnv(node),
    labels: readLabels(node),
    configs: node.children('configs').map((config) => readConfig(config.name, config.node)),
    cpus: resources.number('cpus', { min: 0.01, max: 10_000, whole: false }),
    memMb: resources.number('memory', { min: 1, max: 100_000_000 }),
    ports: resources.children('ports').map((port) => readPort(port.name, port.node)),
    volumes: readVolumes(resources),
    ...(healthCheck ? { healthCheck } : {}),
    ...(readinessCheck ? { readinessCheck } : {}),
    ...(discovery ? { discovery: readDiscovery(discovery) } : {}),
    killGracePeriodS: node.number('kill-grace-period', seconds, 0),
  };
}

/** Where a task's resources are written: in the task itself or in the set that it names. */
function resourcesOf(node: SpecNode, sets: ReadonlyMap<string, SpecNode>): SpecNode {
  if (!node.has('resource-set')) return node;
  const name = node.text('resource-set');
  for (const key of resourceKeys) {
    if (node.has(key)) node.wrong(key, "must not stand beside 'resource-set'");
  }
  const set = sets.get(name);
  if (set === undefined) {
    node.wrong('resource-set', `names '${name}', which is not among the pod's resource-sets`);
  }
  return set ?? node;
}

function readEnv(node: SpecNode): Record<string, string> {
  const env = node.record('env');
  for (const name of Object.keys(env)) {
    if (!/^[A-Za-z_][A-Za-z0-9_]*$/.test(name)) {
      node.wrong(`env.${name}`, 'is not the name of a variable');
    }
  }
  return env;
}

/** `k:v,k2:v2` (SDK). */
function readLabels(node: SpecNode): Record<string, string> {
  const labels: Record<string, string> = {};
  const text = node.text('labels', '');
  for (const part of text === '' ? [] : text.split(',')) {
    const colon = part.indexOf(':');
    if (colon < 1) node.wrong('labels', `'${part}' must be of the form key:value`);
    else labels[part.slice(0, colon).trim()] = part.slice(colon + 1).trim();
  }
  return labels;
}

function readConfig(name: string, node: SpecNode): ConfigSpec {
  node.keys(['template', 'dest']);
  const dest = node.text('dest');
  checkInside(node, 'dest', dest);
  const template = node.text('template');
  checkInside(node, 'template', template);
  return { name, template, dest };
}

function readPort(name: string, node: SpecNode): PortSpec {
  node.keys(['port', 'env-key', 'advertise'], ['vip', 'ranges']);
  checkName(node, name, 'a port');
  const envKey = node.text('env-key', '');
  if (envKey !== '' && !/^[A-Za-z_][A-Za-z0-9_]*$/.test(envKey)) {
    node.wrong('env-key', `'${envKey}' is not the name of a variable`);
  }
  return {
    name,
    port: node.number('port', { min: 0, max: 65_535 }),
    ...(envKey === '' ? {} : { envKey }),
    advertise: node.flag('advertise', false),
  };
}

function readVolumes(node: SpecNode): VolumeSpec[] {
  if (node.has('volume') && node.has('volumes')) {
    node.wrong('volumes', "must not stand beside 'volume'");
  }
  const one = node.child('volume');
  const many = node.children('volumes').map((volume) => volume.node);
  return [...(one ? [one] : []), ...many].map((volume) => {
    volume.keys(['path', 'type', 'size'], ['profiles']);
    if (volume.text('type', 'ROOT') !== 'ROOT') {
      volume.wrong('type', 'must be ROOT; other types are not supported by this version');
    }
    const path = volume.text('path');
    checkInside(volume, 'path', path);
    return { path, sizeMb: volume.number('size', { min: 1, max: 1_000_000_000 }) };
  });
}

function readHealthCheck(node: SpecNode | undefined): HealthCheckSpec | undefined {
  if (node === undefined) return undefined;
  node.keys(['cmd', 'interval', 'grace-period', 'max-consecutive-failures', 'delay', 'timeout']);
  return {
    cmd: node.text('cmd'),
    intervalS: node.number('interval', seconds),
    gracePeriodS: node.number('grace-period', seconds),
    maxConsecutiveFailures: node.number('max-consecutive-failures', { min: 1, max: 1_000 }),
    delayS: node.number('delay', seconds, 0),
    timeoutS: node.number('timeout', seconds, 20),
  };
}

function readReadinessCheck(node: SpecNode | undefined): ReadinessCheckSpec | undefined {
  if (node === undefined) return undefined;
  node.keys(['cmd', 'interval', 'delay', 'timeout']);
  return {
    cmd: node.text('cmd'),
    intervalS: node.number('interval', seconds),
    delayS: node.number('delay', seconds, 0),
    timeoutS: node.number('timeout', seconds, 20),
  };
}

function readDiscovery(node: SpecNode): NonNullable<TaskSpec['discovery']> {
  const prefix = node.text('prefix', '');
  const visibility = node.choice('visibility', ['FRAMEWORK', 'CLUSTER', 'EXTERNAL'], 'CLUSTER');
  return { ...(prefix ? { prefix } : {}), visibility };
}

function checkName(node: SpecNode, name: string, what: string): void {
  if (/^[a-zA-Z0-9]([a-zA-Z0-9_-]{0,61}[a-zA-Z0-9])?$/.test(name)) return;
  node.wrong('', `'${name}' is no name for ${what}: letters, digits and '-', at most 63`);
}

/** Paths stay inside the sandbox (or the package). */
function checkInside(node: SpecNode, key: string, path: string): void {
  const parts = path.split('/');
  if (path.startsWith('/') || parts.includes('..') || /[\0\n\r]/.test(path)) {
    node.wrong(key, `'${path}' must be a path inside the sandbox`);
  }
}

/** What only the whole file can tell. */
function checkWhole(spec: ServiceSpec, violations: SpecViolation[]): void {
  const ports = new Map<string, string>();
  for (const { type, task } of spec.pods) {
    for (const port of task.ports) {
      const path = `pods.${type}.tasks.${task.name}.ports.${port.name}`;
      const earlier = ports.get(port.name);
      if (earlier !== undefined) {
        violations.push({ path, message: `has the name of a port of pod '${earlier}'` });
      }
      ports.set(port.name, type);
    }
    const paths = task.volumes.map((volume) => volume.path);
    if (new Set(paths).size < paths.length) {
      violations.push({ path: `pods.${type}`, message: 'has two volumes with one path' });
    }
  }
  for (const plan of spec.plans) {
    for (const phase of plan.phases) checkPhase(spec, plan.name, phase, violations);
  }
}
