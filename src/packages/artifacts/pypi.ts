/** Fetches wheels with the user's `pip`. Wheels only: nothing is built, nobody's code runs. */
import { mkdir, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { DcosError } from '../../core/errors.js';
import { checksumMismatch, sha256Of } from './cache.js';
import type { ArtifactFile } from './resolve.js';
import { runTool } from './tool.js';

const install = 'install Python 3 with pip (for instance `apt install python3-pip`)';

/**
 * Fetches into `folder`; the path of each file, by its place in `files`. Throws as `runTool`, and
 * `refused` for a wrong checksum.
 */
export async function fetchWithPip(
  files: readonly ArtifactFile[],
  folder: string,
  signal: AbortSignal,
): Promise<string[]> {
  const out = join(folder, 'out');
  const temporary = join(folder, 'tmp');
  await Promise.all([mkdir(out, { recursive: true }), mkdir(temporary, { recursive: true })]);
  const requirements = join(folder, 'requirements.txt');
  await writeFile(requirements, requirementsOf(files));
  try {
    await runTool({
      name: 'pip',
      command: 'python3',
      args: [
        ...['-m', 'pip', 'download', '--no-deps', '--only-binary=:all:', '--require-hashes'],
        ...['--no-input', '--progress-bar=off', '--dest', out, '--requirement', requirements],
      ],
      cwd: folder,
      // What pip downloads grows in here, where progress is measured and the clean-up finds it.
      env: { TMPDIR: temporary },
      signal,
      install,
      baseUrlKey: 'repositories.pypi',
    });
  } catch (error) {
    throw explain(error, files);
  }
  return matchByHash(files, out);
}

function requirementsOf(files: readonly ArtifactFile[]): string {
  return files
    .map((file) => `${file.name}==${file.version} --hash=sha256:${file.sha256}\n`)
    .join('');
}

/** pip names a wheel as its index does, so files are told apart by content. */
async function matchByHash(files: readonly ArtifactFile[], out: string): Promise<string[]> {
  const byHash = new Map<string, string>();
  for (const name of await readdir(out)) {
    byHash.set(await sha256Of(join(out, name)), join(out, name));
  }
  return files.map((file) => {
    const path = byHash.get(file.sha256);
    if (path !== undefined) return path;
    throw new DcosError('failed', `pip did not fetch ${file.purl}`);
  });
}

function explain(error: unknown, files: readonly ArtifactFile[]): unknown {
  const output =
    error instanceof DcosError
      ? String((error.data as { output?: string } | undefined)?.output)
      : '';
  if (/No module named pip/.test(output)) {
    return new DcosError('failed', 'pip is needed to fetch this package and Python 3 has none', {
      hint: `${install}, or name a repository: dcos config set repositories.pypi <base URL>`,
    });
  }
  const expected = /Expected sha256 ([0-9a-f]{64})/.exec(output)?.[1];
  const got = /Got\s+([0-9a-f]{64})/.exec(output)?.[1];
  const file = files.find((candidate) => candidate.sha256 === expected);
  return file !== undefined && got !== undefined ? checksumMismatch(file, got) : error;
}
