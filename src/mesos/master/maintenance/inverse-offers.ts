/**
 * Inverse offers: frameworks that have something on a machine which is scheduled for maintenance
 * are asked to give it back, and say whether they will (apache/mesos docs/maintenance.md).
 */
import type { Filters } from '../../../wire/mesos/scheduler.js';
import { type Turn, tell } from '../events.js';
import {
  type Agent,
  type Framework,
  type InverseOffer,
  type MasterState,
  refusalMs,
} from '../state.js';
import { isTerminal } from '../tasks.js';
import { inverseOfferMessage } from '../views/offer.js';
import { machineOf } from './schedule.js';

/** Asks every framework concerned that was not asked, or whose answer has run out. */
export function sendInverseOffers(turn: Turn): void {
  const { state } = turn;
  if (state.maintenance.machines.size === 0) return;
  for (const agent of state.agents.values()) {
    const machine = machineOf(state, agent);
    if (machine?.mode !== 'DRAINING' || agent.link === undefined) continue;
    if (state.deactivated.has(agent.id)) continue;
    for (const framework of state.frameworks.values()) {
      if (framework.stream === undefined || !holdsOf(state, framework, agent)) continue;
      const asked = state.inverseOffers.get(keyOf(agent.id, framework.id));
      if (asked !== undefined && (asked.id !== undefined || asked.until > state.awakeMs)) continue;
      ask(turn, agent, framework, asked);
    }
  }
}

function keyOf(agentId: string, frameworkId: string): string {
  return `${agentId} ${frameworkId}`;
}

function holdsOf(state: MasterState, framework: Framework, agent: Agent): boolean {
  for (const task of framework.tasks.values()) {
    if (task.agent_id.value === agent.id && !isTerminal(task.state)) return true;
  }
  return [...agent.offers].some((id) => state.offers.get(id)?.frameworkId === framework.id);
}

function ask(turn: Turn, agent: Agent, framework: Framework, last?: InverseOffer): void {
  const { state } = turn;
  const machine = machineOf(state, agent);
  if (machine === undefined) return;
  const id = `${state.options.id}-O${state.nextOffer}`;
  state.nextOffer += 1;
  const { status = 'UNKNOWN' as const, answeredAt } = last ?? {};
  state.inverseOffers.set(keyOf(agent.id, framework.id), {
    id,
    agentId: agent.id,
    frameworkId: framework.id,
    status,
    answeredAt,
    until: 0,
  });
  const offer = inverseOfferMessage(agent, framework, id, machine.unavailability);
  tell(turn, framework, { type: 'INVERSE_OFFERS', inverse_offers: { inverse_offers: [offer] } });
}

/** ACCEPT_INVERSE_OFFERS and DECLINE_INVERSE_OFFERS; those that are gone are passed over. */
export function inverseOffersAnswered(
  { state, now }: Turn,
  framework: Framework,
  status: 'ACCEPT' | 'DECLINE',
  answer: {
    readonly inverse_offer_ids?: readonly { readonly value: string }[] | undefined;
    readonly filters?: Filters | undefined;
  },
): void {
  const ids = new Set((answer.inverse_offer_ids ?? []).map(({ value }) => value));
  for (const [key, offer] of state.inverseOffers) {
    if (offer.id === undefined || !ids.has(offer.id) || offer.frameworkId !== framework.id)
      continue;
    const until = state.awakeMs + refusalMs(answer.filters);
    state.inverseOffers.set(key, { ...offer, id: undefined, status, answeredAt: now, until });
  }
}

/** Takes back what was asked because of this agent. */
export function rescindInverseOffers(turn: Turn, agentId: string): void {
  const { state } = turn;
  for (const [key, { id, frameworkId, ...offer }] of state.inverseOffers) {
    if (offer.agentId !== agentId) continue;
    state.inverseOffers.delete(key);
    const framework = state.frameworks.get(frameworkId);
    if (id === undefined || framework === undefined) continue;
    const rescind_inverse_offer = { inverse_offer_id: { value: id } };
    tell(turn, framework, { type: 'RESCIND_INVERSE_OFFER', rescind_inverse_offer });
  }
}

/** Forgets what was asked of frameworks that went away, or about agents that did. */
export function forgetInverseOffers({ agents, frameworks, inverseOffers }: MasterState): void {
  for (const [key, { agentId, frameworkId }] of inverseOffers) {
    const there = agents.has(agentId) && frameworks.get(frameworkId)?.stream !== undefined;
    if (!there) inverseOffers.delete(key);
  }
}
