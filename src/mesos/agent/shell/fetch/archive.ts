/**
 * Unpacks archives with no way out of the target folder: names and links are checked, sizes and
 * numbers bounded.
 */
import { spawn } from 'node:child_process';
import { createReadStream, createWriteStream } from 'node:fs';
import { open } from 'node:fs/promises';
import { join } from 'node:path';
import { PassThrough, type Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGunzip } from 'node:zlib';
import { DcosError } from '../../../../core/errors.js';
import { Budget, linkRefusal } from './entries.js';

/** How an archive is packed. */
export type ArchiveKind = 'tar' | 'tar.gz' | 'tar.bz2' | 'tar.xz' | 'gz' | 'zip';

const endings: readonly (readonly [RegExp, ArchiveKind])[] = [
  [/\.tar$/i, 'tar'],
  [/\.(?:tgz|tar\.gz)$/i, 'tar.gz'],
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
  try {
    await pipeline(await sourceOf(kind, file), sink as unknown as NodeJS.WritableStream);
  } catch (error) {
    throw refused ?? error;
  }
  if (refused !== undefined) throw refused;
}

const programs = { 'tar.gz': 'gzip', 'tar.bz2': 'bzip2', 'tar.xz': 'xz' } as const;

/**
 * The plain tar. The system's own programs decompress: beside the agent, which would keep the
 * memory that it takes, and what Node cannot at all. Whatever calls itself gzip but is none is
 * given as it is.
 */
async function sourceOf(kind: ArchiveKind, file: string): Promise<Readable> {
  if (kind !== 'tar.gz' && kind !== 'tar.bz2' && kind !== 'tar.xz') return createReadStream(file);
  if (kind === 'tar.gz' && !(await isGzip(file))) return createReadStream(file);
  return decompressed(programs[kind], file);
}

async function isGzip(file: string): Promise<boolean> {
  const handle = await open(file, 'r');
  try {
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(2), 0, 2, 0);
    return bytesRead === 2 && buffer[0] === 0x1f && buffer[1] === 0x8b;
  } finally {
    await handle.close();
  }
}

/** What the program writes; an archive that it finds damaged fails at the end. */
function decompressed(program: string, file: string): Readable {
  const child = spawn(program, ['-dc', '--', file], { stdio: ['ignore', 'pipe', 'ignore'] });
  const output = new PassThrough();
  child.stdout.pipe(output, { end: false });
  child.once('error', () =>
    output.destroy(new DcosError('failed', `it needs ${program}, which is not installed`)),
  );
  child.once('close', (code) => {
    if (code === 0) output.end();
    else output.destroy(new DcosError('failed', 'the archive is damaged'));
  });
  output.once('close', () => child.kill('SIGKILL'));
  return output;
}
