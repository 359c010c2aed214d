/** What is wrong with a user's options, as an error of the API and as a list for people. */
import type { DcosError } from '../core/errors.js';
import { cosmosError } from '../wire/cosmos.js';
import type { OptionsFailure } from './options.js';
import type { OptionProblem } from './packages.js';
import type { SchemaViolation } from './schema.js';

/** The problems of invalid options, one per violation. */
export function problemsOf(failure: OptionsFailure): OptionProblem[] {
  if (failure.type === 'OptionsNotAllowed') {
    return [{ pointer: '', message: noOptions, hint: 'leave the options out' }];
  }
  return failure.violations.map(({ instance, message, hint }) => ({
    pointer: instance.pointer,
    message,
    ...(hint === undefined ? {} : { hint }),
  }));
}

const noOptions = 'No schema available to validate the provided options';

/** The error that answers invalid options (§2), all violations in it. */
export function optionsError(failure: OptionsFailure): DcosError {
  if (failure.type === 'OptionsNotAllowed') {
    return cosmosError(
      'OptionsNotAllowed',
      noOptions,
      undefined,
      'this package has no options: leave them out',
    );
  }
  const { violations } = failure;
  return cosmosError(
    'JsonSchemaMismatch',
    'Options JSON failed validation',
    { errors: violations },
    violations.map(lineOf).join('\n'),
  );
}

function lineOf(violation: SchemaViolation): string {
  const hint = violation.hint === undefined ? '' : `; ${violation.hint}`;
  return `${violation.instance.pointer || '/'}: ${violation.message}${hint}`;
}
