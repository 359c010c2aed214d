/** A TLS front of something that speaks plain TCP, with an authority of its own. */
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { createServer } from 'node:tls';
import { newAuthority, newKey, requestFor, sign } from '../../src/core/pki/authority.js';

/** A running front. */
export interface TlsFront {
  /** `https://127.0.0.1:port`. */
  readonly url: string;
  /** PEM of who signed for it. */
  readonly authority: string;
  close(): Promise<void>;
}

/** Starts one before `origin`, `http://host:port`. */
export async function tlsFront(origin: string): Promise<TlsFront> {
  const now = Date.now();
  const authority = await newAuthority('front', now);
  const key = await newKey();
  const subject = { name: 'front', hosts: ['127.0.0.1'] };
  const cert = sign(authority, requestFor(key, subject), subject, 'test', now);
  const open = new Set<Socket>();
  const { hostname, port } = new URL(origin);
  const server = createServer({ key, cert }, (client) => {
    const inner = connect(Number(port), hostname);
    for (const [one, other] of [
      [client, inner],
      [inner, client],
    ] as const) {
      open.add(one);
      one.pipe(other);
      one.on('error', () => other.destroy());
      one.on('close', () => {
        open.delete(one);
        other.destroy();
      });
    }
  });
  server.on('tlsClientError', () => {});
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  return {
    url: `https://127.0.0.1:${address.port}`,
    authority: authority.certificate,
    close: async () => {
      for (const socket of open) socket.destroy();
      server.close();
      await once(server, 'close');
    },
  };
}
