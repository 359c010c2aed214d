/** YAML; a file of its own, so that its library is loaded only where YAML is asked for. Pure. */
import { stringify } from 'yaml';

/** A value as YAML. */
export function formatYaml(value: unknown): string {
  return stringify(value);
}
