/** The tasks of a `service.yaml`: what runs, what it holds, how it is checked. */
import type {
  ConfigSpec,
  HealthCheckSpec,
  PortSpec,
  ReadinessCheckSpec,
  ResourceSetSpec,
  TaskSpec,
  TlsSpec,
  VolumeSpec,
} from './service-spec.js';
import type { SpecNode } from './service-spec-node.js';

const seconds = { min: 0, max: 86_400, whole: false } as const;

const maxPortsOfAKind = 1_000;

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
  'transport-encryption',
];
const refusedTaskKeys = ['ipc-mode', 'shm-size'];

/** Reads one task, and the resource set that it owns. */
export function readTask(name: string, node: SpecNode, sets: ReadonlySet<string>): TaskSpec {
  node.keys([...taskKeys, ...resourceKeys], [...refusedTaskKeys, ...refusedResourceKeys]);
  checkName(node, name, 'a task');
  const discovery = node.child('discovery');
  discovery?.keys(['prefix', 'visibility']);
  const healthCheck = readHealthCheck(node.child('health-check'));
  const readinessCheck = readReadinessCheck(node.child('readiness-check'));
  const tls = node.items('transport-encryption').flatMap(readTls);
  return {
    name,
    goal: node.choice('goal', ['RUNNING', 'FINISH', 'ONCE']),
    essential: node.flag('essential', true),
    cmd: node.text('cmd'),
    env: readEnv(node),
    labels: readLabels(node),
    configs: node.children('configs').map((config) => readConfig(config.name, config.node)),
    resourceSet: setNameOf(name, node, sets),
    ...(healthCheck ? { healthCheck } : {}),
    ...(readinessCheck ? { readinessCheck } : {}),
    ...(discovery ? { discovery: readDiscovery(discovery) } : {}),
    killGracePeriodS: node.number('kill-grace-period', seconds, 0),
    ...(tls.length > 0 ? { tls } : {}),
  };
}

/** Where a task's resources are written: in the task itself or in the set that it names. */
function setNameOf(task: string, node: SpecNode, sets: ReadonlySet<string>): string {
  if (!node.has('resource-set')) {
    if (sets.has(task)) node.wrong('', `has the name of a resource set, but does not use one`);
    return task;
  }
  const name = node.text('resource-set');
  for (const key of resourceKeys) {
    if (node.has(key)) node.wrong(key, "must not stand beside 'resource-set'");
  }
  if (!sets.has(name)) {
    node.wrong('resource-set', `names '${name}', which is not among the pod's resource-sets`);
  }
  return name;
}

/** Reads the resources that are written in `node`: a set of the pod, or a task. */
export function readResources(name: string, node: SpecNode): ResourceSetSpec {
  return {
    name,
    cpus: node.number('cpus', { min: 0.01, max: 10_000, whole: false }),
    memMb: node.number('memory', { min: 1, max: 100_000_000 }),
    ports: node.children('ports').flatMap((port) => readPorts(port.name, port.node)),
    volumes: readVolumes(node),
  };
}

/** Checks the keys of a resource set. */
export function checkSet(name: string, node: SpecNode): void {
  node.keys(resourceKeys, refusedResourceKeys);
  checkName(node, name, 'a resource set');
}

/** `enabled` is ours: an option can switch it. */
function readTls(node: SpecNode): TlsSpec[] {
  node.keys(['name', 'type', 'enabled']);
  const name = node.text('name');
  checkName(node, name, 'key material');
  const spec = { name, type: node.choice('type', ['TLS', 'KEYSTORE']) } as const;
  return node.flag('enabled', true) ? [spec] : [];
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

/**
 * One port, or with `count` so many of a kind: `slot` becomes `slot-0`, `slot-1`… with the
 * variables `SLOT_PORT_0`, `SLOT_PORT_1`…; a fixed port is that of the first. None that an option
 * has switched off by `enabled`.
 */
function readPorts(name: string, node: SpecNode): PortSpec[] {
  node.keys(['port', 'env-key', 'advertise', 'count', 'vip', 'ranges', 'enabled']);
  checkName(node, name, 'a port');
  if (!node.flag('enabled', true)) return [];
  const envKey = node.text('env-key', '');
  if (envKey !== '' && !/^[A-Za-z_][A-Za-z0-9_]*$/.test(envKey)) {
    node.wrong('env-key', `'${envKey}' is not the name of a variable`);
  }
  const ranges = readRanges(node);
  const vip = node.child('vip');
  vip?.keys(['port', 'prefix']);
  const port = node.number('port', { min: 0, max: 65_535 });
  const shared = {
    advertise: node.flag('advertise', false),
    ...(ranges.length > 0 ? { ranges } : {}),
    ...(vip ? { vip: `${vip.text('prefix', name)}:${vip.number('port', portNumber)}` } : {}),
  };
  if (!node.has('count')) return [{ name, port, ...(envKey === '' ? {} : { envKey }), ...shared }];
  const count = node.number('count', { min: 0, max: maxPortsOfAKind });
  if (port + count > 65_536) node.wrong('count', `goes beyond 65535 from port ${port} on`);
  return Array.from({ length: Math.min(count, maxPortsOfAKind) }, (_, index) => ({
    name: `${name}-${index}`,
    port: port === 0 ? 0 : port + index,
    ...(envKey === '' ? {} : { envKey: `${envKey}_${index}` }),
    ...shared,
  }));
}

const portNumber = { min: 1, max: 65_535 } as const;

/** Either end may be left open. */
function readRanges(node: SpecNode): [number, number][] {
  const ranges = node.items('ranges').map((range): [number, number] => {
    range.keys(['begin', 'end']);
    const begin = range.number('begin', portNumber, portNumber.min);
    const end = range.number('end', portNumber, portNumber.max);
    if (begin > end) range.wrong('begin', `${begin} is above the end ${end}`);
    return [begin, end];
  });
  const fixed = node.number('port', { min: 0, max: 65_535 }, 0);
  if (ranges.length > 0 && fixed !== 0) node.wrong('ranges', 'need port: 0, any port of them');
  return ranges;
}

/** Reads `volume` or `volumes`. */
export function readVolumes(node: SpecNode): VolumeSpec[] {
  if (node.has('volume') && node.has('volumes')) {
    node.wrong('volumes', "must not stand beside 'volume'");
  }
  const one = node.child('volume');
  const many = node.children('volumes').map((volume) => volume.node);
  return [...(one ? [one] : []), ...many].map((volume) => {
    volume.keys(['path', 'type', 'size', 'profiles']);
    const type = volume.choice('type', ['ROOT', 'MOUNT'], 'ROOT');
    const profiles = volume.texts('profiles');
    if (profiles.length > 0 && type === 'ROOT') {
      volume.wrong('profiles', 'need the type MOUNT');
    }
    const path = volume.text('path');
    checkInside(volume, 'path', path);
    const sizeMb = volume.number('size', { min: 1, max: 1_000_000_000 });
    if (type === 'ROOT') return { path, sizeMb };
    return { path, sizeMb, type, ...(profiles.length > 0 ? { profiles } : {}) };
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
  node.keys(['cmd', 'interval', 'delay', 'timeout', 'leader-exit-code']);
  return {
    cmd: node.text('cmd'),
    intervalS: node.number('interval', seconds),
    delayS: node.number('delay', seconds, 0),
    timeoutS: node.number('timeout', seconds, 20),
    ...(node.has('leader-exit-code')
      ? { leaderExitCode: node.number('leader-exit-code', { min: 1, max: 125 }) }
      : {}),
  };
}

function readDiscovery(node: SpecNode): NonNullable<TaskSpec['discovery']> {
  const prefix = node.text('prefix', '');
  const visibility = node.choice('visibility', ['FRAMEWORK', 'CLUSTER', 'EXTERNAL'], 'CLUSTER');
  return { ...(prefix ? { prefix } : {}), visibility };
}

/** Notes a name that can't be one. */
export function checkName(node: SpecNode, name: string, what: string): void {
  if (/^[a-zA-Z0-9]([a-zA-Z0-9_-]{0,61}[a-zA-Z0-9])?$/.test(name)) return;
  node.wrong('', `'${name}' is no name for ${what}: letters, digits and '-', at most 63`);
}

/** Paths stay inside the sandbox (or the package). */
export function checkInside(node: SpecNode, key: string, path: string): void {
  const parts = path.split('/');
  if (path.startsWith('/') || parts.includes('..') || /[\0\n\r]/.test(path)) {
    node.wrong(key, `'${path}' must be a path inside the sandbox`);
  }
}
