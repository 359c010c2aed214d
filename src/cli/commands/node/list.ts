/** `dcos node list` */
import { asList, asObject } from '../../../client/answers.js';
import { mesosState } from '../../../client/nodes.js';
import { type Command, outputFlags, quietFlag } from '../../command.js';
import { printList } from '../../output/list.js';

/** Lists the machines of the cluster. */
export const list: Command = {
  summary: 'list the machines of the cluster: masters and agents',
  flags: [
    {
      flags: '--field <path>',
      text: 'a further column, for instance attributes.rack; may be repeated',
      isList: true,
    },
    { flags: '--mesos-id <id>', text: 'only this agent' },
    ...outputFlags,
    quietFlag,
  ],
  examples: ['dcos node list', 'dcos node list --json', 'dcos node list --field attributes.rack'],
  run: async (context, given) => {
    const state = await mesosState(await context.http());
    const agents = asList(state.slaves).map((agent) => agentNode(asObject(agent)));
    const wanted = given.text('mesosId');
    const rows = [...agents, masterNode(state)].filter(
      (node) => wanted === undefined || node.id === wanted,
    );
    await printList(context.io, given, rows, {
      name: ({ id }) => String(id),
      columns: [
        { heading: 'HOSTNAME', value: ({ hostname }) => String(hostname ?? '') },
        { heading: 'IP', value: ({ ip }) => String(ip ?? '') },
        {
          heading: 'PUBLIC IP(S)',
          value: ({ public_ips }) => asList(public_ips).join(', ') || '-',
        },
        { heading: 'ID', value: ({ id }) => String(id ?? '') },
        { heading: 'TYPE', value: ({ type }) => String(type) },
        { heading: 'STATUS', value: ({ status }) => String(status) },
        { heading: 'REGION', value: ({ region }) => String(region ?? '---') },
        { heading: 'ZONE', value: ({ zone }) => String(zone ?? '---') },
        { heading: 'CPUS', value: (node) => usage(node, 'cpus'), isWide: true },
        { heading: 'MEM', value: (node) => usage(node, 'mem'), isWide: true },
        { heading: 'DISK', value: (node) => usage(node, 'disk'), isWide: true },
        ...given.list('field').map((path) => ({
          heading: path.toUpperCase(),
          value: (node: Node) => fieldOf(node, path),
        })),
      ],
    });
  },
};

type Node = Readonly<Record<string, unknown>>;

function agentNode(agent: Node): Node {
  const fault = asObject(asObject(agent.domain).fault_domain);
  const isPublic = asObject(agent.attributes).public_ip !== undefined;
  return {
    ...agent,
    ip: ipOf(String(agent.pid ?? '')),
    public_ips: [],
    type: isPublic ? 'agent (public)' : 'agent',
    region: asObject(fault.region).name,
    zone: asObject(fault.zone).name,
    status: statusOf(agent),
  };
}

function statusOf(agent: Node): string {
  const { state } = asObject(agent.drain_info);
  if (state === 'DRAINING' || state === 'DRAINED') return state;
  if (agent.active === false) return agent.deactivated === true ? 'DEACTIVATED' : 'UNREACHABLE';
  return agent.deactivated === true ? 'DEACTIVATED' : 'ACTIVE';
}

function masterNode(state: Node): Node {
  const fault = asObject(asObject(state.domain).fault_domain);
  return {
    id: state.id,
    hostname: state.hostname,
    ip: ipOf(String(state.pid ?? '')),
    pid: state.pid,
    version: state.version,
    public_ips: [],
    type: 'master (leader)',
    region: asObject(fault.region).name,
    zone: asObject(fault.zone).name,
    status: 'ACTIVE',
  };
}

// `slave(1)@127.0.9.1:5051`
function ipOf(pid: string): string {
  return pid.slice(pid.lastIndexOf('@') + 1).replace(/:\d+$/, '');
}

function usage(node: Node, key: string): string {
  const total = asObject(node.resources)[key];
  return total === undefined
    ? ''
    : `${Number(asObject(node.used_resources)[key] ?? 0)}/${Number(total)}`;
}

function fieldOf(node: Node, path: string): string {
  const value = path.split('.').reduce<unknown>((at, part) => asObject(at)[part], node);
  if (value === undefined) return '';
  return typeof value === 'object' ? JSON.stringify(value) : String(value);
}
