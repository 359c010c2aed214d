/**
 * What goes into an archive: fetched files as they are, and the content of wheels and of npm's
 * archives.
 */
import { createReadStream } from 'node:fs';
import { readdir, rm, stat } from 'node:fs/promises';
import { join, relative, sep } from 'node:path';
import type { Readable } from 'node:stream';
import { extract } from 'tar';
import { type Entry, openPromise, type ZipFile } from 'yauzl';
import { DcosError } from '../../core/errors.js';
import type { FileCache } from './cache.js';
import { leavesFolder, type PackEntry } from './pack.js';
import type { ArchiveSpec, ArtifactFile } from './resolve.js';

/** The content of one archive, in an order that follows from its spec alone. */
export async function* entriesOf(spec: ArchiveSpec, cache: FileCache): AsyncGenerator<PackEntry> {
  const prefix = spec.folder === '' ? '' : `${spec.folder}/`;
  const files = [...spec.files].sort((a, b) => (a.fileName < b.fileName ? -1 : 1));
  for (const file of files) {
    const path = cache.path(file.sha256);
    if (file.unpack === 'zip') yield* zipEntries(path, file, prefix);
    else if (file.unpack === 'tgz') yield* tgzEntries(path, file, prefix, cache);
    else {
      const { size } = await stat(path);
      const open = (): Readable => createReadStream(path);
      yield { path: `${prefix}${file.fileName}`, executable: false, size, open };
    }
  }
}

/** The path inside our archive of an entry inside another; `undefined` if it is not wanted. */
function placeOf(name: string, file: ArtifactFile, prefix: string): string | undefined {
  if (file.strip === '') return `${prefix}${name}`;
  return name.startsWith(`${file.strip}/`)
    ? `${prefix}${name.slice(file.strip.length + 1)}`
    : undefined;
}

async function* zipEntries(
  path: string,
  file: ArtifactFile,
  prefix: string,
): AsyncGenerator<PackEntry> {
  const zip = await openZip(path, file);
  try {
    const found: { entry: Entry; place: string }[] = [];
    for await (const entry of zip.eachEntry()) {
      const name = entry.fileName;
      if (leavesFolder(name)) throw damaged(file, `its entry ${name} leads out of its folder`);
      const place = placeOf(name, file, prefix);
      if (place !== undefined && !place.endsWith('/')) found.push({ entry, place });
      if (found.length > 100_000) throw damaged(file, 'it has too many entries');
    }
    found.sort((a, b) => (a.place < b.place ? -1 : 1));
    for (const { entry, place } of found) {
      const mode = entry.externalFileAttributes >>> 16;
      if ((mode & 0o170000) === 0o120000) throw damaged(file, `${entry.fileName} is a link`);
      yield {
        path: place,
        executable: (mode & 0o111) !== 0 || isProgram(entry.fileName, file),
        size: entry.uncompressedSize,
        open: () => zip.openReadStreamPromise(entry),
      };
    }
  } finally {
    zip.close();
  }
}

function isProgram(name: string, { strip, programs }: ArtifactFile): boolean {
  return programs.includes(strip === '' ? name : name.slice(strip.length + 1));
}

async function openZip(path: string, file: ArtifactFile): Promise<ZipFile> {
  try {
    return await openPromise(path, { autoClose: false });
  } catch (error) {
    throw damaged(file, String(error));
  }
}

/**
 * A tar file is read from front to back only, so it is unpacked beside the cache and taken from
 * there, sorted.
 */
async function* tgzEntries(
  path: string,
  file: ArtifactFile,
  prefix: string,
  cache: FileCache,
): AsyncGenerator<PackEntry> {
  const folder = await cache.workFolder();
  const found: PackEntry[] = [];
  let refusal: DcosError | undefined;
  try {
    await extract({
      file: path,
      cwd: folder,
      strict: true,
      preserveOwner: false,
      filter: (name, entry) => {
        const type = 'type' in entry ? entry.type : 'File';
        refusal ??= refusalOf(name, type, file);
        return refusal === undefined && placeOf(name, file, '') !== undefined;
      },
    });
    if (refusal !== undefined) throw refusal;
    for (const entry of await readdir(folder, { recursive: true, withFileTypes: true })) {
      if (!entry.isFile()) continue;
      const onDisk = join(entry.parentPath, entry.name);
      const place = placeOf(relative(folder, onDisk).replaceAll(sep, '/'), file, prefix);
      const { size, mode } = await stat(onDisk);
      const open = (): Readable => createReadStream(onDisk);
      if (place) found.push({ path: place, executable: (mode & 0o111) !== 0, size, open });
    }
    found.sort((a, b) => (a.path < b.path ? -1 : 1));
    yield* found;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/**
 * Why an entry cannot be taken; `undefined` if it can be, or is not wanted. Never throws: tar calls
 * it from a stream.
 */
function refusalOf(name: string, type: string, file: ArtifactFile): DcosError | undefined {
  if (leavesFolder(name)) return damaged(file, `its entry ${name} leads out of its folder`);
  if (placeOf(name, file, '') === undefined) return undefined;
  if (['File', 'OldFile', 'Directory'].includes(type)) return undefined;
  return damaged(file, `${name} is a ${type}`);
}

function damaged(file: ArtifactFile, reason: string): DcosError {
  return new DcosError('corrupt', `${file.purl} cannot be unpacked: ${reason}`);
}
