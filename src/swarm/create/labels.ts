/** The labels that tell our containers from all others of an engine. */

/** The id that users know a container by, kept when it moves. */
export const idLabel = 'com.docker.swarm.id';
/** Which swarm it belongs to: the uuid of this service. */
export const clusterLabel = 'dcos.swarm.cluster';
/** The agent whose container it is: several agents may share an engine. */
export const nodeLabel = 'dcos.swarm.node';
/** The task under which it was made: ending an older task of the same id leaves it alone. */
export const taskLabel = 'dcos.swarm.task';
/** Compose says by it that a new container is to replace another of the same instance. */
export const replaceLabel = 'com.docker.compose.replace';
/** The instance of a compose service that a container is; `undefined` for any other. */
export function composeInstance(
  labels: Readonly<Record<string, string>> | null | undefined,
): string | undefined {
  const parts = ['project', 'service', 'container-number'].map(
    (name) => labels?.[`com.docker.compose.${name}`],
  );
  return parts.includes(undefined) ? undefined : parts.join('/');
}
/** Where the expressions of a container are kept, by kind. */
export const expressionLabels = {
  constraint: 'com.docker.swarm.constraints',
  affinity: 'com.docker.swarm.affinities',
  whitelist: 'com.docker.swarm.whitelists',
  reschedule: 'com.docker.swarm.reschedule-policies',
} as const;

/** A kind of expression. */
export type LabelKind = keyof typeof expressionLabels;

/**
 * Labels of a network or volume as its user gave them: compose takes one more for a change of its
 * file.
 */
export function givenLabels<
  Thing extends { readonly Labels?: Readonly<Record<string, string>> | null },
>(thing: Thing): Thing {
  if (thing.Labels?.[clusterLabel] === undefined) return thing;
  const { [clusterLabel]: _own, ...Labels } = thing.Labels;
  return { ...thing, Labels };
}
