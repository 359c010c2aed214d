/**
 * What a quota is and when one is refused, in Mesos' words (apache/mesos docs/quota.md,
 * src/master/{quota,quota_handler}.cpp).
 */
import type { Resource } from '../../../wire/mesos/common.js';
import { reservedRoleOf, resourcesOf, toMilli } from '../../../wire/resources/pool.js';
import { amountProblem } from '../resources.js';
import type { MasterState } from '../state.js';
import { roleProblem } from '../subscribe.js';
import {
  addScalars,
  covers,
  isCommon,
  isWithin,
  mapText,
  type Quantities,
  quantitiesText,
} from './quantities.js';

/** What a role is held back for (`guarantees`), and the most that it may have (`limits`). */
export interface Quota {
  readonly guarantees: Quantities;
  readonly limits: Quantities;
}

/** A quota as a call has it (`QuotaConfig`): amounts as `{cpus: {value: 1}}`. */
export interface QuotaConfig {
  readonly role: string;
  readonly guarantees?: Readonly<Record<string, { readonly value: number }>> | undefined;
  readonly limits?: Readonly<Record<string, { readonly value: number }>> | undefined;
}

/** A quota in the older form (`QuotaRequest`): the guarantee is the limit, too. */
export interface QuotaRequest {
  readonly role?: string | undefined;
  readonly force?: boolean | undefined;
  readonly guarantee?: readonly Resource[] | undefined;
}

/** The role that quota of `role` is set on: the first of its path. */
export function topOf(role: string): string {
  const slash = role.indexOf('/');
  return slash < 0 ? role : role.slice(0, slash);
}

/** The quota that a call asks for. */
export function quotaOf({ guarantees = {}, limits = {} }: QuotaConfig): Quota {
  const amounts = (map: typeof guarantees): Quantities =>
    new Map(Object.entries(map).map(([name, { value }]) => [name, toMilli(value)]));
  return { guarantees: amounts(guarantees), limits: amounts(limits) };
}

/** Whether it says nothing, as for a role that has none. */
export function isDefault({ guarantees, limits }: Quota): boolean {
  return guarantees.size === 0 && limits.size === 0;
}

const exabyteMb = 1024 ** 4;
const trillion = 1e12;

/** Why one quota of UPDATE_QUOTA is wrong in itself. */
export function configProblem(config: QuotaConfig): string | undefined {
  if (config.role.includes('/')) {
    return `Updating quota on nested role '${config.role}' is not supported yet`;
  }
  const role = roleProblem(config.role);
  const problem =
    (role && `Invalid 'QuotaConfig.role': ${role}`) ??
    tooLarge('guarantees', config.guarantees) ??
    tooLarge('limits', config.limits) ??
    noAmount('guarantee', config.guarantees) ??
    noAmount('limit', config.limits) ??
    beyondLimits(quotaOf(config));
  return problem && `Invalid QuotaConfig: ${problem}`;
}

function tooLarge(field: string, amounts: QuotaConfig['limits']): string | undefined {
  for (const [name, { value }] of Object.entries(amounts ?? {})) {
    const stored = name === 'mem' || name === 'disk';
    if (value <= (stored ? exabyteMb : trillion) || Number.isNaN(value)) continue;
    const most = stored ? `1 exabyte (${exabyteMb})` : `1 trillion (${trillion})`;
    const text = `{'${name}': ${value}} is invalid: values greater than ${most} are not supported`;
    return `Invalid 'QuotaConfig.${field}': ${text}`;
  }
  return undefined;
}

function noAmount(field: string, amounts: QuotaConfig['limits']): string | undefined {
  for (const [name, { value }] of Object.entries(amounts ?? {})) {
    const why = Number.isNaN(value)
      ? 'NaN not supported'
      : value < 0
        ? 'Negative values not supported'
        : undefined;
    if (why) return `Invalid ${field} configuration {'${name}': ${value}}: ${why}`;
  }
  return undefined;
}

function beyondLimits({ guarantees, limits }: Quota): string | undefined {
  return isWithin(limits, guarantees)
    ? undefined
    : `'QuotaConfig.guarantees' ${mapText(guarantees)} is not contained within the ` +
        `'QuotaConfig.limits' ${mapText(limits)}`;
}

/** Why a quota of SET_QUOTA is wrong in itself. */
export function requestProblem({ role = '', guarantee = [] }: QuotaRequest): string | undefined {
  const names = new Set<string>();
  for (const resource of guarantee) {
    const problem = amountProblem(resource, 0);
    if (problem !== undefined) return `QuotaInfo with invalid resource: ${problem}`;
  }
  const bad = roleProblem(role);
  if (bad !== undefined) return `QuotaInfo with invalid role: ${bad}`;
  if (guarantee.length === 0) return "QuotaInfo with empty 'guarantee'";
  for (const resource of guarantee) {
    const problem = guaranteeProblem(resource);
    if (problem !== undefined) return problem;
    if (names.has(resource.name)) {
      return `QuotaInfo contains duplicate resource name '${resource.name}'`;
    }
    names.add(resource.name);
  }
  return undefined;
}

function guaranteeProblem(resource: Resource): string | undefined {
  if (reservedRoleOf(resource) !== undefined) {
    return 'QuotaInfo must not contain any ReservationInfo';
  }
  if (resource.disk !== undefined) return 'QuotaInfo must not contain DiskInfo';
  if (resource.revocable !== undefined) return 'QuotaInfo must not contain RevocableInfo';
  return resource.type === 'SCALAR' ? undefined : 'QuotaInfo must not include non-scalar resources';
}

/** Why the guarantees of all roles together can't be kept: how Mesos says it. */
export function overcommitText(
  state: MasterState,
  quotas: ReadonlyMap<string, Quota>,
): string | undefined {
  const capacity = new Map<string, number>();
  for (const agent of state.agents.values()) {
    const lasting = resourcesOf(agent.total).filter(({ revocable }) => revocable === undefined);
    addScalars(capacity, lasting);
  }
  const promised = new Map<string, number>();
  for (const { guarantees } of quotas.values()) {
    for (const [name, amount] of guarantees) promised.set(name, (promised.get(name) ?? 0) + amount);
  }
  return covers(capacity, promised)
    ? undefined
    : `quota guarantees '${quantitiesText(promised)}' exceed cluster capacity ` +
        `'${quantitiesText(capacity)}'`;
}

/** What counts for each top-level role's quota. */
export interface Consumption {
  /** What is reserved for it, and what its tasks use of the common resources. */
  readonly used: Map<string, Map<string, number>>;
  /** What it is offered of the common resources. */
  readonly offered: Map<string, Map<string, number>>;
}

/** Sums over the whole cluster. */
export function consumptionOf(state: MasterState): Consumption {
  const consumption: Consumption = { used: new Map(), offered: new Map() };
  const of = (sums: Map<string, Map<string, number>>, role: string): Map<string, number> => {
    const top = topOf(role);
    const found = sums.get(top) ?? new Map<string, number>();
    sums.set(top, found);
    return found;
  };
  for (const agent of state.agents.values()) {
    for (const resource of resourcesOf(agent.total)) {
      const role = reservedRoleOf(resource);
      if (role !== undefined) addScalars(of(consumption.used, role), [resource]);
    }
    for (const resource of resourcesOf(agent.used)) {
      const role = resource.allocation_info?.role ?? '*';
      if (isCommon(resource)) addScalars(of(consumption.used, role), [resource]);
    }
  }
  for (const { role, resources } of state.offers.values()) {
    addScalars(of(consumption.offered, role), resources.filter(isCommon));
  }
  return consumption;
}
