/**
 * Where releases come from: a folder in the Universe's own file format, read on first use and kept.
 */
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { DcosError, messageOf, systemCodeOf } from '../core/errors.js';
import { packageDefinitionSchema } from '../wire/universe.js';
import {
  type ExactObject,
  isExactObject,
  parseExactJson,
  stringifyExactJson,
  toPlainJson,
} from './exact-json.js';
import type { PackageRelease } from './packages.js';

/** A source of releases. Folders and repositories over HTTP look the same from here. */
export interface Repository {
  readonly name: string;
  readonly uri: string;
  /**
   * Throws `corrupt` for a package that cannot be read, `io` where the repository itself cannot be.
   */
  releases(): Promise<readonly PackageRelease[]>;
}

/**
 * The registry that is installed with the program:
 * `<dir>/<name>/<version>/{package,config,resource}.json`.
 */
export function folderRepository(name: string, uri: string, dir: string): Repository {
  let cached: Promise<readonly PackageRelease[]> | undefined;
  return {
    name,
    uri,
    releases: () => {
      cached ??= readAll({ name, uri }, dir).catch((error: unknown) => {
        cached = undefined;
        throw error;
      });
      return cached;
    },
  };
}

async function readAll(
  repository: PackageRelease['repository'],
  dir: string,
): Promise<readonly PackageRelease[]> {
  const names = await foldersOf(dir);
  const perName = names.map(async (name) => {
    const versions = (await foldersOf(join(dir, name))).sort(compareVersions);
    return Promise.all(
      versions.map((version, index) =>
        readRelease(repository, join(dir, name, version), name, version, index),
      ),
    );
  });
  return (await Promise.all(perName)).flat(1);
}

async function foldersOf(dir: string): Promise<string[]> {
  try {
    const entries = await readdir(dir, { withFileTypes: true });
    return entries
      .filter((entry) => entry.isDirectory() && !entry.name.startsWith('.'))
      .map((entry) => entry.name)
      .sort();
  } catch (error) {
    if (systemCodeOf(error) === 'ENOENT') return [];
    throw new DcosError('io', `the package folder ${dir} cannot be read: ${messageOf(error)}`, {
      cause: error,
    });
  }
}

/** Orders version texts as people do: numbers by value, `1.0-beta` before `1.0`. */
export function compareVersions(a: string, b: string): number {
  const parts = (text: string): string[] => text.match(/\d+|[a-z]+/gi) ?? [];
  const left = parts(a);
  const right = parts(b);
  for (let index = 0; index < Math.max(left.length, right.length); index += 1) {
    const order = rankOf(left[index]) - rankOf(right[index]);
    if (order !== 0) return order;
    const text = (left[index] ?? '').localeCompare(right[index] ?? '', 'en', { numeric: true });
    if (text !== 0) return text;
  }
  return 0;
}

// A word after the numbers (`-beta`, `-rc1`) comes before their end, a further number after it.
function rankOf(part: string | undefined): number {
  if (part === undefined) return 1;
  return /^\d/.test(part) ? 2 : 0;
}

/**
 * Packages of one's own, `<dir>/<name>/<version>/…`, read anew each time: what was put there a
 * moment ago is there. One that cannot be used is left out and told to `onBroken`.
 */
export function ownRepository(
  name: string,
  uri: string,
  dir: string,
  onBroken: (error: DcosError) => void,
): Repository {
  let last: readonly PackageRelease[] = [];
  return {
    name,
    uri,
    releases: async () => {
      const found: PackageRelease[] = [];
      for (const folder of await foldersOf(dir)) {
        const versions = (await foldersOf(join(dir, folder))).sort(compareVersions);
        for (const [index, version] of versions.entries()) {
          const path = join(dir, folder, version);
          try {
            found.push(await readRelease({ name, uri }, path, folder, version, index));
          } catch (error) {
            if (!(error instanceof DcosError)) throw error;
            onBroken(error);
          }
        }
      }
      // The same list as long as nothing has changed: nothing is merged again for it.
      if (JSON.stringify(found) !== JSON.stringify(last)) last = found;
      return last;
    },
  };
}

/** An author's own folder is looked at as our own packages are: here, and by the strict rules. */
const trusted = { name: 'built-in', uri: 'dcos://packages-registry' };

/** The package in a folder, wherever that stands. Throws `not-found`, `corrupt`. */
export async function readPackageFolder(folder: string): Promise<PackageRelease> {
  const about = await readJson(join(folder, 'package.json'));
  if (about === undefined) {
    throw new DcosError('not-found', `there is no package in ${folder}: it has no package.json`, {
      hint: 'Make one: dcos package create <name>',
    });
  }
  const { name, version } = about;
  return readRelease(trusted, folder, String(name), String(version), 0);
}

async function readRelease(
  repository: PackageRelease['repository'],
  folder: string,
  name: string,
  version: string,
  index: number,
): Promise<PackageRelease> {
  const [about, config, resource, template] = await Promise.all([
    readJson(join(folder, 'package.json')),
    readJson(join(folder, 'config.json')),
    readJson(join(folder, 'resource.json')),
    readOptional(join(folder, 'marathon.json.mustache')),
  ]);
  if (about === undefined) throw corrupt(folder, 'package.json is missing');
  const exact: ExactObject = {
    releaseVersion: index,
    ...about,
    ...(config === undefined ? {} : { config }),
    ...(resource === undefined ? {} : { resource }),
    ...(template === undefined
      ? {}
      : { marathon: { v2AppMustacheTemplate: Buffer.from(template).toString('base64') } }),
  };
  if (exact.name !== name || exact.version !== version) {
    throw corrupt(folder, `it holds ${String(exact.name)} ${String(exact.version)}`);
  }
  return toRelease(exact, repository, folder);
}

/**
 * A release from its definition. Throws `corrupt` for one that is not in a known packaging version.
 */
export function toRelease(
  exact: ExactObject,
  repository: PackageRelease['repository'],
  folder?: string,
): PackageRelease {
  const plain = toPlainJson(exact);
  const parsed = packageDefinitionSchema.safeParse(plain);
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    throw corrupt(folder ?? String(exact.name), `${issue?.path.join('.')}: ${issue?.message}`);
  }
  const exactText = stringifyExactJson(exact);
  return {
    definition: parsed.data,
    repository,
    ...(exactText === JSON.stringify(plain) ? {} : { exactText }),
    ...(folder === undefined ? {} : { folder }),
  };
}

function corrupt(folder: string, reason: string): DcosError {
  return new DcosError('corrupt', `the package in ${folder} cannot be used: ${reason}`);
}

async function readJson(path: string): Promise<ExactObject | undefined> {
  const text = await readOptional(path);
  if (text === undefined) return undefined;
  try {
    const value = parseExactJson(text);
    if (isExactObject(value)) return value;
  } catch (error) {
    throw corrupt(path, messageOf(error));
  }
  throw corrupt(path, 'it is not a JSON object');
}

/** The text of a file; `undefined` if there is none. */
export async function readOptional(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    if (systemCodeOf(error) === 'ENOENT') return undefined;
    throw new DcosError('io', `${path} cannot be read: ${messageOf(error)}`, { cause: error });
  }
}
