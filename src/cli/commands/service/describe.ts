/** `dcos <service> describe` */
import { describeService } from '../../../client/packages.js';
import type { Command } from '../../command.js';
import { formatJson } from '../../output/list.js';
import { askService, serviceWords } from '../../service-words.js';

/** Shows the options that a service runs with. */
export const describe: Command = {
  summary: 'the options that a service runs with, defaults among them',
  words: [['<service...>', 'the service']],
  flags: [{ flags: '--json', text: 'print JSON (as it does anyway)' }],
  examples: ['dcos kafka describe', 'dcos service describe kafka'],
  run: async (context, given) => {
    const { service } = serviceWords(given, [], 0);
    const http = await context.http();
    const found = await askService(http, service, () => describeService(http, service));
    context.io.result(formatJson(found.resolvedOptions));
  },
};
