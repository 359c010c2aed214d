/** `dcos <service> plan list` */
import { listPlans } from '../../../../client/services.js';
import type { Command } from '../../../command.js';
import { formatJson } from '../../../output/list.js';
import { askService, serviceWords } from '../../../service-words.js';

/** Lists a service's plans. */
export const list: Command = {
  summary: 'list the plans of a service',
  words: [['<service...>', 'the service']],
  flags: [{ flags: '--json', text: 'print JSON' }],
  examples: ['dcos kafka plan list', 'dcos service plan list kafka'],
  run: async (context, given) => {
    const { service } = serviceWords(given, [], 0);
    const http = await context.http();
    const plans = await askService(http, service, () => listPlans(http, service));
    context.io.result(formatJson(plans, given.has('json') ? 4 : 2));
  },
};
