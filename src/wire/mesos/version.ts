/** Which Mesos the embedded cluster is to its clients. */

/** The version whose API master and agents speak. */
export const mesosVersion = '1.12.0';

/** What agents can do, in Mesos' words (include/mesos/v1/mesos.proto, AgentInfo.Capability). */
export const agentCapabilities = [
  'MULTI_ROLE',
  'HIERARCHICAL_ROLE',
  'RESERVATION_REFINEMENT',
  'RESIZE_VOLUME',
  'AGENT_OPERATION_FEEDBACK',
  'AGENT_DRAINING',
] as const;
