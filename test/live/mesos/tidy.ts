/** An engine as it was before a scenario: no framework, no reservation, no quota, no weight. */
import { callHttp } from '../../../src/core/http/request.js';
import { until } from '../../helpers/wait.js';
import { contains, type Fields } from './steps.js';
import { agentsOf, authorizationOf, type Target } from './target.js';

interface Held {
  readonly frameworks: readonly { readonly id: string; readonly tasks: readonly unknown[] }[];
  readonly slaves: readonly {
    readonly id: string;
    readonly active: boolean;
    readonly used_resources: Readonly<Record<string, number | string>>;
    readonly reserved_resources_full?: Readonly<Record<string, readonly Fields[]>>;
    readonly drain_info?: unknown;
    readonly deactivated?: boolean;
  }[];
}

/** Gives everything back and waits until it is. Throws where it does not come to that. */
export async function tidied(target: Target): Promise<void> {
  let last = '';
  await until(
    async () => {
      const left = await tidyOnce(target);
      last = left.join(', ');
      return left.length === 0;
    },
    { what: `the ${target.name} master to hold nothing`, timeoutMs: 20_000, everyMs: 100 },
  ).catch((error) => {
    throw new Error(`${String(error)}: ${last}`);
  });
  await until(async () => !(await runsSomething(target)), {
    what: `the agents of the ${target.name} master to run nothing`,
    timeoutMs: 20_000,
    everyMs: 100,
  });
  if (await showsEmptyQuota(target)) await target.refresh();
}

/** Executors outlive their framework by a moment. */
async function runsSomething(target: Target): Promise<boolean> {
  const agents = await agentsOf(target);
  const states = await Promise.all(
    agents.map(({ pid }) => ask(target, 'GET', '/state', undefined, `http://${pid.split('@')[1]}`)),
  );
  return states.some(({ frameworks }) => (frameworks as unknown[]).length > 0);
}

/** A role whose quota is nothing stays in all lists of a Mesos until its master starts anew. */
async function showsEmptyQuota(target: Target): Promise<boolean> {
  const quota = await operate(target, { type: 'GET_QUOTA' });
  return JSON.stringify(quota).includes('"role"');
}

async function tidyOnce(target: Target): Promise<string[]> {
  const left: string[] = [];
  const state = (await ask(target, 'GET', '/master/state')) as unknown as Held;
  const { slaves } = (await ask(target, 'GET', '/master/slaves')) as unknown as Held;
  for (const { id } of state.frameworks) {
    left.push(`framework ${id}`);
    await operate(target, { type: 'TEARDOWN', teardown: { framework_id: { value: id } } });
  }
  for (const agent of slaves) {
    if (agent.drain_info !== undefined || agent.deactivated === true) {
      left.push(`${agent.id} is deactivated`);
      const reactivate_agent = { agent_id: { value: agent.id } };
      await operate(target, { type: 'REACTIVATE_AGENT', reactivate_agent });
    }
    if (Object.values(agent.used_resources).some((used) => typeof used === 'number' && used > 0)) {
      left.push(`${agent.id} is in use`);
      continue;
    }
    for (const resource of Object.values(agent.reserved_resources_full ?? {}).flat()) {
      left.push(`${agent.id} holds ${JSON.stringify(resource)}`);
      await give(target, agent.id, resource);
    }
  }
  return [...left, ...(await resetRoles(target))];
}

async function give(target: Target, agent: string, resource: Fields): Promise<void> {
  const agent_id = { value: agent };
  if (contains(resource, { disk: { persistence: {} } })) {
    const destroy_volumes = { agent_id, volumes: [resource] };
    await operate(target, { type: 'DESTROY_VOLUMES', destroy_volumes });
    return;
  }
  const unreserve_resources = { agent_id, resources: [resource] };
  await operate(target, { type: 'UNRESERVE_RESOURCES', unreserve_resources });
}

async function resetRoles(target: Target): Promise<string[]> {
  const left: string[] = [];
  const quota = await operate(target, { type: 'GET_QUOTA' });
  const status = quota.get_quota as { status?: { infos?: Fields[]; configs?: Fields[] } };
  const all = [...(status?.status?.infos ?? []), ...(status?.status?.configs ?? [])];
  for (const { role, guarantee, guarantees, limits } of all) {
    // Mesos keeps on showing what was set to nothing.
    const amounts = [guarantee, guarantees, limits].map((one) => JSON.stringify(one ?? {}));
    if (!amounts.some((text) => text.includes('value'))) continue;
    left.push(`quota of ${role}`);
    // Not REMOVE_QUOTA: that of a quota of nothing ends a Mesos 1.11.
    const quota_configs = [{ role: role ?? '' }];
    await operate(target, { type: 'UPDATE_QUOTA', update_quota: { quota_configs } });
  }
  const weights = await operate(target, { type: 'GET_WEIGHTS' });
  const found = (weights.get_weights as { weight_infos?: Fields[] })?.weight_infos ?? [];
  for (const { role, weight } of found) {
    if (weight === 1) continue;
    left.push(`weight of ${role}`);
    const weight_infos = [{ role: role ?? '', weight: 1 }];
    await operate(target, { type: 'UPDATE_WEIGHTS', update_weights: { weight_infos } });
  }
  const schedule = await operate(target, { type: 'GET_MAINTENANCE_SCHEDULE' });
  if (JSON.stringify(schedule).includes('machine_ids')) {
    left.push('a maintenance schedule');
    const update_maintenance_schedule = { schedule: {} };
    await operate(target, { type: 'UPDATE_MAINTENANCE_SCHEDULE', update_maintenance_schedule });
  }
  return left;
}

function operate(target: Target, call: Fields): Promise<Record<string, unknown>> {
  return ask(target, 'POST', '/api/v1', call);
}

async function ask(
  target: Target,
  method: string,
  path: string,
  body?: Fields,
  base = target.master(),
): Promise<Record<string, unknown>> {
  const answer = await callHttp({
    method,
    url: `${base}${path}`,
    headers: {
      authorization: authorizationOf('control'),
      'content-type': 'application/json',
      accept: 'application/json',
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  const text = answer.body.toString();
  return text.startsWith('{') ? (JSON.parse(text) as Record<string, unknown>) : {};
}
