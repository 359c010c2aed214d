/**
 * Tokens of the control plane: signed here, verified by anybody with the public key
 * (`core/tokens.ts`).
 */
import { createPrivateKey, type KeyObject, sign } from 'node:crypto';
import { DcosError } from '../../core/errors.js';

/** How long a token is good for, in ms. */
export const tokenLifeMs = 60 * 60 * 1000;

/** What a token says. Times are seconds since 1970 (RFC 7519). */
export interface Claims {
  readonly uid: string;
  /** Of a service account: it reaches its own part of the store and nothing of the users'. */
  readonly is_service?: true;
  readonly jti: string;
  readonly iat: number;
  readonly exp: number;
}

/** Reads the signing key. Throws `corrupt` where it is no Ed25519 key. */
export function readSigningKey(pem: string, file: string): KeyObject {
  try {
    const key = createPrivateKey(pem);
    if (key.asymmetricKeyType === 'ed25519') return key;
  } catch {
    // Falls through: the key is unusable either way, and its text must not be shown.
  }
  throw new DcosError('corrupt', `${file} holds no Ed25519 private key`, {
    hint: 'Restore it, or start anew with: dcos down --purge',
  });
}

/** The token of `claims`: a JSON Web Token with EdDSA. */
export function signToken(key: KeyObject, claims: Claims): string {
  const part = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url');
  const signed = `${part({ alg: 'EdDSA', typ: 'JWT' })}.${part(claims)}`;
  return `${signed}.${sign(null, Buffer.from(signed), key).toString('base64url')}`;
}
