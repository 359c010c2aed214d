/** Agents and engines come, go and answer; what that means for the containers on them. Pure. */
import type { Effect, FoundContainer, ListedAgent } from './messages.js';
import {
  awaitPlace,
  type Container,
  containerWrite,
  type EngineFacts,
  healthOf,
  keys,
  type Node,
  nodeWrite,
  type State,
} from './state.js';
import { isHealthy } from './views.js';

/** The attribute by which an agent says where its Docker engine listens. */
export const socketAttribute = 'docker_socket';

/** The master's list of agents. */
export function agentsListed(state: State, agents: readonly ListedAgent[]): Effect[] {
  const effects: Effect[] = [];
  const listed = new Set<string>();
  for (const agent of agents) {
    if (agent.attributes[socketAttribute] === undefined) continue;
    listed.add(agent.agentId);
    effects.push(...takeIn(state, agent));
  }
  for (const node of [...state.nodes.values()]) {
    if (listed.has(node.agentId)) continue;
    const health = healthOf(state, node.agentId);
    if (health.isListed) effects.push(announce('engine_disconnect', node, 'its agent is gone'));
    health.isListed = false;
    const isUsed = [...state.containers.values()].some(({ agentId }) => agentId === node.agentId);
    if (isUsed) continue;
    state.nodes.delete(node.agentId);
    state.health.delete(node.agentId);
    effects.push({ type: 'Persist', writes: [{ key: keys.node(node.agentId), value: null }] });
  }
  return effects;
}

function takeIn(state: State, agent: ListedAgent): Effect[] {
  const known = state.nodes.get(agent.agentId);
  const health = healthOf(state, agent.agentId);
  health.isListed = true;
  const { attributes, ...rest } = agent;
  const socket = attributes[socketAttribute] ?? '';
  const labels = Object.fromEntries(
    Object.entries(attributes).filter(([name]) => name !== socketAttribute),
  );
  if (known === undefined) {
    const name = freeName(state, agent.hostname);
    const node: Node = { ...rest, name, attributes: labels, socket, task: undefined };
    state.nodes.set(agent.agentId, node);
    state.hasFreshDemand = true;
    return [{ type: 'Persist', writes: [nodeWrite(node)] }, { type: 'PlaceSoon' }];
  }
  const { hostname, address, cpus, memMb } = agent;
  const isSame =
    known.address === address &&
    known.socket === socket &&
    known.cpus === cpus &&
    known.memMb === memMb;
  Object.assign(known, { hostname, address, cpus, memMb, socket, attributes: labels });
  return isSame ? [] : [{ type: 'Persist', writes: [nodeWrite(known)] }];
}

/** Several agents may be on one machine; nodes have names of their own. */
function freeName(state: State, hostname: string): string {
  const taken = new Set([...state.nodes.values()].map(({ name }) => name));
  let name = hostname;
  for (let index = 2; taken.has(name); index += 1) name = `${hostname}-${index}`;
  return name;
}

/** An engine answered. */
export function nodeAnswered(
  state: State,
  agentId: string,
  facts: EngineFacts,
  now: number,
): Effect[] {
  const node = state.nodes.get(agentId);
  if (node === undefined) return [];
  const health = healthOf(state, agentId);
  const wasHealthy = isHealthy(state, node);
  const isFirst = health.facts === undefined;
  Object.assign(health, { facts, failures: 0, error: undefined, updatedAt: now });
  if (wasHealthy || !isHealthy(state, node)) return [];
  const action = isFirst ? 'engine_connect' : 'engine_reconnect';
  return [announce(action, node, ''), { type: 'PlaceSoon' }];
}

/** An engine or its executor did not answer. */
export function nodeFailed(state: State, agentId: string, error: string): Effect[] {
  const node = state.nodes.get(agentId);
  if (node === undefined) return [];
  const health = healthOf(state, agentId);
  const wasHealthy = isHealthy(state, node);
  health.failures += 1;
  health.error = error;
  return wasHealthy && !isHealthy(state, node) ? [announce('engine_disconnect', node, error)] : [];
}

/** The message that a node came or went. */
function announce(action: string, { agentId }: Node, text: string): Effect {
  return { type: 'Announce', action, agentId, swarmId: undefined, text };
}

/** What an engine has of ours: strangers go, what was thought lost is taken up where it is. */
export function inventoried(
  state: State,
  agentId: string,
  found: readonly FoundContainer[],
  now: number,
): Effect[] {
  const effects: Effect[] = [];
  for (const { swarmId, containerId, isRunning } of found) {
    const container = state.containers.get(swarmId);
    if (container?.phase === 'making' || container?.phase === 'placing') {
      // Being made at this moment, or taken up again: not to be judged by an older list.
      if (container.agentId === agentId || container.containerId === containerId) continue;
    }
    if (container === undefined || container.containerId !== containerId) {
      effects.push({ type: 'RemoveStray', agentId, containerId });
    } else if (container.phase === 'lost') {
      effects.push(...takeUp(state, container, agentId, now));
    } else if (container.agentId === agentId && container.isRunning !== isRunning) {
      container.isRunning = isRunning;
      effects.push({ type: 'Persist', writes: [containerWrite(container)] });
    }
  }
  return effects;
}

/** A container is on its engine, but has no task: it gets a new one there. */
function takeUp(state: State, container: Container, agentId: string, now: number): Effect[] {
  container.phase = 'placing';
  container.agentId = agentId;
  container.isMoved = true;
  awaitPlace(state, container, now);
  return [{ type: 'Persist', writes: [containerWrite(container)] }, { type: 'PlaceSoon' }];
}
