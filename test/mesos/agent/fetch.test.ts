/** Fetching into sandboxes: what is brought, what is shared, and what is refused. */
import { createHash } from 'node:crypto';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import * as http from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import t from 'tap';
import * as tar from 'tar';
import { createFetcher } from '../../../src/mesos/agent/shell/fetch/fetcher.js';

const folder = t.testdir();
const cache = join(folder, 'cache');
const served = new Map<string, Buffer>();
let asked: string[] = [];
const server = http.createServer((request, response) => {
  asked.push(request.url ?? '');
  const body = served.get(request.url ?? '');
  if (request.url === '/moved') response.writeHead(302, { location: '/plain.txt' }).end();
  else if (body === undefined) response.writeHead(404).end();
  else setTimeout(() => response.end(body), 20);
});
await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
t.teardown(() => server.close());
const base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
const fetcher = createFetcher(cache);
let boxes = 0;
const sandbox = (): string => {
  boxes += 1;
  const dir = join(folder, `box-${boxes}`);
  mkdirSync(dir);
  return dir;
};
t.beforeEach(() => {
  asked = [];
});

/** An entry of a tar file, written by hand: the library would refuse to make the bad ones. */
function entry(name: string, type: '0' | '1' | '2' | '6', content = '', link = ''): Buffer {
  const header = Buffer.alloc(512);
  header.write(name, 0);
  header.write('0000644\0', 100);
  header.write('0000000\0'.repeat(2), 108);
  header.write(`${Buffer.byteLength(content).toString(8).padStart(11, '0')}\0`, 124);
  header.write('00000000000\0', 136);
  header.write(' '.repeat(8), 148);
  header.write(type, 156);
  header.write(link, 157);
  header.write('ustar\x0000', 257);
  const sum = header.reduce((total, byte) => total + byte, 0);
  header.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148);
  const padding = Buffer.alloc((512 - (Buffer.byteLength(content) % 512)) % 512);
  return Buffer.concat([header, Buffer.from(content), padding]);
}
const tgz = (...entries: Buffer[]): Buffer =>
  gzipSync(Buffer.concat([...entries, Buffer.alloc(1024)]));

/** A real archive of a program that looks for its neighbour by its own path. */
async function program(): Promise<Buffer> {
  const source = t.testdir({ app: { bin: {}, lib: { words: 'hello' } } });
  writeFileSync(
    join(source, 'app/bin/run'),
    '#!/bin/sh\ncat "$(dirname "$(readlink -f "$0")")"/../lib/words\n',
  );
  chmodSync(join(source, 'app/bin/run'), 0o755);
  symlinkSync('lib/words', join(source, 'app/link'));
  const file = join(folder, 'program.tgz');
  await tar.c({ gzip: true, file, cwd: source }, ['app']);
  return readFileSync(file);
}

t.test(
  'fetch › an artifact is downloaded once, verified, and linked into every sandbox',
  async (t) => {
    const bytes = await program();
    const sha256 = createHash('sha256').update(bytes).digest('hex');
    const path = `/artifacts/${'a'.repeat(40)}/${sha256}/app.tgz`;
    served.set(path, bytes);
    const uris = [{ value: base + path }];
    const all = [sandbox(), sandbox(), sandbox()];
    await Promise.all(all.map((dir) => fetcher.fetch(uris, dir)));
    t.equal(asked.length, 1);
    const later = sandbox();
    const began = performance.now();
    await fetcher.fetch(uris, later);
    t.ok(performance.now() - began < 50, 'a warm start is fast');
    t.equal(asked.length, 1);
    const inodes = [...all, later].map((dir) => statSync(join(dir, 'app/bin/run')).ino);
    t.equal(new Set(inodes).size, 1, 'nothing is copied');
    t.equal(statSync(join(later, 'app/bin/run')).mode & 0o777, 0o555);
    t.equal(readFileSync(join(later, 'app/link'), 'utf8'), 'hello');
    const wrong = `/artifacts/${'a'.repeat(40)}/${'0'.repeat(64)}/app.tgz`;
    served.set(wrong, bytes);
    await t.rejects(fetcher.fetch([{ value: base + wrong }], sandbox()), /sha256 is/);
    t.notOk(readdirSync(cache).some((name) => name.endsWith('.part')));
  },
);

t.test('fetch › archives of one top folder are laid over each other', async (t) => {
  served.set('/one.tgz', tgz(entry('k/a', '0', 'a1'), entry('k/b', '0', 'b1')));
  served.set('/two.tar', Buffer.concat([entry('k/b', '0', 'b2'), Buffer.alloc(1024)]));
  const dir = sandbox();
  await fetcher.fetch([{ value: `${base}/one.tgz` }, { value: `${base}/two.tar` }], dir);
  t.equal(readFileSync(join(dir, 'k/a'), 'utf8'), 'a1');
  t.equal(readFileSync(join(dir, 'k/b'), 'utf8'), 'b2');
});

t.test('fetch › files: names, modes, schemes, redirects', async (t) => {
  served.set('/plain.txt', Buffer.from('plain'));
  served.set('/kept.tgz?x=1', Buffer.from('no archive'));
  const local = join(folder, 'local.txt');
  writeFileSync(local, 'local');
  const dir = sandbox();
  await fetcher.fetch(
    [
      { value: `${base}/plain.txt` },
      { value: `${base}/moved`, output_file: 'sub/moved.txt' },
      { value: `${base}/plain.txt`, output_file: 'tool', executable: true, cache: true },
      { value: `${base}/kept.tgz?x=1`, extract: false },
      { value: `file://${local}`, output_file: 'a' },
      { value: local, output_file: 'b' },
    ],
    dir,
  );
  t.equal(readFileSync(join(dir, 'plain.txt'), 'utf8'), 'plain');
  t.equal(readFileSync(join(dir, 'sub/moved.txt'), 'utf8'), 'plain');
  t.equal(statSync(join(dir, 'tool')).mode & 0o111, 0o111);
  t.equal(readFileSync(join(dir, 'kept.tgz'), 'utf8'), 'no archive');
  t.equal(
    readFileSync(join(dir, 'a'), 'utf8') + readFileSync(join(dir, 'b'), 'utf8'),
    'locallocal',
  );
  served.set('/plain.txt', Buffer.from('newer'));
  await fetcher.fetch([{ value: `${base}/plain.txt`, output_file: 'again' }], dir);
  t.equal(readFileSync(join(dir, 'again'), 'utf8'), 'newer', 'what may change is not kept');
  const refused = [
    { value: 'relative/path', says: /only http/ },
    { value: 'ftp://host/x', says: /only http/ },
    { value: `${base}/plain.txt`, output_file: '../out', says: /not inside the sandbox/ },
    { value: `${base}/none?token=secret`, says: /^Failed to fetch '[^?]*\/none': .*404/ },
    { value: join(folder, 'missing'), says: /ENOENT/ },
  ];
  for (const { says, ...uri } of refused) {
    await t.rejects(fetcher.fetch([uri], dir), { message: says });
  }
});

t.test('fetch › no archive leads out of the sandbox', async (t) => {
  const bad: Record<string, Buffer> = {
    parent: tgz(entry('../out', '0', 'x')),
    nested: tgz(entry('a/../../out', '0', 'x')),
    absolute: tgz(entry('/tmp/dcos-test-out', '0', 'x')),
    link: tgz(entry('l', '2', '', '../..')),
    'absolute-link': tgz(entry('l', '2', '', '/etc')),
    'hard-link': tgz(entry('l', '1', '', '../../secret')),
    through: tgz(entry('l', '2', '', '.'), entry('l/../../out', '0', 'x')),
    pipe: tgz(entry('p', '6')),
    garbage: Buffer.from('this is no archive at all'),
    cut: tgz(entry('a', '0', 'x'.repeat(5000))).subarray(0, 40),
  };
  for (const [name, bytes] of Object.entries(bad)) {
    served.set(`/${name}.tgz`, bytes);
    const dir = sandbox();
    await t.rejects(fetcher.fetch([{ value: `${base}/${name}.tgz`, cache: true }], dir), name);
    t.same(readdirSync(dir), [], name);
  }
  t.notOk(existsSync(join(folder, 'out')));
  t.notOk(existsSync('/tmp/dcos-test-out'));
  const inside = tgz(entry('d/f', '0', 'x'), entry('d/l', '2', '', '../d/f'));
  served.set('/inside.tgz', inside);
  const dir = sandbox();
  await fetcher.fetch([{ value: `${base}/inside.tgz` }], dir);
  t.equal(readFileSync(join(dir, 'd/l'), 'utf8'), 'x');
});

t.test('fetch › zip archives', async (t) => {
  served.set('/z.zip', zip([{ name: 'z/f', content: 'zipped', mode: 0o100755 }]));
  served.set('/up.zip', zip([{ name: '../f', content: 'x', mode: 0o100644 }]));
  served.set('/link.zip', zip([{ name: 'l', content: '/etc/passwd', mode: 0o120777 }]));
  const dir = sandbox();
  await fetcher.fetch([{ value: `${base}/z.zip` }], dir);
  t.equal(readFileSync(join(dir, 'z/f'), 'utf8'), 'zipped');
  t.equal(statSync(join(dir, 'z/f')).mode & 0o111, 0o111);
  for (const name of ['up', 'link']) {
    await t.rejects(fetcher.fetch([{ value: `${base}/${name}.zip` }], dir), name);
  }
});

t.test('fetch › copies that nobody used for long are collected', async (t) => {
  served.set('/old.txt', Buffer.from('old'));
  await fetcher.fetch([{ value: `${base}/old.txt`, cache: true }], sandbox());
  const before = readdirSync(cache).length;
  await fetcher.collect(0.5);
  t.equal(readdirSync(cache).length, before);
  const dayAgo = new Date(Date.now() - 24 * 3600 * 1000);
  for (const name of readdirSync(cache)) utimesSync(join(cache, name, 'complete'), dayAgo, dayAgo);
  await fetcher.collect(0.5);
  t.equal(readdirSync(cache).length, before);
  await fetcher.collect(0.01);
  t.equal(readdirSync(cache).length, 0);
});

interface ZipEntry {
  readonly name: string;
  readonly content: string;
  readonly mode: number;
}

/** A zip file with stored entries. */
function zip(entries: readonly ZipEntry[]): Buffer {
  const parts: Buffer[] = [];
  const central: Buffer[] = [];
  let offset = 0;
  for (const { name, content, mode } of entries) {
    const data = Buffer.from(content);
    const common = Buffer.alloc(26);
    common.writeUInt16LE(20, 0);
    common.writeUInt32LE(crc32(data), 10);
    common.writeUInt32LE(data.length, 14);
    common.writeUInt32LE(data.length, 18);
    common.writeUInt16LE(name.length, 22);
    const local = Buffer.concat([Buffer.from('PK\x03\x04'), common, Buffer.from(name), data]);
    const tail = Buffer.alloc(14);
    tail.writeUInt32LE((mode * 65536) >>> 0, 6);
    tail.writeUInt32LE(offset, 10);
    const madeBy = Buffer.from([20, 3]);
    const head = Buffer.from('PK\x01\x02');
    central.push(Buffer.concat([head, madeBy, common, tail, Buffer.from(name)]));
    parts.push(local);
    offset += local.length;
  }
  const directory = Buffer.concat(central);
  const end = Buffer.alloc(22);
  end.write('PK\x05\x06', 'latin1');
  end.writeUInt16LE(entries.length, 8);
  end.writeUInt16LE(entries.length, 10);
  end.writeUInt32LE(directory.length, 12);
  end.writeUInt32LE(offset, 16);
  return Buffer.concat([...parts, directory, end]);
}

function crc32(data: Buffer): number {
  let crc = 0xffffffff;
  for (const byte of data) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit += 1) crc = (crc >>> 1) ^ (crc & 1 ? 0xedb88320 : 0);
  }
  return (crc ^ 0xffffffff) >>> 0;
}
