/**
 * What a service leaves behind after its own uninstall, and how it is given back: by operator
 * calls, on any Mesos alike.
 */
import type { Resource } from '../../wire/mesos/common.js';
import type { GetAgents, GetFrameworks, OperatorAgent } from '../../wire/mesos/operator.js';
import { isVolume, reservedRoleOf } from '../../wire/resources/pool.js';
import type { Operator } from '../operator.js';
import type { AppFacts, Held } from './state.js';

/** What an agent holds for some roles: volumes have to be destroyed before they are unreserved. */
export interface Leftover {
  readonly agentId: string;
  readonly volumes: readonly Resource[];
  readonly reserved: readonly Resource[];
}

/** What the agent's dynamic reservations and volumes for `roles` are; `undefined` for none. */
export function leftoverOn(agent: OperatorAgent, roles: ReadonlySet<string>): Leftover | undefined {
  const agentId = agent.agent_info.id?.value;
  const mine = (agent.total_resources ?? []).filter(
    (resource) =>
      roles.has(reservedRoleOf(resource) ?? '') && resource.reservations?.at(-1)?.type !== 'STATIC',
  );
  if (agentId === undefined || mine.length === 0) return undefined;
  return {
    agentId,
    volumes: mine.filter(isVolume),
    reserved: mine.filter((each) => !isVolume(each)),
  };
}

/** The roles that anything on an agent is dynamically reserved for. */
export function reservedRolesOn(agent: OperatorAgent): string[] {
  const roles = (agent.total_resources ?? [])
    .filter((resource) => resource.reservations?.at(-1)?.type === 'DYNAMIC')
    .map((resource) => reservedRoleOf(resource) ?? '');
  return [...new Set(roles)].filter((role) => role !== '').sort();
}

/**
 * Orders the agent's leftovers to be given back: volumes first, the reservations at the next look.
 */
export async function giveBack(operator: Operator, leftover: Leftover): Promise<void> {
  const { agentId, volumes, reserved } = leftover;
  if (volumes.length > 0) await operator.destroyVolumes(agentId, volumes);
  else await operator.unreserve(agentId, reserved);
}

/** The frameworks of a service that are still registered. */
export function frameworksOf(facts: AppFacts, { frameworks = [] }: GetFrameworks): string[] {
  if (facts.framework === undefined) return [];
  const name = facts.framework.replace(/^\//, '');
  return frameworks
    .filter(({ framework_info }) => framework_info.name.replace(/^\//, '') === name)
    .map(({ framework_info }) => framework_info.id?.value ?? '')
    .filter((id) => id !== '');
}

/** What one look at the cluster found of a service that is to be gone. */
export interface CleanUpLook {
  readonly held: readonly Omit<Held, 'since'>[];
  readonly waiting?: string;
}

/**
 * Looks once, and orders what is missing. Called again until nothing is waited for. Throws where
 * the master can't be reached or refuses.
 */
export async function cleanUp(
  operator: Operator,
  facts: AppFacts,
  lostAgents: readonly Omit<Held, 'since'>[],
): Promise<CleanUpLook> {
  const registered = frameworksOf(facts, await operator.frameworks());
  if (registered.length > 1) {
    return {
      held: [],
      waiting: `${registered.length} frameworks are named ${facts.framework}: none is torn down`,
    };
  }
  for (const id of registered) await operator.teardown(id);
  if (registered.length > 0) return { held: [], waiting: 'its framework is torn down' };
  if (facts.role === undefined) return { held: [] };
  const role = facts.role;
  const left = leftovers(await operator.agents(), new Set([role]));
  for (const leftover of left) await giveBack(operator, leftover);
  if (left.length > 0)
    return { held: [], waiting: `agents give back what they hold (${left.length} left)` };
  const held = lostAgents.filter(({ roles }) => roles.includes(role));
  return { held: held.map((agent) => ({ ...agent, roles: [role] })) };
}

/** What all agents hold for `roles`. */
export function leftovers({ agents = [] }: GetAgents, roles: ReadonlySet<string>): Leftover[] {
  return agents
    .map((agent) => leftoverOn(agent, roles))
    .filter((leftover) => leftover !== undefined);
}
