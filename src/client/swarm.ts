/** A swarm as clients of Docker reach it: its address, and a credential for them. */
import { DcosError } from '../core/errors.js';
import { asList, asObject } from './answers.js';
import { listApps } from './apps.js';
import type { Http } from './http.js';
import { callService } from './services.js';

/** What a Docker client needs. */
export interface SwarmAccess {
  readonly host: string;
  readonly port: number;
  readonly token: string;
  /** ISO 8601. */
  readonly expires: string;
}

/**
 * Where the swarm `service` listens, with a fresh credential. Throws `not-found`, `unreachable`.
 */
export async function accessSwarm(http: Http, service: string): Promise<SwarmAccess> {
  const place = await placeOf(http, service);
  const answer = await callService(http, service, { method: 'POST', rest: 'credentials' });
  const { token, expires } = asObject(answer.data);
  return { ...place, token: String(token), expires: String(expires) };
}

async function placeOf(http: Http, service: string): Promise<{ host: string; port: number }> {
  const apps = await listApps(http);
  const app = apps.find(({ labels }) => asObject(labels).DCOS_SERVICE_NAME === service);
  if (app === undefined) {
    throw new DcosError('not-found', `there is no swarm '${service}'`, {
      hint: 'Install one: dcos package install swarm',
    });
  }
  // The list has no tasks; the app itself has.
  const path = `/service/marathon/v2/apps/${String(app.id).replace(/^\//, '')}`;
  const full = asObject(asObject(await http.json({ method: 'GET', path })).app);
  for (const entry of asList(full.tasks)) {
    const { host, ports, ipAddresses, state } = asObject(entry);
    const port = Number(asList(ports)[0]);
    const address = asObject(asList(ipAddresses)[0]).ipAddress ?? host;
    if (port > 0 && state === 'TASK_RUNNING') return { host: String(address), port };
  }
  throw new DcosError('unreachable', `the swarm '${service}' is not running at the moment`, {
    hint: `What it waits for: dcos app show /${service}, dcos failures`,
  });
}
