/**
 * Permanent replacement: an instance whose data is given up starts anew elsewhere, by the steps of
 * the spec's plan `replace` where it has one (reference/sdk.md §4, §11). Pure.
 */
import type { Write } from '../core/store/store.js';
import { type PodSpec, stepsOfPhase } from '../wire/service-spec.js';
import { isSticky, podOf, withoutRenewal, withRenewal } from './instances.js';
import { type Instance, putInstance, type ServiceConfig, type State, targetOf } from './state.js';

/** The steps by which an instance of this pod is replaced, each a list of tasks. */
export function replaceSteps(
  config: ServiceConfig,
  pod: PodSpec,
  instance: Instance,
): readonly (readonly string[])[] {
  const plan = config.spec.plans.find(({ name }) => name === 'replace');
  const planned = (plan?.phases ?? [])
    .filter((phase) => phase.pod === pod.type)
    .flatMap((phase) => stepsOfPhase(pod, phase, Math.max(pod.count, instance.index + 1)))
    .filter(({ index }) => index === instance.index)
    .map(({ tasks }) => tasks);
  if (planned.length > 0) return planned;
  const kept = pod.tasks.filter(({ goal, name }) => goal === 'RUNNING' && name in instance.tasks);
  return kept.length === 0 ? [] : [kept.map(({ name }) => name)];
}

/**
 * Notes for each instance that was given up what has to run anew, and the address that it had:
 * once, before its reservation goes. In its first deployment an instance is not replaced, it
 * simply starts from the beginning.
 */
export function beginReplacements(
  state: State,
  deploying: ReadonlySet<string>,
  writes: Write[],
): void {
  const target = targetOf(state);
  for (const instance of [...state.instances.values()]) {
    const pod = podOf(target, instance);
    const due = instance.permanentlyFailed && isSticky(instance);
    if (!due || target === undefined || pod === undefined || deploying.has(instance.name)) continue;
    const steps = replaceSteps(target, pod, instance);
    // It is replaced again before it was ready: who remembers it, remembers the first address.
    const { place, ports = {} } = instance.reservation ?? {};
    const replacing = instance.replacing ?? { address: place?.address ?? '', ports };
    const next = withRenewal(instance, steps.flat());
    if (instance.replacing !== undefined && sameRenewal(next, instance)) continue;
    putInstance(state, writes, { ...next, replacing });
  }
}

function sameRenewal(a: Instance, b: Instance): boolean {
  return JSON.stringify(a.renew) === JSON.stringify(b.renew);
}

/** The instance is ready again: nobody needs to know where it was. */
export function endReplacement(state: State, instance: Instance, writes: Write[]): void {
  const { replacing: _done, ...rest } = instance;
  putInstance(state, writes, withoutRenewal(rest, Object.keys(rest.renew ?? {})));
}
