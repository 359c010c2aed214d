/**
 * Whether the service could take another configuration, asked before anything is changed. Pure.
 */
import { z } from 'zod';
import { DcosError } from '../core/errors.js';
import { parseServiceSpec, type SpecViolation } from '../wire/service-spec.js';
import { makeConfig, optionsOf, violationsOf } from './config.js';
import { templateViolations } from './launch.js';
import { type State, targetOf } from './state.js';

/** What would be the new configuration. */
export const candidateSchema = z.object({
  serviceYaml: z.string(),
  templates: z.record(z.string(), z.string()),
  variables: z.record(z.string(), z.string()),
});
export type Candidate = z.infer<typeof candidateSchema>;

/** Every reason why it could not follow the present one; empty when it can. */
export function candidateViolations(state: State, candidate: Candidate): readonly SpecViolation[] {
  const options = optionsOf(candidate.variables);
  const read = parseServiceSpec(candidate.serviceYaml, options);
  if (!read.ok) return read.violations;
  try {
    const config = makeConfig(read.spec, candidate.templates, options);
    return [...violationsOf(config, targetOf(state)), ...templateViolations(state, config)];
  } catch (error) {
    if (error instanceof DcosError) return [{ path: '', message: error.message }];
    throw error;
  }
}
