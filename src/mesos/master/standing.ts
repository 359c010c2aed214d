/**
 * How agents stand with this cluster, as the store keeps it: admitted, unreachable or gone, and
 * what operators have ordered of them.
 */
import { persist, type Turn } from './events.js';
import type { Drain, MasterState, StoredAgent } from './state.js';

/** Writes an agent's record; what of it can run is told by the agent alone. */
export function storeAgent(turn: Turn, id: string, stored: StoredAgent): void {
  const { state } = turn;
  const { resources: _told, ...info } = stored.info;
  const drain = state.drains.get(id);
  const record: StoredAgent = {
    ...stored,
    info,
    ...(state.deactivated.has(id) ? { deactivated: true } : {}),
    ...(drain === undefined ? {} : { drain }),
  };
  persist(turn, `agents/${id}`, record);
}

/** Writes the record of an agent that is admitted or unreachable again, as it stands now. */
export function storeAgain(turn: Turn, id: string): void {
  const { agents, recoveredAgents, unreachableAgents } = turn.state;
  const admitted = agents.get(id) ?? recoveredAgents.get(id);
  const unreachable = unreachableAgents.get(id);
  if (admitted !== undefined) {
    const { info, registeredAt } = admitted;
    storeAgent(turn, id, { info, registeredAt, standing: 'admitted' });
  } else if (unreachable !== undefined) {
    const { info, registeredAt, unreachableAt } = unreachable;
    const since = unreachableAt === undefined ? {} : { unreachableAt };
    storeAgent(turn, id, { info, registeredAt, standing: 'unreachable', ...since });
  }
}

/** Whether the agent is known and not gone. */
export function isKnown(state: MasterState, id: string): boolean {
  return state.agents.has(id) || state.recoveredAgents.has(id) || state.unreachableAgents.has(id);
}

/** The agent is out of this cluster: nothing that was ordered of it holds any more. */
export function forgetOrders(state: MasterState, id: string): void {
  state.drains.delete(id);
  state.deactivated.delete(id);
}

/** A drain as the v1 API shows it (mesos.proto, DrainInfo). */
export function drainInfo({ state, maxGraceNs, markGone }: Drain): Record<string, unknown> {
  const grace = maxGraceNs === undefined ? {} : { max_grace_period: { nanoseconds: maxGraceNs } };
  return { state, config: { ...grace, mark_gone: markGone } };
}
