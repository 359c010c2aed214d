/** A framework subscribes: for the first time, again, or in another's place. */
import type { FrameworkInfo, SchedulerCall } from '../../wire/mesos/scheduler.js';
import { closeStream, count, note, order, publish, type Turn, tell } from './events.js';
import {
  capabilitiesOf,
  newFramework,
  publishUpdated,
  removeFramework,
  rolesOf,
} from './frameworks.js';
import { rescindAll } from './holdings.js';
import { constraintsProblem } from './offer-constraints.js';
import type { Framework } from './state.js';
import { frameworkEvent, masterInfo } from './views/messages.js';

type Subscribe = Extract<SchedulerCall, { type: 'SUBSCRIBE' }>;

/** Connects the stream to its framework, or ends it with the ERROR that says why not. */
export function subscribed(turn: Turn, stream: string, principal: string, call: Subscribe): void {
  const { state } = turn;
  const info = withPrincipal(call.subscribe.framework_info, principal);
  const constraints = call.subscribe.offer_constraints ?? {};
  // An empty id is none.
  const id = call.framework_id?.value || info.id?.value || undefined;
  const known = id === undefined ? undefined : state.frameworks.get(id);
  const problem =
    problemOf(info, call.subscribe.suppressed_roles ?? []) ??
    constraintsProblem(constraints, rolesOf(info)) ??
    (id !== undefined && state.removedFrameworks.has(id)
      ? 'Framework has been removed'
      : undefined) ??
    (known?.principal !== undefined && known.principal !== principal
      ? "Changing framework's principal is not allowed."
      : undefined);
  if (problem !== undefined) {
    const message = { type: 'ERROR', error: { message: problem } };
    turn.effects.push({ type: 'Send', streams: [stream], message });
    closeStream(turn, stream);
    return;
  }
  const framework = known ?? newFramework(turn, id ?? freshId(turn), info, false);
  if (known !== undefined) takeOver(turn, known, info);
  framework.constraints = constraints;
  connect(turn, framework, stream, principal, call.subscribe.suppressed_roles ?? []);
  announce(turn, framework, known !== undefined);
}

/** A framework that names no principal is its caller's, and says so. */
export function withPrincipal(info: FrameworkInfo, principal: string): FrameworkInfo {
  return principal === '' ? info : { ...info, principal: info.principal ?? principal };
}

function freshId(turn: Turn): string {
  const { state } = turn;
  const number = state.nextFramework;
  state.nextFramework += 1;
  return `${state.options.id}-${String(number).padStart(4, '0')}`;
}

/** Whoever held the framework before loses it. */
function takeOver(turn: Turn, framework: Framework, info: FrameworkInfo): void {
  if (framework.stream !== undefined) {
    tell(turn, framework, { type: 'ERROR', error: { message: 'Framework failed over' } });
    closeStream(turn, framework.stream);
  }
  rescindAll(turn, framework.offers, false);
  framework.refusals.clear();
  // Who it runs as, and whether it outlives its agent, is settled by its first subscription.
  const { user, checkpoint } = framework.info;
  const settled = { user, ...(checkpoint === undefined ? {} : { checkpoint }) };
  framework.info = { ...info, ...settled, id: { value: framework.id } };
  framework.roles = rolesOf(info);
  framework.capabilities = capabilitiesOf(info);
  framework.reregisteredAt = turn.now;
  for (const agent of turn.state.agents.values()) {
    order(turn, agent, { type: 'UPDATE_FRAMEWORK', framework: framework.info });
  }
}

function connect(
  turn: Turn,
  framework: Framework,
  stream: string,
  principal: string,
  suppressed: readonly string[],
): void {
  const { state } = turn;
  framework.stream = stream;
  framework.principal = principal;
  framework.recovered = false;
  framework.failoverAt = undefined;
  framework.heartbeatAt = state.awakeMs + state.options.heartbeatMs;
  framework.suppressed.clear();
  for (const role of suppressed) framework.suppressed.add(role);
  state.streams.set(stream, { kind: 'framework', id: framework.id });
  state.allDirty = true;
  tell(turn, framework, {
    type: 'SUBSCRIBED',
    subscribed: {
      framework_id: { value: framework.id },
      heartbeat_interval_seconds: state.options.heartbeatMs / 1000,
      master_info: masterInfo(state.options),
    },
  });
  tell(turn, framework, { type: 'HEARTBEAT' });
}

function announce(turn: Turn, framework: Framework, again: boolean): void {
  const { id, info } = framework;
  count(turn.state, `master/messages_${again ? 'reregister' : 'register'}_framework`);
  note(turn, again ? 'framework re-subscribed' : 'framework subscribed', {
    framework: id,
    name: info.name,
    roles: framework.roles,
  });
  if (again) publishUpdated(turn, framework);
  else {
    publish(turn, () => ({
      type: 'FRAMEWORK_ADDED',
      framework_added: { framework: frameworkEvent(framework) },
    }));
  }
}

/** What Mesos can count in nanoseconds. */
const maxDurationSeconds = (2 ** 63 - 1) / 1e9;

/** A large number as C++ writes it. */
function doubleText(value: number): string {
  const [digits, exponent = ''] = Number(value.toPrecision(6)).toExponential().split('e+');
  return `${digits}e+${exponent.padStart(2, '0')}`;
}

/**
 * Why `info` is refused, in Mesos' words (apache/mesos src/master/validation.cpp, namespace
 * framework).
 */
export function problemOf(info: FrameworkInfo, suppressed: readonly string[]): string | undefined {
  const multi = capabilitiesOf(info).has('MULTI_ROLE');
  if (multi && info.role !== undefined && info.role !== '*') {
    return "'FrameworkInfo.role' must not be set when the framework is MULTI_ROLE capable";
  }
  if (!multi && (info.roles ?? []).length > 0) {
    return "'FrameworkInfo.roles' must not be set when the framework is not MULTI_ROLE capable";
  }
  const roles = info.roles ?? [];
  const twice = [...new Set(roles.filter((role, at) => roles.indexOf(role) < at))].sort();
  if (multi && twice.length > 0) {
    return `'FrameworkInfo.roles' contains duplicate items: { ${twice.join(', ')} }`;
  }
  const where = multi ? "roles' contains invalid role" : "role' is not a valid role";
  for (const role of rolesOf(info)) {
    const problem = roleProblem(role);
    if (problem !== undefined) return `'FrameworkInfo.${where}: ${problem}`;
  }
  const timeout = info.failover_timeout ?? 0;
  if (!(Math.abs(timeout) <= maxDurationSeconds)) {
    return `The framework failover_timeout (${doubleText(timeout)}) is invalid`;
  }
  const stray = suppressed.find((role) => !rolesOf(info).includes(role));
  return stray === undefined
    ? undefined
    : `Suppressed role '${stray}' is not contained in the list of roles`;
}

/** Why `role` is no name for a role (apache/mesos docs/roles.md, src/common/roles.cpp). */
export function roleProblem(role: string): string | undefined {
  if (role === '*') return undefined;
  if (role === '') return 'Role names cannot be the empty string';
  if (role.startsWith('/')) return `Role '${role}' cannot start with a slash`;
  if (role.endsWith('/')) return `Role '${role}' cannot end with a slash`;
  if (role.includes('//')) return `Role '${role}' cannot contain two adjacent slashes`;
  for (const part of role.split('/')) {
    if (part === '*' || part === '.' || part === '..') {
      return `Role '${role}' cannot include '${part}' as a component`;
    }
    const why = part.startsWith('-')
      ? 'it starts with a dash'
      : /[\t\n\v\f\r \x7f]/.test(part)
        ? 'it contains backspace or whitespace'
        : undefined;
    if (why !== undefined) return `Role component '${part}' is invalid because ${why}`;
  }
  return undefined;
}

/** TEARDOWN, by the framework itself or an operator. */
export function tornDown(turn: Turn, framework: Framework): void {
  count(turn.state, 'master/messages_unregister_framework');
  removeFramework(turn, framework, 'teardown');
}
