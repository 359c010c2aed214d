/** Nodes as the scheduler and `docker info` see them. Pure. */

import { failureLimit, type NodeView, type PlacedContainer } from './schedule/view.js';
import { type Container, healthOf, type Node, type State } from './state.js';

/** Every node with what is on it, by name. */
export function nodeViews(state: State): NodeView[] {
  const byNode = new Map<string, PlacedContainer[]>();
  for (const container of state.containers.values()) {
    if (container.agentId === undefined) continue;
    const list = byNode.get(container.agentId);
    const placed = placedOf(state, container);
    if (list === undefined) byNode.set(container.agentId, [placed]);
    else list.push(placed);
  }
  return [...state.nodes.values()]
    .map((node) => viewOfNode(state, node, byNode.get(node.agentId) ?? []))
    .sort((a, b) => (a.name < b.name ? -1 : 1));
}

function viewOfNode(state: State, node: Node, containers: readonly PlacedContainer[]): NodeView {
  const { facts, failures } = healthOf(state, node.agentId);
  const over = 1 + state.settings.overcommit;
  return {
    id: node.agentId,
    name: node.name,
    engineId: facts?.engineKey ?? '',
    labels: labelsOf(node, facts?.labels),
    isHealthy: isHealthy(state, node),
    error: whyUnhealthy(state, node),
    failures,
    cpus: Math.floor((facts?.cpus ?? node.cpus) * over),
    memBytes: Math.floor((facts?.memBytes ?? node.memMb * 1048576) * over),
    containers,
    images: facts?.images ?? [],
  };
}

/**
 * A node's labels: those of its engine, the attributes and fault domain of its agent, and the
 * built-in ones, which nothing overrides.
 */
export function labelsOf(
  node: Node,
  engine: Readonly<Record<string, string>> | undefined,
): Record<string, string> {
  const domain = {
    ...(node.region === undefined ? {} : { region: node.region }),
    ...(node.zone === undefined ? {} : { zone: node.zone }),
  };
  const all: Record<string, string> = { ...node.attributes, ...domain, ...engine };
  const { node: _label, ...rest } = all;
  return { ...rest, agent: node.agentId };
}

/** Whether it takes containers. */
export function isHealthy(state: State, node: Node): boolean {
  return whyUnhealthy(state, node) === undefined;
}

/** Why it does not. */
export function whyUnhealthy(state: State, node: Node): string | undefined {
  const { facts, failures, error, isListed } = healthOf(state, node.agentId);
  if (!isListed) return 'its agent is not reachable';
  if (node.task === undefined) return 'its executor waits for an offer';
  if (!node.task.isRunning) return 'its executor is starting';
  if (failures >= failureLimit) return error ?? 'its engine does not answer';
  return facts === undefined ? (error ?? 'its engine has not answered yet') : undefined;
}

/** The word that `docker info` has for it: Healthy, Pending, Unhealthy, Disconnected. */
export function statusWord(state: State, node: Node): string {
  const { facts, isListed } = healthOf(state, node.agentId);
  if (isHealthy(state, node)) return 'Healthy';
  if (!isListed) return 'Disconnected';
  return facts === undefined ? 'Pending' : 'Unhealthy';
}

function placedOf(state: State, container: Container): PlacedContainer {
  const { swarmId, containerId, name, body, isRunning } = container;
  const want = state.wants.get(swarmId);
  return {
    swarmId,
    containerId,
    name,
    image: body.Image ?? '',
    labels: body.Labels ?? {},
    cpus: want?.cpus ?? 0,
    memBytes: want?.memBytes ?? 0,
    hostPorts: want?.hostPorts ?? [],
    isHostMode: want?.isHostMode ?? false,
    exposed: want?.exposed ?? [],
    isRunning,
  };
}
