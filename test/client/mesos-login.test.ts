/** A Mesos that asks for a login, behind TLS of an authority of its own. */
import { once } from 'node:events';
import { createServer } from 'node:http';
import t from 'tap';
import { mesosMasterVersion } from '../../src/client/mesos.js';
import { withServiceAccount } from '../../src/cluster/operations/app-facts.js';
import { createOperator } from '../../src/cluster/operator.js';
import { basicAuthorization } from '../../src/core/credentials.js';
import { serviceEnvironmentOf } from '../../src/framework/service-environment.js';
import { tlsFront } from '../helpers/tls-front.js';

const login = { principal: 'dcos', secret: 'sesame' };
const wanted = basicAuthorization(login.principal, login.secret);
const master = createServer((request, response) => {
  if (request.url === '/version') return response.end('{"version":"1.11.0"}');
  if (request.url === '/master/redirect') return response.writeHead(307, { location: '/' }).end();
  if (request.headers.authorization !== wanted) return response.writeHead(401).end();
  response.end('{"type":"GET_VERSION","get_version":{"version_info":{"version":"1.11.0"}}}');
}).listen(0, '127.0.0.1');
await once(master, 'listening');
const address = master.address() as { port: number };
const front = await tlsFront(`http://127.0.0.1:${address.port}`);
t.teardown(async () => {
  await front.close();
  master.closeAllConnections();
  master.close();
});

t.test('mesos › the authority, the principal and the secret must be right', async (t) => {
  const { url, authority } = front;
  await t.rejects(mesosMasterVersion(url), { code: 'unreachable' });
  await t.rejects(mesosMasterVersion(url, { authority }), {
    code: 'auth',
    hint: /--principal and --secret-file/,
  });
  const wrong = { ...login, secret: 'simsim' };
  await t.rejects(mesosMasterVersion(url, { authority, login: wrong }), {
    code: 'auth',
    message: /does not take the principal dcos/,
  });
  t.equal(await mesosMasterVersion(url, { authority, login }), '1.11.0');
  // Who has believed the authority goes on doing so.
  const place = { host: '127.0.0.1', port: 1 };
  const control = { ...place, advertise: '127.0.0.1:1' };
  const operator = createOperator(
    { schema: 1, id: 'c', name: 'c', control, mesosUrl: url, agents: [] },
    { authorization: () => wanted },
  );
  t.equal(await operator.version(), '1.11.0');
});

t.test('mesos › service schedulers get the one principal, its secret by reference', async (t) => {
  const app = { id: '/kafka', labels: { DCOS_SERVICE_ACCOUNT: 'kafka' } };
  const facts = { url: 'http://c', mesosUrl: 'https://m', publicKey: 'pem' };
  const given = withServiceAccount(app, {
    ...facts,
    mesosPrincipal: 'dcos',
    mesosAuthority: 'ca',
  });
  t.match(given, {
    env: {
      DCOS_SERVICE_ACCOUNT: 'kafka',
      DCOS_MESOS_PRINCIPAL: 'dcos',
      DCOS_MESOS_SECRET: { secret: 'mesos' },
      DCOS_MESOS_CA: 'ca',
    },
    secrets: { account: { source: 'account/kafka' }, mesos: { source: 'mesos/secret' } },
  });
  const without = JSON.stringify(withServiceAccount(app, facts));
  t.notMatch(without, /DCOS_MESOS_(?:PRINCIPAL|SECRET|CA)/);
  const env = {
    DCOS_SERVICE_NAME: 'kafka',
    DCOS_SERVICE_ACCOUNT: 'kafka',
    DCOS_SERVICE_SECRET: 'own',
    DCOS_PUBLIC_KEY: 'pem',
    DCOS_URL: 'http://c',
    DCOS_MESOS_URL: 'https://m',
    PORT0: '1',
  };
  t.same(serviceEnvironmentOf(env).mesos, { principal: 'kafka', secret: 'own' });
  const shared = { ...env, DCOS_MESOS_PRINCIPAL: 'dcos', DCOS_MESOS_SECRET: 's' };
  t.same(serviceEnvironmentOf(shared).mesos, { principal: 'dcos', secret: 's' });
});
