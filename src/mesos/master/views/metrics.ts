/**
 * `/metrics/snapshot`: those of Mesos' metrics that mean something here (apache/mesos
 * docs/monitoring.md).
 */
import { scalarsOf } from '../../../wire/resources/pool.js';
import type { MasterState } from '../state.js';
import { isActive } from './messages.js';

const counters = [
  'master/messages_register_framework',
  'master/messages_reregister_framework',
  'master/messages_unregister_framework',
  'master/messages_decline_offers',
  'master/messages_launch_tasks',
  'master/messages_kill_task',
  'master/messages_status_update',
  'master/messages_status_update_acknowledgement',
  'master/messages_reconcile_tasks',
  'master/messages_revive_offers',
  'master/messages_suppress_offers',
  'master/operations/total',
  'master/operations/error',
  'master/operations/finished',
  'master/operations/failed',
  'master/slave_registrations',
  'master/slave_reregistrations',
  'master/slave_removals',
  'master/slave_removals/reason_registered',
  'master/slave_removals/reason_unregistered',
  'master/slave_unreachable_completed',
  'master/tasks_dropped',
  'master/tasks_error',
  'master/tasks_failed',
  'master/tasks_finished',
  'master/tasks_gone',
  'master/tasks_gone_by_operator',
  'master/tasks_killed',
  'master/tasks_lost',
  'allocator/mesos/allocation_runs',
] as const;

/** Name → value. */
export function metricsOf(state: MasterState): Record<string, number> {
  const metrics: Record<string, number> = {};
  for (const name of counters) metrics[name] = 0;
  for (const [name, value] of state.metrics) metrics[name] = value;
  const frameworks = [...state.frameworks.values()];
  const connected = frameworks.filter(({ stream }) => stream !== undefined).length;
  const agents = [...state.agents.values()];
  const reached = agents.filter(({ link }) => link !== undefined).length;
  const active = agents.filter((agent) => isActive(state, agent)).length;
  return {
    ...metrics,
    ...resourceMetrics(state),
    ...taskMetrics(state),
    'master/elected': 1,
    'master/uptime_secs': (state.lastNow - state.options.startedAt) / 1000,
    'master/frameworks_active': connected,
    'master/frameworks_connected': connected,
    'master/frameworks_disconnected': frameworks.length - connected,
    'master/frameworks_inactive': frameworks.length - connected,
    'master/outstanding_offers': state.offers.size,
    'master/operator_event_stream_subscribers': state.subscribers.size,
    'master/slaves_active': active,
    'master/slaves_connected': reached,
    'master/slaves_disconnected': state.agents.size - reached,
    'master/slaves_inactive': state.agents.size - active,
    'master/slaves_unreachable': state.unreachableAgents.size,
    'master/operations/pending': [...state.operations.values()].filter(
      ({ statusUuid }) => statusUuid === undefined,
    ).length,
  };
}

function resourceMetrics(state: MasterState): Record<string, number> {
  const metrics: Record<string, number> = {};
  for (const name of ['cpus', 'mem', 'disk', 'gpus'] as const) {
    let total = 0;
    let used = 0;
    let free = 0;
    for (const agent of state.agents.values()) {
      total += scalarsOf(agent.total)[name] / 1000;
      used += scalarsOf(agent.used)[name] / 1000;
      free += scalarsOf(agent.free)[name] / 1000;
    }
    metrics[`master/${name}_total`] = total;
    metrics[`master/${name}_used`] = used;
    metrics[`master/${name}_percent`] = total > 0 ? used / total : 0;
    metrics[`allocator/mesos/resources/${name}/total`] = total;
    metrics[`allocator/mesos/resources/${name}/offered_or_allocated`] = total - free;
  }
  return metrics;
}

function taskMetrics(state: MasterState): Record<string, number> {
  const metrics: Record<string, number> = {};
  for (const name of ['staging', 'starting', 'running', 'killing', 'unreachable']) {
    metrics[`master/tasks_${name}`] = 0;
  }
  for (const { tasks, unreachable } of state.frameworks.values()) {
    for (const task of tasks.values()) {
      const name = `master/tasks_${task.state.slice(5).toLowerCase()}`;
      if (name in metrics) metrics[name] = (metrics[name] ?? 0) + 1;
    }
    metrics['master/tasks_unreachable'] =
      (metrics['master/tasks_unreachable'] ?? 0) + unreachable.size;
  }
  return metrics;
}
