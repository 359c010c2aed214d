/** The executor's side of the v1 executor API: one subscription, made again when it breaks. */
import * as http from 'node:http';
import { systemClock } from '../../../core/clock.js';
import { messageOf } from '../../../core/errors.js';
import { callHttp } from '../../../core/http/request.js';
import { tryParseJson } from '../../../core/json.js';
import type { Logger } from '../../../core/logger.js';
import type { TaskInfo, TaskStatus } from '../../../wire/mesos/task.js';
import { RecordDecoder } from '../../../wire/recordio.js';

/** What Mesos tells an executor in its environment. */
export interface AgentDoor {
  /** `host:port` of the agent. */
  readonly endpoint: string;
  readonly frameworkId: string;
  readonly executorId: string;
  readonly token: string | undefined;
}

/** An event of the agent, as far as it is read. */
export interface AgentMessage {
  readonly type: string;
  readonly launch?: { readonly task: TaskInfo };
  readonly launch_group?: { readonly task_group: { readonly tasks: readonly TaskInfo[] } };
  readonly kill?: { readonly task_id: { readonly value: string } };
  readonly acknowledged?: { readonly task_id: { readonly value: string }; readonly uuid: string };
}

/** What the stream is given. */
export interface AgentStreamOptions {
  readonly door: AgentDoor;
  readonly log: Logger;
  /** Asked at each subscription. */
  readonly subscription: () => unknown;
  readonly onMessage: (message: AgentMessage) => void;
  /** The agent has been away for longer than Mesos allows. */
  readonly onGivenUp: () => void;
  /** How long an agent may be away, ms. */
  readonly recoveryTimeoutMs: number;
}

const pauseMs = 250;

/** A subscription that lasts. */
export class AgentStream {
  readonly #options: AgentStreamOptions;
  readonly #agent = new http.Agent({ keepAlive: true, maxSockets: 1 });
  #closed = false;
  #awaySince: number | undefined;
  #current: http.IncomingMessage | undefined;

  constructor(options: AgentStreamOptions) {
    this.#options = options;
    void this.#keep();
  }

  /** Sends an update; one that does not arrive is told again by the next subscription. */
  update(status: TaskStatus): void {
    void this.#call({ type: 'UPDATE', update: { status } }).catch((error) => {
      this.#options.log.warn('an update did not reach the agent', { error: messageOf(error) });
      this.#current?.destroy();
    });
  }

  /** Ends it. */
  close(): void {
    this.#closed = true;
    this.#current?.destroy();
    this.#agent.destroy();
  }

  #headers(): Record<string, string> {
    const { token } = this.#options.door;
    return {
      'content-type': 'application/json',
      accept: 'application/json',
      ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
    };
  }

  #body(call: object): string {
    const { frameworkId, executorId } = this.#options.door;
    const ids = { framework_id: { value: frameworkId }, executor_id: { value: executorId } };
    return JSON.stringify({ ...ids, ...call });
  }

  get #url(): string {
    return `http://${this.#options.door.endpoint}/slave(1)/api/v1/executor`;
  }

  async #call(call: object): Promise<void> {
    const answer = await callHttp({
      method: 'POST',
      url: this.#url,
      headers: this.#headers(),
      body: this.#body(call),
      agent: this.#agent,
    });
    if (answer.status >= 300) throw new Error(`${answer.status} ${answer.body.toString('utf8')}`);
  }

  async #keep(): Promise<void> {
    while (!this.#closed) {
      try {
        await this.#subscribeOnce();
      } catch (error) {
        this.#options.log.warn('not subscribed to the agent', { reason: messageOf(error) });
      }
      if (this.#closed) return;
      const now = systemClock.monotonic();
      this.#awaySince ??= now;
      if (now - this.#awaySince > this.#options.recoveryTimeoutMs) {
        this.#options.onGivenUp();
        return;
      }
      await new Promise((resolve) => setTimeout(resolve, pauseMs));
    }
  }

  /** Resolves when the stream has ended. */
  #subscribeOnce(): Promise<void> {
    return new Promise((resolve, reject) => {
      const request = http.request(
        this.#url,
        { method: 'POST', headers: this.#headers(), agent: false },
        (response) => {
          if (response.statusCode !== 200) {
            response.resume();
            reject(new Error(`the agent answered ${response.statusCode}`));
            return;
          }
          this.#current = response;
          this.#awaySince = undefined;
          const decoder = new RecordDecoder();
          response.on('data', (chunk: Buffer) => {
            for (const record of decoder.push(chunk)) {
              const message = tryParseJson(record.toString('utf8')) as AgentMessage | undefined;
              if (message !== undefined) this.#options.onMessage(message);
            }
          });
          response.on('error', () => {});
          response.on('close', () => resolve());
        },
      );
      request.on('error', reject);
      request.end(this.#body({ type: 'SUBSCRIBE', subscribe: this.#options.subscription() }));
    });
  }
}
