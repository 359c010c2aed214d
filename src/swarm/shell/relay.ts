/**
 * Passes one parsed HTTP request on and its answer back, streaming with back-pressure; a hijacked
 * connection is joined raw, each direction ending by itself. What is passed on is written anew from
 * the parsed parts: never a byte of a head as it came.
 */
import * as http from 'node:http';
import type { Duplex } from 'node:stream';

/** Where a request goes: a socket of this machine, or a host and port. */
export interface RelayTarget {
  readonly socketPath?: string;
  readonly host?: string;
  readonly port?: number;
  readonly method: string;
  /** Path and query, percent-encoded. */
  readonly path: string;
  readonly headers: http.OutgoingHttpHeaders;
  readonly agent?: http.Agent | false;
}

/** Headers of a request that an engine reads. */
const requestHeaders = [
  'content-type',
  'content-length',
  'x-registry-auth',
  'x-registry-config',
  'accept',
];
/** Headers of an answer that a client reads. */
const answerHeaders = [
  'content-type',
  'content-length',
  'x-docker-container-path-stat',
  'docker-experimental',
  'ostype',
  'location',
  'content-disposition',
];

/** The headers of a request that are passed on. */
export function passedHeaders(headers: http.IncomingHttpHeaders): http.OutgoingHttpHeaders {
  const passed = pick(headers, requestHeaders);
  // Engines take what a form says before what the query says, which we have looked at.
  if (isForm(headers)) delete passed['content-type'];
  return passed;
}

/** Whether a body is a form. */
export const isForm = (headers: http.IncomingHttpHeaders): boolean =>
  /form/i.test(headers['content-type'] ?? '');

function pick(
  headers: http.IncomingHttpHeaders,
  names: readonly string[],
): http.OutgoingHttpHeaders {
  const picked: http.OutgoingHttpHeaders = {};
  for (const name of names) if (headers[name] !== undefined) picked[name] = headers[name];
  return picked;
}

/** What becomes of an answer on its way. */
export interface RelayHooks {
  /** Before the head is written; may read it. */
  readonly onHead?: (answer: http.IncomingMessage) => void;
  /** All of it has been passed on. The end of the client's answer waits for it. */
  readonly onDone?: (answer: http.IncomingMessage) => Promise<void>;
}

/**
 * Relays `request` (its body unless `body` is given) to `target` and the answer to `response`.
 * Rejects where no answer came; later breaks cut the client off.
 */
export function relay(
  request: http.IncomingMessage,
  response: http.ServerResponse,
  target: RelayTarget,
  body?: Buffer | undefined,
  hooks: RelayHooks = {},
): Promise<void> {
  return new Promise((resolve, reject) => {
    const outgoing = http.request({ ...target, agent: target.agent ?? false });
    outgoing.on('response', (answer) => {
      hooks.onHead?.(answer);
      response.writeHead(answer.statusCode ?? 502, pick(answer.headers, answerHeaders));
      // `wait` is answered with its head long before its body; clients count on that.
      response.flushHeaders();
      answer.on('error', () => response.destroy());
      answer.on('close', () => {
        if (!answer.complete) response.destroy();
        resolve();
      });
      answer.on('end', () => {
        void (hooks.onDone?.(answer) ?? Promise.resolve()).finally(() => response.end());
      });
      answer.pipe(response, { end: false });
    });
    outgoing.on('error', (error) => {
      if (response.headersSent) response.destroy();
      reject(error);
    });
    response.on('close', () => {
      if (!response.writableFinished) outgoing.destroy();
    });
    request.on('error', () => outgoing.destroy());
    if (body !== undefined) outgoing.end(body);
    else request.pipe(outgoing);
  });
}

/**
 * Hijacks: sends `target` with an upgrade, and joins `client` with what opens. `head` is what the
 * client has sent beyond its own request. Resolves with the status where the upgrade was refused,
 * its answer given back as a plain one.
 */
export function relayUpgrade(
  client: Duplex,
  head: Buffer,
  target: RelayTarget,
  body: Buffer | undefined,
): Promise<number> {
  return new Promise((resolve, reject) => {
    const length =
      body === undefined ? { 'content-length': '0' } : { 'content-length': String(body.length) };
    const headers = {
      ...target.headers,
      ...length,
      connection: 'Upgrade',
      upgrade: target.headers.upgrade ?? 'tcp',
    };
    const outgoing = http.request({ ...target, headers, agent: false });
    outgoing.on('upgrade', (answer, engine, first) => {
      client.write(switching(answer));
      if (first.length > 0) client.write(first);
      if (head.length > 0) engine.write(head);
      join(client, engine);
      resolve(101);
    });
    outgoing.on('response', (answer) => {
      const status = answer.statusCode ?? 502;
      const kept = pick(answer.headers, answerHeaders);
      delete kept['content-length'];
      client.write(headText(status, { ...kept, connection: 'close' }));
      answer.pipe(client, { end: false });
      answer.on('close', () => endWith(client, ''));
      resolve(status);
    });
    outgoing.on('error', reject);
    client.on('close', () => outgoing.destroy());
    client.on('error', () => outgoing.destroy());
    outgoing.end(body);
  });
}

const lingerMs = 5_000;

/**
 * Says `text` and ends the connection. What still comes is dropped, and who does not go by itself
 * is cut off a little later.
 */
export function endWith(client: Duplex, text: string): void {
  client.end(text);
  client.resume();
  const timer = setTimeout(() => client.destroy(), lingerMs);
  client.on('close', () => clearTimeout(timer));
}

/** Each direction ends by itself; an error of one ends both. */
function join(client: Duplex, engine: Duplex): void {
  client.pipe(engine);
  engine.pipe(client);
  engine.on('error', () => client.destroy());
  client.on('error', () => engine.destroy());
  // Nothing more can come out once the engine has closed: the client must not wait.
  engine.on('close', () => client.end());
  client.on('close', () => engine.destroy());
}

function switching(answer: http.IncomingMessage): string {
  const kept = pick(answer.headers, [
    'content-type',
    'sec-websocket-accept',
    'sec-websocket-protocol',
  ]);
  return headText(101, {
    ...kept,
    connection: 'Upgrade',
    upgrade: answer.headers.upgrade ?? 'tcp',
  });
}

/** The head of an answer on a raw connection. */
export function headText(status: number, headers: http.OutgoingHttpHeaders): string {
  const text = status === 101 ? 'UPGRADED' : (http.STATUS_CODES[status] ?? 'Unknown');
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
  return `HTTP/1.1 ${status} ${text}\r\n${lines.join('')}\r\n`;
}

/** The headers of a WebSocket's opening. */
export function upgradeHeaders(headers: http.IncomingHttpHeaders): http.OutgoingHttpHeaders {
  const picked: http.OutgoingHttpHeaders = { upgrade: headers.upgrade ?? 'tcp' };
  for (const name of ['sec-websocket-key', 'sec-websocket-version', 'sec-websocket-protocol']) {
    if (headers[name] !== undefined) picked[name] = headers[name];
  }
  return picked;
}

/** Reads the body of a request whose connection was upgraded: Node leaves it on the socket. */
export function takeBody(
  socket: Duplex,
  head: Buffer,
  length: number,
): Promise<{ readonly body: Buffer | undefined; readonly rest: Buffer }> {
  if (length === 0) return Promise.resolve({ body: undefined, rest: head });
  return new Promise((resolve, reject) => {
    let have = head;
    const look = (): void => {
      if (have.length < length) return;
      socket.off('data', onData);
      socket.off('close', onClose);
      socket.pause();
      resolve({ body: have.subarray(0, length), rest: have.subarray(length) });
    };
    const onData = (chunk: Buffer): void => {
      have = Buffer.concat([have, chunk]);
      look();
    };
    const onClose = (): void => reject(new Error('the client closed the connection'));
    socket.on('data', onData);
    socket.on('close', onClose);
    look();
  });
}
