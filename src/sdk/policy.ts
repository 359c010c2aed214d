/**
 * Replacement by policy: an instance that cannot run where its data is, for longer than the
 * operator is willing to wait, is replaced without a person (reference/sdk.md §4). Pure.
 */
import type { Write } from '../core/store/store.js';
import { isLive, isSticky, ownSpec, podOf } from './instances.js';
import { type Instance, putInstance, recordKeys, type State, targetOf } from './state.js';

/**
 * Notes since when instances are missing and gives one up whose time has come: one at a time, none
 * while another is being replaced. `wake` is told when to look again.
 */
export function applyPolicy(
  state: State,
  writes: Write[],
  now: number,
  wake: (at: number) => void,
): void {
  const target = targetOf(state);
  const policy = target?.spec.replacement;
  for (const instance of [...state.instances.values()]) {
    const missing = policy !== undefined && isMissing(state, instance);
    if (missing === (instance.missingSince !== undefined)) continue;
    const { missingSince: _before, ...rest } = instance;
    putInstance(state, writes, missing ? { ...rest, missingSince: now } : rest);
  }
  if (policy === undefined || !state.connected) return;
  if ([...state.instances.values()].some(isOnItsWay)) return;
  const due = [...state.instances.values()]
    .filter(({ missingSince }) => missingSince !== undefined)
    .filter((instance) => podOf(target, instance) !== undefined)
    .sort((a, b) => (a.missingSince ?? 0) - (b.missingSince ?? 0));
  const [first] = due;
  if (first?.missingSince === undefined) return;
  const at = Math.max(
    first.missingSince + policy.afterS * 1000,
    state.replacedAt + policy.minDelayS * 1000,
  );
  if (at > now) {
    wake(at);
    return;
  }
  state.replacedAt = now;
  writes.push({ key: recordKeys.policy, value: { replacedAt: now } });
  putInstance(state, writes, { ...first, permanentlyFailed: true });
}

function isOnItsWay({ permanentlyFailed, replacing }: Instance): boolean {
  return permanentlyFailed || replacing !== undefined;
}

/**
 * Whether the instance holds something on an agent and none of what it is there for runs on it:
 * the agent is cut off, or is not offered any more. A task that crashes and starts again is there.
 */
function isMissing(state: State, instance: Instance): boolean {
  if (!isSticky(instance) || isOnItsWay(instance) || (instance.paused ?? []).length > 0)
    return false;
  const kept = Object.entries(instance.tasks).filter(([name]) => {
    const spec = ownSpec(state, instance, name)?.task;
    return spec?.goal === 'RUNNING' && spec.essential;
  });
  const gone = kept.filter(
    ([name, task]) =>
      task.state === 'TASK_UNREACHABLE' ||
      (!isLive(task) && instance.backoffs?.[name] === undefined),
  );
  return gone.length > 0;
}
