/** Who calls: login, and how a cluster wants it done. */
import { DcosError } from '../core/errors.js';
import { asObject, errorOfAnswer } from './answers.js';
import type { Http } from './http.js';

/** The ways to log in that a cluster offers, as it tells them. */
export async function authProviders(http: Http): Promise<Record<string, unknown>> {
  return asObject(
    await http.json({ method: 'GET', path: '/acs/api/v1/auth/providers', isOpen: true }),
  );
}

/**
 * Logs in with user and password at `path`; gives the token. Throws `auth` with the server's
 * reason.
 */
export async function login(
  http: Http,
  uid: string,
  password: string,
  path = '/acs/api/v1/auth/login',
): Promise<string> {
  const answer = await http.answer({ method: 'POST', path, body: { uid, password }, isOpen: true });
  const { token } = asObject(answer.data);
  if (answer.status < 400 && typeof token === 'string') return token;
  if (answer.status >= 400) throw errorOfAnswer(answer, http.connection.url);
  throw new DcosError('auth', `${http.connection.url} gave no token`, { status: answer.status });
}

/** How long a cluster may take to revoke a token, in ms. */
const revokeMs = 3000;

/** Has the cluster revoke the caller's token; false where it can't: not there, or not offered. */
export async function revokeToken(http: Http): Promise<boolean> {
  const path = '/acs/api/v1/auth/logout';
  try {
    const { status } = await http.answer({ method: 'POST', path, timeoutMs: revokeMs });
    return status < 400;
  } catch (error) {
    if (error instanceof DcosError) return false;
    throw error;
  }
}
