/**
 * Fetches with the user's `pip`: wheels, and source distributions where a lock file allows one by
 * name. Nothing is built, nobody's code runs.
 */
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
  const wheels = files.filter(({ sdist }) => !sdist);
  const sources = files.filter(({ sdist }) => sdist);
  const download = async (
    wanted: readonly ArtifactFile[],
    args: readonly string[],
    env: Readonly<Record<string, string>> = {},
  ): Promise<void> => {
    const requirements = join(folder, 'requirements.txt');
    await writeFile(requirements, requirementsOf(wanted));
    await runTool({
      name: 'pip',
      command: 'python3',
      args: [
        ...['-m', 'pip', 'download', '--no-deps', ...args, '--require-hashes'],
        ...['--no-input', '--progress-bar=off', '--dest', out, '--requirement', requirements],
      ],
      cwd: folder,
      // What pip downloads grows in here, where progress is measured and the clean-up finds it.
      env: { TMPDIR: temporary, ...env },
      signal,
      install,
      baseUrlKey: 'repositories.pypi',
    });
  };
  try {
    if (wheels.length > 0) await download(wheels, ['--only-binary=:all:']);
    if (sources.length > 0) {
      const backend = await writeBackend(join(folder, 'backend'));
      await download(sources, sourceArgs, { PYTHONPATH: backend, PYTHONDONTWRITEBYTECODE: '1' });
    }
  } catch (error) {
    throw explain(error, files);
  }
  return matchByHash(files, out);
}

// pip's own cache would keep a second copy of what are by far the largest files.
const sourceArgs = [
  ...['--no-binary=:all:', '--no-build-isolation', '--use-pep517', '--no-cache-dir'],
];

/**
 * pip asks a source distribution for its metadata before it keeps the file, which would run the
 * package's `setup.py`. So it gets a build backend of ours in setuptools' place, which reads the
 * metadata that is in the archive already. A package that brings a backend of its own is refused.
 */
async function writeBackend(folder: string): Promise<string> {
  await mkdir(join(folder, 'setuptools'), { recursive: true });
  await writeFile(join(folder, 'setuptools', '__init__.py'), '');
  await writeFile(join(folder, 'setuptools', 'build_meta.py'), metadataReader);
  await writeFile(join(folder, 'sitecustomize.py'), noOwnBackend);
  return folder;
}

const metadataReader = `import os

def get_requires_for_build_wheel(config_settings=None):
    return []

def prepare_metadata_for_build_wheel(metadata_directory, config_settings=None):
    with open('PKG-INFO', encoding='utf-8') as source:
        head = source.read().split('\\n\\n')[0].split('\\n')
    wanted = ('Metadata-Version', 'Name', 'Version')
    fields = dict(line.split(': ', 1) for line in head if line.split(':')[0] in wanted)
    name = '%s-%s.dist-info' % (fields['Name'].strip(), fields['Version'].strip())
    folder = os.path.join(metadata_directory, name)
    os.mkdir(folder)
    with open(os.path.join(folder, 'METADATA'), 'w', encoding='utf-8') as target:
        target.write(''.join('%s: %s\\n' % (key, fields[key].strip()) for key in wanted))
    with open(os.path.join(folder, 'WHEEL'), 'w', encoding='utf-8') as target:
        target.write('Wheel-Version: 1.0\\nRoot-Is-Purelib: true\\nTag: py3-none-any\\n')
    return name

class _Legacy:
    get_requires_for_build_wheel = staticmethod(get_requires_for_build_wheel)
    prepare_metadata_for_build_wheel = staticmethod(prepare_metadata_for_build_wheel)

__legacy__ = _Legacy()
`;

const noOwnBackend = `import os, sys

for name in ('_PYPROJECT_HOOKS_BACKEND_PATH', 'PEP517_BACKEND_PATH'):
    if os.environ.get(name):
        sys.exit('ERROR: a source distribution with a build backend of its own is refused')
`;

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
