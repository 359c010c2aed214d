/**
 * What a template sees of a JSON value, as the Java types that Cosmos hands to its template library
 * (cosmos-api.md §6.5): strings escaped for JSON, numbers as Java prints them, lists as Java lists.
 */
import { decimalOf, type ExactJson, ExactNumber, isExactObject } from './exact-json.js';

/** A number, already printed: truthy, whatever it is. */
class Printed {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }
}

/** A value inside a template. */
export type Value =
  | null
  | boolean
  | string
  | Printed
  | readonly Value[]
  | ReadonlyMap<string, Value>;

// A limit that circe has as well: a longer one is no number that anybody meant.
const maxDigits = 262_144;

/** Turns JSON into what templates see. A string directly inside an array keeps its quotes. */
export function toValue(json: ExactJson, insideArray = false): Value {
  if (json === null || typeof json === 'boolean') return json;
  if (typeof json === 'string')
    return insideArray ? `"${escapeForJson(json)}"` : escapeForJson(json);
  if (typeof json === 'number') return new Printed(printNumber(String(json)));
  if (json instanceof ExactNumber) return new Printed(printNumber(json.text));
  if (Array.isArray(json)) return json.map((item: ExactJson) => toValue(item, true));
  if (!isExactObject(json)) return null;
  return new Map(Object.entries(json).map(([key, item]) => [key, toValue(item)]));
}

/**
 * Escapes text for the inside of a JSON string, as circe does: control characters and `"` and `\`
 * only.
 */
function escapeForJson(text: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is escaped
  return text.replace(/["\\\u0000-\u001f\u007f-\u009f]/g, (character) => {
    const short = shortEscapes[character];
    return short ?? `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`;
  });
}

const shortEscapes: Readonly<Record<string, string>> = {
  '"': '\\"',
  '\\': '\\\\',
  '\b': '\\b',
  '\f': '\\f',
  '\n': '\\n',
  '\r': '\\r',
  '\t': '\\t',
};

/** Prints a JSON number: whole ones as digits, others as Java's `Double.toString`. */
export function printNumber(token: string): string {
  const { negative, digits, exponent } = decimalOf(token);
  if (digits === '') return '0';
  if (exponent >= 0 && digits.length + exponent <= maxDigits) {
    return `${negative ? '-' : ''}${digits}${'0'.repeat(exponent)}`;
  }
  return printDouble(Number(token));
}

function printDouble(number: number): string {
  if (!Number.isFinite(number)) return number > 0 ? 'Infinity' : '-Infinity';
  const { negative, digits, exponent } = decimalOf(String(number));
  const sign = negative ? '-' : '';
  // The power of ten of the first digit.
  const scale = digits.length + exponent - 1;
  if (scale < -3 || scale > 6) {
    return `${sign}${digits[0] ?? '0'}.${digits.slice(1) || '0'}E${scale}`;
  }
  if (scale < 0) return `${sign}0.${'0'.repeat(-scale - 1)}${digits}`;
  const padded = digits.padEnd(scale + 1, '0');
  return `${sign}${padded.slice(0, scale + 1)}.${padded.slice(scale + 1) || '0'}`;
}

/**
 * The text of a variable: lists as `[a, b]`, maps as `{k=v}`, null empty (but `null` inside another
 * value).
 */
export function printValue(value: Value, inside = false): string {
  if (value === null) return inside ? 'null' : '';
  if (typeof value === 'boolean') return String(value);
  if (typeof value === 'string') return value;
  if (value instanceof Printed) return value.text;
  if (value instanceof Map) {
    return `{${[...value].map(([key, item]) => `${key}=${printValue(item, true)}`).join(', ')}}`;
  }
  return `[${(value as readonly Value[]).map((item) => printValue(item, true)).join(', ')}]`;
}

/** Whether a section over the value is left out: null, false, the empty string, the empty list. */
export function isFalsey(value: Value): boolean {
  return (
    value === null ||
    value === false ||
    value === '' ||
    (Array.isArray(value) && value.length === 0)
  );
}

/**
 * A member of a value; `undefined` if it has none. Maps have their keys; lists and strings have the
 * Java methods that templates of the Universe call (`isEmpty`, `size`, `length`).
 */
export function memberOf(value: Value, name: string): Value | undefined {
  if (value instanceof Map) return value.get(name);
  if (Array.isArray(value)) {
    if (name === 'isEmpty' || name === 'empty') return value.length === 0;
    return name === 'size' ? new Printed(String(value.length)) : undefined;
  }
  if (typeof value !== 'string') return undefined;
  if (name === 'isEmpty' || name === 'empty') return value === '';
  return name === 'length' ? new Printed(String(value.length)) : undefined;
}
