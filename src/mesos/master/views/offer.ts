/** An offer as frameworks and operators are shown it. */
import type { Resource } from '../../../wire/mesos/common.js';
import type { Offer } from '../../../wire/mesos/scheduler.js';
import { machineOf, type Unavailability } from '../maintenance/schedule.js';
import { downgraded, withoutAllocation } from '../resources.js';
import type { Agent, Framework, MasterState, OfferRecord } from '../state.js';

/** An offer as its framework is shown it. */
export function offerMessage(
  state: MasterState,
  framework: Framework,
  { id, agentId, role, resources }: OfferRecord,
): Offer {
  const agent = state.agents.get(agentId);
  const machine = agent && machineOf(state, agent);
  const hostname = agent?.info.hostname ?? '';
  const address = { hostname, ip: agent?.ip ?? '', port: agent?.info.port ?? 5051 };
  const executors = [...framework.executors.values()].filter((one) => one.agentId === agentId);
  return {
    id: { value: id },
    framework_id: { value: framework.id },
    agent_id: { value: agentId },
    hostname,
    url: { scheme: 'http', address, path: '/slave(1)' },
    ...(agent?.info.domain ? { domain: agent.info.domain } : {}),
    resources: outgoing(framework, resources),
    ...(machine === undefined ? {} : { unavailability: machine.unavailability }),
    ...(agent?.info.attributes?.length ? { attributes: agent.info.attributes } : {}),
    ...(executors.length > 0
      ? { executor_ids: executors.map(({ info }) => info.executor_id) }
      : {}),
    ...(framework.capabilities.has('MULTI_ROLE') ? { allocation_info: { role } } : {}),
  };
}

/** An inverse offer: all that the framework has on the agent is asked back. */
export function inverseOfferMessage(
  agent: Agent,
  framework: Framework,
  id: string,
  unavailability: Unavailability,
): Record<string, unknown> & { readonly id: { readonly value: string } } {
  const { hostname, port = 5051 } = agent.info;
  return {
    id: { value: id },
    url: { scheme: 'http', address: { hostname, ip: agent.ip, port }, path: '/slave(1)' },
    framework_id: { value: framework.id },
    agent_id: { value: agent.id },
    unavailability,
  };
}

/** Resources as this framework understands them, by its capabilities. */
function outgoing(framework: Framework, resources: readonly Resource[]): Resource[] {
  const refined = framework.capabilities.has('RESERVATION_REFINEMENT');
  const multi = framework.capabilities.has('MULTI_ROLE');
  return resources.map((resource) => {
    const known = multi ? resource : withoutAllocation(resource);
    return refined ? known : downgraded(known);
  });
}
