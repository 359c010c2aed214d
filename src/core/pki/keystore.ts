/** Keys and certificates in the forms in which Java programs read them. */
import { createHash } from 'node:crypto';
import forge from 'node-forge';
import type { KeyPair } from './authority.js';

/** Of every store (reference/sdk.md §2): a name for the form, no protection. */
export const storePassword = 'notsecure';

/** A PKCS#12 key store with the key, its certificate and that of the authority. */
export function keyStore({ key, certificate }: KeyPair, authority: string): Buffer {
  const store = forge.pkcs12.toPkcs12Asn1(
    forge.pki.privateKeyFromPem(key),
    [forge.pki.certificateFromPem(certificate), forge.pki.certificateFromPem(authority)],
    storePassword,
    { algorithm: 'aes256', friendlyName: 'default' },
  );
  return Buffer.from(forge.asn1.toDer(store).getBytes(), 'binary');
}

/**
 * A trust store with the authority's certificate, in the format JKS: a certificate in a PKCS#12
 * store is trusted by Java only with an attribute of its own. `now`: ms since 1970.
 */
export function trustStore(authority: string, now: number): Buffer {
  const der = Buffer.from(authority.replace(/-----[^-]+-----|\s/g, ''), 'base64');
  const head = Buffer.alloc(16);
  head.writeUInt32BE(0xfeedfeed, 0);
  head.writeUInt32BE(2, 4);
  head.writeUInt32BE(1, 8);
  // A trusted certificate follows.
  head.writeUInt32BE(2, 12);
  const created = Buffer.alloc(8);
  created.writeBigUInt64BE(BigInt(now));
  const size = Buffer.alloc(4);
  size.writeUInt32BE(der.length);
  const body = Buffer.concat([head, utf('dcos-ca'), created, utf('X.509'), size, der]);
  const secret = Buffer.from(storePassword, 'utf16le').swap16();
  const digest = createHash('sha1').update(secret).update('Mighty Aphrodite').update(body).digest();
  return Buffer.concat([body, digest]);
}

/** As Java's `writeUTF` for plain letters: two bytes of length, then the text. */
function utf(text: string): Buffer {
  const length = Buffer.alloc(2);
  length.writeUInt16BE(text.length);
  return Buffer.concat([length, Buffer.from(text)]);
}
