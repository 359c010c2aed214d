/** The one HTTP server and the one way to call, over real sockets. */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { connect } from 'node:net';
import t, { type Test } from 'tap';
import { DcosError } from '../../src/core/errors.js';
import { callHttp, callJson, streamHttp } from '../../src/core/http/request.js';
import {
  type Answer,
  type Route,
  type Server,
  type ServerOptions,
  startServer,
} from '../../src/core/http/server.js';
import type { Logger } from '../../src/core/logger.js';
import { silentLogger } from '../../src/core/logger.js';
import { openHttpStore } from '../../src/core/store/http.js';

const open = (method: string, path: string, handle: Route['handle']): Route => ({
  method,
  path,
  access: 'open',
  handle,
});

/** A server of the test's own; callers are named by the header `x-user`. */
async function aServer(
  t: Test,
  routes: readonly Route[],
  more: Partial<ServerOptions> = {},
): Promise<Server & { url: string }> {
  const server = await startServer({
    host: '127.0.0.1',
    port: 0,
    routes,
    authenticate: async (headers) => {
      const uid = headers['x-user'];
      if (uid === 'expired') throw new DcosError('auth', 'it has expired', { status: 401 });
      return typeof uid === 'string' ? { uid } : undefined;
    },
    wwwAuthenticate: 'acsjwt',
    log: silentLogger,
    ...more,
  });
  t.teardown(() => server.close());
  return { ...server, url: `http://127.0.0.1:${server.port}` };
}

/** A server that behaves badly, as told. */
async function aBadServer(
  t: Test,
  handle: (request: IncomingMessage, response: ServerResponse) => void,
): Promise<string> {
  const server = createServer(handle);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.teardown(() => {
    server.closeAllConnections();
    server.close();
  });
  const address = server.address();
  return `http://127.0.0.1:${typeof address === 'object' ? address?.port : 0}`;
}

/** Sends text as it is and gives everything that comes back. */
function raw(port: number, text: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, '127.0.0.1', () => socket.write(text));
    let answer = '';
    socket.setEncoding('utf8').on('data', (chunk: string) => {
      answer += chunk;
    });
    socket.on('close', () => resolve(answer)).on('error', reject);
  });
}

t.test('server › finds the route by method and path, the first that matches', async (t) => {
  const say =
    (name: string): Route['handle'] =>
    ({ params, query }): Answer => ({
      status: 200,
      json: { name, params, q: query.get('q') },
    });
  const { url } = await aServer(t, [
    open('GET', '/', say('root')),
    open('GET', '/v2/apps', say('apps')),
    open('GET', '/v2/apps/special', say('special')),
    open('GET', '/v2/apps/:id', say('app')),
    open('POST', '/v2/apps', say('create')),
    open('GET', '/files/*rest', say('files')),
    open('*', '/any', say('any')),
  ]);
  const get = async (method: string, path: string): Promise<unknown> => {
    const { status, json } = await callJson({ method, url: url + path });
    return status === 200 ? json : status;
  };
  const found = (name: string, params = {}, q: string | null = null): unknown => ({
    name,
    params,
    q,
  });
  t.same(await get('GET', '/'), found('root'));
  t.same(await get('GET', '/v2/apps?q=a%20b'), found('apps', {}, 'a b'));
  t.same(await get('GET', '/v2/apps/special'), found('special'));
  t.same(await get('GET', '/v2/apps/a%2Fb'), found('app', { id: 'a/b' }));
  t.same(await get('POST', '/v2/apps'), found('create'));
  t.same(await get('GET', '/files/a/b%20c'), found('files', { rest: 'a/b c' }));
  t.same(await get('GET', '/files/'), found('files', { rest: '' }));
  t.same(await get('GET', '/files'), found('files', { rest: '' }));
  t.same(await get('DELETE', '/any'), found('any'));
  t.equal(await get('DELETE', '/v2/apps'), 405);
  t.equal(await get('GET', '/v2/apps/'), 404, 'an empty segment is no id');
  t.equal(await get('GET', '/v2'), 404);
  t.equal(await get('GET', '/v2/apps/%E0%A4%A'), 400, 'a path that is not well-formed');
  const head = await callHttp({ method: 'HEAD', url: `${url}/v2/apps` });
  t.equal(head.status, 200);
  t.ok(Number(head.headers['content-length']) > 0);
  t.equal(head.body.length, 0);
});

t.test('server › knows the caller before a body is read', async (t) => {
  let handled = 0;
  const { url, port } = await aServer(t, [
    {
      method: 'POST',
      path: '/secret',
      access: 'token',
      handle: async ({ caller, json }) => {
        handled += 1;
        return { status: 200, json: { uid: caller?.uid, body: await json() } };
      },
    },
  ]);
  const call = (headers: Record<string, string>): ReturnType<typeof callJson> =>
    callJson({ method: 'POST', url: `${url}/secret`, headers, json: { a: 1 } });
  const good = await call({ 'x-user': 'ann' });
  t.same(good.json, { uid: 'ann', body: { a: 1 } });
  const none = await call({});
  t.equal(none.status, 401);
  t.equal(none.headers['www-authenticate'], 'acsjwt');
  t.same(none.json, { message: 'authentication is required', code: 'auth' });
  t.match((await call({ 'x-user': 'expired' })).json, { message: 'it has expired' });
  // The body is announced and never sent: the answer comes all the same.
  const text = await raw(
    port,
    'POST /secret HTTP/1.1\r\nHost: localhost\r\nContent-Length: 999\r\nConnection: close\r\n\r\n',
  );
  t.match(text, /^HTTP\/1\.1 401 /);
  t.equal(handled, 1);
});

t.test('server › serves no name that is not its own', async (t) => {
  const { port } = await aServer(t, [open('GET', '/', () => ({ status: 200, text: 'hi' }))], {
    allowedHosts: ['cluster.example'],
  });
  const ask = async (lines: string): Promise<string> =>
    (await raw(port, `GET / HTTP/1.1\r\n${lines}Connection: close\r\n\r\n`)).slice(9, 12);
  t.equal(await ask(`Host: 127.0.0.1:${port}\r\n`), '200');
  t.equal(await ask('Host: LOCALHOST\r\n'), '200');
  t.equal(await ask('Host: [::1]:80\r\n'), '200');
  t.equal(await ask('Host: cluster.example:8080\r\n'), '200');
  t.equal(await ask('Host: evil.example\r\n'), '403');
  t.equal(await ask('Host: localhost.evil.example\r\n'), '403');
  t.equal(await ask('Host: localhost\r\nOrigin: http://localhost:3000\r\n'), '200');
  t.equal(await ask('Host: localhost\r\nOrigin: https://evil.example\r\n'), '403');
  t.equal(await ask('Host: localhost\r\nOrigin: null\r\n'), '403');
});

t.test('server › bounds and checks bodies', async (t) => {
  const { url } = await aServer(t, [
    open('POST', '/small', async ({ json }) => ({ status: 200, json: { got: await json(10) } })),
  ]);
  const post = async (body: string): Promise<unknown> => {
    const answer = await callHttp({ method: 'POST', url: `${url}/small`, body });
    return answer.status === 200 ? JSON.parse(answer.body.toString()) : answer.status;
  };
  t.same(await post('[1,2]'), { got: [1, 2] });
  t.same(await post(' '), {});
  t.equal(await post('{"a":'), 400);
  t.equal(await post('"123456789"'), 413);
  t.equal(await post(`"${'x'.repeat(3_000_000)}"`), 413, 'and far over it');
  t.same(await post('[1,2]'), { got: [1, 2] }, 'and serves on');
});

t.test('server › errors become answers, strangers become 500 without details', async (t) => {
  const logged: unknown[] = [];
  const log: Logger = { ...silentLogger, error: (...line) => logged.push(line) };
  const fail = (error: unknown): Route['handle'] => {
    return () => {
      throw error;
    };
  };
  const hint = { hint: 'wait' };
  const { url } = await aServer(
    t,
    [
      open('GET', '/conflict', fail(new DcosError('conflict', 'it is there', hint))),
      open('GET', '/stranger', fail(new Error('secret path /etc'))),
      open('GET', '/half', ({ response }) => {
        response.writeHead(200, { 'content-length': '100' });
        response.write('half');
        throw new Error('broke');
      }),
    ],
    { log },
  );
  const conflict = await callJson({ method: 'GET', url: `${url}/conflict` });
  t.equal(conflict.status, 409);
  t.same(conflict.json, { message: 'it is there', code: 'conflict', hint: 'wait' });
  const stranger = await callJson({ method: 'GET', url: `${url}/stranger` });
  t.equal(stranger.status, 500);
  t.same(stranger.json, { message: 'an internal error', code: 'internal' });
  t.match(JSON.stringify(logged), /secret path/, 'the log has it');
  await t.rejects(callHttp({ method: 'GET', url: `${url}/half` }), { code: 'unreachable' });
});

t.test('server › a taken port and an address of others are refused with words', async (t) => {
  const { port } = await aServer(t, []);
  await t.rejects(aServer(t, [], { port }), { code: 'conflict', message: /in use by another/ });
  await t.rejects(aServer(t, [], { host: '203.0.113.1' }), {
    code: 'io',
    message: /cannot listen/,
  });
});

t.test('server › refuses what is no HTTP, and upgrades that nobody asked for', async (t) => {
  const { port } = await aServer(t, []);
  t.match(await raw(port, 'hello\r\n\r\n'), /^HTTP\/1\.1 400 /);
  const upgrade = 'GET / HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: x\r\n\r\n';
  t.match(await raw(port, upgrade), /^HTTP\/1\.1 400 /);
  const long = `GET /${'x'.repeat(70_000)} HTTP/1.1\r\nHost: localhost\r\n\r\n`;
  t.match(await raw(port, long), /^HTTP\/1\.1 4/);
});

t.test('calls › say unreachable, time-out and too large apart', async (t) => {
  const url = await aBadServer(t, (request, response) => {
    if (request.url === '/silent') return;
    if (request.url === '/cut') {
      request.socket.destroy();
      return;
    }
    response.writeHead(200);
    if (request.url === '/large') response.end('x'.repeat(5000));
    else if (request.url === '/html') response.end('<html>');
    else response.write('drip');
  });
  const call = (path: string): ReturnType<typeof callHttp> =>
    callHttp({ method: 'GET', url: url + path, timeoutMs: 150, maxBytes: 1000 });
  await t.rejects(call('/silent'), { code: 'timeout', message: /within 0.15 s/ });
  await t.rejects(call('/drip'), { code: 'timeout' }, 'an answer that never ends');
  await t.rejects(call('/cut'), { code: 'unreachable' });
  await t.rejects(call('/large'), { code: 'failed', message: /larger than 1000/ });
  await t.rejects(callJson({ method: 'GET', url: `${url}/html` }), {
    code: 'failed',
    message: /not JSON/,
  });
  const nobody = await aServer(t, []);
  await nobody.close();
  await t.rejects(callHttp({ method: 'GET', url: nobody.url }), {
    code: 'unreachable',
    message: /nothing listens there/,
  });
});

t.test('calls › a stream is handed over at its headers and outlives the time-out', async (t) => {
  const url = await aBadServer(t, (_request, response) => {
    response.writeHead(200);
    response.write('one');
    setTimeout(() => response.end('two'), 250);
  });
  const stream = await streamHttp({ method: 'GET', url, timeoutMs: 100 });
  let text = '';
  for await (const chunk of stream) text += String(chunk);
  t.equal(text, 'onetwo');
});

t.test('store door › waits for a control plane that is away, and ends when fenced', async (t) => {
  const seen: unknown[] = [];
  let down = 2;
  let epoch = 0;
  const refuseAtFirst = (answer: Answer): Answer => {
    down -= 1;
    return down >= 0 ? { status: 503 } : answer;
  };
  const { url } = await aServer(t, [
    open('POST', '/store/v1/kafka/epoch', ({ headers }) => {
      seen.push(headers.authorization);
      epoch += 1;
      return refuseAtFirst({ status: 200, json: { epoch } });
    }),
    open('GET', '/store/v1/kafka/records', ({ query }) => ({
      status: 200,
      json: { records: { [`${query.get('prefix')}b`]: 2, [`${query.get('prefix')}a`]: 1 } },
    })),
    open('POST', '/store/v1/kafka/writes', async ({ json }) => {
      const body = (await json()) as { epoch: number };
      seen.push(body);
      return body.epoch === epoch ? { status: 200, json: {} } : { status: 409, json: {} };
    }),
  ]);
  const token = async (): Promise<string> => 'abc';
  const store = await openHttpStore({ url, namespace: 'kafka', token, log: silentLogger });
  t.same(seen, ['token=abc', 'token=abc', 'token=abc']);
  t.same(
    [...(await store.load('p/'))],
    [
      ['p/a', 1],
      ['p/b', 2],
    ],
  );
  await store.commit([{ key: 'k', value: null }]);
  t.same(seen.at(-1), { epoch: 3, writes: [{ key: 'k', value: null }] });
  epoch += 1;
  await t.rejects(store.commit([{ key: 'k', value: 1 }]), { code: 'fenced' });
});
