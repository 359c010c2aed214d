/** A service's own scheduler, behind `/service/<name>/v1` (sdk.md §5). */
import { asList, asObject, errorOfAnswer } from './answers.js';
import type { Answer, Call, Http } from './http.js';

/** A plan as the scheduler shows it. */
export interface Plan {
  readonly name: string;
  readonly status: string;
  readonly strategy: string;
  readonly errors: readonly string[];
  readonly phases: readonly PlanPhase[];
}

/** A phase of a plan. */
export interface PlanPhase {
  readonly id: string;
  readonly name: string;
  readonly status: string;
  readonly strategy: string;
  readonly steps: readonly PlanStep[];
}

/** A step of a phase. */
export interface PlanStep {
  readonly id: string;
  readonly name: string;
  readonly status: string;
  readonly message: string;
}

/** The path of something of a service's scheduler. */
function servicePath(service: string, rest: string): string {
  const name = service.replace(/^\/+/, '').split('/').map(encodeURIComponent).join('/');
  return `/service/${name}/v1/${rest}`;
}

/**
 * Calls a scheduler; gives any answer below 300, and those above that `accepted` lists. Throws
 * `not-found` naming what is missing.
 */
export async function callService(
  http: Http,
  service: string,
  call: Omit<Call, 'path'> & { rest: string },
  accepted: readonly number[] = [],
): Promise<Answer> {
  const { rest, ...others } = call;
  const answer = await http.answer({ ...others, path: servicePath(service, rest) });
  if (answer.status < 400 || accepted.includes(answer.status)) return answer;
  throw errorOfAnswer(answer, http.connection.url);
}

/** The names of a service's plans. */
export async function listPlans(http: Http, service: string): Promise<string[]> {
  const { data } = await callService(http, service, { method: 'GET', rest: 'plans' });
  return asList(data).map(String);
}

/**
 * A plan with its phases and steps, and the scheduler's own JSON. A plan with errors is an answer
 * as well.
 */
export async function getPlan(
  http: Http,
  service: string,
  name: string,
): Promise<{ plan: Plan; raw: unknown }> {
  const rest = `plans/${encodeURIComponent(name)}`;
  const { data } = await callService(http, service, { method: 'GET', rest }, [417]);
  return { plan: planOf(name, asObject(data)), raw: data };
}

function planOf(name: string, body: Record<string, unknown>): Plan {
  const text = (value: unknown): string => (typeof value === 'string' ? value : '');
  return {
    name,
    status: text(body.status),
    strategy: text(body.strategy),
    errors: asList(body.errors).map(String),
    phases: asList(body.phases)
      .map(asObject)
      .map((phase) => ({
        id: text(phase.id),
        name: text(phase.name),
        status: text(phase.status),
        strategy: text(phase.strategy),
        steps: asList(phase.steps)
          .map(asObject)
          .map((step) => ({
            id: text(step.id),
            name: text(step.name),
            status: text(step.status),
            message: text(step.message),
          })),
      })),
  };
}

/** What a command to a plan came to: done, or already so (208). */
export async function commandPlan(
  http: Http,
  service: string,
  plan: string,
  verb: 'start' | 'stop' | 'continue' | 'interrupt' | 'forceComplete' | 'restart',
  options: { phase?: string | undefined; step?: string | undefined; body?: unknown } = {},
): Promise<'done' | 'already'> {
  const { phase, step, body } = options;
  const answer = await callService(http, service, {
    method: 'POST',
    rest: `plans/${encodeURIComponent(plan)}/${verb}`,
    query: { phase, step },
    ...(body === undefined ? {} : { body }),
  });
  return answer.status === 208 ? 'already' : 'done';
}
