/** Agents and masters, as Mesos tells them through the gateway. */
import { asList, asObject } from './answers.js';
import type { Http } from './http.js';

/** The master's whole state (`/mesos/master/state`). */
export async function mesosState(http: Http): Promise<Record<string, unknown>> {
  return asObject(await http.json({ method: 'GET', path: '/mesos/master/state' }));
}

/** How many agents are registered and active. */
export async function activeAgentCount(http: Http): Promise<number> {
  const { slaves } = asObject(await http.json({ method: 'GET', path: '/mesos/master/slaves' }));
  return asList(slaves).filter((agent) => asObject(agent).active === true).length;
}
