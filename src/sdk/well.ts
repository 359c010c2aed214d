/**
 * Whether instances are well, so that nothing takes a second one of a quorum down while one is
 * missing already. Pure.
 */
import { isLive, ownSpec, podOf } from './instances.js';
import { type Instance, type State, targetOf } from './state.js';

/**
 * Why an instance is not whole: `undefined` when all of its essential tasks that were ever started
 * run and are ready, or when nothing of it was started yet.
 */
function troubleOf(state: State, instance: Instance): string | undefined {
  if (instance.permanentlyFailed || instance.replacing !== undefined) return 'is being replaced';
  for (const [name, task] of Object.entries(instance.tasks)) {
    const spec = ownSpec(state, instance, name)?.task;
    if (spec?.goal !== 'RUNNING' || !spec.essential) continue;
    if (!isLive(task) || task.kill !== undefined) return 'starts again';
    if (task.state !== 'TASK_RUNNING') return 'has not started yet';
    if (task.paused) return 'is paused';
    if (!task.ready) return 'is not ready yet';
  }
  return undefined;
}

/** Whether all that runs of the instance does so as it shall. */
export function isWell(state: State, instance: Instance): boolean {
  return troubleOf(state, instance) === undefined;
}

/**
 * What keeps `instance` from being stopped on purpose: another of its pod that is not well.
 * `killing` are instances that are being stopped in this very step.
 */
export function heldBack(
  state: State,
  instance: Instance,
  killing: ReadonlySet<string>,
): string | undefined {
  // To stop what does not do its work takes nothing away.
  if (!isWell(state, instance)) return undefined;
  const target = targetOf(state);
  for (const other of state.instances.values()) {
    if (other.pod !== instance.pod || other.name === instance.name) continue;
    // Who leaves anyway is no reason to wait.
    if (podOf(target, other) === undefined) continue;
    const trouble = killing.has(other.name) ? 'is being stopped' : troubleOf(state, other);
    if (trouble !== undefined) return `waits for ${other.name}, which ${trouble}`;
  }
  return undefined;
}
