// Files that users hand in for their jobs, by the HTTP API: kept, served to agents, bounded.
import { createHash } from 'node:crypto';
import { mkdirSync, readdirSync, truncateSync, utimesSync, writeFileSync } from 'node:fs';
import http from 'node:http';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { callHttp, callJson } from '../../src/core/http/request.js';
import { startServer } from '../../src/core/http/server.js';
import { silentLogger } from '../../src/core/logger.js';
import { artifactsRoute } from '../../src/packages/artifacts/serve.js';
import { maxUploadBytes, openUploads } from '../../src/packages/artifacts/uploads.js';
import { until } from '../helpers/wait.js';

const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex');
const octets = { 'content-type': 'application/octet-stream' };

interface Taken {
  readonly url: string;
  readonly sha256: string;
  readonly size: number;
}

/** A server of uploads for whoever says `token=yes`, in the folder `dir`. */
async function aServer(t: Test, dir: string): Promise<{ url: string; taken: string }> {
  const uploads = openUploads(dir, 'key', 'http://10.0.0.1:1/');
  const server = await startServer({
    ...{ host: '127.0.0.1', port: 0, wwwAuthenticate: 'x', log: silentLogger },
    authenticate: async ({ authorization }) =>
      authorization === 'token=yes' ? ({ uid: 'ann' } as never) : undefined,
    routes: [uploads.route, artifactsRoute(uploads, uploads, 'key')],
  });
  t.teardown(() => server.close());
  const url = `http://127.0.0.1:${server.port}`;
  return { url, taken: `${url}/artifacts/uploads` };
}

function handIn(url: string, body: string, token = 'yes') {
  const headers = { ...octets, authorization: `token=${token}` };
  return callHttp({ method: 'POST', url, headers, body: Buffer.from(body) });
}

t.test('uploads › a file is kept by its hash and fetched by whoever has its URL', async (t) => {
  const dir = join(t.testdir(), 'uploads');
  const { url, taken } = await aServer(t, dir);
  const answer = await handIn(`${taken}/job.py`, 'print(1)');
  t.equal(answer.status, 200);
  const file = JSON.parse(answer.body.toString()) as Taken;
  t.match(file, { sha256: sha256('print(1)'), size: 8 });
  t.match(file.url, /^http:\/\/10\.0\.0\.1:1\/artifacts\/[^/]+\/[^/]+\/job\.py$/);
  const fetched = await callHttp({ method: 'GET', url: file.url.replace(/.*:1\//, `${url}/`) });
  t.equal(fetched.body.toString(), 'print(1)');
  const again = await handIn(`${taken}/job.py`, 'print(1)');
  t.equal(
    (JSON.parse(again.body.toString()) as Taken).url,
    file.url,
    'the same file, the same URL',
  );
  t.same(readdirSync(dir), [file.sha256], 'kept once, nothing half-written beside it');
});

t.test('uploads › nobody without a login, no name that is a path', async (t) => {
  const dir = join(t.testdir(), 'uploads');
  const { taken } = await aServer(t, dir);
  t.equal((await handIn(`${taken}/job.py`, 'x', 'no')).status, 401);
  for (const name of ['..%2Fx', '.hidden', 'a%20b', 'a%0Ab', 'x'.repeat(201)]) {
    const { status, json } = await callJson({
      ...{ method: 'POST', url: `${taken}/${name}`, body: Buffer.from('x') },
      headers: { ...octets, authorization: 'token=yes' },
    });
    t.equal(status, 400, name);
    t.match(JSON.stringify(json), /is no name for an upload/);
  }
  t.throws(() => readdirSync(dir), { code: 'ENOENT' }, 'nothing was written');
});

t.test('uploads › too large is said before it is sent', async (t) => {
  const dir = join(t.testdir(), 'uploads');
  const { taken } = await aServer(t, dir);
  const answer = await new Promise<{ status?: number; text: string }>((resolve, reject) => {
    const headers = { ...octets, authorization: 'token=yes', 'content-length': maxUploadBytes + 1 };
    const request = http.request(`${taken}/big.jar`, { method: 'POST', headers }, (response) => {
      let text = '';
      response.setEncoding('utf8').on('data', (chunk: string) => {
        text += chunk;
      });
      response.on('end', () => {
        request.destroy();
        resolve({ status: response.statusCode ?? 0, text });
      });
    });
    request.on('error', reject);
    request.flushHeaders();
  });
  t.equal(answer.status, 413);
  t.match(answer.text, /512 MiB at most/);
  t.match(answer.text, /HDFS or a web server/);
});

t.test('uploads › a file whose sender goes away leaves nothing', async (t) => {
  const dir = join(t.testdir(), 'uploads');
  const { taken } = await aServer(t, dir);
  await new Promise<void>((resolve) => {
    const headers = { ...octets, authorization: 'token=yes', 'content-length': 1000 };
    const request = http.request(`${taken}/job.py`, { method: 'POST', headers });
    request.on('error', () => {}).on('close', resolve);
    request.write('half of it', () => request.destroy());
  });
  await handIn(`${taken}/other.py`, 'whole');
  const names = (): string[] => readdirSync(dir);
  await until(() => names().length === 1, { what: 'the half to be gone', timeoutMs: 30_000 });
  t.same(names(), [sha256('whole')]);
});

t.test('uploads › what is unused for long goes, and the oldest beyond 4 GiB', async (t) => {
  const dir = join(t.testdir(), 'uploads');
  mkdirSync(dir);
  const hoursAgo = (name: string, hours: number, bytes: number): void => {
    writeFileSync(join(dir, name), '');
    // Sparse: it has that size, and takes no room.
    truncateSync(join(dir, name), bytes);
    const at = Date.now() / 1000 - hours * 3600;
    utimesSync(join(dir, name), at, at);
  };
  const gib = 1024 ** 3;
  hoursAgo('unused', 24 * 31, 10);
  hoursAgo('old', 24 * 29, 10);
  hoursAgo('large', 3, 3 * gib);
  const { taken } = await aServer(t, dir);
  await handIn(`${taken}/job.py`, 'one');
  t.same(readdirSync(dir).sort(), [sha256('one'), 'large', 'old'].sort());
  hoursAgo('larger', 2, 2 * gib);
  hoursAgo('fresh', 0.5, 3 * gib);
  await handIn(`${taken}/job.py`, 'two');
  const left = [sha256('one'), sha256('two'), 'fresh'];
  t.same(readdirSync(dir).sort(), left.sort(), 'one that was just handed in stays however full');
});
