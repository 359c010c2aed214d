/**
 * `/roles` and GET_ROLES: every role that a framework has, something is reserved for, or an
 * operator gave a quota or a weight, and those above it.
 */
import type { Resource } from '../../../wire/mesos/common.js';
import { poolOf, reservedRoleOf, resourcesOf, scalarsOf } from '../../../wire/resources/pool.js';
import { type Quantities, sorted } from '../quota/quantities.js';
import type { MasterState } from '../state.js';
import { quantitiesOf } from './amounts.js';
import { offeredTo, unlessEmpty, usedBy } from './messages.js';

interface RoleSums {
  readonly frameworks: string[];
  readonly used: Resource[];
  readonly offered: Resource[];
  readonly reserved: Resource[];
}

/** The role and all that it is under. */
function withAncestors(role: string): string[] {
  const parts = role.split('/');
  return parts.map((_part, index) => parts.slice(0, index + 1).join('/'));
}

/** What each role and the roles under it have; frameworks are those of the role itself. */
function sumsByRole(state: MasterState): Map<string, RoleSums> {
  const roles = new Map<string, RoleSums>();
  const of = (role: string): RoleSums => {
    const found = roles.get(role) ?? { frameworks: [], used: [], offered: [], reserved: [] };
    roles.set(role, found);
    return found;
  };
  const each = (role: string, put: (sums: RoleSums) => unknown): void => {
    for (const one of withAncestors(role)) put(of(one));
  };
  for (const role of [...state.quotas.keys(), ...state.weights.keys()]) each(role, () => {});
  for (const framework of state.frameworks.values()) {
    for (const role of framework.roles) {
      each(role, () => {});
      of(role).frameworks.push(framework.id);
    }
    for (const one of usedBy(state, framework)) {
      const role = one.allocation_info?.role ?? '*';
      each(role, ({ used }) => used.push(one));
      // A role that it gave up is its own while tasks of it run there.
      if (!of(role).frameworks.includes(framework.id)) of(role).frameworks.push(framework.id);
    }
    for (const one of offeredTo(state, framework)) {
      each(one.allocation_info?.role ?? '*', ({ offered }) => offered.push(one));
    }
  }
  for (const agent of state.agents.values()) {
    for (const resource of resourcesOf(agent.total)) {
      const role = reservedRoleOf(resource);
      if (role !== undefined) each(role, ({ reserved }) => reserved.push(resource));
    }
  }
  return new Map([...roles].sort(([a], [b]) => (a < b ? -1 : 1)));
}

function amounts(quantities: Quantities = new Map()): Record<string, number> {
  return Object.fromEntries(sorted(quantities).map(([name, milli]) => [name, milli / 1000]));
}

/** `/roles`. */
export function rolesView(state: MasterState): Record<string, unknown> {
  const roles = [...sumsByRole(state)].map(([name, { frameworks, used, offered, reserved }]) => ({
    name,
    weight: state.weights.get(name) ?? 1,
    quota: {
      role: name,
      guarantee: amounts(state.quotas.get(name)?.guarantees),
      limit: amounts(state.quotas.get(name)?.limits),
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
      weight: state.weights.get(name) ?? 1,
      ...unlessEmpty(
        'frameworks',
        frameworks.map((value) => ({ value })),
      ),
      ...unlessEmpty('resources', resources),
    };
  });
}
