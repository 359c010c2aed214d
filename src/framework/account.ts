/**
 * A framework's service account: logs in at the control plane when a token is asked for and the
 * last one is old.
 */
import { DcosError } from '../core/errors.js';
import { callJson } from '../core/http/request.js';

/** Half of a token's life (docs/architecture.md, "Who is who"): after that it is renewed. */
const renewAfterMs = 25 * 60_000;

/** Who logs in, and where. */
export interface ServiceAccount {
  /** `http://host:port` of the control plane. */
  readonly controlUrl: string;
  readonly principal: string;
  readonly secret: string;
}

/**
 * Gives a token that is valid for some time yet; `now` in ms since 1970. What it gives throws
 * `auth`, and as `callHttp`.
 */
export function tokenSource(account: ServiceAccount, now: () => number): () => Promise<string> {
  const { controlUrl, principal, secret } = account;
  let current: { readonly token: string; readonly at: number } | undefined;
  return async () => {
    const age = current === undefined ? renewAfterMs : now() - current.at;
    if (current !== undefined && age >= 0 && age < renewAfterMs) return current.token;
    const answer = await callJson({
      method: 'POST',
      url: `${controlUrl}/acs/api/v1/auth/login`,
      json: { uid: principal, password: secret },
    });
    const token = (answer.json as { token?: unknown } | undefined)?.token;
    if (answer.status !== 200 || typeof token !== 'string') {
      const text = JSON.stringify(answer.json ?? null).slice(0, 200);
      throw new DcosError(
        'auth',
        `logging in as ${principal} failed with ${answer.status}: ${text}`,
      );
    }
    current = { token, at: now() };
    return token;
  };
}
