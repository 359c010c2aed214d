/** `/api/v1` of an agent: calls that show (recordings: agent/a1_v1_*, v1_*; master/v1_errors). */
import { systemClock } from '../../../core/clock.js';
import { DcosError } from '../../../core/errors.js';
import type { Answer, Request } from '../../../core/http/server.js';
import { encodeMessage } from '../../../wire/protobuf/codec.js';
import { messageFromJson } from '../../../wire/protobuf/from-json.js';
import { mediaTypes } from '../../../wire/protobuf/media.js';
import { type Files, listFiles, readFileCall } from '../../shell/files.js';
import type { LoggingLevel } from '../../shell/logging.js';
import { measureSystem } from '../../shell/system.js';
import type { AgentState } from '../state.js';
import { flagsView, metricsView, versionView } from '../views/state.js';
import { agentV1, executorsV1, frameworksV1, stateV1, tasksV1 } from '../views/v1.js';
import { attachInput, checkWithin, containerCalls, showContainers } from './container-calls.js';
import { callOf, checkStreams, type Media, mediaOf } from './media.js';
import type { NestedContainers } from './nested.js';

/** A call's arguments, unchecked. */
type Fields = Readonly<Record<string, unknown>>;
type Handler = (state: AgentState, files: Files, fields: Fields) => unknown;

const handlers: Readonly<Record<string, Handler>> = {
  GET_HEALTH: () => ({ healthy: true }),
  GET_VERSION: (state) => ({ version_info: versionView(state) }),
  GET_FLAGS: (state) => ({
    flags: Object.entries(flagsView(state)).map(([name, value]) => ({ name, value })),
  }),
  GET_METRICS: (state) => {
    const metrics = metricsView(state, measureSystem(), systemClock.now());
    return { metrics: Object.entries(metrics).map(([name, value]) => ({ name, value })) };
  },
  GET_STATE: stateV1,
  GET_TASKS: tasksV1,
  GET_EXECUTORS: executorsV1,
  GET_FRAMEWORKS: frameworksV1,
  GET_AGENT: agentV1,
  GET_OPERATIONS: () => ({}),
  GET_RESOURCE_PROVIDERS: () => ({}),
  LIST_FILES: (_state, files, { path }) => listFiles(files, String(path ?? '')),
  READ_FILE: (_state, files, { path, offset, length }) =>
    readFileCall(
      files,
      String(path ?? ''),
      Number(offset ?? 0),
      typeof length === 'number' ? length : undefined,
    ),
};

/** Calls whose arguments Mesos insists on. */
const needsFields: ReadonlySet<string> = new Set([
  'GET_METRICS',
  'LIST_FILES',
  'READ_FILE',
  'SET_LOGGING_LEVEL',
]);

/** What the calls are answered from. */
export interface V1Door {
  readonly state: AgentState;
  readonly files: Files;
  readonly nested: NestedContainers;
  readonly logging: LoggingLevel;
}

/** The container of the executor that asks; `undefined`: an operator does. */
function containerOf({ caller }: Request): string | undefined {
  const own = caller?.claims?.container;
  return typeof own === 'string' ? own : undefined;
}

/** Answers one call. Throws `usage` and `invalid` in Mesos' own words. */
export async function answerCall(door: V1Door, request: Request): Promise<Answer | undefined> {
  const { method, headers } = request;
  if (method !== 'POST') {
    const text = `405 Method Not Allowed. Expecting one of { 'POST' }, but received '${method}'.`;
    return { status: 405, headers: { allow: 'POST' }, text };
  }
  const media = mediaOf(headers);
  if (media.isStreamIn) {
    return attachInput(door.nested, request, media.callIn, containerOf(request));
  }
  const call = callOf(media.callIn, 'agent.Call', await request.body());
  const read = media.callIn === 'json' ? messageFromJson('agent.Call', call) : { message: call };
  if ('problem' in read) throw bad(read.problem);
  return carryOut(door, request, media, read.message as Fields);
}

async function carryOut(
  { state, files, nested, logging }: V1Door,
  request: Request,
  media: Media,
  call: Fields,
): Promise<Answer | undefined> {
  const within = containerOf(request);
  const type = typeof call.type === 'string' ? call.type : '';
  const name = type.toLowerCase();
  const fields = call[name];
  const container = Object.hasOwn(containerCalls, type) ? containerCalls[type] : undefined;
  checkStreams(type, media);
  if (within !== undefined && container === undefined) throw notForExecutors();
  if (container !== undefined) {
    if (isObject(fields) && within !== undefined) checkWithin(fields.container_id, within);
    if (isObject(fields)) {
      const answer = await container(nested, request, { type, name, fields, media });
      return answer && inEncoding(media, answer);
    }
    throw bad(`Failed to validate agent::Call: Expecting '${name}' to be present`);
  }
  if (!isObject(fields) && needsFields.has(type)) {
    throw bad(`Failed to validate agent::Call: Expecting '${name}' to be present`);
  }
  if (type === 'SET_LOGGING_LEVEL' && isObject(fields)) {
    const { level, duration } = fields as { level: number; duration: { nanoseconds: number } };
    return logging.raise(level, duration.nanoseconds / 1_000_000, request);
  }
  if (type === 'GET_LOGGING_LEVEL') {
    return inEncoding(media, { status: 200, json: { type, [name]: { level: logging.level() } } });
  }
  if (type === 'GET_CONTAINERS') {
    const shown = showContainers(nested, isObject(fields) ? fields : {});
    const json = shown === undefined ? { type } : { type, [name]: shown };
    return inEncoding(media, { status: 200, json });
  }
  if (type === 'PRUNE_IMAGES') return { status: 200 };
  const handler = Object.hasOwn(handlers, type) ? handlers[type] : undefined;
  if (handler === undefined) {
    throw bad("Failed to validate agent::Call: Expecting 'type' to be present");
  }
  const answer = await handler(state, files, isObject(fields) ? fields : {});
  return inEncoding(media, { status: 200, json: { type, [name]: answer } });
}

/** The answer in the encoding that was asked for. */
function inEncoding({ answerIn }: Media, answer: Answer): Answer {
  if (answerIn === 'json' || answer.json === undefined) return answer;
  const { json, ...rest } = answer;
  const bytes = encodeMessage('agent.Response', json);
  return { ...rest, bytes, headers: { 'content-type': mediaTypes.protobuf } };
}

function notForExecutors(): DcosError {
  return new DcosError('forbidden', 'executors may not ask this', { status: 403 });
}

function bad(text: string): DcosError {
  return new DcosError('invalid', text, { status: 400 });
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
