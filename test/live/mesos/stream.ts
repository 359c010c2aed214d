/** The event stream of a scheduler that acknowledges what it is told, as long as it should. */
import { callHttp, streamHttp } from '../../../src/core/http/request.js';
import { RecordDecoder } from '../../../src/wire/recordio.js';
import { at, type Fields } from './steps.js';
import { authorizationOf } from './target.js';

/** An event as it came. */
export type SchedulerEvent = { readonly type: string } & Record<string, unknown>;

/** A subscription. */
export interface SchedulerStream {
  readonly status: number;
  readonly contentType: string;
  /** Of an answer that is no stream. */
  readonly text: string;
  readonly events: readonly SchedulerEvent[];
  readonly ended: boolean;
  frameworkId: string;
  acknowledging: boolean;
  /** How many events have been looked at. */
  seen: number;
  /** Offers of event `from` on that still hold. */
  offers(from: number): unknown[];
  /** Makes a call; `other` is another stream id than this one's, or `none`. */
  call(fields: Fields, other?: string): Promise<{ status: number; text: string }>;
  close(): void;
}

/** Subscribes. */
export async function openStream(
  url: string,
  principal: string,
  subscribe: Fields,
): Promise<SchedulerStream> {
  const headers = {
    'content-type': 'application/json',
    accept: 'application/json',
    authorization: authorizationOf(principal),
  };
  const response = await streamHttp({
    method: 'POST',
    url,
    headers,
    body: JSON.stringify(subscribe),
  });
  const events: SchedulerEvent[] = [];
  const id = String(response.headers['mesos-stream-id'] ?? '');
  const state = { text: '', ended: false };
  const answered = new Set<unknown>();
  const decoder = new RecordDecoder();
  const isStream = response.statusCode === 200;
  const acknowledge = (event: SchedulerEvent): void => {
    const call = acknowledgementOf(event);
    if (stream.acknowledging && call !== undefined) stream.call(call).catch(() => {});
  };
  response.on('data', (chunk: Buffer) => {
    if (!isStream) {
      state.text += chunk.toString();
      return;
    }
    for (const record of decoder.push(chunk)) {
      const event = JSON.parse(record.toString()) as SchedulerEvent;
      events.push(event);
      acknowledge(event);
    }
  });
  response.on('error', () => {});
  const closed = new Promise<void>((resolve) => response.on('close', resolve));
  response.on('close', () => {
    state.ended = true;
  });
  if (!isStream) await closed;
  const stream: SchedulerStream = {
    status: response.statusCode ?? 0,
    contentType: String(response.headers['content-type']),
    get text() {
      return state.text;
    },
    get ended() {
      return state.ended;
    },
    events,
    frameworkId: '',
    acknowledging: true,
    seen: 0,
    offers: (from) => {
      const rescinded = events.map((event) => at(event, 'rescind.offer_id.value'));
      const gone = new Set<unknown>([...answered, ...rescinded]);
      const all = events.slice(from).flatMap((event) => (at(event, 'offers.offers') ?? []) as []);
      return all.filter((offer) => !gone.has(at(offer, 'id.value')));
    },
    call: async (fields, other) => {
      const named = fields.framework_id ?? { value: stream.frameworkId };
      const streamId = other ?? id;
      const answers = at(fields, 'accept.offer_ids') ?? at(fields, 'decline.offer_ids');
      for (const offer of Array.isArray(answers) ? answers : []) answered.add(at(offer, 'value'));
      const { status, body } = await callHttp({
        method: 'POST',
        url,
        headers: { ...headers, ...(streamId === 'none' ? {} : { 'mesos-stream-id': streamId }) },
        body: JSON.stringify({ framework_id: named, ...fields }),
      });
      return { status, text: body.toString() };
    },
    close: () => response.destroy(),
  };
  return stream;
}

function acknowledgementOf(event: SchedulerEvent): Fields | undefined {
  const status = at(event, 'update.status') as Fields | undefined;
  if (status?.uuid !== undefined) {
    const { agent_id = null, task_id = null, uuid } = status;
    return { type: 'ACKNOWLEDGE', acknowledge: { agent_id, task_id, uuid } };
  }
  const operation = at(event, 'update_operation_status.status') as Fields | undefined;
  const uuid = at(operation, 'uuid.value');
  if (operation?.operation_id === undefined || typeof uuid !== 'string') return undefined;
  const { operation_id, agent_id = null } = operation;
  const acknowledge_operation_status = { agent_id, operation_id, uuid };
  return { type: 'ACKNOWLEDGE_OPERATION_STATUS', acknowledge_operation_status };
}
