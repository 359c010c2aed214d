/** What a restarted master finds in its store: Mesos' registry. */
import { storedMaintenance } from './maintenance/schedule.js';
import { storedQuotas } from './quota/calls.js';
import { storedWeights } from './quota/weights.js';
import type { MasterState, StoredAgent } from './state.js';

/**
 * Fills an empty state from the records of the store: `agents/…`, `removed-frameworks/…`, `quotas`,
 * `weights` and `maintenance`.
 */
export function recover(state: MasterState, records: ReadonlyMap<string, unknown>): void {
  const removed: [number, string][] = [];
  for (const [key, value] of records) {
    const [kind, id = ''] = key.split('/');
    if (kind === 'removed-frameworks') removed.push([(value as { at: number }).at, id]);
    else if (kind === 'agents') recoverAgent(state, id, value as StoredAgent);
    else if (kind === 'quotas') {
      for (const [role, quota] of storedQuotas(value)) state.quotas.set(role, quota);
    } else if (kind === 'maintenance') state.maintenance = storedMaintenance(value);
    else if (kind === 'weights') {
      for (const [role, weight] of storedWeights(value)) state.weights.set(role, weight);
    }
  }
  for (const [, id] of removed.sort(([a], [b]) => a - b)) state.removedFrameworks.add(id);
}

function recoverAgent(state: MasterState, id: string, stored: StoredAgent): void {
  const { info, registeredAt, standing, unreachableAt } = stored;
  if (stored.deactivated) state.deactivated.add(id);
  if (stored.drain !== undefined) state.drains.set(id, stored.drain);
  if (standing === 'gone') state.goneAgents.add(id);
  else if (standing === 'admitted') {
    state.recoveredAgents.set(id, { info, registeredAt, unreachableAt: undefined });
  } else state.unreachableAgents.set(id, { info, registeredAt, unreachableAt });
}
