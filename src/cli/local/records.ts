/** The files that make a local cluster: its description, its credential and its keys. */
import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { DcosError } from '../../core/errors.js';
import { tryParseJson } from '../../core/json.js';
import { type LocalCluster, localPaths } from '../../wire/local-cluster.js';
import { fileError, makeFolder, readIfThere, writeWhole } from './files.js';
import type { Wishes } from './layout.js';

/** The user who started the cluster, as the control plane knows it. */
export interface LocalCredential {
  readonly uid: string;
  readonly password: string;
}

/**
 * The cluster described in `localDir`, or `undefined` if there is none. Throws `corrupt` for one
 * that can't be understood.
 */
export async function readCluster(localDir: string): Promise<LocalCluster | undefined> {
  const path = join(localDir, 'cluster.json');
  const text = readIfThere(path);
  if (text === undefined) return undefined;
  // Its schema library is loaded only here: most commands never come this way.
  const { localClusterSchema } = await import('../../wire/local-cluster.js');
  const parsed = localClusterSchema.safeParse(tryParseJson(text));
  if (parsed.success) return parsed.data;
  throw new DcosError('corrupt', `${path} is damaged: it does not describe a local cluster`, {
    hint: 'Restore it from a backup, or erase the local cluster and its data: dcos down --purge',
    cause: parsed.error,
  });
}

/**
 * Makes keys and credential, and last of all `cluster.json`: before it is there, there is no
 * cluster. Throws `io`.
 */
export function createCluster(localDir: string, cluster: LocalCluster): void {
  makeFolder(localDir);
  const { privateKey, publicKey } = generateKeyPairSync('ed25519');
  const write = (name: string, text: string): void => writeWhole(join(localDir, name), text);
  write('keys/cluster.key', randomBytes(32).toString('hex'));
  write('keys/token-private.pem', privateKey.export({ type: 'pkcs8', format: 'pem' }).toString());
  write('keys/token-public.pem', publicKey.export({ type: 'spki', format: 'pem' }).toString());
  const credential: LocalCredential = { uid: 'admin', password: randomBytes(24).toString('hex') };
  write('credential', `${JSON.stringify(credential)}\n`);
  describeCluster(localDir, cluster);
}

/** What it takes to speak to an Apache Mesos; servers read it when they start. Throws `io`. */
export function writeMesosKeys(
  localDir: string,
  { mesosLogin, mesosAuthority }: Pick<Wishes, 'mesosLogin' | 'mesosAuthority'>,
): void {
  const write = (name: string, text: string): void => writeWhole(join(localDir, name), text);
  if (mesosLogin !== undefined) write(localPaths.mesosSecret, mesosLogin.secret);
  if (mesosAuthority !== undefined) write(localPaths.mesosAuthority, mesosAuthority);
}

/** What `writeMesosKeys` wrote. */
export function readMesosAccess(localDir: string, principal: string | undefined) {
  const secret = readIfThere(join(localDir, localPaths.mesosSecret));
  const authority = readIfThere(join(localDir, localPaths.mesosAuthority));
  const login = principal === undefined || secret === undefined ? undefined : { principal, secret };
  return { login, authority };
}

/** Writes the description anew. Throws `io`. */
export function describeCluster(localDir: string, cluster: LocalCluster): void {
  writeWhole(join(localDir, 'cluster.json'), `${JSON.stringify(cluster, null, 2)}\n`);
}

/** The credential of the local cluster, if there is one that can be read. */
export function readCredential(localDir: string): LocalCredential | undefined {
  const value = tryParseJson(readIfThere(join(localDir, 'credential')) ?? '');
  if (typeof value !== 'object' || value === null) return undefined;
  const { uid, password } = value as Record<string, unknown>;
  return typeof uid === 'string' && typeof password === 'string' ? { uid, password } : undefined;
}

/**
 * The id in `cluster.json` without a look at the rest: enough to know whose credential
 * `local/credential` is.
 */
export function localClusterId(localDir: string): string | undefined {
  const value = tryParseJson(readIfThere(join(localDir, 'cluster.json')) ?? '');
  if (typeof value !== 'object' || value === null) return undefined;
  const { id } = value as Record<string, unknown>;
  return typeof id === 'string' ? id : undefined;
}

/** Removes what an interrupted write left behind; says which files these were. */
export function removeLeftovers(localDir: string): string[] {
  let names: string[];
  try {
    names = readdirSync(localDir).filter((name) => name.endsWith('.tmp'));
    for (const name of names) rmSync(join(localDir, name), { force: true });
  } catch (error) {
    throw fileError(error, localDir);
  }
  return names;
}
