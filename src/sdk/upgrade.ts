/**
 * Records of earlier versions, brought into today's form when they are read: a pod had exactly one
 * task, and all that it held belonged to it. Pure.
 */
import type { Backoff } from '../framework/backoff.js';
import type { PodSpec, ResourceSetSpec, ServiceSpec, TaskSpec } from '../wire/service-spec.js';
import type { Instance, Reservation, ServiceConfig, TaskRecord } from './state.js';

type OldTask = Omit<TaskSpec, 'essential' | 'resourceSet'> & Omit<ResourceSetSpec, 'name'>;
type OldPod = Omit<PodSpec, 'tasks' | 'sets' | 'volumes'> & { readonly task: OldTask };

/** A stored configuration. */
export function upgradedConfig(record: unknown): ServiceConfig {
  const config = record as ServiceConfig;
  const pods = config.spec.pods as readonly (PodSpec | OldPod)[];
  const spec: ServiceSpec = {
    ...config.spec,
    pods: pods.map((pod) => ('task' in pod ? upgradedPod(pod) : pod)),
  };
  return { ...config, spec };
}

function upgradedPod({ task, ...pod }: OldPod): PodSpec {
  const { cpus, memMb, ports, volumes, ...made } = task;
  const { name } = made;
  return {
    ...pod,
    tasks: [{ ...made, essential: true, resourceSet: name }],
    sets: [{ name, cpus, memMb, ports, volumes }],
    volumes: [],
  };
}

interface OldInstance {
  readonly name: string;
  readonly pod: string;
  readonly index: number;
  readonly reservation?: Omit<Reservation, 'sets'>;
  readonly task?: TaskRecord;
  readonly permanentlyFailed: boolean;
  readonly paused?: boolean;
  readonly backoff?: Backoff;
}

/** A stored instance; `configs` are already in today's form. */
export function upgradedInstance(
  record: unknown,
  configs: ReadonlyMap<string, ServiceConfig>,
): Instance {
  const stored = record as Instance | OldInstance;
  if ('tasks' in stored) return stored;
  const {
    reservation,
    task,
    paused,
    backoff,
    name: instance,
    pod,
    index,
    permanentlyFailed,
  } = stored;
  const name = taskNameOf(stored, configs);
  return {
    name: instance,
    pod,
    index,
    permanentlyFailed,
    ...(reservation === undefined ? {} : { reservation: { ...reservation, sets: [''] } }),
    tasks: task === undefined ? {} : { [name]: task },
    ...(paused === true ? { paused: [name] } : {}),
    ...(backoff === undefined ? {} : { backoffs: { [name]: backoff } }),
  };
}

/** `broker` of the task `broker-1-broker__…`, else the only task of its pod. */
function taskNameOf(
  { name, pod, task }: OldInstance,
  configs: ReadonlyMap<string, ServiceConfig>,
): string {
  if (task !== undefined) return task.id.slice(name.length + 1).replace(/__[^_]*$/, '');
  for (const { spec } of configs.values()) {
    const [first] = spec.pods.find(({ type }) => type === pod)?.tasks ?? [];
    if (first !== undefined) return first.name;
  }
  return '';
}
