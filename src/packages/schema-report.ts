/**
 * Ajv's errors in the words and shape of the validator that Cosmos uses (json-schema-validator 2.2, `validation.properties`):
 * one entry per instance and keyword, and one per `allOf`, `anyOf`, `oneOf`, with what failed below it in `reports`.
 */
import type { ErrorObject } from 'ajv';
import { nearest } from './nearest.js';
import type { SchemaViolation, ViolationPlace } from './schema.js';

/** An error of Ajv with its paths taken apart. */
interface Located {
  readonly error: ErrorObject;
  readonly schema: readonly string[];
  readonly instance: readonly string[];
}

/** The violations that a list of Ajv's errors (with `verbose`) stands for. */
export function toViolations(errors: readonly ErrorObject[]): SchemaViolation[] {
  return translate(errors.map(locate), 0, 0);
}

function locate(error: ErrorObject): Located {
  const schema = error.schemaPath.replace(/^#\/?/, '').split('/').map(decodeURIComponent);
  return {
    error,
    schema: schema.map(unescapeSegment),
    instance: error.instancePath.split('/').slice(1).map(unescapeSegment),
  };
}

function unescapeSegment(segment: string): string {
  return segment.replaceAll('~1', '/').replaceAll('~0', '~');
}

function pointerOf(segments: readonly string[]): string {
  return segments.map((part) => `/${part.replaceAll('~', '~0').replaceAll('/', '~1')}`).join('');
}

/** Where an error belongs: to the outermost combination above it, or to its own instance and keyword. */
interface Group {
  readonly combination: { readonly at: number; readonly consumed: number } | undefined;
  readonly members: Located[];
}

/** `schemaFrom`, `instanceFrom`: how many segments a combination around these errors has already used up. */
function translate(
  errors: readonly Located[],
  schemaFrom: number,
  instanceFrom: number,
): SchemaViolation[] {
  const groups = new Map<string, Group>();
  for (const located of errors) {
    const combination = findCombination(located.schema, schemaFrom, instanceFrom);
    const path = combination ? located.schema.slice(0, combination.at + 1) : located.schema;
    const instance = combination
      ? located.instance.slice(0, combination.consumed)
      : located.instance;
    const key = `${pointerOf(path)} ${pointerOf(instance)}`;
    const group = groups.get(key) ?? { combination, members: [] };
    group.members.push(located);
    groups.set(key, group);
  }
  return [...groups.values()].map(violationOf);
}

function findCombination(
  schema: readonly string[],
  schemaFrom: number,
  instanceFrom: number,
): Group['combination'] {
  let consumed = instanceFrom;
  let at = schemaFrom;
  while (at < schema.length) {
    const keyword = schema[at] ?? '';
    if (['allOf', 'anyOf', 'oneOf'].includes(keyword)) return { at, consumed };
    if (keyword === 'properties' || keyword === 'patternProperties') at += 2;
    else if (keyword === 'items') at += /^\d+$/.test(schema[at + 1] ?? '') ? 2 : 1;
    else if (keyword === 'additionalProperties' || keyword === 'additionalItems') at += 1;
    else return undefined;
    consumed += 1;
  }
  return undefined;
}

function violationOf(group: Group): SchemaViolation {
  const [first] = group.members;
  if (first === undefined) throw new TypeError('a group of errors is never empty');
  if (group.combination) return combined(group.members, group.combination);
  const { keyword } = first.error;
  const told = tell(group.members.map((located) => located.error));
  return {
    ...head(first.schema.slice(0, -1), first.instance, keyword.replace(/^exclusive(.)/, lower)),
    ...told,
  };
}

function lower(_all: string, letter: string): string {
  return letter.toLowerCase();
}

function head(
  schema: readonly string[],
  instance: readonly string[],
  keyword: string,
): ViolationPlace {
  return {
    level: 'error',
    schema: { loadingURI: '#', pointer: pointerOf(schema) },
    instance: { pointer: pointerOf(instance) },
    domain: 'validation',
    keyword,
  };
}

function combined(
  members: readonly Located[],
  { at, consumed }: { at: number; consumed: number },
): SchemaViolation {
  const [first] = members;
  const path = first?.schema.slice(0, at) ?? [];
  const keyword = first?.schema[at] ?? '';
  const own = members.find(({ schema }) => schema.length === at + 1);
  const below = members.filter((located) => located !== own);
  const byIndex = groupByIndex(below, at);
  const reports = Object.fromEntries(
    [...byIndex].map(([index, errors]) => [
      pointerOf([...path, keyword, index]),
      translate(errors, at + 2, consumed),
    ]),
  );
  const listed: unknown = own?.error.schema;
  const nrSchemas = Array.isArray(listed) ? listed.length : countSchemas(byIndex);
  const passing = own?.error.params.passingSchemas as readonly unknown[] | null | undefined;
  const matched = keyword === 'oneOf' ? (passing?.length ?? 0) : nrSchemas - byIndex.size;
  const message =
    keyword === 'allOf'
      ? `instance failed to match all required schemas (matched only ${matched} out of ${nrSchemas})`
      : keyword === 'oneOf'
        ? `instance failed to match exactly one schema (matched ${matched} out of ${nrSchemas})`
        : `instance failed to match at least one required schema among ${nrSchemas}`;
  const counted = keyword === 'anyOf' ? { nrSchemas } : { matched, nrSchemas };
  const instance = first?.instance.slice(0, consumed) ?? [];
  return { ...head(path, instance, keyword), message, ...counted, reports };
}

function groupByIndex(errors: readonly Located[], at: number): Map<string, Located[]> {
  const groups = new Map<string, Located[]>();
  for (const located of errors) {
    const index = located.schema[at + 1] ?? '';
    groups.set(index, [...(groups.get(index) ?? []), located]);
  }
  return groups;
}

// Ajv says nothing of an `allOf` itself; the highest index that failed is a lower bound.
function countSchemas(byIndex: ReadonlyMap<string, unknown>): number {
  return Math.max(0, ...[...byIndex.keys()].map(Number)) + 1;
}

type Told = { readonly message: string; readonly hint?: string; readonly [name: string]: unknown };

/** Message and arguments of errors that share instance and keyword. */
function tell(errors: readonly ErrorObject[]): Told {
  const [error] = errors;
  if (error === undefined) return { message: '' };
  const { data, schema, params, keyword } = error;
  switch (keyword) {
    case 'required': {
      const missing = errors.map((one) => String(one.params.missingProperty)).sort();
      return {
        message: `object has missing required properties (${JSON.stringify(missing)})`,
        required: [...(schema as string[])].sort(),
        missing,
      };
    }
    case 'additionalProperties': {
      const unwanted = errors.map((one) => String(one.params.additionalProperty)).sort();
      const hint = nearestOptions(unwanted, error.parentSchema);
      return {
        message: `object instance has properties which are not allowed by the schema: ${JSON.stringify(unwanted)}`,
        unwanted,
        ...(hint === undefined ? {} : { hint }),
      };
    }
    case 'type': {
      const found = typeName(data);
      const expected = allowedTypes(schema);
      const message = `instance type (${found}) does not match any allowed primitive type (allowed: ${JSON.stringify(expected)})`;
      return { message, found, expected };
    }
    case 'enum':
      return {
        message: `instance value (${JSON.stringify(data)}) not found in enum (possible values: ${JSON.stringify(schema)})`,
        value: data,
        enum: schema,
      };
    default:
      return tellBound(keyword, data, schema, params);
  }
}

function nearestOptions(unwanted: readonly string[], parent: unknown): string | undefined {
  const known = Object.keys((parent as { properties?: object } | undefined)?.properties ?? {});
  const guesses = unwanted.flatMap((name) => {
    const guess = nearest(name, known);
    return guess === undefined ? [] : [`did you mean "${guess}" instead of "${name}"?`];
  });
  if (guesses.length > 0) return guesses.join(' ');
  return known.length > 0 && known.length <= 30
    ? `known here: ${known.sort().join(', ')}`
    : undefined;
}

/** The keywords that compare with a bound. */
function tellBound(
  keyword: string,
  data: unknown,
  bound: unknown,
  params: Readonly<Record<string, unknown>>,
): Told {
  const size = sizeOf(data);
  switch (keyword) {
    case 'minimum':
    case 'maximum':
      return tellRange(keyword, data, bound, String(params.comparison ?? ''));
    case 'minLength':
      return {
        message: `string ${JSON.stringify(data)} is too short (length: ${size}, required minimum: ${bound})`,
        value: data,
        found: size,
        minLength: bound,
      };
    case 'maxLength':
      return {
        message: `string ${JSON.stringify(data)} is too long (length: ${size}, maximum allowed: ${bound})`,
        value: data,
        found: size,
        maxLength: bound,
      };
    case 'minItems':
      return {
        message: `array is too short: must have at least ${bound} elements but instance has ${size} elements`,
        minItems: bound,
        found: size,
      };
    case 'maxItems':
      return {
        message: `array is too long: must have at most ${bound} elements but instance has ${size} elements`,
        maxItems: bound,
        found: size,
      };
    case 'minProperties':
      return {
        message: `object has too few properties (found ${size} but schema requires at least ${bound})`,
        found: size,
        required: bound,
      };
    case 'maxProperties':
      return {
        message: `object has too many properties (found ${size} but schema requires at most ${bound})`,
        found: size,
        required: bound,
      };
    default:
      return tellRest(keyword, data, bound, params);
  }
}

function tellRange(keyword: string, data: unknown, bound: unknown, comparison: string): Told {
  const low = keyword === 'minimum';
  if (comparison === '>' || comparison === '<') {
    const word = low ? 'greater' : 'lower';
    return {
      message: `numeric instance is not strictly ${word} than the required ${keyword} ${bound}`,
      [keyword]: bound,
      found: data,
      [low ? 'exclusiveMinimum' : 'exclusiveMaximum']: true,
    };
  }
  const word = low ? 'lower' : 'greater';
  return {
    message: `numeric instance is ${word} than the required ${keyword} (${keyword}: ${bound}, found: ${data})`,
    [keyword]: bound,
    found: data,
  };
}

function tellRest(
  keyword: string,
  data: unknown,
  bound: unknown,
  params: Readonly<Record<string, unknown>>,
): Told {
  switch (keyword) {
    case 'pattern':
      return {
        message: `ECMA 262 regex "${bound}" does not match input string "${data === '' ? '[empty]' : data}"`,
        regex: bound,
        string: data,
      };
    case 'multipleOf':
      return {
        message: `remainder of division is not zero (${data} / ${bound})`,
        value: data,
        divisor: bound,
      };
    case 'uniqueItems':
      return { message: 'array must not contain duplicate elements' };
    case 'not':
      return { message: 'instance matched a schema which it should not have' };
    case 'dependencies': {
      const required = (bound as Record<string, unknown> | undefined)?.[String(params.property)];
      const missing = String(params.missingProperty);
      return {
        message: `property "${params.property}" of object has missing property dependencies (schema requires ${JSON.stringify(required)}; missing: ${JSON.stringify([missing])})`,
        property: params.property,
        required,
        missing: [missing],
      };
    }
    case 'format':
      return { message: `string "${data}" is not a valid ${bound}`, value: data, format: bound };
    default:
      return { message: `the option does not satisfy "${keyword}" of the schema` };
  }
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
  return [
    ...new Set(named.flatMap((name) => (name === 'number' ? ['integer', name] : [name]))),
  ].sort();
}
