/**
 * What a scenario is made of. `{name}` inside a text stands for what was learnt before: `{a1}` the
 * id of agent 1, `{f}` the id of the framework of stream f, `{o}` an offer, `{uuid:t}` the uuid of
 * the last update of task t.
 */

import type { Json, JsonObject } from '../../../src/core/json.js';

/** A JSON object. */
export type Fields = JsonObject;

/** One HTTP exchange. */
export interface Ask {
  /** The master unless it is an agent's number. */
  readonly agent?: number;
  /** POST with a body, else GET. */
  readonly method?: string;
  readonly path: string;
  /** `control` unless said otherwise; `null`: nobody. */
  readonly as?: string | null;
  readonly headers?: Readonly<Record<string, string>>;
  /** Text goes as it is. */
  readonly body?: Json;
}

/** One step; what it is answered with, or what it waits for, is recorded. */
export type Step =
  | {
      readonly step: 'ask';
      readonly ask: Ask;
      /** Asks again until the answer contains this. */
      readonly until?: Json;
      /** The part of the answer that is looked at, as `a.b`. */
      readonly only?: string;
      /** The part of the answer that is learnt under the name. */
      readonly learn?: { readonly name: string; readonly at: string };
      /** The exchange is means to an end. */
      readonly unseen?: boolean;
    }
  | {
      readonly step: 'subscribe';
      /** `f` or `f:2`: stream 2 of the principal f. */
      readonly as: string;
      readonly info: Fields;
      /** Of the framework that fails over. */
      readonly id?: string;
      readonly more?: Fields;
    }
  | { readonly step: 'call'; readonly as: string; readonly call: Fields; readonly stream?: string }
  | {
      readonly step: 'offer';
      readonly as: string;
      readonly name: string;
      readonly agent?: number;
      /** What it must contain. */
      readonly with?: Fields;
      /** Only what comes from now on. */
      readonly fresh?: boolean;
      readonly seen?: boolean;
    }
  | {
      readonly step: 'events';
      readonly as: string;
      /** All of these must have come since the last step of this kind. */
      readonly until: readonly Fields[];
      /** Types that are recorded beside those of updates. */
      readonly also?: readonly string[];
    }
  | { readonly step: 'none'; readonly as: string; readonly of: Fields; readonly ms: number }
  | { readonly step: 'ended'; readonly as: string }
  | { readonly step: 'close'; readonly as: string }
  | { readonly step: 'acknowledging'; readonly as: string; readonly on: boolean }
  | {
      readonly step: 'machine';
      readonly do:
        | 'killMaster'
        | 'startMaster'
        | 'killAgent'
        | 'startAgent'
        | 'freezeAgent'
        | 'thawAgent'
        | 'replaceAgent';
      readonly agent?: number;
    };

/** A story that both engines must tell alike. */
export interface Scenario {
  /** Group › case. */
  readonly name: string;
  /** Calls and events that it is about, for the table. */
  readonly about: readonly string[];
  readonly steps: readonly Step[];
}

/** Makes a scenario. */
export function scenario(name: string, about: readonly string[], ...steps: Step[]): Scenario {
  return { name, about, steps };
}

/** Every field of `wanted` is in `found`, at any depth; of lists, each entry somewhere. */
export function contains(found: unknown, wanted: unknown): boolean {
  if (Array.isArray(wanted)) {
    return (
      Array.isArray(found) && wanted.every((one) => found.some((other) => contains(other, one)))
    );
  }
  if (typeof wanted !== 'object' || wanted === null) return found === wanted;
  if (typeof found !== 'object' || found === null) return false;
  return Object.entries(wanted).every(([key, value]) =>
    contains((found as Record<string, unknown>)[key], value),
  );
}

/** The value at `path` (`a.0.b`). */
export function at(value: unknown, path: string): unknown {
  return path
    .split('.')
    .reduce<unknown>(
      (inner, key) =>
        typeof inner === 'object' && inner !== null
          ? (inner as Record<string, unknown>)[key]
          : undefined,
      value,
    );
}

/** A call of the operator API of the master. */
export function operator(call: Fields, more: Partial<Extract<Step, { step: 'ask' }>> = {}): Step {
  return { step: 'ask', ask: { path: '/api/v1', body: call }, ...more };
}

/** A call of the operator API of an agent. */
export function ofAgent(
  agent: number,
  call: Fields,
  more: Partial<Extract<Step, { step: 'ask' }>> = {},
): Step {
  return { step: 'ask', ask: { agent, path: '/api/v1', body: call }, ...more };
}

/** A GET of the master. */
export function get(path: string, more: Partial<Extract<Step, { step: 'ask' }>> = {}): Step {
  return { step: 'ask', ask: { path }, ...more };
}

const usual = [
  'MULTI_ROLE',
  'RESERVATION_REFINEMENT',
  'PARTITION_AWARE',
  'TASK_KILLING_STATE',
  'SHARED_RESOURCES',
];

/** A framework; in the role `dev` and with every capability unless said otherwise. */
export function framework(name: string, more: Fields = {}): Fields {
  return {
    user: 'root',
    name,
    roles: ['dev'],
    checkpoint: true,
    failover_timeout: 60,
    capabilities: usual.map((type) => ({ type })),
    ...more,
  };
}

/** Subscribes f in the role `dev`. */
export function subscribed(more: Fields = {}): Step {
  return { step: 'subscribe', as: 'f', info: framework('f', more) };
}

/** Waits for an offer of agent 1 to f; it is `{o}`. */
export function offered(more: Partial<Extract<Step, { step: 'offer' }>> = {}): Step {
  return { step: 'offer', as: 'f', name: 'o', agent: 1, ...more };
}

/** A call of f. */
export function call(type: string, fields: Fields = {}, as = 'f'): Step {
  const name = type.toLowerCase();
  const body = Object.keys(fields).length === 0 ? {} : { [name]: fields };
  return { step: 'call', as, call: { type, ...body } };
}

/** Accepts `{o}` for these operations. */
export function accept(...operations: Fields[]): Step {
  return acceptOf('o', operations);
}

/** Accepts an offer for these operations. */
export function acceptOf(offer: string, operations: readonly Fields[], as = 'f'): Step {
  const offer_ids = [{ value: `{${offer}}` }];
  return call('ACCEPT', { offer_ids, operations, filters: { refuse_seconds: 0 } }, as);
}

/** An amount of a resource. */
export function amount(name: string, value: number, more: Fields = {}): Fields {
  return { name, type: 'SCALAR', scalar: { value }, ...more };
}

/** A task of little size on agent 1. */
export function task(id: string, command: string, more: Fields = {}): Fields {
  return {
    name: id,
    task_id: { value: id },
    agent_id: { value: '{a1}' },
    resources: [amount('cpus', 0.1), amount('mem', 32)],
    command: { shell: true, value: command },
    ...more,
  };
}

/** LAUNCH of tasks. */
export function launch(...task_infos: Fields[]): Fields {
  return { type: 'LAUNCH', launch: { task_infos } };
}

/** Waits until the task has been told to be in that state. */
export function untilTask(id: string, state: string, more: Fields = {}, as = 'f'): Step {
  return events(
    { type: 'UPDATE', update: { status: { task_id: { value: id }, state, ...more } } },
    as,
  );
}

/** Waits for one event. */
export function events(event: Fields, as = 'f', also: readonly string[] = []): Step {
  return { step: 'events', as, until: [event], also };
}

/** Waits until the operation has been told to be in that state. */
export function untilOperation(id: string, state: string, as = 'f'): Step {
  const status = { operation_id: { value: id }, state };
  return events({ type: 'UPDATE_OPERATION_STATUS', update_operation_status: { status } }, as);
}

/** A command that outlives every scenario. */
export const sleep = 'exec sleep 1000';

/** A framework whose task `t` runs. */
export const runs: readonly Step[] = [
  subscribed(),
  offered(),
  accept(launch(task('t', sleep))),
  untilTask('t', 'TASK_RUNNING'),
];

/** Gives the offer `{o}` back. */
export const decline = (filters: Fields): Step =>
  call('DECLINE', { offer_ids: [{ value: '{o}' }], filters });

/** Nothing of agent 1 is offered for so long. */
export const noOffer = (ms: number): Step => ({
  step: 'none',
  as: 'f',
  of: { type: 'OFFERS', offers: { offers: [{ agent_id: { value: '{a1}' } }] } },
  ms,
});
