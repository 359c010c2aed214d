/** The authority's two routes: made once, kept, and what it signs verifies. */
import { X509Certificate } from 'node:crypto';
import { readdirSync, statSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import t from 'tap';
import { authorityRoutes } from '../../src/cluster/authority.js';
import type { Answer, Request } from '../../src/core/http/server.js';
import { newKey, requestFor } from '../../src/core/pki/authority.js';

const clock = { now: () => Date.now(), monotonic: () => 0 };

const call = async (dir: string, path: string, body?: unknown): Promise<Answer> => {
  const route = authorityRoutes(dir, 'c1', clock).find((one) => one.path === path);
  const request = { caller: { uid: 'svc' }, json: async () => body } as unknown as Request;
  return (await route?.handle(request)) as Answer;
};

t.test('ca › it is made once, for its owner’s eyes, and signs what services ask for', async (t) => {
  const dir = t.testdir();
  await mkdir(join(dir, 'keys'));
  const first = await call(dir, '/ca/dcos-ca.crt');
  const again = await call(dir, '/ca/dcos-ca.crt');
  t.equal(again.text, first.text, 'the same after a restart');
  for (const name of readdirSync(join(dir, 'keys'))) {
    t.equal(statSync(join(dir, 'keys', name)).mode & 0o077, 0, `${name} is nobody else's`);
  }
  const subject = { name: 'node-0-server.svc', hosts: ['127.0.0.9', 'agent-1'] };
  const csr = requestFor(await newKey(), subject);
  const { json } = await call(dir, '/ca/v1/sign', { csr, ...subject });
  const { certificate, ca } = json as { certificate: string; ca: string };
  t.equal(ca, first.text);
  const read = new X509Certificate(certificate);
  t.ok(read.verify(new X509Certificate(ca).publicKey));
  t.match(read.subject, /O=svc/);
  t.ok(read.checkIP('127.0.0.9') && read.checkHost('agent-1'));
});

t.test('ca › what cannot be signed is refused with the field', async (t) => {
  const dir = t.testdir();
  await mkdir(join(dir, 'keys'));
  const hosts = ['a b'];
  await t.rejects(call(dir, '/ca/v1/sign', { csr: 'x', name: 'n', hosts }), /hosts\.0/);
  await t.rejects(call(dir, '/ca/v1/sign', { csr: 'x', name: 'n', hosts: ['a'] }), {
    code: 'invalid',
  });
});
