/** What a cluster is: its id, its version, its name. */
import { asObject } from './answers.js';
import type { Http } from './http.js';

/** The open description of a cluster. */
export async function clusterMetadata(http: Http): Promise<{ id: string; publicIp: string }> {
  const data = asObject(await http.json({ method: 'GET', path: '/metadata', isOpen: true }));
  return { id: String(data.CLUSTER_ID ?? ''), publicIp: String(data.PUBLIC_IPV4 ?? '') };
}

/** The version and variant that the cluster says it is. */
export async function clusterVersion(http: Http): Promise<{ version: string; variant: string }> {
  const path = '/dcos-metadata/dcos-version.json';
  const data = asObject(await http.json({ method: 'GET', path, isOpen: true, timeoutMs: 5000 }));
  return { version: String(data.version ?? ''), variant: String(data['dcos-variant'] ?? '') };
}

/** The name that the cluster gave itself, if any. */
export async function clusterOwnName(http: Http): Promise<string | undefined> {
  const { cluster } = asObject(await http.json({ method: 'GET', path: '/mesos/state-summary' }));
  return typeof cluster === 'string' && cluster !== '' ? cluster : undefined;
}
