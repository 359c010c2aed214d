/** Options of a package: the defaults of its schema and what the user gives, merged and checked (cosmos-api.md §6.1–6.3). */
import { type ExactJson, type ExactObject, isExactObject } from './exact-json.js';
import { type SchemaViolation, validateOptions } from './schema.js';

const maxDepth = 100;

/**
 * The defaults that a schema's `properties` name. A `default` on an object hides those below it; `$ref`, `allOf` and
 * the like are not followed.
 */
export function defaultsOf(schema: ExactJson | undefined, depth = 0): ExactObject {
  const properties = isExactObject(schema) ? schema.properties : undefined;
  if (!isExactObject(properties) || depth > maxDepth) return {};
  const found: [string, ExactJson][] = [];
  for (const [name, property] of Object.entries(properties)) {
    if (!isExactObject(property)) continue;
    if (property.default !== undefined) found.push([name, property.default]);
    else {
      const below = defaultsOf(property, depth + 1);
      if (Object.keys(below).length > 0) found.push([name, below]);
    }
  }
  return Object.fromEntries(found);
}

/** Merges `over` into `base`: objects merge, anything else, null too, replaces. */
export function mergeOptions(base: ExactObject, over: ExactObject): ExactObject {
  const merged = new Map(Object.entries(base));
  for (const [name, value] of Object.entries(over)) {
    const below = merged.get(name);
    const both = isExactObject(below) && isExactObject(value);
    merged.set(name, both ? mergeOptions(below, value) : value);
  }
  return Object.fromEntries(merged);
}

/** What a check of options came to. */
export interface CheckedOptions {
  /** Defaults and the user's, merged. */
  readonly merged: ExactObject;
  /** `OptionsNotAllowed` where the package has no schema; `JsonSchemaMismatch` with all violations. */
  readonly failure?:
    | { readonly type: 'OptionsNotAllowed' }
    | { readonly type: 'JsonSchemaMismatch'; readonly violations: readonly SchemaViolation[] };
}

/** Merges and checks. An empty merged object is not checked, even if the schema requires something, as in Cosmos. */
export function checkOptions(
  config: ExactObject | null | undefined,
  userOptions: ExactObject,
): CheckedOptions {
  if (config === undefined || config === null) {
    const empty = Object.keys(userOptions).length === 0;
    return { merged: userOptions, ...(empty ? {} : { failure: { type: 'OptionsNotAllowed' } }) };
  }
  const merged = mergeOptions(defaultsOf(config), userOptions);
  if (Object.keys(merged).length === 0) return { merged };
  const violations = validateOptions(config, merged);
  if (violations.length === 0) return { merged };
  return { merged, failure: { type: 'JsonSchemaMismatch', violations } };
}
