/** The maintenance schedule and how far it is, as the v1 API and `/maintenance/…` show them. */
import { machineOf } from '../maintenance/schedule.js';
import type { MasterState } from '../state.js';
import { timeInfo, unlessEmpty } from './messages.js';

/** The schedule (mesos/v1/maintenance, Schedule). */
export function scheduleView({ maintenance }: MasterState): Record<string, unknown> {
  return unlessEmpty('windows', maintenance.windows);
}

/** Which machines are emptied and which are down (ClusterStatus). */
export function maintenanceStatus(state: MasterState): Record<string, unknown> {
  const machines = [...state.maintenance.machines.values()];
  const draining = machines.filter(({ mode }) => mode === 'DRAINING');
  return {
    ...unlessEmpty(
      'draining_machines',
      draining.map((machine) => ({
        id: machine.id,
        ...unlessEmpty('statuses', statusesOf(state, machine)),
      })),
    ),
    ...unlessEmpty(
      'down_machines',
      machines.filter(({ mode }) => mode === 'DOWN').map(({ id }) => id),
    ),
  };
}

function statusesOf(state: MasterState, machine: object): Record<string, unknown>[] {
  return [...state.inverseOffers.values()].flatMap(
    ({ agentId, frameworkId, status, answeredAt }) => {
      const agent = state.agents.get(agentId);
      if (agent === undefined || machineOf(state, agent) !== machine) return [];
      if (answeredAt === undefined) return [];
      const timestamp = timeInfo(answeredAt);
      return [{ status, framework_id: { value: frameworkId }, timestamp }];
    },
  );
}
