/**
 * Reads a YAML document piece by piece and collects everything that is wrong with it, each with
 * its path.
 */
import { nearest } from '../core/suggest.js';
import type { SpecViolation } from './service-spec.js';

/** What is written down while a document is read. */
export interface Reading {
  readonly violations: SpecViolation[];
  readonly variables?: Readonly<Record<string, string>>;
  /** Another program has checked it: its texts are final, and keys more are no matter. */
  readonly isServed?: boolean;
}

/** Amounts that are allowed, both ends included. */
export interface Limits {
  readonly min: number;
  readonly max: number;
  readonly whole?: boolean;
}

/** A mapping of the document. Every key must be asked for or refused before `done`. */
export class SpecNode {
  readonly path: string;
  readonly #reading: Reading;
  readonly #entries: ReadonlyMap<string, unknown>;

  constructor(reading: Reading, path: string, value: unknown) {
    this.#reading = reading;
    this.path = path;
    this.#entries = new Map(isMapping(value) ? Object.entries(value) : []);
    if (!isMapping(value)) this.wrong('', `must be a mapping, not ${kindOf(value)}`);
  }

  /** Notes that the value of `key` (`''`: the mapping itself) is wrong. */
  wrong(key: string, message: string): void {
    this.#reading.violations.push({ path: this.pathOf(key), message });
  }

  pathOf(key: string): string {
    return [this.path, key].filter((part) => part !== '').join('.');
  }

  has(key: string): boolean {
    const value = this.#entries.get(key);
    return value !== undefined && value !== null;
  }

  /**
   * Checks the keys: `known` are read, `refused` exist in the SDK but not here, all others are
   * mistakes.
   */
  keys(known: readonly string[], refused: readonly string[] = []): void {
    for (const key of this.#entries.keys()) {
      if (known.includes(key) || this.#reading.isServed) continue;
      if (refused.includes(key)) {
        this.wrong(key, 'is a key of the SDK that this version does not support');
        continue;
      }
      const near = nearest(key, [...known, ...refused]);
      this.wrong(key, `is not a known key${near ? `; did you mean '${near}'?` : ''}`);
    }
  }

  /** A text with its `${OPTION}`s replaced; `fallback` when absent, a violation without one. */
  text(key: string, fallback?: string): string {
    const value = this.#entries.get(key);
    if (value === undefined || value === null) return this.#absent(key, fallback, '');
    const text = this.#scalar(key, value);
    if (text === '' && fallback === undefined) this.wrong(key, 'must not be empty');
    return text;
  }

  /**
   * A number, or a sum of products of them: `128 + 2 * 256`, so that what a task needs can be made
   * of several options.
   */
  number(key: string, limits: Limits, fallback?: number): number {
    const value = this.#entries.get(key);
    if (value === undefined || value === null) return this.#absent(key, fallback, 0);
    const text = this.#scalar(key, value).trim();
    const number = amountOf(text);
    const { min, max, whole = true } = limits;
    if (!(number >= min && number <= max) || (whole && !Number.isInteger(number))) {
      const kind = whole ? 'a whole number' : 'a number';
      this.wrong(key, `must be ${kind} from ${min} to ${max}, not '${text}'`);
    }
    return number;
  }

  flag(key: string, fallback: boolean): boolean {
    const value = this.#entries.get(key);
    if (value === undefined || value === null) return fallback;
    const text = this.#scalar(key, value);
    if (text !== 'true' && text !== 'false')
      this.wrong(key, `must be true or false, not '${text}'`);
    return text === 'true';
  }

  choice<Choice extends string>(
    key: string,
    choices: readonly Choice[],
    fallback?: Choice,
  ): Choice {
    const first = choices[0] as Choice;
    const value = this.#entries.get(key);
    if (value === undefined || value === null) return this.#absent(key, fallback, first);
    const text = this.#scalar(key, value);
    const found = choices.find((choice) => choice === text);
    if (found === undefined) this.wrong(key, `must be ${choices.join(', ')}, not '${text}'`);
    return found ?? first;
  }

  texts(key: string): string[] {
    return this.list(key).map((value, index) => this.#scalar(`${key}.${index}`, value));
  }

  list(key: string): readonly unknown[] {
    const value = this.#entries.get(key);
    if (value === undefined || value === null) return [];
    if (Array.isArray(value)) return value;
    this.wrong(key, `must be a list, not ${kindOf(value)}`);
    return [];
  }

  /** The mappings of the list under `key`; empty when absent. */
  items(key: string): SpecNode[] {
    return this.list(key).map((value, index) => this.item(`${key}.${index}`, value));
  }

  /** `value`, found at `key`, as a mapping. */
  item(key: string, value: unknown): SpecNode {
    return new SpecNode(this.#reading, this.pathOf(key), value);
  }

  /** `value`, found at `key`, as a text with its `${OPTION}`s replaced. */
  textOf(key: string, value: unknown): string {
    return this.#scalar(key, value);
  }

  /** The mapping under `key`, if it is there. */
  child(key: string): SpecNode | undefined {
    const value = this.#entries.get(key);
    if (value === undefined || value === null) return undefined;
    return new SpecNode(this.#reading, this.pathOf(key), value);
  }

  /** The mappings under `key` by name; empty when absent. */
  children(key: string): { readonly name: string; readonly node: SpecNode }[] {
    const value = this.#entries.get(key);
    if (value === undefined || value === null) return [];
    if (!isMapping(value)) {
      this.wrong(key, `must be a mapping, not ${kindOf(value)}`);
      return [];
    }
    return Object.entries(value).map(([name, entry]) => ({
      name,
      node: new SpecNode(this.#reading, `${this.pathOf(key)}.${name}`, entry),
    }));
  }

  /** The mapping under `key` as texts. */
  record(key: string): Record<string, string> {
    const value = this.#entries.get(key);
    if (value === undefined || value === null) return {};
    if (!isMapping(value)) {
      this.wrong(key, `must be a mapping, not ${kindOf(value)}`);
      return {};
    }
    const entries = Object.entries(value).filter(([, entry]) => entry !== null);
    return Object.fromEntries(
      entries.map(([name, entry]) => [name, this.#scalar(`${key}.${name}`, entry)]),
    );
  }

  #absent<Value>(key: string, fallback: Value | undefined, filler: Value): Value {
    if (fallback !== undefined) return fallback;
    this.wrong(key, 'is missing');
    return filler;
  }

  #scalar(key: string, value: unknown): string {
    if (typeof value === 'number' || typeof value === 'boolean') return String(value);
    if (typeof value !== 'string') {
      this.wrong(key, `must be a text, not ${kindOf(value)}`);
      return '';
    }
    const { variables = {}, isServed } = this.#reading;
    if (isServed) return value;
    return substitute(value, variables, (name) => {
      const near = nearest(name, Object.keys(variables));
      const hint = near ? `did you mean '${near}'?` : `write $\${${name}} where the shell is meant`;
      this.wrong(key, `names the option '${name}', which does not exist; ${hint}`);
    });
  }
}

/** `NaN` for what is neither a number nor a sum of products. */
function amountOf(text: string): number {
  if (text === '') return Number.NaN;
  const alone = Number(text);
  if (!Number.isNaN(alone)) return alone;
  const factorOf = (factor: string): number =>
    /^\s*\d+(?:\.\d+)?\s*$/.test(factor) ? Number(factor) : Number.NaN;
  const termOf = (term: string): number =>
    term.split('*').reduce((product, factor) => product * factorOf(factor), 1);
  const sum = text.split('+').reduce((total, term) => total + termOf(term), 0);
  // Three decimals, as all amounts of Mesos.
  return Math.round(sum * 1000) / 1000;
}

/**
 * Replaces `${NAME}`; `$${NAME}` becomes `${NAME}`. What was put in is not looked at again: a
 * value can't break out.
 */
function substitute(
  text: string,
  variables: Readonly<Record<string, string>>,
  onUnknown: (name: string) => void,
): string {
  return text.replace(
    /(\$?)\$\{([A-Za-z_][A-Za-z0-9_]*)\}/g,
    (_whole, dollar: string, name: string) => {
      if (dollar !== '') return `\${${name}}`;
      if (Object.hasOwn(variables, name)) return variables[name] ?? '';
      onUnknown(name);
      return '';
    },
  );
}

function isMapping(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function kindOf(value: unknown): string {
  if (value === undefined || value === null) return 'nothing';
  if (Array.isArray(value)) return 'a list';
  return typeof value === 'object' ? 'a mapping' : `'${String(value)}'`;
}
