/**
 * Names of fields as they must be written. Engines are written in Go, whose reader of JSON takes
 * them in any case, and so do two letters beyond ASCII pass for `k` and `s`: what we look at by its
 * proper name must not be there under another. Pure.
 */
import { DcosError } from '../../core/errors.js';
import { createBodySchema, dockerMountSchema, hostConfigSchema } from '../../wire/docker.js';

type Fields = Readonly<Record<string, unknown>>;

const folded = (name: string): string =>
  name.replaceAll('\u212a', 'k').replaceAll('\u017f', 's').toLowerCase();

/**
 * Gives `value` back if each field that means one of `names` is written as that. Throws `invalid`
 * (400).
 */
export function exactFields(value: unknown, names: readonly string[]): Fields {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return {};
  const proper = new Map(names.map((name) => [folded(name), name]));
  for (const name of Object.keys(value)) {
    const meant = proper.get(folded(name));
    // Both `NanoCpus` and `NanoCPUs` are written, and read.
    if (meant !== undefined && !names.includes(name)) {
      throw new DcosError('invalid', `the field ${name} must be written ${meant}`, { status: 400 });
    }
  }
  return value as Fields;
}

const hostFields = Object.keys(hostConfigSchema.shape);

/** Whether a field's value asks for nothing: older clients write some fields that are never set. */
function isEmpty(value: unknown): boolean {
  if (typeof value === 'object' && value !== null) return Object.keys(value).length === 0;
  return !value;
}

/**
 * Checks the fields of a create, and that none of HostConfig's that asks for something stands
 * beside it, where engines read them as well. Throws `invalid` (400).
 */
export function exactCreate(value: unknown): void {
  const body = exactFields(value, Object.keys(createBodySchema.shape));
  const beside = new Set(hostFields.map(folded));
  const strays = Object.keys(body).filter((name) => beside.has(folded(name)));
  const stray = strays.find((name) => !isEmpty(body[name]));
  if (stray !== undefined) {
    throw new DcosError('invalid', `the field ${stray} belongs into HostConfig`, { status: 400 });
  }
  const host = exactFields(body.HostConfig, hostFields);
  for (const mount of Array.isArray(host.Mounts) ? host.Mounts : []) {
    const { VolumeOptions } = exactFields(mount, Object.keys(dockerMountSchema.shape));
    const { DriverConfig } = exactFields(VolumeOptions, ['DriverConfig']);
    exactFields(DriverConfig, ['Name', 'Options']);
  }
  exactFields(body.NetworkingConfig, ['EndpointsConfig']);
}
