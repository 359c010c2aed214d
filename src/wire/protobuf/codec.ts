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

let known: protobuf.Root | undefined;
/** Built on first use: not every program reads calls. */
function root(): protobuf.Root {
  if (known !== undefined) return known;
  const texts = [tasks, cluster, master, agent, frameworks];
  known = protobuf.Root.fromJSON(namespaceOf(texts));
  known.resolveAll();
  return known;
}

/** The definition of a message. */
export function messageType(name: MessageName): protobuf.Type {
  return root().lookupType(`mesos.${name}`);
}

/**
 * What the bytes say, as JSON has it. Throws `invalid` where they are no such message, or lack what
 * it requires.
 */
export function decodeMessage(name: MessageName, bytes: Uint8Array): Record<string, unknown> {
  try {
    const type = messageType(name);
    return type.toObject(type.decode(bytes), { enums: String, bytes: String, longs: Number });
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
    const type = messageType(name);
    return Buffer.from(type.encode(type.fromObject(json as Record<string, unknown>)).finish());
  } catch (error) {
    throw new DcosError('invalid', `cannot write a ${name}: ${messageOf(error)}`, { cause: error });
  }
}
