/** The labels that tell our containers from all others of an engine. */

/** The id that users know a container by, kept when it moves. */
export const idLabel = 'com.docker.swarm.id';
/** Which swarm it belongs to: the uuid of this service. */
export const clusterLabel = 'dcos.swarm.cluster';
/** The agent whose container it is: several agents may share an engine. */
export const nodeLabel = 'dcos.swarm.node';
/** The task under which it was made: ending an older task of the same id leaves it alone. */
export const taskLabel = 'dcos.swarm.task';
/** Where the expressions of a container are kept, by kind. */
export const expressionLabels = {
  constraint: 'com.docker.swarm.constraints',
  affinity: 'com.docker.swarm.affinities',
  whitelist: 'com.docker.swarm.whitelists',
  reschedule: 'com.docker.swarm.reschedule-policies',
} as const;

/** A kind of expression. */
export type LabelKind = keyof typeof expressionLabels;
