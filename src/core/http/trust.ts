/** Certificate authorities of the user's own, which this process believes beside the known ones. */
import * as https from 'node:https';
import { rootCertificates } from 'node:tls';

const own = new Set<string>();

/** Believes in what this authority signs, from the next connection on. `pem` may hold several. */
export function trustAuthority(pem: string): void {
  own.add(pem);
  https.globalAgent.options.ca = trusted();
}

/** What servers are checked against; `undefined` while there is nothing of one's own. */
export function trusted(): string[] | undefined {
  return own.size === 0 ? undefined : [...rootCertificates, ...own];
}
