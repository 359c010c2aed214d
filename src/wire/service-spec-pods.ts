/** What follows from a pod's spec: what its tasks hold, and the steps of a phase over it. */
import type {
  PhaseSpec,
  PodSpec,
  PortSpec,
  ResourceSetSpec,
  TaskSpec,
  VolumeSpec,
} from './service-spec.js';

/** The resource set that a task owns while it runs. */
export function setOf(pod: PodSpec, task: TaskSpec): ResourceSetSpec {
  const set = pod.sets.find(({ name }) => name === task.resourceSet);
  return set ?? { name: task.resourceSet, cpus: 0, memMb: 0, ports: [], volumes: [] };
}

/** All ports of a pod. */
export function portsOf(pod: PodSpec): PortSpec[] {
  return pod.sets.flatMap(({ ports }) => ports);
}

/** All volumes of a pod. */
export function volumesOf(pod: PodSpec): VolumeSpec[] {
  return [...pod.volumes, ...pod.sets.flatMap(({ volumes }) => volumes)];
}

/**
 * The steps of a phase in order: its instance and the tasks to launch. `default` stands for every
 * instance that no other entry names.
 */
export function stepsOfPhase(
  pod: PodSpec,
  phase: PhaseSpec,
  count: number = pod.count,
): { readonly index: number; readonly tasks: readonly string[] }[] {
  const all = Array.from({ length: count }, (_, index) => index);
  const steps = phase.steps ?? [
    { instance: 'default' as const, groups: [pod.tasks.map(({ name }) => name)] },
  ];
  const named = new Set(steps.map(({ instance }) => instance));
  return steps.flatMap(({ instance, groups }) => {
    const indices = instance === 'default' ? all.filter((index) => !named.has(index)) : [instance];
    return indices.flatMap((index) => groups.map((tasks) => ({ index, tasks })));
  });
}
