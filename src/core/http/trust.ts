/** Certificate authorities of the user's own, which this process believes beside the known ones. */
import * as https from 'node:https';
import { rootCertificates } from 'node:tls';

// Put together once: every request by TLS asks for it.
let known: string[] | undefined;

/** Believes in what this authority signs, from the next connection on. `pem` may hold several. */
export function trustAuthority(pem: string): void {
  if (known?.includes(pem)) return;
  known = [...(known ?? rootCertificates), pem];
  https.globalAgent.options.ca = known;
}

/** What servers are checked against; `undefined` while there is nothing of one's own. */
export function trusted(): string[] | undefined {
  return known;
}
