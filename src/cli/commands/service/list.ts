/** `dcos service list` */
import { asList, asObject } from '../../../client/answers.js';
import { mesosState } from '../../../client/nodes.js';
import { type Command, outputFlags, quietFlag } from '../../command.js';
import { printList } from '../../output/list.js';

/** Lists the frameworks of the cluster. */
export const list: Command = {
  summary: 'list services: the frameworks of the cluster',
  flags: [
    { flags: '--completed', text: 'ended ones as well' },
    { flags: '--inactive', text: 'disconnected ones as well' },
    ...outputFlags,
    quietFlag,
    { flags: '--id-only', text: 'only the ids', isHidden: true },
  ],
  examples: ['dcos service list', 'dcos service list --json'],
  run: async (context, given) => {
    const state = await mesosState(await context.http());
    const active = asList(state.frameworks).map(asObject);
    const shown = active.filter((one) => one.active === true || given.has('inactive'));
    const ended = given.has('completed') ? asList(state.completed_frameworks).map(asObject) : [];
    const rows = [...shown, ...ended].sort((a, b) => String(a.name).localeCompare(String(b.name)));
    const amount = (row: Record<string, unknown>, key: string): number =>
      Number(asObject(row.resources)[key] ?? asObject(row.used_resources)[key] ?? 0);
    if (given.has('idOnly')) {
      for (const row of rows) context.io.result(String(row.id));
      return;
    }
    await printList(context.io, given, rows, {
      name: ({ name }) => String(name),
      columns: [
        { heading: 'NAME', value: ({ name }) => String(name) },
        { heading: 'HOST', value: ({ hostname }) => String(hostname ?? '') },
        { heading: 'ACTIVE', value: ({ active: is }) => (is === true ? 'True' : 'False') },
        { heading: 'TASKS', value: ({ tasks }) => asList(tasks).length },
        { heading: 'CPU', value: (row) => amount(row, 'cpus') },
        { heading: 'MEM', value: (row) => amount(row, 'mem') },
        { heading: 'DISK', value: (row) => amount(row, 'disk') },
        { heading: 'ID', value: ({ id }) => String(id) },
        {
          heading: 'ROLE',
          value: ({ role, roles }) => String(role ?? asList(roles)[0] ?? ''),
          isWide: true,
        },
      ],
    });
  },
};
