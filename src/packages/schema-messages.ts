/**
 * The words of the validator that Cosmos uses for each keyword, and the arguments it adds
 * (json-schema-validator 2.2, `validation.properties`).
 */
import type { ErrorObject } from 'ajv';
import { nearestOrPart } from '../core/suggest.js';

/** Message and arguments of a violation. */
export interface Told {
  readonly message: string;
  readonly hint?: string;
  readonly [argument: string]: unknown;
}

/** What a message is made of. */
interface Facts {
  readonly data: unknown;
  /** The keyword's value in the schema. */
  readonly bound: unknown;
  /** Of strings in characters, of arrays and objects in members. */
  readonly size: number;
  readonly params: Readonly<Record<string, unknown>>;
}

const text = JSON.stringify;

/** The message of a combination of schemas that did not match. */
export function tellCombination(keyword: string, matched: number, of: number): string {
  const failed = 'instance failed to match';
  if (keyword === 'allOf')
    return `${failed} all required schemas (matched only ${matched} out of ${of})`;
  if (keyword === 'oneOf') return `${failed} exactly one schema (matched ${matched} out of ${of})`;
  return `${failed} at least one required schema among ${of}`;
}

/** Message and arguments of errors that share instance and keyword. */
export function tellErrors(errors: readonly ErrorObject[]): Told {
  const [error] = errors;
  if (error === undefined) throw new TypeError('a group of errors is never empty');
  if (error.keyword === 'required') return tellRequired(errors, error.schema as string[]);
  if (error.keyword === 'additionalProperties') return tellUnwanted(errors, error.parentSchema);
  const { data, schema: bound, params } = error;
  const tell = byKeyword[error.keyword];
  const message = `the option does not satisfy "${error.keyword}" of the schema`;
  return tell?.({ data, bound, size: sizeOf(data), params }) ?? { message };
}

function tellRequired(errors: readonly ErrorObject[], required: readonly string[]): Told {
  const missing = errors.map((one) => String(one.params.missingProperty)).sort();
  const message = `object has missing required properties (${text(missing)})`;
  return { message, required: [...required].sort(), missing };
}

function tellUnwanted(errors: readonly ErrorObject[], parent: unknown): Told {
  const unwanted = errors.map((one) => String(one.params.additionalProperty)).sort();
  const hint = nearestOptions(unwanted, parent);
  const message = 'object instance has properties which are not allowed by the schema';
  return {
    message: `${message}: ${text(unwanted)}`,
    unwanted,
    ...(hint === undefined ? {} : { hint }),
  };
}

function nearestOptions(unwanted: readonly string[], parent: unknown): string | undefined {
  const { properties = {} } = (parent ?? {}) as { properties?: Record<string, unknown> };
  const known = Object.keys(properties).sort();
  const guesses = unwanted.flatMap((name) => {
    const guess = nearestOrPart(name, known);
    return guess === undefined ? [] : [`did you mean "${guess}" instead of "${name}"?`];
  });
  if (guesses.length > 0) return guesses.join(' ');
  return known.length > 0 && known.length <= 30 ? `known here: ${known.join(', ')}` : undefined;
}

const byKeyword: Readonly<Record<string, (facts: Facts) => Told>> = {
  type: ({ data, bound }) => {
    const found = typeName(data);
    const expected = allowedTypes(bound);
    const allowed = `(allowed: ${text(expected)})`;
    const message = `instance type (${found}) does not match any allowed primitive type ${allowed}`;
    return { message, found, expected };
  },
  enum: ({ data, bound }) => ({
    message: `instance value (${text(data)}) not found in enum (possible values: ${text(bound)})`,
    value: data,
    enum: bound,
  }),
  minimum: (facts) => tellRange('minimum', facts),
  maximum: (facts) => tellRange('maximum', facts),
  minLength: ({ data, bound, size }) => ({
    message: `string ${text(data)} is too short (length: ${size}, required minimum: ${bound})`,
    value: data,
    found: size,
    minLength: bound,
  }),
  maxLength: ({ data, bound, size }) => ({
    message: `string ${text(data)} is too long (length: ${size}, maximum allowed: ${bound})`,
    value: data,
    found: size,
    maxLength: bound,
  }),
  minItems: ({ bound, size }) => ({
    message: `array is too short: must have at least ${bound} ${butHas(size)}`,
    minItems: bound,
    found: size,
  }),
  maxItems: ({ bound, size }) => ({
    message: `array is too long: must have at most ${bound} ${butHas(size)}`,
    maxItems: bound,
    found: size,
  }),
  additionalItems: ({ params: { limit }, size }) => ({
    message: `schema only allows ${limit} elements in array but instance has ${size} elements`,
    allowed: limit,
    found: size,
  }),
  minProperties: ({ bound, size }) => ({
    message: `object has too few properties (found ${size} but schema requires at least ${bound})`,
    found: size,
    required: bound,
  }),
  maxProperties: ({ bound, size }) => ({
    message: `object has too many properties (found ${size} but schema requires at most ${bound})`,
    found: size,
    required: bound,
  }),
  pattern: ({ data, bound }) => {
    const string = data === '' ? '[empty]' : data;
    const message = `ECMA 262 regex "${bound}" does not match input string "${string}"`;
    return { message, regex: bound, string: data };
  },
  multipleOf: ({ data, bound }) => ({
    message: `remainder of division is not zero (${data} / ${bound})`,
    value: data,
    divisor: bound,
  }),
  uniqueItems: () => ({ message: 'array must not contain duplicate elements' }),
  not: () => ({ message: 'instance matched a schema which it should not have' }),
  dependencies: ({ bound, params }) => {
    const property = String(params.property);
    const required = (bound as Record<string, unknown> | undefined)?.[property];
    const missing = [String(params.missingProperty)];
    const reason = `(schema requires ${text(required)}; missing: ${text(missing)})`;
    const message = `property "${property}" of object has missing property dependencies ${reason}`;
    return { message, property, required, missing };
  },
  format: ({ data, bound }) => ({
    message: `string "${data}" is not a valid ${bound}`,
    value: data,
    format: bound,
  }),
};

function butHas(size: number): string {
  return `elements but instance has ${size} elements`;
}

function tellRange(keyword: 'minimum' | 'maximum', { data, bound, params }: Facts): Told {
  const low = keyword === 'minimum';
  const limits = { [keyword]: bound, found: data };
  if (params.comparison === '>' || params.comparison === '<') {
    const side = low ? 'greater' : 'lower';
    const message = `numeric instance is not strictly ${side} than the required ${keyword}`;
    return {
      message: `${message} ${bound}`,
      ...limits,
      [low ? 'exclusiveMinimum' : 'exclusiveMaximum']: true,
    };
  }
  const side = low ? 'lower' : 'greater';
  const amounts = `(${keyword}: ${bound}, found: ${data})`;
  return {
    message: `numeric instance is ${side} than the required ${keyword} ${amounts}`,
    ...limits,
  };
}

function sizeOf(data: unknown): number {
  if (typeof data === 'string') return [...data].length;
  if (Array.isArray(data)) return data.length;
  return typeof data === 'object' && data !== null ? Object.keys(data).length : 0;
}

function typeName(data: unknown): string {
  if (data === null) return 'null';
  if (Array.isArray(data)) return 'array';
  if (typeof data === 'number') return Number.isInteger(data) ? 'integer' : 'number';
  return typeof data;
}

/** `number` allows integers as well, and the validator says so. */
function allowedTypes(schema: unknown): string[] {
  const named = (Array.isArray(schema) ? schema : [schema]).map(String);
  const all = named.flatMap((name) => (name === 'number' ? ['integer', name] : [name]));
  return [...new Set(all)].sort();
}
