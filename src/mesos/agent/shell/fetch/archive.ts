/**
 * Unpacks archives with no way out of the target folder: names and links are checked, sizes and
 * numbers bounded.
 */
import { spawn } from 'node:child_process';
import { createReadStream, createWriteStream } from 'node:fs';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGunzip } from 'node:zlib';
import { DcosError } from '../../../../core/errors.js';
import { Budget, linkRefusal } from './entries.js';

/** How an archive is packed. */
export type ArchiveKind = 'tar' | 'tar.bz2' | 'tar.xz' | 'gz' | 'zip';

const endings: readonly (readonly [RegExp, ArchiveKind])[] = [
  [/\.(?:tar|tgz|tar\.gz)$/i, 'tar'],
  [/\.(?:tbz2|tar\.bz2)$/i, 'tar.bz2'],
  [/\.(?:txz|tar\.xz)$/i, 'tar.xz'],
  [/\.zip$/i, 'zip'],
  [/\.gz$/i, 'gz'],
];

/** The kind that a file's name tells, by the names that Mesos' fetcher extracts. */
export function archiveKindOf(name: string): ArchiveKind | undefined {
  return endings.find(([ending]) => ending.test(name))?.[1];
}

/**
 * Unpacks `file` into the existing folder `into`. Throws `failed` naming the entry that is not
 * acceptable.
 */
export async function unpack(
  kind: ArchiveKind,
  file: string,
  into: string,
  name: string,
): Promise<void> {
  if (kind === 'zip') {
    const { unpackZip } = await import('./zip.js');
    await unpackZip(file, into);
  } else if (kind === 'gz') {
    const target = join(into, name.replace(/\.gz$/i, ''));
    await pipeline(createReadStream(file), createGunzip(), createWriteStream(target));
  } else {
    await unpackTar(kind, file, into);
  }
}

async function unpackTar(kind: ArchiveKind, file: string, into: string): Promise<void> {
  const tar = await import('tar');
  const budget = new Budget();
  let refused: DcosError | undefined;
  const sink = tar.x({
    cwd: into,
    strict: true,
    preserveOwner: false,
    filter: (path, entry) => {
      if (!('linkpath' in entry) || refused !== undefined) return false;
      refused = budget.take(path, entry.size) ?? linkRefusal(path, entry);
      if (refused !== undefined) sink.abort(refused);
      // One copy is shared by many sandboxes.
      if (entry.type === 'File' && entry.mode !== undefined) entry.mode &= 0o555;
      // A folder that nobody may write to could not be removed again.
      if (entry.type === 'Directory' && entry.mode !== undefined) entry.mode |= 0o755;
      return refused === undefined;
    },
  });
  const program = kind === 'tar' ? undefined : kind === 'tar.xz' ? 'xz' : 'bzip2';
  const source = program === undefined ? createReadStream(file) : decompressed(program, file);
  try {
    await pipeline(source, sink as unknown as NodeJS.WritableStream);
  } catch (error) {
    throw refused ?? error;
  }
  if (refused !== undefined) throw refused;
}

/** What Node cannot decompress, the system's own program does. */
function decompressed(program: string, file: string): Readable {
  const child = spawn(program, ['-dc', '--', file], { stdio: ['ignore', 'pipe', 'ignore'] });
  child.once('error', () =>
    child.stdout.destroy(new DcosError('failed', `it needs ${program}, which is not installed`)),
  );
  return child.stdout;
}
