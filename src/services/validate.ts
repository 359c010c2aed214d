/**
 * What an app may not be, in Marathon's form: every violation at once, with its path (marathon
 * AppValidation). Pure.
 */
import { DcosError, messageOf } from '../core/errors.js';
import { parseConstraints } from '../framework/constraints.js';
import type { App, AppUpdate } from '../wire/marathon.js';
import { refusedFields } from './spec.js';

/** One field's errors, as Marathon writes them. */
export interface Violation {
  readonly path: string;
  readonly errors: readonly string[];
}

/** A 422 with all violations. */
export function notValid(violations: readonly Violation[]): DcosError {
  return new DcosError('invalid', 'Object is not valid', { status: 422, data: violations });
}

const segment = '([a-z0-9]|[a-z0-9][a-z0-9\\-]*[a-z0-9])';
const segmentPattern = new RegExp(`^(${segment}\\.)*${segment}$`);

/** Whether `id` is an absolute app id of legal segments. */
function isAppId(id: string): boolean {
  if (!id.startsWith('/') || id.length > 1_000 || id === '/') return false;
  return id
    .slice(1)
    .split('/')
    .every((part) => segmentPattern.test(part));
}

/** The absolute form of `id`; `.` and `..` relative to `base`. Throws a 422 for an illegal one. */
export function absoluteId(id: string, base = '/'): string {
  const parts = id.startsWith('/') ? [] : base.split('/').filter(Boolean);
  for (const part of id.split('/').filter(Boolean)) {
    if (part === '..') parts.pop();
    else if (part !== '.') parts.push(part);
  }
  const absolute = `/${parts.join('/')}`;
  if (isAppId(absolute)) return absolute;
  const error = `must fully match regular expression '^(${segment}\\.)*${segment}|(\\.|\\.\\.)$'`;
  throw notValid([{ path: '/id', errors: [error] }]);
}

/** What `given` asks for that this cluster does not run. */
export function refusals(given: AppUpdate): Violation[] {
  const present = (value: unknown): boolean =>
    value !== undefined && value !== null && value !== false;
  const fields = refusedFields.filter((field) => present(given[field])) as string[];
  const networks = given.networks;
  const otherNetwork =
    Array.isArray(networks) &&
    networks.some((network: { mode?: unknown }) => network?.mode !== 'host');
  if (otherNetwork) fields.push('networks');
  if (typeof given.executor === 'string' && given.executor !== '' && given.executor !== '//cmd') {
    fields.push('executor');
  }
  return fields.map((field) => ({
    path: `/${field}`,
    errors: ['is not supported: this cluster runs command apps only'],
  }));
}

/** Everything that is wrong with `app`. */
export function violationsOf(app: App): Violation[] {
  const violations: Violation[] = [];
  const check = (ok: boolean, path: string, error: string): void => {
    if (!ok) violations.push({ path, errors: [error] });
  };
  const has = (app.cmd !== undefined && app.cmd !== '') || (app.args?.length ?? 0) > 0;
  check(
    has,
    '/',
    "AppDefinition must either contain one of 'cmd' or 'args', and/or a 'container'.",
  );
  check(
    !(app.cmd !== undefined && app.args !== undefined),
    '/',
    "AppDefinition must either contain one of 'cmd' or 'args', not both.",
  );
  checkNumbers(app, check);
  checkNames(app, check);
  checkHealth(app, check);
  for (const [index, row] of app.constraints.entries()) {
    try {
      parseConstraints([row]);
    } catch (error) {
      check(false, `/constraints(${index})`, messageOf(error));
    }
  }
  return violations;
}

type Check = (ok: boolean, path: string, error: string) => void;

function checkNumbers(app: App, check: Check): void {
  const notNegative = ['cpus', 'mem', 'disk', 'gpus', 'instances', 'backoffSeconds'] as const;
  for (const key of notNegative)
    check(app[key] >= 0, `/${key}`, 'must be greater than or equal to 0');
  check(app.cpus > 0 || app.mem > 0, '/cpus', 'an app needs cpus or mem');
  check(app.instances <= 100_000, '/instances', 'must be less than or equal to 100000');
  check(app.backoffFactor >= 1, '/backoffFactor', 'must be greater than or equal to 1');
  check(
    app.maxLaunchDelaySeconds >= 0 && app.maxLaunchDelaySeconds <= 3_600 * 24 * 365,
    '/maxLaunchDelaySeconds',
    'must be between 0 and a year',
  );
  const { minimumHealthCapacity, maximumOverCapacity } = app.upgradeStrategy;
  const share = (value: number): boolean => value >= 0 && value <= 1;
  check(
    share(minimumHealthCapacity),
    '/upgradeStrategy/minimumHealthCapacity',
    'must be between 0 and 1',
  );
  check(
    share(maximumOverCapacity),
    '/upgradeStrategy/maximumOverCapacity',
    'must be between 0 and 1',
  );
  if (app.labels.MARATHON_SINGLE_INSTANCE_APP === 'true') {
    check(app.instances <= 1, '/instances', 'must be less than or equal to 1');
    const zero = minimumHealthCapacity === 0 && maximumOverCapacity === 0;
    check(
      zero,
      '/upgradeStrategy',
      'must be exactly {minimumHealthCapacity: 0, maximumOverCapacity: 0} ' +
        'with the label MARATHON_SINGLE_INSTANCE_APP',
    );
  }
  if (app.unreachableStrategy !== 'disabled') {
    const { inactiveAfterSeconds, expungeAfterSeconds } = app.unreachableStrategy;
    check(
      inactiveAfterSeconds >= 0 && inactiveAfterSeconds <= expungeAfterSeconds,
      '/unreachableStrategy',
      'inactiveAfterSeconds must be between 0 and expungeAfterSeconds',
    );
  }
}

function checkNames(app: App, check: Check): void {
  const names = app.portDefinitions.flatMap(({ name }) => name ?? []);
  check(new Set(names).size === names.length, '/portDefinitions', 'Port names must be unique.');
  const numbers = app.portDefinitions.map(({ port }) => port).filter((port) => port !== 0);
  check(new Set(numbers).size === numbers.length, '/portDefinitions', 'Ports must be unique.');
  for (const [index, { port, name, protocol }] of app.portDefinitions.entries()) {
    check(
      port >= 0 && port <= 65_535,
      `/portDefinitions(${index})/port`,
      'must be between 0 and 65535',
    );
    check(
      ['tcp', 'udp', 'udp,tcp', 'tcp,udp'].includes(protocol),
      `/portDefinitions(${index})/protocol`,
      "must be one of 'tcp', 'udp', 'udp,tcp'",
    );
    check(
      name === undefined || /^[a-z0-9-]{1,63}$/.test(name),
      `/portDefinitions(${index})/name`,
      "must fully match regular expression '^[a-z0-9-]+$'",
    );
  }
  for (const [name, value] of Object.entries(app.env)) {
    const known = typeof value === 'string' || value.secret in app.secrets;
    check(known, `/env(${name})`, 'references an undefined secret');
  }
  for (const dependency of app.dependencies) {
    check(isAppId(dependency), '/dependencies', `'${dependency}' is no absolute app id`);
  }
}

function checkHealth(app: App, check: Check): void {
  const mesos = app.healthChecks.filter(({ protocol }) => protocol.startsWith('MESOS_'));
  const others = app.healthChecks.filter(({ protocol }) => !protocol.startsWith('MESOS_'));
  check(
    mesos.length <= 1,
    '/healthChecks',
    'AppDefinition can contain at most one Mesos health check',
  );
  check(
    others.length <= 1,
    '/healthChecks',
    'at most one health check of HTTP, TCP and COMMAND is supported: the agent runs one per task',
  );
  check(
    others.length === 0 || app.check === undefined,
    '/check',
    'cannot be given beside a health check of HTTP, TCP or COMMAND: the agent runs one per task',
  );
  for (const [index, health] of app.healthChecks.entries()) {
    const path = `/healthChecks(${index})`;
    check(
      health.protocol !== 'HTTPS',
      `${path}/protocol`,
      'HTTPS is not supported, use MESOS_HTTPS',
    );
    check(
      (health.protocol === 'COMMAND') === (health.command !== undefined),
      `${path}/command`,
      'must be given for COMMAND, and for no other protocol',
    );
    const { portIndex } = health;
    check(
      portIndex === undefined || (portIndex >= 0 && portIndex < app.portDefinitions.length),
      `${path}/portIndex`,
      'must be an index of portDefinitions',
    );
    check(
      health.protocol === 'COMMAND' || portIndex !== undefined || health.port !== undefined,
      path,
      'needs a port or portIndex',
    );
    check(health.intervalSeconds > 0, `${path}/intervalSeconds`, 'must be greater than 0');
    check(health.timeoutSeconds > 0, `${path}/timeoutSeconds`, 'must be greater than 0');
    check(
      health.maxConsecutiveFailures >= 0,
      `${path}/maxConsecutiveFailures`,
      'must be greater than or equal to 0',
    );
  }
}
