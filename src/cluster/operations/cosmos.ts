/**
 * The calls of the package API that change something: install, uninstall, update (cosmos-api.md §7,
 * §9, §10). Each records an operation and answers at once.
 */
import type { Request, Route } from '../../core/http/server.js';
import type { JsonObject } from '../../core/json.js';
import { cosmosRoute } from '../../packages/cosmos-route.js';
import { mergeOptions } from '../../packages/defaults.js';
import { exactOf } from '../../packages/exact.js';
import { type ExactJson, type ExactObject, toPlainJson } from '../../packages/exact-json.js';
import type { Packages } from '../../packages/packages.js';
import { cosmosError, cosmosRequests, mediaType } from '../../wire/cosmos.js';
import type { Operator } from '../operator.js';
import type { Apps } from './apps.js';
import { dependentsOn, missingDependencies } from './dependencies.js';
import type { RequestOutcome } from './events.js';
import {
  type CheckedWish,
  checkRelease,
  checkWish,
  feasibility,
  impossibleError,
} from './preflight.js';
import type { Operations } from './run.js';
import type { AppFacts, Installed } from './state.js';

/** What the calls work with. */
export interface CosmosOperationsOptions {
  readonly operations: Operations;
  readonly packages: Packages;
  readonly apps: Apps;
  readonly operator: Operator;
}

/** Names the operation that does the work, or the one that is in the way. */
const operationHeader = 'Dcos-Operation-Id';

/** The routes. */
export function cosmosOperationRoutes(options: CosmosOperationsOptions): Route[] {
  return [installRoute(options), uninstallRoute(options), updateRoute(options)];
}

function installRoute({ operations, packages, apps, operator }: CosmosOperationsOptions): Route {
  const v2 = mediaType('install-response', 2);
  return cosmosRoute({
    path: '/package/install',
    request: { mediaType: mediaType('install-request', 1), schema: cosmosRequests.install },
    responses: [v2, mediaType('install-response', 1)],
    handle: async ({ packageName, packageVersion, options, appId }, chosen, request) => {
      const userOptions = plain(options);
      const checked = await checkWish(packages, {
        packageName,
        packageVersion: packageVersion ?? undefined,
        options: userOptions,
        appId: appId ?? undefined,
      });
      const { release, facts, assets } = checked;
      const known = operations.state.installed.get(checked.appId);
      if (known === undefined || known.status === 'failed') {
        const found = await feasibility(packages, operator, checked);
        if (found.impossible.length > 0) throw impossibleError(found);
        throwMissing(operations, facts);
        // An app of that id that no package made must not be overwritten.
        if (known === undefined && (await apps.get(checked.appId)) !== undefined)
          throw alreadyInstalled();
      }
      const outcome = await operations.request((ids) => ({
        type: 'InstallRequested',
        ...ids,
        appId: checked.appId,
        release,
        userOptions,
        facts,
        assets,
      }));
      tellOperation(request, outcome);
      if (!outcome.accepted) throw alreadyInstalled();
      const { name, version, postInstallNotes } = release.definition;
      const answer = { packageName: name, packageVersion: version, appId: checked.appId };
      if (chosen !== v2) return answer;
      const { cli } = (exactOf(release).resource ?? {}) as ExactObject;
      return { ...answer, postInstallNotes: postInstallNotes ?? null, cli: cli ?? null };
    },
  });
}

function uninstallRoute({ operations, apps }: CosmosOperationsOptions): Route {
  return cosmosRoute({
    path: '/package/uninstall',
    request: { mediaType: mediaType('uninstall-request', 1), schema: cosmosRequests.uninstall },
    responses: [mediaType('uninstall-response', 1)],
    handle: async ({ packageName, appId, all }, _chosen, request) => {
      const installed = [...operations.state.installed.values()];
      const named = installed.filter(({ release }) => release.definition.name === packageName);
      const chosen = appId ? named.filter((each) => each.appId === appId) : named;
      if (chosen.length === 0) throw await notInstalled(apps, packageName, appId ?? undefined);
      if (chosen.length > 1 && all !== true) throw ambiguous(packageName, chosen);
      for (const each of chosen) throwInUse(operations, each);
      const results: ExactJson[] = [];
      for (const each of chosen) {
        const outcome = await operations.request((ids) => ({
          type: 'UninstallRequested',
          ...ids,
          appId: each.appId,
        }));
        tellOperation(request, outcome);
        results.push(uninstalled(each));
      }
      return { results };
    },
  });
}

/** What nobody provides is told before anything is done. */
function throwMissing({ state }: Operations, { dependencies = [] }: AppFacts): void {
  const [first] = missingDependencies(state, dependencies);
  if (first === undefined) return;
  const { option, packageName, serviceName } = first;
  throw cosmosError(
    'ServiceDependencyMissing',
    `it needs the service [${serviceName}], which the option ${option} names and is not installed`,
    { option, packageName, serviceName },
    `Install it first: dcos package install ${packageName}`,
  );
}

/** A service goes after those that use it: they clean up there when they are uninstalled. */
function throwInUse({ state }: Operations, { appId, facts }: Installed): void {
  const used = facts.serviceName === undefined ? [] : dependentsOn(state, facts.serviceName);
  if (used.length === 0) return;
  throw cosmosError(
    'ServiceInUse',
    `[${appId}] is used by [${used.join(', ')}]`,
    { appId, dependents: used },
    'Uninstall those first.',
  );
}

function uninstalled({ appId, release }: Installed): ExactJson {
  const { name, version, postUninstallNotes } = release.definition;
  return {
    packageName: name,
    appId,
    packageVersion: version,
    postUninstallNotes: postUninstallNotes ?? null,
  };
}

function updateRoute(options: CosmosOperationsOptions): Route {
  const { operations, packages, operator, apps } = options;
  return cosmosRoute({
    path: '/cosmos/service/update',
    request: {
      mediaType: mediaType('update-request', 1, 'service'),
      schema: cosmosRequests.serviceUpdate,
    },
    responses: [mediaType('update-response', 1, 'service')],
    handle: async (body, _chosen, request) => {
      const { appId, packageVersion, options: changes, replace } = body;
      const installed = operations.state.installed.get(appId);
      if (installed === undefined) throw appNotFound(appId);
      const actual = installed.release.definition.version;
      const another = packageVersion && packageVersion !== actual;
      const release = another
        ? await packages.successor(installed.release, packageVersion)
        : installed.release;
      const given = plain(changes);
      const userOptions = replace
        ? given
        : (toPlainJson(mergeOptions(installed.userOptions, given)) as JsonObject);
      const prepared = await packages.prepareRelease(release, userOptions);
      if (prepared.error !== undefined) throw prepared.error;
      const checked = await checkRelease(packages, release, userOptions, undefined);
      await checkId(packages, installed, checked.appId);
      const found = await feasibility(packages, operator, checked, 'update');
      if (found.impossible.length > 0) throw impossibleError(found);
      const { facts, assets } = checked;
      throwMissing(operations, facts);
      await throwRefused(packages, apps, checked);
      const outcome = await operations.request((ids) => ({
        type: 'UpdateRequested',
        ...ids,
        appId,
        userOptions,
        facts,
        assets,
        ...(another ? { release } : {}),
      }));
      tellOperation(request, outcome);
      if (!outcome.accepted) throw appNotFound(appId);
      return {
        package: exactOf(release),
        resolvedOptions: prepared.mergedOptions as ExactObject,
        marathonDeploymentId: outcome.operationId,
      };
    },
  });
}

/** The service's own scheduler judges what it would become, before anything is changed. */
async function throwRefused(packages: Packages, apps: Apps, checked: CheckedWish): Promise<void> {
  const { serviceName } = checked.facts;
  const files = await packages.serviceFiles(checked.release);
  if (serviceName === undefined || files === undefined) return;
  const { optionsOf } = await import('./service-needs.js');
  const { serviceYaml, templates } = files;
  const candidate = { serviceYaml, templates, variables: optionsOf(checked.app) };
  const refusals = await apps.refusals(serviceName, candidate).catch(() => []);
  if (refusals.length === 0) return;
  throw cosmosError(
    'ServiceUpdateRefused',
    `the service [${serviceName}] cannot be changed so: ${refusals.join('; ')}`,
    { appId: checked.appId, reasons: refusals },
    'Nothing was changed.',
  );
}

/**
 * An app keeps its id, the package's own or one that the user chose: an update whose options change
 * it is refused.
 */
async function checkId(packages: Packages, installed: Installed, newAppId: string): Promise<void> {
  const { appId, release, userOptions } = installed;
  if (appId === newAppId) return;
  const before = await checkRelease(packages, release, userOptions, undefined);
  if (before.appId === newAppId) return;
  throw cosmosError('AppIdChanged', `The application ID changed from [${appId}] to [${newAppId}]`, {
    newAppId,
    oldAppId: appId,
  });
}

function plain(options: unknown): JsonObject {
  return toPlainJson((options ?? {}) as ExactObject) as JsonObject;
}

function tellOperation(request: Request, outcome: RequestOutcome): void {
  const id = outcome.accepted ? outcome.operationId : outcome.running;
  if (id !== undefined) request.response.setHeader(operationHeader, id);
}

function alreadyInstalled() {
  return cosmosError('PackageAlreadyInstalled', 'Package is already installed');
}

function appNotFound(appId: string) {
  return cosmosError(
    'MarathonAppNotFound',
    `Unable to locate service with marathon appId: '${appId}'`,
    { appId },
  );
}

function ambiguous(packageName: string, found: readonly Installed[]) {
  const appIds = found.map(({ appId }) => appId);
  return cosmosError(
    'AmbiguousAppId',
    `Multiple apps named [${packageName}] are installed: [${appIds.join(', ')}]`,
    { packageName, appIds },
  );
}

async function notInstalled(apps: Apps, packageName: string, appId: string | undefined) {
  if (appId !== undefined && (await apps.get(appId)) === undefined) {
    return cosmosError(
      'UninstallNonExistentAppForPackage',
      `Package [${packageName}] with id [${appId}] is not installed`,
      { packageName, appId },
    );
  }
  return cosmosError('PackageNotInstalled', `Package [${packageName}] is not installed`, {
    packageName,
  });
}
