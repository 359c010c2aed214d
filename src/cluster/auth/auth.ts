/**
 * Who may come in: logs users and service accounts in, knows callers by their tokens, takes tokens
 * back (DESIGN §9).
 */
import type { IncomingHttpHeaders } from 'node:http';
import { z } from 'zod';
import type { Clock } from '../../core/clock.js';
import { equalSecrets, secretOf } from '../../core/credentials.js';
import { DcosError } from '../../core/errors.js';
import type { Caller } from '../../core/http/server.js';
import { tryParseJson } from '../../core/json.js';
import type { Random } from '../../core/random.js';
import type { Store, Write } from '../../core/store/store.js';
import { tokenOf, verifyToken } from '../../core/tokens.js';
import {
  hashPassword,
  type PasswordHash,
  passwordHashSchema,
  passwordMatches,
} from './passwords.js';
import { isRevoked, noRevocations, revoke } from './revocations.js';
import { noteFailure, noteSuccess, type Throttle, waitMs } from './throttle.js';
import { readSigningKey, signToken, tokenLifeMs } from './tokens.js';

/** How `auth` is set up. */
export interface AuthOptions {
  readonly clusterKey: string;
  readonly privateKeyPem: string;
  readonly publicKeyPem: string;
  /** The text of `local/credential`; the first user is made from it. */
  readonly credential: string;
  readonly store: Store;
  readonly clock: Clock;
  readonly random: Random;
}

/** Logs in, knows callers, logs out. */
export interface Auth {
  /**
   * The caller that the headers' token names; `undefined` without a token. Throws `auth` for one
   * that is not good.
   */
  authenticate(headers: IncomingHttpHeaders): Promise<Caller | undefined>;
  /**
   * A token for `uid` with that password (a service account: its secret). Throws `auth`, or
   * `refused` (429) after too many failures.
   */
  login(uid: string, password: string): Promise<string>;
  /** Takes the token of `caller` back. */
  logout(caller: Caller): Promise<void>;
  /** A token for the control plane's own calls. */
  internalToken(): string;
}

const credentialSchema = z.object({ uid: z.string().min(1), password: z.string().min(1) });
const userSchema = z.object({ uid: z.string(), password: passwordHashSchema });
const beforeKey = 'revoked-before';
/** Own tokens are renewed when this much of their life is left, in ms. */
const renewMs = 5 * 60_000;

/**
 * Loads users and revocations; makes the first user from the credential. Throws `corrupt` where a
 * key or the credential is damaged.
 */
export async function openAuth(options: AuthOptions): Promise<Auth> {
  const { clusterKey, publicKeyPem, store, clock, random } = options;
  const key = readSigningKey(options.privateKeyPem, 'keys/token-private.pem');
  const users = await loadUsers(options);
  const revoked = await loadRevocations(store);
  const throttle: Throttle = new Map();

  const issue = (uid: string, isService: boolean): string => {
    const iat = Math.floor(clock.now() / 1000);
    const exp = iat + tokenLifeMs / 1000;
    return signToken(key, {
      uid,
      ...(isService ? { is_service: true } : {}),
      jti: random.uuid(),
      iat,
      exp,
    });
  };
  const passwordGood = async (uid: string, password: string): Promise<boolean> => {
    const user = users.get(uid);
    if (user !== undefined) return passwordMatches(password, user);
    return equalSecrets(password, secretOf(clusterKey, uid));
  };
  let own = { token: '', renewAt: 0 };

  return {
    authenticate: async (headers) => {
      const token = tokenOf(headers.authorization);
      if (token === undefined) return undefined;
      const caller = verifyToken(token, publicKeyPem, clock.now());
      if (!isRevoked(revoked, caller.claims ?? {})) return caller;
      throw new DcosError('auth', 'the token was not accepted: it was given back', {
        status: 401,
        hint: 'Log in again: dcos auth login',
      });
    },
    login: async (uid, password) => {
      const wait = waitMs(throttle, uid, clock.monotonic());
      if (wait > 0) throw tooMany(wait);
      // Counted before the password is looked at, so that many tries at once do not slip through
      // together.
      noteFailure(throttle, uid, clock.monotonic());
      if (!(await passwordGood(uid, password)))
        throw new DcosError('auth', 'user or password is wrong');
      noteSuccess(throttle, uid);
      return issue(uid, !users.has(uid));
    },
    logout: async (caller) => {
      const { jti, exp } = caller.claims ?? {};
      if (typeof jti !== 'string' || typeof exp !== 'number') return;
      const forgotten = revoke(revoked, { jti, exp }, Math.floor(clock.now() / 1000));
      const writes: Write[] = forgotten.map((id) => ({ key: `revoked/${id}`, value: null }));
      writes.push({ key: beforeKey, value: revoked.before });
      if (revoked.tokens.has(jti)) writes.push({ key: `revoked/${jti}`, value: exp });
      await store.commit(writes);
    },
    internalToken: () => {
      if (clock.now() >= own.renewAt) {
        own = { token: issue('control', false), renewAt: clock.now() + tokenLifeMs - renewMs };
      }
      return own.token;
    },
  };
}

function tooMany(wait: number): DcosError {
  const seconds = Math.ceil(wait / 1000);
  return new DcosError('refused', `too many failed logins; try again in ${seconds} s`, {
    status: 429,
    data: { retryAfterS: seconds },
  });
}

async function loadUsers({ store, credential }: AuthOptions): Promise<Map<string, PasswordHash>> {
  const users = new Map<string, PasswordHash>();
  for (const record of (await store.load('user/')).values()) {
    const user = userSchema.parse(record);
    users.set(user.uid, user.password);
  }
  if (users.size > 0) return users;
  const parsed = credentialSchema.safeParse(tryParseJson(credential));
  if (!parsed.success) {
    throw new DcosError('corrupt', 'the file credential is damaged: it must hold uid and password');
  }
  const { uid, password } = parsed.data;
  const hash = await hashPassword(password);
  await store.commit([{ key: `user/${uid}`, value: { uid, password: hash } }]);
  return users.set(uid, hash);
}

async function loadRevocations(store: Store) {
  const revoked = noRevocations();
  for (const [key, exp] of await store.load('revoked/')) {
    if (typeof exp === 'number') revoked.tokens.set(key.slice('revoked/'.length), exp);
  }
  const before = (await store.load(beforeKey)).get(beforeKey);
  if (typeof before === 'number') revoked.before = before;
  return revoked;
}
