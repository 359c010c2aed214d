/** Packages that another one needs first: an option of it names a service that is missing. */
import type { Http } from '../client/http.js';
import { preflight } from '../client/operations.js';
import { describePackage, type InstallRequest, installPackage } from '../client/packages.js';
import type { Preflight } from '../wire/operations.js';
import type { Context } from './context.js';

/** Packages that need packages that need packages…: more are a circle. */
const maxPackages = 20;

/**
 * What has to be installed before `packageName`, in order, each checked by `refuse`, which throws
 * for one that cannot be. Says what and why.
 */
export async function neededFirst(
  context: Context,
  http: Http,
  packageName: string,
  check: Preflight,
  refuse: (check: Preflight) => void,
): Promise<InstallRequest[]> {
  const needed = new Map<string, InstallRequest>();
  await collect(context, http, packageName, check, refuse, needed);
  return [...needed.values()];
}

async function collect(
  context: Context,
  http: Http,
  needing: string,
  { dependencies = [] }: Preflight,
  refuse: (check: Preflight) => void,
  needed: Map<string, InstallRequest>,
): Promise<void> {
  for (const { option, packageName, serviceName } of dependencies) {
    if (needed.has(serviceName) || needed.size >= maxPackages) continue;
    const found = await describePackage(http, packageName);
    const request: InstallRequest = {
      packageName,
      packageVersion: String(found.version ?? ''),
      // A service has the name of its package where nothing else is asked for.
      ...(serviceName === packageName ? {} : { options: { service: { name: serviceName } } }),
    };
    const check = await preflight(http, request);
    refuse(check);
    await collect(context, http, packageName, check, refuse, needed);
    needed.set(serviceName, request);
    context.io.say(
      `${needing} needs the service '${serviceName}' (option ${option}), which is not installed: ` +
        `the package ${packageName} ${request.packageVersion} goes first.`,
    );
  }
}

/**
 * Asks for the installs; the one that needs them waits for them by itself, whether anybody watches
 * or not.
 */
export async function installFirst(
  context: Context,
  http: Http,
  needed: readonly InstallRequest[],
): Promise<void> {
  for (const request of needed) {
    const { isConflict } = await installPackage(http, request);
    const { packageName, packageVersion } = request;
    if (isConflict) continue;
    context.io.say(
      `Installing Marathon app for package [${packageName}] version [${packageVersion}]`,
    );
  }
}
