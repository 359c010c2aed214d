/** Media types of the package API (cosmos-api.md §1); apart from its schemas, so that a client need not load those. */

/** `application/vnd.dcos.<ns>.<kind>+json;charset=utf-8;version=vN`; `ns` is `package` by default. */
export function mediaType(kind: string, version: number, ns = 'package'): string {
  return `application/vnd.dcos.${ns}${kind === '' ? '' : `.${kind}`}+json;charset=utf-8;version=v${version}`;
}
