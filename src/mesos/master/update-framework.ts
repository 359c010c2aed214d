/**
 * UPDATE_FRAMEWORK: a subscribed framework changes what it said of itself (apache/mesos
 * docs/scheduler-http-api.md, "UPDATE_FRAMEWORK").
 */
import type { FrameworkInfo, SchedulerCall } from '../../wire/mesos/scheduler.js';
import { order, type Turn } from './events.js';
import { capabilitiesOf, publishUpdated, rolesOf } from './frameworks.js';
import { rescind } from './holdings.js';
import { constraintsProblem } from './offer-constraints.js';
import type { Framework } from './state.js';
import { problemOf } from './subscribe.js';

type Update = Extract<SchedulerCall, { type: 'UPDATE_FRAMEWORK' }>['update_framework'];

/** Takes the change; returns why not, in Mesos' words, with nothing changed. */
export function frameworkUpdated(
  turn: Turn,
  framework: Framework,
  { framework_info: info, suppressed_roles: suppressed = [], offer_constraints = {} }: Update,
): string | undefined {
  const invalid = problemOf(info, suppressed);
  if (invalid !== undefined) return `Supplied FrameworkInfo is not valid: ${invalid}`;
  const unwanted = constraintsProblem(offer_constraints, rolesOf(info));
  if (unwanted !== undefined) return unwanted;
  const changed = changeProblem(framework.info, info);
  if (changed !== undefined) return `FrameworkInfo update is not valid: ${changed}`;
  const same = JSON.stringify(framework.info) === JSON.stringify(info);
  framework.info = info;
  framework.roles = rolesOf(info);
  framework.capabilities = capabilitiesOf(info);
  framework.constraints = offer_constraints;
  framework.suppressed.clear();
  for (const role of suppressed) framework.suppressed.add(role);
  for (const id of [...framework.offers]) {
    const offer = turn.state.offers.get(id);
    if (offer !== undefined && !framework.roles.includes(offer.role)) rescind(turn, offer, true);
  }
  turn.state.allDirty = true;
  if (!same) announce(turn, framework);
  return undefined;
}

function announce(turn: Turn, framework: Framework): void {
  for (const agent of turn.state.agents.values()) {
    order(turn, agent, { type: 'UPDATE_FRAMEWORK', framework: framework.info });
  }
  publishUpdated(turn, framework);
}

function changeProblem(before: FrameworkInfo, after: FrameworkInfo): string | undefined {
  if (before.principal !== after.principal) return "Changing framework's principal is not allowed.";
  if (before.user !== after.user) return unsupported('user', before.user, after.user);
  const [was, is] = [before.checkpoint ?? false, after.checkpoint ?? false];
  return was === is ? undefined : unsupported('checkpoint', String(was), String(is));
}

function unsupported(field: string, before: string, after: string): string {
  return (
    `Updating 'FrameworkInfo.${field}' is unsupported; attempted to update from '${before}' ` +
    `to '${after}'`
  );
}
