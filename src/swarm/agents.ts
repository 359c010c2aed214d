/** The master's list of agents, read as far as a swarm needs it. Pure. */
import { attributeText } from '../framework/constraints.js';
import type { GetAgents, OperatorAgent } from '../wire/mesos/operator.js';
import type { ListedAgent } from './messages.js';

/** Agents that are registered and active. */
export function listedAgents({ agents = [] }: GetAgents): ListedAgent[] {
  return agents.flatMap((agent) => (agent.active === false ? [] : (listed(agent) ?? [])));
}

function listed({ agent_info, pid, total_resources }: OperatorAgent): ListedAgent | undefined {
  const { id, hostname, attributes = [], domain, resources = [] } = agent_info;
  if (id === undefined) return undefined;
  const amount = (name: string): number =>
    (total_resources ?? resources).reduce(
      (sum, one) => sum + (one.name === name ? (one.scalar?.value ?? 0) : 0),
      0,
    );
  return {
    agentId: id.value,
    hostname,
    // `slave(1)@127.0.9.1:5051`: names of agents need not resolve, addresses do not have to.
    address: /@(.+):\d+$/.exec(pid ?? '')?.[1] ?? hostname,
    attributes: Object.fromEntries(attributes.map((one) => [one.name, attributeText(one)])),
    region: domain?.fault_domain?.region.name,
    zone: domain?.fault_domain?.zone.name,
    cpus: amount('cpus'),
    memMb: amount('mem'),
  };
}
