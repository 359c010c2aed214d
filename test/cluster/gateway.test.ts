/**
 * The gateway as callers meet it: who is let in where, what passes through unchanged, and what is
 * said when something is down.
 */
import * as http from 'node:http';
import { connect } from 'node:net';
import t from 'tap';
import {
  isRevoked,
  maxRevoked,
  noRevocations,
  revoke,
} from '../../src/cluster/auth/revocations.js';
import { freeFailures } from '../../src/cluster/auth/throttle.js';
import { readSigningKey, signToken, tokenLifeMs } from '../../src/cluster/auth/tokens.js';
import { checkedPath, pathAfter } from '../../src/cluster/gateway/paths.js';
import { endToEndHeaders } from '../../src/cluster/gateway/proxy.js';
import { serviceAt } from '../../src/cluster/gateway/services.js';
import { secretOf } from '../../src/core/credentials.js';
import { DcosError } from '../../src/core/errors.js';
import { callHttp } from '../../src/core/http/request.js';
import {
  aWorld,
  clusterKey,
  keys,
  password,
  startBackend,
  upgradeHeaders,
} from './gateway-world.js';

t.test(
  'gateway › every route but the open ones refuses no, bad, expired, foreign and given back tokens',
  async (t) => {
    const world = await aWorld(t, (await startBackend(t)).port);
    const now = Math.floor(world.clock.nowMs / 1000);
    const claims = { uid: 'admin', jti: 'x', iat: now, exp: now + 60 };
    const foreign = signToken(readSigningKey(keys().privateKey, 'key'), claims);
    const [head = '', body = ''] = world.token.split('.');
    const back = await world.auth.login('admin', password);
    t.equal((await world.call('POST', '/acs/api/v1/auth/logout', back)).status, 204);
    const bad: Record<string, string | undefined> = {
      none: undefined,
      nonsense: 'abc',
      unsigned: `${Buffer.from('{"alg":"none"}').toString('base64url')}.${body}.`,
      tampered: `${head}.${Buffer.from('{"uid":"root"}').toString('base64url')}.AAAA`,
      expired: world.sign({ ...claims, iat: now - 9999, exp: now - 1 }),
      foreign,
      'without id': world.sign({ uid: 'admin', exp: now + 60 }),
      'given back': back,
    };
    for (const route of world.routes) {
      const path = route.path.replace(/:\w+|\*\w+/g, 'x');
      const method = route.method === '*' ? 'POST' : route.method;
      for (const [kind, token] of Object.entries(bad)) {
        const headers = token === undefined ? {} : { authorization: `token=${token}` };
        const { status } = await callHttp({ method, url: world.url + path, headers, body: '{}' });
        if (route.access === 'token') t.equal(status, 401, `${method} ${path}, ${kind}`);
        else t.not(status, 500, `${method} ${path} is open`);
      }
    }
  },
);

t.test(
  'gateway › a service account reaches its own part of the store and nothing of the users',
  async (t) => {
    const world = await aWorld(t, (await startBackend(t)).port);
    const token = await world.auth.login('kafka', secretOf(clusterKey, 'kafka'));
    t.equal((await world.call('POST', '/store/v1/kafka/epoch', token, {})).status, 200);
    t.equal((await world.call('POST', '/store/v1/other/epoch', token, {})).status, 403);
    for (const path of [
      '/status',
      '/mesos/state',
      '/agent/A1/state',
      '/service/echo/',
      '/marathon/v2/info',
    ]) {
      t.equal((await world.call('GET', path, token)).status, 403, path);
      t.not((await world.call('GET', path, world.token)).status, 403, path);
    }
  },
);

t.test('gateway › what needs no login says what DC/OS says', async (t) => {
  const { url } = await aWorld(t, 1);
  const get = (path: string, method = 'GET') => callHttp({ method, url: url + path });
  t.equal((await get('/ping')).body.toString(), 'pong');
  t.same(JSON.parse(String((await get('/metadata')).body)), {
    CLUSTER_ID: 'c1',
    PUBLIC_IPV4: '127.0.0.1',
  });
  t.match(JSON.parse(String((await get('/dcos-metadata/dcos-version.json')).body)), {
    version: '1.2.3',
    'dcos-variant': 'open',
  });
  t.equal((await get('/', 'HEAD')).status, 200);
  const buildinfo = await get('/pkgpanda/active.buildinfo.full.json', 'HEAD');
  t.equal(buildinfo.status, 401);
  t.equal(buildinfo.headers['www-authenticate'], 'acsjwt');
  t.match(JSON.parse(String((await get('/acs/api/v1/auth/providers')).body)), {
    'dcos-users': {
      'authentication-type': 'dcos-uid-password',
      'client-method': 'dcos-usercredential-post-receive-authtoken',
      config: { start_flow_url: '/acs/api/v1/auth/login' },
    },
  });
});

t.test(
  'login › a wrong password is a 401 with a description, many are slowed down for that name only',
  async (t) => {
    const world = await aWorld(t, 1);
    const login = (uid: string, given: string) =>
      world.call('POST', '/acs/api/v1/auth/login', undefined, { uid, password: given });
    const refused = await login('admin', 'wrong');
    t.equal(refused.status, 401);
    t.match(refused.json, {
      title: 'Unauthorized',
      description: /wrong/,
      code: 'ERR_INVALID_CREDENTIALS',
    });
    for (let count = 1; count < freeFailures; count += 1) await login('admin', 'wrong');
    const slowed = await login('admin', password);
    t.equal(slowed.status, 429, 'the right one too');
    t.equal(slowed.headers['retry-after'], '1');
    t.equal((await login('kafka', secretOf(clusterKey, 'kafka'))).status, 200);
    world.clock.nowMs += 1_100;
    const { json } = await login('admin', password);
    const { token } = json as { token: string };
    t.equal((await world.call('GET', '/status', token)).status, 200);
    world.clock.nowMs += tokenLifeMs;
    t.equal((await world.call('GET', '/status', token)).status, 401, 'an hour later');
    t.equal(
      (await world.call('POST', '/acs/api/v1/auth/login', undefined, { uid: 1 })).status,
      400,
    );
  },
);

t.test('revocations › are bounded, and none comes back to life', async (t) => {
  const state = noRevocations();
  for (let count = 0; count <= maxRevoked; count += 1)
    revoke(state, { jti: `t${count}`, exp: 5000 }, 1000);
  t.ok(state.tokens.size <= maxRevoked);
  t.ok(isRevoked(state, { jti: 't0', iat: 900 }));
  t.ok(isRevoked(state, { jti: `t${maxRevoked}`, iat: 1000 }));
  t.notOk(isRevoked(state, { jti: 'new', iat: 1001 }));
});

t.test('proxy › the path, the query and the headers arrive as they should', async (t) => {
  const world = await aWorld(t, (await startBackend(t)).port);
  const ask = async (path: string) => {
    const headers = {
      authorization: `token=${world.token}`,
      cookie: 'a=b',
      te: 'trailers',
      'x-mine': '1',
    };
    const answer = await callHttp({ method: 'GET', url: world.url + path, headers });
    const text = answer.body.toString();
    return { status: answer.status, headers: answer.headers, seen: JSON.parse(text) };
  };
  const mesos = await ask('/mesos/master/state?jsonp=x%20y');
  t.equal(mesos.seen.url, '/master/state?jsonp=x%20y');
  t.match(mesos.seen.headers.authorization, /^Basic /);
  t.equal(mesos.seen.headers.cookie, undefined);
  t.equal(mesos.seen.headers.te, undefined);
  t.equal(mesos.seen.headers['x-mine'], '1');
  t.equal(mesos.headers['x-public'], '1');
  t.equal(mesos.headers['x-private'], undefined, 'named by Connection: of one hop only');
  t.equal((await ask('/agent/A1/files/read?path=%2Fa')).seen.url, '/files/read?path=%2Fa');
  t.equal((await ask('/agent/A1/slave(1)/state')).seen.url, '/slave(1)/state');
  const service = await ask('/service/echo/a%2Fb/c?d');
  t.equal(service.seen.url, '/a%2Fb/c?d');
  t.equal(service.seen.headers.authorization, `token=${world.token}`);
  t.equal((await ask('/service/team/echo/x')).seen.url, '/x');
  t.equal((await ask('/service/echo')).seen.url, '/');
  for (const path of [
    '/mesos/a%2F..%2Fb',
    '/service/echo/%252e%252e/x',
    '/mesos/%5c',
    '/mesos/%00',
    '/mesos/%zz',
  ]) {
    t.equal((await ask(path)).status, 400, path);
  }
});

t.test('proxy › what is down is named, with what to do', async (t) => {
  const world = await aWorld(t, 1);
  const ask = async (path: string) => {
    const { status, json } = await world.call('GET', path, world.token);
    return { status, ...(json as { message: string; hint?: string }) };
  };
  t.match(await ask('/mesos/state'), {
    status: 502,
    message: /the Mesos master.*nothing listens/,
    hint: /./,
  });
  t.match(await ask('/service/down/x'), {
    status: 502,
    message: /the service down.*nothing listens/,
    hint: /./,
  });
  t.match(await ask('/service/waiting/x'), {
    status: 502,
    message: /waiting is not running/,
    hint: /./,
  });
  t.match(await ask('/service/nobody/x'), { status: 404, message: /no service nobody/, hint: /./ });
  t.match(await ask('/agent/B9/state'), { status: 404, message: /no agent B9/, hint: /./ });
});

t.test('proxy › streams both ways as it comes, and lets go when the caller does', async (t) => {
  const backend = await startBackend(t);
  const world = await aWorld(t, backend.port);
  const headers = { authorization: `token=${world.token}` };
  const chunks: string[] = [];
  await new Promise<void>((resolve, reject) => {
    http
      .get(`${world.url}/service/echo/slow`, { headers }, (response) => {
        response.on('data', (chunk: Buffer) => {
          chunks.push(chunk.toString());
          backend.release();
        });
        response.on('end', resolve);
      })
      .on('error', reject);
  });
  t.same(chunks, ['first\n', 'second\n'], 'the first came before the second was sent');
  const large = Buffer.alloc(20 * 1024 * 1024, 'x');
  const echoed = await callHttp({
    method: 'POST',
    url: `${world.url}/service/echo/echo`,
    headers,
    body: large,
  });
  t.ok(echoed.body.equals(large), 'larger than any body that is read here');
});

t.test('proxy › an upgraded connection passes bytes both ways; a refusal closes it', async (t) => {
  const world = await aWorld(t, (await startBackend(t)).port);
  const speak = (path: string, token: string | undefined, then?: string): Promise<string> =>
    new Promise((resolve, reject) => {
      const auth = token === undefined ? '' : `Authorization: token=${token}\r\n`;
      const socket = connect(world.port, '127.0.0.1', () =>
        socket.write(`GET ${path} HTTP/1.1\r\nHost: 127.0.0.1\r\n${auth}${upgradeHeaders}\r\n`),
      );
      let text = '';
      socket.on('data', (chunk) => {
        text += chunk;
        if (then !== undefined && text.endsWith('\r\n\r\n')) socket.write(then);
        if (then !== undefined && text.endsWith(then)) socket.end();
      });
      socket.on('close', () => resolve(text));
      socket.on('error', reject);
    });
  t.match(await speak('/service/echo/ws', world.token, 'hello'), /^HTTP\/1.1 101 [\s\S]*hello$/);
  t.match(await speak('/service/echo/refuse', world.token), /^HTTP\/1.1 403 /);
  t.match(await speak('/service/echo/ws', undefined), /^HTTP\/1.1 401 /);
  t.match(await speak('/service/down/ws', world.token), /^HTTP\/1.1 502 [\s\S]*nothing listens/);
  t.match(await speak('/mesos/ws', world.token), /^HTTP\/1.1 400 /);
});

t.test('paths › keep encoded slashes, refuse what means another place', async (t) => {
  t.equal(checkedPath('/a%2Fb/c.d/..e'), '/a%2Fb/c.d/..e');
  for (const path of [
    '/..',
    '/a/./b',
    '/%2E%2e/x',
    '/a%2f..%2fb',
    '/%252e%252e',
    '/a%5Cb',
    '/%0a',
    '/%',
  ]) {
    t.throws(() => checkedPath(path), DcosError, path);
  }
  t.equal(pathAfter('/agent/A1/x/y', 2), '/x/y');
  t.equal(pathAfter('/mesos', 1), '/');
  t.same(endToEndHeaders({ connection: 'close, X-A', 'x-a': '1', 'x-b': '2', upgrade: 'h2c' }), {
    'x-b': '2',
  });
  const apps = [
    { labels: { DCOS_SERVICE_NAME: 'team' }, tasks: [] },
    { labels: { DCOS_SERVICE_NAME: '/team/kafka' }, tasks: [] },
  ];
  t.equal(serviceAt(apps, 'team/kafka/v1')?.name, 'team/kafka');
  t.equal(serviceAt(apps, 'team/kafkaesque')?.name, 'team');
  t.equal(serviceAt(apps, 'teams'), undefined);
});

t.test('store door › fences older epochs, keeps namespaces apart, and has limits', async (t) => {
  const world = await aWorld(t, 1);
  const call = async (method: string, path: string, json?: unknown) =>
    world.call(method, `/store/v1${path}`, world.token, json);
  const write = (ns: string, epoch: number, key: string, value: unknown) =>
    call('POST', `/${ns}/writes`, { epoch, writes: [{ key, value }] });
  const records = async (ns: string) =>
    ((await call('GET', `/${ns}/records?prefix=`)).json as { records: object }).records;
  t.same((await call('POST', '/kafka/epoch', {})).json, { epoch: 1 });
  t.equal((await write('kafka', 1, 'task/1', { a: 1 })).status, 200);
  t.same((await call('POST', '/kafka/epoch', {})).json, { epoch: 2 });
  t.equal((await write('kafka', 1, 'task/2', {})).status, 409);
  t.equal((await write('kafka', 2, 'task/2', {})).status, 200);
  t.equal((await write('kafka', 2, 'task/1', null)).status, 200);
  t.same(await records('kafka'), { 'task/2': {} });
  await call('POST', '/team%2Fkafka/epoch', {});
  await write('team%2Fkafka', 1, 'x', 1);
  t.same(await records('team'), {});
  t.same(await records('team%2Fkafka'), { x: 1 });
  t.equal((await write('kafka', 2, 'big', 'x'.repeat(1024 * 1024))).status, 413);
  t.equal((await write('kafka', 2, 'k'.repeat(600), 1)).status, 400);
  t.equal((await call('POST', '/KAFKA/epoch', {})).status, 400);
  t.equal((await call('DELETE', '/kafka')).status, 200);
  t.same(await records('kafka'), {});
  t.equal((await write('kafka', 2, 'a', 1)).status, 409, 'whoever still writes is fenced');
});
