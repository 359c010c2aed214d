/** Did-you-mean, as the command line words it. Pure. */
import { nearest } from '../core/suggest.js';

/**
 * `Did you mean 'x'?` for the nearest candidate, or the only one that begins so; `undefined` where
 * there is none.
 */
export function didYouMean(word: string, candidates: Iterable<string>): string | undefined {
  const all = [...candidates];
  const begun = word.length < 3 ? [] : all.filter((candidate) => candidate.startsWith(word));
  const found = nearest(word, all) ?? (begun.length === 1 ? begun[0] : undefined);
  return found === undefined ? undefined : `Did you mean '${found}'?`;
}
