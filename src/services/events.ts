/**
 * The stream `/v2/events`: server-sent events to whoever listens; a listener that does not keep
 * up is cut off.
 */
import type { Clock } from '../core/clock.js';
import type { Request } from '../core/http/server.js';
import type { PublicEvent } from './messages.js';

const keepAliveMs = 15_000;
const maxWaitingBytes = 4 * 1024 * 1024;
const maxListeners = 500;

/** Where events go in and out. */
export interface EventHub {
  publish(event: PublicEvent): void;
  /** Serves one listener until it goes; `types` empty: all. `false` when there are too many. */
  attach(request: Request, types: ReadonlySet<string>): boolean;
  stop(): void;
}

/** A hub without listeners. */
export function createEventHub(clock: Pick<Clock, 'now'>): EventHub {
  const listeners = new Map<Request, ReadonlySet<string>>();
  const write = (request: Request, event: PublicEvent): void => {
    const { response } = request;
    if (response.writableLength > maxWaitingBytes) {
      listeners.delete(request);
      response.destroy();
      return;
    }
    const data = { ...event, timestamp: new Date(clock.now()).toISOString() };
    response.write(`event: ${event.eventType}\r\ndata: ${JSON.stringify(data)}\r\n\r\n`);
  };
  const publish = (event: PublicEvent): void => {
    for (const [request, types] of listeners) {
      if (types.size === 0 || types.has(event.eventType)) write(request, event);
    }
  };
  const timer = setInterval(() => {
    for (const { response } of listeners.keys()) response.write('\r\n');
  }, keepAliveMs);
  timer.unref();
  return {
    publish,
    attach: (request, types) => {
      if (listeners.size >= maxListeners) return false;
      const { response, raw } = request;
      response.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-cache' });
      listeners.set(request, types);
      const remoteAddress = raw.socket.remoteAddress ?? '';
      response.on('close', () => {
        if (listeners.delete(request))
          publish({ eventType: 'event_stream_detached', remoteAddress });
      });
      publish({ eventType: 'event_stream_attached', remoteAddress });
      return true;
    },
    stop: () => {
      clearInterval(timer);
      for (const { response } of listeners.keys()) response.end();
      listeners.clear();
    },
  };
}
