/**
 * Ajv's errors in the words and shape of the validator that Cosmos uses (json-schema-validator 2.2,
 * `validation.properties`): one entry per instance and keyword, and one per `allOf`, `anyOf`,
 * `oneOf`, with what failed below it in `reports`.
 */
import type { ErrorObject } from 'ajv';
import type { SchemaViolation, ViolationPlace } from './schema.js';
import { tellCombination, tellErrors } from './schema-messages.js';

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

/**
 * Where an error belongs: to the outermost combination above it, or to its own instance and
 * keyword.
 */
interface Group {
  readonly combination: { readonly at: number; readonly consumed: number } | undefined;
  readonly members: Located[];
}

/**
 * `schemaFrom`, `instanceFrom`: how many segments a combination around these errors has already
 * used up.
 */
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
  const told = tellErrors(group.members.map((located) => located.error));
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
  const message = tellCombination(keyword, matched, nrSchemas);
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
