/**
 * What a declarative service will need; loaded only when one is installed, for the sake of the YAML
 * parser's weight. Pure.
 */
import { DcosError, messageOf } from '../../core/errors.js';
import { type Constraint, parseConstraints } from '../../framework/constraints.js';
import { parseServiceCommands } from '../../wire/service-commands-parse.js';
import { brokenRules } from '../../wire/service-rules.js';
import {
  type PodSpec,
  parseServiceSpec,
  type SpecViolation,
  volumesOf,
} from '../../wire/service-spec.js';
import type { RenderedApp } from './app-facts.js';
import type { Need, Spread } from './feasibility.js';

/** The app's environment, which holds the options of its service. */
export function optionsOf(app: RenderedApp): Record<string, string> {
  const env: Record<string, string> = {};
  for (const [name, value] of Object.entries(app.env ?? {}))
    if (typeof value === 'string') env[name] = value;
  return env;
}

function invalid(file: string, violations: readonly SpecViolation[]): DcosError {
  const all = violations.map(({ path, message }) => `${path}: ${message}`).join('; ');
  return new DcosError('invalid', `the package's ${file} is not valid: ${all}`);
}

/** Throws `invalid` with all that is wrong with a package's `commands.yaml`. */
export function checkCommandsOf(commandsYaml: string, app: RenderedApp): void {
  const result = parseServiceCommands(commandsYaml, optionsOf(app));
  if (!result.ok) throw invalid('commands.yaml', result.violations);
}

/**
 * What the pods of its `service.yaml` need, with the app's environment as values. Throws `invalid`
 * with all that is wrong with it; of an update the running scheduler says more of a placement that
 * can't be read, together with every other reason, so it is left to that.
 */
export function needsOfService(
  serviceYaml: string,
  app: RenderedApp,
  kind: 'install' | 'update',
): Need[] {
  const result = parseServiceSpec(serviceYaml, optionsOf(app));
  if (!result.ok) throw invalid('service.yaml', result.violations);
  const broken = brokenRules(result.spec.rules ?? []);
  if (broken.length > 0) {
    const all = broken.map(({ path, message }) => `${path} ${message}`).join('\n  ');
    throw new DcosError('invalid', `these options cannot work:\n  ${all}`);
  }
  return result.spec.pods.map((pod) => {
    return {
      name: `an instance of ${pod.type}`,
      count: pod.count,
      cpus: pod.sets.reduce((sum, { cpus }) => sum + cpus, 0),
      memMb: pod.sets.reduce((sum, { memMb }) => sum + memMb, 0),
      diskMb: volumesOf(pod).reduce((sum, volume) => sum + volume.sizeMb, 0),
      spreads: spreadsOf(pod, kind),
    };
  });
}

/** What a placement asks for of different places. */
function spreadsOf({ type, placement }: PodSpec, kind: 'install' | 'update'): Spread[] {
  return constraintsOf(type, placement, kind).flatMap(({ field, operator, value }): Spread[] => {
    if (operator === 'UNIQUE') return [{ field, operator, number: 1 }];
    const counted = operator === 'MAX_PER' || operator === 'GROUP_BY';
    return counted && value !== undefined ? [{ field, operator, number: Number(value) }] : [];
  });
}

function constraintsOf(type: string, placement: string, kind: 'install' | 'update'): Constraint[] {
  try {
    return placement === '' ? [] : parseConstraints(placement);
  } catch (error) {
    if (kind === 'update') return [];
    throw new DcosError('invalid', `pods.${type}.placement: ${messageOf(error)}`);
  }
}
