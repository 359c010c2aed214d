/**
 * What can happen to a master, what it can order, and the small tools with which the parts of
 * `step` order it.
 */
import type { Persist, Reply } from '../../core/drive.js';
import type { Json } from '../../core/json.js';
import type { AgentMessage, MasterOrder, RegisterMessage } from '../../wire/agent-link.js';
import type { SchedulerCall, SchedulerEvent } from '../../wire/mesos/scheduler.js';
import type { OperatorAction } from './operator-calls.js';
import type { Agent, Framework, MasterState } from './state.js';

/** What has happened. A `stream` is the id of an open answer to which records can be sent. */
export type MasterEvent =
  | {
      readonly type: 'SchedulerSubscribed';
      readonly stream: string;
      readonly principal: string;
      readonly call: Extract<SchedulerCall, { type: 'SUBSCRIBE' }>;
    }
  | {
      readonly type: 'SchedulerCalled';
      readonly requestId: string;
      readonly principal: string;
      /** The header Mesos-Stream-Id. */
      readonly stream: string | undefined;
      readonly call: Exclude<SchedulerCall, { type: 'SUBSCRIBE' }>;
    }
  | {
      readonly type: 'AgentRegistered';
      readonly stream: string;
      readonly message: RegisterMessage;
    }
  | {
      readonly type: 'AgentReported';
      readonly requestId: string;
      readonly agentId: string;
      readonly message: AgentMessage;
    }
  | { readonly type: 'OperatorSubscribed'; readonly stream: string }
  | {
      readonly type: 'OperatorCalled';
      readonly requestId: string;
      readonly call: OperatorAction;
    }
  | { readonly type: 'StreamClosed'; readonly stream: string }
  /** A ping interval has passed on this process's own timer. */
  | { readonly type: 'Ticked' }
  /** A moment that a `Wake` asked for has come. */
  | { readonly type: 'Woken' };

/** An answer to a call, with Mesos' own text. */
export interface CallAnswer {
  readonly status: number;
  readonly text: string;
}

/** What is to be done. */
export type MasterEffect =
  | Persist
  | Reply
  | { readonly type: 'Send'; readonly streams: readonly string[]; readonly message: unknown }
  /** Ends a stream after what was sent. */
  | { readonly type: 'CloseStream'; readonly stream: string }
  | { readonly type: 'Wake'; readonly inMs: number }
  | {
      readonly type: 'Log';
      readonly level: 'info' | 'warn';
      readonly message: string;
      readonly fields: Record<string, unknown>;
    };

/** One call of `step`: the state, the time, and the effects so far. */
export interface Turn {
  readonly state: MasterState;
  /** Wall clock, ms since 1970: for records only. */
  readonly now: number;
  readonly effects: MasterEffect[];
}

/** Sends an event to a framework; lost if it is not connected, as in Mesos. */
export function tell(turn: Turn, framework: Framework, event: SchedulerEvent): void {
  if (framework.stream === undefined) return;
  turn.effects.push({ type: 'Send', streams: [framework.stream], message: event });
}

/** Sends an order to an agent; lost if it is not connected. */
export function order(turn: Turn, agent: Agent, message: MasterOrder): void {
  if (agent.link === undefined) return;
  turn.effects.push({ type: 'Send', streams: [agent.link], message });
}

/** Sends an event to every operator that subscribed. */
export function publish(turn: Turn, message: () => unknown): void {
  if (turn.state.subscribers.size === 0) return;
  const streams = [...turn.state.subscribers.keys()];
  turn.effects.push({ type: 'Send', streams, message: message() });
}

/** Writes or (with `null`) removes one record. */
export function persist(turn: Turn, key: string, value: unknown): void {
  turn.effects.push({ type: 'Persist', writes: [{ key, value: value as Json }] });
}

/** Answers a call. */
export function reply(turn: Turn, requestId: string, status: number, text = ''): void {
  const result: CallAnswer = { status, text };
  turn.effects.push({ type: 'Reply', requestId, result });
}

/** Notes something for the log. */
export function note(turn: Turn, message: string, fields: Record<string, unknown>): void {
  turn.effects.push({ type: 'Log', level: 'info', message, fields });
}

/** Forgets a stream and ends it. */
export function closeStream(turn: Turn, stream: string): void {
  turn.state.streams.delete(stream);
  turn.effects.push({ type: 'CloseStream', stream });
}

/** Counts something. */
export function count(state: MasterState, name: string, by = 1): void {
  state.metrics.set(name, (state.metrics.get(name) ?? 0) + by);
}

/** A fresh uuid as base64 of its 16 bytes, as Mesos sends them. */
export function freshUuid(state: MasterState): string {
  return Buffer.from(state.random.uuid().replaceAll('-', ''), 'hex').toString('base64');
}
