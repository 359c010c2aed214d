/** What a broker of the package kafka is started with: its listeners, users and access lists. */
import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { parseTemplate, renderTemplate, type TemplateScope } from '../../src/sdk/render.js';
import { root } from '../helpers/paths.js';

const templates = join(root, 'packages-registry', 'kafka', '3.9.1', 'templates');
const ports = { broker: 1, controller: 2, 'broker-tls': 3, internal: 4, local: 5 };
const broker = (index: number): TemplateScope => ({ address: `10.0.0.${index}`, ports, index });
const listenPorts = {
  BROKER_LISTEN_PORT: '1',
  CONTROLLER_LISTEN_PORT: '2',
  TLS_LISTEN_PORT: '3',
  INTERNAL_LISTEN_PORT: '4',
  LOCAL_LISTEN_PORT: '5',
};

const defaults = {
  CONTROLLER_COUNT: '3',
  KAFKA_NUM_PARTITIONS: '3',
  KAFKA_AUTO_CREATE_TOPICS: 'true',
  KAFKA_LOG_RETENTION_HOURS: '168',
  KAFKA_REPLICATION_FACTOR: '3',
  KAFKA_MIN_INSYNC_REPLICAS: '2',
  ZONE: 'rack-1',
  TLS_ENABLED: 'false',
  PLAINTEXT_ENABLED: 'true',
  SASL_ENABLED: 'false',
  SASL_USERS: '',
  AUTHORIZATION_ENABLED: 'false',
  SUPER_USERS: '',
  ALLOW_EVERYONE: 'false',
};

interface Started {
  readonly folder: string;
  readonly properties: ReadonlyMap<string, string>;
}

/** Starts broker `index` of `count` with a Java that does nothing. */
function start(folder: string, options: Partial<typeof defaults>, index = 0, count = 3): Started {
  const pods = { broker: Array.from({ length: count }, (_, at) => broker(at)) };
  const variables = { ...defaults, ...options, POD_INSTANCE_INDEX: String(index) };
  const pod = { ...broker(index), count };
  const scope = { ...variables, pod, pods, service: { name: 'kafka', uuid: 'u' } };
  for (const name of ['start.sh', 'server.properties', 'meta.properties']) {
    const text = readFileSync(join(templates, name), 'utf8');
    writeFileSync(join(folder, name), renderTemplate(parseTemplate(text), scope as TemplateScope));
  }
  mkdirSync(join(folder, 'jdk', 'bin'), { recursive: true });
  writeFileSync(join(folder, 'jdk', 'bin', 'java'), '#!/bin/sh\nexit 0\n', { mode: 0o755 });
  execFileSync('sh', ['./start.sh'], {
    cwd: folder,
    env: { ...process.env, ...listenPorts, POD_INSTANCE_INDEX: String(index), BROKER_HEAP: '256' },
  });
  const lines = readFileSync(join(folder, 'server.properties'), 'utf8').split('\n');
  const pairs = lines.flatMap((line): [string, string][] => {
    const at = line.indexOf('=');
    return line.startsWith('#') || at < 0 ? [] : [[line.slice(0, at), line.slice(at + 1)]];
  });
  t.equal(new Set(pairs.map(([key]) => key)).size, pairs.length, 'nothing is said twice');
  return { folder, properties: new Map(pairs) };
}

t.test('start › without options: one plain listener for all', async (t) => {
  const { properties } = start(t.testdir(), {});
  t.equal(properties.get('listeners'), 'BROKER://10.0.0.0:1,CONTROLLER://10.0.0.0:2');
  t.equal(properties.get('advertised.listeners'), 'BROKER://10.0.0.0:1');
  t.equal(properties.get('process.roles'), 'broker,controller');
  t.equal(properties.get('controller.quorum.voters'), '0@10.0.0.0:2,1@10.0.0.1:2,2@10.0.0.2:2');
  t.equal(properties.get('min.insync.replicas'), '2');
  t.notOk([...properties.keys()].some((key) => /ssl|sasl|authorizer/.test(key)));
});

t.test('start › a fourth broker is no controller; a single one copies nothing', async (t) => {
  const fourth = start(t.testdir(), {}, 3, 4).properties;
  t.equal(fourth.get('process.roles'), 'broker');
  t.equal(fourth.get('listeners'), 'BROKER://10.0.0.3:1');
  const single = start(t.testdir(), {}, 0, 1).properties;
  for (const key of ['default.replication.factor', 'min.insync.replicas']) {
    t.equal(single.get(key), '1');
  }
  t.equal(single.get('controller.quorum.voters'), '0@10.0.0.0:2');
});

t.test('start › TLS: clients, brokers and the check of readiness apart', async (t) => {
  const secure = { TLS_ENABLED: 'true', PLAINTEXT_ENABLED: 'false' };
  const { folder, properties } = start(t.testdir(), secure);
  const mine = 'INTERNAL://10.0.0.0:4,TLS://10.0.0.0:3,LOCAL://127.0.0.1:5';
  t.equal(properties.get('listeners'), `${mine},CONTROLLER://10.0.0.0:2`);
  t.equal(properties.get('advertised.listeners'), mine);
  t.match(properties.get('listener.security.protocol.map'), /TLS:SSL,.*CONTROLLER:SSL$/);
  const password = readFileSync(join(folder, 'local.password'), 'utf8');
  t.match(password, /^[0-9a-f]{48}$/);
  t.match(
    properties.get('listener.name.local.plain.sasl.jaas.config'),
    `PlainLoginModule required user_dcos-local="${password}";`,
  );
  const other = start(t.testdir(), { ...secure, PLAINTEXT_ENABLED: 'true' });
  t.equal(other.properties.get('advertised.listeners'), `${mine},BROKER://10.0.0.0:1`);
  t.not(readFileSync(join(other.folder, 'local.password'), 'utf8'), password);
});

t.test('start › users and access lists, for nobody else to read', async (t) => {
  const odd = '!#%&()*+./;<=>?@^_|~-';
  const { folder, properties } = start(t.testdir(), {
    TLS_ENABLED: 'true',
    PLAINTEXT_ENABLED: 'false',
    SASL_ENABLED: 'true',
    SASL_USERS: `alice:${odd},bob-2:x`,
    AUTHORIZATION_ENABLED: 'true',
    SUPER_USERS: 'User:alice;User:carol',
  });
  t.match(properties.get('listener.security.protocol.map'), /TLS:SASL_SSL/);
  t.equal(
    properties.get('listener.name.tls.plain.sasl.jaas.config'),
    'org.apache.kafka.common.security.plain.PlainLoginModule required ' +
      `user_alice="${odd}" user_bob-2="x";`,
  );
  t.equal(properties.get('super.users'), 'User:dcos-broker;User:dcos-local;User:alice;User:carol');
  t.equal(properties.get('allow.everyone.if.no.acl.found'), 'false');
  for (const name of ['users', 'server.properties', 'start.sh', 'local.password']) {
    t.equal(statSync(join(folder, name)).mode & 0o077, 0, name);
  }
});
