/** `dcos <service> pod info` */
import { callService } from '../../../../client/services.js';
import type { Command } from '../../../command.js';
import { formatJson } from '../../../output/list.js';
import { askService, serviceWords } from '../../../service-words.js';

/** Shows what the scheduler knows about the tasks of a pod. */
export const info: Command = {
  summary: 'everything that the scheduler knows about a pod',
  words: [['<words...>', '<pod> <service>']],
  flags: [{ flags: '--json', text: 'print JSON (as it does anyway)' }],
  examples: ['dcos kafka pod info broker-1', 'dcos service pod info broker-1 kafka'],
  run: async (context, given) => {
    const { service, words } = serviceWords(given, ['pod'], 1);
    const http = await context.http();
    const rest = `pod/${encodeURIComponent(words[0] ?? '')}/info`;
    const { data } = await askService(http, service, () =>
      callService(http, service, { method: 'GET', rest }),
    );
    context.io.result(formatJson(data));
  },
};
