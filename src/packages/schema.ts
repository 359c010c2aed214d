/**
 * Checks options against a package's draft 4 schema with Ajv, and tells all violations in the shape
 * of Cosmos' JsonSchemaMismatch (the report entries of its validator; cosmos-api.md §2, §6.3).
 */
import { isIP, isIPv4, isIPv6 } from 'node:net';
import type { ErrorObject } from 'ajv';
import * as ajvDraft4 from 'ajv-draft-04';
import { DcosError, messageOf } from '../core/errors.js';
import { type ExactJson, type ExactObject, isExactObject, toPlainJson } from './exact-json.js';
import { toViolations } from './schema-report.js';

/** Where a violation is. */
export interface ViolationPlace {
  readonly level: 'error';
  readonly schema: { readonly loadingURI: string; readonly pointer: string };
  readonly instance: { readonly pointer: string };
  readonly domain: 'validation';
  readonly keyword: string;
}

/** One violation, as Cosmos reports it; `hint` is ours. */
export interface SchemaViolation extends ViolationPlace {
  readonly message: string;
  readonly hint?: string;
  /** What the keyword adds: `expected`, `found`, `missing`… */
  readonly [argument: string]: unknown;
}

// Those of draft 4 that tell something; unknown ones are not checked, as in Cosmos.
const formats: Readonly<Record<string, (text: string) => boolean>> = {
  'date-time': (text) => /^\d{4}-\d\d-\d\dT/.test(text) && !Number.isNaN(Date.parse(text)),
  email: (text) => /^[^\s@]+@[^\s@]+$/.test(text),
  hostname: (text) => /^[a-z0-9]([a-z0-9.-]*[a-z0-9])?$/i.test(text) && isIP(text) === 0,
  ipv4: isIPv4,
  ipv6: isIPv6,
  uri: (text) => URL.canParse(text) || !/[\s<>"{}|\\^`]/.test(text),
};

/** All violations of `schema` by `options`. Throws `failed` for a schema that cannot be used. */
export function validateOptions(schema: ExactObject, options: ExactObject): SchemaViolation[] {
  const ajv = new ajvDraft4.default.default({
    strict: false,
    unicodeRegExp: false,
    allErrors: true,
    verbose: true,
    logger: false,
    validateSchema: false,
    formats: { ...formats },
  });
  try {
    const validate = ajv.compile(usableSchema(schema) as Record<string, unknown>);
    if (validate(toPlainJson(options))) return [];
    return toViolations((validate.errors ?? []) as ErrorObject[]);
  } catch (error) {
    const reason = messageOf(error);
    throw new DcosError('failed', `the package's option schema cannot be used: ${reason}`, {
      hint: 'tell the maintainer of the package; nothing was changed',
      cause: error,
    });
  }
}

// Members that hold schemas by name: below them, `id` and the like are names.
const schemaMaps = new Set(['properties', 'patternProperties', 'definitions', 'dependencies']);
const schemaHolders = new Set([
  'items',
  'additionalItems',
  'additionalProperties',
  'allOf',
  'anyOf',
  'oneOf',
  'not',
]);
const checkedKeywords = new Set([
  ...['type', 'enum', 'pattern', 'format', 'minimum', 'maximum', 'exclusiveMinimum'],
  ...['exclusiveMaximum', 'multipleOf', 'minLength', 'maxLength', 'minItems', 'maxItems'],
  ...['uniqueItems', 'minProperties', 'maxProperties', 'required', '$ref'],
]);

/**
 * The schema without what draft 4 ignores: identifiers of documents nobody loads, keywords of later
 * drafts, notes.
 */
function usableSchema(schema: ExactJson): unknown {
  if (Array.isArray(schema)) return schema.map(usableSchema);
  if (!isExactObject(schema)) return toPlainJson(schema);
  const members: [string, unknown][] = [];
  for (const [key, value] of Object.entries(schema)) {
    if (schemaMaps.has(key) && isExactObject(value)) {
      const below = Object.entries(value).map(([name, item]) => [name, usableSchema(item)]);
      members.push([key, Object.fromEntries(below)]);
    } else if (schemaHolders.has(key)) members.push([key, usableSchema(value)]);
    else if (key === 'required' && !Array.isArray(value)) continue;
    else if (checkedKeywords.has(key)) members.push([key, toPlainJson(value)]);
  }
  return Object.fromEntries(members);
}
