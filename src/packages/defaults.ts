/** Defaults of an option schema, and merging over them (cosmos-api.md §6.1, §6.2). */
import { type ExactJson, type ExactObject, isExactObject } from './exact-json.js';

const maxDepth = 100;

/**
 * The defaults that a schema's `properties` name. A `default` on an object hides those below it;
 * `$ref`, `allOf` and the like are not followed.
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
