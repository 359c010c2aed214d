/**
 * The agent's end of the link (wire/agent-link.ts): registers, reads orders, sends messages in
 * order. A lost stream, a 410, a failed message or silence for longer than the master's pings allow
 * all have one answer: register again.
 * After a nap of this machine silence says nothing either, and registering again is all that is
 * done.
 */
import type { IncomingMessage } from 'node:http';
import { Agent } from 'node:http';
import { systemClock } from '../../../core/clock.js';
import { DcosError, messageOf } from '../../../core/errors.js';
import { callHttp, streamHttp } from '../../../core/http/request.js';
import { tryParseJson } from '../../../core/json.js';
import type { Logger } from '../../../core/logger.js';
import type { Random } from '../../../core/random.js';
import {
  type AgentMessage,
  type MasterOrder,
  masterOrderSchema,
  type RegisterMessage,
} from '../../../wire/agent-link.js';
import { RecordDecoder } from '../../../wire/recordio.js';

/** ms before the first new try, and the most between two. */
const firstPauseMs = 50;
const longestPauseMs = 1_500;
/** Messages that may wait for the master; with more the link is taken for lost. */
const maxQueued = 10_000;

/** What a link needs. */
export interface LinkOptions {
  /** `http://host:port` of the master. */
  readonly master: string;
  readonly authorization: string;
  readonly register: () => RegisterMessage;
  readonly onOrder: (order: MasterOrder) => void;
  /** A registration that held is over. Nothing is tried until `connect` is called. */
  readonly onLost: () => void;
  readonly random: Random;
  readonly log: Logger;
}

/** A link. */
export interface Link {
  /** Registers, as often as it takes. */
  connect(): void;
  /** Queues a message; dropped where no registration holds, since the next one tells all. */
  send(message: AgentMessage): void;
  close(): void;
}

/** One registration, from its stream's first byte. */
interface Session {
  readonly response: IncomingMessage;
  agentId: string | undefined;
  readonly queue: AgentMessage[];
  sending: boolean;
  /** Of the monotonic clock, ms. */
  heardAt: number;
}

/** Makes a link that does nothing yet. */
export function createLink(options: LinkOptions): Link {
  return new MasterLink(options);
}

class MasterLink implements Link {
  readonly #options: LinkOptions;
  /** Of its own, so that the pings' answers never wait for others. */
  readonly #sockets = new Agent({ keepAlive: true, maxSockets: 4 });
  #session: Session | undefined;
  #trying = false;
  #closed = false;
  #timer: NodeJS.Timeout | undefined;
  #watchdog: NodeJS.Timeout | undefined;

  constructor(options: LinkOptions) {
    this.#options = options;
  }

  connect(): void {
    if (this.#trying || this.#closed) return;
    this.#trying = true;
    void this.#register(firstPauseMs);
  }

  send(message: AgentMessage): void {
    const session = this.#session;
    if (session?.agentId === undefined) return;
    if (message.type === 'PONG') {
      void this.#post(session, message);
      return;
    }
    session.queue.push(message);
    if (session.queue.length > maxQueued) this.#lose(session, 'too many messages wait');
    else if (!session.sending) void this.#drain(session);
  }

  close(): void {
    this.#closed = true;
    clearTimeout(this.#timer);
    clearInterval(this.#watchdog);
    const session = this.#session;
    this.#session = undefined;
    session?.response.destroy();
    this.#sockets.destroy();
  }

  async #register(pauseMs: number): Promise<void> {
    const { master, authorization, log } = this.#options;
    try {
      const response = await streamHttp({
        method: 'POST',
        url: `${master}/internal/agents`,
        headers: { authorization, 'content-type': 'application/json' },
        body: JSON.stringify(this.#options.register()),
      });
      if (this.#closed) {
        response.destroy();
        return;
      }
      if (response.statusCode !== 200) {
        response.destroy();
        throw new DcosError('failed', `the master answered ${response.statusCode}`);
      }
      this.#trying = false;
      this.#listen(response);
    } catch (error) {
      if (this.#closed) return;
      log.debug('cannot register', { error: messageOf(error) });
      // Jitter: agents that lost one master together do not come back together.
      const waitMs = pauseMs * (0.5 + this.#options.random.next());
      const nextMs = Math.min(pauseMs * 1.5, longestPauseMs);
      this.#timer = setTimeout(() => void this.#register(nextMs), waitMs);
    }
  }

  #listen(response: IncomingMessage): void {
    const heardAt = systemClock.monotonic();
    const session: Session = { response, agentId: undefined, queue: [], sending: false, heardAt };
    this.#session = session;
    const decoder = new RecordDecoder();
    response.on('data', (chunk: Buffer) => {
      if (this.#session !== session) return;
      session.heardAt = systemClock.monotonic();
      try {
        for (const record of decoder.push(chunk)) this.#order(session, record);
      } catch (error) {
        this.#lose(session, messageOf(error));
      }
    });
    response.on('error', (error) => this.#lose(session, messageOf(error)));
    response.on('close', () => this.#lose(session, 'the stream ended'));
  }

  #order(session: Session, record: Buffer): void {
    const { log, onOrder } = this.#options;
    const parsed = masterOrderSchema.safeParse(tryParseJson(record.toString('utf8')));
    if (!parsed.success) {
      log.warn('an order of the master is not understood', {
        record: record.toString('utf8', 0, 200),
      });
      return;
    }
    const order = parsed.data;
    if (order.type === 'REGISTERED') {
      session.agentId = order.agent_id.value;
      this.#guard(session, order.ping_interval_ms * (order.max_missed_pings + 1));
      log.info('registered', { agentId: session.agentId });
    }
    if (order.type === 'REFUSED') {
      // Who it was is over; `connect` comes when all of that is forgotten.
      this.#session = undefined;
      session.response.destroy();
    }
    onOrder(order);
  }

  /** Takes silence for a lost link, but not the silence that this process slept through itself. */
  #guard(session: Session, silenceMs: number): void {
    clearInterval(this.#watchdog);
    const everyMs = Math.max(100, silenceMs / 4);
    let lookedAt = systemClock.monotonic();
    this.#watchdog = setInterval(() => {
      const now = systemClock.monotonic();
      if (now - lookedAt > everyMs * 2) session.heardAt = now;
      lookedAt = now;
      if (now - session.heardAt > silenceMs) this.#lose(session, 'the master fell silent');
    }, everyMs);
    this.#watchdog.unref();
  }

  async #drain(session: Session): Promise<void> {
    session.sending = true;
    for (let next = session.queue.shift(); next !== undefined; next = session.queue.shift()) {
      if (this.#session !== session) break;
      await this.#post(session, next);
    }
    session.sending = false;
  }

  async #post(session: Session, message: AgentMessage): Promise<void> {
    const { master, authorization } = this.#options;
    try {
      const { status } = await callHttp({
        method: 'POST',
        url: `${master}/internal/agents/${encodeURIComponent(session.agentId ?? '')}`,
        headers: { authorization, 'content-type': 'application/json' },
        body: JSON.stringify(message),
        agent: this.#sockets,
      });
      if (status === 202 || status === 200) return;
      // A message that the master finds wrong would be wrong the next time as well.
      if (status === 400 || status === 413) {
        this.#options.log.error('the master refused a message', { status, type: message.type });
        return;
      }
      this.#lose(session, `the master answered ${status}`);
    } catch (error) {
      this.#lose(session, messageOf(error));
    }
  }

  #lose(session: Session, why: string): void {
    if (this.#session !== session || this.#closed) return;
    this.#session = undefined;
    clearInterval(this.#watchdog);
    session.response.destroy();
    this.#options.log.info('the link to the master is lost', { why });
    this.#options.onLost();
  }
}
