/** Options of a package as they are typed: `--options FILE` and `--set a.b=value`. */
import { readFileSync } from 'node:fs';
import { DcosError, messageOf } from '../core/errors.js';
import { fileError } from './local/files.js';

/** A package's options. */
export type Options = Readonly<Record<string, unknown>>;

/**
 * The options of a file with each `--set` put over them. Throws `invalid` naming the file or the
 * pair, `usage`.
 */
export function readOptions(file: string | undefined, pairs: readonly string[]): Options {
  const options = file === undefined ? {} : readObject(file, 'options');
  for (const pair of pairs) setByPath(options, pair);
  return options;
}

/** Reads a JSON object from a file. Throws `invalid`; `what` says what it should hold. */
export function readObject(file: string, what: string): Record<string, unknown> {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    throw new DcosError(
      'invalid',
      `cannot read the ${what} file ${fileError(error, file).message}`,
      { cause: error },
    );
  }
  return parseObject(text, `the ${what} file ${file}`);
}

/** Parses a JSON object; `what` names its origin. Throws `invalid`. */
export function parseObject(text: string, what: string): Record<string, unknown> {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw new DcosError('invalid', `${what} is not JSON: ${messageOf(error)}`, { cause: error });
  }
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) {
    return value as Record<string, unknown>;
  }
  throw new DcosError('invalid', `${what} must hold a JSON object, not ${kindOf(value)}`);
}

function kindOf(value: unknown): string {
  if (value === null) return 'null';
  return Array.isArray(value) ? 'a list' : `a ${typeof value}`;
}

function setByPath(target: Record<string, unknown>, pair: string): void {
  const equals = pair.indexOf('=');
  if (equals < 1) {
    throw new DcosError('usage', `--set ${pair} is not of the form key=value`, {
      hint: 'For example: --set brokers.count=1',
    });
  }
  const path = pair
    .slice(0, equals)
    .split(/(?<!\\)\./)
    .map((part) => part.replaceAll('\\.', '.'));
  let at = target;
  for (const part of path.slice(0, -1)) {
    const next = Object.hasOwn(at, part) ? at[part] : undefined;
    const child = typeof next === 'object' && next !== null && !Array.isArray(next) ? next : {};
    define(at, part, child);
    at = child as Record<string, unknown>;
  }
  define(at, path.at(-1) ?? '', typedValue(pair.slice(equals + 1)));
}

// Not a plain assignment: a key may be called `__proto__`.
function define(target: Record<string, unknown>, key: string, value: unknown): void {
  Object.defineProperty(target, key, {
    value,
    enumerable: true,
    writable: true,
    configurable: true,
  });
}

/**
 * A value as it is typed: a number, `true`, `false`, `null`, a list, an object or, all else, text;
 * quotes make text of anything.
 */
export function typedValue(text: string): unknown {
  const quoted = /^'([\s\S]*)'$/.exec(text)?.[1];
  if (quoted !== undefined) return quoted;
  if (!/^(?:[-\d{["]|true$|false$|null$)/.test(text)) return text;
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}
