/**
 * Text as JSON, and what Mesos says of text that is none (apache/mesos 3rdparty/stout, json.hpp,
 * which reads with picojson).
 */

/** The value, or Mesos' words for where it stops being JSON. */
export function parseJsonText(
  text: string,
): { readonly json: unknown } | { readonly problem: string } {
  try {
    return { json: JSON.parse(text) };
  } catch {
    return { problem: problemOf(text) };
  }
}

function problemOf(text: string): string {
  const scan = new Scan(text);
  if (scan.value(0)) {
    const rest = text.slice(scan.at).trimEnd();
    if (rest !== '') return `Parsed JSON included non-whitespace trailing characters: ${rest}`;
  }
  const lines = text.slice(0, scan.at).split('\n').length;
  const near = text.slice(scan.at).split(/[^ -\uffff]/)[0] ?? '';
  return `syntax error at line ${lines} near: ${near}`;
}

/** How deep values are followed. */
const maxDepth = 100;

/** Goes as far as the text is JSON. Each method says whether it is what it should be. */
class Scan {
  at = 0;
  readonly #text: string;

  constructor(text: string) {
    this.#text = text;
  }

  value(depth: number): boolean {
    this.#skip();
    const first = this.#text[this.at] ?? '';
    if (first === '{' && depth < maxDepth) return this.#many('}', () => this.#entry(depth));
    if (first === '[' && depth < maxDepth) return this.#many(']', () => this.value(depth + 1));
    if (first === '"') return this.#string();
    const word = { n: 'null', t: 'true', f: 'false' }[first];
    if (word !== undefined) return [...word].every((letter) => this.#take(letter));
    if (!/[-\d]/.test(first)) return false;
    const digits = /^[-+\d.eE]+/.exec(this.#text.slice(this.at))?.[0] ?? '';
    this.at += digits.length;
    return digits !== '' && !Number.isNaN(Number(digits));
  }

  #many(end: string, one: () => boolean): boolean {
    this.at += 1;
    this.#skip();
    if (this.#take(end)) return true;
    for (;;) {
      if (!one()) return false;
      this.#skip();
      if (this.#take(end)) return true;
      if (!this.#take(',')) return false;
    }
  }

  #entry(depth: number): boolean {
    this.#skip();
    if (this.#text[this.at] !== '"' || !this.#string()) return false;
    this.#skip();
    return this.#take(':') && this.value(depth + 1);
  }

  #string(): boolean {
    this.at += 1;
    while (this.at < this.#text.length) {
      const letter = this.#text[this.at] ?? '';
      if (letter < ' ') return false;
      this.at += letter === '\\' ? 2 : 1;
      if (letter === '"') return true;
    }
    return false;
  }

  #take(letter: string): boolean {
    if (this.#text[this.at] !== letter) return false;
    this.at += 1;
    return true;
  }

  #skip(): void {
    while (/\s/.test(this.#text[this.at] ?? '')) this.at += 1;
  }
}
