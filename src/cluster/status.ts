/**
 * `GET /status`: the whole cluster at a glance, put together from what the control plane knows and
 * one look at the master.
 */
import type { Route } from '../core/http/server.js';
import type { LocalCluster } from '../wire/local-cluster.js';
import type { GetAgents } from '../wire/mesos/operator.js';
import { amountOf } from '../wire/resources/pool.js';
import type { AgentStatus, ServiceStatus, Status } from '../wire/status.js';
import { openIncidents } from './failures/http.js';
import { servicesFramework } from './failures/run.js';
import { type FailuresState, serviceKey } from './failures/state.js';
import type { OperationsState } from './operations/state.js';
import type { Operator } from './operator.js';
import { sharingOf, usageByService } from './usage.js';

/** What the answer is made of. */
export interface StatusOptions {
  readonly cluster: LocalCluster;
  readonly version: string;
  readonly operator: Operator;
  readonly failures: FailuresState;
  readonly operations: OperationsState;
  /** What users want of apps, by service key. */
  readonly wantedApps: () => Promise<ReadonlyMap<string, number>>;
}

/** The route. */
export function statusRoute(options: StatusOptions): Route {
  return {
    method: 'GET',
    path: '/status',
    access: 'token',
    handle: async () => ({ status: 200, json: await statusOf(options) }),
  };
}

/**
 * What can't be asked at the moment is left out, never waited for: this page is most wanted when
 * something is down.
 */
async function statusOf(options: StatusOptions): Promise<Status> {
  const { cluster, version, operator, failures, operations } = options;
  const absent = () => undefined;
  const [mesosVersion, agents, wanted] = await Promise.all([
    operator.version().catch(absent),
    operator.agents().catch(absent),
    options.wantedApps().catch(() => new Map<string, number>()),
  ]);
  return {
    cluster: { id: cluster.id, name: cluster.name },
    version,
    mesos: {
      url: operator.url,
      ...(mesosVersion === undefined ? {} : { version: mesosVersion }),
      connected: failures.connected,
    },
    agents: agentsOf(failures, agents ?? {}),
    frameworks: frameworksOf(failures),
    services: servicesOf(failures, wanted),
    sharing: sharingOf(failures),
    incidents: openIncidents(failures),
    operations: [...operations.operations.values()]
      .map(({ operation }) => operation)
      .filter(({ status }) => status === 'running'),
  };
}

function agentsOf(failures: FailuresState, { agents = [] }: GetAgents): AgentStatus[] {
  const listed = new Map(agents.map((agent) => [agent.agent_info.id?.value ?? '', agent]));
  const running = new Map<string, number>();
  for (const { agentId, state } of failures.tasks.values()) {
    if (state === 'TASK_RUNNING') running.set(agentId, (running.get(agentId) ?? 0) + 1);
  }
  const known = [...failures.agents.values()].map(({ id, hostname, rack, state }): AgentStatus => {
    const agent = listed.get(id);
    listed.delete(id);
    return {
      id,
      hostname,
      ...(rack === undefined ? {} : { rack }),
      state: agent === undefined ? state : agent.active === false ? 'inactive' : 'active',
      ...(agent === undefined
        ? {}
        : { total: amountOf(agent.total_resources), used: amountOf(agent.allocated_resources) }),
      tasksRunning: running.get(id) ?? 0,
    };
  });
  // Those that came since the last look.
  const fresh = [...listed.values()].map(
    (agent): AgentStatus => ({
      id: agent.agent_info.id?.value ?? '',
      hostname: agent.agent_info.hostname,
      state: agent.active === false ? 'inactive' : 'active',
      total: amountOf(agent.total_resources),
      used: amountOf(agent.allocated_resources),
      tasksRunning: 0,
    }),
  );
  return [...known, ...fresh].sort((a, b) => compare(a.hostname, b.hostname));
}

function frameworksOf(failures: FailuresState): Status['frameworks'] {
  const running = new Map<string, number>();
  for (const { frameworkId, state } of failures.tasks.values()) {
    if (state === 'TASK_RUNNING') running.set(frameworkId, (running.get(frameworkId) ?? 0) + 1);
  }
  return [...failures.frameworks.values()]
    .map(({ id, name, connected }) => ({ id, name, connected, tasksRunning: running.get(id) ?? 0 }))
    .sort((a, b) => compare(a.name, b.name));
}

/**
 * Of apps the number that users want is known; of other services the number that there were before
 * something failed.
 */
function servicesOf(
  failures: FailuresState,
  wantedApps: ReadonlyMap<string, number>,
): ServiceStatus[] {
  const found = new Map<string, ServiceStatus>();
  const put = (framework: string, service: string, wanted: number): void => {
    const key = serviceKey(framework, service);
    const running = failures.running.get(key) ?? 0;
    const before = found.get(key)?.wanted ?? 0;
    found.set(key, { framework, service, wanted: Math.max(before, wanted), running });
  };
  for (const { framework, service } of failures.tasks.values()) {
    const key = serviceKey(framework, service);
    if (framework !== servicesFramework) put(framework, service, failures.running.get(key) ?? 0);
  }
  for (const { incident, wanted } of failures.incidents.values()) {
    if (incident.status !== 'open') continue;
    for (const { framework, service } of incident.services) {
      if (framework !== servicesFramework)
        put(framework, service, wanted[serviceKey(framework, service)] ?? 0);
    }
  }
  for (const [key, wanted] of wantedApps)
    put(servicesFramework, key.slice(servicesFramework.length + 1), wanted);
  const usage = usageByService(failures);
  const withUsage = [...found.values()].map((entry): ServiceStatus => {
    const used = usage.get(serviceKey(entry.framework, entry.service));
    if (used === undefined) return entry;
    const { agents, ...amount } = used;
    return { ...entry, used: amount, agents: agents.size };
  });
  return withUsage.sort(
    (a, b) => compare(a.framework, b.framework) || compare(a.service, b.service),
  );
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
