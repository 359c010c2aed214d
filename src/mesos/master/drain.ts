/**
 * DRAIN_AGENT, DEACTIVATE_AGENT and REACTIVATE_AGENT (apache/mesos docs/maintenance.md, src/master/
 * http.cpp): an agent that is drained is offered no more and its tasks are killed; once nothing is
 * left on it, it is DRAINED or, if so ordered, gone.
 */
import type { Duration } from '../../wire/mesos/common.js';
import { reply, type Turn } from './events.js';
import { giveUp } from './gone.js';
import { rescindAll } from './holdings.js';
import { killForDrain } from './kills.js';
import { machineOf } from './maintenance/schedule.js';
import { forgetOrders, isKnown, storeAgain } from './standing.js';
import type { MasterState } from './state.js';

/** What DRAIN_AGENT asks for. */
export interface DrainCall {
  readonly agent_id: { readonly value: string };
  readonly max_grace_period?: Duration | undefined;
  readonly mark_gone?: boolean | undefined;
}

/** DRAIN_AGENT. */
export function drainCalled(turn: Turn, requestId: string, call: DrainCall): void {
  const { state } = turn;
  const id = call.agent_id.value;
  if (!isKnown(state, id)) {
    reply(turn, requestId, 400, 'Unknown agent');
    return;
  }
  const registered = state.agents.get(id);
  const machine = registered && machineOf(state, registered);
  if (machine !== undefined) {
    const { hostname, ip } = machine.id;
    const where = JSON.stringify({ hostname, ip });
    const text = `Agent ${id} is part of a maintenance schedule under Machine ${where}`;
    reply(turn, requestId, 400, text);
    return;
  }
  state.drains.set(id, {
    state: 'DRAINING',
    maxGraceNs: nanosecondsOf(call.max_grace_period),
    markGone: call.mark_gone ?? false,
  });
  state.deactivated.add(id);
  storeAgain(turn, id);
  const agent = state.agents.get(id);
  if (agent !== undefined) {
    agent.drainStartedAt = turn.now;
    rescindAll(turn, agent.offers, true);
    killForDrain(turn, agent);
  }
  reply(turn, requestId, 200);
}

function nanosecondsOf(duration: Duration | undefined): number | undefined {
  if (duration === undefined) return undefined;
  return (duration.seconds ?? 0) * 1e9 + (duration.nanos ?? 0);
}

/** Agents that have nothing left to drain are DRAINED, or gone. */
export function settleDrains(turn: Turn): void {
  const { state } = turn;
  for (const [id, drain] of [...state.drains]) {
    if (drain.state === 'DRAINED' || !state.agents.has(id) || isBusy(state, id)) continue;
    if (drain.markGone) {
      giveUp(turn, id);
      continue;
    }
    state.drains.set(id, { ...drain, state: 'DRAINED' });
    storeAgain(turn, id);
  }
}

function isBusy(state: MasterState, agentId: string): boolean {
  const tasks = [...state.frameworks.values()].some((framework) =>
    [...framework.tasks.values()].some((task) => task.agent_id.value === agentId),
  );
  return tasks || [...state.operations.values()].some((one) => one.agentId === agentId);
}

/** DEACTIVATE_AGENT: what runs goes on, nothing more is offered. */
export function deactivateCalled(turn: Turn, requestId: string, id: string): void {
  const { state } = turn;
  if (!isKnown(state, id)) {
    reply(turn, requestId, 400, 'Unknown agent');
    return;
  }
  state.deactivated.add(id);
  storeAgain(turn, id);
  rescindAll(turn, state.agents.get(id)?.offers ?? [], true);
  reply(turn, requestId, 200);
}

/** REACTIVATE_AGENT: of a deactivated agent, also of one that has been drained. */
export function reactivateCalled(turn: Turn, requestId: string, id: string): void {
  const { state } = turn;
  if (!state.deactivated.has(id)) {
    reply(turn, requestId, 400, 'Agent is not deactivated');
    return;
  }
  if (state.drains.get(id)?.state === 'DRAINING') {
    reply(turn, requestId, 400, 'Agent is still in the DRAINING state');
    return;
  }
  forgetOrders(state, id);
  storeAgain(turn, id);
  const agent = state.agents.get(id);
  if (agent === undefined) {
    reply(turn, requestId, 409, 'Agent removed while processing the call');
    return;
  }
  agent.drainStartedAt = undefined;
  state.dirtyAgents.add(id);
  reply(turn, requestId, 200);
}
