/** Media types compared as Cosmos compares them (cosmos-api.md §1): pure. */

interface MediaType {
  /** `type/subtype`, lower case. */
  readonly name: string;
  /** By lower-case name, without `q`. */
  readonly parameters: ReadonlyMap<string, string>;
  readonly quality: number;
}

function parse(text: string): MediaType {
  const [name = '', ...rest] = text.split(';').map((part) => part.trim());
  const parameters = new Map<string, string>();
  let quality = 1;
  for (const part of rest) {
    const at = part.indexOf('=');
    if (at < 1) continue;
    const key = part.slice(0, at).trim().toLowerCase();
    const value = part
      .slice(at + 1)
      .trim()
      .replace(/^"(.*)"$/, '$1');
    if (key === 'q') quality = Number(value);
    else parameters.set(key, key === 'charset' ? value.toLowerCase() : value);
  }
  return { name: name.toLowerCase(), parameters, quality: Number.isNaN(quality) ? 1 : quality };
}

/** Whether all parameters of `part` are in `whole`, with equal values. */
function isSubset(part: MediaType, whole: MediaType): boolean {
  return (
    part.name === whole.name &&
    [...part.parameters].every(([key, value]) => whole.parameters.get(key) === value)
  );
}

/** Whether a Content-Type is the expected one; more parameters than expected do no harm. */
export function isMediaType(given: string, expected: string): boolean {
  return isSubset(parse(expected), parse(given));
}

/**
 * The produced type that an Accept header chooses: the first of its entries, by quality, name and
 * number of parameters, that is a subset of one. If that entry is not wholly equal to it, Cosmos
 * finds no encoder, and nothing is chosen.
 */
export function chooseMediaType(accept: string, produced: readonly string[]): string | undefined {
  const entries = accept
    .split(',')
    .map(parse)
    .filter(({ quality }) => quality > 0)
    .sort(
      (a, b) =>
        b.quality - a.quality ||
        (a.name < b.name ? -1 : a.name > b.name ? 1 : 0) ||
        b.parameters.size - a.parameters.size,
    );
  const known = produced.map((text) => ({ text, type: parse(text) }));
  const winner = entries.find((entry) => known.some(({ type }) => isSubset(entry, type)));
  if (winner === undefined) return undefined;
  return known.find(({ type }) => isSubset(winner, type) && isSubset(type, winner))?.text;
}
