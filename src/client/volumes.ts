/** Persistent volumes, as the agents of the master tell them. */
import { asList, asObject } from './answers.js';
import type { Http } from './http.js';

/** A persistent volume. */
export interface Volume {
  readonly id: string;
  readonly role: string;
  readonly sizeMb: number;
  readonly containerPath: string;
  readonly hostname: string;
}

/** All persistent volumes that are reserved for a role. */
export async function volumesOf(http: Http, role: string): Promise<Volume[]> {
  const answer = asObject(
    await http.json({ method: 'POST', path: '/mesos/api/v1', body: { type: 'GET_AGENTS' } }),
  );
  const agents = asList(asObject(answer.get_agents).agents).map(asObject);
  return agents.flatMap((agent) => {
    const info = asObject(agent.agent_info);
    return asList(agent.total_resources)
      .map(asObject)
      .filter((resource) => roleOf(resource) === role)
      .flatMap((resource) => volumeOf(resource, role, String(info.hostname ?? '')));
  });
}

function roleOf(resource: Readonly<Record<string, unknown>>): string {
  const last = asObject(asList(resource.reservations).at(-1));
  return String(last.role ?? resource.role ?? '*');
}

function volumeOf(resource: Readonly<Record<string, unknown>>, role: string, hostname: string): Volume[] {
  const disk = asObject(resource.disk);
  const { id } = asObject(disk.persistence);
  if (typeof id !== 'string') return [];
  const sizeMb = Number(asObject(resource.scalar).value ?? 0);
  const containerPath = String(asObject(disk.volume).container_path ?? '');
  return [{ id, role, sizeMb, containerPath, hostname }];
}
