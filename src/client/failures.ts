/** Incidents and the cluster's own view of itself. */
import type { Incident } from '../wire/incidents.js';
import type { Status } from '../wire/status.js';
import { asList, asObject } from './answers.js';
import type { Http } from './http.js';

/** Incidents, open ones first; with `isAll` the healed ones too. */
export async function listIncidents(http: Http, isAll: boolean): Promise<Incident[]> {
  const query = isAll ? { all: true } : {};
  const data = await http.json({ method: 'GET', path: '/failures', query });
  return asList(asObject(data).incidents) as Incident[];
}

/** One incident. Throws `not-found`. */
export async function getIncident(http: Http, id: string): Promise<Incident> {
  return (await http.json({
    method: 'GET',
    path: `/failures/${encodeURIComponent(id)}`,
  })) as Incident;
}

/** The cluster's status as its control plane tells it. */
export async function clusterStatus(http: Http): Promise<Status> {
  return (await http.json({ method: 'GET', path: '/status' })) as Status;
}
