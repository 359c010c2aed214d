/**
 * Endpoints that are files: what clients of the service are configured with, rendered from its
 * templates whenever it is asked for (reference/sdk.md §5, custom endpoints). Pure.
 */
import { DcosError, messageOf } from '../core/errors.js';
import type { SpecViolation } from '../wire/service-spec.js';
import { podsScope } from './peers.js';
import { parseTemplate, renderTemplate } from './render.js';
import { type ServiceConfig, type State, targetOf } from './state.js';

/** The names of the endpoints that are files. */
export function endpointFileNames(state: State): string[] {
  return (targetOf(state)?.spec.endpoints ?? []).map(({ name }) => name);
}

/**
 * The text of an endpoint that is a file; `undefined` where there is none of that name. Throws
 * `unreachable` (503) while an address that it names is not known yet.
 */
export function endpointFile(state: State, name: string): string | undefined {
  const config = targetOf(state);
  const endpoint = config?.spec.endpoints?.find((one) => one.name === name);
  if (config === undefined || endpoint === undefined) return undefined;
  try {
    return render(state, config, endpoint.template);
  } catch (error) {
    const text = `the endpoint ${name} is not known yet: ${messageOf(error)}`;
    const hint = 'Not all instances that it names have an address. Wait for the deploy plan.';
    throw new DcosError('unreachable', text, { status: 503, hint });
  }
}

/** What is wrong with the templates of a configuration's endpoints; `trial` knows all addresses. */
export function endpointViolations(trial: State, config: ServiceConfig): SpecViolation[] {
  return (config.spec.endpoints ?? []).flatMap(({ name, template }): SpecViolation[] => {
    try {
      render(trial, config, template);
      return [];
    } catch (error) {
      return [{ path: `endpoints.${name}`, message: messageOf(error) }];
    }
  });
}

/** A client sees options, `service` and `pods`, and no `pod`: what is a node's own is left out. */
function render(state: State, config: ServiceConfig, template: string): string {
  return renderTemplate(parseTemplate(config.templates[template] ?? ''), {
    ...config.variables,
    service: { name: state.serviceName, uuid: state.serviceUuid, role: state.role },
    pods: podsScope(state, config),
  });
}
