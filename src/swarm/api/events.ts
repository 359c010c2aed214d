/** `docker events` over the cluster: node fields and filters (Docker Engine API, SystemEvents). */
import type { EngineEvent } from '../../wire/docker.js';
import type { Node } from '../state.js';

/** An engine's event as listeners get it: with its node. */
export function nodeEvent(event: EngineEvent, node: Node): EngineEvent {
  const { name, agentId, address } = node;
  const fields = {
    'node.name': name,
    'node.id': agentId,
    'node.addr': `${address}:${node.task?.port ?? 0}`,
    'node.ip': address,
  };
  return {
    ...event,
    ...(event.from === undefined ? {} : { from: `${event.from} node:${name}` }),
    Actor: { ...event.Actor, Attributes: { ...event.Actor?.Attributes, ...fields } },
    node: { Name: name, Id: agentId, Addr: fields['node.addr'], Ip: address },
  };
}

/** An event of the swarm itself. */
export function ownEvent(
  action: string,
  nodeName: string,
  attributes: Readonly<Record<string, string>>,
  nowMs: number,
): EngineEvent {
  return {
    Type: 'swarm',
    Action: action,
    status: action,
    id: attributes.swarmId ?? nodeName,
    from: `swarm node:${nodeName}`,
    Actor: {
      ID: attributes.swarmId ?? nodeName,
      Attributes: { ...attributes, 'node.name': nodeName },
    },
    time: Math.floor(nowMs / 1000),
    timeNano: nowMs * 1_000_000,
  };
}

/** Filters by kind, as clients send them: lists, or maps of the values to `true`. */
export type Filters = Readonly<Record<string, readonly string[]>>;

/** Reads the `filters` of a query; `undefined` where they make no sense. */
export function parseFilters(text: string | null): Filters | undefined {
  if (text === null || text === '') return {};
  try {
    const json: unknown = JSON.parse(text);
    if (typeof json !== 'object' || json === null || Array.isArray(json)) return undefined;
    return Object.fromEntries(
      Object.entries(json).map(([name, value]: [string, unknown]) => [name, valuesOf(value)]),
    );
  } catch {
    return undefined;
  }
}

function valuesOf(value: unknown): string[] {
  if (Array.isArray(value)) return value.map(String);
  if (typeof value === 'object' && value !== null) {
    return Object.entries(value).flatMap(([key, isOn]) => (isOn === false ? [] : [key]));
  }
  return [String(value)];
}

/** Whether an event passes: all kinds must, each with one of its values (labels: all of them). */
export function eventPasses(event: EngineEvent, filters: Filters): boolean {
  return Object.entries(filters).every(([kind, values]) => {
    if (values.length === 0) return true;
    return kind === 'label'
      ? values.every((value) => hasLabel(event.Actor?.Attributes ?? {}, value))
      : values.some((value) => fieldPasses(event, kind, value));
  });
}

function fieldPasses(event: EngineEvent, kind: string, value: string): boolean {
  const attributes = event.Actor?.Attributes ?? {};
  const isNamed = (type: string): boolean =>
    event.Type === type &&
    (event.Actor?.ID?.startsWith(value) === true || attributes.name === value);
  switch (kind) {
    case 'type':
      return event.Type === value;
    case 'event':
      return event.Action === value || event.Action?.startsWith(`${value}:`) === true;
    case 'container':
    case 'volume':
    case 'network':
      return isNamed(kind);
    case 'image': {
      const image =
        event.Type === 'image' ? (attributes.name ?? event.Actor?.ID) : attributes.image;
      return image === value || image?.replace(/:[^:/]*$/, '') === value;
    }
    case 'node':
      return attributes['node.name'] === value || attributes['node.id'] === value;
    case 'scope':
      return value === 'local';
    default:
      return false;
  }
}

/** `key` or `key=value`. */
export function hasLabel(labels: Readonly<Record<string, string>>, wanted: string): boolean {
  const at = wanted.indexOf('=');
  if (at < 0) return labels[wanted] !== undefined;
  return labels[wanted.slice(0, at)] === wanted.slice(at + 1);
}
