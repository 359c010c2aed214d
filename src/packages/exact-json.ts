/**
 * JSON without loss: a number that a double cannot hold keeps its text, so that a default of
 * 9223372036854775807 is rendered as it was written (cosmos-api.md §6.5).
 */

/** A number whose text says more than its double. */
export class ExactNumber {
  /** As JSON writes it. */
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }

  /** The nearest double, for what reads plain JSON. */
  toJSON(): number {
    return Number(this.text);
  }
}

/** JSON whose numbers may be exact. */
export type ExactJson =
  | null
  | boolean
  | number
  | string
  | ExactNumber
  | readonly ExactJson[]
  | { readonly [key: string]: ExactJson };

/** A JSON object whose numbers may be exact. */
export type ExactObject = { readonly [key: string]: ExactJson };

/** Whether a value is an object of JSON: no array, no exact number. */
export function isExactObject(value: ExactJson | undefined): value is ExactObject {
  return (
    typeof value === 'object' &&
    value !== null &&
    !Array.isArray(value) &&
    !(value instanceof ExactNumber)
  );
}

const maxDepth = 200;

// Anything that may hold a number of 16 digits or more, or an exponent: else JSON.parse loses
// nothing.
const mayLose = /\d[\d.]{15}|\d[eE][+-]?\d/;

/** Parses JSON, keeping numbers exact. Throws SyntaxError, also for nesting deeper than 200. */
export function parseExactJson(text: string): ExactJson {
  const plain = JSON.parse(text) as ExactJson;
  return mayLose.test(text) ? new Reader(text).document() : plain;
}

/** Reads a text that JSON.parse has accepted, so that syntax needs no second check. */
class Reader {
  private at = 0;
  private readonly text: string;

  constructor(text: string) {
    this.text = text;
  }

  document(): ExactJson {
    return this.value(0);
  }

  private value(depth: number): ExactJson {
    if (depth > maxDepth) throw new SyntaxError(`JSON nested deeper than ${maxDepth}`);
    this.skip(/[\s]*/y);
    const first = this.text[this.at];
    if (first === '{') return this.object(depth);
    if (first === '[') return this.array(depth);
    if (first === '"') return this.string();
    const token = this.skip(/[^\s,\]}]+/y);
    if (token === 'true') return true;
    if (token === 'false') return false;
    if (token === 'null') return null;
    const number = Number(token);
    return isExactDouble(token, number) ? number : new ExactNumber(token);
  }

  private object(depth: number): ExactObject {
    const members: [string, ExactJson][] = [];
    this.at += 1;
    for (;;) {
      const mark = this.skip(/[\s,]*/y, /["}]/y);
      if (mark === '}') break;
      const key = this.string();
      this.skip(/\s*:/y);
      members.push([key, this.value(depth + 1)]);
    }
    this.at += 1;
    // fromEntries defines own members, `__proto__` too.
    return Object.fromEntries(members);
  }

  private array(depth: number): ExactJson[] {
    const items: ExactJson[] = [];
    this.at += 1;
    for (;;) {
      const mark = this.skip(/[\s,]*/y, /./sy);
      if (mark === ']') break;
      items.push(this.value(depth + 1));
    }
    this.at += 1;
    return items;
  }

  private string(): string {
    return JSON.parse(this.skip(/"(?:[^"\\]|\\.)*"/sy)) as string;
  }

  /** Consumes what `pattern` matches; gives it, or what `ahead` sees behind it. */
  private skip(pattern: RegExp, ahead?: RegExp): string {
    pattern.lastIndex = this.at;
    const found = pattern.exec(this.text)?.[0] ?? '';
    this.at += found.length;
    if (ahead === undefined) return found;
    ahead.lastIndex = this.at;
    return ahead.exec(this.text)?.[0] ?? '';
  }
}

function isExactDouble(token: string, number: number): boolean {
  if (!Number.isFinite(number)) return false;
  return decimalOf(token).canonical === decimalOf(String(number)).canonical;
}

/**
 * A decimal number taken apart: `sign`, digits without zeros around them, and the power of ten of
 * the last one.
 */
export interface Decimal {
  readonly negative: boolean;
  /** Without leading or trailing zeros; empty for zero. */
  readonly digits: string;
  readonly exponent: number;
  /** Equal for equal numbers. */
  readonly canonical: string;
}

/** Takes a JSON number's text apart. */
export function decimalOf(token: string): Decimal {
  const parts = /^(-?)(\d+)(?:\.(\d*))?(?:[eE]([+-]?\d+))?$/.exec(token);
  const whole = parts?.[2] ?? '';
  const fraction = parts?.[3] ?? '';
  const all = `${whole}${fraction}`.replace(/^0+/, '');
  const digits = all.replace(/0+$/, '');
  const zeros = all.length - digits.length;
  const exponent = digits === '' ? 0 : Number(parts?.[4] ?? 0) - fraction.length + zeros;
  const negative = parts?.[1] === '-' && digits !== '';
  return { negative, digits, exponent, canonical: `${negative ? '-' : ''}${digits}e${exponent}` };
}

/**
 * Compact JSON with exact numbers as they were. With `dropNulls`, members that are null are left
 * out, at any depth.
 */
export function stringifyExactJson(value: ExactJson, dropNulls = false): string {
  if (value instanceof ExactNumber) return value.text;
  if (Array.isArray(value)) {
    return `[${value.map((item: ExactJson) => stringifyExactJson(item, dropNulls)).join(',')}]`;
  }
  if (!isExactObject(value)) return JSON.stringify(value);
  const members = Object.entries(value)
    .filter(([, member]) => member !== undefined && !(dropNulls && member === null))
    .map(([key, member]) => `${JSON.stringify(key)}:${stringifyExactJson(member, dropNulls)}`);
  return `{${members.join(',')}}`;
}

/** The same value in plain JSON; exact numbers become the nearest double. */
export function toPlainJson(value: ExactJson): unknown {
  if (value instanceof ExactNumber) return value.toJSON();
  if (Array.isArray(value)) return value.map(toPlainJson);
  if (!isExactObject(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, toPlainJson(item)]));
}
