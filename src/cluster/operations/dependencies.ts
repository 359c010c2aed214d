/**
 * Services that a service needs: an option of a package names one (`x-service` in `config.json`;
 * docs/architecture.md, "Services that need others"). Pure.
 */
import { DcosError } from '../../core/errors.js';
import type { Json, JsonObject } from '../../core/json.js';
import type { OperationStep } from '../../wire/operations.js';
import type { Dependency, Installed, OperationsState } from './state.js';

/** Options lie in groups; deeper than this none is looked for. */
const maxDepth = 8;

/**
 * The services that the options of a package name. A value with a `:` is a list of addresses of
 * something that is none of ours; an empty one stands for nothing. `options` have their defaults.
 */
export function dependenciesOf(config: Json | undefined, options: JsonObject): Dependency[] {
  const found: Dependency[] = [];
  walk(config, options, '', 0, found);
  return found;
}

function walk(
  schema: Json | undefined,
  value: Json | undefined,
  path: string,
  depth: number,
  found: Dependency[],
): void {
  if (!isObject(schema) || depth > maxDepth) return;
  const mark = schema['x-service'];
  if (isObject(mark) && typeof value === 'string') {
    const { package: packageName, endpoint, env } = mark;
    if (typeof packageName !== 'string' || typeof endpoint !== 'string' || typeof env !== 'string')
      return;
    const named = value.replace(/^\/+|\/+$/g, '');
    found.push({
      option: path,
      env,
      packageName,
      endpoint,
      ...(named === '' ? {} : named.includes(':') ? { addresses: named } : { serviceName: named }),
    });
  }
  if (!isObject(schema.properties)) return;
  for (const [name, below] of Object.entries(schema.properties)) {
    const member = isObject(value) ? value[name] : undefined;
    walk(below, member, path === '' ? name : `${path}.${name}`, depth + 1, found);
  }
}

function isObject(value: Json | undefined): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** What is installed under a service name, or is about to be. */
export function providerOf(state: OperationsState, serviceName: string): Installed | undefined {
  return [...state.installed.values()].find(({ facts }) => facts.serviceName === serviceName);
}

/** The dependencies that nothing provides: not installed, or not for much longer. */
export function missingDependencies(
  state: OperationsState,
  dependencies: readonly Dependency[],
): Dependency[] {
  return dependencies.filter(({ serviceName }) => {
    if (serviceName === undefined) return false;
    const status = providerOf(state, serviceName)?.status;
    return status === undefined || status === 'failed' || status === 'uninstalling';
  });
}

/** The apps, other than those that are being removed themselves, that need `serviceName`. */
export function dependentsOn(state: OperationsState, serviceName: string): string[] {
  return [...state.installed.values()]
    .filter(({ status }) => status !== 'uninstalling')
    .filter(({ facts }) =>
      facts.dependencies?.some((dependency) => dependency.serviceName === serviceName),
    )
    .map(({ appId }) => appId);
}

/** What a needed service is like now. */
export interface DependencyLook {
  /** Of its endpoint, once it serves. */
  readonly addresses?: readonly string[];
  /** What it is waited for; absent once it serves. */
  readonly waiting?: string;
}

/**
 * What the looks at all dependencies come to: a step each, and once all serve the variables that
 * the app gets. Throws `failed` for a service that will not come.
 */
export function wiringOf(
  state: OperationsState,
  dependencies: readonly Dependency[],
  looks: ReadonlyMap<string, DependencyLook>,
): { readonly steps: OperationStep[]; readonly env?: Readonly<Record<string, string>> } {
  const env: Record<string, string> = {};
  const steps: OperationStep[] = [];
  for (const { option, serviceName, packageName, addresses = '', ...one } of dependencies) {
    if (serviceName === undefined) {
      env[one.env] = addresses;
      continue;
    }
    if (missingDependencies(state, [{ option, serviceName, packageName, ...one }]).length > 0) {
      throw new DcosError('failed', unavailableText(state, serviceName, option), {
        hint: `Install it first: dcos package install ${packageName}`,
      });
    }
    const look = looks.get(serviceName);
    const found = look?.waiting === undefined ? (look?.addresses ?? []) : [];
    env[one.env] = found.join(',');
    const waiting = look?.waiting ?? `it has no endpoint '${one.endpoint}' yet`;
    steps.push(
      found.length > 0
        ? { name: serviceName, status: 'COMPLETE' }
        : { name: serviceName, status: 'STARTED', message: waiting },
    );
  }
  return steps.every(({ status }) => status === 'COMPLETE') ? { steps, env } : { steps };
}

function unavailableText(state: OperationsState, serviceName: string, option: string): string {
  const provider = providerOf(state, serviceName);
  const named = `the service '${serviceName}', which the option ${option} names,`;
  if (provider === undefined) return `${named} is not installed`;
  if (provider.status === 'uninstalling') return `${named} is being uninstalled`;
  const reason = state.operations.get(provider.operationId)?.operation.reason;
  return `${named} could not be installed${reason === undefined ? '' : `: ${reason}`}`;
}
