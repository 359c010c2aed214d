/** Plays a scenario on one engine and writes down what it is answered. */
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { callHttp } from '../../../src/core/http/request.js';
import { pause, until } from '../../helpers/wait.js';
import { Normal } from './normal.js';
import { type Ask, at, contains, type Fields, type Scenario, type Step } from './steps.js';
import { openStream, type SchedulerEvent, type SchedulerStream } from './stream.js';
import { agentsOf, authorizationOf, type Target } from './target.js';
import { tidied } from './tidy.js';

/** What one step showed; `undefined` where it shows nothing. */
export interface Shown {
  readonly step: string;
  readonly saw: unknown;
}

/** Headers that are compared. */
const headersSeen = [
  'content-type',
  'allow',
  'location',
  'content-disposition',
  'www-authenticate',
];

/** How long anything may take. */
const patienceMs = 40_000;

/** Plays it, tidies up after it, and gives what was shown. */
export async function play(target: Target, { name, steps }: Scenario): Promise<Shown[]> {
  const player = new Player(target);
  try {
    await player.meet();
    for (const step of steps) await player.take(step);
    return player.shown;
  } catch (error) {
    const said = JSON.stringify(player.shown.slice(-2), null, 1);
    const heard = player.heard();
    throw new Error(`${name} on ${target.name}: ${String(error)}\nso far ${said}\nheard ${heard}`);
  } finally {
    await player.leave();
    await target.revive();
    await tidied(target);
  }
}

class Player {
  readonly shown: Shown[] = [];
  readonly #target: Target;
  readonly #normal = new Normal();
  readonly #learnt = new Map<string, string>();
  readonly #streams = new Map<string, SchedulerStream>();
  /** Updates that were shown, which may come again until they are acknowledged. */
  readonly #told = new Set<string>();

  constructor(target: Target) {
    this.#target = target;
  }

  heard(): string {
    return [...this.#streams.values()]
      .map((stream) =>
        stream.events
          .filter(({ type }) => type !== 'HEARTBEAT')
          .slice(-6)
          .map((event) => JSON.stringify(event).slice(0, 700))
          .join('\n'),
      )
      .join('\n');
  }

  /** Learns who the agents are. */
  async meet(): Promise<void> {
    for (const { id, pid } of await agentsOf(this.#target)) {
      this.#learn(`a${/127\.0\.1\.(\d)/.exec(pid)?.[1]}`, id);
    }
  }

  /** Ends what its frameworks still have. */
  async leave(): Promise<void> {
    for (const stream of this.#streams.values()) stream.close();
  }

  async take(step: Step): Promise<void> {
    switch (step.step) {
      case 'ask':
        return this.#ask(step);
      case 'subscribe':
        return this.#subscribe(step);
      case 'call':
        return this.#call(step);
      case 'offer':
        return this.#offer(step);
      case 'events':
        return this.#events(step);
      case 'none': {
        const stream = this.#stream(step.as);
        const from = stream.events.length;
        await pause(step.ms);
        const came = stream.events
          .slice(from)
          .some((event) => contains(event, this.#fill(step.of)));
        this.#show(`none of ${step.as}`, came ? 'it came' : 'nothing');
        return;
      }
      case 'ended': {
        const stream = this.#stream(step.as);
        await until(() => stream.ended, { what: 'the end of a stream', timeoutMs: patienceMs });
        this.#show(`end of ${step.as}`, this.#normal.json(this.#rest(stream, ['ERROR'])));
        return;
      }
      case 'close':
        this.#stream(step.as).close();
        return;
      case 'acknowledging':
        this.#stream(step.as).acknowledging = step.on;
        return;
      case 'machine':
        await this.#target[step.do](step.agent ?? 1);
    }
  }

  #show(step: string, saw: unknown): void {
    this.shown.push({ step, saw });
  }

  #learn(name: string, value: string): void {
    this.#learnt.set(name, value);
    this.#normal.name(value, name);
  }

  #stream(as: string): SchedulerStream {
    const stream = this.#streams.get(as);
    assert.ok(stream, `${as} has not subscribed`);
    return stream;
  }

  /** The value with what is known in place of names. */
  #fill<Value>(value: Value): Value {
    const text = JSON.stringify(value);
    const filled = text?.replaceAll(/\{([\w:-]+)\}/g, (whole, name: string) => {
      const task = /^uuid:(.+)$/.exec(name)?.[1];
      if (task !== undefined) return this.#uuidOf(task);
      return this.#learnt.get(name) ?? whole;
    });
    return filled === undefined ? value : JSON.parse(filled);
  }

  #uuidOf(id: string): string {
    const all = [...this.#streams.values()].flatMap(({ events }) => events);
    const found = all.flatMap((event) => {
      const status = at(event, 'update.status') ?? at(event, 'update_operation_status.status');
      const named = at(status, 'task_id.value') ?? at(status, 'operation_id.value');
      const uuid = at(status, 'uuid.value') ?? at(status, 'uuid');
      return named === id && typeof uuid === 'string' ? [uuid] : [];
    });
    return found.at(-1) ?? '';
  }

  async #ask({ ask, until: wanted, only, learn, unseen }: Extract<Step, { step: 'ask' }>) {
    const look = () => exchange(this.#target, this.#fill(ask));
    const goal = this.#fill(wanted);
    const answer =
      goal === undefined
        ? await look()
        : await until(
            async () => {
              const found = await look();
              return contains(found.json, goal) ? found : undefined;
            },
            { what: `${ask.path} to show ${JSON.stringify(goal)}`, timeoutMs: patienceMs },
          );
    if (learn !== undefined) {
      const value = at(answer.json, learn.at);
      assert.equal(typeof value, 'string', `${learn.at} of ${answer.text.slice(0, 500)}`);
      this.#learn(learn.name, String(value));
    }
    if (unseen) return;
    const { status, headers, json, text } = answer;
    const body =
      json === undefined
        ? this.#normal.text(text)
        : this.#normal.json(only === undefined ? json : at(json, only));
    const shownHeaders = this.#normal.json(headers);
    this.#show(nameOfAsk(ask), { status, headers: shownHeaders, body });
  }

  async #subscribe({ as, info, id, more }: Extract<Step, { step: 'subscribe' }>): Promise<void> {
    const [principal = ''] = as.split(':');
    const known = id === undefined ? undefined : { value: this.#fill(id) };
    const framework_info = known === undefined ? info : { ...info, id: known };
    const stream = await openStream(`${this.#target.master()}/api/v1/scheduler`, principal, {
      type: 'SUBSCRIBE',
      ...(known === undefined ? {} : { framework_id: known }),
      subscribe: { framework_info, ...more },
    });
    if (stream.status !== 200) {
      const body = this.#normal.text(stream.text);
      this.#show(`${as} subscribes`, { status: stream.status, body });
      return;
    }
    this.#streams.set(as, stream);
    await until(() => stream.events.length > 1 || stream.ended, { what: 'the first events' });
    const frameworkId = at(stream.events[0], 'subscribed.framework_id.value');
    if (typeof frameworkId === 'string') {
      stream.frameworkId = frameworkId;
      this.#learn(principal, frameworkId);
    }
    const first = stream.events.filter(({ type }) => type !== 'OFFERS').slice(0, 2);
    stream.seen =
      first.length === 0 ? 0 : stream.events.indexOf(first.at(-1) as SchedulerEvent) + 1;
    this.#show(`${as} subscribes`, {
      status: stream.status,
      headers: { 'content-type': stream.contentType },
      events: this.#normal.json(first, 'events'),
    });
  }

  async #call({ as, call, stream: other }: Extract<Step, { step: 'call' }>): Promise<void> {
    const stream = this.#stream(as);
    const { status, text } = await stream.call(this.#fill(call), other);
    this.#show(`${as} ${call.type}`, { status, body: this.#normal.text(text) });
  }

  async #offer(step: Extract<Step, { step: 'offer' }>): Promise<void> {
    const stream = this.#stream(step.as);
    const from = step.fresh ? stream.events.length : 0;
    const agent = step.agent === undefined ? {} : { agent_id: { value: `{a${step.agent}}` } };
    const wanted = this.#fill({ ...agent, ...step.with });
    const offer = await until(
      () => {
        const live = stream.offers(from).filter((each) => contains(each, wanted));
        return live.at(-1);
      },
      { what: `an offer with ${JSON.stringify(wanted)}`, timeoutMs: patienceMs, everyMs: 20 },
    );
    this.#learn(step.name, String(at(offer, 'id.value')));
    if (step.seen) this.#show(`an offer to ${step.as}`, this.#normal.json(offer));
  }

  /** What came since the last look, each subject's events in their order. */
  #rest(stream: SchedulerStream, also: readonly string[]): Record<string, unknown[]> {
    const wanted = ['UPDATE', 'UPDATE_OPERATION_STATUS', 'FAILURE', 'ERROR', 'MESSAGE', ...also];
    const came = stream.events.slice(stream.seen);
    stream.seen = stream.events.length;
    const bySubject: Record<string, unknown[]> = {};
    for (const event of came) {
      if (!wanted.includes(event.type) || this.#isAgain(event)) continue;
      const subject =
        at(event, 'update.status.task_id.value') ??
        at(event, 'update_operation_status.status.operation_id.value') ??
        event.type;
      const key = `of ${subject}`;
      bySubject[key] = [...(bySubject[key] ?? []), this.#normal.json(event, 'events')];
    }
    return bySubject;
  }

  #isAgain(event: SchedulerEvent): boolean {
    const uuid = at(event, 'update.status.uuid');
    if (typeof uuid !== 'string') return false;
    const known = this.#told.has(uuid);
    this.#told.add(uuid);
    return known;
  }

  async #events({ as, until: all, also }: Extract<Step, { step: 'events' }>): Promise<void> {
    const stream = this.#stream(as);
    const wanted = this.#fill(all);
    await until(
      () => {
        const came = stream.events.slice(stream.seen);
        return wanted.every((one) => came.some((event) => contains(event, one)));
      },
      { what: `of ${as}: ${JSON.stringify(wanted)}`, timeoutMs: patienceMs, everyMs: 20 },
    );
    this.#show(`events of ${as}`, this.#rest(stream, also ?? []));
  }
}

function nameOfAsk({ agent, method, path, body }: Ask): string {
  const where = agent === undefined ? 'master' : 'agent';
  const type = typeof body === 'object' && body !== null ? (body as Fields).type : undefined;
  const [plain = path] = path.split('?');
  return `${where} ${type ?? `${method ?? (body === undefined ? 'GET' : 'POST')} ${plain}`}`;
}

interface Answered {
  readonly status: number;
  readonly headers: Record<string, unknown>;
  readonly json: unknown;
  readonly text: string;
}

async function exchange(target: Target, ask: Ask): Promise<Answered> {
  const { agent, path, as = 'control', body } = ask;
  const base = agent === undefined ? target.master() : target.agent(agent);
  const isJson = body !== undefined && typeof body !== 'string';
  const answer = await callHttp({
    method: ask.method ?? (body === undefined ? 'GET' : 'POST'),
    url: `${base}${path}`,
    headers: {
      ...(as === null ? {} : { authorization: authorizationOf(as) }),
      ...(isJson ? { 'content-type': 'application/json', accept: 'application/json' } : {}),
      'x-request': randomUUID(),
      ...ask.headers,
    },
    ...(body === undefined ? {} : { body: isJson ? JSON.stringify(body) : String(body) }),
    timeoutMs: 20_000,
  });
  const text = answer.body.toString();
  const headers = Object.fromEntries(
    headersSeen.flatMap((name) => {
      const value = answer.headers[name];
      return value === undefined ? [] : [[name, value]];
    }),
  );
  return { status: answer.status, headers, json: jsonOf(text), text };
}

function jsonOf(text: string): unknown {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' ? value : undefined;
  } catch {
    return undefined;
  }
}
