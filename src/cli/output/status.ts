/** The whole cluster on one page. Pure. */
import type { Operation } from '../../wire/operations.js';
import type { AgentStatus, Status } from '../../wire/status.js';
import { clean } from './clean.js';
import { formatTable } from './table.js';
import { timeText } from './time.js';

/** What `dcos status` shows. */
export function statusText(status: Status): string {
  const { cluster, version, mesos } = status;
  const engine = mesos.connected
    ? `Mesos ${mesos.version ?? ''} at ${mesos.url}`
    : `Mesos at ${mesos.url} is NOT CONNECTED`;
  const sections = [
    `${cluster.name} (${cluster.id}), dcos ${version}, ${engine}`,
    section('Agents', agentTable(status.agents)),
    section('Services', [serviceTable(status), sharingLine(status)].filter(Boolean).join('\n')),
    section('Operations', status.operations.map(operationLine).join('\n')),
    section('Incidents', incidentLines(status)),
  ];
  return clean(sections.filter((text) => text !== '').join('\n\n'));
}

const section = (title: string, text: string): string => (text === '' ? '' : `${title}\n${text}`);

function agentTable(agents: readonly AgentStatus[]): string {
  if (agents.length === 0) return '  none';
  const share = (agent: AgentStatus, key: 'cpus' | 'memMb' | 'diskMb'): string =>
    agent.total === undefined
      ? '---'
      : `${round(agent.used?.[key] ?? 0)}/${round(agent.total[key])}`;
  return formatTable(
    [
      { heading: 'AGENT', value: (agent: AgentStatus) => agent.hostname },
      { heading: 'RACK', value: (agent: AgentStatus) => agent.rack ?? '---' },
      { heading: 'STATE', value: (agent: AgentStatus) => agent.state },
      { heading: 'TASKS', value: (agent: AgentStatus) => agent.tasksRunning },
      { heading: 'CPUS', value: (agent: AgentStatus) => share(agent, 'cpus') },
      { heading: 'MEM MB', value: (agent: AgentStatus) => share(agent, 'memMb') },
      { heading: 'DISK MB', value: (agent: AgentStatus) => share(agent, 'diskMb') },
    ],
    agents,
  );
}

function serviceTable({ services, frameworks }: Status): string {
  if (services.length === 0) return '  none';
  const isConnected = (name: string): boolean =>
    frameworks.find((framework) => framework.name === name)?.connected !== false;
  return formatTable(
    [
      { heading: 'SERVICE', value: ({ service }: Status['services'][number]) => service },
      { heading: 'RUNNING', value: ({ running, wanted }) => `${running}/${wanted}` },
      { heading: 'CPUS', value: ({ used }) => round(used?.cpus ?? 0) },
      { heading: 'MEM MB', value: ({ used }) => round(used?.memMb ?? 0) },
      { heading: 'DISK MB', value: ({ used }) => round(used?.diskMb ?? 0) },
      { heading: 'AGENTS', value: ({ agents }) => agents ?? 0 },
      { heading: 'FRAMEWORK', value: ({ framework }) => framework },
      {
        heading: 'SCHEDULER',
        value: ({ framework }) => (isConnected(framework) ? 'connected' : 'AWAY'),
      },
    ],
    services,
  );
}

/** What sharing saves; of interest from the second service on. */
function sharingLine({ sharing }: Status): string {
  const { services, machines, separate } = sharing;
  if (services < 2) return '';
  const apart = `each on its own, they would take ${separate}`;
  return `  ${services} services on ${machines} machines; ${apart}.`;
}

function operationLine({ kind, packageName, appId, phases }: Operation): string {
  const phase = phases.find(({ status }) => status !== 'COMPLETE');
  const at = phase === undefined ? '' : `: ${phase.name} ${phase.status}`;
  return `  ${kind} of ${packageName} (${appId})${at}`;
}

function incidentLines({ incidents }: Status): string {
  if (incidents.length === 0) return '  none open (healed ones: dcos failures --all)';
  return incidents
    .map(
      ({ id, summary, startedAt }) =>
        `  ${summary} (since ${timeText(startedAt)}; dcos failures show ${id})`,
    )
    .join('\n');
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}
