/** From the text of `service.yaml` to a `ServiceSpec`, or to everything that is wrong with it. */
import { parse } from 'yaml';
import { messageOf } from '../core/errors.js';
import { readRules } from './service-rules.js';
import type {
  PodSpec,
  ReplacementSpec,
  ResourceSetSpec,
  ServiceSpec,
  SpecResult,
  SpecViolation,
  TaskSpec,
} from './service-spec.js';
import { readHostVolumes, readRlimits } from './service-spec-container.js';
import { type Reading, SpecNode } from './service-spec-node.js';
import { checkPlans, readPlan } from './service-spec-plans.js';
import { portsOf, volumesOf } from './service-spec-pods.js';
import { checkName, checkSet, readResources, readTask, readVolumes } from './service-spec-task.js';
import { zookeeperNodesOf } from './service-spec-zookeeper.js';

const maxFileBytes = 256 * 1024;
const maxInstances = 10_000;

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
  root.keys([
    'name',
    'web-url',
    'scheduler',
    'pods',
    'plans',
    'endpoints',
    'rules',
    'zookeeper-nodes',
  ]);
  const scheduler = root.child('scheduler');
  scheduler?.keys(['user'], ['principal', 'zookeeper']);
  const user = scheduler?.text('user', '') ?? '';
  const name = root.text('name').replace(/^\//, '');
  if (name.includes('__') || !/^[a-z0-9]([a-z0-9/_.-]*[a-z0-9])?$/.test(name)) {
    root.wrong('name', `'${name}' must be lower-case letters, digits, '-' and '/', without '__'`);
  }
  if (!root.has('pods')) root.wrong('pods', 'is missing');
  const webUrl = root.text('web-url', '');
  const rules = readRules(root);
  const replacement = readReplacement(root, variables);
  return {
    name,
    ...(webUrl ? { webUrl } : {}),
    ...(user ? { user } : {}),
    pods: root.children('pods').map(({ name: type, node }) => readPod(type, node, variables)),
    ...(replacement ? { replacement } : {}),
    plans: root.children('plans').map(({ name: plan, node }) => readPlan(plan, node)),
    ...readEndpoints(root),
    ...zookeeperNodesOf(root.child('zookeeper-nodes')),
    ...(rules.length > 0 ? { rules } : {}),
  };
}

/** Names that a URL takes as they are. */
const endpointName = /^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$/;

function readEndpoints(root: SpecNode): Pick<ServiceSpec, 'endpoints'> {
  const endpoints = root.children('endpoints').flatMap(({ name, node }) => {
    node.keys(['template', 'enabled']);
    if (!endpointName.test(name)) {
      node.wrong('', `'${name}' must be letters, digits, '.', '_' and '-', 100 at most`);
    }
    const template = node.text('template');
    return node.flag('enabled', true) ? [{ name, template }] : [];
  });
  return endpoints.length === 0 ? {} : { endpoints };
}

/** By options of the scheduler's environment, as the SDK's packages have them. */
function readReplacement(
  root: SpecNode,
  variables: Readonly<Record<string, string>>,
): ReplacementSpec | undefined {
  if (variables.ENABLE_AUTOMATIC_POD_REPLACEMENT !== 'true') return undefined;
  const seconds = (name: string, fallback: number): number => {
    const text = variables[name] ?? '';
    const value = text === '' ? fallback : Number(text);
    if (Number.isInteger(value) && value >= 0 && value <= 31_536_000) return value;
    root.wrong('', `the option ${name} must be a whole number of seconds, not '${text}'`);
    return fallback;
  };
  return {
    afterS: seconds('PERMANENT_FAILURE_TIMEOUT_SECS', 1_200),
    minDelayS: seconds('MIN_REPLACE_DELAY_SECS', 10),
  };
}

const podKeys = [
  'count',
  'tasks',
  'placement',
  'uris',
  'resource-sets',
  'volume',
  'volumes',
  'host-volumes',
  'rlimits',
];
const refusedPodKeys = [
  'image',
  'networks',
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
  for (const [name, set] of sets) checkSet(name, set);
  const written = node.children('tasks');
  if (written.length === 0) node.wrong('tasks', 'must name a task');
  const names = new Set(sets.keys());
  const env = forwarded(type, variables);
  const tasks = written.map(({ name, node: task }): TaskSpec => {
    const read = readTask(name, task, names);
    return { ...read, env: { ...read.env, ...env } };
  });
  const hostVolumes = readHostVolumes(node);
  const rlimits = readRlimits(node);
  const nodes = new Map([...sets, ...written.map((task) => [task.name, task.node] as const)]);
  return {
    type,
    count: node.number('count', { min: 0, max: maxInstances }),
    placement: node.text('placement', ''),
    uris: node.texts('uris'),
    allowDecommission: node.flag('allow-decommission', false),
    tasks,
    sets: ownedSets(tasks, new Map([...nodes, ...sets])),
    volumes: readVolumes(node),
    ...(hostVolumes.length > 0 ? { hostVolumes } : {}),
    ...(rlimits.length > 0 ? { rlimits } : {}),
  };
}

/** The sets that tasks own, in the order of the tasks. */
function ownedSets(
  tasks: readonly TaskSpec[],
  nodes: ReadonlyMap<string, SpecNode>,
): ResourceSetSpec[] {
  const names = [...new Set(tasks.map(({ resourceSet }) => resourceSet))];
  return names.flatMap((name) => {
    const node = nodes.get(name);
    return node === undefined ? [] : [readResources(name, node)];
  });
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

/** What only the whole file can tell. */
function checkWhole(spec: ServiceSpec, violations: SpecViolation[]): void {
  const ports = new Map<string, string>();
  for (const pod of spec.pods) {
    for (const { name } of portsOf(pod)) {
      const path = `pods.${pod.type}.ports.${name}`;
      const earlier = ports.get(name);
      if (earlier !== undefined) {
        violations.push({ path, message: `has the name of a port of pod '${earlier}'` });
      }
      ports.set(name, pod.type);
    }
    const paths = [...volumesOf(pod), ...(pod.hostVolumes ?? [])].map(({ path }) => path);
    if (new Set(paths).size < paths.length) {
      violations.push({ path: `pods.${pod.type}`, message: 'has two volumes with one path' });
    }
  }
  checkPlans(spec, violations);
}
