/** The authority, and that what it signs is taken by those who have to. */
import { execFileSync } from 'node:child_process';
import { X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { connect, createServer, type SecureContextOptions } from 'node:tls';
import t from 'tap';
import { newAuthority, newKey, requestFor, sign } from '../../src/core/pki/authority.js';
import { keyStore, storePassword, trustStore } from '../../src/core/pki/keystore.js';

const now = Date.now();
const subject = { name: 'node-0.svc', hosts: ['localhost', '127.0.0.1', '127.0.9.9'] };

async function material() {
  const authority = await newAuthority('c1', now);
  const key = await newKey();
  const certificate = sign(authority, requestFor(key, subject), subject, 'svc', now);
  return { authority, pair: { key, certificate } };
}

/** What a client reads from a server with this material; it throws what the handshake throws. */
async function handshake(server: SecureContextOptions, ca: string, host: string): Promise<string> {
  const listener = createServer(server, (socket) => socket.end('hello'));
  listener.on('tlsClientError', () => undefined);
  listener.listen(0, '127.0.0.1');
  await once(listener, 'listening');
  const { port } = listener.address() as AddressInfo;
  try {
    const socket = connect({ host: '127.0.0.1', port, ca, servername: host });
    const chunks: Buffer[] = [];
    for await (const chunk of socket) chunks.push(chunk as Buffer);
    return Buffer.concat(chunks).toString();
  } finally {
    listener.close();
  }
}

t.test('pki › a client trusts what the authority has signed, as PEM and as PKCS#12', async (t) => {
  const { authority, pair } = await material();
  const ca = authority.certificate;
  t.equal(await handshake({ key: pair.key, cert: pair.certificate }, ca, 'localhost'), 'hello');
  const pfx = keyStore(pair, ca);
  t.equal(await handshake({ pfx, passphrase: storePassword }, ca, 'localhost'), 'hello');
  const other = await newAuthority('c2', now);
  const refused = handshake({ pfx, passphrase: storePassword }, other.certificate, 'localhost');
  await t.rejects(refused, /certificate|issuer/);
});

t.test('pki › a certificate names whom it is for and who asked for it', async (t) => {
  const { authority, pair } = await material();
  const read = new X509Certificate(pair.certificate);
  t.match(read.subject, /CN=node-0\.svc\nO=svc/);
  t.ok(read.checkHost('localhost'));
  t.ok(read.checkIP('127.0.9.9'));
  t.notOk(read.checkIP('127.0.9.8'));
  t.ok(read.verify(new X509Certificate(authority.certificate).publicKey));
  t.notOk(read.ca);
});

t.test('pki › a request that is none, or of another key, is refused', async (t) => {
  const { authority } = await material();
  t.throws(() => sign(authority, 'nonsense', subject, 'svc', now), { code: 'invalid' });
  const request = requestFor(await newKey(), subject);
  const body = request.split('\n');
  const middle = Math.floor(body.length / 2);
  body[middle] = (body[middle] ?? '').replace(/[A-Y]/, (char) => (char === 'B' ? 'C' : 'B'));
  t.throws(() => sign(authority, body.join('\n'), subject, 'svc', now), { code: 'invalid' });
});

const keytool = ((): boolean => {
  try {
    execFileSync('keytool', ['-help'], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
})();

t.test('pki › Java reads both stores', { skip: !keytool && 'no JDK here' }, async (t) => {
  const { authority, pair } = await material();
  const folder = t.testdir();
  const list = (name: string, bytes: Buffer): string => {
    writeFileSync(join(folder, name), bytes);
    const args = [
      '-J-Xmx64m',
      '-list',
      '-keystore',
      join(folder, name),
      '-storepass',
      storePassword,
    ];
    return execFileSync('keytool', args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] });
  };
  t.match(list('a.keystore', keyStore(pair, authority.certificate)), /default.*PrivateKeyEntry/s);
  t.match(list('a.truststore', trustStore(authority.certificate, now)), /trustedCertEntry/);
});
