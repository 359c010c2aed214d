/** Did-you-mean: the known word that is nearest to a mistyped one. */

/** Of more words than these the rest is not looked at: a hint is not worth the time. */
const maxKnown = 10_000;

/**
 * The nearest of `known` within a third of the word's length (at least 1) of edits; `undefined`
 * where none is near.
 */
export function nearest(word: string, known: Iterable<string>): string | undefined {
  let best: string | undefined;
  let bestDistance = Math.max(1, Math.floor(word.length / 3)) + 1;
  let seen = 0;
  for (const candidate of known) {
    seen += 1;
    if (seen > maxKnown) break;
    const distance = editDistance(word.toLowerCase(), candidate.toLowerCase(), bestDistance);
    if (distance >= bestDistance) continue;
    best = candidate;
    bestDistance = distance;
  }
  return best;
}

/** As `nearest`; where none is near, the first of `known` that holds the word or is held by it. */
export function nearestOrPart(word: string, known: readonly string[]): string | undefined {
  const near = nearest(word, known);
  if (near !== undefined || word.length < 3) return near;
  return known.find((candidate) => candidate.includes(word) || word.includes(candidate));
}

/**
 * Insertions, deletions, replacements and swaps of neighbours that turn `a` into `b`; `limit` or
 * more counts as `limit`.
 */
function editDistance(a: string, b: string, limit: number): number {
  if (Math.abs(a.length - b.length) >= limit) return limit;
  let before: number[] = [];
  let previous = Array.from({ length: b.length + 1 }, (_, column) => column);
  for (let row = 1; row <= a.length; row += 1) {
    const current = [row];
    for (let column = 1; column <= b.length; column += 1) {
      const same = a[row - 1] === b[column - 1];
      let cost = Math.min(
        (previous[column] ?? 0) + 1,
        (current[column - 1] ?? 0) + 1,
        (previous[column - 1] ?? 0) + (same ? 0 : 1),
      );
      if (row > 1 && column > 1 && a[row - 1] === b[column - 2] && a[row - 2] === b[column - 1]) {
        cost = Math.min(cost, (before[column - 2] ?? 0) + 1);
      }
      current.push(cost);
    }
    before = previous;
    previous = current;
  }
  return Math.min(limit, previous[b.length] ?? limit);
}
