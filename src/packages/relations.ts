/**
 * What options must be to each other, which JSON Schema cannot say: an option with `x-at-most:
 * {"option": "data_node.count", "less": 1}` is at most that other one, less so much. Pure.
 */
import { type ExactJson, type ExactObject, isExactObject, toPlainJson } from './exact-json.js';
import type { SchemaViolation } from './schema.js';

/** Options lie in groups; deeper than this none is looked for. */
const maxDepth = 8;

/** Every option that is larger than another one lets it be, in the order of the schema. */
export function relationViolations(schema: ExactObject, options: ExactObject): SchemaViolation[] {
  const found: SchemaViolation[] = [];
  walk(schema, [], options, found);
  return found;
}

function walk(
  schema: ExactJson | undefined,
  path: readonly string[],
  options: ExactObject,
  found: SchemaViolation[],
): void {
  if (!isExactObject(schema) || path.length > maxDepth) return;
  const violation = violationOf(schema['x-at-most'], path, options);
  if (violation !== undefined) found.push(violation);
  if (!isExactObject(schema.properties)) return;
  for (const [name, below] of Object.entries(schema.properties)) {
    walk(below, [...path, name], options, found);
  }
}

function violationOf(
  relation: ExactJson | undefined,
  path: readonly string[],
  options: ExactObject,
): SchemaViolation | undefined {
  if (!isExactObject(relation) || typeof relation.option !== 'string') return undefined;
  const less = numberOf(relation.less) ?? 0;
  const value = numberOf(valueAt(options, path));
  const other = numberOf(valueAt(options, relation.option.split('.')));
  if (value === undefined || other === undefined || value <= other - less) return undefined;
  const limit = other - less;
  const reason = less === 0 ? '' : `, less ${less}`;
  return {
    level: 'error',
    schema: { loadingURI: '#', pointer: path.map((name) => `/properties/${name}`).join('') },
    instance: { pointer: path.map((name) => `/${name}`).join('') },
    domain: 'validation',
    keyword: 'x-at-most',
    message: `${value} is more than ${relation.option} (${other})${reason} allows`,
    hint: `at most ${limit}, or ${relation.option} at least ${value + less}`,
    found: value,
    maximum: limit,
  };
}

function valueAt(options: ExactObject, path: readonly string[]): ExactJson | undefined {
  let value: ExactJson | undefined = options;
  for (const name of path) value = isExactObject(value) ? value[name] : undefined;
  return value;
}

function numberOf(value: ExactJson | undefined): number | undefined {
  const plain = value === undefined ? undefined : toPlainJson(value);
  return typeof plain === 'number' ? plain : undefined;
}
