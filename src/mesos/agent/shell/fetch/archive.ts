/** Unpacks archives with no way out of the target folder: names and links are checked, sizes and numbers bounded. */
import { spawn } from 'node:child_process';
import { createReadStream, createWriteStream } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGunzip } from 'node:zlib';
import { DcosError } from '../../../../core/errors.js';
import { isInside } from '../../layout.js';

/** How an archive is packed. */
export type ArchiveKind = 'tar' | 'tar.bz2' | 'tar.xz' | 'gz' | 'zip';

/** What one archive may hold at most. */
export const archiveLimits = { entries: 200_000, bytes: 16 * 1024 ** 3 };

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

/** Unpacks `file` into the existing folder `into`. Throws `failed` naming the entry that is not acceptable. */
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

/** Counts what has been unpacked. */
export class Budget {
  #entries = 0;
  #bytes = 0;

  /** Why the entry is not acceptable, if it is not. */
  take(path: string, bytes: number): DcosError | undefined {
    this.#entries += 1;
    this.#bytes += bytes;
    if (this.#entries > archiveLimits.entries || this.#bytes > archiveLimits.bytes) {
      return new DcosError('failed', 'the archive is too large');
    }
    if (path === './' || path === '.') return undefined;
    return isInside(path)
      ? undefined
      : new DcosError('failed', `the archive's entry '${path}' leads out of the sandbox`);
  }
}

function linkRefusal(
  path: string,
  entry: { readonly type: string; readonly linkpath?: string | undefined },
): DcosError | undefined {
  if (entry.type === 'Link' && isInside(entry.linkpath ?? '')) return undefined;
  if (entry.type !== 'Link' && entry.type !== 'SymbolicLink') return undefined;
  return entry.type === 'SymbolicLink' && staysInside(path, entry.linkpath ?? '')
    ? undefined
    : new DcosError('failed', `the archive's link '${path}' leads out of the sandbox`);
}

/** Whether a symbolic link at `path` points into the same tree. */
export function staysInside(path: string, target: string): boolean {
  if (target === '' || target.startsWith('/')) return false;
  const end = normalize(join(dirname(normalize(path)), target));
  return end === '.' || isInside(end);
}
