/** Did-you-mean: the known name that a wrong one was probably meant to be. */

/** The candidate nearest to `wrong`, if one is near enough to be worth saying. */
export function nearest(wrong: string, candidates: readonly string[]): string | undefined {
  const limit = Math.max(1, Math.floor(wrong.length / 3));
  let best: string | undefined;
  let bestDistance = limit + 1;
  for (const candidate of candidates.slice(0, 10_000)) {
    if (Math.abs(candidate.length - wrong.length) > limit) continue;
    const found = distance(wrong.toLowerCase(), candidate.toLowerCase());
    if (found < bestDistance) {
      best = candidate;
      bestDistance = found;
    }
  }
  return best ?? containing(wrong, candidates);
}

function containing(wrong: string, candidates: readonly string[]): string | undefined {
  if (wrong.length < 3) return undefined;
  return candidates.find((candidate) => candidate.includes(wrong) || wrong.includes(candidate));
}

/**
 * Edits from one to the other: insert, delete, replace, swap neighbours (optimal string alignment).
 */
export function distance(a: string, b: string): number {
  let before: number[] = [];
  let previous = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let i = 1; i <= a.length; i += 1) {
    const row = [i];
    for (let j = 1; j <= b.length; j += 1) {
      const same = a[i - 1] === b[j - 1];
      const swapped = i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1];
      const edits = [at(previous, j) + 1, at(row, j - 1) + 1, at(previous, j - 1) + (same ? 0 : 1)];
      row.push(Math.min(...edits, swapped ? at(before, j - 2) + 1 : Number.POSITIVE_INFINITY));
    }
    before = previous;
    previous = row;
  }
  return at(previous, b.length);
}

function at(row: readonly number[], index: number): number {
  return row[index] ?? Number.POSITIVE_INFINITY;
}
