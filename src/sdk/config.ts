/**
 * Configurations: their identity, what of them makes a task, and which change of one into another
 * is allowed. Pure.
 */
import { createHash } from 'node:crypto';
import { DcosError, messageOf } from '../core/errors.js';
import { parseConstraints } from '../framework/constraints.js';
import { brokenRules } from '../wire/service-rules.js';
import type {
  PodSpec,
  ServiceSpec,
  SpecViolation,
  TaskSpec,
  VolumeSpec,
} from '../wire/service-spec.js';
import { setOf } from '../wire/service-spec.js';
import { namesIn, parseTemplate, pathsIn } from './render.js';
import type { ServiceConfig } from './state.js';

/**
 * The largest config file, rendered or not, in bytes: it travels in one variable of the
 * environment.
 */
const maxTemplateBytes = 64 * 1024;

/** Variables of the environment that are this program's own and never reach templates. */
const own = 'SERVICE_SECRET|MESOS_PRINCIPAL|MESOS_SECRET|MESOS_CA|PUBLIC_KEY';
const hidden = new RegExp(`^(?:DCOS_(?:${own})|(?:LIBPROCESS|MESOS)_.*|PATH|HOME|PWD)$`);

/** The options among the environment. */
export function optionsOf(
  env: Readonly<Record<string, string | undefined>>,
): Record<string, string> {
  return Object.fromEntries(
    Object.entries(env).filter(
      (entry): entry is [string, string] => entry[1] !== undefined && !hidden.test(entry[0]),
    ),
  );
}

/**
 * Makes the configuration of a spec. `files` are all templates of the package, by path below
 * `templates/`.
 * Throws `invalid` naming every template that is missing, too large or malformed.
 */
export function makeConfig(
  spec: ServiceSpec,
  files: Readonly<Record<string, string>>,
  options: Readonly<Record<string, string>>,
): ServiceConfig {
  const problems: string[] = [];
  const templates: Record<string, string> = {};
  const variables: Record<string, string> = {};
  const configs = spec.pods.flatMap(({ tasks }) => tasks.flatMap((task) => task.configs));
  for (const { template } of [...configs, ...(spec.endpoints ?? [])]) {
    const text = files[template.replace(/^(?:.*\/)?templates\//, '')];
    if (text === undefined) {
      problems.push(`the template ${template} is not in the package`);
    } else if (Buffer.byteLength(text) > maxTemplateBytes) {
      problems.push(`the template ${template} is larger than ${maxTemplateBytes} bytes`);
    } else {
      templates[template] = text;
      collectVariables(template, text, options, variables, problems);
    }
  }
  if (problems.length > 0) throw new DcosError('invalid', problems.join('; '), { data: problems });
  const content = { spec, templates, variables };
  return { id: uuidOf(content), ...content };
}

function collectVariables(
  name: string,
  text: string,
  options: Readonly<Record<string, string>>,
  variables: Record<string, string>,
  problems: string[],
): void {
  try {
    for (const used of namesIn(parseTemplate(text))) {
      const value = options[used];
      if (value !== undefined) variables[used] = value;
    }
  } catch (error) {
    problems.push(`the template ${name}, ${messageOf(error)}`);
  }
}

/** Instances of one pod type: all of them, or those with these indices. */
export type NamedPeers = 'all' | ReadonlySet<number>;

/**
 * The instances whose addresses a task's templates name, by pod type: all of them must be known
 * before it starts. `pods.node.0` names that one alone, as seeds are named; `pods.node` names all.
 */
export function peersNamedBy(config: ServiceConfig, task: TaskSpec): Map<string, NamedPeers> {
  const named = new Map<string, NamedPeers>();
  for (const { template } of task.configs) {
    for (const path of pathsIn(parseTemplate(config.templates[template] ?? ''))) {
      const [first, type, index] = path;
      if (first !== 'pods') continue;
      if (type === undefined) for (const other of config.spec.pods) named.set(other.type, 'all');
      else named.set(type, withPeer(named.get(type), index));
    }
  }
  return named;
}

function withPeer(before: NamedPeers | undefined, index: string | undefined): NamedPeers {
  if (before === 'all' || index === undefined || !/^\d{1,5}$/.test(index)) return 'all';
  return new Set([...(before ?? []), Number(index)]);
}

/** The indices of a pod's instances that are named. */
export function namedIndices(pod: PodSpec, named: NamedPeers | undefined): number[] {
  const all = Array.from({ length: pod.count }, (_, index) => index);
  if (named === undefined) return [];
  return named === 'all' ? all : all.filter((index) => named.has(index));
}

/** What any of a pod's tasks names, by pod type. */
export function peersOfPod(config: ServiceConfig, pod: PodSpec): Map<string, NamedPeers> {
  const all = new Map<string, NamedPeers>();
  for (const [type, named] of pod.tasks.flatMap((task) => [...peersNamedBy(config, task)])) {
    const before = all.get(type);
    const whole = before === 'all' || named === 'all';
    all.set(type, whole ? 'all' : new Set([...(before ?? []), ...named]));
  }
  return all;
}

/** Hashes that were worked out, by configuration. */
const hashes = new WeakMap<ServiceConfig, Map<string, string>>();

/**
 * Hash of all that a task is made from; equal hashes need no restart. Count, placement and what
 * its end means for others are not part of it.
 */
export function taskHashOf(config: ServiceConfig, pod: PodSpec, task: TaskSpec): string {
  const known = hashes.get(config) ?? new Map<string, string>();
  hashes.set(config, known);
  const key = `${pod.type} ${task.name}`;
  const before = known.get(key);
  if (before !== undefined) return before;
  const hash = hashOfTask(config, pod, task);
  known.set(key, hash);
  return hash;
}

function hashOfTask(config: ServiceConfig, pod: PodSpec, task: TaskSpec): string {
  const { essential: _essential, resourceSet: _set, ...made } = task;
  const { name: _name, ...held } = setOf(pod, task);
  const templates = task.configs.map(({ template }) => config.templates[template] ?? '');
  const used = new Set(templates.flatMap((text) => [...namesIn(parseTemplate(text))]));
  const variables = Object.entries(config.variables).filter(([name]) => used.has(name));
  const { uris, volumes, hostVolumes, rlimits } = pod;
  const around = { user: config.spec.user, uris, volumes, hostVolumes, rlimits };
  return uuidOf({ ...around, made, held, templates, variables });
}

/** A hash of JSON in the form of a UUID; the order of keys does not count. */
export function uuidOf(value: unknown): string {
  const hex = createHash('sha256')
    .update(JSON.stringify(sorted(value)))
    .digest('hex');
  return [
    hex.slice(0, 8),
    hex.slice(8, 12),
    hex.slice(12, 16),
    hex.slice(16, 20),
    hex.slice(20, 32),
  ].join('-');
}

function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value).filter(([, member]) => member !== undefined);
  return Object.fromEntries(
    entries.sort(([a], [b]) => (a < b ? -1 : 1)).map(([key, member]) => [key, sorted(member)]),
  );
}

/** Why `next` may not follow `before` (or be the first): reference/sdk.md §8. Empty when it may. */
export function violationsOf(
  next: ServiceConfig,
  before: ServiceConfig | undefined,
): SpecViolation[] {
  const violations: SpecViolation[] = [];
  const wrong = (path: string, message: string): void => {
    violations.push({ path, message });
  };
  violations.push(...brokenRules(next.spec.rules ?? [], before?.spec.rules));
  for (const pod of next.spec.pods) checkPlacement(pod, wrong);
  if (before === undefined) return violations;
  if (next.spec.name !== before.spec.name) wrong('name', `cannot change from ${before.spec.name}`);
  if (next.spec.user !== before.spec.user) {
    wrong('scheduler.user', `cannot change from '${before.spec.user ?? ''}'`);
  }
  for (const old of before.spec.pods) {
    const pod = next.spec.pods.find(({ type }) => type === old.type);
    if (pod === undefined && !old.allowDecommission) {
      wrong(`pods.${old.type}`, 'cannot be removed: allow-decommission is not set');
    }
    if (pod !== undefined) checkPodChange(next, pod, old, before, wrong);
  }
  return violations;
}

function checkPlacement(pod: PodSpec, wrong: (path: string, message: string) => void): void {
  if (pod.placement === '') return;
  try {
    parseConstraints(pod.placement);
  } catch (error) {
    wrong(`pods.${pod.type}.placement`, messageOf(error));
  }
}

function checkPodChange(
  next: ServiceConfig,
  pod: PodSpec,
  old: PodSpec,
  before: ServiceConfig,
  wrong: (path: string, message: string) => void,
): void {
  const path = `pods.${pod.type}`;
  if (pod.count < old.count && !(pod.allowDecommission || old.allowDecommission)) {
    wrong(
      `${path}.count`,
      `cannot fall from ${old.count} to ${pod.count}, ${old.count} is the least: ` +
        'allow-decommission is not set',
    );
  }
  const quorum =
    peersOfPod(next, pod).get(pod.type) === 'all' ||
    peersOfPod(before, old).get(old.type) === 'all';
  if (pod.count !== old.count && quorum) {
    wrong(
      `${path}.count`,
      `cannot change from ${old.count} to ${pod.count}: its instances name each other; ` +
        `it has to stay ${old.count}`,
    );
  }
  // Where there was no instance there is no volume.
  if (old.count > 0) checkVolumes(pod, old, wrong);
}

/**
 * A volume stays where it is and as large as it is; a new one may come with a resource set that
 * is new as well.
 */
function checkVolumes(
  pod: PodSpec,
  old: PodSpec,
  wrong: (path: string, message: string) => void,
): void {
  const [had, has] = [volumesByPart(old), volumesByPart(pod)];
  const moved = [...had].some(([part, volumes]) => has.get(part) !== volumes);
  if (moved) wrong(`pods.${pod.type}.volumes`, volumesText(old));
}

/** What each part of the pod has of volumes, as a text that can be compared. */
function volumesByPart({ sets, volumes }: PodSpec): Map<string, string> {
  const text = (list: readonly VolumeSpec[]): string =>
    list
      .map((volume) => JSON.stringify(volume))
      .sort()
      .join();
  // The first set is told by its place, all others by their names (`parts.ts`).
  const ofSets = sets.map((set, at) => [at === 0 ? '' : set.name, text(set.volumes)] as const);
  const kept = ofSets.filter(([part, list]) => part === '' || list !== '');
  return new Map([...kept, ['pod', text(volumes)]]);
}

function volumesText(old: PodSpec): string {
  const own = old.volumes.map(({ path, sizeMb }) => `${path} of ${sizeMb} MB`);
  const ofSets = old.sets.flatMap(({ name, volumes }) =>
    volumes.map(({ path, sizeMb }) => `${path} of ${sizeMb} MB in '${name}'`),
  );
  const had = [...own, ...ofSets].join(', ') || 'none';
  return `cannot change: they hold data; they have to stay ${had}`;
}
