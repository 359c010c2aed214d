/**
 * Which encodings a call comes in and is answered in, and what Mesos says of others (apache/mesos
 * src/slave/http.cpp, `Http::api`).
 */
import type { IncomingHttpHeaders } from 'node:http';
import { DcosError } from '../../../core/errors.js';
import { parseJsonText } from '../../../wire/mesos/json-text.js';
import { withoutNulls } from '../../../wire/mesos/nulls.js';
import { accepted, type Encoding, encodingOf, read } from '../../../wire/protobuf/media.js';

/** How a call and its answer are framed and written. */
export interface Media {
  /** Of the call, or of its records. */
  readonly callIn: Encoding;
  /** Of an answer that is one message. */
  readonly answerIn: Encoding;
  /** Of the records of an answer. */
  readonly recordsIn: Encoding;
  /** The call is a stream of records. */
  readonly isStreamIn: boolean;
  /** The answer may be a stream of records. */
  readonly mayStreamOut: boolean;
  /** The answer may be one message. */
  readonly mayBeWhole: boolean;
}

const all = 'application/json or application/x-protobuf or application/recordio';

/** Calls whose answers are streams. */
const streamed: ReadonlySet<string> = new Set([
  'LAUNCH_NESTED_CONTAINER_SESSION',
  'ATTACH_CONTAINER_OUTPUT',
]);

/** Reads the headers of a call. Throws `usage` with 400, 406 or 415. */
export function mediaOf(headers: IncomingHttpHeaders): Media {
  const content = headers['content-type'] ?? '';
  if (content === '') throw refused(400, "Expecting 'Content-Type' to be present");
  const isStreamIn = /^application\/recordio\b/.test(content);
  const whole = encodingOf(content);
  if (!isStreamIn && whole === undefined) {
    throw refused(415, `Expecting 'Content-Type' of ${all}`);
  }
  const message = String(headers['message-content-type'] ?? '');
  if (isStreamIn && message === '') {
    throw refused(400, "Expecting 'Message-Content-Type' to be set for streaming requests");
  }
  const callIn = isStreamIn ? encodingOf(message) : whole;
  if (callIn === undefined) {
    const text = "Expecting 'Message-Content-Type' of application/json or application/x-protobuf";
    throw refused(415, text);
  }
  const accept = headers.accept ?? '*/*';
  const answerIn = accepted(accept);
  const mayBeWhole = answerIn !== undefined;
  const mayStreamOut = /\*\/\*|application\/(?:\*|recordio)/.test(accept);
  if (!mayBeWhole && !mayStreamOut) {
    throw refused(406, `Expecting 'Accept' to allow ${all}`);
  }
  const recordsIn = accepted(String(headers['message-accept'] ?? ''));
  if (mayStreamOut && recordsIn === undefined) {
    const text =
      "Expecting 'Message-Accept' to allow 'application/json' or 'application/x-protobuf'";
    throw refused(406, text);
  }
  const answers = { answerIn: answerIn ?? 'json', recordsIn: recordsIn ?? 'json' };
  return { callIn, ...answers, isStreamIn, mayStreamOut, mayBeWhole };
}

/** Whether the caller takes what this call is answered with. Throws `usage` with 406 or 415. */
export function checkStreams(type: string, media: Media): void {
  if (type === 'ATTACH_CONTAINER_INPUT') {
    const wanted = `Expecting 'Content-Type' to be application/recordio for ${type} call`;
    throw refused(415, wanted);
  }
  if (streamed.has(type) && !media.mayStreamOut) {
    throw refused(406, `Expecting 'Accept' to allow application/recordio for ${type} call`);
  }
  if (!streamed.has(type) && !media.mayBeWhole) {
    throw refused(406, `Streaming response is not supported for ${type} call`);
  }
}

function refused(status: number, text: string): DcosError {
  return new DcosError('usage', text, { status });
}

/** A call as it came. Throws `invalid` in Mesos' words. */
export function callOf(
  encoding: Encoding,
  name: 'agent.Call' | 'executor.Call',
  body: Buffer,
): unknown {
  if (encoding === 'json') {
    const parsed = parseJsonText(body.toString('utf8'));
    if ('json' in parsed) return withoutNulls(parsed.json);
    const text = `Failed to parse body into JSON: ${parsed.problem}`;
    throw new DcosError('invalid', text, { status: 400 });
  }
  try {
    return read(encoding, name, body);
  } catch {
    throw new DcosError('invalid', 'Failed to parse body into Call protobuf', { status: 400 });
  }
}
