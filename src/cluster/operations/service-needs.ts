/**
 * What a declarative service will need; loaded only when one is installed, for the sake of the YAML
 * parser's weight. Pure.
 */
import { DcosError } from '../../core/errors.js';
import { parseServiceSpec } from '../../wire/service-spec.js';
import type { RenderedApp } from './app-facts.js';
import type { Need } from './feasibility.js';

/**
 * What the pods of its `service.yaml` need, with the app's environment as values. Throws `invalid`
 * with all that is wrong with it.
 */
export function needsOfService(serviceYaml: string, app: RenderedApp): Need[] {
  const env: Record<string, string> = {};
  for (const [name, value] of Object.entries(app.env ?? {}))
    if (typeof value === 'string') env[name] = value;
  const result = parseServiceSpec(serviceYaml, env);
  if (!result.ok) {
    const all = result.violations.map(({ path, message }) => `${path}: ${message}`).join('; ');
    throw new DcosError('invalid', `the package's service.yaml is not valid: ${all}`);
  }
  return result.spec.pods.map(({ type, count, placement, task }) => {
    const unique = /(@?[\w.-]+)["\s,:]+UNIQUE/.exec(placement)?.[1];
    return {
      name: `an instance of ${type}`,
      count,
      cpus: task.cpus,
      memMb: task.memMb,
      diskMb: task.volumes.reduce((sum, volume) => sum + volume.sizeMb, 0),
      ...(unique === undefined ? {} : { uniqueBy: unique }),
    };
  });
}
