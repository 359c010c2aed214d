/**
 * The scheduler connection against a scripted HTTP server: real sockets, RecordIO, redirects,
 * silence, errors.
 */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import t, { type Test } from 'tap';
import { silentLogger } from '../../src/core/logger.js';
import { seededRandom } from '../../src/core/random.js';
import { type Connection, createConnection } from '../../src/framework/connection.js';
import { encodeRecord } from '../../src/wire/recordio.js';

interface Received {
  readonly body: { type: string; framework_id?: { value: string } };
  readonly headers: IncomingMessage['headers'];
}

/** A master that answers SUBSCRIBE by `script` and every other call with 202. */
class ScriptedMaster {
  readonly calls: Received[] = [];
  readonly streams: ServerResponse[] = [];
  onSubscribe: (response: ServerResponse, attempt: number) => void = (response) =>
    this.accept(response);
  onCall: (response: ServerResponse, received: Received) => void = (response) => {
    response.writeHead(202).end();
  };
  attempts = 0;
  #server: Server | undefined;
  url = '';

  async start(t: Test): Promise<this> {
    const server = createServer((request, response) => {
      const chunks: Buffer[] = [];
      request.on('data', (chunk: Buffer) => chunks.push(chunk));
      request.on('end', () => {
        const body = JSON.parse(Buffer.concat(chunks).toString()) as Received['body'];
        const received = { body, headers: request.headers };
        this.calls.push(received);
        if (body.type !== 'SUBSCRIBE') return this.onCall(response, received);
        this.attempts += 1;
        return this.onSubscribe(response, this.attempts);
      });
    });
    this.#server = server;
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    this.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    t.teardown(() => this.stop());
    return this;
  }

  stop(): void {
    this.#server?.closeAllConnections();
    this.#server?.close();
  }

  accept(response: ServerResponse, id = 'F1', heartbeatSeconds = 15): void {
    response.writeHead(200, {
      'content-type': 'application/json',
      'mesos-stream-id': `stream-${this.attempts}`,
    });
    this.streams.push(response);
    this.event(response, {
      type: 'SUBSCRIBED',
      subscribed: { framework_id: { value: id }, heartbeat_interval_seconds: heartbeatSeconds },
    });
  }

  event(response: ServerResponse, event: object): void {
    response.write(encodeRecord(JSON.stringify(event)));
  }
}

interface Told {
  readonly connection: Connection;
  readonly events: string[];
  readonly disconnects: string[];
  until(done: () => boolean): Promise<void>;
}

/** A connection whose events are collected. */
function connect(t: Test, url: string, more: { monotonic?: () => number } = {}): Told {
  const events: string[] = [];
  const disconnects: string[] = [];
  let wake = (): void => {};
  const connection = createConnection({
    mesosUrl: url,
    framework: { user: 'nobody', name: 'test', roles: ['test'] },
    principal: 'test',
    secret: 'secret',
    clock: { monotonic: more.monotonic ?? (() => performance.now()) },
    random: seededRandom(1),
    log: silentLogger,
    suppressedRoles: () => ['test'],
    onEvent: (event) => {
      events.push(event.type);
      wake();
    },
    onDisconnected: (reason) => {
      disconnects.push(reason);
      wake();
    },
  });
  t.teardown(() => connection.stop());
  const until = async (done: () => boolean): Promise<void> => {
    const deadline = performance.now() + 10_000;
    while (!done()) {
      if (performance.now() > deadline) throw new Error('it did not happen within 10 s');
      await new Promise<void>((resolve) => {
        wake = resolve;
        setTimeout(resolve, 20);
      });
    }
  };
  return { connection, events, disconnects, until };
}

t.test(
  'subscribe › sends framework, login and suppressed roles; hands on events in order',
  async (t) => {
    const master = await new ScriptedMaster().start(t);
    master.onSubscribe = (response) => {
      master.accept(response);
      // In one chunk and in pieces, heartbeats between.
      const heartbeat = encodeRecord('{"type":"HEARTBEAT"}');
      const offers = encodeRecord('{"type":"OFFERS","offers":{"offers":[]}}');
      const unknown = encodeRecord('{"type":"NEWS_OF_TOMORROW"}');
      const rescind = encodeRecord('{"type":"RESCIND","rescind":{"offer_id":{"value":"o"}}}');
      const all = Buffer.concat([heartbeat, offers, unknown, rescind]);
      response.write(all.subarray(0, 40));
      setImmediate(() => response.write(all.subarray(40)));
    };
    const { connection, events, until } = connect(t, master.url);
    connection.subscribe(undefined);
    await until(() => events.length === 3);
    t.same(events, ['SUBSCRIBED', 'OFFERS', 'RESCIND']);
    const [subscribe] = master.calls;
    t.match(subscribe?.body, {
      type: 'SUBSCRIBE',
      subscribe: { framework_info: { name: 'test' }, suppressed_roles: ['test'] },
    });
    t.equal(
      subscribe?.headers.authorization,
      `Basic ${Buffer.from('test:secret').toString('base64')}`,
    );
  },
);

t.test(
  'calls › go out in order, with stream and framework id; a refused one stops nobody',
  async (t) => {
    const master = await new ScriptedMaster().start(t);
    master.onCall = (response, { body }) => {
      // The first answer is the slowest.
      if (body.type === 'REVIVE') setTimeout(() => response.writeHead(202).end(), 50);
      else response.writeHead(body.type === 'SUPPRESS' ? 400 : 202).end('no');
    };
    const { connection, events, disconnects, until } = connect(t, master.url);
    connection.send({ type: 'SUPPRESS' });
    connection.subscribe(undefined);
    await until(() => events.length === 1);
    connection.send({ type: 'REVIVE' });
    connection.send({ type: 'SUPPRESS' });
    connection.send({ type: 'KILL', kill: { task_id: { value: 't' } } });
    await connection.flushed();
    const later = master.calls.slice(1);
    t.same(
      later.map(({ body }) => body.type),
      ['REVIVE', 'SUPPRESS', 'KILL'],
      'the one before the subscription was dropped',
    );
    for (const { body, headers } of later) {
      t.equal(body.framework_id?.value, 'F1');
      t.equal(headers['mesos-stream-id'], 'stream-1');
    }
    t.same(disconnects, []);
  },
);

t.test('a stream that ends › is subscribed again with the same id', async (t) => {
  const master = await new ScriptedMaster().start(t);
  const { connection, events, disconnects, until } = connect(t, master.url);
  connection.subscribe(undefined);
  await until(() => events.length === 1);
  master.streams[0]?.destroy();
  await until(() => events.length === 2);
  t.equal(disconnects.length, 1);
  t.match(master.calls[1]?.body, {
    framework_id: { value: 'F1' },
    subscribe: { framework_info: { id: { value: 'F1' } } },
  });
});

t.test('refusals › 503 and a refused login are tried again, a redirect is followed', async (t) => {
  const leader = await new ScriptedMaster().start(t);
  const standby = await new ScriptedMaster().start(t);
  standby.onSubscribe = (response, attempt) => {
    if (attempt === 1) response.writeHead(503).end('no leader');
    else if (attempt === 2) response.writeHead(401).end('who are you');
    else {
      const location = `${leader.url.replace('http:', '')}/api/v1/scheduler`;
      response.writeHead(307, { location }).end();
    }
  };
  const { connection, events, until } = connect(t, standby.url);
  connection.subscribe('F1');
  await until(() => events.length === 1);
  connection.send({ type: 'REVIVE' });
  await connection.flushed();
  t.same(
    leader.calls.map(({ body }) => body.type),
    ['SUBSCRIBE', 'REVIVE'],
    'calls follow to the leader',
  );
  t.equal(standby.attempts, 3);
});

t.test('ERROR › ends the trying until told to subscribe anew', async (t) => {
  const master = await new ScriptedMaster().start(t);
  master.onSubscribe = (response, attempt) => {
    if (attempt > 1) return master.accept(response, 'F2');
    response.writeHead(200, { 'mesos-stream-id': 's' });
    master.event(response, { type: 'ERROR', error: { message: 'Framework has been removed' } });
    return undefined;
  };
  const { connection, events, disconnects, until } = connect(t, master.url);
  connection.subscribe('F1');
  await until(() => disconnects.length === 1);
  t.same(events, ['ERROR']);
  t.equal(disconnects[0], 'Framework has been removed');
  t.equal(master.attempts, 1);
  connection.subscribe(undefined);
  await until(() => events.length === 2);
  t.notOk(master.calls[1]?.body.framework_id);
});

t.test(
  'silence › cuts the stream after missed heartbeats, but a clock of ours that jumped does not',
  async (t) => {
    const master = await new ScriptedMaster().start(t);
    master.onSubscribe = (response) => master.accept(response, 'F1', 0.4);
    let offset = 0;
    const monotonic = (): number => performance.now() + offset;
    const { connection, events, disconnects, until } = connect(t, master.url, { monotonic });
    connection.subscribe(undefined);
    await until(() => events.length === 1);
    // As after a suspension of an hour.
    offset = 3_600_000;
    const before = performance.now();
    await until(() => disconnects.length === 1);
    t.match(disconnects[0], /no heartbeat/);
    t.ok(performance.now() - before > 1_200, 'counted anew after the jump');
  },
);

t.test('a call that fails › is not sent twice: the subscription is made again', async (t) => {
  const master = await new ScriptedMaster().start(t);
  master.onCall = (response) => void response.destroy();
  const { connection, events, disconnects, until } = connect(t, master.url);
  connection.subscribe(undefined);
  await until(() => events.length === 1);
  connection.send({ type: 'REVIVE' });
  await until(() => events.length === 2);
  t.match(disconnects[0], /REVIVE failed/);
  t.equal(master.calls.filter(({ body }) => body.type === 'REVIVE').length, 1);
});
