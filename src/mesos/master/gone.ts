/** An agent is given up for ever, by MARK_AGENT_GONE or at the end of a drain that asked for it. */
import type { Turn } from './events.js';
import { removeAgent } from './register.js';
import { forgetOrders, storeAgent } from './standing.js';
import { archive, mastersStatus, stateFor, tellStatus } from './tasks.js';

/** Gives up an agent, registered or not; its tasks are over. */
export function giveUp(turn: Turn, id: string): void {
  const { state } = turn;
  const agent = state.agents.get(id);
  const absent = state.unreachableAgents.get(id) ?? state.recoveredAgents.get(id);
  const known = agent ?? absent;
  forgetOrders(state, id);
  if (known !== undefined) {
    const { info, registeredAt } = known;
    storeAgent(turn, id, { info, registeredAt, standing: 'gone' });
  }
  state.goneAgents.add(id);
  state.unreachableAgents.delete(id);
  state.recoveredAgents.delete(id);
  if (agent?.link !== undefined) {
    const message = { type: 'REFUSED', message: `Agent ${id} has been marked gone` };
    turn.effects.push({ type: 'Send', streams: [agent.link], message });
  }
  if (agent !== undefined) {
    removeAgent(turn, agent, 'gone', 'Agent has been marked gone', 'TASK_GONE_BY_OPERATOR');
  } else endUnreachable(turn, id);
}

/** Tasks of an agent that was unreachable when it was given up. */
function endUnreachable(turn: Turn, agentId: string): void {
  for (const framework of turn.state.frameworks.values()) {
    for (const task of [...framework.unreachable.values()]) {
      if (task.agent_id.value !== agentId) continue;
      const status = mastersStatus(turn, task, stateFor(framework, 'TASK_GONE_BY_OPERATOR'), {
        message: 'Agent has been marked gone',
        reason: 'REASON_AGENT_REMOVED',
      });
      archive(turn, framework, task, status);
      tellStatus(turn, framework, status);
    }
  }
}
