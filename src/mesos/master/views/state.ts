/**
 * `/state`, `/state-summary`, `/slaves`, `/frameworks`, `/tasks`: what DC/OS' command line and
 * dashboards read.
 */

import type { Attribute, Resource } from '../../../wire/mesos/common.js';
import type { TaskStatus } from '../../../wire/mesos/task.js';
import { agentCapabilities } from '../../../wire/mesos/version.js';
import { poolOf, reservedRoleOf, resourcesOf } from '../../../wire/resources/pool.js';
import { shown } from '../resources.js';
import { drainInfo } from '../standing.js';
import type { AbsentAgent, Agent, Framework, MasterState, TaskRecord } from '../state.js';
import { amountsOf } from './amounts.js';
import { flagsOf } from './flags.js';
import { isActive, masterInfo, offeredOf, offeredTo, usedBy } from './messages.js';
import { versionOf } from './version.js';

/** `/state`. */
export function stateView(state: MasterState): Record<string, unknown> {
  const { options } = state;
  const info = masterInfo(options);
  const agents = [...state.agents.values()];
  const { id, pid, port, hostname } = info;
  const domain = info.domain === undefined ? {} : { domain: info.domain };
  return {
    ...versionOf(state),
    start_time: options.startedAt / 1000,
    elected_time: options.startedAt / 1000,
    id,
    pid,
    hostname,
    capabilities: (info.capabilities ?? []).map(({ type }) => type),
    activated_slaves: agents.filter((agent) => isActive(state, agent)).length,
    deactivated_slaves: agents.filter((agent) => !isActive(state, agent)).length,
    unreachable_slaves: state.unreachableAgents.size,
    ...domain,
    leader: pid,
    leader_info: { id, pid, port, hostname, ...domain },
    flags: flagsOf(state),
    ...slavesView(state, false),
    ...frameworksView(state),
    orphan_tasks: [],
  };
}

/** `/state-summary`. */
export function summaryView(state: MasterState): Record<string, unknown> {
  const frameworks = [...state.frameworks.values()];
  const frameworksOn = (agentId: string): string[] =>
    frameworks
      .filter(({ tasks }) => [...tasks.values()].some((task) => task.agent_id.value === agentId))
      .map(({ id }) => id);
  return {
    hostname: state.options.host,
    slaves: [...state.agents.values()].map((agent) => ({
      ...agentView(state, agent, false),
      ...countStates(
        frameworks.flatMap((one) =>
          [...one.tasks.values()].filter((task) => task.agent_id.value === agent.id),
        ),
      ),
      framework_ids: frameworksOn(agent.id),
    })),
    frameworks: frameworks.map((framework) => {
      const view = frameworkView(state, framework);
      const all = [
        ...framework.tasks.values(),
        ...framework.unreachable.values(),
        ...framework.completed,
      ];
      const slave_ids = [...new Set(all.map((task) => task.agent_id.value))];
      const kept = summaryFields.map((name): [string, unknown] => [name, view[name]]);
      return { ...Object.fromEntries(kept), ...countStates(all), slave_ids };
    }),
  };
}

function countStates(tasks: readonly TaskRecord[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const name of summaryStates) counts[name] = 0;
  for (const { state } of tasks) counts[state] = (counts[state] ?? 0) + 1;
  return counts;
}

/** What the summary tells of a framework itself. */
const summaryFields = [
  'id',
  'name',
  'hostname',
  'webui_url',
  'active',
  'connected',
  'recovered',
  'capabilities',
  'used_resources',
  'offered_resources',
];

const summaryStates = [
  'TASK_STAGING',
  'TASK_STARTING',
  'TASK_RUNNING',
  'TASK_KILLING',
  'TASK_FINISHED',
  'TASK_KILLED',
  'TASK_FAILED',
  'TASK_LOST',
  'TASK_ERROR',
  'TASK_UNREACHABLE',
];

/** `/slaves`: `full` adds resources with their reservations one by one. */
export function slavesView(state: MasterState, full: boolean): Record<string, unknown> {
  return {
    slaves: [...state.agents.values()].map((agent) => agentView(state, agent, full)),
    recovered_slaves: [...state.recoveredAgents].map(([id, absent]) => absentView(id, absent)),
  };
}

function absentView(id: string, { info, registeredAt }: AbsentAgent): Record<string, unknown> {
  return {
    id,
    hostname: info.hostname,
    port: info.port,
    attributes: attributesOf(info.attributes ?? []),
    ...(info.domain ? { domain: info.domain } : {}),
    registered_time: registeredAt / 1000,
  };
}

function agentView(state: MasterState, agent: Agent, full: boolean): Record<string, unknown> {
  const drain = state.drains.get(agent.id);
  const total = resourcesOf(agent.total);
  const used = resourcesOf(agent.used);
  const offered = offeredOf(state, agent);
  const reserved = byReservedRole(total);
  const unreserved = total.filter((resource) => reservedRoleOf(resource) === undefined);
  const lists = (map: Map<string, Resource[]>, shown: (list: Resource[]) => unknown) =>
    Object.fromEntries([...map].map(([role, list]) => [role, shown(list)]));
  return {
    id: agent.id,
    hostname: agent.info.hostname,
    port: agent.info.port ?? 5051,
    attributes: attributesOf(agent.info.attributes ?? []),
    ...(agent.info.domain ? { domain: agent.info.domain } : {}),
    pid: `slave(1)@${agent.ip}:${agent.info.port ?? 5051}`,
    registered_time: agent.registeredAt / 1000,
    ...(agent.reregisteredAt === undefined
      ? {}
      : { reregistered_time: agent.reregisteredAt / 1000 }),
    resources: amountsOf(total),
    used_resources: amountsOf(used),
    offered_resources: amountsOf(offered),
    reserved_resources: lists(reserved, amountsOf),
    unreserved_resources: amountsOf(unreserved),
    active: isActive(state, agent),
    deactivated: state.deactivated.has(agent.id),
    version: agent.version,
    capabilities: agentCapabilities,
    ...(drain === undefined ? {} : { drain_info: drainInfo(drain) }),
    ...(agent.drainStartedAt === undefined
      ? {}
      : { estimated_drain_start_time_seconds: Math.floor(agent.drainStartedAt / 1000) }),
    ...(full
      ? {
          reserved_resources_full: lists(reserved, (list) => list.map(shown)),
          unreserved_resources_full: unreserved.map(shown),
          used_resources_full: used.map(shown),
          offered_resources_full: offered.map(shown),
        }
      : {}),
  };
}

function byReservedRole(resources: readonly Resource[]): Map<string, Resource[]> {
  const roles = new Map<string, Resource[]>();
  for (const resource of resources) {
    const role = reservedRoleOf(resource);
    if (role !== undefined) roles.set(role, [...(roles.get(role) ?? []), resource]);
  }
  return roles;
}

/** Attributes as `/state` shows them: numbers as numbers, all else as text. */
function attributesOf(attributes: readonly Attribute[]): Record<string, unknown> {
  const text = ({ scalar, ranges, set, text }: Attribute): unknown => {
    if (scalar !== undefined) return scalar.value;
    if (ranges !== undefined) {
      return `[${(ranges.range ?? []).map(({ begin, end }) => `${begin}-${end}`).join(', ')}]`;
    }
    return set === undefined ? (text?.value ?? '') : `{${(set.item ?? []).join(', ')}}`;
  };
  return Object.fromEntries(attributes.map((attribute) => [attribute.name, text(attribute)]));
}

/** `/frameworks`. */
export function frameworksView(state: MasterState): Record<string, unknown> {
  return {
    frameworks: [...state.frameworks.values()].map((one) => frameworkView(state, one)),
    completed_frameworks: state.completedFrameworks.map((one) => frameworkView(state, one)),
    unregistered_frameworks: [],
  };
}

function frameworkView(state: MasterState, framework: Framework): Record<string, unknown> {
  const { id, info, stream } = framework;
  const used = usedBy(state, framework);
  const offered = offeredTo(state, framework);
  const multi = framework.capabilities.has('MULTI_ROLE');
  const again = framework.reregisteredAt > framework.registeredAt;
  return {
    id,
    name: info.name,
    used_resources: amountsOf(used),
    offered_resources: amountsOf(offered),
    capabilities: [...framework.capabilities],
    hostname: info.hostname ?? '',
    webui_url: info.webui_url ?? '',
    active: stream !== undefined,
    connected: stream !== undefined,
    recovered: framework.recovered,
    user: info.user,
    failover_timeout: info.failover_timeout ?? 0,
    checkpoint: info.checkpoint ?? false,
    registered_time: framework.registeredAt / 1000,
    unregistered_time: framework.unregisteredAt / 1000,
    ...(info.principal === undefined ? {} : { principal: info.principal }),
    resources: amountsOf(resourcesOf(poolOf([...used, ...offered]))),
    ...(again ? { reregistered_time: framework.reregisteredAt / 1000 } : {}),
    ...(multi ? { roles: framework.roles } : { role: framework.roles[0] ?? '*' }),
    ...(info.labels?.labels ? { labels: info.labels.labels } : {}),
    tasks: [...framework.tasks.values()].map(taskView),
    unreachable_tasks: [...framework.unreachable.values()].map(taskView),
    completed_tasks: framework.completed.map(taskView),
    offers: [...framework.offers].flatMap((offerId) => {
      const offer = state.offers.get(offerId);
      if (offer === undefined) return [];
      return {
        id: offerId,
        framework_id: id,
        allocation_info: { role: offer.role },
        slave_id: offer.agentId,
        resources: amountsOf(offer.resources),
      };
    }),
    executors: [...framework.executors.values()].map(({ agentId, info: executor }) => ({
      executor_id: executor.executor_id.value,
      name: executor.name ?? '',
      framework_id: id,
      command: { argv: [], uris: [], ...executor.command },
      role: executor.resources?.[0]?.allocation_info?.role ?? '*',
      resources: amountsOf(executor.resources ?? []),
      slave_id: agentId,
      type: executor.type ?? 'CUSTOM',
    })),
    offer_constraints: framework.constraints,
  };
}

/** A task of `/state` and `/tasks`. */
function taskView(task: TaskRecord): Record<string, unknown> {
  return {
    id: task.task_id.value,
    name: task.name,
    framework_id: task.framework_id.value,
    executor_id: task.executor_id?.value ?? '',
    slave_id: task.agent_id.value,
    state: task.state,
    resources: amountsOf(task.resources),
    role: task.resources[0]?.allocation_info?.role ?? '*',
    statuses: task.statuses.map(statusView),
    ...(task.user === undefined ? {} : { user: task.user }),
    ...(task.labels?.labels ? { labels: task.labels.labels } : {}),
    ...(task.discovery ? { discovery: task.discovery } : {}),
    ...(task.container ? { container: task.container } : {}),
    ...(task.health_check ? { health_check: task.health_check } : {}),
  };
}

function statusView({
  state,
  timestamp,
  labels,
  container_status,
  healthy,
}: TaskStatus): Record<string, unknown> {
  const { executor_pid: _pid, ...container } = container_status ?? {};
  return {
    state,
    timestamp,
    ...(labels?.labels ? { labels: labels.labels } : {}),
    ...(container_status ? { container_status: container } : {}),
    ...(healthy === undefined ? {} : { healthy }),
  };
}

/** `/tasks`, newest framework first, with Mesos' paging and filters. */
export function tasksView(state: MasterState, query: URLSearchParams): Record<string, unknown> {
  const limit = count(query.get('limit'), 100);
  const offset = count(query.get('offset'), 0);
  const frameworkId = query.get('framework_id');
  const taskId = query.get('task_id');
  const tasks = [...state.frameworks.values(), ...state.completedFrameworks]
    .filter(({ id }) => frameworkId === null || id === frameworkId)
    .flatMap((one) => [...one.tasks.values(), ...one.unreachable.values(), ...one.completed])
    .filter((task) => taskId === null || task.task_id.value === taskId);
  if (query.get('order') === 'asc') tasks.reverse();
  return { tasks: tasks.slice(offset, offset + limit).map(taskView) };
}

function count(text: string | null, otherwise: number): number {
  const number = text === null ? Number.NaN : Number(text);
  return Number.isInteger(number) && number >= 0 ? number : otherwise;
}
