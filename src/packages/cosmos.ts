/**
 * The package API that only reads: search, describe, versions, render, what is installed
 * (cosmos-api.md §1, §8, §10). Changes are `cluster/operations`'.
 */
import type { Route } from '../core/http/server.js';
import { cosmosError, cosmosRequests, mediaType } from '../wire/cosmos.js';
import type { PackageDefinition } from '../wire/universe.js';
import {
  type Catalog,
  downgradesTo,
  listVersions,
  releaseOf,
  searchCatalog,
  upgradesTo,
} from './catalog.js';
import { cosmosRoute } from './cosmos-route.js';
import { defaultsOf, mergeOptions } from './defaults.js';
import { exactOf } from './exact.js';
import type { ExactJson, ExactObject } from './exact-json.js';
import type { InstalledRelease, PackageRelease } from './packages.js';

/** What the routes read. */
export interface CosmosSource {
  catalog(): Promise<Catalog>;
  readonly repositories: readonly { readonly name: string; readonly uri: string }[];
  installed(): readonly InstalledRelease[] | Promise<readonly InstalledRelease[]>;
  /** The app of a release with the user's options, as far as it is known without fetching. */
  renderPreview(
    release: PackageRelease,
    userOptions: ExactObject,
    appId: string | undefined,
  ): Promise<ExactObject>;
}

// The parts of DC/OS that clients look for, of those that Cosmos names.
const capabilities = ['PACKAGE_MANAGEMENT', 'METRONOME', 'LOGGING', 'LOGGING_V2'];

/** The routes. */
export function cosmosRoutes(source: CosmosSource): Route[] {
  return [
    cosmosRoute({
      path: '/capabilities',
      responses: [mediaType('', 1, 'capabilities')],
      handle: () => ({ capabilities: capabilities.map((name) => ({ name })) }),
    }),
    searchRoute(source),
    versionsRoute(source),
    describeRoute(source),
    renderRoute(source),
    listRoute(source),
    repositoriesRoute(source),
    serviceDescribeRoute(source),
  ];
}

function searchRoute({ catalog }: CosmosSource): Route {
  return cosmosRoute({
    path: '/package/search',
    request: { mediaType: mediaType('search-request', 1), schema: cosmosRequests.search },
    responses: [mediaType('search-response', 1)],
    handle: async ({ query }) => {
      const packages = searchCatalog(await catalog(), query ?? undefined);
      return { packages: packages as unknown as ExactJson };
    },
  });
}

function versionsRoute({ catalog }: CosmosSource): Route {
  return cosmosRoute({
    path: '/package/list-versions',
    request: {
      mediaType: mediaType('list-versions-request', 1),
      schema: cosmosRequests.listVersions,
    },
    responses: [mediaType('list-versions-response', 1)],
    handle: async ({ packageName }) => ({ results: listVersions(await catalog(), packageName) }),
  });
}

function describeRoute({ catalog }: CosmosSource): Route {
  const v3 = mediaType('describe-response', 3);
  return cosmosRoute({
    path: '/package/describe',
    request: { mediaType: mediaType('describe-request', 1), schema: cosmosRequests.describe },
    responses: [v3, mediaType('describe-response', 2)],
    handle: async ({ packageName, packageVersion }, chosen) => {
      const release = releaseOf(await catalog(), packageName, packageVersion ?? undefined);
      const exact = exactOf(release);
      return chosen === v3 ? { package: exact } : flattened(release.definition, exact);
    },
  });
}

function renderRoute({ catalog, renderPreview }: CosmosSource): Route {
  return cosmosRoute({
    path: '/package/render',
    request: { mediaType: mediaType('render-request', 1), schema: cosmosRequests.render },
    responses: [mediaType('render-response', 1)],
    handle: async ({ packageName, packageVersion, options, appId }) => {
      const release = releaseOf(await catalog(), packageName, packageVersion ?? undefined);
      const userOptions = (options ?? {}) as ExactObject;
      return { marathonJson: await renderPreview(release, userOptions, appId ?? undefined) };
    },
  });
}

function listRoute({ installed }: CosmosSource): Route {
  return cosmosRoute({
    path: '/package/list',
    request: { mediaType: mediaType('list-request', 1), schema: cosmosRequests.list },
    responses: [mediaType('list-response', 1)],
    handle: async ({ packageName, appId }) => {
      const listed = [...(await installed())]
        .filter((one) => !packageName || one.definition.name === packageName)
        .filter((one) => !appId || one.appId === appId)
        .sort((a, b) => compare(a.definition.name, b.definition.name) || compare(a.appId, b.appId));
      return { packages: listed.map(listedAs) };
    },
  });
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

function repositoriesRoute({ repositories }: CosmosSource): Route {
  return cosmosRoute({
    path: '/package/repository/list',
    request: {
      mediaType: mediaType('repository.list-request', 1),
      schema: cosmosRequests.repositoryList,
    },
    responses: [mediaType('repository.list-response', 1)],
    handle: () => ({ repositories: repositories.map(({ name, uri }) => ({ name, uri })) }),
  });
}

function serviceDescribeRoute({ catalog, installed }: CosmosSource): Route {
  return cosmosRoute({
    path: '/cosmos/service/describe',
    request: {
      mediaType: mediaType('describe-request', 1, 'service'),
      schema: cosmosRequests.serviceDescribe,
    },
    responses: [mediaType('describe-response', 1, 'service')],
    handle: async ({ appId }) => {
      const found = (await installed()).find((one) => one.appId === appId);
      if (found === undefined) {
        throw cosmosError(
          'MarathonAppNotFound',
          `Unable to locate service with marathon appId: '${appId}'`,
          { appId },
          '`dcos package list` shows what is installed',
        );
      }
      const { definition, userOptions } = found;
      const exact = exactOf(found);
      const all = await catalog();
      return {
        package: exact,
        upgradesTo: upgradesTo(all, definition.name, definition.version),
        downgradesTo: downgradesTo(all, definition),
        resolvedOptions: mergeOptions(defaultsOf(exact.config), userOptions as ExactObject),
        userProvidedOptions: userOptions as ExactObject,
      };
    },
  });
}

const detailFields = [
  ...['packagingVersion', 'name', 'version', 'maintainer', 'description', 'tags', 'scm', 'website'],
  ...['preInstallNotes', 'postInstallNotes', 'postUninstallNotes', 'licenses'],
];

/** The fields that version 2 of the API has of any package. */
function detailsOf(exact: ExactObject): ExactObject {
  const kept = detailFields.flatMap((field) => {
    const value = exact[field];
    return value === undefined ? [] : [[field, value] as const];
  });
  const { selected = null, framework = null } = exact;
  return {
    ...Object.fromEntries(kept),
    selected: selected ?? false,
    framework: framework ?? false,
  };
}

function flattened(definition: PackageDefinition, exact: ExactObject): ExactObject {
  const { packagingVersion, upgradesFrom, downgradesTo: down } = definition;
  if (packagingVersion === '5.0' || upgradesFrom?.length || down?.length) {
    throw cosmosError(
      'ConversionFromPackageToV2DescribeResponse',
      'A package with upgradesFrom or downgradesTo, or of version 5.0, has no v2 description',
      undefined,
      `ask for version 3: Accept: ${mediaType('describe-response', 3)}`,
    );
  }
  const { config = null, resource = null, marathon = null, command = null } = exact;
  return { ...detailsOf(exact), config, resource, marathon, command };
}

function listedAs(one: InstalledRelease): ExactObject {
  const exact = exactOf(one);
  return {
    appId: one.appId,
    packageInformation: {
      packageDefinition: detailsOf(exact),
      resourceDefinition: exact.resource ?? null,
    },
  };
}
