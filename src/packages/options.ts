/**
 * Options of a package: what the user gives over the schema's defaults, checked (cosmos-api.md
 * §6.3).
 */
import { defaultsOf, mergeOptions } from './defaults.js';
import type { ExactObject } from './exact-json.js';
import { relationViolations } from './relations.js';
import { type SchemaViolation, validateOptions } from './schema.js';

/**
 * `OptionsNotAllowed` where the package has no schema; `JsonSchemaMismatch` with all violations.
 */
export type OptionsFailure =
  | { readonly type: 'OptionsNotAllowed' }
  | { readonly type: 'JsonSchemaMismatch'; readonly violations: readonly SchemaViolation[] };

/** What a check of options came to. */
export interface CheckedOptions {
  /** Defaults and the user's, merged. */
  readonly merged: ExactObject;
  readonly failure?: OptionsFailure;
}

/**
 * Merges and checks. An empty merged object is not checked, even if the schema requires something,
 * as in Cosmos.
 */
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
  // Of values that are wrong in themselves nothing more is told.
  if (violations.length === 0) violations.push(...relationViolations(config, merged));
  if (violations.length === 0) return { merged };
  return { merged, failure: { type: 'JsonSchemaMismatch', violations } };
}
