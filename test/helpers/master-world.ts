/** A master without a process: events in, effects sorted by who gets them. */

import { seededRandom } from '../../src/core/random.js';
import type { Write } from '../../src/core/store/store.js';
import type { CallAnswer, MasterEvent } from '../../src/mesos/master/events.js';
import type { OperatorAction } from '../../src/mesos/master/operator-calls.js';
import { recover } from '../../src/mesos/master/registry.js';
import {
  defaultOptions,
  emptyState,
  type MasterOptions,
  type MasterState,
} from '../../src/mesos/master/state.js';
import { step } from '../../src/mesos/master/step.js';
import type { MasterOrder, RegisterMessage } from '../../src/wire/agent-link.js';
import type { Resource } from '../../src/wire/mesos/common.js';
import type {
  FrameworkInfo,
  Offer,
  OfferOperation,
  SchedulerCall,
  SchedulerEvent,
} from '../../src/wire/mesos/scheduler.js';
import type { TaskInfo, TaskStatus } from '../../src/wire/mesos/task.js';

type SubscribedCall = Exclude<SchedulerCall, { type: 'SUBSCRIBE' }>;
// `Omit` on a union keeps its members apart only when it is distributed over them.
type WithoutId<Call> = Call extends unknown ? Omit<Call, 'framework_id'> : never;
/** A call without the framework's id, which its stream knows. */
export type Call = WithoutId<SubscribedCall>;

/** An amount. */
export function scalar(name: string, value: number, more: Partial<Resource> = {}): Resource {
  return { name, type: 'SCALAR', scalar: { value }, ...more };
}

/** Ports. */
export function ports(begin: number, end: number): Resource {
  return { name: 'ports', type: 'RANGES', ranges: { range: [{ begin, end }] } };
}

/** What an agent has unless told otherwise. */
export const agentResources: readonly Resource[] = [
  scalar('cpus', 4),
  scalar('mem', 4096),
  scalar('disk', 10240),
  ports(31000, 31100),
];

/** A task that needs little. */
export function aTask(id: string, agentId: string, more: Partial<TaskInfo> = {}): TaskInfo {
  return {
    name: id,
    task_id: { value: id },
    agent_id: { value: agentId },
    resources: [scalar('cpus', 0.1), scalar('mem', 32)],
    command: { value: 'sleep 1000' },
    ...more,
  };
}

/** A LAUNCH of some tasks. */
export function launch(...task_infos: TaskInfo[]): OfferOperation {
  return { type: 'LAUNCH', launch: { task_infos } };
}

/** A framework that can all that ours can. */
export function aFramework(name: string, more: Partial<FrameworkInfo> = {}): FrameworkInfo {
  return {
    user: 'root',
    name,
    roles: ['dev'],
    failover_timeout: 60,
    checkpoint: true,
    capabilities: [
      { type: 'MULTI_ROLE' },
      { type: 'RESERVATION_REFINEMENT' },
      { type: 'PARTITION_AWARE' },
      { type: 'TASK_KILLING_STATE' },
      { type: 'SHARED_RESOURCES' },
    ],
    ...more,
  };
}

/** A scheduler with its stream. */
export interface Scheduler {
  readonly stream: string;
  readonly id: string;
  readonly principal: string;
  readonly events: SchedulerEvent[];
}

/** An agent's end of the link. */
export interface AgentEnd {
  readonly stream: string;
  readonly id: string;
  readonly orders: MasterOrder[];
}

/** One master with everything that it has said so far. */
export class MasterWorld {
  readonly state: MasterState;
  readonly writes: Write[] = [];
  readonly closed = new Set<string>();
  now = 1_700_000_000_000;
  readonly #sent = new Map<string, unknown[]>();
  #streams = 0;
  #requests = 0;

  constructor(
    options: Partial<MasterOptions> = {},
    records: ReadonlyMap<string, unknown> = new Map(),
  ) {
    this.state = emptyState(
      {
        ...defaultOptions,
        id: 'master',
        host: '127.0.0.1',
        port: 5050,
        startedAt: this.now,
        ...options,
      },
      seededRandom(1),
    );
    recover(this.state, records);
  }

  /** What was sent over `stream`. */
  inbox<Message>(stream: string): Message[] {
    const list = this.#sent.get(stream) ?? [];
    this.#sent.set(stream, list);
    return list as Message[];
  }

  /** Feeds one event; gives the answer to a call. */
  feed(event: MasterEvent): CallAnswer | undefined {
    let answer: CallAnswer | undefined;
    for (const effect of step(this.state, event, this.now)) {
      if (effect.type === 'Send') {
        for (const stream of effect.streams) {
          this.inbox(stream).push(JSON.parse(JSON.stringify(effect.message)));
        }
      } else if (effect.type === 'CloseStream') this.closed.add(effect.stream);
      else if (effect.type === 'Persist') this.writes.push(...effect.writes);
      else if (effect.type === 'Reply') answer = effect.result as CallAnswer;
    }
    return answer;
  }

  #stream(): string {
    this.#streams += 1;
    return `stream-${this.#streams}`;
  }

  #request(): string {
    this.#requests += 1;
    return `request-${this.#requests}`;
  }

  /** Subscribes a framework; `id` for one that was there before. */
  subscribe(info: FrameworkInfo, principal = info.name, id?: string): Scheduler {
    const stream = this.#stream();
    const events = this.inbox<SchedulerEvent>(stream);
    const framework_info = id === undefined ? info : { ...info, id: { value: id } };
    const call = {
      type: 'SUBSCRIBE' as const,
      ...(id === undefined ? {} : { framework_id: { value: id } }),
      subscribe: { framework_info },
    };
    this.feed({ type: 'SchedulerSubscribed', stream, principal, call });
    const first = events[0];
    const given = first?.type === 'SUBSCRIBED' ? first.subscribed.framework_id.value : '';
    return { stream, id: given, principal, events };
  }

  /** A call of a scheduler on its own stream. */
  call(scheduler: Scheduler, call: Call): CallAnswer {
    const answer = this.feed({
      type: 'SchedulerCalled',
      requestId: this.#request(),
      principal: scheduler.principal,
      stream: scheduler.stream,
      call: { ...call, framework_id: { value: scheduler.id } } as SubscribedCall,
    });
    return answer ?? { status: 0, text: 'no answer' };
  }

  /** Accepts an offer. */
  accept(
    scheduler: Scheduler,
    offer: Offer,
    operations: OfferOperation[],
    refuseSeconds = 0,
  ): void {
    const filters = { refuse_seconds: refuseSeconds };
    this.call(scheduler, {
      type: 'ACCEPT',
      accept: { offer_ids: [offer.id], operations, filters },
    });
  }

  /** Registers an agent. */
  register(more: Partial<RegisterMessage> = {}, id?: string, hostname = 'host'): AgentEnd {
    const stream = this.#stream();
    const orders = this.inbox<MasterOrder>(stream);
    const message: RegisterMessage = {
      agent: {
        hostname,
        port: 5051,
        resources: [...agentResources],
        attributes: [{ name: 'rack', type: 'TEXT', text: { value: 'r1' } }],
        domain: { fault_domain: { region: { name: 'local' }, zone: { name: 'r1' } } },
        ...(id === undefined ? {} : { id: { value: id } }),
      },
      version: '0.1.0',
      resources: [...agentResources],
      tasks: [],
      executors: [],
      frameworks: [],
      ...more,
    };
    this.feed({ type: 'AgentRegistered', stream, message });
    const first = orders[0];
    return { stream, id: first?.type === 'REGISTERED' ? first.agent_id.value : '', orders };
  }

  /** A message of an agent. */
  report(
    agent: Pick<AgentEnd, 'id'>,
    message: Extract<MasterEvent, { type: 'AgentReported' }>['message'],
  ): CallAnswer | undefined {
    const requestId = this.#request();
    return this.feed({ type: 'AgentReported', requestId, agentId: agent.id, message });
  }

  /** An agent reports a state of a task; gives the uuid that acknowledges it. */
  update(
    agent: Pick<AgentEnd, 'id'>,
    frameworkId: string,
    taskId: string,
    state: TaskStatus['state'],
    more: Partial<TaskStatus> = {},
  ): string {
    const uuid = Buffer.from(`${String(this.#requests).padStart(16, '0')}`).toString('base64');
    this.report(agent, {
      type: 'UPDATE',
      framework_id: { value: frameworkId },
      status: {
        task_id: { value: taskId },
        agent_id: { value: agent.id },
        state,
        source: 'SOURCE_EXECUTOR',
        timestamp: this.now / 1000,
        uuid,
        ...more,
      },
    });
    return uuid;
  }

  /** Acknowledges a status. */
  acknowledge(scheduler: Scheduler, agentId: string, taskId: string, uuid: string): void {
    this.call(scheduler, {
      type: 'ACKNOWLEDGE',
      acknowledge: { agent_id: { value: agentId }, task_id: { value: taskId }, uuid },
    });
  }

  /** An operator's call. */
  operate(call: OperatorAction): CallAnswer {
    const answer = this.feed({ type: 'OperatorCalled', requestId: this.#request(), call });
    return answer ?? { status: 0, text: 'no answer' };
  }

  /** Opens an operator's stream; gives its inbox. */
  watch(): Record<string, unknown>[] {
    const stream = this.#stream();
    this.feed({ type: 'OperatorSubscribed', stream });
    return this.inbox(stream);
  }

  /** Lets `seconds` pass tick by tick; the agents named answer every ping. */
  pass(seconds: number, answering: readonly AgentEnd[] = []): void {
    for (let second = 0; second < seconds; second += 1) {
      this.now += 1000;
      this.feed({ type: 'Ticked' });
      for (const agent of answering) this.pong(agent);
    }
  }

  /** The agent answers a ping. */
  pong(agent: Pick<AgentEnd, 'id'>): void {
    this.report(agent, { type: 'PONG', sequence: 1 });
  }

  /** Ends a stream from outside. */
  cut(stream: string): void {
    this.feed({ type: 'StreamClosed', stream });
  }
}

/** Events of one type. */
export function eventsOf<Type extends SchedulerEvent['type']>(
  scheduler: Scheduler,
  type: Type,
): Extract<SchedulerEvent, { type: Type }>[] {
  return scheduler.events.filter(
    (event): event is Extract<SchedulerEvent, { type: Type }> => event.type === type,
  );
}

/** All offers that a scheduler was sent, oldest first. */
export function offersTo(scheduler: Scheduler): Offer[] {
  return eventsOf(scheduler, 'OFFERS').flatMap((event) => event.offers.offers);
}

/** The newest offer, or a failure. */
export function lastOffer(scheduler: Scheduler): Offer {
  const offer = offersTo(scheduler).at(-1);
  if (offer === undefined) throw new Error('no offer was made');
  return offer;
}

/** All statuses that a scheduler was sent, oldest first. */
export function statusesTo(scheduler: Scheduler): TaskStatus[] {
  return eventsOf(scheduler, 'UPDATE').map((event) => event.update.status);
}
