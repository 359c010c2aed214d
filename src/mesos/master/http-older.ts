/**
 * Operator calls in the forms that are older than `/api/v1` (apache/mesos docs/endpoints/master):
 * reservations and volumes as forms, maintenance as JSON. Nothing is decided here.
 */
import type { z } from 'zod';
import type { Answer, Request, Route } from '../../core/http/server.js';
import { parseJsonText } from '../../wire/mesos/json-text.js';
import { withoutNulls } from '../../wire/mesos/nulls.js';
import { wrongMethod } from './calls.js';
import { type Act, alsoUnderMaster } from './http-quota.js';
import {
  machinesSchema,
  type OperatorAction,
  resourcesSchema,
  scheduleSchema,
} from './operator-calls.js';

/** Mesos' words for JSON that is not the list or object it should be. */
const wrongType = 'Unexpected JSON type parsed';

/** Bytes of a form or of a list of machines. */
const maxBytes = 1024 * 1024;

type Form = 'RESERVE_RESOURCES' | 'UNRESERVE_RESOURCES' | 'CREATE_VOLUMES' | 'DESTROY_VOLUMES';
const forms: readonly (readonly [string, Form, 'resources' | 'volumes'])[] = [
  ['/reserve', 'RESERVE_RESOURCES', 'resources'],
  ['/unreserve', 'UNRESERVE_RESOURCES', 'resources'],
  ['/create-volumes', 'CREATE_VOLUMES', 'volumes'],
  ['/destroy-volumes', 'DESTROY_VOLUMES', 'volumes'],
];

/** The routes, also under `/master`. `schedule` is what a GET of the schedule shows. */
export function olderRoutes(schedule: () => unknown, act: Act): Route[] {
  const routes: (readonly [string, Route['handle']])[] = [
    ...forms.map(([path, type, field]): [string, Route['handle']] => [
      path,
      (request) => form(act, request, type, field),
    ]),
    ['/machine/down', (request) => machines(act, request, 'START_MAINTENANCE')],
    ['/machine/up', (request) => machines(act, request, 'STOP_MAINTENANCE')],
    ['/maintenance/schedule', (request) => scheduleRequest(schedule, act, request)],
  ];
  return routes.flatMap(([path, handle]) => alsoUnderMaster(path, handle));
}

async function form(
  act: Act,
  request: Request,
  type: Form,
  field: 'resources' | 'volumes',
): Promise<Answer> {
  if (request.method !== 'POST') return wrongMethod(request.method);
  const given = new URLSearchParams((await request.body(maxBytes)).toString('utf8'));
  const agent = given.get('slaveId');
  if (agent === null) return missing('slaveId');
  const text = given.get(field);
  if (text === null) return missing(field);
  const list = parseList(text, resourcesSchema);
  if ('problem' in list) {
    return bad(`Error parsing '${field}' query parameter in the request body: ${list.problem}`);
  }
  const agent_id = { value: agent };
  const body = { type, [type.toLowerCase()]: { agent_id, [field]: list.value } };
  return act(request, body as unknown as OperatorAction);
}

async function machines(
  act: Act,
  request: Request,
  type: 'START_MAINTENANCE' | 'STOP_MAINTENANCE',
): Promise<Answer> {
  if (request.method !== 'POST') return wrongMethod(request.method);
  const text = (await request.body(maxBytes)).toString('utf8');
  const list = parseList(text, machinesSchema);
  if ('problem' in list) return bad(list.problem);
  const machines = list.value ?? [];
  return type === 'START_MAINTENANCE'
    ? act(request, { type, start_maintenance: { machines } })
    : act(request, { type, stop_maintenance: { machines } });
}

async function scheduleRequest(show: () => unknown, act: Act, request: Request): Promise<Answer> {
  if (request.method === 'GET') return { status: 200, json: show() };
  if (request.method !== 'POST') return wrongMethod(request.method, 'GET', 'POST');
  const body = parseJsonText((await request.body(maxBytes)).toString('utf8'));
  if ('problem' in body) return bad(body.problem);
  if (typeof body.json !== 'object' || body.json === null || Array.isArray(body.json)) {
    return bad(wrongType);
  }
  const parsed = scheduleSchema.safeParse(withoutNulls(body.json));
  if (!parsed.success) return bad(parsed.error.issues[0]?.message ?? '');
  return act(request, {
    type: 'UPDATE_MAINTENANCE_SCHEDULE',
    update_maintenance_schedule: { schedule: parsed.data },
  });
}

function parseList<Value>(
  text: string,
  schema: z.ZodType<Value>,
): { value: Value } | { problem: string } {
  const read = parseJsonText(text);
  if ('problem' in read) return read;
  if (!Array.isArray(read.json)) return { problem: wrongType };
  const parsed = schema.safeParse(withoutNulls(read.json));
  if (parsed.success) return { value: parsed.data };
  const issue = parsed.error.issues[0];
  return { problem: `${issue?.path.join('.') ?? ''}: ${issue?.message}` };
}

function missing(name: string): Answer {
  return bad(`Missing '${name}' query parameter in the request body`);
}

function bad(text: string): Answer {
  return { status: 400, text };
}
