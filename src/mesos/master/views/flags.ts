/** The flags that an Apache Mesos master with these settings would have been started with. */
import type { MasterState } from '../state.js';

/** `/flags`, and the flags of `/state`. */
export function flagsOf({ options }: MasterState): Record<string, string> {
  return {
    agent_ping_timeout: duration(options.pingIntervalMs),
    ...(options.removalIntervalMs === undefined
      ? {}
      : { agent_removal_rate_limit: `1/${duration(options.removalIntervalMs)}` }),
    agent_reregister_timeout: duration(options.reregisterTimeoutMs),
    allocation_interval: duration(options.pingIntervalMs),
    allocator: 'hierarchical',
    authenticate_agents: 'true',
    authenticate_frameworks: 'true',
    authenticate_http_frameworks: 'true',
    authenticate_http_readonly: 'true',
    authenticate_http_readwrite: 'true',
    framework_sorter: 'drf',
    hostname: options.host,
    hostname_lookup: 'false',
    http_authenticators: 'basic',
    ip: options.host,
    max_agent_ping_timeouts: String(options.maxMissedPings),
    max_completed_frameworks: String(options.maxCompletedFrameworks),
    max_completed_tasks_per_framework: String(options.maxCompletedTasks),
    min_allocatable_resources: 'cpus:0.01|mem:32',
    offer_timeout: duration(options.offerTimeoutMs),
    port: String(options.port),
    registry_strict: 'false',
    role_sorter: 'drf',
    root_submissions: 'true',
  };
}

/** As Mesos writes it. */
function duration(ms: number): string {
  if (ms % 60_000 === 0) return `${ms / 60_000}mins`;
  return ms % 1000 === 0 ? `${ms / 1000}secs` : `${ms}ms`;
}
