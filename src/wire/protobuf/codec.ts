/**
 * Messages of the v1 API as protocol buffers: from and to the JSON that everything else works with
 * (enums by name, bytes in base64, absent fields left out), as Mesos itself maps them.
 */
import protobuf from 'protobufjs/light.js';
import { DcosError, messageOf } from '../../core/errors.js';
import { agent } from './agent.js';
import { cluster } from './cluster.js';
import { frameworks } from './frameworks.js';
import { master } from './master.js';
import { namespaceOf } from './notation.js';
import { tasks } from './tasks.js';

/** The messages that travel by themselves. */
export type MessageName =
  | 'scheduler.Call'
  | 'scheduler.Event'
  | 'executor.Call'
  | 'executor.Event'
  | 'master.Call'
  | 'master.Response'
  | 'master.Event'
  | 'agent.Call'
  | 'agent.Response'
  | 'agent.ProcessIO';

const nanosPerSecond = 1e9;

let known: protobuf.Root | undefined;
/** Built on first use: most clusters never speak protobuf. */
function root(): protobuf.Root {
  if (known !== undefined) return known;
  const texts = [tasks, cluster, master, agent, frameworks];
  known = protobuf.Root.fromJSON(namespaceOf(texts));
  return known;
}

/**
 * What the bytes say, as JSON has it. Throws `invalid` where they are no such message, or lack what
 * it requires.
 */
export function decodeMessage(name: MessageName, bytes: Uint8Array): Record<string, unknown> {
  try {
    const type = root().lookupType(`mesos.${name}`);
    const object = type.toObject(type.decode(bytes), {
      enums: String,
      bytes: String,
      longs: Number,
    });
    return withDurations(object, 'seconds') as Record<string, unknown>;
  } catch (error) {
    throw new DcosError('invalid', `these bytes are no ${name}: ${messageOf(error)}`, {
      status: 400,
      cause: error,
    });
  }
}

/** The bytes of what JSON says. Throws `invalid` where it is no such message. */
export function encodeMessage(name: MessageName, json: unknown): Buffer {
  try {
    const type = root().lookupType(`mesos.${name}`);
    const object = withDurations(json, 'nanoseconds') as Record<string, unknown>;
    return Buffer.from(type.encode(type.fromObject(object)).finish());
  } catch (error) {
    throw new DcosError('invalid', `cannot write a ${name}: ${messageOf(error)}`, { cause: error });
  }
}

/** The one field that is no DurationInfo but a Duration of protobuf's own. */
const durationField = 'max_grace_period';

function withDurations(value: unknown, from: 'seconds' | 'nanoseconds'): unknown {
  if (Array.isArray(value)) return value.map((inner) => withDurations(inner, from));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, inner]) => [
      key,
      key === durationField ? duration(inner, from) : withDurations(inner, from),
    ]),
  );
}

function duration(value: unknown, from: 'seconds' | 'nanoseconds'): unknown {
  const { seconds = 0, nanos = 0, nanoseconds = 0 } = value as Record<string, number>;
  if (from === 'seconds') return { nanoseconds: seconds * nanosPerSecond + nanos };
  return {
    seconds: Math.trunc(nanoseconds / nanosPerSecond),
    nanos: nanoseconds % nanosPerSecond,
  };
}
