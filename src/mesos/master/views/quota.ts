/** Quotas and weights as `/quota`, `/weights` and the calls GET_QUOTA, GET_WEIGHTS show them. */
import { type Quantities, sorted } from '../quota/quantities.js';
import type { MasterState } from '../state.js';
import { unlessEmpty } from './messages.js';

/** `QuotaStatus`: each quota in the older form and in the newer one. */
export function quotaStatus(state: MasterState): Record<string, unknown> {
  const quotas = [...state.quotas];
  const infos = quotas.map(([role, { guarantees }]) => ({
    role,
    ...unlessEmpty(
      'guarantee',
      sorted(guarantees).map(([name, milli]) => ({
        name,
        type: 'SCALAR',
        scalar: { value: milli / 1000 },
      })),
    ),
  }));
  const configs = quotas.map(([role, { guarantees, limits }]) => ({
    role,
    ...(guarantees.size > 0 ? { guarantees: valuesOf(guarantees) } : {}),
    ...(limits.size > 0 ? { limits: valuesOf(limits) } : {}),
  }));
  return { ...unlessEmpty('infos', infos), ...unlessEmpty('configs', configs) };
}

function valuesOf(amounts: Quantities): Record<string, { value: number }> {
  return Object.fromEntries([...amounts].map(([name, milli]) => [name, { value: milli / 1000 }]));
}

/** The list of `/weights`: only roles that an operator gave a weight. */
export function weightInfos(state: MasterState): { weight: number; role: string }[] {
  return [...state.weights].map(([role, weight]) => ({ weight, role }));
}
