/**
 * UPDATE_QUOTA, SET_QUOTA, REMOVE_QUOTA and their older forms under `/quota` (apache/mesos
 * src/master/quota_handler.cpp): durable before they are answered, then enforced on what is
 * offered.
 */
import { toMilli } from '../../../wire/resources/pool.js';
import { persist, reply, type Turn } from '../events.js';
import { rescind } from '../holdings.js';
import type { MasterState, OfferRecord } from '../state.js';
import {
  covers,
  increase,
  isCommon,
  isWithin,
  type Quantities,
  quantitiesOf,
  quantitiesText,
} from './quantities.js';
import {
  configProblem,
  consumptionOf,
  isDefault,
  overcommitText,
  type Quota,
  type QuotaConfig,
  type QuotaRequest,
  quotaOf,
  requestProblem,
  topOf,
} from './rules.js';

/** UPDATE_QUOTA: all of its roles, or none. */
export function quotaUpdated(
  turn: Turn,
  requestId: string,
  configs: readonly QuotaConfig[],
  force: boolean,
): void {
  const asked = new Map(configs.map((config) => [config.role, quotaOf(config)]));
  const problem =
    configs.map(configProblem).find((one) => one !== undefined) ??
    (force ? undefined : exceeded(turn.state, asked));
  if (problem !== undefined) {
    reply(turn, requestId, 400, problem);
    return;
  }
  apply(turn, asked);
  reply(turn, requestId, 200);
}

/** Why Mesos wants `force` for these quotas. */
function exceeded(state: MasterState, asked: ReadonlyMap<string, Quota>): string | undefined {
  const bypass = "(use 'force' flag to bypass this check)";
  const { used } = consumptionOf(state);
  for (const [role, { limits }] of asked) {
    const consumed = used.get(role) ?? new Map<string, number>();
    if (isWithin(limits, consumed)) continue;
    return (
      `Invalid QuotaConfig: Role '${role}' is already consuming '${quantitiesText(consumed)}'; ` +
      `this is more than the requested limits '${quantitiesText(limits)}' ${bypass}`
    );
  }
  const text = overcommitText(state, new Map([...state.quotas, ...asked]));
  return text && `Invalid QuotaConfig: total ${text} ${bypass}`;
}

/** SET_QUOTA. */
export function quotaSet(turn: Turn, requestId: string, request: QuotaRequest): void {
  const { state } = turn;
  const { role = '', guarantee = [] } = request;
  const nested =
    role.includes('/') && `Setting quota on nested role '${role}' is not supported yet`;
  const twice = state.quotas.has(role)
    ? `Cannot set quota for role '${role}' which already has quota`
    : undefined;
  const invalid = requestProblem(request) ?? twice;
  if (invalid !== undefined || nested) {
    const text = invalid && `Failed to validate set quota request: ${invalid}`;
    reply(turn, requestId, 400, text ?? String(nested));
    return;
  }
  const amounts = new Map(
    guarantee.map(({ name, scalar }) => [name, toMilli(scalar?.value ?? 0)] as const),
  );
  const quota: Quota = { guarantees: amounts, limits: amounts };
  const text = overcommitText(state, new Map([...state.quotas, [role, quota]]));
  if (text !== undefined && request.force !== true) {
    const why = `Total ${text}`;
    const bypass = "(use 'force' to bypass this check)";
    reply(turn, requestId, 409, `Quota guarantees overcommit the cluster ${bypass}: ${why}`);
    return;
  }
  apply(turn, new Map([[role, quota]]));
  reply(turn, requestId, 200);
}

/** REMOVE_QUOTA. */
export function quotaRemoved(turn: Turn, requestId: string, role: string): void {
  if (!turn.state.quotas.has(role)) {
    reply(turn, requestId, 400, `Failed to remove quota: Role '${role}' has no quota set`);
    return;
  }
  apply(turn, new Map([[role, { guarantees: new Map(), limits: new Map() }]]));
  reply(turn, requestId, 200);
}

function apply(turn: Turn, asked: ReadonlyMap<string, Quota>): void {
  const { state } = turn;
  for (const [role, quota] of asked) {
    if (isDefault(quota)) state.quotas.delete(role);
    else state.quotas.set(role, quota);
  }
  const configs = [...state.quotas].map(([role, { guarantees, limits }]) => ({
    role,
    guarantees: [...guarantees],
    limits: [...limits],
  }));
  persist(turn, 'quotas', configs.length === 0 ? null : { configs });
  state.allDirty = true;
  for (const [role, quota] of asked) enforce(turn, role, quota);
}

/**
 * Takes back offers until the role is within its limits, then others' until what it is guaranteed
 * could be free. Like Mesos it takes back rather too much than too little.
 */
function enforce(turn: Turn, role: string, { guarantees, limits }: Quota): void {
  const { used, offered } = consumptionOf(turn.state);
  const sum = new Map(used.get(role));
  for (const [name, amount] of offered.get(role) ?? []) increase(sum, name, amount);
  for (const offer of [...turn.state.offers.values()]) {
    if (isWithin(limits, sum)) break;
    if (topOf(offer.role) !== role) continue;
    // What is reserved stays the role's own, offered or not.
    for (const [name, amount] of commonOf(offer)) increase(sum, name, -amount);
    rescind(turn, offer, true);
  }
  for (const offer of [...turn.state.offers.values()]) {
    if (covers(sum, guarantees)) break;
    if (topOf(offer.role) === role) continue;
    for (const [name, amount] of commonOf(offer)) increase(sum, name, amount);
    rescind(turn, offer, true);
  }
}

function commonOf({ resources }: OfferRecord): Quantities {
  return quantitiesOf(resources.filter(isCommon));
}

/** The quotas of a record of the store that `apply` wrote. */
export function storedQuotas(record: unknown): Map<string, Quota> {
  type Amounts = readonly (readonly [string, number])[];
  type Stored = { role: string; guarantees: Amounts; limits: Amounts };
  const { configs } = record as { configs: readonly Stored[] };
  return new Map(
    configs.map(({ role, guarantees, limits }) => [
      role,
      { guarantees: new Map(guarantees), limits: new Map(limits) },
    ]),
  );
}
