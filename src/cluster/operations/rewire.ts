/**
 * A service that uses another is told where that is now, once it has moved: replaced on another
 * agent or grown. What it was told before would fail it one replacement later, and nobody would see
 * why (docs/architecture.md, "Services that need others").
 */
import { messageOf } from '../../core/errors.js';
import type { Logger } from '../../core/logger.js';
import type { Packages } from '../../packages/packages.js';
import type { Apps } from './apps.js';
import { wiringOf } from './dependencies.js';
import type { OperationsEvent, RequestOutcome } from './events.js';
import { looksAt } from './looks.js';
import { checkRelease } from './preflight.js';
import { type Installed, type OperationsState, runningOn } from './state.js';

/** Between two looks, in ms. */
export const lookEveryMs = 5_000;

/** While something waits to be recovered, its addresses would be others soon. */
const plansAtRest = ['deploy', 'recovery'];

/** What is needed to look, and to ask for an update. */
export interface RewiringOptions {
  readonly state: OperationsState;
  readonly packages: Packages;
  readonly apps: Apps;
  readonly request: (
    make: (ids: { requestId: string; operationId: string }) => OperationsEvent,
  ) => Promise<RequestOutcome>;
  readonly log: Logger;
}

/** What is installed, at rest, and was told where services of this cluster are. Pure. */
export function wiredApps(state: OperationsState): Installed[] {
  return [...state.installed.values()].filter(
    ({ appId, status, wired, facts }) =>
      status === 'installed' &&
      wired !== undefined &&
      facts.dependencies?.some(({ serviceName }) => serviceName !== undefined) &&
      runningOn(state, appId) === undefined,
  );
}

/**
 * Whether an app has to be told `env`: it is another than the one that it was told, and was seen in
 * the look `before` as well, so that nothing is told of what is under way. Pure.
 */
export function isRewiringDue(
  { wired = {} }: Pick<Installed, 'wired'>,
  before: Readonly<Record<string, string>> | undefined,
  env: Readonly<Record<string, string>>,
): boolean {
  const names = Object.keys(env);
  const differs = names.some((name) => env[name] !== wired[name]);
  return differs && before !== undefined && names.every((name) => env[name] === before[name]);
}

/** Gives one look, to be had every `lookEveryMs`; one at a time, the others are left out. */
export function rewiring(options: RewiringOptions): () => Promise<void> {
  const { state, log } = options;
  const seen = new Map<string, Readonly<Record<string, string>>>();
  let looking = false;
  const look = async (): Promise<void> => {
    for (const installed of wiredApps(state)) {
      const { appId, facts } = installed;
      try {
        const looks = await looksAt(options.apps, facts.dependencies ?? [], plansAtRest);
        const { env } = wiringOf(state, facts.dependencies ?? [], looks);
        const before = seen.get(appId);
        if (env === undefined) seen.delete(appId);
        else seen.set(appId, env);
        if (env === undefined || !isRewiringDue(installed, before, env)) continue;
        await rewire(options, installed);
        seen.delete(appId);
      } catch (error) {
        log.debug('a service that another needs could not be looked at', {
          appId,
          error: messageOf(error),
        });
      }
    }
  };
  return async () => {
    if (looking || wiredApps(state).length === 0) return;
    looking = true;
    await look().finally(() => {
      looking = false;
    });
  };
}

/** An update to what it is already: it gets the addresses of today. */
async function rewire(
  { state, packages, request, log }: RewiringOptions,
  { appId, release, userOptions }: Installed,
): Promise<void> {
  const { facts, assets } = await checkRelease(packages, release, userOptions, undefined);
  // Somebody else's operation goes before, and brings the addresses itself.
  if (runningOn(state, appId) !== undefined) return;
  log.info('a service that it needs has moved; it is updated', { appId });
  await request((ids) => ({
    type: 'UpdateRequested',
    ...ids,
    appId,
    userOptions,
    facts,
    assets,
  }));
}
