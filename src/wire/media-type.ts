/**
 * Media types of the package API (cosmos-api.md §1); apart from its schemas, so that a client need
 * not load those.
 */

/** `application/vnd.dcos.<ns>.<kind>+json;charset=utf-8;version=vN`. */
export function mediaType(kind: string, version: number, ns = 'package'): string {
  const name = kind === '' ? ns : `${ns}.${kind}`;
  return `application/vnd.dcos.${name}+json;charset=utf-8;version=v${version}`;
}
