/**
 * JSON as Mesos reads it into its messages, with what it says of JSON that is none of them
 * (apache/mesos 3rdparty/stout/include/stout/protobuf.hpp, `protobuf::parse`).
 */
import type protobuf from 'protobufjs/light.js';
import { type MessageName, messageType } from './codec.js';

/** How deep messages may lie in one another. */
const maxDepth = 64;

type Fields = Record<string, unknown>;

/** What is wrong, in Mesos' words. */
class Refusal extends Error {}

/**
 * The message that a JSON value stands for: numbers that came as text are numbers, one value is a
 * list where a list is meant, names that an optional enum does not have are left out. Fields that
 * the message does not have are kept. `problem` in Mesos' words where it is no such message.
 */
export function messageFromJson(
  name: MessageName,
  value: unknown,
): { readonly message: Fields } | { readonly problem: string } {
  try {
    const type = messageType(name);
    const message = objectOf(type, value, 0);
    const missing = missingIn(type, message, '');
    if (missing.length === 0) return { message };
    return { problem: `Missing required fields: ${missing.join(', ')}` };
  } catch (error) {
    if (error instanceof Refusal) return { problem: error.message };
    throw error;
  }
}

function objectOf(type: protobuf.Type, value: unknown, depth: number): Fields {
  if (kindOf(value) !== 'object') throw new Refusal('Expecting a JSON object');
  if (depth > maxDepth) throw new Refusal('It is nested too deeply');
  const object: Fields = { ...(value as Fields) };
  // Mesos goes through them by name, and tells of the first.
  for (const name of Object.keys(object).sort()) {
    const field = Object.hasOwn(type.fields, name) ? type.fields[name] : undefined;
    if (field === undefined) continue;
    const read = field.map
      ? mapOf(field, object[name], depth)
      : fieldOf(field, object[name], depth);
    if (read === undefined) delete object[name];
    else object[name] = read;
  }
  return object;
}

function fieldOf(field: protobuf.Field, value: unknown, depth: number): unknown {
  if (!field.repeated)
    return Array.isArray(value) ? unexpected(value, field) : one(field, value, depth);
  const list = Array.isArray(value) ? value : [value];
  return list.map((each) => one(field, each, depth)).filter((each) => each !== undefined);
}

function mapOf(field: protobuf.Field, value: unknown, depth: number): unknown {
  if (kindOf(value) === 'null') return undefined;
  if (kindOf(value) !== 'object') unexpected(value, field);
  const entries = Object.entries(value as Fields);
  return Object.fromEntries(entries.map(([key, each]) => [key, one(field, each, depth)]));
}

const whole = /^u?int(?:32|64)$/;

/** One value; `undefined` where it counts as not set. */
function one(field: protobuf.Field, value: unknown, depth: number): unknown {
  const kind = kindOf(value);
  if (kind === 'null') return undefined;
  const { type, resolvedType } = field;
  if (resolvedType !== null && 'fields' in resolvedType) {
    return kind === 'object' ? objectOf(resolvedType, value, depth + 1) : unexpected(value, field);
  }
  if (resolvedType !== null)
    return kind === 'string' ? enumOf(field, String(value)) : unexpected(value, field);
  if (type === 'string') return kind === 'string' ? value : unexpected(value, field);
  if (type === 'bytes')
    return kind === 'string' ? bytesOf(field, String(value)) : unexpected(value, field);
  if (type === 'bool') return kind === 'boolean' ? value : unexpected(value, field);
  if (kind !== 'number' && kind !== 'string') return unexpected(value, field);
  const number = kind === 'number' ? Number(value) : numberOf(field, String(value));
  return whole.test(type) ? Math.trunc(number) : number;
}

function enumOf(field: protobuf.Field, value: string): string | undefined {
  const { values } = field.resolvedType as protobuf.Enum;
  if (Object.hasOwn(values, value)) return value;
  if (field.required) throw new Refusal(`Failed to find enum for '${value}'`);
  return undefined;
}

function bytesOf({ name }: protobuf.Field, value: string): string {
  const stray = /[^A-Za-z0-9+/=\s]/.exec(value)?.[0];
  if (stray === undefined) return value;
  throw new Refusal(`Failed to base64 decode bytes field '${name}': Invalid character '${stray}'`);
}

function numberOf({ name }: protobuf.Field, value: string): number {
  if (/^\s*-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?\s*$/.test(value)) return Number(value);
  const near = value.replace(/^\s*-?/, '');
  throw new Refusal(
    `Failed to parse '${value}' as a JSON number for field '${name}': ` +
      `syntax error at line 1 near: ${near}`,
  );
}

function unexpected(value: unknown, { name }: protobuf.Field): never {
  throw new Refusal(`Not expecting a JSON ${kindOf(value)} for field '${name}'`);
}

function kindOf(value: unknown): string {
  if (value === null || value === undefined) return 'null';
  return Array.isArray(value) ? 'array' : typeof value;
}

/** Paths of what a message must have and has not, in the order of protobuf's own list. */
function missingIn(type: protobuf.Type, message: Fields, path: string): string[] {
  const fields = type.fieldsArray;
  const own = fields
    .filter(({ required, name }) => required && message[name] === undefined)
    .map(({ name }) => `${path}${name}`);
  const inside = [...fields]
    .sort((a, b) => a.id - b.id)
    .flatMap(({ name, resolvedType, map }) => {
      const value = message[name];
      if (value === undefined || resolvedType === null || !('fields' in resolvedType)) return [];
      if (map) {
        return Object.values(value as Fields).flatMap((each, index) =>
          missingIn(resolvedType, (each ?? {}) as Fields, `${path}${name}[${index}].value.`),
        );
      }
      if (!Array.isArray(value)) return missingIn(resolvedType, value as Fields, `${path}${name}.`);
      return value.flatMap((each, index) =>
        missingIn(resolvedType, each as Fields, `${path}${name}[${index}].`),
      );
    });
  return [...own, ...inside];
}
