/** Apps: the Marathon API (marathon-api.md) at `/service/marathon`. */
import { DcosError } from '../core/errors.js';
import { asList, asObject } from './answers.js';
import type { Call, Http } from './http.js';

/** An app as Marathon shows it. */
export type App = Readonly<Record<string, unknown>>;

const base = '/service/marathon/v2';

/** The path of an app; ids keep their slashes. */
function appPath(id: string): string {
  const parts = absolute(id).slice(1).split('/');
  return `${base}/apps/${parts.map(encodeURIComponent).join('/')}`;
}

/** An id with its leading slash. */
export function absolute(id: string): string {
  return id.startsWith('/') ? id : `/${id}`;
}

/** Every app, by id. */
export async function listApps(http: Http, timeoutMs?: number): Promise<App[]> {
  const limit = timeoutMs === undefined ? {} : { timeoutMs };
  const { apps } = asObject(await http.json({ method: 'GET', path: `${base}/apps`, ...limit }));
  return asList(apps)
    .map(asObject)
    .sort((a, b) => String(a.id).localeCompare(String(b.id)));
}

/** One app, or one of its versions. Throws `not-found`. */
export async function getApp(http: Http, id: string, version?: string): Promise<App> {
  if (version !== undefined) {
    const path = `${appPath(id)}/versions/${encodeURIComponent(version)}`;
    return asObject(await http.json({ method: 'GET', path }));
  }
  return asObject(asObject(await http.json({ method: 'GET', path: appPath(id) })).app);
}

/** The versions of an app, newest first. Throws `not-found`. */
export async function appVersions(http: Http, id: string): Promise<string[]> {
  const data = await http.json({ method: 'GET', path: `${appPath(id)}/versions` });
  return asList(asObject(data).versions).map(String);
}

/** Creates an app. Throws `conflict` where the id exists, `invalid` with every violation. */
export async function addApp(http: Http, app: App): Promise<string> {
  const data = asObject(await http.json({ method: 'POST', path: `${base}/apps`, body: app }));
  return String(asObject(asList(data.deployments)[0]).id ?? '');
}

/** Changes the given fields of an app; gives the deployment's id. */
export async function updateApp(
  http: Http,
  id: string,
  fields: App,
  isForced: boolean,
): Promise<string> {
  return deploy(http, { method: 'PUT', path: appPath(id), body: fields, query: forced(isForced) });
}

/** Starts every instance anew; gives the deployment's id. */
export async function restartApp(http: Http, id: string, isForced: boolean): Promise<string> {
  return deploy(http, {
    method: 'POST',
    path: `${appPath(id)}/restart`,
    body: {},
    query: forced(isForced),
  });
}

/** Removes an app; gives the deployment's id. */
export async function removeApp(http: Http, id: string, isForced: boolean): Promise<string> {
  return deploy(http, { method: 'DELETE', path: appPath(id), query: forced(isForced) });
}

/** Kills an app's tasks; with `isScaled` it gets as many instances fewer. */
export async function killApp(
  http: Http,
  id: string,
  isScaled: boolean,
  host: string | undefined,
): Promise<Record<string, unknown>> {
  const query = { ...(isScaled ? { scale: true } : {}), host };
  return asObject(await http.json({ method: 'DELETE', path: `${appPath(id)}/tasks`, query }));
}

/** Deployments under way. */
export async function listDeployments(http: Http): Promise<Record<string, unknown>[]> {
  return asList(await http.json({ method: 'GET', path: `${base}/deployments` })).map(asObject);
}

/** What waits to be placed, and why. */
export async function listQueue(http: Http): Promise<Record<string, unknown>[]> {
  const { queue } = asObject(await http.json({ method: 'GET', path: `${base}/queue` }));
  return asList(queue).map(asObject);
}

const forced = (isForced: boolean): { force?: boolean } => (isForced ? { force: true } : {});

async function deploy(http: Http, call: Call): Promise<string> {
  const { deploymentId } = asObject(await http.json(call));
  if (typeof deploymentId === 'string') return deploymentId;
  throw new DcosError('failed', `${call.method} ${call.path} was answered without a deployment`);
}
