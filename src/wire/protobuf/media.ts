/**
 * Which of Mesos' two encodings a request comes in and is answered in (apache/mesos
 * docs/scheduler-http-api.md, docs/operator-http-api.md: `Content-Type` and `Accept`).
 */
import { tryParseJson } from '../../core/json.js';
import { decodeMessage, encodeMessage, type MessageName } from './codec.js';

/** How a message is written. */
export type Encoding = 'json' | 'protobuf';

/** The media type of each. */
export const mediaTypes: Readonly<Record<Encoding, string>> = {
  json: 'application/json',
  protobuf: 'application/x-protobuf',
};

/** The encoding that a `Content-Type` names; `undefined`: neither. */
export function encodingOf(contentType: string | undefined): Encoding | undefined {
  const type = contentType?.split(';')[0]?.trim().toLowerCase();
  if (type === mediaTypes.json) return 'json';
  return type === mediaTypes.protobuf ? 'protobuf' : undefined;
}

/** The encoding that an `Accept` allows; JSON where it allows both. `undefined`: neither. */
export function accepted(accept: string | undefined): Encoding | undefined {
  if (accept === undefined || accept.trim() === '') return 'json';
  const types = accept.split(',').map((part) => part.split(';')[0]?.trim().toLowerCase());
  if (types.some((type) => type === '*/*' || type === 'application/*')) return 'json';
  if (types.includes(mediaTypes.json)) return 'json';
  return types.includes(mediaTypes.protobuf) ? 'protobuf' : undefined;
}

/** A message as it goes out. */
export function written(encoding: Encoding, name: MessageName, message: unknown): Buffer {
  if (encoding === 'protobuf') return encodeMessage(name, message);
  return Buffer.from(JSON.stringify(message));
}

/** A message as it came; `undefined` where JSON can't be read. Throws `invalid` for protobuf. */
export function read(encoding: Encoding, name: MessageName, bytes: Buffer): unknown {
  if (encoding === 'protobuf') return decodeMessage(name, bytes);
  return tryParseJson(bytes.toString('utf8'));
}
