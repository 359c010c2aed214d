/**
 * The one decision of the master: an event in, effects out (docs/architecture.md). Each idea is a
 * file beside this one.
 */
import { allocate } from './allocate.js';
import { settleDrains } from './drain.js';
import type { MasterEffect, MasterEvent, Turn } from './events.js';
import { note, reply } from './events.js';
import { disconnect } from './frameworks.js';
import { passTime, ticked } from './liveness.js';
import { forgetInverseOffers, sendInverseOffers } from './maintenance/inverse-offers.js';
import { operatorCalled, operatorSubscribed } from './operator.js';
import { linkBroken, registered } from './register.js';
import { called } from './scheduler-calls.js';
import type { MasterState } from './state.js';
import { reported } from './status.js';
import { subscribed } from './subscribe.js';

/**
 * Changes `state` for `event` and returns what is to be done; whatever became free is offered in
 * the same breath.
 */
export function step(state: MasterState, event: MasterEvent, now: number): MasterEffect[] {
  passTime(state, now);
  const turn: Turn = { state, now, effects: [] };
  if (state.logging.until <= state.awakeMs) state.logging.level = 0;
  if (state.logging.level > 0) note(turn, 'event', { type: event.type });
  handle(turn, event);
  settleDrains(turn);
  if (state.allDirty || state.dirtyAgents.size > 0) allocate(turn);
  forgetInverseOffers(state);
  sendInverseOffers(turn);
  return turn.effects;
}

function handle(turn: Turn, event: MasterEvent): void {
  switch (event.type) {
    case 'SchedulerSubscribed':
      subscribed(turn, event.stream, event.principal, event.call);
      return;
    case 'SchedulerCalled':
      called(turn, event.requestId, event.principal, event.stream, event.call);
      return;
    case 'AgentRegistered':
      registered(turn, event.stream, event.message);
      return;
    case 'AgentReported': {
      const agent = turn.state.agents.get(event.agentId);
      if (agent === undefined) {
        reply(turn, event.requestId, 410, 'Agent is not registered');
        return;
      }
      reported(turn, agent, event.message);
      reply(turn, event.requestId, 202);
      return;
    }
    case 'OperatorSubscribed':
      operatorSubscribed(turn, event.stream);
      return;
    case 'OperatorCalled':
      operatorCalled(turn, event.requestId, event.call);
      return;
    case 'StreamClosed':
      closed(turn, event.stream);
      return;
    case 'Ticked':
      ticked(turn);
      return;
    case 'Woken':
      turn.state.allDirty = true;
  }
}

/** The other end of a stream went away. */
function closed(turn: Turn, stream: string): void {
  const { state } = turn;
  const owner = state.streams.get(stream);
  state.streams.delete(stream);
  if (owner?.kind === 'operator') state.subscribers.delete(stream);
  if (owner?.kind === 'framework') {
    const framework = state.frameworks.get(owner.id);
    if (framework?.stream === stream) disconnect(turn, framework);
  }
  if (owner?.kind === 'agent') {
    const agent = state.agents.get(owner.id);
    if (agent?.link === stream) linkBroken(turn, agent);
  }
}
