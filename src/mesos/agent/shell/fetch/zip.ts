/** Unpacks zip archives. */
import { createWriteStream } from 'node:fs';
import { chmod, mkdir, symlink } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { pipeline } from 'node:stream/promises';
import yauzl from 'yauzl';
import { DcosError } from '../../../../core/errors.js';
import { Budget, staysInside } from './entries.js';

const typeMask = 0o170000;
const linkType = 0o120000;

/** Unpacks `file` into `into`. Throws `failed` naming the entry that is not acceptable. */
export async function unpackZip(file: string, into: string): Promise<void> {
  const zip = await yauzl.openPromise(file, { autoClose: false, validateEntrySizes: true });
  const budget = new Budget();
  const links: { path: string; target: string }[] = [];
  try {
    for await (const entry of zip.eachEntry()) {
      const refused = budget.take(entry.fileName, entry.uncompressedSize);
      if (refused !== undefined) throw refused;
      const mode = entry.externalFileAttributes >>> 16;
      const target = join(into, entry.fileName);
      await mkdir(entry.fileName.endsWith('/') ? target : dirname(target), { recursive: true });
      if (entry.fileName.endsWith('/')) continue;
      const stream = await zip.openReadStreamPromise(entry);
      if ((mode & typeMask) === linkType) {
        links.push({ path: entry.fileName, target: (await buffer(stream)).toString('utf8') });
        continue;
      }
      await pipeline(stream, createWriteStream(target, { flags: 'wx' }));
      await chmod(target, mode & 0o111 ? 0o555 : 0o444);
    }
    // Last, so that no entry is ever written through one.
    for (const { path, target } of links) {
      if (!staysInside(path, target)) {
        throw new DcosError('failed', `the archive's link '${path}' leads out of the sandbox`);
      }
      await symlink(target, join(into, path));
    }
  } finally {
    zip.close();
  }
}
