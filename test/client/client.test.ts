/** Calls to a cluster: what errors mean, tokens, limits, watching, finding tasks. */
import fc from 'fast-check';
import t from 'tap';
import { errorOfAnswer } from '../../src/client/answers.js';
import { login } from '../../src/client/auth.js';
import { Http } from '../../src/client/http.js';
import { lastLines } from '../../src/client/logs.js';
import { watchOperation } from '../../src/client/operations.js';
import { describeService, packageError } from '../../src/client/packages.js';
import { matcherOf, tasksOf } from '../../src/client/tasks.js';
import type { DcosError } from '../../src/core/errors.js';
import { type Asked, startAnswers } from '../helpers/answers.js';

const answer = (status: number, data: unknown) => ({ status, data, headers: {} });

t.test('errors › the status gives the class, the body the reason', async (t) => {
  const of = (status: number, data?: unknown): Pick<DcosError, 'code' | 'exitStatus' | 'message'> =>
    errorOfAnswer(answer(status, data), 'http://c');
  t.match(of(401), { code: 'auth', exitStatus: 3, message: 'authentication failed' });
  t.match(of(403), { code: 'forbidden', exitStatus: 3 });
  t.match(of(404, { message: "App '/x' does not exist" }), { exitStatus: 4, message: /\/x/ });
  t.match(of(409, {}), { code: 'conflict', exitStatus: 5 });
  t.match(of(502, { message: 'it starts' }), { code: 'unreachable', exitStatus: 6 });
  t.match(of(504), { code: 'timeout', exitStatus: 7 });
  t.match(of(422, 'plain text'), { code: 'invalid', message: /HTTP 422: plain text/ });
  t.match(of(500, { code: 'refused', message: 'no', hint: 'h' }), { code: 'refused', hint: 'h' });
  t.match(of(418), { code: 'invalid' });
  const cosmos = packageError(
    answer(400, {
      type: 'JsonSchemaMismatch',
      message: 'Options JSON failed validation',
      data: { errors: [{ instance: { pointer: '/a' }, message: 'wrong' }, { message: 'bad' }] },
    }),
    'http://c',
  );
  t.equal(cosmos.message, 'Options JSON failed validation\n  /a: wrong\n  bad');
  t.equal(packageError(answer(400, { type: 'PackageNotFound', message: 'm' }), 'c').exitStatus, 4);
});

t.test(
  'http › a path may be served elsewhere, which gets the token only if it is ours',
  async (t) => {
    const echo = ({ headers }: Asked) => ({ body: headers.authorization ?? 'none' });
    const other = await startAnswers(t, { 'GET /v2/apps': echo });
    const own = await startAnswers(t, { 'GET /team/v2/apps': echo });
    const at = (instead: string) =>
      new Http({ url: own.url, token: 'secret', instead: { '/service/marathon': instead } });
    const call = { method: 'GET', path: '/service/marathon/v2/apps' } as const;
    t.equal(await at(other.url).json(call), 'none');
    t.equal(await at(`${own.url}/team`).json(call), 'token=secret');
  },
);

t.test('http › a token that has expired is renewed once, silently', async (t) => {
  const server = await startAnswers(t, {
    'GET /x': ({ headers }) =>
      headers.authorization === 'token=new' ? { body: { ok: true } } : { status: 401, body: {} },
    'POST /acs/api/v1/auth/login': { body: { token: 'new' } },
    'GET /never': { status: 401, body: {} },
  });
  let renewals = 0;
  const http = new Http({
    url: server.url,
    token: 'old',
    renew: async () => {
      renewals += 1;
      return login(new Http({ url: server.url }), 'admin', 'p');
    },
  });
  t.same(await http.json({ method: 'GET', path: '/x' }), { ok: true });
  t.same(await http.json({ method: 'GET', path: '/x' }), { ok: true });
  t.equal(renewals, 1);
  await t.rejects(http.json({ method: 'GET', path: '/never' }), { code: 'auth' });
  t.equal(renewals, 2, 'not again and again');
  const stream = await http.stream({ method: 'GET', path: '/x' });
  t.equal(stream.statusCode, 200);
  stream.resume();
});

t.test('packages › the options of a service that are secrets', async (t) => {
  const users = { type: 'string', 'x-secret': true };
  const sasl = { type: 'object', properties: { enabled: { type: 'boolean' }, users } };
  const config = { properties: { name: { type: 'string' }, sasl } };
  const server = await startAnswers(t, {
    'POST /cosmos/service/describe': {
      body: { package: { version: '1', config }, resolvedOptions: { name: 'x' } },
    },
  });
  const found = await describeService(new Http({ url: server.url }), 'kafka');
  t.match(found, { appId: '/kafka', version: '1', resolvedOptions: { name: 'x' } });
  t.same(found.secretOptions, ['sasl.users']);
});

t.test('http › limits: time, size, and a server that is not there', async (t) => {
  const server = await startAnswers(t, { 'GET /slow': 'hang' });
  const http = new Http({ url: server.url, timeoutMs: 100 });
  await t.rejects(http.json({ method: 'GET', path: '/slow' }), { code: 'timeout' });
  const gone = new Http({ url: 'http://127.0.0.1:1' });
  await t.rejects(gone.json({ method: 'GET', path: '/' }), {
    code: 'unreachable',
    message: 'cannot reach the cluster at http://127.0.0.1:1: nothing listens there',
  });
  const unknown = new Http({ url: 'http://no-such-host.invalid' });
  await t.rejects(unknown.json({ method: 'GET', path: '/' }), { code: 'unreachable' });
});

t.test('operations › are watched to their end, through an absence of the server', async (t) => {
  const states = [
    { body: { revision: 1, status: 'running' } },
    { status: 503, body: { message: 'starting' } },
    { body: { revision: 1, status: 'running' } },
    { body: { revision: 2, status: 'complete' } },
  ];
  const server = await startAnswers(t, {
    'GET /operations/o': () => states.shift() ?? { status: 404, body: {} },
  });
  const seen: number[] = [];
  const http = new Http({ url: server.url });
  for await (const { revision } of watchOperation(http, 'o')) seen.push(revision);
  t.same(seen, [1, 2]);
  t.match(
    server.asked.map(({ query }) => query.get('revision')),
    [null, '1', '1', '1'],
  );
  const next = watchOperation(http, 'o').next();
  await t.rejects(next, { code: 'not-found' }, 'what is gone is not waited for');
});

t.test('tasks › are named by a part, an instance or a pattern over the whole id', async (t) => {
  const matches = (word: string, id: string, instance = ''): boolean =>
    matcherOf(word)({ id, instance });
  t.ok(matches('web', 'my-web.1'));
  t.ok(matches('broker-1', 'x', 'broker-1'));
  t.notOk(matches('web*', 'my-web.1'));
  t.ok(matches('*web*', 'my-web.1'));
  t.ok(matches('w?b.[12]', 'web.1'));
  t.notOk(matches('w?b.[!1]', 'web.1'));
  t.notOk(matches('web.*', 'webx1'), 'a dot is a dot');
  fc.assert(
    fc.property(fc.string(), fc.string(), (word, id) => typeof matches(word, id) === 'boolean'),
  );
  const state = {
    slaves: [{ id: 'S', hostname: 'h' }],
    frameworks: [
      {
        id: 'F',
        tasks: [{ id: 'a', slave_id: 'S', labels: [{ key: 'DCOS_INSTANCE', value: 'i' }] }],
        unreachable_tasks: [{ id: 'u' }],
        completed_tasks: [{ id: 'c' }],
      },
    ],
    completed_frameworks: [{ id: 'G', completed_tasks: [{ id: 'g' }] }],
  };
  const ids = (filter: Parameters<typeof tasksOf>[1]): string[] =>
    tasksOf(state, filter).map(({ id }) => id);
  t.same(ids({}), ['a', 'u']);
  t.same(ids({ kind: 'completed' }), ['c', 'g']);
  t.same(ids({ kind: 'all' }), ['a', 'u', 'c', 'g']);
  t.same(ids({ agentId: 'S' }), ['a']);
  t.match(tasksOf(state, {})[0], { hostname: 'h', instance: 'i', frameworkId: 'F' });
  t.same(tasksOf({}, {}), []);
});

t.test('logs › the last lines, however the file is cut into pieces', async (t) => {
  let text = '';
  const server = await startAnswers(t, {
    'GET /agent/S/files/read': ({ query }) => {
      const offset = Number(query.get('offset'));
      if (offset < 0) return { body: { data: '', offset: text.length } };
      const length = Number(query.get('length'));
      return { body: { data: text.slice(offset, offset + length), offset } };
    },
  });
  const http = new Http({ url: server.url });
  const last = async (count: number): Promise<string> =>
    (await lastLines(http, { agentId: 'S', path: '/p' }, count)).text;
  t.equal(await last(3), '');
  text = 'a\nb\nc\n';
  t.same([await last(0), await last(2), await last(9)], ['', 'b\nc\n', 'a\nb\nc\n']);
  text = 'a\nb';
  t.equal(await last(1), 'b', 'a line whose end has not come');
  text = `first\n${'x'.repeat(200_000)}\nlast\n`;
  t.equal((await last(2)).length, 200_006);
});
