/**
 * Who is who between our own servers: each principal's secret follows from the cluster's key, so
 * that the master knows a new service's secret without being told (DESIGN §11.10), and artifact
 * paths are signed by the same key (§11.3).
 */
import { createHmac, timingSafeEqual } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';

/** A principal of Mesos and what proves it. */
export interface Credential {
  readonly principal: string;
  readonly secret: string;
}

/**
 * The secret of `principal`: hex, 64 characters. `clusterKey` is the text of `keys/cluster.key`.
 */
export function secretOf(clusterKey: string, principal: string): string {
  return createHmac('sha256', clusterKey).update(`principal:${principal}`).digest('hex');
}

/** The value of an `Authorization` header for HTTP Basic. */
export function basicAuthorization(principal: string, secret: string): string {
  return `Basic ${Buffer.from(`${principal}:${secret}`).toString('base64')}`;
}

/**
 * The principal that an HTTP Basic header proves to be, by `secretOf`; `undefined` if it proves
 * none.
 */
export function principalOf(headers: IncomingHttpHeaders, clusterKey: string): string | undefined {
  const encoded = /^Basic (\S+)$/i.exec(headers.authorization ?? '')?.[1];
  if (encoded === undefined) return undefined;
  const text = Buffer.from(encoded, 'base64').toString('utf8');
  const colon = text.indexOf(':');
  if (colon < 1) return undefined;
  const principal = text.slice(0, colon);
  return equalSecrets(text.slice(colon + 1), secretOf(clusterKey, principal))
    ? principal
    : undefined;
}

/** Compares in constant time. */
export function equalSecrets(given: string, expected: string): boolean {
  const a = Buffer.from(given);
  const b = Buffer.from(expected);
  return a.length === b.length && timingSafeEqual(a, b);
}

/** The first segment of an artifact's path: hex HMAC of its sha256. */
export function artifactSignature(clusterKey: string, sha256: string): string {
  return createHmac('sha256', clusterKey).update(`artifact:${sha256}`).digest('hex').slice(0, 40);
}
