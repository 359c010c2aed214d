/** Fetches packages with the user's `npm`. Archives only: no install, no scripts. */
import { mkdir, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { DcosError } from '../../core/errors.js';
import type { ArtifactFile } from './resolve.js';
import { runTool } from './tool.js';

/** Fetches into `folder`; the path of each file, by its place in `files`. Throws as `runTool`. */
export async function fetchWithNpm(
  files: readonly ArtifactFile[],
  folder: string,
  signal: AbortSignal,
): Promise<string[]> {
  const paths: string[] = [];
  for (const [index, file] of files.entries()) {
    // One folder each: npm names archives without the scope's slash, and two could be alike.
    const out = join(folder, `out-${index}`);
    await mkdir(out, { recursive: true });
    await runTool({
      name: 'npm',
      command: 'npm',
      args: [
        ...['pack', '--ignore-scripts', '--loglevel=error', '--pack-destination', out],
        ...['--', `${npmName(file)}@${file.version}`],
      ],
      cwd: folder,
      signal,
      install: 'install npm (it comes with Node.js)',
      baseUrlKey: 'repositories.npm',
    });
    // npm's releases differ in how they report the archive's name; it is the only file here.
    const [name] = await readdir(out);
    if (name === undefined) throw new DcosError('failed', `npm did not fetch ${file.purl}`);
    paths.push(join(out, name));
  }
  return paths;
}

/** The full name: `@scope/name` or `name`. */
export function npmName(file: ArtifactFile): string {
  return file.namespace === '' ? file.name : `${file.namespace}/${file.name}`;
}
