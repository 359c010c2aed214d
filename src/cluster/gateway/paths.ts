/**
 * What may stand in a path that is passed on: nothing that means another place to the server
 * behind. Pure.
 */
import { DcosError } from '../../core/errors.js';

/**
 * Checks a path that is still percent-encoded and gives it back unchanged; encoded slashes stay
 * encoded.
 * Throws `invalid` (400) for `.` and `..` parts in any encoding, backslashes, control characters
 * and malformed escapes.
 */
export function checkedPath(path: string): string {
  for (const segment of path.split('/')) {
    const plain = fullyDecoded(segment);
    for (const part of plain.split('/')) {
      if (part === '.' || part === '..') throw wrong('it must not contain . or .. parts');
    }
    if (/[\\\p{Cc}]/u.test(plain)) throw wrong('it contains a forbidden character');
  }
  return path;
}

/** Decoded until nothing changes: a server behind may decode once more than we do. */
function fullyDecoded(segment: string): string {
  let text = segment;
  for (let round = 0; round < 4 && text.includes('%'); round += 1) {
    try {
      text = decodeURIComponent(text);
    } catch {
      if (round === 0) throw wrong('it is not well-formed');
      return text;
    }
  }
  return text;
}

/**
 * The part of `path` after its first `count` segments, with its leading slash; `/` where nothing is
 * left.
 */
export function pathAfter(path: string, count: number): string {
  const rest = path.split('/').slice(count + 1);
  return `/${rest.join('/')}`;
}

function wrong(why: string): DcosError {
  return new DcosError('invalid', `the path is not accepted: ${why}`, { status: 400 });
}
