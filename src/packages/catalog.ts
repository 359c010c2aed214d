/**
 * What can be installed: releases of several repositories as one list, latest, by version, search
 * (cosmos-api.md §3, §4).
 */
import type { DcosError } from '../core/errors.js';
import { nearestOrPart } from '../core/suggest.js';
import { cosmosError } from '../wire/cosmos.js';
import type { PackageDefinition } from '../wire/universe.js';
import type { PackageRelease } from './packages.js';

/** Releases, by name, then in order of preference: the first of a name is its latest. */
export type Catalog = readonly PackageRelease[];

/**
 * Merges repositories, the most preferred first. Of the same name and version the most preferred
 * repository's biggest release is kept. Order: name, repository, releaseVersion downwards; version
 * numbers are never compared.
 */
export function mergeRepositories(repositories: readonly (readonly PackageRelease[])[]): Catalog {
  const indexed = repositories.flatMap((releases, index) =>
    releases.map((release) => ({ release, index })),
  );
  indexed.sort(
    (a, b) =>
      byBytes(a.release.definition.name, b.release.definition.name) ||
      a.index - b.index ||
      b.release.definition.releaseVersion - a.release.definition.releaseVersion,
  );
  const seen = new Set<string>();
  const kept: PackageRelease[] = [];
  for (const { release } of indexed) {
    const key = `${release.definition.name} ${release.definition.version}`;
    if (seen.has(key)) continue;
    seen.add(key);
    kept.push(release);
  }
  return kept;
}

function byBytes(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

/**
 * All releases of a package, latest first. Throws PackageNotFound, with the nearest name as hint.
 */
function releasesOf(
  catalog: Catalog,
  name: string,
): readonly [PackageRelease, ...PackageRelease[]] {
  const [latest, ...others] = catalog.filter((release) => release.definition.name === name);
  if (latest === undefined) throw packageNotFound(catalog, name);
  return [latest, ...others];
}

/**
 * One release: the latest where no version is given. Throws PackageNotFound, VersionNotFound, with
 * the nearest as hint.
 */
export function releaseOf(catalog: Catalog, name: string, version?: string): PackageRelease {
  const releases = releasesOf(catalog, name);
  if (version === undefined) return releases[0];
  const found = releases.find((release) => release.definition.version === version);
  if (found !== undefined) return found;
  const versions = releases.map((release) => release.definition.version);
  const guess = nearestOrPart(version, versions);
  const more = versions.length > 8 ? ', …' : '';
  const known = `versions of ${name}: ${versions.slice(0, 8).join(', ')}${more}`;
  throw cosmosError(
    'VersionNotFound',
    `Version [${version}] of package [${name}] not found`,
    { packageName: name, packageVersion: version },
    guess === undefined ? known : `did you mean ${guess}? ${known}`,
  );
}

function packageNotFound(catalog: Catalog, name: string): DcosError {
  const guess = nearestOrPart(name, [
    ...new Set(catalog.map((release) => release.definition.name)),
  ]);
  return cosmosError(
    'PackageNotFound',
    `Package [${name}] not found`,
    { packageName: name },
    guess === undefined
      ? '`dcos package search` lists what there is'
      : `did you mean ${guess}? \`dcos package search\` lists what there is`,
  );
}

/** One entry of a search's answer (§1). */
export interface SearchResult {
  readonly name: string;
  readonly currentVersion: string;
  readonly versions: Readonly<Record<string, number>>;
  readonly description: string;
  readonly framework: boolean;
  readonly tags: readonly string[];
  readonly selected?: boolean;
  readonly images?: unknown;
}

/**
 * Packages whose name, description or a tag matches; `*` in the query stands for anything, anchored
 * and case-sensitive.
 */
export function searchCatalog(catalog: Catalog, query: string | undefined): SearchResult[] {
  const matches = matcherOf(query);
  const latest = new Map<string, PackageDefinition>();
  const versions = new Map<string, [string, number][]>();
  for (const { definition } of catalog) {
    if (!latest.has(definition.name)) latest.set(definition.name, definition);
    const listed = versions.get(definition.name) ?? [];
    listed.push([definition.version, definition.releaseVersion]);
    versions.set(definition.name, listed);
  }
  return [...latest.values()]
    .filter((found) => [found.name, describe(found), ...found.tags].some(matches))
    .map((found) => toResult(found, versions.get(found.name) ?? []))
    .sort(
      (a, b) =>
        Number(b.selected === true) - Number(a.selected === true) || byBytes(a.name, b.name),
    );
}

// A quirk that clients see: of packaging version 5.0 Cosmos shows the maintainer here (§4).
function describe(definition: PackageDefinition): string {
  return definition.packagingVersion === '5.0' ? definition.maintainer : definition.description;
}

function toResult(found: PackageDefinition, versions: readonly [string, number][]): SearchResult {
  const { selected, resource } = found;
  return {
    name: found.name,
    currentVersion: found.version,
    versions: Object.fromEntries(versions),
    description: describe(found),
    framework: found.framework ?? false,
    tags: found.tags,
    ...(selected === undefined || selected === null ? {} : { selected }),
    ...(resource?.images ? { images: resource.images } : {}),
  };
}

function matcherOf(query: string | undefined): (text: string) => boolean {
  if (query === undefined) return () => true;
  if (!query.includes('*')) {
    const part = query.toLowerCase();
    return (text) => text.toLowerCase().includes(part);
  }
  return (text) => matchesGlob(text, query.split('*'));
}

/**
 * Whether the parts stand in the text in this order, the first at its start, the last at its end,
 * no line end between.
 */
function matchesGlob(text: string, parts: readonly string[]): boolean {
  const first = parts[0] ?? '';
  const last = parts.at(-1) ?? '';
  if (text.includes('\n') || text.length < first.length + last.length) return false;
  if (!text.startsWith(first) || !text.endsWith(last)) return false;
  const end = text.length - last.length;
  let at = first.length;
  for (const part of parts.slice(1, -1)) {
    const found = text.indexOf(part, at);
    if (found < 0 || found + part.length > end) return false;
    at = found + part.length;
  }
  return true;
}

/** `list-versions`' answer: releaseVersion, as text, by version. Throws PackageNotFound. */
export function listVersions(catalog: Catalog, name: string): Record<string, string> {
  return Object.fromEntries(
    releasesOf(catalog, name).map(({ definition }) => [
      definition.version,
      String(definition.releaseVersion),
    ]),
  );
}

/**
 * Versions that an installed release can be updated to: those whose `upgradesFrom` names it or `*`
 * (§10).
 */
export function upgradesTo(catalog: Catalog, name: string, version: string): string[] {
  return catalog
    .filter(({ definition }) => definition.name === name)
    .filter(({ definition }) =>
      (definition.upgradesFrom ?? []).some((from) => from === '*' || from === version),
    )
    .map(({ definition }) => definition.version);
}

/** Existing versions that the installed release says it can go back to (§10). */
export function downgradesTo(catalog: Catalog, installed: PackageDefinition): string[] {
  const allowed = installed.downgradesTo ?? [];
  return catalog
    .filter(({ definition }) => definition.name === installed.name)
    .map(({ definition }) => definition.version)
    .filter((version) => allowed.includes('*') || allowed.includes(version));
}

/**
 * The release of `version`, which the installed one may become. Throws VersionNotFound, and
 * BadVersionUpdate naming the versions that it may become.
 */
export function successorOf(
  catalog: Catalog,
  installed: PackageDefinition,
  version: string,
): PackageRelease {
  const { name, version: actual } = installed;
  const release = releaseOf(catalog, name, version);
  const up = upgradesTo(catalog, name, actual);
  const valid = [...new Set([...up, ...downgradesTo(catalog, installed)])];
  if (valid.includes(version)) return release;
  const others = valid.filter((other) => other !== actual);
  throw cosmosError(
    'BadVersionUpdate',
    `${name} ${actual} cannot become ${version}`,
    { currentVersion: actual, updateVersion: version, validVersions: others },
    others.length === 0
      ? `Nothing follows ${actual} and there is no way back from it`
      : `It can become ${others.join(', ')}`,
  );
}
