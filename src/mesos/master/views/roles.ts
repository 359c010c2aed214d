/** `/roles` and GET_ROLES: every role that a framework has or something is reserved for. */
import type { Resource } from '../../../wire/mesos/common.js';
import { poolOf, reservedRoleOf, resourcesOf, scalarsOf } from '../../../wire/resources/pool.js';
import type { MasterState } from '../state.js';
import { quantitiesOf } from './amounts.js';
import { offeredTo, unlessEmpty, usedBy } from './messages.js';

interface RoleSums {
  readonly frameworks: string[];
  readonly used: Resource[];
  readonly offered: Resource[];
  readonly reserved: Resource[];
}

function sumsByRole(state: MasterState): Map<string, RoleSums> {
  const roles = new Map<string, RoleSums>();
  const of = (role: string): RoleSums => {
    const found = roles.get(role) ?? { frameworks: [], used: [], offered: [], reserved: [] };
    roles.set(role, found);
    return found;
  };
  for (const framework of state.frameworks.values()) {
    for (const role of framework.roles) of(role).frameworks.push(framework.id);
    for (const one of usedBy(state, framework)) of(one.allocation_info?.role ?? '*').used.push(one);
    for (const one of offeredTo(state, framework)) {
      of(one.allocation_info?.role ?? '*').offered.push(one);
    }
  }
  for (const agent of state.agents.values()) {
    for (const resource of resourcesOf(agent.total)) {
      const role = reservedRoleOf(resource);
      if (role !== undefined) of(role).reserved.push(resource);
    }
  }
  return new Map([...roles].sort(([a], [b]) => (a < b ? -1 : 1)));
}

/** `/roles`. */
export function rolesView(state: MasterState): Record<string, unknown> {
  const roles = [...sumsByRole(state)].map(([name, { frameworks, used, offered, reserved }]) => ({
    name,
    weight: 1,
    quota: {
      role: name,
      guarantee: {},
      limit: {},
      consumed: quantitiesOf([...reserved, ...used.filter((one) => !one.reservations?.length)]),
    },
    resources: quantitiesOf([...used, ...offered]),
    allocated: quantitiesOf(used),
    offered: quantitiesOf(offered),
    reserved: quantitiesOf(reserved),
    frameworks,
  }));
  return { roles };
}

/** The roles of GET_ROLES. */
export function rolesMessage(state: MasterState): Record<string, unknown>[] {
  return [...sumsByRole(state)].map(([name, { frameworks, used, offered }]) => {
    const sums = scalarsOf(poolOf([...used, ...offered]));
    const resources = (['cpus', 'disk', 'mem', 'gpus'] as const)
      .filter((kind) => sums[kind] > 0)
      .map((kind) => ({ name: kind, type: 'SCALAR', scalar: { value: sums[kind] / 1000 } }));
    return {
      name,
      weight: 1,
      ...unlessEmpty(
        'frameworks',
        frameworks.map((value) => ({ value })),
      ),
      ...unlessEmpty('resources', resources),
    };
  });
}
