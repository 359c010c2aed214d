/**
 * The one door of `packages`: releases are found, options are checked, artifacts are fetched and apps are rendered.
 * `cluster/operations` calls it; the read-only part of the package API is among its `routes`.
 */
import type { Route } from '../core/http/server.js';
import type { JsonObject } from '../core/json.js';
import type { Logger } from '../core/logger.js';
import type { PackageDefinition } from '../wire/universe.js';

/** A release as it was found in a repository. JSON can hold all of it: operations keeps a copy of what it installs. */
export interface PackageRelease {
  readonly definition: PackageDefinition;
  /** Name and URI of the repository it came from. */
  readonly repository: { readonly name: string; readonly uri: string };
  /** The release's folder in the built-in registry; absent for a release of any other repository. */
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
  /** The error to answer with if there are problems (`JsonSchemaMismatch` or `OptionsNotAllowed`). */
  readonly error?: Error;
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

/** An installed release, as operations records it; the package API's lists are projections of it. */
export interface InstalledRelease {
  /** Absolute. */
  readonly appId: string;
  readonly definition: PackageDefinition;
  /** What the user gave, without defaults. */
  readonly userOptions: JsonObject;
}

/** A declarative service's own files. */
export interface ServiceFiles {
  /** Text of `service.yaml`. */
  readonly serviceYaml: string;
  /** Text by path below `templates/`. */
  readonly templates: Readonly<Record<string, string>>;
}

/** How `packages` is set up. */
export interface PackagesOptions {
  /** The built-in registry: `packages-registry` beside the installed program. */
  readonly registryDir: string;
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
  /** Whether agents must be given a Node runtime; false (default) where every agent has the attribute `node`. */
  readonly needsNode?: () => boolean | Promise<boolean>;
  /** What is installed now. */
  readonly installed: () => readonly InstalledRelease[] | Promise<readonly InstalledRelease[]>;
  readonly log: Logger;
}

/** The packages that can be installed, and all that an install needs of them. */
export interface Packages {
  /** The latest release, or the one of that version. Throws PackageNotFound, VersionNotFound, with the nearest names as hint. */
  find(name: string, version?: string): Promise<PackageRelease>;
  /** Finds a release and checks the user's options against it. Throws as `find`. */
  prepare(name: string, version: string | undefined, userOptions: JsonObject): Promise<Prepared>;
  /** As `prepare`, for a release that operations kept. */
  prepareRelease(release: PackageRelease, userOptions: JsonObject): Promise<Prepared>;
  /** What would have to be fetched. */
  planArtifacts(release: PackageRelease): Promise<ArtifactPlan[]>;
  /** Fetches, verifies and packs all archives of a release; the URL to serve for each asset. Resumable: what came is kept. */
  fetchArtifacts(
    release: PackageRelease,
    onProgress: (progress: ArtifactProgress) => void,
    signal: AbortSignal,
  ): Promise<Record<string, string>>;
  /** The Marathon app, with Cosmos' labels. Throws JsonParsingError, MarathonTemplateMustBeJsonObject and the like. */
  render(
    release: PackageRelease,
    userOptions: JsonObject,
    assetUrls: Readonly<Record<string, string>>,
    appId?: string,
  ): Promise<JsonObject>;
  /** `service.yaml` and its templates; `undefined` for a package without. */
  serviceFiles(release: PackageRelease): Promise<ServiceFiles | undefined>;
  /** `/package/…` (reading), `/capabilities`, `/cosmos/service/describe`, `/artifacts/…`. */
  readonly routes: readonly Route[];
}
