/**
 * `POST /api/v1/executor`: who asks, whether the call can be taken, and the event that it becomes
 * (apache/mesos src/slave/http.cpp `Http::executor`, src/slave/validation.cpp).
 */
import type { Socket } from 'node:net';
import { DcosError } from '../../../core/errors.js';
import type { Answer, Request, Route } from '../../../core/http/server.js';
import { tokenOf } from '../../../core/tokens.js';
import { type ExecutorCall, executorCallSchema } from '../../../wire/mesos/executor.js';
import type { TaskStatus } from '../../../wire/mesos/task.js';
import { accepted, encodingOf } from '../../../wire/protobuf/media.js';
import type { AgentEvent } from '../events.js';
import { findExecutor } from '../executor/launch.js';
import { containerOfToken } from '../executor/token.js';
import { type AgentState, type ExecutorRun, liveExecutors } from '../state.js';
import type { ExecutorStreams } from './executor-streams.js';
import { callOf } from './media.js';
import { sessionAtPeer } from './peer.js';

/** Bytes of a call; a SUBSCRIBE tells of all that is not acknowledged. */
const maxCallBytes = 64 * 1024 * 1024;

/** What the door for executors needs. */
export interface ExecutorApiOptions {
  readonly state: AgentState;
  /** Signs the tokens of this agent's executors. */
  readonly key: string;
  readonly streams: ExecutorStreams;
  /** Absent while the agent takes up what it finds. */
  readonly submit: () => ((event: AgentEvent) => void) | undefined;
}

/** The route. Its access is open: who asks is seen here, by token or by process. */
export function executorRoute(options: ExecutorApiOptions): Route {
  const knownPeers = new WeakMap<Socket, string>();
  return {
    method: '*',
    path: '/api/v1/executor',
    access: 'open',
    handle: (request) => answer(options, knownPeers, request),
  };
}

/**
 * The container of the executor that asks: by its token, else by its process. Throws `auth`.
 */
export function callerOf(
  { state, key }: Pick<ExecutorApiOptions, 'state' | 'key'>,
  knownPeers: WeakMap<Socket, string>,
  { headers, raw }: Request,
): string {
  const token = tokenOf(headers.authorization);
  if (token !== undefined) {
    const container = containerOfToken(key, token);
    if (container !== undefined) return container;
    throw new DcosError('auth', 'the token is not one of an executor of this agent', {
      status: 401,
    });
  }
  const known = knownPeers.get(raw.socket);
  if (known !== undefined) return known;
  const runs = liveExecutors(state).filter(({ pid }) => pid !== undefined);
  const leader = sessionAtPeer(
    raw.socket,
    runs.map(({ pid }) => pid ?? 0),
  );
  const run = leader === undefined ? undefined : runs.find(({ pid }) => pid === leader);
  if (run === undefined) {
    throw new DcosError('auth', 'the caller is no executor of this agent', { status: 401 });
  }
  knownPeers.set(raw.socket, run.containerId);
  return run.containerId;
}

async function answer(
  options: ExecutorApiOptions,
  knownPeers: WeakMap<Socket, string>,
  request: Request,
): Promise<Answer | undefined> {
  const submit = options.submit();
  if (submit === undefined) return { status: 503, text: 'Agent has not finished recovery' };
  const { method, headers } = request;
  if (method !== 'POST') {
    const text = `405 Method Not Allowed. Expecting one of { 'POST' }, but received '${method}'.`;
    return { status: 405, headers: { allow: 'POST' }, text };
  }
  const container = callerOf(options, knownPeers, request);
  const content = headers['content-type'];
  if (content === undefined) return { status: 400, text: "Expecting 'Content-Type' to be present" };
  const callIn = encodingOf(content);
  if (callIn === undefined) {
    const text = "Expecting 'Content-Type' of application/json or application/x-protobuf";
    return { status: 415, text };
  }
  const call = parseCall(callOf(callIn, 'executor.Call', await request.body(maxCallBytes)));
  if (call.type === 'SUBSCRIBE' && accepted(headers.accept) === undefined) {
    const text = "Expecting 'Accept' to allow application/json or application/x-protobuf";
    return { status: 406, text };
  }
  const run = runOf(options.state, call);
  if (run.containerId !== container) {
    return { status: 403, text: 'The caller is another executor than the one it names' };
  }
  return carryOut(options, request, run, call, submit);
}

function runOf(state: AgentState, { framework_id, executor_id, type }: ExecutorCall): ExecutorRun {
  if (!state.frameworks.has(framework_id.value)) throw bad('Framework cannot be found');
  const run = findExecutor(state, framework_id.value, executor_id.value);
  if (run === undefined) throw bad('Executor cannot be found');
  if (run.phase !== 'running' && type !== 'SUBSCRIBE') {
    throw new DcosError('forbidden', 'Executor is not subscribed', { status: 403 });
  }
  return run;
}

function carryOut(
  { streams }: ExecutorApiOptions,
  { response, headers }: Request,
  run: ExecutorRun,
  call: ExecutorCall,
  submit: (event: AgentEvent) => void,
): Answer | undefined {
  const executor = run.containerId;
  switch (call.type) {
    case 'SUBSCRIBE': {
      const { unacknowledged_tasks = [], unacknowledged_updates = [] } = call.subscribe;
      const encoding = accepted(headers.accept) ?? 'json';
      streams.open(executor, response, encoding, () => submit({ type: 'ExecutorLeft', executor }));
      const tasks = unacknowledged_tasks.map(({ task_id }) => task_id.value);
      const updates = unacknowledged_updates.map(({ status }) => status);
      submit({ type: 'ExecutorSubscribed', executor, tasks, updates });
      return undefined;
    }
    case 'UPDATE':
      submit({ type: 'ExecutorUpdated', executor, status: call.update.status });
      break;
    case 'MESSAGE':
      submit({ type: 'ExecutorMessaged', executor, data: call.message.data });
      break;
    case 'HEARTBEAT':
      break;
  }
  return { status: 202 };
}

const fields = { SUBSCRIBE: 'subscribe', UPDATE: 'update', MESSAGE: 'message', HEARTBEAT: '' };

/** Reads a call. Throws `invalid` in Mesos' words. */
function parseCall(body: unknown): ExecutorCall {
  if (body === undefined) {
    throw bad('Failed to parse body into JSON: syntax error at line 1 near: ');
  }
  if (typeof body !== 'object' || body === null || Array.isArray(body)) {
    throw bad('Failed to convert JSON into Call protobuf: Expecting a JSON object');
  }
  const given = body as Record<string, unknown>;
  const field = fields[String(given.type) as keyof typeof fields];
  const invalid = (why: string): DcosError => bad(`Failed to validate Executor::Call: ${why}`);
  if (field === undefined) throw invalid("Expecting 'type' to be present");
  for (const name of ['executor_id', 'framework_id', field]) {
    if (name !== '' && given[name] === undefined) {
      throw invalid(`Expecting '${name}' to be present`);
    }
  }
  const parsed = executorCallSchema.safeParse(body);
  if (!parsed.success) {
    const issue = parsed.error.issues[0];
    const where = issue?.path.join('.') ?? '';
    throw bad(`Failed to convert JSON into Call protobuf: ${where}: ${issue?.message}`);
  }
  const call = parsed.data;
  const statuses =
    call.type === 'UPDATE'
      ? [call.update.status]
      : call.type === 'SUBSCRIBE'
        ? (call.subscribe.unacknowledged_updates ?? []).map(({ status }) => status)
        : [];
  for (const status of statuses) {
    const problem = statusProblem(call, status);
    if (problem !== undefined) throw invalid(problem);
  }
  return call;
}

function statusProblem(call: ExecutorCall, status: TaskStatus): string | undefined {
  const executorId = call.executor_id.value;
  const whom = `executor ${executorId} of framework ${call.framework_id.value}`;
  if (status.uuid === undefined) return "Expecting 'uuid' to be present";
  if (Buffer.from(status.uuid, 'base64').length !== 16) return 'Not a valid UUID';
  const named = status.executor_id?.value ?? executorId;
  if (named !== executorId) {
    return `ExecutorID in Call: ${executorId} does not match ExecutorID in TaskStatus: ${named}`;
  }
  if (status.source !== 'SOURCE_EXECUTOR') {
    return `Received Call from ${whom} with invalid source, expecting 'SOURCE_EXECUTOR'`;
  }
  return status.state === 'TASK_STAGING'
    ? `Received TASK_STAGING from ${whom} which is not allowed`
    : undefined;
}

function bad(text: string): DcosError {
  return new DcosError('invalid', text, { status: 400 });
}
