/**
 * Single entities as the v1 operator API shows them (apache/mesos
 * include/mesos/v1/master/master.proto).
 */

import type { Resource } from '../../../wire/mesos/common.js';
import type { MasterInfo } from '../../../wire/mesos/scheduler.js';
import { terminalTaskStates } from '../../../wire/mesos/task.js';
import { agentCapabilities } from '../../../wire/mesos/version.js';
import { add, poolOf, resourcesOf } from '../../../wire/resources/pool.js';
import { shown } from '../resources.js';
import { drainInfo } from '../standing.js';
import type { Agent, Framework, MasterOptions, MasterState } from '../state.js';
import { offerMessage } from './offer.js';

/** What a master says of itself. */
export function masterInfo({ id, host, port, version, domain }: MasterOptions): MasterInfo {
  return {
    id,
    ip: ipNumber(host),
    port,
    pid: `master@${host}:${port}`,
    hostname: host,
    version,
    address: { hostname: host, ip: host, port },
    ...(domain === undefined ? {} : { domain }),
    capabilities: [{ type: 'AGENT_UPDATE' }, { type: 'AGENT_DRAINING' }, { type: 'QUOTA_V2' }],
  };
}

/** The address as Mesos' number: the first byte is the lowest. */
function ipNumber(host: string): number {
  const bytes = host.split('.').map(Number);
  return bytes.length === 4 ? bytes.reduceRight((sum, byte) => sum * 256 + byte, 0) : 0;
}

/** A time as the v1 API shows it. */
export function timeInfo(ms: number): { nanoseconds: number } {
  return { nanoseconds: ms * 1_000_000 };
}

/** A list under a key, left out when it is empty as JSON of protobuf messages leaves it out. */
export function unlessEmpty<Key extends string, Item>(
  key: Key,
  list: readonly Item[],
): Partial<Record<Key, readonly Item[]>> {
  return list.length === 0 ? {} : ({ [key]: list } as Record<Key, readonly Item[]>);
}

/** What of the agent is offered at the moment, with the roles it is allocated to. */
export function offeredOf(state: MasterState, agent: Agent): Resource[] {
  const pool = poolOf([]);
  for (const id of agent.offers) add(pool, state.offers.get(id)?.resources ?? []);
  return resourcesOf(pool);
}

/** Whether resources of the agent are offered. */
export function isActive(state: MasterState, agent: Agent): boolean {
  return agent.link !== undefined && !state.deactivated.has(agent.id);
}

/** An agent of GET_AGENTS. */
export function agentMessage(state: MasterState, agent: Agent): Record<string, unknown> {
  const drain = state.drains.get(agent.id);
  return {
    agent_info: agent.info,
    active: isActive(state, agent),
    deactivated: state.deactivated.has(agent.id),
    version: agent.version,
    pid: `slave(1)@${agent.ip}:${agent.info.port ?? 5051}`,
    registered_time: timeInfo(agent.registeredAt),
    ...(agent.reregisteredAt === undefined
      ? {}
      : { reregistered_time: timeInfo(agent.reregisteredAt) }),
    ...unlessEmpty('total_resources', resourcesOf(agent.total).map(shown)),
    ...unlessEmpty('allocated_resources', resourcesOf(agent.used).map(shown)),
    ...unlessEmpty('offered_resources', offeredOf(state, agent).map(shown)),
    capabilities: agentCapabilities.map((type) => ({ type })),
    ...(drain === undefined ? {} : { drain_info: drainInfo(drain) }),
    ...(agent.drainStartedAt === undefined
      ? {}
      : { estimated_drain_start_time: timeInfo(Math.floor(agent.drainStartedAt / 1000) * 1000) }),
  };
}

/** What a framework's tasks and executors use on registered agents. */
export function usedBy(state: MasterState, framework: Framework): Resource[] {
  const pool = poolOf([]);
  for (const { state: taskState, resources, agent_id } of framework.tasks.values()) {
    if (state.agents.has(agent_id.value) && !terminalTaskStates.has(taskState))
      add(pool, resources);
  }
  for (const { info } of framework.executors.values()) add(pool, info.resources ?? []);
  return resourcesOf(pool);
}

/** What is offered to a framework at the moment. */
export function offeredTo(state: MasterState, framework: Framework): Resource[] {
  const pool = poolOf([]);
  for (const id of framework.offers) add(pool, state.offers.get(id)?.resources ?? []);
  return resourcesOf(pool);
}

/** A framework as the events of an operator's stream show it. */
export function frameworkEvent(framework: Framework): Record<string, unknown> {
  const connected = framework.stream !== undefined;
  return {
    framework_info: framework.info,
    active: connected,
    connected,
    recovered: framework.recovered,
    registered_time: timeInfo(framework.registeredAt),
    reregistered_time: timeInfo(framework.reregisteredAt),
    unregistered_time: timeInfo(framework.unregisteredAt),
  };
}

/** A framework of GET_FRAMEWORKS. */
export function frameworkMessage(
  state: MasterState,
  framework: Framework,
): Record<string, unknown> {
  const connected = framework.stream !== undefined;
  const offers = [...framework.offers]
    .map((id) => state.offers.get(id))
    .filter((offer) => offer !== undefined)
    .map((offer) => offerMessage(state, framework, offer));
  return {
    framework_info: framework.info,
    active: connected,
    connected,
    recovered: framework.recovered,
    registered_time: timeInfo(framework.registeredAt),
    reregistered_time: timeInfo(framework.reregisteredAt),
    ...(framework.unregisteredAt > 0
      ? { unregistered_time: timeInfo(framework.unregisteredAt) }
      : {}),
    ...unlessEmpty('offers', offers),
    ...unlessEmpty('allocated_resources', usedBy(state, framework).map(shown)),
    ...unlessEmpty('offered_resources', offeredTo(state, framework).map(shown)),
    offer_constraints: framework.constraints,
  };
}
