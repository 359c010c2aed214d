/** Where things are, whether a test runs from its source or from a bundle under .cache/. */
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

function findRoot(folder: string): string {
  if (existsSync(join(folder, 'package.json'))) return folder;
  const above = dirname(folder);
  if (above === folder) throw new Error('no package.json above the tests');
  return findRoot(above);
}

/** The project's folder. */
export const root = findRoot(dirname(fileURLToPath(import.meta.url)));

/** The folder that stands beside the project: references, recordings, a real Apache Mesos. */
export const shared = process.env.DCOS_SHARED ?? join(root, '..', 'shared');
