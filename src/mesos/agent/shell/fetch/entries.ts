/**
 * What entries of an archive may be: names and links stay inside, sizes and numbers are bounded.
 */
import { dirname, join, normalize } from 'node:path';
import { DcosError } from '../../../../core/errors.js';
import { isInside } from '../../layout.js';

/** What one archive may hold at most. */
const archiveLimits = { entries: 200_000, bytes: 16 * 1024 ** 3 };

/** Counts what has been unpacked. */
export class Budget {
  #entries = 0;
  #bytes = 0;

  /** Why the entry is not acceptable, if it is not. */
  take(path: string, bytes: number): DcosError | undefined {
    this.#entries += 1;
    this.#bytes += bytes;
    if (this.#entries > archiveLimits.entries || this.#bytes > archiveLimits.bytes) {
      return new DcosError('failed', 'the archive is too large');
    }
    if (path === './' || path === '.') return undefined;
    return isInside(path)
      ? undefined
      : new DcosError('failed', `the archive's entry '${path}' leads out of the sandbox`);
  }
}

/** Why a link is not acceptable; `undefined` for what is no link. */
export function linkRefusal(
  path: string,
  entry: { readonly type: string; readonly linkpath?: string | undefined },
): DcosError | undefined {
  if (entry.type === 'Link' && isInside(entry.linkpath ?? '')) return undefined;
  if (entry.type !== 'Link' && entry.type !== 'SymbolicLink') return undefined;
  return entry.type === 'SymbolicLink' && staysInside(path, entry.linkpath ?? '')
    ? undefined
    : new DcosError('failed', `the archive's link '${path}' leads out of the sandbox`);
}

/** Whether a symbolic link at `path` points into the same tree. */
export function staysInside(path: string, target: string): boolean {
  if (target === '' || target.startsWith('/')) return false;
  const end = normalize(join(dirname(normalize(path)), target));
  return end === '.' || isInside(end);
}
