/** `dcos status` */
import type { Command } from '../command.js';
import { outputFlags } from '../command.js';
import { formatJson } from '../output/list.js';

/** Shows how the cluster is. */
export const status: Command = {
  summary: 'how the cluster is: agents, resources, services, open incidents',
  flags: [{ flags: '--watch', text: 'show it again whenever it changes' }, ...outputFlags],
  examples: ['dcos status', 'dcos status --watch', 'dcos status --json'],
  run: async (context) => {
    const http = await context.http();
    context.io.result(formatJson(await http.json({ method: 'GET', path: '/status' })));
  },
};
