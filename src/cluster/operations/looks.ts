/** Looks at the services that another needs. */
import type { Apps } from './apps.js';
import type { DependencyLook } from './dependencies.js';
import type { Dependency } from './state.js';

/** What is asked of the services themselves. */
type Asked = Pick<Apps, 'plan' | 'endpoints'>;

/** Whether the services serve: these plans of theirs are complete, and they have that endpoint. */
export async function looksAt(
  apps: Asked,
  dependencies: readonly Dependency[],
  plans: readonly string[] = ['deploy'],
): Promise<Map<string, DependencyLook>> {
  const looks = new Map<string, DependencyLook>();
  for (const { serviceName, endpoint } of dependencies) {
    if (serviceName === undefined) continue;
    const waiting = await firstWaiting(apps, serviceName, plans);
    if (waiting !== undefined) {
      looks.set(serviceName, { waiting });
      continue;
    }
    const endpoints = await apps.endpoints(serviceName);
    const addresses = endpoints.find(({ name }) => name === endpoint)?.addresses ?? [];
    looks.set(serviceName, { addresses });
  }
  return looks;
}

/** What is to be waited for, of the first plan that is not complete. */
async function firstWaiting(
  apps: Asked,
  serviceName: string,
  plans: readonly string[],
): Promise<string | undefined> {
  for (const name of plans) {
    const plan = await apps.plan(serviceName, name);
    if ('waiting' in plan) return plan.waiting;
    if (plan.status !== 'COMPLETE') return `its ${name} plan is ${plan.status}`;
  }
  return undefined;
}
