/**
 * What operators do: watch, tear a framework down, give an agent up, reserve and free resources.
 */
import type { Resource } from '../../wire/mesos/common.js';
import type { OfferOperation } from '../../wire/mesos/scheduler.js';
import { conversionOf } from '../../wire/resources/convert.js';
import {
  contains,
  copyPool,
  type Pool,
  resourcesOf,
  subtract,
  unallocated,
} from '../../wire/resources/pool.js';
import { persist, reply, type Turn } from './events.js';
import { rescindAll, settle } from './holdings.js';
import { operationProblem, send, shortageText } from './operations.js';
import type { OperatorAction } from './operator-calls.js';
import { quotaRemoved, quotaSet, quotaUpdated } from './quota/calls.js';
import { weightsUpdated } from './quota/weights.js';
import { removeAgent } from './register.js';
import { upgraded } from './resources.js';
import type { Agent, StoredAgent } from './state.js';
import { tornDown } from './subscribe.js';
import { archive, mastersStatus, stateFor, tellStatus } from './tasks.js';
import { getState } from './views/operator.js';

/** Opens an operator's event stream: the whole state first, then what changes. */
export function operatorSubscribed(turn: Turn, stream: string): void {
  const { state } = turn;
  state.subscribers.set(stream, state.awakeMs + state.options.heartbeatMs);
  state.streams.set(stream, { kind: 'operator' });
  const heartbeat_interval_seconds = state.options.heartbeatMs / 1000;
  const subscribed = { get_state: getState(state), heartbeat_interval_seconds };
  for (const message of [{ type: 'SUBSCRIBED', subscribed }, { type: 'HEARTBEAT' }]) {
    turn.effects.push({ type: 'Send', streams: [stream], message });
  }
}

/** Carries out a call that changes something, and answers as Mesos does. */
export function operatorCalled(turn: Turn, requestId: string, call: OperatorAction): void {
  switch (call.type) {
    case 'TEARDOWN': {
      const framework = turn.state.frameworks.get(call.teardown.framework_id.value);
      if (framework === undefined) {
        reply(turn, requestId, 400, 'No framework found with specified ID');
        return;
      }
      tornDown(turn, framework);
      reply(turn, requestId, 200);
      return;
    }
    case 'MARK_AGENT_GONE':
      markGone(turn, requestId, call.mark_agent_gone.agent_id.value);
      return;
    case 'UPDATE_QUOTA': {
      const { quota_configs = [], force = false } = call.update_quota;
      quotaUpdated(turn, requestId, quota_configs, force);
      return;
    }
    case 'SET_QUOTA':
      quotaSet(turn, requestId, call.set_quota.quota_request);
      return;
    case 'REMOVE_QUOTA':
      quotaRemoved(turn, requestId, call.remove_quota.role);
      return;
    case 'UPDATE_WEIGHTS':
      weightsUpdated(turn, requestId, call.update_weights.weight_infos ?? []);
      return;
    default:
      operate(turn, requestId, call);
  }
}

function markGone(turn: Turn, requestId: string, id: string): void {
  const { state } = turn;
  const agent = state.agents.get(id);
  const absent = state.unreachableAgents.get(id) ?? state.recoveredAgents.get(id);
  if (agent === undefined && absent === undefined && !state.goneAgents.has(id)) {
    reply(turn, requestId, 404, `Agent '${id}' not found`);
    return;
  }
  const info = agent?.info ?? absent?.info;
  if (info !== undefined) {
    const { resources: _told, ...kept } = info;
    const registeredAt = agent?.registeredAt ?? absent?.registeredAt ?? turn.now;
    persist(turn, `agents/${id}`, {
      info: kept,
      registeredAt,
      standing: 'gone',
    } satisfies StoredAgent);
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
  reply(turn, requestId, 200);
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

type ResourceCall = Extract<
  OperatorAction,
  { type: 'RESERVE_RESOURCES' | 'UNRESERVE_RESOURCES' | 'CREATE_VOLUMES' | 'DESTROY_VOLUMES' }
>;

function operate(turn: Turn, requestId: string, call: ResourceCall): void {
  const [agentId, operation] = operationOf(call);
  const agent = turn.state.agents.get(agentId);
  if (agent === undefined || agent.link === undefined) {
    reply(turn, requestId, 400, 'No agent found with specified ID');
    return;
  }
  const problem = operationProblem(operation, undefined);
  const conversion = conversionOf(operation);
  if (problem !== undefined || conversion === undefined) {
    reply(
      turn,
      requestId,
      400,
      `Invalid ${operation.type} operation: ${problem ?? 'no resources'}`,
    );
    return;
  }
  if (!contains(agent.free, conversion.consumed)) {
    const unused = unusedOf(agent);
    if (!contains(unused, conversion.consumed)) {
      reply(turn, requestId, 409, shortageText(unused, conversion.consumed));
      return;
    }
    rescindAll(turn, agent.offers, true);
  }
  send(turn, undefined, agent, operation, conversion);
  settle(turn.state, agent);
  reply(turn, requestId, 202);
}

function operationOf(call: ResourceCall): [string, OfferOperation] {
  const known = (list: readonly Resource[]): Resource[] => unallocated(list.map(upgraded));
  switch (call.type) {
    case 'RESERVE_RESOURCES': {
      const { agent_id, resources } = call.reserve_resources;
      return [agent_id.value, { type: 'RESERVE', reserve: { resources: known(resources) } }];
    }
    case 'UNRESERVE_RESOURCES': {
      const { agent_id, resources } = call.unreserve_resources;
      return [agent_id.value, { type: 'UNRESERVE', unreserve: { resources: known(resources) } }];
    }
    case 'CREATE_VOLUMES': {
      const { agent_id, volumes } = call.create_volumes;
      return [agent_id.value, { type: 'CREATE', create: { volumes: known(volumes) } }];
    }
    case 'DESTROY_VOLUMES': {
      const { agent_id, volumes } = call.destroy_volumes;
      return [agent_id.value, { type: 'DESTROY', destroy: { volumes: known(volumes) } }];
    }
  }
}

/** What no task or executor uses: free or offered. */
function unusedOf(agent: Agent): Pool {
  const pool = copyPool(agent.total);
  subtract(pool, unallocated(resourcesOf(agent.used)));
  return pool;
}
