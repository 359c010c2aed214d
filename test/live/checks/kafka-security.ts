/** Kafka with TLS, passwords and access lists: real clients, changed and upgraded while in use. */
import assert from 'node:assert/strict';
import { Kafka, type KafkaConfig, logLevel, type SASLOptions } from 'kafkajs';
import { callHttp, callJson } from '../../../src/core/http/request.js';
import { newKey, requestFor } from '../../../src/core/pki/authority.js';
import { until } from '../../helpers/wait.js';
import { gatewayUrl, login, requestUpdate, updateService } from '../gateway.js';
import type { Live, LiveCheck } from '../live.js';
import { brokersOf, kafka, RecordProducer } from '../services/kafka.js';
import { installPackage } from '../services/service.js';
import { grown, pidOf, settled, slow, upgradedKafka } from './upgrade-steps.js';

const passwords = { alice: 'In-the-option5', bob: 'known to Kafka' };
const alice: SASLOptions = { mechanism: 'plain', username: 'alice', password: passwords.alice };
const bob: SASLOptions = {
  mechanism: 'scram-sha-512',
  username: 'bob',
  password: passwords.bob,
};
const tls = { enabled: true, allow_plaintext: true };
const topic = 'acknowledged';

/** From TLS beside plaintext to passwords, 3.9, access lists and a fourth broker. */
export const kafkaSecurity: LiveCheck = {
  name: 'kafka with TLS and SASL',
  seconds: 330,
  kind: 'rotating',
  run: async (live) => {
    const step = live.step.bind(live);
    await step('install kafka 3.8.1 with TLS', () =>
      installPackage(
        live,
        'kafka',
        { ...kafka.options, service: { security: { transport_encryption: tls } } },
        slow.timeoutMs,
        '3.8.1',
      ),
    );
    const ca = await authority(live);
    const connect = clientsOf(live, ca);
    await step('what cannot work is refused, and changes nothing', () => refused(live));
    await step('with TLS and without, and not by another authority', async () => {
      await connect('broker', { ssl: false });
      await connect('broker-tls', {});
      await assert.rejects(connect('broker-tls', { ssl: true }), /certificate/);
    });
    const plain = await brokersOf(live, 'kafka')();
    await step('passwords for everyone, broker after broker', () =>
      secure(live, { sasl: { enabled: true, users: `alice:${passwords.alice}` } }),
    );
    const producer = new RecordProducer(live, 'kafka', {
      client: clientOptions(live, ca, { sasl: alice }),
    });
    live.onTidy(() => producer.stop());
    await producer.begin();
    await step('who has the password produces', () => producer.progress(100));
    await step('nobody else is let in', () => outsiders(live, connect, plain));
    await step('not among the brokers either, with a certificate of its own', () =>
      intruders(live, ca, connect),
    );
    await step('the commands, and a user of SCRAM', async () => {
      await commands(live);
      await connect('broker-tls', { sasl: bob });
    });
    await step('upgrade to 3.9.1, a broker killed in the middle', () => upgraded(live, producer));
    await step('access lists: only what is allowed', () => authorized(live, connect));
    await producer.progress(50);
    await step('a broker on another disk', () => replaced(live, producer));
    await step('a fourth broker takes its share, once that is asked for', () => grown(live));
    await step('nothing acknowledged is lost', () => producer.verify());
    await step('uninstall', () =>
      live.ok(['package', 'uninstall', 'kafka', '--delete-volumes', '--yes'], slow),
    );
  },
};

/** The certificate that all others of the cluster are signed by. */
async function authority(live: Live): Promise<string> {
  const url = `${gatewayUrl(live)}/ca/dcos-ca.crt`;
  const { status, body } = await callHttp({ method: 'GET', url });
  assert.equal(status, 200);
  return body.toString();
}

type Settings = Pick<KafkaConfig, 'ssl' | 'sasl'>;

const clientOptions = (live: Live, ca: string, settings: Settings, endpoint = 'broker-tls') => ({
  brokers: brokersOf(live, 'kafka', endpoint),
  ssl: { ca: [ca] },
  ...settings,
});

/** Lists the topics as a client with these settings would; throws what the client says. */
type Connect = (endpoint: string | readonly string[], settings: Settings) => Promise<string[]>;

function clientsOf(live: Live, ca: string): Connect {
  return async (endpoint, settings) => {
    const name = typeof endpoint === 'string' ? endpoint : undefined;
    const client = new Kafka({
      ...clientOptions(live, ca, settings, name),
      ...(typeof endpoint === 'string' ? {} : { brokers: [...endpoint] }),
      logLevel: logLevel.NOTHING,
      connectionTimeout: 5_000,
      requestTimeout: 10_000,
      retry: { retries: 0 },
    });
    const admin = client.admin();
    try {
      await admin.connect();
      return await admin.listTopics();
    } finally {
      await admin.disconnect();
    }
  };
}

/** Changes what there is to `service.security`, to the end of the rolling update. */
async function secure(live: Live, security: object): Promise<void> {
  const transport_encryption = { ...tls, allow_plaintext: false };
  const options = { service: { security: { transport_encryption, ...security } } };
  await updateService(live, 'kafka', { options }, 480_000);
  await settled(live, 'kafka');
}

async function refused(live: Live): Promise<void> {
  const before = pidOf(live, 'broker-0-broker');
  const option = 'service.security';
  for (const [security, text] of [
    [{ transport_encryption: { enabled: false } }, `${option}.transport_encryption.enabled cannot`],
    [{ sasl: { enabled: true } }, `${option}.transport_encryption.allow_plaintext is true`],
    [{ authorization: { enabled: true } }, `${option}.sasl.enabled is false`],
  ] as const) {
    const answer = await requestUpdate(live, 'kafka', { options: { service: { security } } });
    assert.equal(answer.status, 400, answer.text);
    assert.ok(answer.text.includes(text), answer.text);
  }
  assert.equal(pidOf(live, 'broker-0-broker'), before);
}

async function outsiders(live: Live, connect: Connect, plain: readonly string[]): Promise<void> {
  const endpoints = await live.json<string[]>(['kafka', 'endpoints']);
  assert.ok(!JSON.stringify(endpoints).includes('"broker"'), JSON.stringify(endpoints));
  await assert.rejects(connect(plain, { ssl: false }), /ECONNREFUSED/);
  await assert.rejects(connect('broker-tls', { ssl: false }));
  await assert.rejects(connect('broker-tls', {}));
  const wrong: SASLOptions = { mechanism: 'plain', username: 'alice', password: 'nonsense' };
  await assert.rejects(connect('broker-tls', { sasl: wrong }), /Invalid username or password/);
  await assert.rejects(connect('broker-tls', { sasl: bob }), /invalid credentials/i);
}

/** The brokers' own listener: a user of the cluster has certificates signed under any name. */
async function intruders(live: Live, ca: string, connect: Connect): Promise<void> {
  const rows = await live.json<{ host: string; port: number }[]>(['kafka', 'broker', 'list']);
  const brokers = rows.map(({ host, port }) => `${host}:${port}`);
  const key = await newKey();
  const asked = { name: 'broker-0-broker.kafka', hosts: ['127.0.0.1'] };
  const { status, json } = await callJson({
    method: 'POST',
    url: `${gatewayUrl(live)}/ca/v1/sign`,
    headers: { authorization: `token=${await login(live)}` },
    json: { csr: requestFor(key, asked), ...asked },
  });
  assert.equal(status, 200, JSON.stringify(json));
  const { certificate: cert } = json as { certificate: string };
  await assert.rejects(connect(brokers, { ssl: { ca: [ca], key, cert } }), /[Cc]losed connection/);
  await assert.rejects(connect(brokers, {}));
}

async function commands(live: Live): Promise<void> {
  const run = (...words: string[]) => live.ok(['kafka', ...words]);
  await run('topic', 'create', 'by.hand', '--partitions', '2');
  await run('topic', 'producer-test', 'by.hand', '50', '--size', '100');
  const offsets = await live.json<{ offset: number }[]>(['kafka', 'topic', 'offsets', 'by.hand']);
  const sum = offsets.reduce((total, { offset }) => total + offset, 0);
  assert.equal(sum, 50);
  assert.deepEqual(await live.json(['kafka', 'topic', 'under-replicated-partitions']), []);
  assert.equal((await live.json<unknown[]>(['kafka', 'broker', 'list'])).length, 3);
  await run('broker', 'rebalance', '--dry-run');
  await run('feature', 'list');
  await run('topic', 'delete', 'by.hand', '--yes');
  await live.ok(['kafka', 'user', 'add', 'bob'], { input: `${passwords.bob}\n` });
  assert.deepEqual(await live.json(['kafka', 'user', 'list']), [{ user: 'bob' }]);
  const short = await live.dcos(['kafka', 'user', 'add', 'eve'], { input: 'short\n' });
  assert.match(short.stderr, /at least 8 characters/);
  const acl = await live.dcos(['kafka', 'acl', 'list']);
  assert.match(acl.stderr, /service\.security\.authorization\.enabled is off/);
}

/** As without TLS: one at a time, never two, and every copy in sync at the end. */
async function upgraded(live: Live, producer: RecordProducer): Promise<void> {
  await upgradedKafka(live);
  await producer.progress(50);
  assert.deepEqual(await live.json(['kafka', 'topic', 'under-replicated-partitions']), []);
}

async function authorized(live: Live, connect: Connect): Promise<void> {
  await secure(live, { authorization: { enabled: true, super_users: 'User:alice' } });
  const allowed = (): Promise<string[]> => connect('broker-tls', { sasl: bob });
  assert.deepEqual(await allowed(), [], 'nothing is allowed to bob');
  assert.deepEqual(await connect('broker-tls', { sasl: alice }), [topic]);
  const rule = ['bob', 'Describe', 'topic', topic];
  await live.ok(['kafka', 'acl', 'allow', ...rule]);
  const listed = await live.json<object[]>(['kafka', 'acl', 'list']);
  assert.deepEqual(listed, [
    { user: 'bob', operation: 'DESCRIBE', kind: 'TOPIC', name: topic, permission: 'ALLOW' },
  ]);
  await until(async () => (await allowed()).includes(topic), { what: 'bob may see the topic' });
  await live.ok(['kafka', 'acl', 'revoke', ...rule]);
  await until(async () => (await allowed()).length === 0, { what: 'bob may not see the topic' });
  await live.ok(['kafka', 'user', 'remove', 'bob', '--yes']);
  await until(
    () =>
      allowed().then(
        () => false,
        () => true,
      ),
    { what: 'bob is nobody' },
  );
}

async function replaced(live: Live, producer: RecordProducer): Promise<void> {
  const before = pidOf(live, 'broker-1-broker');
  await live.ok(['kafka', 'pod', 'replace', 'broker-1']);
  await settled(live, 'kafka');
  assert.notEqual(pidOf(live, 'broker-1-broker'), before);
  const behind = ['kafka', 'topic', 'under-replicated-partitions', '--json'];
  // The command runs in a broker, which may be the one that is being given up.
  await until(async () => (await live.dcos(behind)).stdout.trim() === '[]', {
    what: 'every copy in sync',
    timeoutMs: 60_000,
  });
  await producer.progress(50);
}
