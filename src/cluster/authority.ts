/**
 * The cluster's certificate authority: made when it is first asked, kept beside the other keys;
 * services have the keys of their tasks signed by it (docs/architecture.md, "Certificates").
 */
import { z } from 'zod';
import type { Clock } from '../core/clock.js';
import { DcosError } from '../core/errors.js';
import type { Request, Route } from '../core/http/server.js';
import type { KeyPair } from '../core/pki/authority.js';
import { localPaths } from '../wire/local-cluster.js';
import { hasClusterFile, readClusterFile, writeClusterFile } from './server-folder.js';

const maxBodyBytes = 32 * 1024;
const host = z.string().regex(/^[A-Za-z0-9]([A-Za-z0-9.:_-]{0,252}[A-Za-z0-9])?$/);
const signSchema = z.object({
  csr: z.string().min(1),
  name: z.string().min(1).max(64),
  hosts: z.array(host).min(1).max(20),
});

/** `GET /ca/dcos-ca.crt`, open, and `POST /ca/v1/sign` for users and service accounts. */
export function authorityRoutes(dir: string, clusterId: string, clock: Clock): Route[] {
  let made: Promise<KeyPair> | undefined;
  const authority = (): Promise<KeyPair> => {
    made ??= openAuthority(dir, clusterId, clock.now());
    made.catch(() => {
      made = undefined;
    });
    return made;
  };
  return [
    {
      method: 'GET',
      path: '/ca/dcos-ca.crt',
      access: 'open',
      handle: async () => ({ status: 200, text: (await authority()).certificate }),
    },
    {
      method: 'POST',
      path: '/ca/v1/sign',
      access: 'token',
      handle: async (request) => {
        const { csr, name, hosts } = await bodyOf(request);
        const pair = await authority();
        const { sign } = await import('../core/pki/authority.js');
        const whose = request.caller?.uid ?? '';
        const certificate = sign(pair, csr, { name, hosts }, whose, clock.now());
        return { status: 200, json: { certificate, ca: pair.certificate } };
      },
    },
  ];
}

async function bodyOf(request: Request): Promise<z.infer<typeof signSchema>> {
  const body = signSchema.safeParse(await request.json(maxBodyBytes));
  if (body.success) return body.data;
  const [issue] = body.error.issues;
  throw new DcosError('invalid', `${issue?.path.join('.') ?? 'the body'}: ${issue?.message}`);
}

/** Reads the authority, or makes it; its key comes last, so that half of one is made anew. */
async function openAuthority(dir: string, clusterId: string, now: number): Promise<KeyPair> {
  const [keyFile, certificateFile] = [localPaths.authorityKey, localPaths.authorityCertificate];
  if (hasClusterFile(dir, keyFile)) {
    return {
      key: readClusterFile(dir, keyFile),
      certificate: `${readClusterFile(dir, certificateFile)}\n`,
    };
  }
  const { newAuthority } = await import('../core/pki/authority.js');
  const pair = await newAuthority(clusterId, now);
  writeClusterFile(dir, certificateFile, pair.certificate);
  writeClusterFile(dir, keyFile, pair.key);
  return pair;
}
