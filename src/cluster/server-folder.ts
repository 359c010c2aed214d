/**
 * The folder of one local server under `$DCOS_DIR/local/`: its pid file, its ready file, and what
 * all servers read there (docs/architecture.md, "A local cluster on disk").
 */
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { DcosError, messageOf, systemCodeOf } from '../core/errors.js';
import { type LocalCluster, localClusterSchema, localPaths } from '../wire/local-cluster.js';

/**
 * Reads `cluster.json`. Throws `not-found` where there is none, `corrupt` where it can't be
 * understood, both naming the file.
 */
export function readCluster(dir: string): LocalCluster {
  const file = join(dir, localPaths.cluster);
  const parsed = localClusterSchema.safeParse(parseFile(file));
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0];
  const where =
    issue === undefined ? '' : ` (${issue.path.join('.') || 'top level'}: ${issue.message})`;
  throw corrupt(file, `it does not describe a cluster${where}`);
}

/**
 * Reads a text file that `up` has written, such as a key. Throws `not-found` or `corrupt` naming
 * it.
 */
export function readClusterFile(dir: string, name: string): string {
  const file = join(dir, name);
  const text = readText(file).trim();
  if (text === '') throw corrupt(file, 'it is empty');
  return text;
}

/** The same of a file that need not be there. */
export function readClusterFileIfThere(dir: string, name: string): string | undefined {
  return existsSync(join(dir, name)) ? readClusterFile(dir, name) : undefined;
}

/**
 * Writes the pid file of the calling process and removes an old ready file. Throws `io` where the
 * folder can't be written.
 */
export function claimServerFolder(folder: string): void {
  try {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    rmSync(join(folder, 'ready'), { force: true });
    writeByRename(join(folder, 'pid'), `${process.pid} ${startTimeOf(process.pid)}\n`);
  } catch (error) {
    throw new DcosError('io', `cannot write to ${folder}: ${messageOf(error)}`, {
      hint: 'The folder must be writable and the disk must have room.',
      cause: error,
    });
  }
}

/** Says, by the ready file, that this process serves. */
export function announceReady(folder: string, host: string, port: number): void {
  writeByRename(join(folder, 'ready'), `${JSON.stringify({ pid: process.pid, host, port })}\n`);
}

/** Takes the ready file away: the server is going. */
export function withdrawReady(folder: string): void {
  rmSync(join(folder, 'ready'), { force: true });
}

/**
 * When the process started, as the system tells it: field 22 of `/proc/<pid>/stat`, which together
 * with the pid names one process for ever; 0 on systems that have no such file.
 */
function startTimeOf(pid: number): string {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19] ?? '0';
  } catch {
    return '0';
  }
}

function writeByRename(file: string, text: string): void {
  const fresh = `${file}.${process.pid}`;
  writeFileSync(fresh, text, { mode: 0o600 });
  renameSync(fresh, file);
}

function parseFile(file: string): unknown {
  try {
    return JSON.parse(readText(file));
  } catch (error) {
    if (error instanceof DcosError) throw error;
    throw corrupt(file, 'it is not JSON', error);
  }
}

function readText(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    const absent = systemCodeOf(error) === 'ENOENT';
    throw new DcosError(absent ? 'not-found' : 'io', `cannot read ${file}: ${messageOf(error)}`, {
      hint: absent
        ? 'Start a cluster with: dcos up'
        : 'The file must be readable by the user who runs dcos.',
      cause: error,
    });
  }
}

function corrupt(file: string, why: string, cause?: unknown): DcosError {
  return new DcosError('corrupt', `${file} is damaged: ${why}`, {
    hint: 'Restore it, or start anew with: dcos down --purge',
    cause,
  });
}

/** Whether the cluster has this file of keys. */
export function hasClusterFile(dir: string, name: string): boolean {
  return existsSync(join(dir, name));
}

/** Writes a file of keys, whole or not at all, for its owner's eyes only. */
export function writeClusterFile(dir: string, name: string, text: string): void {
  writeByRename(join(dir, name), text);
}

/**
 * The installed program's own folder: the nearest one above this file that has a `package.json`.
 */
export function programFolder(): string {
  let folder = dirname(fileURLToPath(import.meta.url));
  while (!existsSync(join(folder, 'package.json'))) {
    const above = dirname(folder);
    if (above === folder)
      throw new DcosError('internal', 'the installed program has no package.json');
    folder = above;
  }
  return folder;
}
