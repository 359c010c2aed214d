/** What the kafka package brings besides Kafka: its commands, its readiness and its moves. */
import { execFile, execFileSync, spawnSync } from 'node:child_process';
import {
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import t from 'tap';
import { parseTemplate, renderTemplate } from '../../src/sdk/render.js';
import { parseServiceCommands } from '../../src/wire/service-commands-parse.js';
import { root } from '../helpers/paths.js';

const registry = join(root, 'packages-registry');
const versions = readdirSync(join(registry, 'kafka'));
const newest = join(registry, 'kafka', versions.at(-1) ?? '');
const template = (name: string): string => readFileSync(join(newest, 'templates', name), 'utf8');

t.test('commands.yaml › that of every package is right', async (t) => {
  for (const name of readdirSync(registry)) {
    for (const version of readdirSync(join(registry, name))) {
      const path = join(registry, name, version, 'commands.yaml');
      const read = spawnSync('cat', [path], { encoding: 'utf8' });
      if (read.status !== 0) continue;
      const options = new Proxy(
        {},
        {
          has: () => true,
          get: () => '1',
          getOwnPropertyDescriptor: () => ({ configurable: true, enumerable: true, value: '1' }),
        },
      );
      const result = parseServiceCommands(read.stdout, options as Record<string, string>);
      t.same(result.ok ? [] : result.violations, [], `${name} ${version}`);
    }
  }
});

t.test('kafka › its versions differ in nothing but Kafka itself', async (t) => {
  for (const version of versions) {
    for (const name of readdirSync(join(newest, 'templates'))) {
      const other = readFileSync(join(registry, 'kafka', version, 'templates', name), 'utf8');
      t.equal(other, template(name), `${version} ${name}`);
    }
  }
});

/** Runs rebalance.awk over racks by broker and replicas by partition. */
function rebalance(racks: readonly string[], lists: readonly number[][]): number[][] {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), 'rebalance-')));
  try {
    const brokers = racks.map((rack, id) => `${id} ${rack} host 9092\n`).join('');
    writeFileSync(join(folder, 'brokers'), brokers);
    writeFileSync(join(folder, 'parts'), lists.map((ids, at) => `t ${at} ${ids}\n`).join(''));
    writeFileSync(join(folder, 'rebalance.awk'), template('rebalance.awk'));
    const out = execFileSync('awk', ['-f', 'rebalance.awk', 'brokers', 'parts'], {
      cwd: folder,
      encoding: 'utf8',
    });
    const after = lists.map((ids) => [...ids]);
    for (const line of out.split('\n').filter((text) => text !== '')) {
      const [, at = '', was = '', now = ''] = line.split(' ');
      if (was !== String(after[Number(at)])) throw new Error(`${line} is not how it was`);
      after[Number(at)] = now.split(',').map(Number);
    }
    return after;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

const loads = (count: number, lists: readonly number[][]): number[] =>
  Array.from({ length: count }, (_, id) => lists.flat().filter((one) => one === id).length);

t.test('rebalance › a new broker gets its share by the fewest moves', async (t) => {
  const before = Array.from({ length: 8 }, (_, at) => [at % 3, (at + 1) % 3, (at + 2) % 3]);
  const after = rebalance(['a', 'b', 'c', 'd'], before);
  t.same(loads(4, after), [6, 6, 6, 6]);
  const moved = after.filter((ids, at) => String(ids) !== String(before[at]));
  t.equal(moved.length, 6, 'one move for each copy that it gets');
  t.same(rebalance(['a', 'b', 'c'], before), before, 'nothing moves where nothing is to gain');
});

t.test('rebalance › copies stay apart, in racks of their own, and none is lost', async (t) => {
  const inRacks = rebalance(
    ['a', 'b', 'c', 'a'],
    [
      [0, 1, 2],
      [1, 2, 0],
      [2, 0, 1],
      [0, 1, 2],
    ],
  );
  for (const ids of inRacks) {
    t.equal(new Set(ids.map((id) => id % 3)).size, 3, `racks of ${ids}`);
  }
  t.same(loads(4, inRacks), [2, 4, 4, 2], 'the new one takes over from its rack alone');
  const cluster = fc.integer({ min: 3, max: 6 }).chain((count) =>
    fc.tuple(
      fc.constant(count),
      fc.array(fc.shuffledSubarray([...Array(count - 1).keys()], { minLength: 2, maxLength: 2 }), {
        minLength: 1,
        maxLength: 12,
      }),
    ),
  );
  const holds = fc.property(cluster, ([count, lists]) => {
    const racks = Array.from({ length: count }, (_, id) => `r${id}`);
    const after = rebalance(racks, lists);
    const spread = loads(count, after);
    return (
      after.every((ids) => new Set(ids).size === 2) && Math.max(...spread) - Math.min(...spread) < 2
    );
  });
  t.doesNotThrow(() => fc.assert(holds, { numRuns: 30 }));
});

/** Metadata, version 0: brokers, then one topic with a partition of these replicas and ISR. */
function metadata(replicas: number[], isr: number[], brokers: number[]): Buffer {
  const parts: Buffer[] = [];
  const int = (size: number, ...values: number[]): void => {
    for (const value of values) {
      const buffer = Buffer.alloc(size);
      buffer.writeIntBE(value, 0, size);
      parts.push(buffer);
    }
  };
  const text = (value: string): void => {
    int(2, value.length);
    parts.push(Buffer.from(value));
  };
  int(4, 1, brokers.length);
  for (const id of brokers) {
    int(4, id);
    text('127.0.0.1');
    int(4, 9092);
  }
  int(4, 1);
  int(2, 0);
  text('readings');
  int(4, 1);
  int(2, 0);
  int(4, 0, 0, replicas.length, ...replicas, isr.length, ...isr);
  const body = Buffer.concat(parts);
  const size = Buffer.alloc(4);
  size.writeInt32BE(body.length);
  return Buffer.concat([size, body]);
}

/** A broker that answers Metadata with `answer()`, ApiVersions well, and SASL by its password. */
function brokerServer(asked: number[], answer: () => Buffer, password: string) {
  return createServer((socket) => {
    socket.on('error', () => {});
    let request = Buffer.alloc(0);
    socket.on('data', (piece) => {
      // A newline in a number makes bash send what it has.
      request = Buffer.concat([request, piece]);
      if (request.length < 4 || request.length < 4 + request.readInt32BE(0)) return;
      const key = request.readInt16BE(4);
      asked.push(key);
      // Correlation id 1, error code 0, PLAIN as the only mechanism.
      if (key === 17)
        socket.write(Buffer.from('00000011000000010000000000010005504c41494e', 'hex'));
      else if (key === 36) {
        const right = request.readInt32BE(14) === request.length - 18;
        const known = request.subarray(18).toString() === `\0dcos-local\0${password}`;
        const error = right && known ? '0000' : '003a';
        socket.write(Buffer.from(`0000000c00000001${error}ffff00000000`, 'hex'));
      } else {
        socket.end(key === 3 ? answer() : Buffer.from('0000000a000000010000000000000000', 'hex'));
      }
      request = Buffer.alloc(0);
    });
  });
}

t.test('ready › a broker is ready once it is in sync, and as long as it answers', async (t) => {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), 'ready-')));
  t.teardown(() => rmSync(folder, { recursive: true, force: true }));
  let answer: Buffer = Buffer.alloc(0);
  const asked: number[] = [];
  const password = 'ab'.repeat(24);
  const server = brokerServer(asked, () => answer, password);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.teardown(() => server.close());
  const port = String((server.address() as AddressInfo).port);
  const write = (TLS_ENABLED: string): void => {
    const scope = { TLS_ENABLED, pod: { address: '127.0.0.1' } };
    const script = renderTemplate(parseTemplate(template('ready.sh')), scope);
    writeFileSync(join(folder, 'ready.sh'), script);
  };
  const ports = { BROKER_LISTEN_PORT: port, LOCAL_LISTEN_PORT: port };
  const ready = (): Promise<[number, string]> =>
    new Promise((resolve) => {
      const env = { ...process.env, ...ports, POD_INSTANCE_INDEX: '2' };
      execFile('bash', ['./ready.sh'], { cwd: folder, env }, (error, stdout) =>
        resolve([typeof error?.code === 'number' ? error.code : 0, stdout]),
      );
    });
  write('false');
  t.match(await ready(), [1, /no answer to Metadata/]);
  answer = metadata([0, 1], [0], [0, 1]);
  t.match(await ready(), [1, /does not list it yet/]);
  answer = metadata([0, 1, 2], [0, 1], [0, 1, 2]);
  t.match(await ready(), [1, /not in sync yet: 1 partitions, readings-0 among them/]);
  answer = metadata([0, 1], [0], [0, 1, 2]);
  t.same(await ready(), [0, ''], "another broker's lag is not its own");
  answer = metadata([0, 1, 2], [0, 1], [0, 1, 2]);
  t.same(await ready(), [0, ''], 'once it was, that it answers is enough');
  t.same(asked.slice(-2), [3, 18]);

  write('true');
  rmSync(join(folder, 'in-sync'));
  writeFileSync(join(folder, 'local.password'), 'cd'.repeat(24));
  t.match(await ready(), [1, /does not know its own password/]);
  writeFileSync(join(folder, 'local.password'), password);
  t.match(await ready(), [1, /not in sync yet: 1 partitions/], 'by the same rules with TLS');
  answer = metadata([0, 1, 2], [0, 2], [0, 1, 2]);
  t.same(await ready(), [0, '']);
  t.same(await ready(), [0, '']);
  t.same(asked.slice(-6), [17, 36, 3, 17, 36, 18]);
});
