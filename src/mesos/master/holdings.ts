/**
 * Who holds what: the only place that moves resources between free, offered and used, so that
 * together they are always exactly what the agent has. Shared volumes are free all the time,
 * whoever holds them besides.
 */
import type { Resource } from '../../wire/mesos/common.js';
import {
  add,
  exclusive,
  isShared,
  poolOf,
  resourcesOf,
  subtract,
  unallocated,
} from '../../wire/resources/pool.js';
import { type Turn, tell } from './events.js';
import type { Agent, Framework, MasterState, OfferRecord, Scalars } from './state.js';

/** The role that `resource` is allocated to. */
function roleOf(resource: Resource): string {
  return resource.allocation_info?.role ?? '*';
}

/** Adds (`sign` 1) or takes away (-1) what `framework` holds, for fairness. */
function hold(
  framework: Framework | undefined,
  resources: readonly Resource[],
  sign: 1 | -1,
): void {
  if (framework === undefined) return;
  for (const resource of resources) {
    const { name, scalar } = resource;
    if (name !== 'cpus' && name !== 'mem' && name !== 'disk' && name !== 'gpus') continue;
    const role = roleOf(resource);
    const sums: Scalars = framework.held.get(role) ?? { cpus: 0, mem: 0, disk: 0, gpus: 0 };
    sums[name] += sign * Math.round((scalar?.value ?? 0) * 1000);
    framework.held.set(role, sums);
  }
}

/** Moves free resources of `agent` into an offer. */
export function putIntoOffer(state: MasterState, agent: Agent, offer: OfferRecord): void {
  const framework = state.frameworks.get(offer.frameworkId);
  subtract(agent.free, unallocated(exclusive(offer.resources)));
  hold(framework, offer.resources, 1);
  state.offers.set(offer.id, offer);
  agent.offers.add(offer.id);
  framework?.offers.add(offer.id);
}

/**
 * Ends an offer: its resources are in nobody's hands until `setFree` or `putIntoUse` takes them.
 */
export function takeOutOfOffer(state: MasterState, offer: OfferRecord): void {
  const framework = state.frameworks.get(offer.frameworkId);
  hold(framework, offer.resources, -1);
  state.offers.delete(offer.id);
  state.agents.get(offer.agentId)?.offers.delete(offer.id);
  framework?.offers.delete(offer.id);
}

/** Gives resources that are in nobody's hands back to the allocator. */
export function setFree(state: MasterState, agent: Agent, resources: readonly Resource[]): void {
  if (resources.length === 0) return;
  add(agent.free, unallocated(exclusive(resources)));
  shareAll(agent);
  state.dirtyAgents.add(agent.id);
}

/** The shared volumes among what is free are those that the agent has, each once. */
function shareAll(agent: Agent): void {
  const has = resourcesOf(agent.total).filter(isShared);
  const stale = resourcesOf(agent.free).filter(isShared);
  subtract(agent.free, stale);
  add(agent.free, has);
}

/** Whether a task or an executor holds one of `volumes`, which are shared. */
export function isInUse(agent: Agent, volumes: readonly Resource[]): boolean {
  const used = poolOf(unallocated(resourcesOf(agent.used).filter(isShared)));
  const kinds = used.size;
  subtract(used, unallocated(volumes.filter(isShared).map(withoutEnd)));
  return used.size < kinds;
}

/** More of a volume than any number of holders has. */
function withoutEnd(volume: Resource): Resource {
  return { ...volume, scalar: { value: Number.MAX_SAFE_INTEGER / 1000 } };
}

/** Gives resources that are in nobody's hands to a task or executor of `framework`. */
export function putIntoUse(
  agent: Agent,
  framework: Framework | undefined,
  resources: readonly Resource[],
): void {
  add(agent.used, resources);
  hold(framework, resources, 1);
}

/** A task or executor has ended: its resources are free again. */
export function takeOutOfUse(
  state: MasterState,
  agent: Agent,
  framework: Framework | undefined,
  resources: readonly Resource[],
): void {
  subtract(agent.used, resources);
  hold(framework, resources, -1);
  setFree(state, agent, resources);
}

/**
 * Ends an offer unanswered: its resources are free again, and the framework is told unless it is
 * gone.
 */
export function rescind(turn: Turn, offer: OfferRecord, told: boolean): void {
  const { state } = turn;
  takeOutOfOffer(state, offer);
  const agent = state.agents.get(offer.agentId);
  if (agent !== undefined) setFree(state, agent, offer.resources);
  const framework = state.frameworks.get(offer.frameworkId);
  if (told && framework !== undefined) {
    tell(turn, framework, { type: 'RESCIND', rescind: { offer_id: { value: offer.id } } });
  }
}

/** Ends all offers of `ids` unanswered. */
export function rescindAll(turn: Turn, ids: Iterable<string>, told: boolean): void {
  for (const id of [...ids]) {
    const offer = turn.state.offers.get(id);
    if (offer !== undefined) rescind(turn, offer, told);
  }
}

/** Sums up what an agent's tasks and executors hold, and what is left: after a registration. */
export function settle(state: MasterState, agent: Agent): void {
  const free = poolOf(resourcesOf(agent.total));
  subtract(free, unallocated(exclusive(resourcesOf(agent.used))));
  for (const id of agent.offers) {
    const offer = state.offers.get(id);
    if (offer !== undefined) subtract(free, unallocated(exclusive(offer.resources)));
  }
  agent.free = free;
  state.dirtyAgents.add(agent.id);
}
