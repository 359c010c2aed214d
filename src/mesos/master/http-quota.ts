/**
 * `/quota` and `/weights`: the older forms of the calls about quota and weights (apache/mesos
 * docs/endpoints/master/{quota,weights}.md). Nothing is decided here.
 */
import type { Answer, Request, Route } from '../../core/http/server.js';
import { parseJsonText } from '../../wire/mesos/json-text.js';
import { wrongMethod } from './calls.js';
import { type OperatorAction, quotaRequestSchema, weightInfosSchema } from './operator-calls.js';
import type { MasterState } from './state.js';
import { quotaStatus, weightInfos } from './views/quota.js';

/** Carries out a call of an operator. */
export type Act = (request: Request, call: OperatorAction) => Promise<Answer>;

/** The routes, also under `/master`. */
export function quotaRoutes(state: MasterState, act: Act): Route[] {
  const routes: [string, Route['handle']][] = [
    ['/quota', (request) => quotaRequest(state, act, request)],
    ['/quota/:role', (request) => removal(act, request)],
    ['/weights', (request) => weightsRequest(state, act, request)],
  ];
  return routes.flatMap(([path, handle]) => alsoUnderMaster(path, handle));
}

/** A route of any method, also under `/master`. */
export function alsoUnderMaster(path: string, handle: Route['handle']): Route[] {
  return ['', '/master'].map((prefix) => ({
    method: '*',
    path: `${prefix}${path}`,
    access: 'token',
    handle,
  }));
}

async function quotaRequest(state: MasterState, act: Act, request: Request): Promise<Answer> {
  if (request.method === 'GET') return { status: 200, json: quotaStatus(state) };
  if (request.method !== 'POST') return refused(request, 'GET', 'POST', 'DELETE');
  const text = (await request.body()).toString('utf8');
  const parsed = parseJsonText(text);
  if ('problem' in parsed) {
    return bad(`Failed to parse set quota request JSON '${text}': ${parsed.problem}`);
  }
  const body = quotaRequestSchema.safeParse(parsed.json);
  if (!body.success) {
    const why = body.error.issues[0]?.message ?? '';
    return bad(`Failed to validate set quota request JSON '${text}': ${why}`);
  }
  return act(request, { type: 'SET_QUOTA', set_quota: { quota_request: body.data } });
}

async function removal(act: Act, request: Request): Promise<Answer> {
  if (request.method !== 'DELETE') return refused(request, 'DELETE');
  const role = request.params.role ?? '';
  return act(request, { type: 'REMOVE_QUOTA', remove_quota: { role } });
}

async function weightsRequest(state: MasterState, act: Act, request: Request): Promise<Answer> {
  if (request.method === 'GET') return { status: 200, json: weightInfos(state) };
  if (request.method !== 'PUT') return refused(request, 'GET', 'PUT');
  const text = (await request.body()).toString('utf8');
  const parsed = parseJsonText(text);
  if ('problem' in parsed) {
    return bad(`Failed to parse update weights request JSON '${text}': ${parsed.problem}`);
  }
  const body = weightInfosSchema.safeParse(parsed.json);
  if (!body.success) {
    const why = body.error.issues[0]?.message ?? '';
    return bad(`Failed to convert weights JSON array to protobuf '${text}': ${why}`);
  }
  return act(request, { type: 'UPDATE_WEIGHTS', update_weights: { weight_infos: body.data } });
}

function bad(text: string): Answer {
  return { status: 400, text };
}

function refused(request: Request, ...allowed: string[]): Answer {
  return wrongMethod(request.method, ...allowed);
}
