/** Messages as protocol buffers: what goes in comes out, and what is none is refused. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import t from 'tap';
import { decodeMessage, encodeMessage, type MessageName } from '../../src/wire/protobuf/codec.js';
import { accepted, encodingOf } from '../../src/wire/protobuf/media.js';
import { root } from '../helpers/paths.js';

const id = (value: string) => ({ value });
const cpus = {
  name: 'cpus',
  type: 'SCALAR',
  scalar: { value: 0.5 },
  allocation_info: { role: 'dev' },
  reservations: [{ type: 'DYNAMIC', role: 'dev', principal: 'p' }],
};

/** Messages and the bytes that other implementations write for them. */
const known: readonly (readonly [MessageName, Record<string, unknown>, string])[] = [
  ['master.Call', { type: 'GET_HEALTH' }, '0801'],
  ['scheduler.Event', { type: 'HEARTBEAT' }, '0808'],
  [
    'scheduler.Call',
    { type: 'REVIVE', framework_id: id('ab') },
    // framework_id = 1: a message with value = 1; type = 2.
    '0a040a0261621005',
  ],
];

t.test('protobuf › messages have the field numbers of Mesos', async (t) => {
  for (const [name, message, hex] of known) {
    t.equal(encodeMessage(name, message).toString('hex'), hex, `${name} ${String(message.type)}`);
    t.same(decodeMessage(name, Buffer.from(hex, 'hex')), message);
  }
});

t.test('protobuf › recorded messages survive the way there and back', async (t) => {
  const shapes = JSON.parse(
    readFileSync(join(root, 'test/mesos/master/fixtures/shapes.json'), 'utf8'),
  ) as Record<string, unknown>;
  let seen = 0;
  const visit = (value: unknown): void => {
    if (typeof value !== 'object' || value === null) return;
    const { type } = value as { type?: unknown };
    const name = kindOf(value as Record<string, unknown>);
    if (typeof type === 'string' && name !== undefined) {
      seen += 1;
      t.same(sorted(decodeMessage(name, encodeMessage(name, value))), sorted(value), type);
      return;
    }
    for (const inner of Object.values(value)) visit(inner);
  };
  visit(shapes);
  t.ok(seen > 3, `${seen} messages`);
});

function kindOf(message: Record<string, unknown>): MessageName | undefined {
  const { type } = message;
  if (typeof type !== 'string') return undefined;
  if (type.startsWith('GET_') && message[type.toLowerCase()] !== undefined) {
    return type === 'GET_AGENT' || type === 'GET_CONTAINERS' ? 'agent.Response' : 'master.Response';
  }
  const ofSchedulers = ['SUBSCRIBED', 'OFFERS', 'UPDATE', 'FAILURE', 'RESCIND', 'ERROR'];
  return ofSchedulers.includes(type) && message[type.toLowerCase()] !== undefined
    ? 'scheduler.Event'
    : undefined;
}

function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value).map(([key, inner]) => [key, sorted(inner)]);
  return Object.fromEntries(entries.sort());
}

t.test('protobuf › values that are defaults are kept, as proto2 keeps them', async (t) => {
  const messages: [MessageName, Record<string, unknown>][] = [
    ['master.Response', { type: 'GET_HEALTH', get_health: { healthy: false } }],
    ['agent.Response', { type: 'WAIT_CONTAINER', wait_container: { exit_status: 0 } }],
    [
      'scheduler.Event',
      {
        type: 'UPDATE',
        update: {
          status: {
            task_id: id('t'),
            state: 'TASK_RUNNING',
            healthy: false,
            check_status: { type: 'COMMAND', command: { exit_code: 0 } },
            container_status: {
              network_infos: [{ ip_addresses: [{ ip_address: '127.0.0.1', protocol: 'IPv4' }] }],
            },
          },
        },
      },
    ],
  ];
  for (const [name, message] of messages) {
    t.same(decodeMessage(name, encodeMessage(name, message)), message);
  }
});

t.test('protobuf › resources, maps, bytes and durations', async (t) => {
  const subscribe = {
    framework_info: {
      user: 'u',
      name: 'n',
      roles: ['dev'],
      capabilities: [{ type: 'PARTITION_AWARE' }],
      failover_timeout: 1e300,
    },
    offer_constraints: { role_constraints: { dev: { groups: [] } } },
  };
  const call = { type: 'SUBSCRIBE', subscribe };
  t.same(decodeMessage('scheduler.Call', encodeMessage('scheduler.Call', call)), {
    type: 'SUBSCRIBE',
    subscribe: { ...subscribe, offer_constraints: { role_constraints: { dev: {} } } },
  });
  const reserve = {
    type: 'RESERVE_RESOURCES',
    reserve_resources: { agent_id: id('a'), resources: [cpus] },
  };
  t.same(decodeMessage('master.Call', encodeMessage('master.Call', reserve)), reserve);
  const drain = {
    type: 'DRAIN_AGENT',
    drain_agent: { agent_id: id('a'), max_grace_period: { seconds: 2, nanos: 500_000_000 } },
  };
  t.same(decodeMessage('master.Call', encodeMessage('master.Call', drain)), drain);
  const io = { type: 'DATA', data: { type: 'STDOUT', data: 'AAECAwQ=' } };
  t.same(decodeMessage('agent.ProcessIO', encodeMessage('agent.ProcessIO', io)), io);
});

t.test('protobuf › bytes that are no message are refused, never more', async (t) => {
  const names: MessageName[] = ['scheduler.Call', 'executor.Call', 'master.Call', 'agent.Call'];
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), fc.constantFrom(...names), (bytes, name) => {
      try {
        return typeof decodeMessage(name, bytes) === 'object';
      } catch (error) {
        return (error as { code?: string }).code === 'invalid';
      }
    }),
    { numRuns: 2000 },
  );
  t.throws(() => decodeMessage('executor.Call', Buffer.from('0801', 'hex')), { code: 'invalid' });
  t.throws(() => encodeMessage('master.Response', 'x'), { code: 'invalid' });
});

t.test('media › the encoding of a body, and the one of its answer', async (t) => {
  t.equal(encodingOf('application/json; charset=utf-8'), 'json');
  t.equal(encodingOf('application/x-protobuf'), 'protobuf');
  t.equal(encodingOf('text/plain'), undefined);
  t.equal(encodingOf(undefined), undefined);
  t.equal(accepted(undefined), 'json');
  t.equal(accepted('*/*'), 'json');
  t.equal(accepted('application/x-protobuf, application/json'), 'json');
  t.equal(accepted('application/x-protobuf'), 'protobuf');
  t.equal(accepted('text/html'), undefined);
});
