/**
 * Which encodings a call comes in and is answered in, and what Mesos says of others (apache/mesos
 * src/slave/http.cpp, `Http::api`).
 */
import type { IncomingHttpHeaders } from 'node:http';
import { DcosError } from '../../../core/errors.js';

/** How a call and its answer are framed. */
export interface Media {
  /** The call is a stream of records. */
  readonly isStreamIn: boolean;
  /** The answer may be a stream of records. */
  readonly mayStreamOut: boolean;
  /** The answer may be one JSON document. */
  readonly mayBeWhole: boolean;
}

/** Calls whose answers are streams. */
const streamed: ReadonlySet<string> = new Set([
  'LAUNCH_NESTED_CONTAINER_SESSION',
  'ATTACH_CONTAINER_OUTPUT',
]);

/** Reads the headers of a call. Throws `usage` with 400, 406 or 415. */
export function mediaOf(headers: IncomingHttpHeaders): Media {
  const content = headers['content-type'] ?? '';
  const isStreamIn = /^application\/recordio\b/.test(content);
  if (!isStreamIn && !/^application\/json\b/.test(content)) {
    const text = "Expecting 'Content-Type' of application/json or application/x-protobuf";
    throw refused(415, text);
  }
  const message = String(headers['message-content-type'] ?? '');
  if (isStreamIn && message === '') {
    throw refused(400, "Expecting 'Message-Content-Type' to be set for streaming requests");
  }
  if (isStreamIn && message !== 'application/json') {
    throw refused(415, "Expecting 'Message-Content-Type' of application/json");
  }
  const accept = headers.accept ?? '*/*';
  const mayBeWhole = /\*\/\*|application\/(?:\*|json)/.test(accept);
  const mayStreamOut = /\*\/\*|application\/(?:\*|recordio)/.test(accept);
  if (!mayBeWhole && !mayStreamOut) {
    const text = "Expecting 'Accept' to allow 'application/x-protobuf' or 'application/json'";
    throw refused(406, text);
  }
  const records = String(headers['message-accept'] ?? '*/*');
  if (mayStreamOut && !/\*\/\*|application\/(?:\*|json)/.test(records)) {
    throw refused(406, "Expecting 'Message-Accept' to allow application/json");
  }
  return { isStreamIn, mayStreamOut, mayBeWhole };
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
