/**
 * Puts a copy of the cache into a sandbox without copying: folders are made, files are hard links.
 */
import { link, lstat, mkdir, readdir, readlink, rename, rm, symlink } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { DcosError, systemCodeOf } from '../../../../core/errors.js';

/**
 * Links all of `tree` into `into`; with `only`, its single file under that name. Throws `failed`
 * where a folder is in the way.
 */
export async function linkTree(
  tree: string,
  into: string,
  only: string | undefined,
): Promise<void> {
  if (only === undefined) {
    await linkFolder(tree, into);
    return;
  }
  const [name] = await readdir(tree);
  if (name === undefined) throw new DcosError('failed', 'nothing was fetched');
  await mkdir(dirname(join(into, only)), { recursive: true });
  await linkFile(join(tree, name), join(into, only));
}

async function linkFolder(from: string, to: string): Promise<void> {
  const entries = await readdir(from, { withFileTypes: true });
  await Promise.all(
    entries.map(async (entry) => {
      const source = join(from, entry.name);
      const target = join(to, entry.name);
      if (entry.isDirectory()) {
        await makeFolder(target);
        await linkFolder(source, target);
      } else if (entry.isSymbolicLink()) {
        await replace(target, async (fresh) => symlink(await readlink(source), fresh));
      } else {
        await linkFile(source, target);
      }
    }),
  );
}

/** A folder of an earlier archive is shared; a link in its place would lead out of the sandbox. */
async function makeFolder(target: string): Promise<void> {
  try {
    await mkdir(target);
  } catch (error) {
    if (systemCodeOf(error) !== 'EEXIST') throw error;
    if ((await lstat(target)).isDirectory()) return;
    throw new DcosError('failed', `'${target}' is in the way`);
  }
}

async function linkFile(source: string, target: string): Promise<void> {
  await replace(target, (fresh) => link(source, fresh));
}

/** As in an unpacked archive, the later file wins. */
async function replace(target: string, make: (path: string) => Promise<void>): Promise<void> {
  try {
    await make(target);
  } catch (error) {
    if (systemCodeOf(error) !== 'EEXIST') throw error;
    const fresh = `${target}.fetched`;
    await rm(fresh, { force: true });
    await make(fresh);
    await rename(fresh, target);
    await rm(fresh, { force: true });
  }
}
