/**
 * What operators do: watch, tear a framework down, give an agent up, reserve and free resources.
 */
import type { Resource } from '../../wire/mesos/common.js';
import type { OfferOperation } from '../../wire/mesos/scheduler.js';
import { conversionOf } from '../../wire/resources/convert.js';
import {
  contains,
  copyPool,
  isShared,
  type Pool,
  resourcesOf,
  subtract,
  unallocated,
} from '../../wire/resources/pool.js';
import { deactivateCalled, drainCalled, reactivateCalled } from './drain.js';
import { reply, type Turn } from './events.js';
import { giveUp } from './gone.js';
import { rescindAll, settle } from './holdings.js';
import { maintenanceStarted, maintenanceStopped, scheduleUpdated } from './maintenance/calls.js';
import {
  nothingNamed,
  operationProblem,
  persistenceProblem,
  resourcesIn,
} from './operation-problems.js';
import { agentText, send, shortageText } from './operations.js';
import type { OperatorAction } from './operator-calls.js';
import { quotaRemoved, quotaSet, quotaUpdated } from './quota/calls.js';
import { weightsUpdated } from './quota/weights.js';
import { amountProblem, upgraded } from './resources.js';
import { isKnown } from './standing.js';
import type { Agent } from './state.js';
import { tornDown } from './subscribe.js';
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
    case 'UPDATE_MAINTENANCE_SCHEDULE': {
      const { windows = [] } = call.update_maintenance_schedule.schedule;
      scheduleUpdated(turn, requestId, windows);
      return;
    }
    case 'START_MAINTENANCE':
      maintenanceStarted(turn, requestId, call.start_maintenance.machines ?? []);
      return;
    case 'STOP_MAINTENANCE':
      maintenanceStopped(turn, requestId, call.stop_maintenance.machines ?? []);
      return;
    case 'SET_LOGGING_LEVEL': {
      const { level, duration } = call.set_logging_level;
      const until = turn.state.awakeMs + duration.nanoseconds / 1_000_000;
      turn.state.logging = { level, until };
      reply(turn, requestId, 200);
      return;
    }
    case 'DRAIN_AGENT':
      drainCalled(turn, requestId, call.drain_agent);
      return;
    case 'DEACTIVATE_AGENT':
      deactivateCalled(turn, requestId, call.deactivate_agent.agent_id.value);
      return;
    case 'REACTIVATE_AGENT':
      reactivateCalled(turn, requestId, call.reactivate_agent.agent_id.value);
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
  if (!isKnown(turn.state, id) && !turn.state.goneAgents.has(id)) {
    reply(turn, requestId, 404, `Agent '${id}' not found`);
    return;
  }
  giveUp(turn, id);
  reply(turn, requestId, 200);
}

type ResourceCallType =
  | 'RESERVE_RESOURCES'
  | 'UNRESERVE_RESOURCES'
  | 'CREATE_VOLUMES'
  | 'DESTROY_VOLUMES'
  | 'GROW_VOLUME'
  | 'SHRINK_VOLUME';
type ResourceCall = Extract<OperatorAction, { type: ResourceCallType }>;

function operate(turn: Turn, requestId: string, call: ResourceCall): void {
  const [agentId, operation] = operationOf(call);
  const agent = turn.state.agents.get(agentId);
  if (agent === undefined || agent.link === undefined) {
    reply(turn, requestId, 400, 'No agent found with specified ID');
    return;
  }
  const amount = amountRefusal(operation);
  if (amount !== undefined) {
    reply(turn, requestId, 400, amount);
    return;
  }
  const problem = operationProblem(operation, undefined) ?? persistenceProblem(operation, agent);
  const conversion = conversionOf(operation);
  if (problem !== undefined || conversion === undefined) {
    const gives = ['UNRESERVE', 'DESTROY'].includes(operation.type);
    const where = gives ? '' : ` on agent ${agentText(agent)}`;
    const why = problem ?? nothingNamed;
    reply(turn, requestId, 400, `Invalid ${operation.type} operation${where}: ${why}`);
    return;
  }
  // A shared volume is free although a task may hold it or an offer name it.
  if (conversion.consumed.some(isShared) || !contains(agent.free, conversion.consumed)) {
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

/** Amounts are looked at before the operation is. */
function amountRefusal(operation: OfferOperation): string | undefined {
  const reserves = operation.type === 'RESERVE' || operation.type === 'UNRESERVE';
  if (!reserves && operation.type !== 'CREATE' && operation.type !== 'DESTROY') return undefined;
  for (const resource of resourcesIn(operation)) {
    const problem = amountProblem(resource, 1);
    if (problem === undefined) continue;
    return reserves ? `Failed to validate master::Call: ${problem}` : problem;
  }
  return undefined;
}

function operationOf(call: ResourceCall): [string, OfferOperation] {
  const known = (list: readonly Resource[]): Resource[] => unallocated(list.map(upgraded));
  const one = (resource: Resource): Resource => known([resource])[0] ?? resource;
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
    case 'GROW_VOLUME': {
      const { agent_id, volume, addition } = call.grow_volume;
      const grow_volume = { volume: one(volume), addition: one(addition) };
      return [agent_id.value, { type: 'GROW_VOLUME', grow_volume }];
    }
    case 'SHRINK_VOLUME': {
      const { agent_id, volume, subtract } = call.shrink_volume;
      const shrink_volume = { volume: one(volume), subtract };
      return [agent_id.value, { type: 'SHRINK_VOLUME', shrink_volume }];
    }
  }
}

/** What no task or executor uses: free or offered. */
function unusedOf(agent: Agent): Pool {
  const pool = copyPool(agent.total);
  subtract(pool, unallocated(resourcesOf(agent.used)));
  return pool;
}
