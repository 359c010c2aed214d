/** How a Mesos cluster is named, and who leads it. */
import * as http from 'node:http';
import type { AddressInfo } from 'node:net';
import t from 'tap';
import { createOperator } from '../../src/cluster/operator.js';
import {
  parseMesosAddress,
  shownMesosAddress,
  wholeMesosAddress,
} from '../../src/core/leader/address.js';
import { findLeader, leaderOf } from '../../src/core/leader/leader.js';
import { masterAt } from '../../src/core/leader/zookeeper.js';

t.test('leader › names of clusters are read whole or refused with a reason', async (t) => {
  const whole: [string, string][] = [
    ['http://h', 'http://h:5050'],
    ['h', 'http://h:5050'],
    ['http://h:80', 'http://h:80'],
    ['https://h:443/', 'https://h:443'],
    ['http://a, b:6060,http://c', 'http://a:5050,http://b:6060,http://c:5050'],
    ['zk://a,b:1/mesos/', 'zk://a:2181,b:1/mesos'],
    ['zk://u:p@a/mesos/one', 'zk://u:p@a:2181/mesos/one'],
  ];
  for (const [text, expected] of whole) {
    t.equal(wholeMesosAddress(text), expected);
    t.equal(wholeMesosAddress(expected), expected, 'reading it again changes nothing');
  }
  for (const text of ['', 'ftp://h', 'http://', 'zk://a', 'zk://a/', 'zk:///m', 'zk://u@a/m']) {
    t.throws(() => parseMesosAddress(text), { code: 'invalid' }, text);
  }
  t.equal(shownMesosAddress('zk://u:secret@a:1/m'), 'zk://a:1/m');
  t.throws(() => parseMesosAddress('zk://u:secret@a'), { message: /^zk:\/\/a names no path/ });
});

/** A server that answers as `handle` says, until the test is over. */
async function serve(
  t: { teardown(work: () => void): void },
  handle: http.RequestListener,
): Promise<string> {
  const server = http.createServer(handle);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.teardown(() => {
    server.closeAllConnections();
    server.close();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}
/** An address at which nothing listens any more. */
async function nowhere(): Promise<string> {
  const server = http.createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return `http://127.0.0.1:${port}`;
}

t.test('leader › of several masters, the one that those who answer point to', async (t) => {
  let leading: string | undefined;
  const standby = await serve(t, (_request, response) => {
    if (leading === undefined) response.writeHead(503).end();
    else response.writeHead(307, { location: leading.replace('http:', '') }).end();
  });
  const dead = await nowhere();
  const cluster = `${dead},${standby}`;
  await t.rejects(findLeader(cluster), { code: 'unreachable', message: /knows no leader \(503\)/ });
  leading = 'http://127.0.0.9:5050';
  t.equal(await findLeader(cluster), leading);
  const leader = leaderOf(cluster);
  t.equal(await leader.find(), leading);
  leading = 'http://127.0.0.8:5050';
  t.equal(await leader.find(), 'http://127.0.0.9:5050', 'it is remembered');
  leader.forget();
  t.equal(await leader.find(), leading);
  t.equal(leader.url, leading);
  t.equal(await findLeader(dead), dead, 'a single master is asked nothing');
});

t.test(
  'leader › operator calls follow a standby master, and come back after a failure',
  async (t) => {
    const answer = { type: 'GET_VERSION', get_version: { version_info: { version: '1.2.3' } } };
    const seen: string[] = [];
    const master = await serve(t, (request, response) => {
      seen.push(String(request.url));
      response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(answer));
    });
    const standby = await serve(t, (request, response) => {
      response.writeHead(307, { location: `${master.replace('http:', '')}${request.url}` }).end();
    });
    const place = { host: '127.0.0.1', port: 1 };
    const control = { ...place, advertise: '127.0.0.1:1' };
    const operator = createOperator(
      { schema: 1, id: 'c', name: 'c', control, mesosUrl: standby, agents: [] },
      { authorization: () => 'Basic x' },
    );
    t.equal(operator.url, standby);
    t.equal(await operator.version(), '1.2.3');
    t.equal(operator.url, master, 'what is passed on goes to the leader');
    t.same(seen, ['/api/v1']);
  },
);

t.test('leader › what a master writes into ZooKeeper says where it is', async (t) => {
  const info = { address: { hostname: 'm1', ip: '10.0.0.1', port: 5050 }, id: 'x', ip: 1, port: 1 };
  t.equal(masterAt(JSON.stringify(info), 'there'), 'http://10.0.0.1:5050');
  const v6 = { address: { ip: 'fd00::1', port: 5050 } };
  t.equal(masterAt(JSON.stringify(v6), 'there'), 'http://[fd00::1]:5050');
  t.throws(() => masterAt('{"address":{}}', 'zk://a/m/json.info_1'), {
    code: 'unreachable',
    message: /^zk:\/\/a\/m\/json.info_1 does not say/,
  });
});

t.test('leader › a ZooKeeper that does not answer is named', async (t) => {
  const dead = (await nowhere()).replace('http://', '');
  await t.rejects(findLeader(`zk://${dead}/mesos`), {
    code: 'unreachable',
    message: `ZooKeeper at ${dead} does not answer`,
  });
});
