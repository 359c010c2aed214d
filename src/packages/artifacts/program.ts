/**
 * Our own program as an artifact: what a service scheduler needs of it, packed as the folder `dcos`
 * (DESIGN §11.2).
 */
import { createReadStream } from 'node:fs';
import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { DcosError, systemCodeOf } from '../../core/errors.js';
import { type ArchiveStore, archiveKey, type StoredArchive } from './archives.js';
import type { PackEntry } from './pack.js';

// The command line, and what only the control plane does, are of no use on an agent.
const programs = /^dcos-(cluster|service|swarm)(?!-evaluate)/;

/**
 * Packs the installed program, or finds the archive of the same files (by size and time). Throws
 * `io` where it is not built.
 */
export async function packProgram(
  archives: ArchiveStore,
  programDir: string,
): Promise<StoredArchive> {
  const files = await filesOf(programDir);
  const key = archiveKey(files.map(({ path, size, mtimeMs }) => [path, size, mtimeMs]));
  return archives.make(key, 'dcos', () => files.map((file) => entryOf(programDir, file)));
}

interface ProgramFile {
  /** Relative to the program's folder. */
  readonly path: string;
  readonly size: number;
  readonly mtimeMs: number;
}

async function filesOf(programDir: string): Promise<ProgramFile[]> {
  const paths = ['package.json'];
  for (const folder of ['bin', 'dist']) {
    const names = await readdir(join(programDir, folder), { recursive: true }).catch(notBuilt);
    paths.push(...names.filter((name) => programs.test(name)).map((name) => `${folder}/${name}`));
  }
  const found = await Promise.all(
    paths.sort().map(async (path) => ({ path, about: await stat(join(programDir, path)) })),
  );
  const files = found
    .filter(({ about }) => about.isFile())
    .map(({ path, about }) => ({ path, size: about.size, mtimeMs: about.mtimeMs }));
  return files.some(({ path }) => path.startsWith('dist/')) ? files : notBuilt();
}

function notBuilt(error?: unknown): never {
  if (error !== undefined && systemCodeOf(error) !== 'ENOENT') throw error;
  throw new DcosError('io', 'the installed program is not complete: it has no bin or dist folder', {
    hint: 'run `npm run build`, or install dcos again',
  });
}

function entryOf(programDir: string, { path, size }: ProgramFile): PackEntry {
  return {
    path: `dcos/${path}`,
    executable: path.startsWith('bin/'),
    size,
    open: (): Readable => createReadStream(join(programDir, path)),
  };
}
