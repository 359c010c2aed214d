/**
 * Tokens: signed by the control plane's private key, verified by anybody with its public one.
 * Ed25519 JSON Web Tokens; algorithm and key type are fixed, so neither `none` nor another family
 * is ever taken.
 */
import { createPublicKey, verify } from 'node:crypto';
import { DcosError } from './errors.js';
import type { Caller } from './http/server.js';
import { tryParseJson } from './json.js';

/**
 * Verifies `token` with the PEM public key; `nowMs` is ms since 1970. Throws `auth` saying what is
 * wrong with it.
 */
export function verifyToken(token: string, publicKeyPem: string, nowMs: number): Caller {
  const [header, payload, signature, ...more] = token.split('.');
  if (!header || !payload || !signature || more.length > 0) throw wrong('it is no token of ours');
  const head = decodePart(header);
  if (head.alg !== 'EdDSA') throw wrong('it is signed in a way that is not accepted');
  const key = createPublicKey(publicKeyPem);
  const signed = Buffer.from(`${header}.${payload}`);
  if (
    key.asymmetricKeyType !== 'ed25519' ||
    !verify(null, signed, key, Buffer.from(signature, 'base64url'))
  ) {
    throw wrong('its signature is not of this cluster');
  }
  const claims = decodePart(payload);
  if (typeof claims.uid !== 'string') throw wrong('it names nobody');
  if (typeof claims.exp !== 'number' || claims.exp * 1000 <= nowMs) throw wrong('it has expired');
  return { uid: claims.uid, claims };
}

/** The token of an `Authorization: token=…` (DC/OS) or `Bearer …` header, if there is one. */
export function tokenOf(authorization: string | undefined): string | undefined {
  return /^(?:token=|Bearer )\s*(\S+)$/i.exec(authorization ?? '')?.[1];
}

function decodePart(part: string): Record<string, unknown> {
  const value = tryParseJson(Buffer.from(part, 'base64url').toString('utf8'));
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
}

function wrong(reason: string): DcosError {
  return new DcosError('auth', `the token was not accepted: ${reason}`, {
    status: 401,
    hint: 'Log in again: dcos auth login',
  });
}
