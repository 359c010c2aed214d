/** `dcos <service> pod list` */
import { callService } from '../../../../client/services.js';
import type { Command } from '../../../command.js';
import { formatJson } from '../../../output/list.js';
import { askService, serviceWords } from '../../../service-words.js';

/** Lists a service's pods. */
export const list: Command = {
  summary: 'list the pods of a service',
  words: [['<service...>', 'the service']],
  flags: [{ flags: '--json', text: 'print JSON' }],
  examples: ['dcos kafka pod list', 'dcos service pod list kafka'],
  run: async (context, given) => {
    const { service } = serviceWords(given, [], 0);
    const http = await context.http();
    const { data } = await askService(http, service, () =>
      callService(http, service, { method: 'GET', rest: 'pod' }),
    );
    context.io.result(formatJson(data, given.has('json') ? 4 : 2));
  },
};
