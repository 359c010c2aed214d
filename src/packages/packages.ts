/**
 * The one door of `packages`: releases are found, options are checked, artifacts are fetched and
 * apps are rendered. `cluster/operations` calls it; the read-only part of the package API is among
 * its `routes`.
 */
import { join } from 'node:path';
import type { DcosError } from '../core/errors.js';
import type { Route } from '../core/http/server.js';
import type { JsonObject } from '../core/json.js';
import type { PackageDefinition } from '../wire/universe.js';
import { openArchives } from './artifacts/archives.js';
import {
  type ArtifactsOptions,
  fetchArtifacts,
  knownUrls,
  planArtifacts,
  serviceFilesOf,
} from './artifacts/artifacts.js';
import { defaultCacheDir, openCache } from './artifacts/cache.js';
import { artifactsRoute } from './artifacts/serve.js';
import { openUploads } from './artifacts/uploads.js';
import { type Catalog, mergeRepositories, releaseOf, successorOf } from './catalog.js';
import { cosmosRoutes } from './cosmos.js';
import type { Evaluation, EvaluationRequest } from './evaluate.js';
import { evaluateRelease } from './evaluator.js';
import { parseExactObject } from './exact.js';
import { type ExactObject, stringifyExactJson, toPlainJson } from './exact-json.js';
import { optionsError, problemsOf } from './problems.js';
import { folderRepository, ownRepository, type Repository } from './repositories.js';

/**
 * A release as it was found in a repository. JSON can hold all of it: operations keeps a copy of
 * what it installs.
 */
export interface PackageRelease {
  readonly definition: PackageDefinition;
  /** The definition's text, present only where it has numbers that a double cannot hold. */
  readonly exactText?: string;
  /** Name and URI of the repository it came from. */
  readonly repository: { readonly name: string; readonly uri: string };
  /**
   * The release's folder in the built-in registry; absent for a release of any other repository.
   */
  readonly folder?: string;
}

/** Something of the user's options that has to be put right; all are found at once. */
export interface OptionProblem {
  /** JSON pointer into the options. */
  readonly pointer: string;
  readonly message: string;
  /** The nearest known key, or what is allowed. */
  readonly hint?: string;
}

/** What `prepare` found. */
export interface Prepared {
  readonly package: PackageRelease;
  /** Defaults and the user's options, merged. */
  readonly mergedOptions: JsonObject;
  /** Empty if the options are valid. */
  readonly problems: readonly OptionProblem[];
  /**
   * The error to answer with if there are problems (`JsonSchemaMismatch` or `OptionsNotAllowed`).
   */
  readonly error?: DcosError;
}

/** One archive that a release needs. */
export interface ArtifactPlan {
  /** Name in `resource.assets.uris`. */
  readonly asset: string;
  /** Package URLs or URLs of what goes into it. */
  readonly purls: readonly string[];
  /** To be fetched altogether, and of these already in the cache. 0 where unknown. */
  readonly bytes: number;
  readonly cachedBytes: number;
}

/** Progress of one archive, in bytes. */
export interface ArtifactProgress {
  readonly asset: string;
  readonly done: number;
  readonly total: number;
  readonly complete: boolean;
}

/**
 * An installed release, as operations records it; the package API's lists are projections of it.
 */
export interface InstalledRelease {
  /** Absolute. */
  readonly appId: string;
  readonly definition: PackageDefinition;
  /** As `PackageRelease.exactText`. */
  readonly exactText?: string;
  /** What the user gave, without defaults. */
  readonly userOptions: JsonObject;
}

/** A declarative service's own files. */
export interface ServiceFiles {
  /** Text of `service.yaml`. */
  readonly serviceYaml: string;
  /** Text of `commands.yaml`, where the package has commands of its own. */
  readonly commandsYaml?: string;
  /** Text by path below `templates/`. */
  readonly templates: Readonly<Record<string, string>>;
}

/** How `packages` is set up. */
export interface PackagesOptions {
  /** The built-in registry: `packages-registry` beside the installed program. */
  readonly registryDir: string;
  /** Packages of the user's own, `<name>/<version>/…`: `$DCOS_DIR/packages`. */
  readonly ownDir?: string;
  /** Told of a package there that cannot be used. */
  readonly onBroken?: (error: DcosError) => void;
  /** The installed program's own folder: it has `bin/`, `dist/`, `package.json`. */
  readonly programDir: string;
  /** Where packed archives are kept and served from: `local/control/artifacts`. */
  readonly artifactsDir: string;
  /** Where downloads are cached; by default `${XDG_CACHE_HOME:-~/.cache}/dcos`. */
  readonly cacheDir?: string;
  /** The text of `keys/cluster.key`; signs artifact paths. */
  readonly clusterKey: string;
  /** The control plane's address as agents reach it, `http://host:port`. */
  readonly advertiseUrl: string;
  /** Base URLs of repositories to be used instead of the tools (config `repositories.*`). */
  readonly repositories?: {
    readonly maven?: string | undefined;
    readonly pypi?: string | undefined;
    readonly npm?: string | undefined;
  };
  /**
   * Whether agents must be given a Node runtime; false (default) where every agent has the
   * attribute `node`.
   */
  readonly needsNode?: () => boolean | Promise<boolean>;
  /** What is installed now. */
  readonly installed: () => readonly InstalledRelease[] | Promise<readonly InstalledRelease[]>;
}

/** The packages that can be installed, and all that an install needs of them. */
export interface Packages {
  /**
   * The latest release, or the one of that version. Throws PackageNotFound, VersionNotFound, with
   * the nearest names as hint.
   */
  find(name: string, version?: string): Promise<PackageRelease>;
  /** Finds a release and checks the user's options against it. Throws as `find`. */
  prepare(name: string, version: string | undefined, userOptions: ExactObject): Promise<Prepared>;
  /**
   * The release of another version that an installed one may be updated to: by its `upgradesFrom`
   * or by the installed one's `downgradesTo`. Throws VersionNotFound, BadVersionUpdate.
   */
  successor(installed: PackageRelease, version: string): Promise<PackageRelease>;
  /** As `prepare`, for a release that operations kept. */
  prepareRelease(release: PackageRelease, userOptions: ExactObject): Promise<Prepared>;
  /** What would have to be fetched. */
  planArtifacts(release: PackageRelease, app?: JsonObject): Promise<ArtifactPlan[]>;
  /**
   * Fetches, verifies and packs all archives of a release; the URL to serve for each asset.
   * Resumable: what came is kept.
   */
  fetchArtifacts(
    release: PackageRelease,
    onProgress: (progress: ArtifactProgress) => void,
    signal: AbortSignal,
    assets?: readonly string[],
  ): Promise<Record<string, string>>;
  /**
   * The Marathon app, with Cosmos' labels. Throws JsonParsingError,
   * MarathonTemplateMustBeJsonObject and the like.
   */
  render(
    release: PackageRelease,
    userOptions: ExactObject,
    assetUrls: Readonly<Record<string, string>>,
    appId?: string,
  ): Promise<JsonObject>;
  /** `service.yaml` and what stands beside it; `undefined` for a package without. */
  serviceFiles(release: PackageRelease): Promise<ServiceFiles | undefined>;
  /** `/package/…` (reading), `/capabilities`, `/cosmos/service/describe`, `/artifacts/…`. */
  readonly routes: readonly Route[];
}

/**
 * Name and URI of the built-in registry: an app's DCOS_PACKAGE_SOURCE must not change with where
 * the program is installed.
 */
const builtIn = { name: 'built-in', uri: 'dcos://packages-registry' };

/** Sets up the packages. Reads nothing yet. */
export function createPackages(options: PackagesOptions): Packages {
  const repositories: Repository[] = [
    folderRepository(builtIn.name, builtIn.uri, options.registryDir),
  ];
  if (options.ownDir !== undefined) {
    const { ownDir, onBroken = () => {} } = options;
    repositories.push(ownRepository('own', 'dcos://own-packages', ownDir, onBroken));
  }
  const artifacts = artifactsOf(options);
  const { artifactsDir, clusterKey, advertiseUrl } = options;
  const uploads = openUploads(join(artifactsDir, 'uploads'), clusterKey, advertiseUrl);
  const catalog = catalogOf(repositories);
  const find: Packages['find'] = async (name, version) => releaseOf(await catalog(), name, version);
  const routes = [
    uploads.route,
    artifactsRoute(artifacts.archives, uploads, options.clusterKey),
    ...cosmosRoutes({
      catalog,
      repositories,
      installed: options.installed,
      renderPreview: async (release, userOptions, appId) =>
        renderRelease(release, userOptions, await knownUrls(release, artifacts), appId),
    }),
  ];
  return {
    find,
    prepare: async (name, version, userOptions) =>
      prepareRelease(await find(name, version), userOptions),
    successor: async (installed, version) =>
      successorOf(await catalog(), installed.definition, version),
    prepareRelease,
    planArtifacts: (release, app) => planArtifacts(release, artifacts, app),
    fetchArtifacts: (release, onProgress, signal, assets) =>
      fetchArtifacts(release, artifacts, onProgress, signal, assets),
    render: renderRelease,
    serviceFiles: serviceFilesOf,
    routes,
  };
}

function artifactsOf(options: PackagesOptions): ArtifactsOptions {
  const { artifactsDir, clusterKey, advertiseUrl, programDir } = options;
  return {
    cache: openCache(options.cacheDir ?? defaultCacheDir()),
    archives: openArchives(artifactsDir, clusterKey, advertiseUrl),
    programDir,
    baseUrls: options.repositories ?? {},
    needsNode: options.needsNode ?? (() => false),
  };
}

/** Merging is done again only when a repository has read itself anew. */
function catalogOf(repositories: readonly Repository[]): () => Promise<Catalog> {
  let merged: { readonly from: readonly unknown[]; readonly catalog: Catalog } | undefined;
  return async () => {
    const lists = await Promise.all(repositories.map((repository) => repository.releases()));
    if (merged === undefined || lists.some((list, index) => list !== merged?.from[index])) {
      merged = { from: lists, catalog: mergeRepositories(lists) };
    }
    return merged.catalog;
  };
}

async function prepareRelease(
  release: PackageRelease,
  userOptions: ExactObject,
): Promise<Prepared> {
  const { mergedOptions, failure } = await evaluate(release, 'check', userOptions);
  const prepared = {
    package: release,
    mergedOptions: toPlainJson(parseExactObject(mergedOptions)) as JsonObject,
  };
  if (failure === undefined) return { ...prepared, problems: [] };
  return { ...prepared, problems: problemsOf(failure), error: optionsError(failure) };
}

async function renderRelease(
  release: PackageRelease,
  userOptions: ExactObject,
  assetUrls: Readonly<Record<string, string>>,
  appId?: string,
): Promise<JsonObject> {
  const { app, failure } = await evaluate(release, 'render', userOptions, { assetUrls, appId });
  if (failure !== undefined) throw optionsError(failure);
  return app ?? {};
}

function evaluate(
  release: PackageRelease,
  what: EvaluationRequest['what'],
  userOptions: ExactObject,
  more: Pick<EvaluationRequest, 'assetUrls' | 'appId'> = {},
): Promise<Evaluation> {
  const request = {
    what,
    definition: release.definition,
    exactText: release.exactText,
    repositoryUri: release.repository.uri,
    userOptions: stringifyExactJson(userOptions),
    ...more,
  };
  return evaluateRelease(request, release.repository.uri === builtIn.uri);
}
