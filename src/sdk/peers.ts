/** Instances that name each other in their config files: who must be known, what has changed. */
import { type PodSpec, portsOf, type TaskSpec } from '../wire/service-spec.js';
import { namedIndices, peersNamedBy, peersOfPod, uuidOf } from './config.js';
import { instanceName } from './instances.js';
import type { TemplateScope } from './render.js';
import type { ServiceConfig, State } from './state.js';

/**
 * The instances that must be reserved before `pod` may start, and are not yet: `broker-1,
 * broker-2`.
 */
export function missingPeers(state: State, config: ServiceConfig, pod: PodSpec): string[] {
  const named = peersOfPod(config, pod);
  return config.spec.pods
    .filter(({ type }) => named.has(type))
    .flatMap((peer) =>
      namedIndices(peer, named.get(peer.type)).map((index) => instanceName(peer.type, index)),
    )
    .filter((name) => state.instances.get(name)?.reservation === undefined);
}

/**
 * Hash of the addresses that a task's config files name; another hash means that they are out of
 * date.
 */
export function peersHashOf(state: State, config: ServiceConfig, task: TaskSpec): string {
  const named = peersNamedBy(config, task);
  const pods = podsScope(state, config);
  const peersOf = (type: string): unknown => {
    const pod = config.spec.pods.find((other) => other.type === type);
    if (pod === undefined || named.get(type) === 'all') return pods[type];
    // Which of them is the last is no matter to who names one alone: the pod may grow.
    const peers = namedIndices(pod, named.get(type)).map((index) => pods[type]?.[index]);
    return peers.map((peer) => [peer?.name, peer?.address, peer?.ports]);
  };
  return uuidOf([...named.keys()].sort().map(peersOf));
}

/** What templates see as `pods`: `pods.<type>.<index>.{address,port,ports}`. */
export function podsScope(state: State, config: ServiceConfig): Record<string, TemplateScope[]> {
  const entries = config.spec.pods.map((pod) => {
    const items = Array.from({ length: pod.count }, (_, index) => podScope(state, pod, index));
    return [pod.type, items] as const;
  });
  return Object.fromEntries(entries);
}

/** What templates see of one instance; one that leaves is beyond its pod's count. */
export function podScope(state: State, pod: PodSpec, index: number): TemplateScope {
  const name = instanceName(pod.type, index);
  const reservation = state.instances.get(name)?.reservation;
  const ports = reservation?.ports ?? {};
  const first = ports[portsOf(pod)[0]?.name ?? ''];
  return {
    name,
    index,
    first: index === 0,
    last: index === pod.count - 1,
    ...(reservation === undefined
      ? {}
      : { address: reservation.place.address, hostname: reservation.place.hostname, ports }),
    ...(first === undefined ? {} : { port: first }),
  };
}
