/** The cluster's certificate authority: makes itself, signs what services ask for. */
import { generateKeyPair } from 'node:crypto';
import { promisify } from 'node:util';
import forge from 'node-forge';
import { DcosError } from '../errors.js';

/** A key and its certificate, PEM; the key in PKCS#8. */
export interface KeyPair {
  readonly key: string;
  readonly certificate: string;
}

/** For whom a certificate is. */
export interface Subject {
  /** Common name, at most 64 characters. */
  readonly name: string;
  /** DNS names and IP addresses under which it is reached. */
  readonly hosts: readonly string[];
}

const generate = promisify(generateKeyPair);
const authorityDays = 3_650;
/** The most that common clients take. */
const certificateDays = 825;
const dayMs = 86_400_000;

/** A new RSA key, PKCS#8 in PEM. */
export async function newKey(): Promise<string> {
  const { privateKey } = await generate('rsa', {
    modulusLength: 2048,
    privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
    publicKeyEncoding: { type: 'spki', format: 'pem' },
  });
  return privateKey;
}

/** Makes an authority that is named after its cluster. `now`: ms since 1970. */
export async function newAuthority(clusterId: string, now: number): Promise<KeyPair> {
  const key = await newKey();
  const privateKey = forge.pki.privateKeyFromPem(key);
  const certificate = blank(now, authorityDays);
  const name = [
    { name: 'commonName', value: `dcos cluster ${clusterId}`.slice(0, 64) },
    { name: 'organizationName', value: 'dcos' },
  ];
  certificate.publicKey = forge.pki.setRsaPublicKey(privateKey.n, privateKey.e);
  certificate.setSubject(name);
  certificate.setIssuer(name);
  certificate.setExtensions([
    { name: 'basicConstraints', cA: true, critical: true },
    { name: 'keyUsage', keyCertSign: true, cRLSign: true, critical: true },
    { name: 'subjectKeyIdentifier' },
  ]);
  certificate.sign(privateKey, forge.md.sha256.create());
  return { key, certificate: pem(forge.pki.certificateToPem(certificate)) };
}

/** Asks for a certificate for `key`: a certification request (PKCS#10), PEM. */
export function requestFor(key: string, { name }: Subject): string {
  const privateKey = forge.pki.privateKeyFromPem(key);
  const request = forge.pki.createCertificationRequest();
  request.publicKey = forge.pki.setRsaPublicKey(privateKey.n, privateKey.e);
  request.setSubject([{ name: 'commonName', value: name.slice(0, 64) }]);
  request.sign(privateKey, forge.md.sha256.create());
  return pem(forge.pki.certificationRequestToPem(request));
}

/**
 * Signs a request, for server and client use; `organization` is who asked. Throws `invalid` for a
 * request that is none, or that its own key has not signed.
 */
export function sign(
  authority: KeyPair,
  request: string,
  subject: Subject,
  organization: string,
  now: number,
): string {
  const asked = read(request);
  const issuer = forge.pki.certificateFromPem(authority.certificate);
  const certificate = blank(now, certificateDays);
  certificate.publicKey = asked;
  certificate.setSubject([
    { name: 'commonName', value: subject.name.slice(0, 64) },
    { name: 'organizationName', value: organization.slice(0, 64) },
  ]);
  certificate.setIssuer(issuer.subject.attributes);
  certificate.setExtensions([
    { name: 'basicConstraints', cA: false },
    { name: 'keyUsage', digitalSignature: true, keyEncipherment: true, critical: true },
    { name: 'extKeyUsage', serverAuth: true, clientAuth: true },
    { name: 'subjectAltName', altNames: subject.hosts.map(altName) },
  ]);
  certificate.sign(forge.pki.privateKeyFromPem(authority.key), forge.md.sha256.create());
  return pem(forge.pki.certificateToPem(certificate));
}

/** With the line ends of this world. */
function pem(text: string): string {
  return text.replaceAll('\r\n', '\n');
}

function read(request: string): forge.pki.PublicKey {
  try {
    const asked = forge.pki.certificationRequestFromPem(request);
    if (asked.verify() && asked.publicKey !== null) return asked.publicKey;
  } catch (cause) {
    throw new DcosError('invalid', 'the certification request cannot be read', { cause });
  }
  throw new DcosError('invalid', 'the certification request is not signed by its own key');
}

/** With a serial number and a time; valid from a little ago, for clocks that differ. */
function blank(now: number, days: number): forge.pki.Certificate {
  const certificate = forge.pki.createCertificate();
  // A leading byte below 0x80 keeps the number positive.
  certificate.serialNumber = `01${forge.util.bytesToHex(forge.random.getBytesSync(15))}`;
  certificate.validity.notBefore = new Date(now - dayMs);
  certificate.validity.notAfter = new Date(now + days * dayMs);
  return certificate;
}

function altName(host: string): { type: number; value?: string; ip?: string } {
  const isAddress = /^[0-9.]+$/.test(host) || host.includes(':');
  return isAddress ? { type: 7, ip: host } : { type: 2, value: host };
}
