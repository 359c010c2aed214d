/** A release's definition with its numbers exact. */
import { DcosError } from '../core/errors.js';
import type { PackageDefinition } from '../wire/universe.js';
import { type ExactObject, isExactObject, parseExactJson } from './exact-json.js';

/** The definition as it was written. */
export function exactOf(release: {
  readonly definition: PackageDefinition;
  readonly exactText?: string | undefined;
}): ExactObject {
  return parseExactObject(release.exactText ?? JSON.stringify(release.definition));
}

/** Parses text of ours that is a JSON object. Throws `internal` for anything else. */
export function parseExactObject(text: string): ExactObject {
  const value = parseExactJson(text);
  if (isExactObject(value)) return value;
  throw new DcosError('internal', 'a package or its options is no JSON object');
}
