/**
 * Requests of the v1 API as calls, or the status and text with which Mesos refuses them
 * (src/master/{http,validation}.cpp).
 */
import type { IncomingHttpHeaders } from 'node:http';
import type { z } from 'zod';
import { parseJsonText } from '../../wire/mesos/json-text.js';
import { withoutNulls } from '../../wire/mesos/nulls.js';
import { type SchedulerCall, schedulerCallSchema } from '../../wire/mesos/scheduler.js';
import { decodeMessage } from '../../wire/protobuf/codec.js';
import { messageFromJson } from '../../wire/protobuf/from-json.js';
import { accepted, type Encoding, encodingOf } from '../../wire/protobuf/media.js';
import type { CallAnswer } from './events.js';
import {
  type FileCall,
  fileCallSchema,
  type OperatorAction,
  type OperatorQuery,
  operatorActionFields,
  operatorActionSchema,
  operatorQueries,
} from './operator-calls.js';

/** Either what was asked, or why it is refused. */
export type Parsed<Call> = { readonly call: Call } | { readonly refusal: CallAnswer };

/** Why the request is refused before its body is looked at. */
export function refusalOfRequest(
  method: string | undefined,
  headers: IncomingHttpHeaders,
  door: 'scheduler.Call' | 'master.Call',
): (CallAnswer & { readonly headers?: Record<string, string> }) | undefined {
  if (method !== 'POST') return wrongMethod(method);
  if (headers['content-type'] === undefined) {
    return { status: 400, text: "Expecting 'Content-Type' to be present" };
  }
  if (encodingOf(headers['content-type']) === undefined) {
    const text = "Expecting 'Content-Type' of application/json or application/x-protobuf";
    return { status: 415, text };
  }
  // Of schedulers only SUBSCRIBE is answered with more than a status.
  if (door === 'master.Call' && accepted(headers.accept) === undefined) return notAcceptable;
  return undefined;
}

/** 406 as Mesos words it. */
export const notAcceptable: CallAnswer = {
  status: 406,
  text: "Expecting 'Accept' to allow 'application/x-protobuf' or 'application/json'",
};

/** 405 as Mesos words it. */
export function wrongMethod(
  method: string | undefined,
  ...allowed: readonly string[]
): CallAnswer & { readonly headers: Record<string, string> } {
  const known = allowed.length === 0 ? ['POST'] : allowed;
  const names = `'${known.join("', '")}'`;
  const text = `405 Method Not Allowed. Expecting one of { ${names} }, but received '${method}'.`;
  return { status: 405, text, headers: { allow: known.join(', ') } };
}

/** The body as an object, whatever its encoding, or Mesos' refusal. */
export function readCall(
  encoding: Encoding,
  name: 'scheduler.Call' | 'master.Call',
  body: Buffer,
): Parsed<Record<string, unknown>> {
  if (encoding === 'json') {
    const parsed = parseBody(body.toString('utf8'));
    if ('refusal' in parsed) return parsed;
    const read = messageFromJson(name, parsed.call);
    if ('message' in read) return { call: read.message };
    return refuse(400, `Failed to convert JSON into Call protobuf: ${read.problem}`);
  }
  try {
    return { call: decodeMessage(name, body) };
  } catch {
    return refuse(400, 'Failed to parse body into Call protobuf');
  }
}

/** The body as an object, or Mesos' refusal. */
export function parseBody(text: string): Parsed<Record<string, unknown>> {
  const parsed = parseJsonText(text);
  if ('problem' in parsed) return refuse(400, `Failed to parse body into JSON: ${parsed.problem}`);
  const value = parsed.json;
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    return refuse(400, 'Failed to convert JSON into Call protobuf: Expecting a JSON object');
  }
  return { call: withoutNulls(value) as Record<string, unknown> };
}

const schedulerFields: Readonly<Record<string, string | undefined>> = {
  TEARDOWN: undefined,
  REVIVE: undefined,
  SUPPRESS: undefined,
  ACCEPT: 'accept',
  DECLINE: 'decline',
  KILL: 'kill',
  SHUTDOWN: 'shutdown',
  ACKNOWLEDGE: 'acknowledge',
  ACKNOWLEDGE_OPERATION_STATUS: 'acknowledge_operation_status',
  RECONCILE: 'reconcile',
  RECONCILE_OPERATIONS: 'reconcile_operations',
  UPDATE_FRAMEWORK: 'update_framework',
  ACCEPT_INVERSE_OFFERS: 'accept_inverse_offers',
  DECLINE_INVERSE_OFFERS: 'decline_inverse_offers',
  MESSAGE: 'message',
  REQUEST: 'request',
};
/** A call of the scheduler API. `principal` is who makes it. */
export function parseSchedulerCall(
  body: Record<string, unknown>,
  principal: string,
): Parsed<SchedulerCall> {
  const refusal = schedulerRefusal(body);
  if (refusal !== undefined) {
    return refuse(400, `Failed to validate scheduler::Call: ${refusal}`);
  }
  const parsed = convert(schedulerCallSchema, body);
  if ('refusal' in parsed) return parsed;
  const problem = meaningProblem(parsed.call, principal);
  return problem === undefined
    ? parsed
    : refuse(400, `Failed to validate scheduler::Call: ${problem}`);
}

function schedulerRefusal(body: Record<string, unknown>): string | undefined {
  const type = String(body.type);
  const known = type === 'SUBSCRIBE' || type in schedulerFields;
  if (!known) return "Expecting 'type' to be present";
  if (type === 'SUBSCRIBE') {
    return body.subscribe === undefined ? "Expecting 'subscribe' to be present" : undefined;
  }
  if (body.framework_id === undefined) return "Expecting 'framework_id' to be present";
  const field = schedulerFields[type];
  return field !== undefined && body[field] === undefined
    ? `Expecting '${field}' to be present`
    : undefined;
}

function meaningProblem(call: SchedulerCall, principal: string): string | undefined {
  if (call.type === 'SUBSCRIBE') {
    const info = call.subscribe.framework_info;
    if (call.framework_id?.value !== info.id?.value) {
      return "'framework_id' differs from 'subscribe.framework_info.id'";
    }
    return info.principal === undefined || info.principal === principal
      ? undefined
      : `Authenticated principal '${principal}' does not match principal ` +
          `'${info.principal}' set in \`FrameworkInfo\``;
  }
  if (call.type === 'UPDATE_FRAMEWORK') {
    const same = call.update_framework.framework_info.id?.value === call.framework_id.value;
    return same ? undefined : "'framework_id' differs from 'update_framework.framework_info.id'";
  }
  const uuid =
    call.type === 'ACKNOWLEDGE'
      ? call.acknowledge.uuid
      : call.type === 'ACKNOWLEDGE_OPERATION_STATUS'
        ? call.acknowledge_operation_status.uuid
        : undefined;
  return uuid === undefined || isUuid(Buffer.from(uuid, 'base64')) ? undefined : 'Not a valid UUID';
}

/** Sixteen bytes that name a version that there is. */
function isUuid(bytes: Buffer): boolean {
  const version = (bytes[6] ?? 0) >> 4;
  return bytes.length === 16 && version >= 1 && version <= 5;
}

/** What an operator may ask for. */
export type OperatorCall =
  | { readonly kind: 'query'; readonly type: OperatorQuery }
  | { readonly kind: 'action'; readonly action: OperatorAction }
  | { readonly kind: 'files'; readonly call: FileCall }
  | { readonly kind: 'subscribe' };

/** A call of the operator API. */
export function parseOperatorCall(body: Record<string, unknown>): Parsed<OperatorCall> {
  const type = String(body.type);
  const invalid = (why: string): Parsed<OperatorCall> =>
    refuse(400, `Failed to validate master::Call: ${why}`);
  if (type === 'SUBSCRIBE') return { call: { kind: 'subscribe' } };
  if (type === 'GET_METRICS' && body.get_metrics === undefined) {
    return invalid("Expecting 'get_metrics' to be present");
  }
  const query = operatorQueries.find((known) => known === type);
  if (query !== undefined) return { call: { kind: 'query', type: query } };
  if (type === 'LIST_FILES' || type === 'READ_FILE') {
    const name = type.toLowerCase();
    if (body[name] === undefined) return invalid(`Expecting '${name}' to be present`);
    const files = convert(fileCallSchema, body);
    return 'refusal' in files ? files : { call: { kind: 'files', call: files.call } };
  }
  const field = Object.entries(operatorActionFields).find(([known]) => known === type)?.[1];
  if (field === undefined) return invalid("Expecting 'type' to be present");
  if (body[field] === undefined) return invalid(`Expecting '${field}' to be present`);
  const parsed = convert(operatorActionSchema, body);
  return 'refusal' in parsed ? parsed : { call: { kind: 'action', action: parsed.call } };
}

function convert<Call>(schema: z.ZodType<Call>, body: unknown): Parsed<Call> {
  const parsed = schema.safeParse(body);
  if (parsed.success) return { call: parsed.data };
  const issue = parsed.error.issues[0];
  const where = issue?.path.join('.') ?? '';
  return refuse(400, `Failed to convert JSON into Call protobuf: ${where}: ${issue?.message}`);
}

function refuse<Call>(status: number, text: string): Parsed<Call> {
  return { refusal: { status, text } };
}
