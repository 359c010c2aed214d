/** What was typed for a package's command: checked, and put where its words ask for it. Pure. */
import { DcosError } from '../../core/errors.js';
import {
  type PackageCommand,
  placeholdersIn,
  type ValueSpec,
  type Word,
} from '../../wire/service-commands.js';
import type { Given } from '../command.js';
import { didYouMean } from '../suggest.js';

/** Values by name; a set boolean flag is the text `true`. A name without a value is not in it. */
export type Values = ReadonlyMap<string, readonly string[]>;

/** The values that were typed, defaults among them. Throws `usage` naming the one that is wrong. */
export function valuesOf(command: PackageCommand, given: Given): Values {
  const values = new Map<string, readonly string[]>();
  for (const [at, argument] of command.arguments.entries()) {
    const words = argument.rest ? given.words.slice(at) : given.words.slice(at, at + 1);
    if (!command.raw) for (const word of words) checkValue(argument, argument.name, word);
    if (words.length > 0) values.set(argument.name, words);
    else if (!argument.optional) {
      throw new DcosError('usage', `<${argument.name}> is missing: ${argument.help}`);
    }
  }
  for (const [name, flag] of Object.entries(command.flags)) {
    const key = camelCase(name);
    if (flag.type === 'boolean') {
      if (given.has(key)) values.set(name, ['true']);
      continue;
    }
    const typed = flag.list ? given.list(key) : [given.text(key) ?? flag.default ?? []].flat();
    for (const text of typed) checkValue({ ...flag, type: flag.type }, `--${name}`, text);
    if (typed.length > 0) values.set(name, typed);
    else if (flag.required) {
      throw new DcosError('usage', `--${name} is missing: ${flag.help}`);
    }
  }
  return values;
}

/** As commander names the value of a flag. */
export function camelCase(name: string): string {
  return name.replace(/-([a-z0-9])/g, (_, letter: string) => letter.toUpperCase());
}

function checkValue(spec: ValueSpec, name: string, text: string): void {
  const wrong = (message: string, hint?: string): DcosError =>
    new DcosError('usage', `${name} ${message}, not '${text}'`, { hint });
  const { choices, pattern, type } = spec;
  if (choices !== undefined && !choices.includes(text)) {
    throw wrong(`must be one of ${choices.join(', ')}`, didYouMean(text, choices));
  }
  if (pattern !== undefined && !new RegExp(`^(?:${pattern})$`, 'u').test(text)) {
    throw wrong(`must match ${pattern}`);
  }
  if (type === 'text') {
    if (text.includes('\0')) throw wrong('must not hold a null character');
    return;
  }
  const number = /^-?\d+(?:\.\d+)?$/.test(text) ? Number(text) : Number.NaN;
  const isKind = type === 'integer' ? Number.isSafeInteger(number) : Number.isFinite(number);
  const { minimum = Number.NEGATIVE_INFINITY, maximum = Number.POSITIVE_INFINITY } = spec;
  if (isKind && number >= minimum && number <= maximum) return;
  const kind = type === 'integer' ? 'a whole number' : 'a number';
  throw wrong(`must be ${kind}${rangeText(spec)}`);
}

function rangeText({ minimum, maximum }: ValueSpec): string {
  if (minimum !== undefined && maximum !== undefined) return ` from ${minimum} to ${maximum}`;
  if (minimum !== undefined) return ` of at least ${minimum}`;
  return maximum === undefined ? '' : ` of at most ${maximum}`;
}

/** A text with its values in it, several of one name with commas between; each after `encode`. */
export function fill(
  text: string,
  values: Values,
  encode: (value: string) => string = (value) => value,
): string {
  return text.replace(/\{([a-z][a-z0-9-]*)\}/g, (_, name: string) =>
    encode((values.get(name) ?? []).join(',')),
  );
}

/** Whether every value that a text names was given. */
function hasAll(text: string, values: Values): boolean {
  return placeholdersIn(text).every((name) => values.has(name));
}

/**
 * The words of a program. A word that is nothing but one name becomes as many words as it has
 * values; one that names a value that was not given is left out.
 */
export function argvOf(words: readonly Word[], values: Values): string[] {
  return words.flatMap((word): string[] => {
    if (typeof word !== 'string') {
      const { if: wanted, unless } = word;
      const isThere = wanted === undefined ? !values.has(unless ?? '') : values.has(wanted);
      return isThere ? argvOf(word.words, values) : [];
    }
    const only = /^\{([a-z][a-z0-9-]*)\}$/.exec(word)?.[1];
    if (only !== undefined) return [...(values.get(only) ?? [])];
    return hasAll(word, values) ? [fill(word, values)] : [];
  });
}

/** A record with values in it, without the members whose values were not given. */
export function fillRecord(
  record: Readonly<Record<string, string>>,
  values: Values,
): Record<string, string> {
  const there = Object.entries(record).filter(([, text]) => hasAll(text, values));
  return Object.fromEntries(there.map(([key, text]) => [key, fill(text, values)]));
}
