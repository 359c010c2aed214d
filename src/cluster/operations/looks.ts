/** Looks at the services that another needs. */
import type { Apps } from './apps.js';
import type { DependencyLook } from './dependencies.js';
import type { Dependency } from './state.js';

/** Whether the services serve: their deploy plan is complete, and they have that endpoint. */
export async function looksAt(
  apps: Pick<Apps, 'plan' | 'endpoints'>,
  dependencies: readonly Dependency[],
): Promise<Map<string, DependencyLook>> {
  const looks = new Map<string, DependencyLook>();
  for (const { serviceName, endpoint } of dependencies) {
    if (serviceName === undefined) continue;
    const plan = await apps.plan(serviceName);
    if ('waiting' in plan) looks.set(serviceName, { waiting: plan.waiting });
    else if (plan.status !== 'COMPLETE') {
      looks.set(serviceName, { waiting: `its deploy plan is ${plan.status}` });
    } else {
      const endpoints = await apps.endpoints(serviceName);
      const addresses = endpoints.find(({ name }) => name === endpoint)?.addresses ?? [];
      looks.set(serviceName, { addresses });
    }
  }
  return looks;
}

/**
 * The same, but only of services that are at rest: nothing of them waits to be recovered, whose
 * addresses would be others soon.
 */
export async function looksAtRest(
  apps: Pick<Apps, 'plan' | 'endpoints'>,
  dependencies: readonly Dependency[],
): Promise<Map<string, DependencyLook>> {
  const looks = await looksAt(apps, dependencies);
  for (const [serviceName, { waiting }] of looks) {
    if (waiting !== undefined) continue;
    const recovery = await apps.plan(serviceName, 'recovery');
    if ('waiting' in recovery) looks.set(serviceName, { waiting: recovery.waiting });
    else if (recovery.status !== 'COMPLETE') {
      looks.set(serviceName, { waiting: `its recovery plan is ${recovery.status}` });
    }
  }
  return looks;
}
