/**
 * What a service leaves behind after its own uninstall, and how it is given back: by operator
 * calls, on any Mesos alike.
 */
import { z } from 'zod';
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

/**
 * What a service wrote down, in `lost/<resource id>` of its namespace, that agents keep for it
 * (docs/architecture.md, "Apps that are our own programs").
 */
export function lostIn(records: ReadonlyMap<string, unknown>): Omit<Held, 'since'>[] {
  return [...records.values()].flatMap((record) => {
    const parsed = lostSchema.safeParse(record);
    if (!parsed.success) return [];
    const { agentId, hostname, role } = parsed.data;
    return [{ agentId, hostname, roles: [role] }];
  });
}

const lostSchema = z.looseObject({
  agentId: z.string().min(1),
  hostname: z.string(),
  role: z.string().min(1),
});

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
  const role = facts.role ?? lostAgents[0]?.roles[0];
  if (role === undefined) return { held: [] };
  const agents = await operator.agents();
  const left = leftovers(agents, new Set([role]));
  for (const leftover of left) await giveBack(operator, leftover);
  if (left.length > 0)
    return { held: [], waiting: `agents give back what they hold (${left.length} left)` };
  return { held: heldFor(role, lostAgents, agents) };
}

/** Each lost agent once; one that is back meanwhile has just been seen to hold nothing. */
function heldFor(
  role: string,
  lostAgents: readonly Omit<Held, 'since'>[],
  { agents = [] }: GetAgents,
): Omit<Held, 'since'>[] {
  const back = new Set(
    agents
      .filter(({ active }) => active !== false)
      .map(({ agent_info }) => agent_info.id?.value ?? ''),
  );
  const held = new Map<string, Omit<Held, 'since'>>();
  for (const { agentId, hostname, roles } of lostAgents) {
    if (!roles.includes(role) || back.has(agentId) || held.has(agentId)) continue;
    held.set(agentId, { agentId, hostname, roles: [role] });
  }
  return [...held.values()];
}

/** What all agents hold for `roles`. */
function leftovers({ agents = [] }: GetAgents, roles: ReadonlySet<string>): Leftover[] {
  return agents
    .map((agent) => leftoverOn(agent, roles))
    .filter((leftover) => leftover !== undefined);
}
