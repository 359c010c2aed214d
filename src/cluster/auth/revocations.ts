/** Tokens that were given back before their time. Pure: changes the state that it is given. */

/**
 * The most single tokens that are remembered; beyond it all tokens of the past are revoked
 * together.
 */
export const maxRevoked = 10_000;

/** What was revoked. */
export interface Revocations {
  /** Expiry in seconds since 1970, by token id. */
  readonly tokens: Map<string, number>;
  /** Tokens issued before this second are all revoked. */
  before: number;
}

/** Nothing revoked. */
export function noRevocations(): Revocations {
  return { tokens: new Map(), before: 0 };
}

/**
 * Revokes one token and forgets those that have expired meanwhile; returns the ids forgotten.
 * The list is full only if 10,000 logins were given back within the hour: then every token of the
 * past is revoked, so that none comes back to life by being forgotten.
 */
export function revoke(
  state: Revocations,
  token: { readonly jti: string; readonly exp: number },
  nowS: number,
): string[] {
  const forgotten = [...state.tokens].filter(([, exp]) => exp <= nowS).map(([jti]) => jti);
  for (const jti of forgotten) state.tokens.delete(jti);
  if (state.tokens.size >= maxRevoked) {
    forgotten.push(...state.tokens.keys());
    state.tokens.clear();
    state.before = nowS + 1;
    return forgotten;
  }
  state.tokens.set(token.jti, token.exp);
  return forgotten;
}

/**
 * Whether a token with these claims was revoked. A token without id or issue time never came from
 * us.
 */
export function isRevoked(state: Revocations, claims: Readonly<Record<string, unknown>>): boolean {
  const { jti, iat } = claims;
  if (typeof jti !== 'string' || typeof iat !== 'number') return true;
  return iat < state.before || state.tokens.has(jti);
}
