/** Where things are, whether the tests run from their sources or elsewhere. */
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The project's folder. */
export const root = join(dirname(fileURLToPath(import.meta.url)), '..', '..');

/** The folder that stands beside the project: references, recordings, a real Apache Mesos. */
export const shared = process.env.DCOS_SHARED ?? join(root, '..', 'shared');
