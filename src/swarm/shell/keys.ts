/** The key that executors know their manager by, and the tokens that it signs for each of them. */
import { createPrivateKey, createPublicKey, generateKeyPairSync, sign } from 'node:crypto';
import type { Store } from '../../core/store/store.js';

const keyRecord = 'key';
const tokenLifeSeconds = 3_600;

/** Signs for executors. */
export interface ManagerKeys {
  /** PEM. */
  readonly publicKey: string;
  /** A token that only the executor `executorId` takes; `now` in ms since 1970. */
  tokenFor(executorId: string, now: number): string;
  /** A token by which a client of `uid` uses the Docker API for `lifeMs`. */
  credentialFor(uid: string, now: number, lifeMs: number): string;
}

/** Reads the key of the store, or makes it. */
export async function openKeys(
  store: Store,
  records: ReadonlyMap<string, unknown>,
): Promise<ManagerKeys> {
  let pem = (records.get(keyRecord) as { privateKey?: string } | undefined)?.privateKey;
  if (pem === undefined) {
    const { privateKey } = generateKeyPairSync('ed25519');
    pem = privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
    await store.commit([{ key: keyRecord, value: { privateKey: pem } }]);
  }
  const key = createPrivateKey(pem);
  const publicKey = createPublicKey(key).export({ type: 'spki', format: 'pem' }).toString();
  const signed = (claims: object): string => {
    const part = (value: unknown): string =>
      Buffer.from(JSON.stringify(value)).toString('base64url');
    const text = `${part({ alg: 'EdDSA', typ: 'JWT' })}.${part(claims)}`;
    return `${text}.${sign(null, Buffer.from(text), key).toString('base64url')}`;
  };
  const known = new Map<string, { readonly token: string; readonly until: number }>();
  return {
    publicKey,
    tokenFor: (executorId, now) => {
      const old = known.get(executorId);
      if (old !== undefined && now < old.until && old.until - now < tokenLifeSeconds * 1000) {
        return old.token;
      }
      const iat = Math.floor(now / 1000);
      const token = signed({ uid: 'swarm', aud: executorId, iat, exp: iat + tokenLifeSeconds });
      if (known.size > 10_000) known.clear();
      known.set(executorId, { token, until: now + (tokenLifeSeconds * 1000) / 2 });
      return token;
    },
    credentialFor: (uid, now, lifeMs) => {
      const iat = Math.floor(now / 1000);
      return signed({ uid, aud: 'api', iat, exp: iat + Math.floor(lifeMs / 1000) });
    },
  };
}
