/** Where each agent listens, as the master says; kept, and asked anew when an id is not known. */
import { DcosError } from '../../core/errors.js';
import type { GetAgents } from '../../wire/mesos/operator.js';

/** Finds agents. */
export interface AgentDirectory {
  /**
   * `http://host:port` of an agent. Throws `not-found` for an id that the master does not know,
   * `unreachable` where there is no master.
   */
  origin(agentId: string): Promise<string>;
  /** Takes what somebody has just learnt from the master. */
  learn(agents: GetAgents): void;
}

/** The least time between two questions for ids that are not known, in ms. */
const refreshMs = 500;

/** A directory that asks with `ask`. */
export function createAgentDirectory(
  ask: () => Promise<GetAgents>,
  now: () => number,
): AgentDirectory {
  let origins = new Map<string, string>();
  let askedAt = Number.NEGATIVE_INFINITY;
  const learn = ({ agents = [] }: GetAgents): void => {
    const fresh = new Map<string, string>();
    for (const { agent_info, pid } of agents) {
      const id = agent_info.id?.value;
      const address = pid?.split('@')[1] ?? `${agent_info.hostname}:${agent_info.port ?? 5051}`;
      if (id !== undefined) fresh.set(id, `http://${address}`);
    }
    origins = fresh;
  };
  return {
    learn,
    origin: async (agentId) => {
      const known = origins.get(agentId);
      if (known !== undefined) return known;
      if (now() - askedAt >= refreshMs) {
        askedAt = now();
        learn(await ask());
      }
      const found = origins.get(agentId);
      if (found !== undefined) return found;
      throw new DcosError('not-found', `the master knows no agent ${agentId} at the moment`, {
        hint: 'The agents that are there: dcos node list',
      });
    },
  };
}
