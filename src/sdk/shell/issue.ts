/** Makes key material: a new key, signed by the cluster's authority, in the forms asked for. */
import { DcosError } from '../../core/errors.js';
import { callJson } from '../../core/http/request.js';
import type { TlsSpec } from '../../wire/service-spec.js';

/** What to make. */
export interface KeyOrder {
  readonly name: string;
  readonly hosts: readonly string[];
  readonly wanted: readonly TlsSpec[];
}

/** Where to have it signed. */
export interface Signer {
  /** `http://host:port` of the control plane. */
  readonly controlUrl: string;
  readonly token: () => Promise<string>;
  /** ms since 1970 */
  readonly now: () => number;
}

/** The files by name, base64. Throws `failed` with what the authority answered. */
export async function issueKeys(
  { name, hosts, wanted }: KeyOrder,
  signer: Signer,
): Promise<Record<string, string>> {
  // Only services with keys pay for loading what makes them.
  const { newKey, requestFor } = await import('../../core/pki/authority.js');
  const { keyStore, trustStore } = await import('../../core/pki/keystore.js');
  const key = await newKey();
  const csr = requestFor(key, { name, hosts });
  const { certificate, ca } = await signed(signer, { csr, name, hosts });
  const files: Record<string, string> = {};
  const put = (file: string, content: string | Buffer): void => {
    files[file] = Buffer.from(content).toString('base64');
  };
  for (const { name: file, type } of wanted) {
    if (type === 'TLS') {
      put(`${file}.crt`, certificate);
      put(`${file}.key`, key);
      put(`${file}.ca`, ca);
    } else {
      put(`${file}.keystore`, keyStore({ key, certificate }, ca));
      put(`${file}.truststore`, trustStore(ca, signer.now()));
    }
  }
  return files;
}

async function signed(
  { controlUrl, token }: Signer,
  body: { readonly csr: string; readonly name: string; readonly hosts: readonly string[] },
): Promise<{ readonly certificate: string; readonly ca: string }> {
  const answer = await callJson({
    method: 'POST',
    url: `${controlUrl}/ca/v1/sign`,
    headers: { authorization: `token=${await token()}` },
    json: body,
  });
  const { certificate, ca, message } = (answer.json ?? {}) as Record<string, unknown>;
  if (answer.status === 200 && typeof certificate === 'string' && typeof ca === 'string') {
    return { certificate, ca };
  }
  const text = typeof message === 'string' ? message : 'no reason given';
  throw new DcosError('failed', `the control plane did not sign (${answer.status}): ${text}`);
}
